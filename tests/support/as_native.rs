//! Conversion of other hosts' responses to the native program's form, so that all
//! hosts share the same transcripts.

use crate::transcript::Message;

/// Converts reason phrase, header name case and `Connection` to the native
/// program's form.
pub(crate) fn as_native(message: &Message) -> Message {
    let mut headers = Vec::new();
    for (name, value) in &message.headers {
        let name = title_case(name);
        if name != "Connection" {
            headers.push((name.clone(), value.clone()));
        }
        if name == "Server" {
            headers.push(("Connection".into(), "close".into()));
        }
    }
    Message {
        start: message
            .start
            .replace("405 Method Not Allowed", "405 Not Allowed"),
        headers,
        body: message.body.clone(),
    }
}

fn title_case(name: &str) -> String {
    let words = name.split('-').map(|word| {
        let (first, rest) = word.split_at(1);
        first.to_uppercase() + rest
    });
    words.collect::<Vec<_>>().join("-")
}
