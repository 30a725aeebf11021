//! One emulated instance, as a host holds it.

use http::{Request, Response};
use serde_json::Value;

use crate::clock::Clock;
use crate::config::Config;
use crate::control;
use crate::documents::{Imds, Vault};
use crate::host::{Ambient, Outcome};
use crate::instance::Instance;
use crate::merge;
use crate::metadata;
use crate::path;
use crate::problem::Problem;
use crate::settings::Settings;
use crate::signature::{Signature, Signatures};
use crate::state::State;
use crate::time::UnixMillis;
use crate::token::Authority;
use crate::tree::View;

/// Everything that the configuration and one state document determine.
#[derive(Debug)]
pub struct World {
    /// What the emulator was started with.
    pub config: Config,
    /// What the control calls have set since.
    pub state: State,
    /// The instance that follows from both.
    pub instance: Instance,
    /// Makes and checks session tokens.
    pub authority: Authority,
    /// Makes credentials.
    pub vault: Vault,
    /// Makes signatures, and keeps them.
    pub(crate) signatures: Signatures,
}

impl World {
    /// Works out what follows from the two. The state may not fit: its changes
    /// were made to another description.
    pub fn new(config: Config, state: State) -> Result<Self, Problem> {
        let changed = state
            .instance
            .as_object()
            .is_some_and(|patch| !patch.is_empty());
        let instance = if changed {
            Instance::read(&described(&config, &state))
                .map_err(|problem| problem.within("the state document does not fit the instance"))?
        } else {
            config.instance.clone()
        };
        Ok(Self {
            authority: Authority::new(&config.secret, &instance.id, &state.epoch),
            vault: Vault::new(&config.secret, &instance.id, &instance.account_id),
            signatures: Signatures::new(&config.identity_keys, &config.secret),
            instance,
            config,
            state,
        })
    }

    /// The same emulator in another state.
    pub(crate) fn with(&self, state: State) -> Result<Self, Problem> {
        Self::new(self.config.clone(), state)
    }

    /// The description with all changes.
    pub(crate) fn document(&self) -> Value {
        described(&self.config, &self.state)
    }

    /// The tree as it is at a moment, seen through one of the protocols.
    pub fn view(&self, now: UnixMillis, imds: Imds) -> View<'_> {
        let instance = &self.instance;
        View {
            instance,
            vault: &self.vault,
            signatures: &self.signatures,
            tags: instance.options.instance_metadata_tags,
            now,
            imds,
        }
    }
}

/// Answers one request.
///
/// Everything a client sees is decided here: the same arguments give the same
/// outcome, on every host.
pub fn answer(world: &World, ambient: Ambient, request: &Request<Vec<u8>>) -> Outcome {
    let ambient = frozen(&world.config, world.state.clock, ambient);
    let path = path::normalize(request.uri().path());
    if control::owns(&path) {
        return control::answer(world, ambient, request, &path);
    }
    let response = metadata::answer(world, ambient, request, &path);
    Outcome {
        keep: world.signatures.take_new(&world.instance),
        ..Outcome::reply(response)
    }
}

/// The description that the emulator was started with, and what was changed of
/// it since.
fn described(config: &Config, state: &State) -> Value {
    let mut document = config.document.clone();
    merge::apply(&mut document, &state.instance);
    document
}

/// What a person has frozen takes the place of what the host hands in, and what
/// was done to the clock since then counts from there.
pub(crate) fn frozen(config: &Config, clock: Clock, ambient: Ambient) -> Ambient {
    Ambient {
        now: clock.at(config.frozen_time.unwrap_or(ambient.now)),
        entropy: config.frozen_entropy.unwrap_or(ambient.entropy),
    }
}

/// An emulator with the memory that a reused instance has: what it worked out
/// from the last state document, good for as long as the bytes are the same.
#[derive(Debug)]
pub struct Emulator {
    config: Result<Config, Problem>,
    last: Option<Memory>,
}

/// A state document, or that there was none, and what it meant.
#[derive(Debug)]
struct Memory {
    stored: Option<Vec<u8>>,
    world: Result<World, Problem>,
}

impl Emulator {
    /// An emulator with settings from environment variables. Settings that
    /// cannot be understood are told to every client.
    pub fn from_env(variables: impl IntoIterator<Item = (String, String)>) -> Self {
        Self::new(Settings::from_env(variables))
    }

    /// The same with settings from variables that are asked for by the names of
    /// the [`KEYS`](crate::KEYS), and `config`; see [`Settings::from_variables`].
    pub fn from_variables(get: impl Fn(&str) -> Result<String, String>) -> Self {
        Self::new(Settings::from_variables(get))
    }

    fn new(settings: Result<Settings, Problem>) -> Self {
        let config = settings.and_then(|settings| Config::new(&settings));
        Self { config, last: None }
    }

    /// Lets the emulator look up, before it answers this request, what it once
    /// gave the host to keep ([`Outcome::keep`]), if the request needs it and
    /// it is costly to make again. Not to call this costs time and nothing
    /// else.
    pub fn recall(
        &mut self,
        stored: Option<&[u8]>,
        request: &Request<Vec<u8>>,
        read: impl FnOnce(&str) -> Option<Vec<u8>>,
    ) {
        let path = path::normalize(request.uri().path());
        if let Some(signature) = Signature::at(&path)
            && let Ok(config) = &self.config
            && let Ok(world) = &Memory::of(&mut self.last, config, stored).world
        {
            let instance = &world.instance;
            world.signatures.recall(signature, instance, read);
        }
    }

    /// Answers one request under the state document as it is `stored` now.
    pub fn answer(
        &mut self,
        stored: Option<&[u8]>,
        ambient: Ambient,
        request: &Request<Vec<u8>>,
    ) -> Outcome {
        let config = match &self.config {
            Ok(config) => config,
            Err(problem) => return Outcome::reply(control::misconfigured(problem, ambient.now)),
        };
        match &Memory::of(&mut self.last, config, stored).world {
            Ok(world) => answer(world, ambient, request),
            Err(problem) => control::recover(config, ambient, request, problem),
        }
    }

    /// The answer to a change that the host could not store, for a `reason` in
    /// the host's words.
    pub fn unstorable(&self, reason: &str, now: UnixMillis) -> Response<Vec<u8>> {
        control::unstorable(reason, now)
    }
}

impl Memory {
    /// What these bytes mean: as it was worked out last, if they are the same.
    fn of<'m>(last: &'m mut Option<Self>, config: &Config, stored: Option<&[u8]>) -> &'m Self {
        let known = last.take();
        last.insert(match known {
            Some(memory) if memory.stored.as_deref() == stored => memory,
            _ => Self {
                stored: stored.map(<[u8]>::to_vec),
                world: State::read(stored).and_then(|state| World::new(config.clone(), state)),
            },
        })
    }
}
