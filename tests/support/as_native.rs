//! The responses of other hosts as the native program sends them, so that all
//! hosts can be held to the same transcripts.

use crate::transcript::Message;

/// A response of any host as the native program sends it: that is where the
/// reason, the case of the names and `Connection` come from.
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
