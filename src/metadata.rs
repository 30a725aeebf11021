//! The service procedure: how a 2026 Nitro instance handles a request
//! (reference 1).

use http::{HeaderMap, Method, StatusCode};

use crate::constants;
use crate::description::HttpTokens;
use crate::documents::ImdsVersion;
use crate::page_cache::Page;
use crate::request::MetadataRequest;
use crate::request_context::RequestContext;
use crate::resolved_instance::ResolvedInstance;
use crate::response::MetadataResponse;
use crate::simulation::Effect;
use crate::token::Ttl;
use crate::tree::{CredentialHealth, View};

/// How active faults alter a request's view of the instance.
#[derive(Clone, Copy)]
pub(crate) struct FaultContext<'f> {
    /// Whether notices are visible.
    pub(crate) notices: bool,
    /// The effect of the active fault.
    pub(crate) effect: Option<&'f Effect>,
}

/// Answers a request.
pub(crate) fn answer(
    resolved: &ResolvedInstance,
    context: RequestContext,
    request: &MetadataRequest<'_>,
    faults: FaultContext<'_>,
) -> MetadataResponse {
    let now = context.now;
    let options = &resolved.instance.options;
    if !options.http_endpoint {
        return MetadataResponse::empty(StatusCode::FORBIDDEN, None, now);
    }
    if request.is_for_token() {
        return mint(resolved, context, request.headers);
    }
    // Tokens are checked before routing, so unknown paths are 401 too.
    let ttl = match presented(resolved, context, request.token) {
        Presented::Nothing if options.http_tokens == HttpTokens::Optional => None,
        Presented::Valid { seconds_left } => Some(seconds_left),
        Presented::Nothing | Presented::Invalid => {
            return MetadataResponse::empty(StatusCode::UNAUTHORIZED, None, now);
        }
    };
    match *request.method {
        Method::OPTIONS => {
            MetadataResponse::allow(StatusCode::OK, constants::ALLOW_METADATA, ttl, now)
        }
        Method::GET | Method::HEAD if request.path == constants::TOKEN_PATH => {
            MetadataResponse::allow(
                StatusCode::METHOD_NOT_ALLOWED,
                constants::ALLOW_TOKEN,
                ttl,
                now,
            )
        }
        Method::GET => get(resolved, context, request.path, faults, ttl),
        Method::HEAD => {
            let mut response = get(resolved, context, request.path, faults, ttl);
            response.body.clear();
            response
        }
        _ => MetadataResponse::empty(StatusCode::FORBIDDEN, ttl, now),
    }
}

/// Answers `PUT /latest/api/token`. Rejecting a forwarded request before
/// checking its lifetime is our choice (reference 17.10).
fn mint(
    resolved: &ResolvedInstance,
    context: RequestContext,
    headers: &HeaderMap,
) -> MetadataResponse {
    let now = context.now;
    if resolved.config.reject_forwarded && headers.contains_key(constants::FORWARDED_FOR) {
        return MetadataResponse::empty(StatusCode::FORBIDDEN, None, now);
    }
    let wanted = headers.get(constants::TOKEN_TTL);
    let Some(ttl) = wanted.and_then(|value| Ttl::parse(value.to_str().ok()?)) else {
        return MetadataResponse::empty(StatusCode::BAD_REQUEST, None, now);
    };
    let token = resolved.token_authority.mint(now, ttl, &context.entropy);
    MetadataResponse::token(token, ttl.seconds(), now)
}

/// The token of a request, checked.
enum Presented {
    Nothing,
    Invalid,
    Valid { seconds_left: u64 },
}

fn presented(
    resolved: &ResolvedInstance,
    context: RequestContext,
    token: Option<&[u8]>,
) -> Presented {
    let Some(token) = token else {
        return Presented::Nothing;
    };
    match resolved.token_authority.remaining(context.now, token) {
        Some(seconds_left) => Presented::Valid { seconds_left },
        None => Presented::Invalid,
    }
}

fn get(
    resolved: &ResolvedInstance,
    context: RequestContext,
    path: &str,
    faults: FaultContext<'_>,
    ttl: Option<u64>,
) -> MetadataResponse {
    let now = context.now;
    let imds = if ttl.is_some() {
        ImdsVersion::V2
    } else {
        ImdsVersion::V1
    };
    let view = View {
        notices: faults.notices,
        credentials: match faults.effect {
            Some(Effect::ExpiredCredentials) => CredentialHealth::Expired(now),
            Some(Effect::CredentialsFailure(code)) => CredentialHealth::Failed(code),
            _ => CredentialHealth::Good,
        },
        ..resolved.view(now, imds)
    };
    match resolved.page_cache.get_or_render(&view, path) {
        Some(Page { media_type, body }) => {
            MetadataResponse::content(media_type, body, ttl, view.rotation.loaded(), now)
        }
        None => MetadataResponse::not_found(ttl, now),
    }
}
