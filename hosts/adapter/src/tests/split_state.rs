//! Long state documents, stored under a key of their own.

use http::Request;
use imdsim::{Connection, Emulator, STATE_KEY};

use super::{Host as _, KINDS, Store as _, TestHost, Values};
use crate::{FinishedBy, answer};

const LONG: usize = 5000;

/// An emulator with settings of its own instance.
fn emulator() -> Emulator {
    Emulator::from_env([])
}

fn status(host: &mut TestHost<'_>, method: &str, path: &str, body: &str) -> (u16, String) {
    let request = Request::builder().method(method).uri(path);
    let request = request.header("host", "localhost");
    let request = request.body(body.as_bytes().to_vec()).unwrap();
    let finished_by = FinishedBy::Instance;
    let answer = answer(
        &mut emulator(),
        host,
        Connection::Loopback,
        finished_by,
        &request,
    );
    let text = String::from_utf8(answer.response.body).unwrap();
    (answer.response.status.as_u16(), text)
}

/// Overrides a leaf by a text of a length.
fn put(host: &mut TestHost<'_>, text: &str) {
    let (status, said) = status(host, "PUT", "/_imdsim/overrides/meta-data/x", text);
    assert_eq!(status, 200, "{said}");
}

fn bodies(values: &Values) -> Vec<String> {
    values
        .keys(&format!("{STATE_KEY}/"))
        .into_iter()
        .filter(|key| !key.contains("/writers/"))
        .collect()
}

#[test]
fn a_long_document_is_stored_apart_and_replaced_with_its_reference() {
    for kind in KINDS {
        let values = Values::new(kind);
        let mut host = values.host();
        put(&mut host, "short");
        assert!(bodies(&values).is_empty());
        for letter in ["a", "b"] {
            let text = letter.repeat(LONG);
            put(&mut host, &text);
            assert_eq!(bodies(&values).len(), 1, "{kind:?}");
            let head = host.read(STATE_KEY).unwrap().unwrap();
            assert!(head.len() < 512, "{kind:?}");
            let read = status(&mut host, "GET", "/latest/meta-data/x", "");
            assert_eq!(read, (200, text), "{kind:?}");
        }
        let (status, _) = status(&mut host, "POST", "/_imdsim/reset", "");
        assert_eq!(status, 200, "{kind:?}");
        assert!(bodies(&values).is_empty(), "{kind:?}");
    }
}

#[test]
fn a_writer_that_loses_the_race_leaves_no_document() {
    for kind in KINDS {
        let values = Values::new(kind);
        put(&mut values.host(), "short");
        let mut host = values.host();
        let mut other = Some(());
        host.before_swap = Some(Box::new(|| {
            if other.take().is_some() {
                put(&mut values.host(), &"b".repeat(LONG));
            }
        }));
        put(&mut host, &"a".repeat(LONG));
        drop(host);
        assert_eq!(bodies(&values).len(), 1, "{kind:?}");
        let read = status(&mut values.host(), "GET", "/latest/meta-data/x", "");
        assert_eq!(read, (200, "a".repeat(LONG)), "{kind:?}");
    }
}

#[test]
fn a_missing_document_is_reported_until_a_reset() {
    let values = Values::new(super::Kind::Sound);
    put(&mut values.host(), &"a".repeat(LONG));
    let mut host = values.host();
    for key in bodies(&values) {
        host.delete(&key);
    }
    let (code, said) = status(&mut host, "GET", "/latest/meta-data/x", "");
    assert_eq!(code, 500);
    assert!(said.contains("POST /_imdsim/reset starts over"), "{said}");
    let (code, _) = status(&mut host, "POST", "/_imdsim/reset", "");
    assert_eq!(code, 200);
    assert_eq!(status(&mut host, "GET", "/latest/meta-data/x", "").0, 404);
}
