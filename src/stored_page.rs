//! Pages in the host's store, for hosts where each request is a new instance.
//!
//! With a long description or a long state document, deriving the instance takes
//! far longer than answering. The first request for a page therefore stores it,
//! with a hash of everything that it depends on and the time until which it stays
//! the same. Later requests need neither description nor state document.

use std::hash::Hasher as _;
use std::ops::Range;

use http::header::{CONTENT_TYPE, HeaderName};
use http::{Method, Request, StatusCode};
use twox_hash::XxHash64;

use crate::clock::Clock;
use crate::config::BUILT_IN_SECRET;
use crate::constants;
use crate::description::HttpTokens;
use crate::documents::ImdsVersion;
use crate::path;
use crate::pieces;
use crate::request::MetadataRequest;
use crate::resolved_instance::ResolvedInstance;
use crate::response::MetadataResponse;
use crate::state;
use crate::store::{PAGE_PREFIX, Store};
use crate::time::UnixMillis;
use crate::token::TokenAuthority;
use crate::variables::Variables;

/// Length in bytes of settings that are parsed faster than a page is read.
const SHORT: usize = 1024;

/// The number of pages, more than clients request repeatedly.
const SLOTS: u64 = 64;

/// The maximum length of a page in bytes.
const MAX_LEN: usize = 4096;

/// The place of a page, and the hash of everything that it depends on.
#[derive(Debug)]
pub(crate) struct PageKey {
    key: String,
    inputs: u64,
}

/// A stored page with the facts that a response to it needs.
#[derive(Debug, Default)]
struct StoredPage<'a> {
    inputs: u64,
    /// The interval of the host's clock in which the page is valid.
    valid: Range<i64>,
    requires_token: bool,
    /// `1` or `2`.
    version: i64,
    instance_id: &'a str,
    epoch: &'a str,
    path: &'a str,
    is_text: bool,
    loaded: i64,
    body: &'a [u8],
}

impl PageKey {
    /// The key of the page that answers a request; `None` if the page is faster
    /// to derive than to read, or depends on more than instance, time and token.
    pub(crate) fn new(
        variables: &Variables,
        stored: Option<&[u8]>,
        request: &Request<Vec<u8>>,
        path: &str,
    ) -> Option<Self> {
        let is_long = variables.total_len() > SHORT || stored.and_then(state::body_key).is_some();
        let is_page = matches!(*request.method(), Method::GET | Method::HEAD)
            && !path::is_control(path)
            && !path.contains("/iam/")
            && !path.contains("credentials");
        if !is_long || !is_page || !variables.only_describe() {
            return None;
        }
        let request = MetadataRequest::new(request, path);
        let mut inputs = XxHash64::with_seed(0);
        inputs.write(env!("CARGO_PKG_VERSION").as_bytes());
        variables.hash(&mut inputs);
        inputs.write(stored.unwrap_or_default());
        let mut place = XxHash64::with_seed(u64::from(request.version));
        place.write(path.as_bytes());
        Some(Self {
            key: format!("{PAGE_PREFIX}{}", place.finish() % SLOTS),
            inputs: inputs.finish(),
        })
    }

    /// Answers a request with the stored page, if it is there, still valid, and
    /// the client may see it.
    pub(crate) fn answer(
        &self,
        variables: &Variables,
        now: UnixMillis,
        request: &Request<Vec<u8>>,
        path: &str,
        store: &mut impl Store,
    ) -> Option<MetadataResponse> {
        let bytes = store.get(&self.key)?;
        let page = StoredPage::read(&bytes)?;
        let request = MetadataRequest::new(request, path);
        let is_this = page.inputs == self.inputs
            && page.path == path
            && page.version == i64::from(request.version)
            && page.valid.contains(&now.0);
        if !is_this || request.is_too_long() {
            return None;
        }
        let ttl = match request.token {
            None if !page.requires_token => None,
            None => return None,
            Some(token) => {
                let secret = variables.secret().unwrap_or(BUILT_IN_SECRET);
                let tokens = TokenAuthority::new(secret.as_bytes(), page.instance_id, page.epoch);
                Some(tokens.remaining(now, token)?)
            }
        };
        let media_type = if page.is_text {
            constants::TEXT
        } else {
            constants::OCTETS
        };
        let loaded = UnixMillis(page.loaded);
        let body = page.body.to_vec();
        let mut response = MetadataResponse::content(media_type, body, ttl, loaded, now);
        if *request.method == Method::HEAD {
            response.body.clear();
        }
        Some(response)
    }

    /// The key and the value to store after the instance answered a request.
    pub(crate) fn entry(
        self,
        resolved: &ResolvedInstance,
        now: UnixMillis,
        request: &Request<Vec<u8>>,
        path: &str,
        response: &MetadataResponse,
    ) -> Option<(String, Vec<u8>)> {
        let instance = &resolved.instance;
        let is_constant = *request.method() == Method::GET
            && response.status == StatusCode::OK
            && response.body.len() <= MAX_LEN
            && resolved.state.clock == Clock::Running
            && resolved.timeline.faults().next().is_none()
            && !instance.serves_real_credentials();
        if !is_constant {
            return None;
        }
        let version = MetadataRequest::new(request, path).version;
        let imds = match version {
            1 => ImdsVersion::V1,
            _ => ImdsVersion::V2,
        };
        let rotation = resolved.view(now, imds).rotation;
        let quiet = resolved.timeline.quiet_interval(now);
        let hour = rotation.interval();
        // Rotation may be forced at a later time.
        let rotated = instance.credentials_rotated.filter(|time| *time > now);
        let until = rotated.unwrap_or(UnixMillis(i64::MAX));
        let page = StoredPage {
            inputs: self.inputs,
            valid: quiet.start.max(hour.start).0..quiet.end.min(hour.end).min(until).0,
            requires_token: instance.options.http_tokens == HttpTokens::Required,
            version: version.into(),
            instance_id: &instance.id,
            epoch: &resolved.state.epoch,
            path,
            is_text: text(response, &CONTENT_TYPE)? == constants::TEXT,
            loaded: rotation.loaded().0,
            body: &response.body,
        };
        Some((self.key, page.to_bytes()))
    }
}

impl<'a> StoredPage<'a> {
    fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.body.len() + 256);
        let numbers = [
            self.inputs.cast_signed(),
            self.valid.start,
            self.valid.end,
            self.requires_token.into(),
            self.version,
            self.is_text.into(),
            self.loaded,
        ];
        let numbers: Vec<u8> = numbers
            .iter()
            .flat_map(|number| number.to_le_bytes())
            .collect();
        for text in [self.instance_id, self.epoch, self.path] {
            pieces::push(&mut bytes, text.as_bytes());
        }
        pieces::push(&mut bytes, &numbers);
        pieces::push(&mut bytes, self.body);
        bytes
    }

    /// Parses the output of [`to_bytes`](Self::to_bytes).
    fn read(mut bytes: &'a [u8]) -> Option<Self> {
        let mut next = || pieces::take(&mut bytes);
        let (instance_id, epoch, path) = (next()?, next()?, next()?);
        let (numbers, body) = (next()?, next()?);
        let (numbers, []) = numbers.as_chunks() else {
            return None;
        };
        let [inputs, start, end, requires_token, version, is_text, loaded] =
            <[[u8; 8]; 7]>::try_from(numbers)
                .ok()?
                .map(i64::from_le_bytes);
        Some(Self {
            inputs: inputs.cast_unsigned(),
            valid: start..end,
            requires_token: requires_token != 0,
            version,
            instance_id: str::from_utf8(instance_id).ok()?,
            epoch: str::from_utf8(epoch).ok()?,
            path: str::from_utf8(path).ok()?,
            is_text: is_text != 0,
            loaded,
            body,
        })
    }
}

/// The value of a header.
fn text<'r>(response: &'r MetadataResponse, wanted: &HeaderName) -> Option<&'r str> {
    let mut headers = response.headers.iter();
    headers.find_map(|(name, value)| (name == wanted).then_some(&**value))
}
