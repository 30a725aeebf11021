//! The emulator of a host: settings, and the instance resolved from the last
//! state document.

use std::cell::OnceCell;
use std::ops::Range;
use std::sync::Arc;

use http::{HeaderName, Method, Request};

use crate::config::Config;
use crate::constants;
use crate::control;
use crate::host_header;
use crate::journal::{Entry, RecordedRequest};
use crate::outcome::Outcome;
use crate::path;
use crate::problem::Problem;
use crate::request_context::{Connection, RequestContext};
use crate::resolved_instance::ResolvedInstance;
use crate::response::MetadataResponse;
use crate::service;
use crate::state::{self, State};
use crate::store::{STATE_KEY, Store};
use crate::stored_page::PageKey;
use crate::time::UnixMillis;
use crate::variables::Variables;

/// An emulator with the cache of a reused component instance: the instance
/// resolved from the last state document, valid while the stored bytes are equal
/// and no event has come due since.
#[derive(Debug)]
pub struct Emulator {
    variables: Variables,
    /// Parsed from the variables on first use.
    config: OnceCell<Result<Arc<Config>, Problem>>,
    cached: Option<CachedInstance>,
    /// The number of the last journal entry that this emulator wrote.
    last_entry: Option<u64>,
}

impl Emulator {
    /// An emulator with settings from environment variables. If the settings are
    /// invalid, every response says so.
    pub fn from_env(variables: impl IntoIterator<Item = (String, String)>) -> Self {
        Self::new(Variables::of_environment(variables))
    }

    /// An emulator with settings from variables named like the
    /// [`KEYS`](crate::KEYS), and `config`, which holds a whole document. An empty
    /// variable is unset. The value of one that cannot be read is the host's error
    /// message, and every response says so.
    pub fn from_variables(
        variables: impl IntoIterator<Item = (String, Result<String, String>)>,
    ) -> Self {
        Self::new(Variables::of_settings(variables))
    }

    fn new(variables: Variables) -> Self {
        Self {
            variables,
            config: OnceCell::new(),
            cached: None,
            last_entry: None,
        }
    }

    fn config(&self) -> Result<&Arc<Config>, &Problem> {
        let config = self.config.get_or_init(|| {
            let settings = self.variables.settings()?;
            Config::new(&settings).map(Arc::new)
        });
        config.as_ref()
    }

    /// The names of the headers that the response or the journal entry can depend
    /// on, if the body is irrelevant; `None` if all of
    /// [`REQUEST_HEADERS`](constants::REQUEST_HEADERS) and the body matter. A host
    /// need not pass others.
    pub fn headers_that_matter(
        &self,
        method: &Method,
        target: &str,
    ) -> Option<&'static [HeaderName]> {
        if !method.is_safe() || path::leads_to_control(target) {
            return None;
        }
        let depends_on = match self.config.get() {
            None if self.variables.only_describe() => 2,
            _ => match self.config() {
                Ok(config) if config.mock_ip_count.is_some() => 4,
                Ok(config) if config.journal > 0 => 3,
                // Invalid settings lead to the same response to every request.
                Ok(_) | Err(_) => 2,
            },
        };
        Some(&constants::REQUEST_HEADERS[..depends_on])
    }

    /// Whether the body of a request can affect the response, given only its head:
    /// it is a control call that changes something, from an admitted client.
    pub fn reads_body(&self, connection: Connection, request: &Request<Vec<u8>>) -> bool {
        let Ok(config) = self.config() else {
            return false;
        };
        let path = path::normalize(request.uri().path());
        !request.method().is_safe()
            && path::is_control(&path)
            && control::admits(config, connection, request, &path)
    }

    /// Answers one request under the state document `stored`, with other data
    /// from the host's store.
    ///
    /// Everything that a client sees is decided here: the same arguments lead
    /// to the same outcome on every host.
    pub fn answer(
        &mut self,
        stored: Option<&Arc<Vec<u8>>>,
        context: RequestContext,
        request: &Request<Vec<u8>>,
        store: &mut impl Store,
    ) -> Outcome {
        let document = stored.map(|stored| &***stored);
        let path = path::normalize(request.uri().path());
        let has_several_hosts = host_header::is_repeated(request.headers());
        // An emulator that has answered before is faster without.
        let page = (self.config.get().is_none() && !has_several_hosts)
            .then(|| PageKey::new(&self.variables, document, request, &path))
            .flatten();
        if let Some(page) = &page
            && let Some(response) = page.answer(&self.variables, context.now, request, &path, store)
        {
            return Outcome::reply(response);
        }
        let config = match self.config() {
            Ok(config) => &Arc::clone(config),
            Err(problem) => return Outcome::reply(control::misconfigured(problem, context.now)),
        };
        if has_several_hosts {
            return Outcome::reply(control::several_hosts(context.now));
        }
        let cached = CachedInstance::of(&mut self.cached, config, stored, context.now, store);
        let mut outcome = match &cached.resolved {
            Err(problem) => {
                control::recover(config, context, document, request, &path, store, problem)
            }
            Ok(resolved) if path::is_control(&path) => {
                control::answer(resolved, context, request, &path, store)
            }
            Ok(resolved) => answer_metadata(resolved, context, request, &path, store),
        };
        if let Some(swap) = &mut outcome.swap
            && swap.key == STATE_KEY
        {
            swap.expected = stored.cloned();
        }
        if let Some(page) = page
            && let Ok(resolved) = &cached.resolved
            && outcome.cache_entry.is_none()
        {
            let response = &outcome.response;
            outcome.cache_entry = page.entry(resolved, context.now, request, &path, response);
        }
        outcome.lacks_body = cached.lacks_body;
        if outcome.lacks_body {
            // The body may be readable next time.
            self.cached = None;
        }
        outcome
    }

    /// Writes the journal entry of a request. `random` returns a start for
    /// numbering this emulator's entries.
    pub fn record<B>(
        &mut self,
        entry: Entry,
        recorded: &RecordedRequest<'_, B>,
        random: fn() -> u64,
        store: &mut impl Store,
    ) {
        let last = self.last_entry.get_or_insert_with(random);
        *last = last.wrapping_add(1);
        entry.record(recorded, *last, store);
    }

    /// The response to a change that the host could not store, with the host's
    /// `reason`.
    pub fn unstorable(&self, reason: &str, now: UnixMillis) -> MetadataResponse {
        control::unstorable(reason, now)
    }
}

/// Answers a request to the metadata service, from an allowed host.
fn answer_metadata(
    resolved: &ResolvedInstance,
    context: RequestContext,
    request: &Request<Vec<u8>>,
    path: &str,
    store: &mut impl Store,
) -> Outcome {
    let context = resolved.config.emulated(resolved.state.clock, context);
    match control::refuse_host(resolved, request, context.now) {
        Some(refusal) => Outcome::reply(refusal),
        None => service::answer(resolved, context, request, path, store),
    }
}

/// A state document (`None` if absent) and the instance resolved from it, valid
/// between two events.
#[derive(Debug)]
struct CachedInstance {
    stored: Option<Arc<Vec<u8>>>,
    resolved: Result<ResolvedInstance, Problem>,
    quiet_interval: Range<UnixMillis>,
    /// Whether the document refers to one that cannot be read.
    lacks_body: bool,
}

impl CachedInstance {
    /// The instance for a state document at a moment of the host's clock. The
    /// cached one is reused if the bytes are equal and no event came due since.
    fn of<'m>(
        cached: &'m mut Option<Self>,
        config: &Arc<Config>,
        stored: Option<&Arc<Vec<u8>>>,
        now: UnixMillis,
        store: &mut impl Store,
    ) -> &'m Self {
        // The comparison is short if the host passes the same allocation.
        let is_valid = |cached: &Self| cached.stored.as_ref() == stored && cached.covers(now);
        if !cached.as_ref().is_some_and(is_valid) {
            *cached = None;
        }
        cached.get_or_insert_with(|| Self::new(config, stored, now, store))
    }

    fn new(
        config: &Arc<Config>,
        stored: Option<&Arc<Vec<u8>>>,
        now: UnixMillis,
        store: &mut impl Store,
    ) -> Self {
        let document = stored.map(|stored| &***stored);
        let body = document.and_then(state::body_key).map(|key| store.get(key));
        let lacks_body = body == Some(None);
        let document = body.as_ref().map_or(document, |body| body.as_deref());
        let state = if lacks_body {
            Err(state::damaged("the rest of it is missing"))
        } else {
            State::read(document)
        };
        let resolved = state.and_then(|state| {
            let now = config.emulated_time(state.clock, now);
            ResolvedInstance::new(Arc::clone(config), state, now)
                .map(|resolved| (resolved.timeline.quiet_interval(now), resolved))
        });
        let (quiet_interval, resolved) = match resolved {
            Ok((quiet_interval, resolved)) => (quiet_interval, Ok(resolved)),
            Err(problem) => (UnixMillis(i64::MIN)..UnixMillis(i64::MAX), Err(problem)),
        };
        Self {
            stored: stored.cloned(),
            resolved,
            quiet_interval,
            lacks_body,
        }
    }

    /// Whether no event comes due between the resolution and `now`.
    fn covers(&self, now: UnixMillis) -> bool {
        match &self.resolved {
            Ok(resolved) => {
                let now = resolved.config.emulated_time(resolved.state.clock, now);
                self.quiet_interval.contains(&now)
            }
            Err(_) => true,
        }
    }
}
