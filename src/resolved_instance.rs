//! The instance that the configuration and one state document determine.

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::config::Config;
use crate::documents::{CredentialIssuer, ImdsVersion, Rotation};
use crate::instance::Instance;
use crate::merge;
use crate::page_cache::PageCache;
use crate::problem::Problem;
use crate::signature::Signatures;
use crate::simulation::{Event, Timeline};
use crate::state::State;
use crate::time::UnixMillis;
use crate::token::TokenAuthority;
use crate::tree::{self, CredentialHealth, View};

/// Everything that the configuration and one state document determine.
#[derive(Debug)]
pub struct ResolvedInstance {
    /// The configuration at start-up.
    pub config: Arc<Config>,
    /// The changes made through the control API.
    pub state: State,
    /// The instance derived from both.
    pub instance: Arc<Instance>,
    /// Issues and verifies session tokens.
    pub token_authority: TokenAuthority,
    /// Issues role credentials.
    pub credential_issuer: CredentialIssuer,
    /// Signs the identity document, and caches the signatures.
    pub(crate) signatures: Signatures,
    /// Rendered pages, for repeated requests.
    pub(crate) page_cache: PageCache,
    /// All events and faults.
    pub(crate) timeline: Timeline,
}

impl ResolvedInstance {
    /// Derives the instance from configuration and state at a moment of the
    /// emulated clock.
    ///
    /// # Errors
    ///
    /// The state was stored under another configuration and does not fit this
    /// one.
    pub fn new(
        config: impl Into<Arc<Config>>,
        state: State,
        now: UnixMillis,
    ) -> Result<Self, Problem> {
        let config = config.into();
        let timeline = timeline(&config, &state)?;
        let is_unchanged = state.instance.as_object().is_some_and(Map::is_empty)
            && timeline.due(now).all(Event::is_fault);
        let instance = if is_unchanged {
            Arc::clone(&config.instance)
        } else {
            let document = description_with(&config, &state, timeline.due(now));
            let instance = tree::read_instance(&document)
                .map_err(|problem| invalid_state_reason(&config, &state, problem))?;
            Arc::new(instance)
        };
        Ok(Self {
            token_authority: TokenAuthority::new(&config.secret, &instance.id, &state.epoch),
            credential_issuer: CredentialIssuer::new(
                &config.secret,
                &instance.id,
                &instance.account_id,
            ),
            signatures: Signatures::new(&config.identity_keys, &config.secret),
            page_cache: PageCache::default(),
            instance,
            config,
            state,
            timeline,
        })
    }

    /// Validates a state at every moment that its events define.
    pub fn check(&self, state: &State) -> Result<(), Problem> {
        let document = description_with(&self.config, state, []);
        tree::read_instance(&document)?;
        timeline(&self.config, state)?.check(&document)
    }

    /// The description at a moment of the emulated clock.
    pub(crate) fn document(&self, now: UnixMillis) -> Value {
        description_with(&self.config, &self.state, self.timeline.due(now))
    }

    /// The description with all due changes applied, and the state without
    /// them, so that the next change applies on top.
    pub(crate) fn fold_due_changes(&self, now: UnixMillis) -> (Value, State) {
        let changes = self.timeline.due(now).filter(|event| event.is_change());
        let document = description_with(&self.config, &self.state, changes);
        let timeline = self.timeline.fold_due_changes(now);
        let state = State {
            timeline: if timeline == self.timeline {
                self.state.timeline.clone()
            } else {
                Some(timeline)
            },
            ..self.state.clone()
        };
        (document, state)
    }

    /// The tree at a moment of the emulated clock, as requests of one version
    /// of IMDS see it.
    pub fn view(&self, now: UnixMillis, imds: ImdsVersion) -> View<'_> {
        let instance = &self.instance;
        let rotated = instance.credentials_rotated;
        let from = rotated.filter(|rotated| *rotated <= now);
        View {
            instance,
            credential_issuer: &self.credential_issuer,
            signatures: &self.signatures,
            tags: instance.options.instance_metadata_tags,
            rotation: Rotation::at(now, from.unwrap_or(instance.launch_time)),
            imds,
            notices: true,
            credentials: CredentialHealth::Good,
        }
    }
}

/// The current timeline: the one stored by control calls, else the start-up
/// timeline; see [`Config::timeline`].
fn timeline(config: &Config, state: &State) -> Result<Timeline, Problem> {
    match &state.timeline {
        Some(timeline) => Ok(timeline.clone()),
        None => config.timeline(state.since),
    }
}

/// The reason why a state is invalid: it was stored under another
/// configuration, or the order of the start-up events has changed.
fn invalid_state_reason(config: &Config, state: &State, problem: Problem) -> Problem {
    let document = description_with(config, state, []);
    if let Err(problem) = tree::read_instance(&document) {
        return problem.within("the state document does not fit the instance");
    }
    let place = match &state.timeline {
        Some(_) => "the state document does not fit the instance",
        None => config.timeline_place(),
    };
    let events = timeline(config, state).and_then(|timeline| timeline.check(&document));
    events.err().unwrap_or(problem).within(place)
}

/// The start-up description with the state's changes and the due events
/// applied.
fn description_with<'e>(
    config: &Config,
    state: &State,
    events: impl IntoIterator<Item = &'e Event>,
) -> Value {
    let mut document = config.document().clone();
    merge::apply(&mut document, &state.instance);
    for event in events {
        event.apply(&mut document);
    }
    document
}
