//! What the emulator was asked, from itself, and what follows from that.

use bytes::Bytes;
use http::header::{AUTHORIZATION, HOST};
use http::{Request, StatusCode};
use imdsim::{Config, Settings};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::calls::{Count, Journal};
use super::readiness::{self, Verdict};
use super::report::Report;
use super::{JOURNAL, Run, judgement};
use crate::fail::Failure;
use crate::instance_pool::InstancePool;

/// Asks the emulator what it was asked, and judges it.
pub(super) async fn report(
    pool: &InstancePool,
    settings: &Settings,
    flags: &Run,
    exit_status: u8,
) -> Result<Report, Failure> {
    let token = Config::new(settings)?.admin_token;
    let token = token.as_deref();
    let Journal { requests: calls } = ask(pool, token, "requests").await?;
    let clients = readiness::clients(&calls);
    let mut assertions = Vec::new();
    if flags.assert_no_v1 {
        let is_full = calls.len() as u64 >= journal_len(settings);
        assertions.push(judgement::no_v1(&clients, is_full));
    }
    for pattern in &flags.assert_requested {
        let pattern_text = utf8_percent_encode(pattern, NON_ALPHANUMERIC);
        let Count { count } =
            ask(pool, token, &format!("requests/count?path={pattern_text}")).await?;
        assertions.push(judgement::requested(pattern, count));
    }
    let command = flags.command.iter();
    Ok(Report {
        command: command
            .map(|part| part.to_string_lossy().into_owned())
            .collect(),
        exit_status,
        assertions,
        ready_for_required_tokens: clients
            .iter()
            .all(|client| client.verdict != Verdict::Breaks),
        clients,
        calls,
    })
}

/// The answer of a control call.
pub(super) async fn ask<T: DeserializeOwned>(
    pool: &InstancePool,
    token: Option<&str>,
    call: &str,
) -> Result<T, Failure> {
    let mut request = Request::get(format!("/_imdsim/{call}")).header(HOST, "localhost");
    if let Some(token) = token {
        request = request.header(AUTHORIZATION, format!("Bearer {token}"));
    }
    let request = request
        .body(Bytes::new())
        .map_err(|error| unknown(&error))?;
    let response = pool
        .answer(&request, true)
        .await
        .map_err(|error| unknown(&error))?;
    let text = String::from_utf8_lossy(response.body().bytes());
    if response.status() != StatusCode::OK {
        return Err(unknown(&text));
    }
    serde_json::from_str(&text).map_err(|error| unknown(&error))
}

/// How many requests the journal holds at most.
pub(super) fn journal_len(settings: &Settings) -> u64 {
    let settings: Value = serde_json::from_str(&settings.to_json()).unwrap_or_default();
    match &settings[JOURNAL] {
        Value::String(text) => text.parse().unwrap_or_default(),
        number => number.as_u64().unwrap_or_default(),
    }
}

fn unknown(error: &dyn std::fmt::Display) -> Failure {
    Failure::new(
        "imdsim run",
        format_args!("what was asked is not known: {error}"),
        "report this as a bug of imdsim",
    )
}
