//! Valid documents with one mutation.

use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Map, Value, json};

/// One of the documents, usually with one value replaced or removed.
pub(crate) fn one_of(documents: &[&str]) -> impl Strategy<Value = Value> + use<> {
    let documents: Vec<Value> = documents
        .iter()
        .map(|text| serde_json::from_str(text).unwrap())
        .collect();
    (select(documents), change()).prop_map(|(mut document, change)| {
        change.apply(&mut document);
        document
    })
}

/// A mutation of one value of a document.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    Nothing,
    Remove(Index),
    Replace(Index, Value),
    Add(Index, String, Value),
}

pub(crate) fn change() -> impl Strategy<Value = Change> {
    let keys = select(vec!["Imdsim", "Tags", "at", "in", "id", "type", "x", ""]);
    prop_oneof![
        1 => Just(Change::Nothing),
        1 => any::<Index>().prop_map(Change::Remove),
        4 => (any::<Index>(), odd_value()).prop_map(|(place, value)| Change::Replace(place, value)),
        1 => (any::<Index>(), keys, odd_value())
            .prop_map(|(place, key, value)| Change::Add(place, key.to_owned(), value)),
    ]
}

impl Change {
    pub(crate) fn apply(&self, document: &mut Value) {
        let (Self::Remove(place) | Self::Replace(place, _) | Self::Add(place, _, _)) = self else {
            return;
        };
        let pointers = pointers(document);
        let pointer = place.get(&pointers);
        match self {
            Self::Nothing => {}
            Self::Replace(_, value) => *document.pointer_mut(pointer).unwrap() = value.clone(),
            Self::Add(_, key, value) => {
                if let Some(Value::Object(fields)) = document.pointer_mut(pointer) {
                    fields.insert(key.clone(), value.clone());
                }
            }
            Self::Remove(_) => {
                let (around, key) = pointer.rsplit_once('/').unwrap_or(("", ""));
                let key = key.replace("~1", "/").replace("~0", "~");
                match document.pointer_mut(around) {
                    Some(Value::Object(fields)) => drop(fields.remove(&key)),
                    Some(Value::Array(items)) => {
                        drop(key.parse().map(|index: usize| items.remove(index)));
                    }
                    _ => {}
                }
            }
        }
    }
}

/// The JSON pointer of every value of a document.
fn pointers(document: &Value) -> Vec<String> {
    let mut all = vec![String::new()];
    let mut add = |step: &str, value: &Value| {
        let below = pointers(value).into_iter();
        all.extend(below.map(|pointer| format!("/{step}{pointer}")));
    };
    match document {
        Value::Object(fields) => fields
            .iter()
            .for_each(|(key, value)| add(&key.replace('~', "~0").replace('/', "~1"), value)),
        Value::Array(items) => {
            let items = items.iter().enumerate();
            items.for_each(|(index, value)| add(&index.to_string(), value));
        }
        _ => {}
    }
    all
}

/// A value that is rarely valid.
pub(crate) fn odd_value() -> impl Strategy<Value = Value> {
    let nested = |levels: usize| (0..levels).fold(json!(1), |inner, _| json!({ "a": inner }));
    let values = vec![
        json!(null),
        json!(false),
        json!(true),
        json!(0),
        json!(-1),
        json!(3),
        json!(0.5),
        json!(u64::MAX),
        json!(i64::MIN),
        json!(1e300),
        json!([]),
        json!({}),
        json!([null]),
        json!([{}]),
        json!({ "": "" }),
        json!({ "Imdsim": "x" }),
        json!({ "a/b": null }),
        nested(50),
        nested(63),
        nested(100),
        Value::Object(Map::from_iter([("type".to_owned(), json!("change"))])),
    ];
    let texts = [
        "",
        " ",
        "x",
        "é",
        "a/b",
        ".",
        "..",
        "\u{0}",
        "\n",
        "now",
        "optional",
        "0s",
        "1ms",
        "-1s",
        "1000000y",
        "+292277023y",
        "2026-11-01T00:00:30Z",
        "0000-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
        "-9999-01-01T00:00:00Z",
        "+12345-01-01T00:00:00Z",
        "0.0.0.0/0",
        "255.255.255.255",
        "10.0.0.0/33",
        "::/0",
        "ff:ff:ff:ff:ff:ff",
        "us-east-1a",
        "zz-nowhere-9z",
        "arn:aws:iam::1:instance-profile/x",
        "latest",
        "1.0",
    ];
    prop_oneof![
        3 => select(values),
        3 => select(texts.to_vec()).prop_map(Value::from),
        1 => "\\PC{0,12}".prop_map(Value::from),
        1 => any::<i64>().prop_map(Value::from),
    ]
}
