//! One emulated instance, as a host holds it.

use std::ops::Range;

use http::{Method, Request};
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
use crate::reply::Reply;
use crate::settings::Settings;
use crate::signature::{Signature, Signatures};
use crate::simulation::{Event, Story};
use crate::state::State;
use crate::time::UnixMillis;
use crate::token::Authority;
use crate::tree::View;
use crate::wire;

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
    /// All events.
    pub(crate) story: Story,
}

impl World {
    /// Works out what follows from the two at a moment. The state may not fit:
    /// its changes were made to another description.
    pub fn new(config: Config, state: State, now: UnixMillis) -> Result<Self, Problem> {
        let story = story(&config, &state)?;
        let document = described(&config, &state, story.due(now));
        let instance = if document == config.document {
            config.instance.clone()
        } else {
            Instance::read(&document)
                .map_err(|problem| problem.within("the state document does not fit the instance"))?
        };
        Ok(Self {
            authority: Authority::new(&config.secret, &instance.id, &state.epoch),
            vault: Vault::new(&config.secret, &instance.id, &instance.account_id),
            signatures: Signatures::new(&config.identity_keys, &config.secret),
            instance,
            config,
            state,
            story,
        })
    }

    /// Whether another state holds water, at every moment that its events make.
    pub fn check(&self, state: &State) -> Result<(), Problem> {
        let story = story(&self.config, state)?;
        let moments = [UnixMillis(i64::MIN)].into_iter().chain(story.moments());
        for moment in moments {
            Instance::read(&described(&self.config, state, story.due(moment)))?;
        }
        Ok(())
    }

    /// The description as it is at a moment.
    pub(crate) fn document(&self, now: UnixMillis) -> Value {
        described(&self.config, &self.state, self.story.due(now))
    }

    /// The state in which the changes that have come by now are a part of the
    /// description, so that what is changed next comes on top of them.
    pub(crate) fn settled(&self, now: UnixMillis) -> State {
        let changes = self.story.due(now).filter(|event| event.is_change());
        let document = described(&self.config, &self.state, changes);
        let story = self.story.settled(now);
        State {
            instance: merge::between(&self.config.document, &document),
            story: if story == self.story {
                self.state.story.clone()
            } else {
                Some(story)
            },
            ..self.state.clone()
        }
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

/// The names of the headers that the answer to a request can depend on, the body then being
/// of no account; `None` stands for all of them, `Host` included, and the body.
/// A host need not hand in others.
pub fn headers_that_matter(method: &Method, target: &str) -> Option<&'static [&'static str]> {
    let reads = method.is_safe() && !control::owns(&path::normalize(target));
    reads.then_some(&[wire::TOKEN_NAME])
}

/// Answers one request.
///
/// Everything a client sees is decided here: the same arguments give the same
/// outcome, on every host.
pub fn answer(world: &World, ambient: Ambient, request: &Request<Vec<u8>>) -> Outcome {
    let path = path::normalize(request.uri().path());
    if control::owns(&path) {
        return control::answer(world, ambient, request, &path);
    }
    let ambient = frozen(&world.config, world.state.clock, ambient);
    let response = metadata::answer(world, ambient, request, &path);
    Outcome {
        keep: world.signatures.take_new(&world.instance),
        ..Outcome::reply(response)
    }
}

/// The events that hold: those that control calls have left, else those of the
/// start-up configuration, which count from the last reset.
fn story(config: &Config, state: &State) -> Result<Story, Problem> {
    match &state.story {
        Some(story) => Ok(story.clone()),
        None => config.story(state.since),
    }
}

/// The description that the emulator was started with, what was changed of it
/// since, and what events make of it.
fn described<'e>(config: &Config, state: &State, events: impl Iterator<Item = &'e Event>) -> Value {
    let mut document = config.document.clone();
    merge::apply(&mut document, &state.instance);
    for event in events {
        event.apply(&mut document);
    }
    document
}

/// What a person has frozen takes the place of what the host hands in, and what
/// was done to the clock since then counts from there.
pub(crate) fn frozen(config: &Config, clock: Clock, ambient: Ambient) -> Ambient {
    Ambient {
        now: moment(config, clock, ambient.now),
        entropy: config.frozen_entropy.unwrap_or(ambient.entropy),
    }
}

/// The emulated time when the host's clock shows `now`.
fn moment(config: &Config, clock: Clock, now: UnixMillis) -> UnixMillis {
    clock.at(config.frozen_time.unwrap_or(now))
}

/// An emulator with the memory that a reused instance has: what it worked out
/// from the last state document, good for as long as the bytes are the same.
#[derive(Debug)]
pub struct Emulator {
    config: Result<Config, Problem>,
    last: Option<Memory>,
}

/// A state document, or that there was none, and what it meant from one event
/// to the next.
#[derive(Debug)]
struct Memory {
    stored: Option<Vec<u8>>,
    world: Result<World, Problem>,
    stretch: Range<UnixMillis>,
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
        now: UnixMillis,
        request: &Request<Vec<u8>>,
        read: impl FnOnce(&str) -> Option<Vec<u8>>,
    ) {
        let path = path::normalize(request.uri().path());
        if let Some(signature) = Signature::at(&path)
            && let Ok(config) = &self.config
            && let Ok(world) = &Memory::of(&mut self.last, config, stored, now).world
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
        match &Memory::of(&mut self.last, config, stored, ambient.now).world {
            Ok(world) => answer(world, ambient, request),
            Err(problem) => control::recover(config, ambient, request, problem),
        }
    }

    /// The answer to a change that the host could not store, for a `reason` in
    /// the host's words.
    pub fn unstorable(&self, reason: &str, now: UnixMillis) -> Reply {
        control::unstorable(reason, now)
    }
}

impl Memory {
    /// What these bytes mean at a moment of the host's clock: as it was worked
    /// out last, if they are the same and no event has come in between.
    fn of<'m>(
        last: &'m mut Option<Self>,
        config: &Config,
        stored: Option<&[u8]>,
        now: UnixMillis,
    ) -> &'m Self {
        let known = last.take();
        last.insert(match known {
            Some(memory) if memory.stored.as_deref() == stored && memory.holds(now) => memory,
            _ => Self::new(config, stored, now),
        })
    }

    fn new(config: &Config, stored: Option<&[u8]>, now: UnixMillis) -> Self {
        let world = State::read(stored).and_then(|state| {
            let now = moment(config, state.clock, now);
            World::new(config.clone(), state, now).map(|world| (world.story.stretch(now), world))
        });
        let (stretch, world) = match world {
            Ok((stretch, world)) => (stretch, Ok(world)),
            Err(problem) => (UnixMillis(i64::MIN)..UnixMillis(i64::MAX), Err(problem)),
        };
        Self {
            stored: stored.map(<[u8]>::to_vec),
            world,
            stretch,
        }
    }

    fn holds(&self, now: UnixMillis) -> bool {
        match &self.world {
            Ok(world) => {
                let now = moment(&world.config, world.state.clock, now);
                self.stretch.contains(&now)
            }
            Err(_) => true,
        }
    }
}
