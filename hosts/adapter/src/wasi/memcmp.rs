//! The comparison of byte strings, eight bytes at a time.
//!
//! The standard library of `wasm32-unknown-unknown` compares single bytes, which
//! takes five times as long. Requests compare header names, paths and tokens.

const WORD: usize = size_of::<u64>();

/// The C function of this name, which the compiler calls: negative, zero or
/// positive as the bytes at `left` are less than, equal to or greater than those
/// at `right`.
///
/// # Safety
///
/// `length` bytes must be readable at both pointers.
#[unsafe(no_mangle)]
#[allow(unsafe_code, reason = "replaces a function of the standard library")]
unsafe extern "C" fn memcmp(left: *const u8, right: *const u8, length: usize) -> i32 {
    let mut start = 0;
    while length - start >= WORD {
        // SAFETY: the word ends at or before `length`.
        let (left, right) = unsafe {
            let word = |bytes: *const u8| bytes.add(start).cast::<u64>().read_unaligned();
            (word(left), word(right))
        };
        if left != right {
            return u64::from_be(left).cmp(&u64::from_be(right)) as i32;
        }
        start += WORD;
    }
    while start < length {
        // SAFETY: `start` is less than `length`.
        let (left, right) = unsafe { (*left.add(start), *right.add(start)) };
        if left != right {
            return left.cmp(&right) as i32;
        }
        start += 1;
    }
    0
}
