//! One emulated instance, as a host holds it.

use std::ops::Range;
use std::time::Duration;

use http::{Method, Request};
use serde_json::Value;

use crate::clock::Clock;
use crate::config::Config;
use crate::control::{self, Needs};
use crate::documents::{Imds, Rotation, Vault};
use crate::host::{Ambient, Connection, Outcome, STATE_KEY, Store, TALLY_KEY};
use crate::host_header;
use crate::instance::Instance;
use crate::journal::{self, Course, Entry, Journal};
use crate::merge;
use crate::pages::Pages;
use crate::path;
use crate::problem::Problem;
use crate::reply::Reply;
use crate::service;
use crate::settings::Settings;
use crate::signature::{Signature, Signatures};
use crate::simulation::{Event, Story};
use crate::state::State;
use crate::time::UnixMillis;
use crate::token::Authority;
use crate::tree::{Health, View};
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
    /// What was shown before.
    pub(crate) pages: Pages,
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
            Instance::read(&document).map_err(|problem| misfit(&config, &state, problem))?
        };
        Ok(Self {
            authority: Authority::new(&config.secret, &instance.id, &state.epoch),
            vault: Vault::new(&config.secret, &instance.id, &instance.account_id),
            signatures: Signatures::new(&config.identity_keys, &config.secret),
            pages: Pages::default(),
            instance,
            config,
            state,
            story,
        })
    }

    /// Refuses a state from which no instance follows, now or after any of its
    /// events.
    pub fn check(&self, state: &State) -> Result<(), Problem> {
        let document = described(&self.config, state, []);
        Instance::read(&document)?;
        story(&self.config, state)?.check(document)
    }

    /// The description as it is at a moment.
    pub(crate) fn document(&self, now: UnixMillis) -> Value {
        described(&self.config, &self.state, self.story.due(now))
    }

    /// The description of which the changes that have come by now are a part,
    /// so that what is changed next comes on top of them, and a state without
    /// them.
    pub(crate) fn settled(&self, now: UnixMillis) -> (Value, State) {
        let changes = self.story.due(now).filter(|event| event.is_change());
        let document = described(&self.config, &self.state, changes);
        let story = self.story.settled(now);
        let state = State {
            story: if story == self.story {
                self.state.story.clone()
            } else {
                Some(story)
            },
            ..self.state.clone()
        };
        (document, state)
    }

    /// The tree as it is at a moment, seen through one of the protocols.
    pub fn view(&self, now: UnixMillis, imds: Imds) -> View<'_> {
        let instance = &self.instance;
        let rotated = instance.credentials_rotated;
        let from = rotated.filter(|rotated| *rotated <= now);
        View {
            instance,
            vault: &self.vault,
            signatures: &self.signatures,
            tags: instance.options.instance_metadata_tags,
            rotation: Rotation::at(now, from.unwrap_or(instance.launch_time)),
            imds,
            notices: true,
            credentials: Health::Good,
        }
    }
}

/// `Host` and `User-Agent`, for hosts to ask for.
const HOST_NAME: &str = "host";
const USER_AGENT_NAME: &str = "user-agent";

/// What the host's store had for one request beside the state.
#[derive(Debug, Default)]
pub struct Found {
    /// The document under [`TALLY_KEY`](crate::TALLY_KEY).
    pub(crate) tally: Option<Vec<u8>>,
    pub(crate) journal: Journal,
}

/// Answers one request.
///
/// Everything a client sees is decided here: the same arguments give the same
/// outcome, on every host.
pub fn answer(
    world: &World,
    ambient: Ambient,
    found: &Found,
    request: &Request<Vec<u8>>,
) -> Outcome {
    let path = path::normalize(request.uri().path());
    if host_header::is_repeated(request.headers()) {
        return Outcome::reply(control::several_hosts(ambient.now));
    }
    if control::owns(&path) {
        return control::answer(world, ambient, &found.journal, request, &path);
    }
    let ambient = frozen(&world.config, world.state.clock, ambient);
    if let Some(refusal) = control::refuse_host(world, request, ambient.now) {
        return Outcome::reply(refusal);
    }
    service::answer(world, ambient, found.tally.as_deref(), request, &path)
}

/// The events that hold: those that control calls have left, else those of the
/// start-up configuration, which count from the last reset.
fn story(config: &Config, state: &State) -> Result<Story, Problem> {
    match &state.story {
        Some(story) => Ok(story.clone()),
        None => config.story(state.since),
    }
}

/// Why no instance follows from a state: it was made under other settings, or
/// the events of the start-up configuration come in another order by now.
fn misfit(config: &Config, state: &State, problem: Problem) -> Problem {
    let document = described(config, state, []);
    if let Err(problem) = Instance::read(&document) {
        return problem.within("the state document does not fit the instance");
    }
    let place = match &state.story {
        Some(_) => "the state document does not fit the instance",
        None => config.timeline_place(),
    };
    let events = story(config, state).and_then(|story| story.check(document));
    events.err().unwrap_or(problem).within(place)
}

/// The description that the emulator was started with, what was changed of it
/// since, and what events make of it.
fn described<'e>(
    config: &Config,
    state: &State,
    events: impl IntoIterator<Item = &'e Event>,
) -> Value {
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
        ..ambient
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
    found: Found,
    /// The number of the last entry of the journal that this instance wrote.
    told: Option<u64>,
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
        Self {
            config,
            last: None,
            found: Found::default(),
            told: None,
        }
    }

    /// The names of the headers that the answer to a request can depend on,
    /// `Host` among them, the body then being of no account; `None` stands for
    /// all of them, and the body. A host need not hand in others.
    pub fn headers_that_matter(
        &self,
        method: &Method,
        target: &str,
    ) -> Option<&'static [&'static str]> {
        const TOKEN: &[&str] = &[wire::TOKEN_NAME, HOST_NAME];
        const ALL: &[&str] = &[
            wire::TOKEN_NAME,
            HOST_NAME,
            wire::PEER_NAME,
            USER_AGENT_NAME,
        ];
        let config = self.config.as_ref().ok()?;
        let reads = method.is_safe() && !control::owns(&path::normalize(target));
        let told = config.journal > 0 || config.mock_ip_count.is_some();
        reads.then_some(if told { ALL } else { TOKEN })
    }

    /// Whether the answer to a request can depend on its body, of which only the
    /// head is read so far: that of a change whose sender may make it.
    pub fn reads_body(&self, connection: Connection, request: &Request<Vec<u8>>) -> bool {
        let Ok(config) = &self.config else {
            return false;
        };
        let path = path::normalize(request.uri().path());
        !request.method().is_safe()
            && control::owns(&path)
            && control::admits(config, connection, request, &path)
    }

    /// Lets the emulator look up what it needs to answer this request from the
    /// host's store. It belongs before every call of [`answer`](Self::answer).
    pub fn recall(
        &mut self,
        stored: Option<&[u8]>,
        ambient: Ambient,
        request: &Request<Vec<u8>>,
        store: &mut impl Store,
    ) {
        self.found = Found::default();
        let Ok(config) = &self.config else { return };
        let path = path::normalize(request.uri().path());
        if control::owns(&path) {
            self.found.journal = match control::needs(config, ambient.connection, request, &path) {
                Needs::Nothing => Journal::default(),
                Needs::Keys => Journal::keys(store),
                Needs::Entries => Journal::read(config.journal, store),
            };
            return;
        }
        let Ok(world) = &Memory::of(&mut self.last, config, stored, ambient.now).world else {
            return;
        };
        if let Some(signature) = Signature::at(&path) {
            let instance = &world.instance;
            let read = |key: &str| store.get(key);
            world.signatures.recall(signature, instance, read);
        }
        let now = moment(config, world.state.clock, ambient.now);
        if service::counts(world, now, request, &path) {
            self.found.tally = store.get(TALLY_KEY);
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
        let mut outcome = match &Memory::of(&mut self.last, config, stored, ambient.now).world {
            Ok(world) => answer(world, ambient, &self.found, request),
            Err(problem) => {
                let journal = &self.found.journal;
                control::recover(config, ambient, stored, journal, request, problem)
            }
        };
        if let Some(swap) = &mut outcome.swap
            && swap.key == STATE_KEY
        {
            swap.expected = stored.map(<[u8]>::to_vec);
        }
        outcome
    }

    /// Writes what the journal tells of a request, of which the host knows
    /// when it came and how long its answer takes.
    pub fn record(&mut self, entry: Entry, course: Course, store: &mut impl Store) {
        let last = self.told.get_or_insert_with(course.random);
        *last = last.wrapping_add(1);
        let Ok(config) = &self.config else { return };
        let took = match config.frozen_time {
            Some(_) => Duration::ZERO,
            None => course.took,
        };
        let course = Course { took, ..course };
        journal::record(entry, course, *last, config.journal, store);
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
        let is_good = |memory: &Self| memory.stored.as_deref() == stored && memory.holds(now);
        if !last.as_ref().is_some_and(is_good) {
            *last = None;
        }
        last.get_or_insert_with(|| Self::new(config, stored, now))
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
