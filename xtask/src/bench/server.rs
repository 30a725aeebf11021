//! A server under test, on a free port, killed when dropped.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};

use super::load::Load;

/// A running server.
pub(super) struct Server {
    child: Child,
    pub(super) address: SocketAddr,
}

impl Server {
    /// Starts a program that prints `Serving HTTP on http://ADDRESS/` on stderr.
    pub(super) fn start(command: &mut Command) -> Result<Self> {
        let mut child = command
            // Backtraces of expected errors would dominate the measurement.
            .env_remove("RUST_BACKTRACE")
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {}", name(command)))?;
        let stderr = child.stderr.take().context("stderr was not piped")?;
        for line in BufReader::new(stderr).lines() {
            let line = line?;
            if let Some(address) = line.strip_prefix("Serving HTTP on http://") {
                let address = address.trim_end_matches('/').parse()?;
                return Ok(Self { child, address });
            }
            eprintln_line(&line);
        }
        bail!("{} ended before it served", name(command));
    }

    /// A session token valid for six hours.
    pub(super) fn token(&self) -> Result<String> {
        let response = self.exchange(
            "PUT /latest/api/token HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\
             X-aws-ec2-metadata-token-ttl-seconds: 21600\r\nContent-Length: 0\r\n\r\n",
        )?;
        let (_, token) = response
            .split_once("\r\n\r\n")
            .context("the response has no token")?;
        // That of a minimal component ends with a newline.
        Ok(token.trim_end().to_owned())
    }

    /// Creates a state document, which is then read for every request.
    pub(super) fn reset(&self) -> Result<()> {
        self.change("POST /_imdsim/reset", "")
    }

    /// Sends a call of the control API, given by method and path, with a JSON body.
    pub(super) fn change(&self, call: &str, body: &str) -> Result<()> {
        let length = body.len();
        let response = self.exchange(&format!(
            "{call} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
             Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        ))?;
        ensure!(response.starts_with("HTTP/1.1 200 "), "{response}");
        Ok(())
    }

    /// Ends the process with SIGINT, which lets Callgrind write its report.
    pub(super) fn interrupt(mut self) -> Result<()> {
        let id = self.child.id().to_string();
        Command::new("kill").args(["-INT", &id]).status()?;
        self.child.wait()?;
        Ok(())
    }

    /// Resident memory of the process in KB, if the system reports it.
    pub(super) fn memory(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))?;
        line.trim().trim_end_matches(" kB").parse().ok()
    }

    /// The response to the load's request, without the time-dependent headers.
    pub(super) fn answer(&self, load: &Load) -> Result<String> {
        let closing = load.request().replace("keep-alive", "close");
        let response = self.exchange(&closing)?;
        let lines: Vec<_> = response
            .split("\r\n")
            .map(|line| match line.split_once(": ") {
                Some((name @ ("Date" | "X-Aws-Ec2-Metadata-Token-Ttl-Seconds"), _)) => {
                    format!("{name}: 0")
                }
                _ => line.to_owned(),
            })
            .collect();
        Ok(lines.join("\r\n"))
    }

    /// CPU time of the server's threads so far.
    pub(super) fn cpu_time(&self) -> Result<Duration> {
        let mut nanoseconds = 0;
        let threads = std::fs::read_dir(format!("/proc/{}/task", self.child.id()))
            .context("a server's time is read from /proc, which only Linux has")?;
        for thread in threads {
            let times = std::fs::read_to_string(thread?.path().join("schedstat"))?;
            let time = times.split(' ').next().unwrap_or_default();
            nanoseconds += time.parse::<u64>()?;
        }
        Ok(Duration::from_nanos(nanoseconds))
    }

    fn exchange(&self, request: &str) -> Result<String> {
        let mut stream = TcpStream::connect(self.address)?;
        stream.write_all(request.as_bytes())?;
        let mut response = String::new();
        stream.read_to_string(&mut response)?;
        Ok(response)
    }
}

fn name(command: &Command) -> String {
    command.get_program().to_string_lossy().into_owned()
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have exited by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[allow(clippy::print_stderr, reason = "passes on the server's output")]
fn eprintln_line(line: &str) {
    eprintln!("{line}");
}
