//! The control API's other resources: instance, options, overrides, clock, snapshot.

use http::{Method, StatusCode};
use serde_json::{Map, Value, json};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::call::{Call, CallResult};
use super::openapi;
use super::problem::Refusal;
use crate::clock::Clock;
use crate::description;
use crate::instance::{OverrideLookup, check_user_data};
use crate::merge;
use crate::problem::Problem;
use crate::signature::Signature;
use crate::state::State;
use crate::{constants, path};

/// `instance`: the description; PATCH applies a merge patch.
pub(super) fn instance(call: Call<'_>) -> CallResult {
    if is_read(call) {
        return call.json(&call.resolved.document(call.context.now));
    }
    let patch = call.object(r#"{"InstanceType": "m5.large"}"#)?;
    let now = call.context.now;
    call.patch_description(|document| {
        description::change(document, &patch);
        // The only time for which `now` is useful.
        if let Some(time) = document.pointer_mut("/Imdsim/CredentialsRotationTime")
            && *time == "now"
        {
            *time = now.iso_millis().into();
        }
    })
}

/// `metadata-options`: the options of EC2's API; PATCH applies a merge patch.
pub(super) fn metadata_options(call: Call<'_>) -> CallResult {
    let options = call.resolved.instance.options.to_json();
    if is_read(call) {
        return call.json(&options);
    }
    let mut patch = call.object(r#"{"HttpTokens": "required"}"#)?;
    for name in patch.as_object().into_iter().flat_map(Map::keys) {
        if options.get(name).is_none() {
            let known: Vec<_> = options
                .as_object()
                .into_iter()
                .flat_map(Map::keys)
                .collect();
            let known = known
                .into_iter()
                .map(String::as_str)
                .collect::<Vec<_>>()
                .join(", ");
            let detail = format!("unknown option {name}; expected one of {known}");
            return Err(Refusal::new(StatusCode::BAD_REQUEST, detail));
        }
    }
    // Unchanged options need no entry in the description.
    if let Value::Object(patch) = &mut patch {
        patch.retain(|name, value| options.get(name) != Some(value));
        if patch.is_empty() {
            return call.patch_description(|_| ());
        }
    }
    call.patch_description(|document| {
        merge::apply(document, &json!({ "MetadataOptions": patch }));
    })
}

/// `user-data`: raw bytes.
pub(super) fn user_data(call: Call<'_>) -> CallResult {
    let current = &call.resolved.instance.user_data;
    if is_read(call) {
        let bytes = current.clone().ok_or_else(|| {
            let detail = "there is no user data; PUT it to this path";
            Refusal::new(StatusCode::NOT_FOUND, detail)
        })?;
        return call.respond(constants::OCTETS, bytes);
    }
    let bytes = match *call.request.method() {
        Method::PUT => call.request.body(),
        _ => &Vec::new(),
    };
    check_user_data(bytes)
        .map_err(|message| Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, message))?;
    if current.as_deref().unwrap_or_default() == &bytes[..] {
        return call.patch_description(|_| ());
    }
    call.patch_description(|document| {
        merge::apply(
            document,
            &json!({ "Imdsim": { "UserData": match &bytes[..] {
                [] => Value::Null,
                bytes => STANDARD.encode(bytes).into(),
            } } }),
        );
    })
}

/// `overrides`: all overrides; DELETE reverts those made at run time.
pub(super) fn overrides(call: Call<'_>) -> CallResult {
    const PLACE: &str = "/Imdsim/Overrides";
    if is_read(call) {
        let document = call.resolved.document(call.context.now);
        let overrides = document.pointer(PLACE).cloned();
        return call.json(&overrides.unwrap_or_else(|| json!({})));
    }
    let before = call.resolved.config.document().pointer(PLACE);
    let before = before.cloned().unwrap_or_else(|| json!({}));
    call.patch_description(|document| {
        let now = document.pointer(PLACE).cloned().unwrap_or_default();
        let patch = merge::between(&now, &before);
        merge::apply(document, &json!({ "Imdsim": { "Overrides": patch } }));
    })
}

/// `overrides/<path>`: the text of a leaf; DELETE removes the path from the tree.
pub(super) fn one_override(call: Call<'_>, below: &str) -> CallResult {
    let change: Value = match *call.request.method() {
        Method::PUT => call.text()?.into(),
        // In a merge patch, `null` would revert the override.
        Method::DELETE => false.into(),
        _ => {
            return match call.resolved.instance.overrides.lookup(below) {
                OverrideLookup::Text(text) => call.respond(constants::TEXT, text.into()),
                OverrideLookup::Gone => Err(Refusal::new(
                    StatusCode::NOT_FOUND,
                    "this was removed; PUT a text to have it again",
                )),
                OverrideLookup::Unchanged => Err(Refusal::new(
                    StatusCode::NOT_FOUND,
                    "nothing is overridden here; PUT a text, or DELETE to remove the leaf",
                )),
            };
        }
    };
    call.patch_description(|document| {
        // A start-up override may spell the path differently.
        if let Some(Value::Object(overrides)) = document.pointer_mut("/Imdsim/Overrides") {
            overrides.retain(|path, _| path::normalize(path) != below);
        }
        merge::apply(
            document,
            &json!({ "Imdsim": { "Overrides": { below: change } } }),
        );
    })
}

/// `clock`: shifts or freezes the clock; DELETE releases it.
pub(super) fn clock(call: Call<'_>) -> CallResult {
    let state = &call.resolved.state;
    let clock = match *call.request.method() {
        Method::PUT => {
            let change = call.object(r#"{"shift": "+6h1s"}"#)?;
            state.clock.changed(&change, call.host_context.now)?
        }
        Method::DELETE => Clock::Running,
        _ => return call.json(&state.clock.show(call.context.now)),
    };
    call.store_unchecked(State {
        clock,
        ..state.clone()
    })
}

/// `snapshot`: the whole state. Restoring a snapshot of another epoch starts a new
/// epoch, so that tokens invalidated by a reset stay invalid.
pub(super) fn snapshot(call: Call<'_>) -> CallResult {
    if is_read(call) {
        return call.json(&call.resolved.state.to_json());
    }
    let mut state = State::from_json(&call.object("what GET gave")?)
        .map_err(|problem| Problem::new("", format!("{problem}; send what GET gave")))?;
    state.clock.check("clock", call.host_context.now)?;
    if state.epoch != call.resolved.state.epoch {
        state.epoch = State::new_epoch(call.next_revision(), call.context);
    }
    call.store_checked(state)
}

/// `certificates/<name>`: the certificate that verifies a signature.
pub(super) fn certificate(call: Call<'_>, name: &str) -> CallResult {
    let known = |signature: &Signature| signature.certificate() == name;
    let signature = Signature::ALL.into_iter().find(known).ok_or_else(|| {
        let names = Signature::ALL.map(Signature::certificate).join(", ");
        let detail = format!("unknown certificate; available: {names}");
        Refusal::new(StatusCode::NOT_FOUND, detail)
    })?;
    let text = call.resolved.config.identity_keys.certificate(signature);
    call.respond("application/x-pem-file", text.into_bytes())
}

/// `openapi.json`: the API description.
pub(super) fn openapi(call: Call<'_>) -> CallResult {
    call.json(&openapi::document()?)
}

pub(super) fn is_read(call: Call<'_>) -> bool {
    matches!(*call.request.method(), Method::GET | Method::HEAD)
}
