use std::io::Write as _;

use crate::program::{Program, text};
use crate::transcript::{self, Message};

#[test]
fn every_transcript_is_reproduced_over_a_raw_socket() {
    for transcript in transcript::all() {
        let settings: serde_json::Map<_, _> = transcript
            .settings
            .iter()
            .map(|(key, value)| (key.clone(), value.as_str().into()))
            .collect();
        let mut config = tempfile::NamedTempFile::new().unwrap();
        let document = serde_json::Value::Object(settings).to_string();
        config.write_all(document.as_bytes()).unwrap();
        let program = Program::start(&["--config", text(config.path())]);
        transcript.replay(|request| {
            let response = program.send(on_the_wire(request));
            Message::parse(
                &response
                    .replacen("\r\n\r\n", "\n\n", 1)
                    .replace("\r\n", "\n"),
            )
        });
    }
}

fn on_the_wire(request: &Message) -> String {
    let mut lines = format!("{} HTTP/1.1\r\n", request.start);
    let names_host = |(name, _): &(String, String)| name.eq_ignore_ascii_case("Host");
    if !request.headers.iter().any(names_host) {
        lines += "Host: 127.0.0.1\r\n";
    }
    for (name, value) in &request.headers {
        lines.extend([name, ": ", value, "\r\n"]);
    }
    format!("{lines}\r\n{}", request.body)
}
