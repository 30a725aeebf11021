use http::{Request, Response};
use imdsim::{Delivery, Outcome};

use crate::as_native::as_native;
use crate::client::Client;
use crate::transcript::{self, Message};

#[test]
fn responses_match_every_transcript_byte_for_byte() {
    for transcript in transcript::all() {
        let settings: Vec<_> = transcript
            .settings
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_str()))
            .collect();
        let mut client = Client::new(&settings);
        transcript.replay(|request| arrival(client.outcome(&as_request(request))));
    }
}

pub(crate) fn as_request(message: &Message) -> Request<Vec<u8>> {
    let (method, target) = message.start.split_once(' ').unwrap();
    let mut request = Request::builder().method(method).uri(target);
    for (name, value) in &message.headers {
        request = request.header(name, value);
    }
    request.body(message.body.clone().into_bytes()).unwrap()
}

/// The part of an outcome that the client receives.
fn arrival(outcome: Outcome) -> Message {
    let mut message = on_the_wire(&outcome.response.into());
    match outcome.delivery {
        Delivery::Complete => {}
        Delivery::Truncated(length) => message.body.truncate(length),
        Delivery::Aborted => message = Message::parse(""),
    }
    message
}

fn on_the_wire(response: &Response<Vec<u8>>) -> Message {
    let headers = response.headers().iter();
    let message = Message {
        start: format!("HTTP/1.1 {}", response.status()),
        headers: headers
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
            .collect(),
        body: String::from_utf8(response.body().clone()).unwrap(),
    };
    as_native(&message)
}
