use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::as_native::as_native;
use crate::transcript::{Message, folder};

/// The host, killed when it is dropped.
pub(crate) struct Host {
    child: Child,
    address: String,
}

impl Host {
    /// Starts it on a free port, with or without a folder for the state.
    pub(crate) fn start(state: Option<&Path>, settings: &[(String, String)]) -> Self {
        Self::run(&component(), state, settings)
    }

    /// The same with a component that may be compiled already.
    pub(crate) fn run(
        component: &Path,
        state: Option<&Path>,
        settings: &[(String, String)],
    ) -> Self {
        let mut command = Command::new("wasmtime");
        command.args(["serve", "-S", "cli", "--addr", "127.0.0.1:0"]);
        command.arg("--allow-precompiled");
        if let Some(folder) = state {
            command
                .arg("--dir")
                .arg(format!("{}::/state", folder.display()));
        }
        for (key, value) in settings {
            let key = key.to_uppercase();
            command.arg("--env").arg(format!("IMDSIM_{key}={value}"));
        }
        let mut child = command
            .arg(component)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let address = stderr
            .lines()
            .map_while(Result::ok)
            .find_map(|line| {
                let address = line.split_once("http://")?.1;
                Some(address.trim_end_matches('/').to_owned())
            })
            .expect("wasmtime says where it serves");
        Self { child, address }
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Sends a request on a connection of its own. The response is put into the
    /// words of the native program, whose transcripts these are.
    pub(crate) fn exchange(&self, request: &Message) -> Message {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let mut lines = format!("{} HTTP/1.1\r\n", request.start);
        let has = |wanted: &str| {
            let mut names = request.headers.iter().map(|(name, _)| name);
            names.any(|name| name.eq_ignore_ascii_case(wanted))
        };
        if !has("Host") {
            lines += "Host: 127.0.0.1\r\n";
        }
        for (name, value) in &request.headers {
            lines.extend([name, ": ", value, "\r\n"]);
        }
        if !has("Connection") {
            lines += "Connection: close\r\n";
        }
        write!(stream, "{lines}\r\n{}", request.body).unwrap();
        let mut response = String::new();
        stream.read_to_string(&mut response).unwrap();
        let response = response
            .replacen("\r\n\r\n", "\n\n", 1)
            .replace("\r\n", "\n");
        as_native(&Message::parse(&response))
    }

    /// The status and body of a request without a body of its own.
    pub(crate) fn call(&self, start: &str, headers: &[(&str, &str)], body: &str) -> (u16, String) {
        let mut headers: Vec<_> = headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        headers.push(("Content-Length".into(), body.len().to_string()));
        let response = self.exchange(&Message {
            start: start.to_owned(),
            headers,
            body: body.to_owned(),
        });
        let status = response.start.split(' ').nth(1).unwrap();
        (status.parse().unwrap(), response.body)
    }
}

impl Drop for Host {
    /// Without a chance to tidy up, as a crash is.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn component() -> PathBuf {
    root().join("dist/imdsim-standalone.wasm")
}

/// Compiles the component, as the host would each time that it starts.
pub(crate) fn compile(folder: &Path) -> PathBuf {
    let compiled = folder.join("imdsim.cwasm");
    let status = Command::new("wasmtime")
        .arg("compile")
        .arg(component())
        .arg("-o")
        .arg(&compiled)
        .status();
    assert!(status.unwrap().success(), "wasmtime compile failed");
    compiled
}

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    folder().parent().unwrap().to_owned()
}
