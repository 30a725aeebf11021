//! Load generation: `wrk` if it is on the PATH, otherwise a built-in client.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};

/// Number of kept-alive connections.
pub(super) const CONNECTIONS: usize = 16;
/// Duration of one turn of one server.
const TURN_LENGTH: Duration = Duration::from_secs(3);

/// One request, sent repeatedly.
pub(super) struct Load {
    path: String,
    token: String,
    wrk: bool,
}

/// Result of one turn.
pub(super) struct Measured {
    pub(super) per_second: f64,
    pub(super) p50_us: f64,
    pub(super) p99_us: f64,
}

impl Load {
    pub(super) fn new(path: &str, token: &str) -> Self {
        Self {
            path: path.to_owned(),
            token: token.to_owned(),
            wrk: Command::new("wrk").arg("-v").output().is_ok(),
        }
    }

    pub(super) fn tool(&self) -> &'static str {
        if self.wrk {
            "wrk"
        } else {
            "the built-in client"
        }
    }

    /// The token of the request.
    pub(super) fn token(&self) -> &str {
        &self.token
    }

    /// The request on the wire.
    pub(super) fn request(&self) -> String {
        request(&self.path, &self.token)
    }

    /// Runs one turn.
    pub(super) fn drive(&self, address: SocketAddr) -> Result<Measured> {
        if self.wrk {
            self.drive_with_wrk(address)
        } else {
            self.drive_with_threads(address)
        }
    }

    fn drive_with_wrk(&self, address: SocketAddr) -> Result<Measured> {
        let output = Command::new("wrk")
            .args(["--threads", "1", "--latency", "--connections"])
            .arg(CONNECTIONS.to_string())
            .arg("--duration")
            .arg(format!("{}s", TURN_LENGTH.as_secs()))
            .args(["--header", "Connection: keep-alive", "--header"])
            .arg(format!("X-aws-ec2-metadata-token: {}", self.token))
            .arg(format!("http://{address}{}", self.path))
            .output()?;
        let output = String::from_utf8_lossy(&output.stdout);
        let after = |label: &str| {
            let line = output.lines().find(|line| line.trim().starts_with(label))?;
            line.split_whitespace().last().map(str::to_owned)
        };
        let figure = |label: &str| after(label).with_context(|| format!("wrk printed no {label}"));
        ensure!(after("Non-2xx").is_none(), "not every response was 200");
        Ok(Measured {
            per_second: figure("Requests/sec:")?.parse()?,
            p50_us: microseconds(&figure("50%")?)?,
            p99_us: microseconds(&figure("99%")?)?,
        })
    }

    fn drive_with_threads(&self, address: SocketAddr) -> Result<Measured> {
        let start = Instant::now();
        let workers: Vec<_> = (0..CONNECTIONS)
            .map(|_| {
                let (path, token) = (self.path.clone(), self.token.clone());
                std::thread::spawn(move || {
                    one_connection(
                        Connection::open(address, &token)?,
                        &path,
                        start + TURN_LENGTH,
                    )
                })
            })
            .collect();
        let mut latencies = Vec::new();
        for worker in workers {
            latencies.extend(worker.join().expect("a worker does not panic")?);
        }
        let seconds = start.elapsed().as_secs_f64();
        latencies.sort_unstable();
        let at = |share: f64| {
            #[allow(clippy::cast_possible_truncation, reason = "an index below the length")]
            #[allow(
                clippy::cast_sign_loss,
                clippy::cast_precision_loss,
                reason = "the same"
            )]
            let index = ((latencies.len() - 1) as f64 * share) as usize;
            latencies[index].as_secs_f64() * 1e6
        };
        Ok(Measured {
            #[allow(clippy::cast_precision_loss, reason = "far below 2^52")]
            per_second: latencies.len() as f64 / seconds,
            p50_us: at(0.5),
            p99_us: at(0.99),
        })
    }
}

/// A kept-alive connection.
pub(super) struct Connection {
    stream: TcpStream,
    token: String,
}

impl Connection {
    pub(super) fn open(address: SocketAddr, token: &str) -> Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        let token = token.to_owned();
        Ok(Self { stream, token })
    }

    /// Requests a path, which must exist, and returns the body.
    pub(super) fn get(&mut self, path: &str) -> Result<String> {
        self.stream
            .write_all(request(path, &self.token).as_bytes())?;
        let mut response = Vec::new();
        let mut buffer = [0; 16 * 1024];
        let end = loop {
            let length = self.stream.read(&mut buffer)?;
            ensure!(length > 0, "the server closed the connection");
            response.extend_from_slice(&buffer[..length]);
            if let Some(end) = length_of(&response) {
                break end;
            }
        };
        let response = String::from_utf8_lossy(&response[..end]);
        let (head, body) = response.split_once("\r\n\r\n").unwrap_or_default();
        ensure!(head.starts_with("HTTP/1.1 200 "), "{path} was not found");
        Ok(body.to_owned())
    }
}

/// The length of a response with `Content-Length`, if all of it is there.
fn length_of(response: &[u8]) -> Option<usize> {
    let text = String::from_utf8_lossy(response);
    let (head, _) = text.split_once("\r\n\r\n")?;
    let mut fields = head.lines().filter_map(|line| line.split_once(": "));
    let (_, length) = fields.find(|(name, _)| name.eq_ignore_ascii_case("content-length"))?;
    let length = head.len() + "\r\n\r\n".len() + length.parse::<usize>().ok()?;
    (response.len() >= length).then_some(length)
}

fn request(path: &str, token: &str) -> String {
    format!(
        "GET {path} HTTP/1.1\r\nHost: bench\r\nX-aws-ec2-metadata-token: {token}\r\n\
         Connection: keep-alive\r\n\r\n"
    )
}

/// Sends requests until `end`, and returns the latency of each.
fn one_connection(mut connection: Connection, path: &str, end: Instant) -> Result<Vec<Duration>> {
    let mut latencies = Vec::new();
    while Instant::now() < end {
        let sent = Instant::now();
        connection.get(path)?;
        latencies.push(sent.elapsed());
    }
    Ok(latencies)
}

/// Parses `123.00us`, `1.20ms` or `1.00s`.
fn microseconds(text: &str) -> Result<f64> {
    let digits = text.trim_end_matches(char::is_alphabetic);
    let factor = match &text[digits.len()..] {
        "us" => 1.0,
        "ms" => 1e3,
        _ => 1e6,
    };
    Ok(digits.parse::<f64>()? * factor)
}
