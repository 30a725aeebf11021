//! What is made to happen to the instance, and when.
//!
//! Nothing here waits or counts down: what stands at a moment follows from the
//! moment and from what was asked for.

mod event;
mod fault;
mod ids;
mod json_fields;
mod presets;
mod request_counters;
mod timeline;

pub(crate) use event::Event;
pub(crate) use fault::{Effect, MatchedFault};
pub(crate) use presets::{PRESETS, Preset};
pub(crate) use request_counters::RequestCounters;
pub(crate) use timeline::Timeline;
