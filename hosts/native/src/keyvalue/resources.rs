//! The resources of `wasi:keyvalue`, as the generated bindings name them.

/// An open bucket. The only bucket has no data, so the resource table does not
/// hold it, and the component may keep it from request to request.
#[derive(Debug)]
#[allow(unreachable_pub, reason = "the generated code names it in public")]
pub struct Bucket;

/// A key, and its value when it was last read.
#[derive(Debug)]
#[allow(unreachable_pub, reason = "the generated code names it in public")]
pub struct Cas {
    pub(crate) key: String,
    pub(crate) seen: Option<Vec<u8>>,
}
