//! The service procedure: what a 2026 Nitro instance does with a request
//! (reference 1).

use http::{HeaderMap, Method, StatusCode};

use crate::documents::Imds;
use crate::emulator::World;
use crate::host::Ambient;
use crate::options::HttpTokens;
use crate::pages::Page;
use crate::reply::Reply;
use crate::request::Asked;
use crate::simulation::Effect;
use crate::token::Ttl;
use crate::tree::{Health, View};
use crate::wire;

/// In what a request sees the instance otherwise than it is described.
#[derive(Clone, Copy)]
pub(crate) struct Distortion<'f> {
    /// Whether what is about to happen is shown.
    pub(crate) notices: bool,
    /// What goes wrong.
    pub(crate) effect: Option<&'f Effect>,
}

/// Answers a request.
pub(crate) fn answer(
    world: &World,
    ambient: Ambient,
    asked: &Asked<'_>,
    distortion: Distortion<'_>,
) -> Reply {
    let now = ambient.now;
    let options = &world.instance.options;
    if !options.http_endpoint {
        return Reply::empty(StatusCode::FORBIDDEN, None, now);
    }
    if asked.is_for_token() {
        return mint(world, ambient, asked.headers);
    }
    // Tokens are checked before routing: unknown paths are 401 too.
    let ttl = match presented(world, ambient, asked.token) {
        Presented::Nothing if options.http_tokens == HttpTokens::Optional => None,
        Presented::Valid { seconds_left } => Some(seconds_left),
        Presented::Nothing | Presented::Invalid => {
            return Reply::empty(StatusCode::UNAUTHORIZED, None, now);
        }
    };
    match *asked.method {
        Method::OPTIONS => Reply::allow(StatusCode::OK, wire::ALLOW_METADATA, ttl, now),
        Method::GET | Method::HEAD if asked.path == wire::TOKEN_PATH => {
            Reply::allow(StatusCode::METHOD_NOT_ALLOWED, wire::ALLOW_TOKEN, ttl, now)
        }
        Method::GET => get(world, ambient, asked.path, distortion, ttl),
        Method::HEAD => {
            let mut response = get(world, ambient, asked.path, distortion, ttl);
            response.body.clear();
            response
        }
        _ => Reply::empty(StatusCode::FORBIDDEN, ttl, now),
    }
}

/// `PUT /latest/api/token`. That a forwarded request is refused before its
/// time-to-live is looked at is our choice (reference 17.10).
fn mint(world: &World, ambient: Ambient, headers: &HeaderMap) -> Reply {
    let now = ambient.now;
    if world.config.reject_forwarded && headers.contains_key(wire::FORWARDED_FOR) {
        return Reply::empty(StatusCode::FORBIDDEN, None, now);
    }
    let wanted = headers.get(wire::TOKEN_TTL);
    let Some(ttl) = wanted.and_then(|value| Ttl::parse(value.to_str().ok()?)) else {
        return Reply::empty(StatusCode::BAD_REQUEST, None, now);
    };
    let token = world.authority.mint(now, ttl, &ambient.entropy);
    Reply::token(token, ttl.seconds(), now)
}

/// What a request says of itself.
enum Presented {
    Nothing,
    Invalid,
    Valid { seconds_left: u64 },
}

fn presented(world: &World, ambient: Ambient, token: Option<&[u8]>) -> Presented {
    let Some(token) = token else {
        return Presented::Nothing;
    };
    match world.authority.remaining(ambient.now, token) {
        Some(seconds_left) => Presented::Valid { seconds_left },
        None => Presented::Invalid,
    }
}

fn get(
    world: &World,
    ambient: Ambient,
    path: &str,
    distortion: Distortion<'_>,
    ttl: Option<u64>,
) -> Reply {
    let now = ambient.now;
    let imds = if ttl.is_some() { Imds::V2 } else { Imds::V1 };
    let view = View {
        notices: distortion.notices,
        credentials: match distortion.effect {
            Some(Effect::ExpiredCredentials) => Health::Expired(now),
            Some(Effect::CredentialsFailure(code)) => Health::Failed(code),
            _ => Health::Good,
        },
        ..world.view(now, imds)
    };
    match world.pages.show(&view, path) {
        Some(Page { media_type, body }) => {
            Reply::content(media_type, body, ttl, view.rotation.loaded(), now)
        }
        None => Reply::not_found(ttl, now),
    }
}
