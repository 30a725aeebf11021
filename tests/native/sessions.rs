//! State across restarts: tokens by their secret, resets by the state file.

use crate::program::{Program, body, header, text};

const LEAF: &str = "/latest/meta-data/instance-id";

struct State {
    _folder: tempfile::TempDir,
    path: std::path::PathBuf,
}

impl State {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state");
        Self {
            _folder: folder,
            path,
        }
    }

    /// The program with this state file and a frozen clock.
    fn program_at(&self, time: &str) -> Program {
        let state = text(&self.path);
        Program::start(&["--state", state, "--secret", "s", "--frozen-time", time])
    }
}

fn mint(program: &Program) -> String {
    let response = program.send(
        "PUT /latest/api/token HTTP/1.1\r\nHost: test\r\n\
         X-aws-ec2-metadata-token-ttl-seconds: 300\r\n\r\n",
    );
    body(&response).to_owned()
}

/// The status and the remaining lifetime of a token.
fn status(program: &Program, token: &str) -> (String, Option<String>) {
    let response = program.send(format!(
        "GET {LEAF} HTTP/1.1\r\nHost: test\r\nX-aws-ec2-metadata-token: {token}\r\n\r\n"
    ));
    let left = header(&response, "X-Aws-Ec2-Metadata-Token-Ttl-Seconds").map(str::to_owned);
    (response[9..12].to_owned(), left)
}

fn reset(program: &Program) -> String {
    program.send("POST /_imdsim/reset HTTP/1.1\r\nHost: localhost\r\n\r\n")
}

#[test]
#[cfg(unix)]
fn a_token_survives_a_restart_until_it_expires() {
    let state = State::new();
    let program = state.program_at("2026-11-01T00:00:00Z");
    let token = mint(&program);
    program.stop();
    let program = state.program_at("2026-11-01T00:04:59Z");
    assert_eq!(status(&program, &token), ("200".into(), Some("1".into())));
    program.stop();
    let program = state.program_at("2026-11-01T00:05:00Z");
    assert_eq!(status(&program, &token), ("401".into(), None));
}

#[test]
fn a_token_of_another_secret_is_invalid() {
    let token = mint(&Program::start(&["--secret", "one"]));
    let program = Program::start(&["--secret", "other"]);
    assert_eq!(status(&program, &token).0, "401");
}

#[test]
#[cfg(unix)]
fn a_reset_survives_a_kill() {
    let state = State::new();
    let program = state.program_at("2026-11-01T00:00:00Z");
    let token = mint(&program);
    assert!(reset(&program).starts_with("HTTP/1.1 200 "));
    program.signal("KILL");
    program.wait();
    let program = state.program_at("2026-11-01T00:00:01Z");
    assert_eq!(status(&program, &token).0, "401");
    assert!(program.get("/_imdsim/health").contains("\"revision\":1"));
    assert_eq!(status(&program, &mint(&program)).0, "200");
}

/// All instances share one store, so a reset through any of them counts.
#[test]
fn concurrent_resets_all_count() {
    const CLIENTS: usize = 8;
    const RESETS: usize = 10;
    let program = Program::start(&[]);
    std::thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| {
                for _ in 0..RESETS {
                    let response = reset(&program);
                    assert!(response.starts_with("HTTP/1.1 200 "), "{response}");
                }
            });
        }
    });
    let health = program.get("/_imdsim/health");
    let expected = format!("\"revision\":{}", CLIENTS * RESETS);
    assert!(health.contains(&expected), "{health}");
}

#[test]
fn health_names_the_program_as_the_host() {
    let response = Program::start(&[]).get("/_imdsim/health");
    assert!(body(&response).contains(r#""host":"native""#), "{response}");
}
