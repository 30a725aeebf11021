//! Simulated events and faults.
//!
//! There are no timers: the active events and faults are a function of the time
//! and the timeline.

mod effect;
mod event;
mod fault;
mod frequency;
mod ids;
mod json_fields;
mod presets;
mod request_counters;
mod timeline;

pub(crate) use effect::Effect;
pub(crate) use event::Event;
pub(crate) use presets::{PRESETS, Preset};
pub(crate) use request_counters::RequestCounters;
pub(crate) use timeline::Timeline;
