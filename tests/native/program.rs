//! The program under test: it listens on its own port, its output is collected,
//! and it is killed after the test.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

/// The message that the program prints when it accepts connections.
const READY: &str = "Serving HTTP on http://";

/// How long a test waits for output or bytes.
const TIMEOUT: Duration = Duration::from_mins(1);

/// A running program.
pub(crate) struct Program {
    child: Child,
    address: String,
    output: Arc<Output>,
    reader: Option<JoinHandle<()>>,
}

/// The output so far, with a condition variable for new output.
#[derive(Default)]
struct Output {
    said: Mutex<String>,
    more: Condvar,
    /// The length of the output that was already waited for.
    heard: Mutex<usize>,
}

impl Program {
    /// Starts the program on a free port and waits until it is ready.
    #[track_caller]
    pub(crate) fn start(arguments: &[&str]) -> Self {
        Self::start_command(command(arguments).args(["--addr", "127.0.0.1:0"]))
    }

    /// The same for a command with its own address flags.
    #[track_caller]
    pub(crate) fn start_command(command: &mut Command) -> Self {
        let mut child = command.spawn().unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let output = Arc::new(Output::default());
        let mut address = None;
        while address.is_none() {
            let mut line = String::new();
            let len = stderr.read_line(&mut line).unwrap();
            let so_far = &mut *output.said.lock().unwrap();
            so_far.push_str(&line);
            assert_ne!(len, 0, "the program ended: {so_far}");
            // The JSON log has it inside an object.
            address = line
                .split_once(READY)
                .and_then(|(_, rest)| rest.split_once('/'))
                .map(|(address, _)| address.to_owned());
        }
        let collected = Arc::clone(&output);
        let reader = std::thread::spawn(move || {
            for line in stderr.lines() {
                let line = line.unwrap() + "\n";
                collected.said.lock().unwrap().push_str(&line);
                collected.more.notify_all();
            }
        });
        Self {
            child,
            address: address.unwrap(),
            output,
            reader: Some(reader),
        }
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    pub(crate) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(TIMEOUT)).unwrap();
        stream.set_write_timeout(Some(TIMEOUT)).unwrap();
        stream
    }

    /// Sends bytes on a new connection and returns everything received until it
    /// closes.
    pub(crate) fn send(&self, request: impl AsRef<[u8]>) -> String {
        let mut stream = self.connect();
        // A program that rejects a request early need not read all of it.
        let _ = stream.write_all(request.as_ref());
        let mut response = Vec::new();
        let end = stream.read_to_end(&mut response);
        assert!(end.is_ok() || !response.is_empty(), "no response: {end:?}");
        String::from_utf8(response).unwrap()
    }

    /// Requests a path like curl.
    pub(crate) fn get(&self, path: &str) -> String {
        self.send(format!("GET {path} HTTP/1.1\r\nHost: test\r\n\r\n"))
    }

    /// Waits for this text in the output after the last match.
    #[track_caller]
    pub(crate) fn wait_for(&self, text: &str) {
        let mut heard = self.output.heard.lock().unwrap();
        let said = self.output.said.lock().unwrap();
        let missing = |said: &mut String| !said[*heard..].contains(text);
        let (said, _) = self
            .output
            .more
            .wait_timeout_while(said, TIMEOUT, missing)
            .unwrap();
        let found = said[*heard..].find(text);
        *heard += found.map_or(0, |start| start + text.len());
        // Avoids poisoning the locks.
        drop((heard, said));
        assert!(found.is_some(), "the program did not say: {text}");
    }

    /// The process id.
    #[cfg(unix)]
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sets a resource limit of the process, as in `--fsize=4096:`. Returns
    /// whether that is possible here.
    #[cfg(target_os = "linux")]
    pub(crate) fn limit(&self, limit: &str) -> bool {
        let mut prlimit = Command::new("prlimit");
        prlimit.args([&format!("--pid={}", self.child.id()), limit]);
        let is_set = prlimit.status().is_ok_and(|status| status.success());
        if !is_set {
            println!("skipped: `prlimit {limit}` does not succeed here");
        }
        is_set
    }

    /// Sends a signal.
    #[cfg(unix)]
    pub(crate) fn signal(&self, name: &str) {
        let status = Command::new("kill")
            .args(["-s", name, &self.child.id().to_string()])
            .status()
            .unwrap();
        assert!(status.success());
    }

    /// Waits for the process to exit, and returns its status and output.
    pub(crate) fn wait(mut self) -> (ExitStatus, String) {
        let status = self.child.wait().unwrap();
        if let Some(reader) = self.reader.take() {
            reader.join().unwrap();
        }
        let output = self.output.said.lock().unwrap().clone();
        (status, output)
    }

    /// Stops the program and returns its output.
    #[cfg(unix)]
    pub(crate) fn stop(self) -> String {
        self.signal("TERM");
        let (status, output) = self.wait();
        assert!(status.success(), "{status}: {output}");
        output
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            let output = self.output.said.lock().unwrap();
            println!("the program said:\n{output}");
        }
    }
}

/// Reads one response from an open connection.
pub(crate) fn read_response(stream: &mut TcpStream) -> String {
    let mut response = Vec::new();
    while !response.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        response.push(byte[0]);
    }
    let head = String::from_utf8(response.clone()).unwrap();
    let length = header(&head, "Content-Length").unwrap().parse().unwrap();
    let mut body = vec![0; length];
    stream.read_exact(&mut body).unwrap();
    head + &String::from_utf8(body).unwrap()
}

/// Whether the peer has closed the connection.
pub(crate) fn is_closed(stream: &mut TcpStream) -> bool {
    stream.shutdown(Shutdown::Write).unwrap();
    stream.read(&mut [0]).unwrap() == 0
}

/// The value of a header with exactly this name.
pub(crate) fn header<'a>(response: &'a str, name: &str) -> Option<&'a str> {
    let (head, _) = response.split_once("\r\n\r\n")?;
    let mut lines = head.lines().filter_map(|line| line.split_once(": "));
    lines
        .find(|(found, _)| *found == name)
        .map(|(_, value)| value)
}

/// The body of a response.
pub(crate) fn body(response: &str) -> &str {
    response.split_once("\r\n\r\n").unwrap().1
}

/// Runs the program, which must exit with status 2 and one line, and returns
/// the line.
#[track_caller]
pub(crate) fn refusal(arguments: &[&str]) -> String {
    refusal_of(&mut command(arguments))
}

/// The same for a prepared command.
#[track_caller]
pub(crate) fn refusal_of(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(output.stdout.is_empty());
    let line = said.strip_suffix('\n').unwrap();
    assert!(!line.contains('\n'), "more than one line: {line}");
    line.strip_prefix("imdsim: ").unwrap().to_owned()
}

/// The program's command in a clean environment.
pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_imdsim"));
    for (name, _) in std::env::vars_os() {
        let name_text = name.to_string_lossy();
        if name_text.starts_with("IMDSIM_") || name_text.starts_with("AEMM_") {
            command.env_remove(name);
        }
    }
    command
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// A path as a flag value.
pub(crate) fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}
