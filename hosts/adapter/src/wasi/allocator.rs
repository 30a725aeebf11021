//! The allocator: the standard library's, in a version that begins with the memory
//! that the component starts with.
//!
//! The standard library's own version asks the host for more memory at the first
//! allocation, which is expensive where each request starts a new instance.

use dlmalloc::GlobalDlmalloc;

#[global_allocator]
static ALLOCATOR: GlobalDlmalloc = GlobalDlmalloc;
