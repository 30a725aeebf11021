//! The control API's `requests` resources: the journal, counts and metrics.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::call::{Call, CallResult, confirmation};
use super::problem::Refusal;
use crate::outcome::Outcome;
use crate::path;
use crate::path_pattern::PathPattern;
use crate::problem::Problem;
use crate::small_sort;
use crate::time::UnixMillis;

/// `requests`: the entries selected by the query; DELETE empties the journal.
pub(super) fn requests(call: Call<'_>) -> CallResult {
    check_on(call)?;
    if call.request.method() == Method::DELETE {
        let outcome = call.json(&confirmation(&call.resolved.state))?;
        return Ok(Outcome {
            delete_keys: call.journal.all_keys(),
            ..outcome
        });
    }
    call.json(&json!({ "requests": selected_entries(call)? }))
}

/// `requests/count`: the number of selected entries.
pub(super) fn count(call: Call<'_>) -> CallResult {
    check_on(call)?;
    call.json(&json!({ "count": selected_entries(call)?.len() }))
}

/// `requests/metrics`: the instance's CloudWatch counters.
pub(super) fn metrics(call: Call<'_>) -> CallResult {
    check_on(call)?;
    let counters = call.journal.counters.iter();
    let counters = counters.map(|(name, count)| (*name, Value::from(*count)));
    call.json(&small_sort::object(counters))
}

/// Rejects calls with the journal disabled, which must not look like an empty one.
fn check_on(call: Call<'_>) -> Result<(), Refusal> {
    if call.resolved.config.journal > 0 {
        return Ok(());
    }
    let detail = "the journal is off; set IMDSIM_JOURNAL to the number of requests to keep";
    Err(Refusal::new(StatusCode::CONFLICT, detail))
}

fn selected_entries(call: Call<'_>) -> Result<Vec<&Value>, Refusal> {
    let query = call.request.uri().query().unwrap_or_default();
    let filter = Filter::read(query).map_err(|problem| problem.within("the query"))?;
    let entries = call.journal.entries.iter();
    Ok(entries.filter(|entry| filter.matches(entry)).collect())
}

/// A query for journal entries.
#[derive(Default)]
struct Filter {
    path: Option<PathPattern>,
    method: Option<String>,
    version: Option<u64>,
    status: Option<u64>,
    since: Option<UnixMillis>,
}

impl Filter {
    fn read(query: &str) -> Result<Self, Problem> {
        let mut filter = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let refused = |what: &str| Problem::new(&*name, format!("{value:?} is not {what}"));
            match &*name {
                "path" => {
                    let pattern = PathPattern::new(&value);
                    filter.path = Some(pattern.map_err(|problem| problem.inside("path"))?);
                }
                "method" => filter.method = Some(value.to_ascii_uppercase()),
                "version" => {
                    filter.version = Some(match &*value {
                        "1" => 1,
                        "2" => 2,
                        _ => return Err(refused("a version of IMDS; write 1 or 2")),
                    });
                }
                "status" => {
                    let what = "a status; write a number, as in 401";
                    filter.status = Some(value.parse().map_err(|_| refused(what))?);
                }
                "since" => {
                    let what = "a time; write RFC 3339, as in 2026-01-01T00:00:00Z";
                    filter.since = Some(value.parse().map_err(|_| refused(what))?);
                }
                _ => {
                    let known = "expected one of path, method, version, status, since";
                    return Err(Problem::new(&*name, format!("unknown filter; {known}")));
                }
            }
        }
        Ok(filter)
    }

    fn matches(&self, entry: &Value) -> bool {
        let text = |key: &str| entry[key].as_str().unwrap_or_default();
        let number = |key: &str| entry[key].as_u64();
        (self.path.as_ref()).is_none_or(|pattern| pattern.matches(&path::normalize(text("path"))))
            && (self.method.as_ref()).is_none_or(|method| method == text("method"))
            && (self.version).is_none_or(|version| number("version") == Some(version))
            && (self.status).is_none_or(|status| number("status") == Some(status))
            && (self.since).is_none_or(|since| {
                text("time")
                    .parse()
                    .is_ok_and(|time: UnixMillis| since <= time)
            })
    }
}
