//! The calls there are, one row each.
//!
//! The router, the sentence of a 404 and the tests of the OpenAPI document all
//! read this table; `openapi.json` beside it describes the same calls to others.

use super::call::{Answer, Call};
use super::{events, faults, health, requests, reset, resources};

/// The calls of one path.
pub(super) struct Route {
    /// Below `/_imdsim/`; a name in braces at the end stands for any number of
    /// names, whatever they are.
    pub(super) path: &'static str,
    /// The methods it takes, as `Allow` lists them. HEAD goes with GET.
    pub(super) methods: &'static str,
    /// Answers one of them; the text is what the braces stood for.
    pub(super) answer: fn(Call<'_>, &str) -> Answer,
}

/// The one call that everybody may make; it shows nothing private.
pub(super) const HEALTH: &str = "health";

/// The calls below this one look at the journal.
pub(super) const REQUESTS: &str = "requests";

/// A path that is no fault's.
const PRESETS: &str = "faults/presets";

/// The one change that works when the state document cannot be read.
pub(super) const RESET: &str = "reset";

const fn row(
    path: &'static str,
    methods: &'static str,
    answer: fn(Call<'_>, &str) -> Answer,
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

/// The row of a path below `/_imdsim/`, and what the braces stand for.
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

    /// Whether it is a collection, or what is named in one.
    pub(super) fn has_members(&self) -> bool {
        let start = self.path.split("/{").next().unwrap_or_default();
        let below = |path: &str| path.strip_prefix(start).map(|rest| rest.starts_with("/{"));
        ROUTES.iter().any(|route| route.path == start)
            && ROUTES.iter().any(|route| below(route.path) == Some(true))
    }

    /// Whether it takes a method.
    pub(super) fn takes(&self, method: &str) -> bool {
        self.methods.split(", ").any(|taken| taken == method)
    }
}
