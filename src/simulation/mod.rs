//! What is made to happen to the instance, and when.
//!
//! Nothing here waits or counts down: what stands at a moment follows from the
//! moment and from what was asked for.

mod event;
mod fields;
mod story;

pub(crate) use event::Event;
pub(crate) use story::Story;
