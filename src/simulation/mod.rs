//! What is made to happen to the instance, and when.
//!
//! Nothing here waits or counts down: what stands at a moment follows from the
//! moment and from what was asked for.

mod event;
mod fault;
mod fields;
mod ids;
mod presets;
mod story;
mod tally;

pub(crate) use event::Event;
pub(crate) use fault::Effect;
pub(crate) use presets::{PRESETS, Preset};
pub(crate) use story::{Story, Struck};
pub(crate) use tally::Tally;
