//! The table of control calls.
//!
//! The router, the 404 message and the tests of the OpenAPI document share this
//! table; `openapi.json` documents the same calls for users.

use super::call::{Call, CallResult};
use super::{events, faults, health, requests, reset, resources};

/// A path and its methods.
pub(super) struct Route {
    /// The path below `/_imdsim/`; braces at the end match any number of
    /// segments.
    pub(super) path: &'static str,
    /// The methods as in `Allow`. GET implies HEAD.
    pub(super) methods: &'static str,
    /// The handler; its text is the part matched by the braces.
    pub(super) answer: fn(Call<'_>, &str) -> CallResult,
}

/// The only unrestricted call; it exposes nothing private.
pub(super) const HEALTH: &str = "health";

/// The prefix of calls that use the journal.
pub(super) const REQUESTS: &str = "requests";

/// A path that is not a fault id.
const PRESETS: &str = "faults/presets";

/// The only change that works with an invalid state document.
pub(super) const RESET: &str = "reset";

const fn row(
    path: &'static str,
    methods: &'static str,
    answer: fn(Call<'_>, &str) -> CallResult,
) -> Route {
    Route {
        path,
        methods,
        answer,
    }
}

#[rustfmt::skip]
pub(super) const ROUTES: &[Route] = &[
    row(HEALTH,                "GET",              |call, _| health(call)),
    row(RESET,                 "POST",             |call, _| reset(call)),
    row("instance",            "GET, PATCH",       |call, _| resources::instance(call)),
    row("metadata-options",    "GET, PATCH",       |call, _| resources::metadata_options(call)),
    row("user-data",           "GET, PUT, DELETE", |call, _| resources::user_data(call)),
    row("overrides",           "GET, DELETE",      |call, _| resources::overrides(call)),
    row("overrides/{path}",    "GET, PUT, DELETE", resources::one_override),
    row("events",              "GET, POST, PUT, DELETE", |call, _| events::events(call)),
    row("events/{id}",         "GET, DELETE",      events::event),
    row("faults",              "GET, PUT, DELETE", |call, _| faults::faults(call)),
    row(PRESETS,               "GET",              |call, _| faults::presets(call)),
    row("faults/{id}",         "GET, PUT, DELETE", faults::fault),
    row(REQUESTS,              "GET, DELETE",      |call, _| requests::requests(call)),
    row("requests/count",      "GET",              |call, _| requests::count(call)),
    row("requests/metrics",    "GET",              |call, _| requests::metrics(call)),
    row("clock",               "GET, PUT, DELETE", |call, _| resources::clock(call)),
    row("snapshot",            "GET, PUT",         |call, _| resources::snapshot(call)),
    row("certificates/{name}", "GET",              resources::certificate),
    row("openapi.json",        "GET",              |call, _| resources::openapi(call)),
];

/// Finds the route of a path below `/_imdsim/` and the text matched by braces.
pub(super) fn find(path: &str) -> Option<(&'static Route, &str)> {
    ROUTES
        .iter()
        .find_map(|route| Some((route, route.below(path)?)))
}

impl Route {
    fn below<'p>(&self, path: &'p str) -> Option<&'p str> {
        match self.path.split_once("/{") {
            None => (path == self.path).then_some(""),
            Some((start, _)) => match path.strip_prefix(start)? {
                "" => Some(""),
                rest => rest.strip_prefix('/'),
            },
        }
    }

    /// Whether the route is a collection or a member of one.
    pub(super) fn has_members(&self) -> bool {
        let start = self.path.split("/{").next().unwrap_or_default();
        let below = |path: &str| path.strip_prefix(start).map(|rest| rest.starts_with("/{"));
        ROUTES.iter().any(|route| route.path == start)
            && ROUTES.iter().any(|route| below(route.path) == Some(true))
    }

    /// Whether the route supports a method.
    pub(super) fn supports(&self, method: &str) -> bool {
        self.methods.split(", ").any(|taken| taken == method)
    }
}
