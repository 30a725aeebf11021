use http::{Request, Response};

use crate::transcript::{self, Message};
use crate::world::World;

#[test]
fn every_transcript_is_answered_to_the_byte() {
    for transcript in transcript::all() {
        let settings: Vec<_> = transcript
            .settings
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_str()))
            .collect();
        let mut world = World::new(&settings);
        transcript.replay(|request| on_the_wire(&world.send(&as_request(request))));
    }
}

fn as_request(message: &Message) -> Request<Vec<u8>> {
    let (method, target) = message.start.split_once(' ').unwrap();
    let mut request = Request::builder().method(method).uri(target);
    for (name, value) in &message.headers {
        request = request.header(name, value);
    }
    request.body(message.body.clone().into_bytes()).unwrap()
}

/// The response as the native program sends it: that is where the reason, the
/// case of the names and `Connection` come from.
fn on_the_wire(response: &Response<Vec<u8>>) -> Message {
    let status = response.status();
    let reason = match status.as_u16() {
        405 => "Not Allowed",
        _ => status.canonical_reason().unwrap(),
    };
    let mut headers = Vec::new();
    for (name, value) in response.headers() {
        headers.push((
            title_case(name.as_str()),
            value.to_str().unwrap().to_owned(),
        ));
        if name == http::header::SERVER {
            headers.push(("Connection".into(), "close".into()));
        }
    }
    Message {
        start: format!("HTTP/1.1 {} {reason}", status.as_u16()),
        headers,
        body: String::from_utf8(response.body().clone()).unwrap(),
    }
}

fn title_case(name: &str) -> String {
    let words = name.split('-').map(|word| {
        let (first, rest) = word.split_at(1);
        first.to_uppercase() + rest
    });
    words.collect::<Vec<_>>().join("-")
}
