//! The OpenAPI document describes the control API exactly: all calls and no
//! others, and every response.

use std::collections::BTreeSet;

use http::{Method, Request, Response};
use jsonschema::Validator;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::client::Client;
use crate::golden::as_request;
use crate::transcript::{self, files};

/// The served document.
struct Document(Value);

impl Document {
    fn served() -> Self {
        let host = [("host", "localhost")];
        let response = Client::new(&[]).call(Method::GET, "/_parlel/openapi.json", &host);
        assert_eq!(response.status(), 200);
        Self(serde_json::from_slice(response.body()).unwrap())
    }

    /// Resolves a reference, if `value` is one.
    fn resolve<'a>(&'a self, value: &'a Value) -> &'a Value {
        match value["$ref"].as_str() {
            Some(place) => self.0.pointer(place.trim_start_matches('#')).unwrap(),
            None => value,
        }
    }

    /// The described paths and methods.
    fn calls(&self) -> BTreeSet<(String, String)> {
        let mut calls = BTreeSet::new();
        for (path, item) in fields(&self.0["paths"]) {
            let methods = fields(item).map(|(name, _)| name);
            for method in methods.filter(|name| *name != "parameters") {
                calls.insert((path.clone(), method.to_uppercase()));
            }
        }
        calls
    }

    /// The path item whose template matches a path.
    fn item(&self, path: &str) -> Option<&Value> {
        let fits = |template: &str| match template.split_once('{') {
            Some((start, _)) => format!("{path}/").starts_with(start),
            None => path == template,
        };
        fields(&self.0["paths"])
            .find(|(template, _)| fits(template))
            .map(|(_, item)| item)
    }

    /// The description of a response; one of the components for unknown paths and
    /// methods.
    fn response(&self, request: &Request<Vec<u8>>, status: u16) -> Option<&Value> {
        let path = imdsim::normalize(request.uri().path());
        let path = format!("/{path}").replacen("/_parlel", "/_imdsim", 1);
        let method = match *request.method() {
            Method::HEAD => "get".to_owned(),
            ref method => method.as_str().to_lowercase(),
        };
        let named = |name: &str| &self.0["components"]["responses"][name];
        // Empty names and dot segments are not found.
        let steps = |path: &str| {
            let decoded = path.replace("%2f", "/");
            decoded
                .split('/')
                .skip(1)
                .any(|name| matches!(name, "" | "." | ".."))
        };
        if status == 404 && steps(request.uri().path()) {
            return Some(named("Nothing"));
        }
        let Some(item) = self.item(&path) else {
            return (status == 404).then(|| named("Nothing"));
        };
        let Some(operation) = item.get(&method) else {
            return match status {
                401 => Some(named("NoToken")),
                403 => Some(named("Forbidden")),
                405 => Some(named("NotAllowed")),
                _ => None,
            };
        };
        let response = operation["responses"].get(status.to_string())?;
        Some(self.resolve(response))
    }

    /// A validator for a schema of the document, with references resolved in it.
    fn validator(&self, schema: &Value) -> Validator {
        let mut schema = schema.clone();
        schema["components"] = self.0["components"].clone();
        jsonschema::draft202012::options()
            .should_validate_formats(true)
            .build(&schema)
            .unwrap()
    }

    /// Reports differences between a response and its description.
    fn check(
        &self,
        request: &Request<Vec<u8>>,
        response: &Response<Vec<u8>>,
    ) -> Result<(), String> {
        let status = response.status().as_u16();
        let described = self
            .response(request, status)
            .ok_or_else(|| format!("status {status} is not described"))?;
        for (name, header) in described.get("headers").into_iter().flat_map(fields) {
            let value = response.headers().get(name).ok_or(format!("no {name}"))?;
            let schema = &self.resolve(header)["schema"];
            if !self
                .validator(schema)
                .is_valid(&json!(value.to_str().unwrap()))
            {
                return Err(format!("{name} is {value:?}"));
            }
        }
        let media_type = response.headers()["content-type"].to_str().unwrap();
        let content = described["content"]
            .get(media_type)
            .ok_or_else(|| format!("{media_type} is not described"))?;
        if request.method() == Method::HEAD || !media_type.ends_with("json") {
            return Ok(());
        }
        let body: Value = serde_json::from_slice(response.body()).map_err(|e| e.to_string())?;
        let message = self.validator(&content["schema"]).validate(&body).err();
        message.map_or(Ok(()), |message| Err(format!("{message} in {body}")))
    }
}

fn fields(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flat_map(Map::iter)
}

#[test]
fn served_document_matches_the_golden_file() {
    let document = format!("{:#}\n", Document::served().0);
    files::golden("openapi.json", &document).unwrap();
}

#[test]
fn document_has_the_version_of_the_program() {
    let version = &Document::served().0["info"]["version"];
    assert_eq!(version, env!("CARGO_PKG_VERSION"));
}

#[test]
fn document_describes_exactly_the_existing_calls() {
    let known: BTreeSet<_> = imdsim::control_calls()
        .flat_map(|(path, methods)| {
            let methods = methods.split(", ");
            methods.map(move |method| (path.clone(), method.to_owned()))
        })
        .collect();
    assert_eq!(Document::served().calls(), known);
}

#[test]
fn references_are_valid_and_components_are_used() {
    let document = Document::served();
    let text = document.0.to_string();
    let used: BTreeSet<_> = text
        .split("\"$ref\":\"#")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap())
        .collect();
    for place in &used {
        assert!(document.0.pointer(place).is_some(), "{place}");
    }
    for kind in ["headers", "parameters", "responses", "schemas"] {
        for (name, _) in fields(&document.0["components"][kind]) {
            let place = format!("/components/{kind}/{name}");
            // `NotAllowed` applies to methods without a description.
            assert!(name == "NotAllowed" || used.contains(&*place), "{place}");
        }
    }
}

#[test]
fn responses_in_the_transcripts_match_their_description() {
    let document = Document::served();
    let mut seen = 0;
    for transcript in transcript::all() {
        let settings = transcript.settings.iter();
        let settings: Vec<_> = settings.map(|(key, value)| (&**key, &**value)).collect();
        let mut client = Client::new(&settings);
        for exchange in &transcript.exchanges {
            let request = as_request(&exchange.request);
            let response = client.send(&request);
            let path = request.uri().path();
            if path.starts_with("/_imdsim") || path.starts_with("/_parlel") {
                let message = document.check(&request, &response).err();
                assert_eq!(message, None, "{} {path}", request.method());
                seen += 1;
            }
        }
    }
    assert!(seen > 40, "{seen} calls");
}

/// Paths, mostly of calls.
fn paths() -> impl Strategy<Value = String> {
    let below = prop_oneof![
        Just("/meta-data/instance-id".to_owned()),
        Just("/rsa2048.pem".to_owned()),
        "/[!$-;=@-_a-z~]{0,20}".prop_map(|text| text.replace(['[', '\\', ']', '^'], "%2f")),
        Just(String::new()),
    ];
    let calls: Vec<_> = imdsim::control_calls()
        .map(|(path, _)| path.split("/{").next().unwrap().to_owned())
        .collect();
    let start = prop_oneof![
        8 => prop::sample::select(calls),
        1 => Just("/_parlel/reset".to_owned()),
        1 => Just("/_imdsim".to_owned()),
    ];
    (start, below).prop_map(|(start, below)| start + &below)
}

/// Bodies, mostly almost valid.
fn bodies() -> impl Strategy<Value = Vec<u8>> {
    let texts = [
        "",
        "{",
        "[]",
        "{}",
        r#"{"HttpTokens": "required", "HttpPutResponseHopLimit": 2}"#,
        r#"{"HttpTokens": null}"#,
        r#"{"HttpTokens": "maybe"}"#,
        r#"{"InstanceType": "m5.large", "Imdsim": {"Overrides": {"meta-data/x": null}}}"#,
        r#"{"Imdsim": null}"#,
        r#"{"shift": "+292277023y"}"#,
        r#"{"shift": "-90s"}"#,
        r#"{"freeze": "0000-01-01T00:00:00Z"}"#,
        "[\"throttled\", \"cut-body\"]",
        r#"{"preset": "early-boot", "for": "1h", "nth": 2}"#,
        r#"{"type": "fault", "status": 503, "share": 0.5, "until": "2026-12-01T00:00:00Z"}"#,
        r#"{"version": 1, "revision": 3, "epoch": "e", "instance": {}, "clock": {}}"#,
        r#"{"version": 0, "revision": 3, "epoch": "e", "instance": {}, "clock": {}}"#,
    ];
    prop_oneof![
        prop::sample::select(texts.to_vec()).prop_map(|text| text.as_bytes().to_vec()),
        prop::collection::vec(any::<u8>(), 0..64),
        Just(vec![b'x'; 16_385]),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// Several calls on one emulator, so that each one sees earlier changes.
    #[test]
    fn responses_match_their_description(
        token in any::<bool>(),
        calls in prop::collection::vec(
            (
                prop::sample::select(vec![
                    "GET", "HEAD", "PUT", "PATCH", "DELETE", "POST", "OPTIONS", "BREW",
                ]),
                paths(),
                bodies(),
                prop::collection::vec(
                    prop::sample::select(vec![
                        ("if-match", "\"0\""),
                        ("if-match", "*"),
                        ("authorization", "Bearer right"),
                        ("authorization", "Bearer wrong"),
                        ("origin", "http://evil.example"),
                    ]),
                    0..2,
                ),
            ),
            1..8,
        ),
    ) {
        let document = Document::served();
        let mut settings = vec![("journal", "10")];
        settings.extend(token.then_some(("admin_token", "right")));
        let mut client = Client::new(&settings);
        for (method, path, body, headers) in calls {
            let mut request = Request::builder().method(method).uri(&path).header("host", "localhost");
            for (name, value) in headers {
                request = request.header(name, value);
            }
            let request = request.body(body).unwrap();
            let response = client.send(&request);
            let message = document.check(&request, &response).err();
            prop_assert_eq!(message, None, "{} {}", method, path);
            prop_assert!(response.status().as_u16() < 500);
        }
    }
}
