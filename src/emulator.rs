//! One emulated instance, as a host holds it.

use std::ops::Range;
use std::time::Duration;

use http::{Method, Request};
use serde_json::Value;

use crate::clock::Clock;
use crate::config::Config;
use crate::control::{self, Needs};
use crate::documents::{CredentialIssuer, ImdsVersion, Rotation};
use crate::host::{COUNTERS_KEY, Connection, Outcome, RequestContext, STATE_KEY, Store};
use crate::host_header;
use crate::instance::Instance;
use crate::journal::{self, Entry, Journal, RequestTiming};
use crate::merge;
use crate::page_cache::PageCache;
use crate::path;
use crate::problem::Problem;
use crate::response::MetadataResponse;
use crate::service;
use crate::settings::Settings;
use crate::signature::{Signature, Signatures};
use crate::simulation::{Event, Timeline};
use crate::state::State;
use crate::time::UnixMillis;
use crate::token::TokenAuthority;
use crate::tree::{CredentialHealth, View};
use crate::wire;

/// Everything that the configuration and one state document determine.
#[derive(Debug)]
pub struct ResolvedInstance {
    /// The configuration at start-up.
    pub config: Config,
    /// The changes made through the control API.
    pub state: State,
    /// The instance derived from both.
    pub instance: Instance,
    /// Makes and checks session tokens.
    pub token_authority: TokenAuthority,
    /// Makes credentials.
    pub credential_issuer: CredentialIssuer,
    /// Makes signatures, and keeps them.
    pub(crate) signatures: Signatures,
    /// Rendered answers, for repeated requests.
    pub(crate) page_cache: PageCache,
    /// All events.
    pub(crate) timeline: Timeline,
}

impl ResolvedInstance {
    /// Derives the instance from configuration and state at a moment. Fails if
    /// the state was made for another description and does not fit this one.
    pub fn new(config: Config, state: State, now: UnixMillis) -> Result<Self, Problem> {
        let timeline = timeline(&config, &state)?;
        let document = description_with(&config, &state, timeline.due(now));
        let instance = if document == config.document {
            config.instance.clone()
        } else {
            Instance::read(&document)
                .map_err(|problem| invalid_state_reason(&config, &state, problem))?
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
        Instance::read(&document)?;
        timeline(&self.config, state)?.check(document)
    }

    /// The description as it is at a moment.
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

    /// The tree as it is at a moment, seen through one of the protocols.
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

/// `Host` and `User-Agent`, for hosts to ask for.
const HOST_NAME: &str = "host";
const USER_AGENT_NAME: &str = "user-agent";

/// The data loaded from the host's store for one request, besides the state.
#[derive(Debug, Default)]
pub struct StoredData {
    /// The document under [`COUNTERS_KEY`](crate::TALLY_KEY).
    pub(crate) request_counters: Option<Vec<u8>>,
    pub(crate) journal: Journal,
}

/// Answers one request.
///
/// Everything a client sees is decided here: the same arguments give the same
/// outcome, on every host.
pub fn answer(
    resolved: &ResolvedInstance,
    context: RequestContext,
    stored_data: &StoredData,
    request: &Request<Vec<u8>>,
) -> Outcome {
    let path = path::normalize(request.uri().path());
    if host_header::is_repeated(request.headers()) {
        return Outcome::reply(control::several_hosts(context.now));
    }
    if control::owns(&path) {
        return control::answer(resolved, context, &stored_data.journal, request, &path);
    }
    let context = frozen(&resolved.config, resolved.state.clock, context);
    if let Some(refusal) = control::refuse_host(resolved, request, context.now) {
        return Outcome::reply(refusal);
    }
    service::answer(
        resolved,
        context,
        stored_data.request_counters.as_deref(),
        request,
        &path,
    )
}

/// The current timeline: the one stored by control calls, else the start-up
/// timeline, whose delays count from the last reset.
fn timeline(config: &Config, state: &State) -> Result<Timeline, Problem> {
    match &state.timeline {
        Some(timeline) => Ok(timeline.clone()),
        None => config.timeline(state.since),
    }
}

/// The reason why a state is invalid: it was made under other settings, or the
/// order of the start-up events has changed.
fn invalid_state_reason(config: &Config, state: &State, problem: Problem) -> Problem {
    let document = description_with(config, state, []);
    if let Err(problem) = Instance::read(&document) {
        return problem.within("the state document does not fit the instance");
    }
    let place = match &state.timeline {
        Some(_) => "the state document does not fit the instance",
        None => config.timeline_place(),
    };
    let events = timeline(config, state).and_then(|timeline| timeline.check(document));
    events.err().unwrap_or(problem).within(place)
}

/// The start-up description with the state's changes and the due events
/// applied.
fn description_with<'e>(
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

/// Replaces the host's time and random bytes by the frozen ones, and applies
/// the clock's adjustment.
pub(crate) fn frozen(config: &Config, clock: Clock, context: RequestContext) -> RequestContext {
    RequestContext {
        now: moment(config, clock, context.now),
        entropy: config.frozen_entropy.unwrap_or(context.entropy),
        ..context
    }
}

/// The emulated time when the host's clock shows `now`.
fn moment(config: &Config, clock: Clock, now: UnixMillis) -> UnixMillis {
    clock.at(config.frozen_time.unwrap_or(now))
}

/// An emulator with the cache of a reused instance: the instance resolved from
/// the last state document, valid while the stored bytes are equal.
#[derive(Debug)]
pub struct Emulator {
    config: Result<Config, Problem>,
    last: Option<CachedInstance>,
    stored_data: StoredData,
    /// The number of the last entry of the journal that this instance wrote.
    last_entry: Option<u64>,
}

/// A state document (`None` if absent) and the instance resolved from it, valid
/// between two events.
#[derive(Debug)]
struct CachedInstance {
    stored: Option<Vec<u8>>,
    resolved: Result<ResolvedInstance, Problem>,
    quiet_interval: Range<UnixMillis>,
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
            stored_data: StoredData::default(),
            last_entry: None,
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
        let depends_on_client = config.journal > 0 || config.mock_ip_count.is_some();
        reads.then_some(if depends_on_client { ALL } else { TOKEN })
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

    /// Loads the data that this request needs from the host's store. Call it
    /// before every call of [`answer`](Self::answer).
    pub fn recall(
        &mut self,
        stored: Option<&[u8]>,
        context: RequestContext,
        request: &Request<Vec<u8>>,
        store: &mut impl Store,
    ) {
        self.stored_data = StoredData::default();
        let Ok(config) = &self.config else { return };
        let path = path::normalize(request.uri().path());
        if control::owns(&path) {
            self.stored_data.journal =
                match control::needs(config, context.connection, request, &path) {
                    Needs::Nothing => Journal::default(),
                    Needs::Keys => Journal::keys(store),
                    Needs::Entries => Journal::read(config.journal, store),
                };
            return;
        }
        let Ok(resolved) =
            &CachedInstance::of(&mut self.last, config, stored, context.now).resolved
        else {
            return;
        };
        if let Some(signature) = Signature::at(&path) {
            let instance = &resolved.instance;
            let read = |key: &str| store.get(key);
            resolved.signatures.recall(signature, instance, read);
        }
        let now = moment(config, resolved.state.clock, context.now);
        if service::counts(resolved, now, request, &path) {
            self.stored_data.request_counters = store.get(COUNTERS_KEY);
        }
    }

    /// Answers one request under the state document as it is `stored` now.
    pub fn answer(
        &mut self,
        stored: Option<&[u8]>,
        context: RequestContext,
        request: &Request<Vec<u8>>,
    ) -> Outcome {
        let config = match &self.config {
            Ok(config) => config,
            Err(problem) => return Outcome::reply(control::misconfigured(problem, context.now)),
        };
        let mut outcome =
            match &CachedInstance::of(&mut self.last, config, stored, context.now).resolved {
                Ok(resolved) => answer(resolved, context, &self.stored_data, request),
                Err(problem) => {
                    let journal = &self.stored_data.journal;
                    control::recover(config, context, stored, journal, request, problem)
                }
            };
        if let Some(swap) = &mut outcome.swap
            && swap.key == STATE_KEY
        {
            swap.expected = stored.map(<[u8]>::to_vec);
        }
        outcome
    }

    /// Writes the journal entry of a request. The host supplies the time of the
    /// request and the duration of the answer.
    pub fn record(&mut self, entry: Entry, timing: RequestTiming, store: &mut impl Store) {
        let last = self.last_entry.get_or_insert_with(timing.random);
        *last = last.wrapping_add(1);
        let Ok(config) = &self.config else { return };
        let took = match config.frozen_time {
            Some(_) => Duration::ZERO,
            None => timing.took,
        };
        let timing = RequestTiming { took, ..timing };
        journal::record(entry, timing, *last, config.journal, store);
    }

    /// The answer to a change that the host could not store, for a `reason` in
    /// the host's words.
    pub fn unstorable(&self, reason: &str, now: UnixMillis) -> MetadataResponse {
        control::unstorable(reason, now)
    }
}

impl CachedInstance {
    /// The instance for these stored bytes at a moment of the host's clock. The
    /// cached one is reused if the bytes are equal and no event is due since.
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
        let resolved = State::read(stored).and_then(|state| {
            let now = moment(config, state.clock, now);
            ResolvedInstance::new(config.clone(), state, now)
                .map(|resolved| (resolved.timeline.quiet_interval(now), resolved))
        });
        let (quiet_interval, resolved) = match resolved {
            Ok((quiet_interval, resolved)) => (quiet_interval, Ok(resolved)),
            Err(problem) => (UnixMillis(i64::MIN)..UnixMillis(i64::MAX), Err(problem)),
        };
        Self {
            stored: stored.map(<[u8]>::to_vec),
            resolved,
            quiet_interval,
        }
    }

    fn holds(&self, now: UnixMillis) -> bool {
        match &self.resolved {
            Ok(resolved) => {
                let now = moment(&resolved.config, resolved.state.clock, now);
                self.quiet_interval.contains(&now)
            }
            Err(_) => true,
        }
    }
}
