//! The test tools in `docs/use-with`, run with the files and commands of their
//! pages.

use std::path::{Path, PathBuf};
use std::process::Command;

use libtest_mimic::{Failed, Trial};
use tempfile::TempDir;

use crate::page::Page;
use crate::pins::{self, folder, not_installed};
use crate::transcript::files;
use crate::{compose, trial, workflow};

/// Trials of Docker Compose, GitHub Actions and each tool. A tool's documented
/// test must pass, and must fail if its client falls back to IMDSv1.
pub(crate) fn trials(no_namespace: Option<&str>) -> Vec<Trial> {
    let tests = TOOLS.iter().flat_map(|tool| {
        let missing = no_namespace.map(str::to_owned).or_else(|| tool.missing());
        let passes = trial(
            format!("{}: the test passes", tool.page),
            missing.as_deref(),
            || tool.run(&[], true, tool.passes),
        );
        let fails = trial(
            format!(
                "{}: the test fails if token requests are rejected",
                tool.page
            ),
            missing.as_deref(),
            || tool.run(&[TOKEN_FORBIDDEN], false, tool.fails),
        );
        [passes, fails]
    });
    tests
        .chain(compose::trials(no_namespace))
        .chain(workflow::trials(no_namespace))
        .collect()
}

/// A tool that runs tests.
struct Tool {
    /// The path of its page.
    page: &'static str,
    /// An installed file, relative to `target/clients`.
    installed: &'static str,
    /// The file that pins its version.
    pins: &'static str,
    /// Expected output if the test passes.
    passes: &'static str,
    /// Expected output if the test fails, with the reason.
    fails: &'static str,
}

const TOOLS: [Tool; 4] = [
    Tool {
        page: "docs/use-with/pytest.md",
        installed: "bin/pytest",
        pins: "requirements.txt",
        passes: "1 passed",
        fails: "assert {'count': 2} == {'count': 0}",
    },
    Tool {
        page: "docs/use-with/jest.md",
        installed: "npm/node_modules/.bin/jest",
        pins: "package-lock.json",
        passes: "Tests:       1 passed, 1 total",
        fails: "+   \"count\": 2,",
    },
    CARGO_TEST,
    Tool {
        page: "docs/use-with/go.md",
        installed: "bin/go-sdk-v2",
        pins: "go/v2/main.go",
        passes: "ok  \t",
        fails: "requests without a token",
    },
];

const CARGO_TEST: Tool = Tool {
    page: "docs/use-with/cargo-test.md",
    installed: "cargo-test/Cargo.lock",
    pins: "cargo-test/Cargo.lock",
    passes: "test result: ok. 1 passed",
    fails: RUST_TOKEN_ERROR,
};

/// The Rust SDK's error for a rejected token request, after which it gives up.
pub(crate) const RUST_TOKEN_ERROR: &str = "FailedToLoadToken";

/// An environment variable that makes the emulator reject token requests with
/// 403. Most clients then fall back to IMDSv1.
pub(crate) const TOKEN_FORBIDDEN: (&str, &str) = (
    "IMDSIM_TIMELINE",
    r#"{"events": [{"type": "fault", "preset": "token-forbidden"}]}"#,
);

impl Tool {
    /// The reason if the tool cannot run here.
    fn missing(&self) -> Option<String> {
        let installed = folder().join(self.installed);
        if !installed.is_file() {
            return Some(not_installed(&installed));
        }
        pins::outdated(self.pins)
    }

    /// Runs the page's commands and checks their success and output.
    fn run(
        &self,
        variables: &[(&str, &str)],
        should_succeed: bool,
        expected: &str,
    ) -> Result<(), Failed> {
        let page = Page::read(self.page);
        let dir = TestDir::with_files_of([&page]);
        let mut bash = dir.command("bash");
        bash.args(["-ec", &page.commands()]);
        let (succeeded, output) = run(bash.envs(variables.iter().copied()))?;
        if succeeded == should_succeed && output.contains(expected) {
            return Ok(());
        }
        let result = if succeeded { "succeeded" } else { "failed" };
        Err(format!("the test {result}; expected `{expected}`, got\n{output}").into())
    }
}

/// The reason if `cargo test` cannot run here.
pub(crate) fn cargo_test_missing() -> Option<String> {
    CARGO_TEST.missing()
}

/// A temporary folder with the files of pages and the installed packages.
pub(crate) struct TestDir {
    folder: TempDir,
    home: TempDir,
}

impl TestDir {
    pub(crate) fn with_files_of<'p>(pages: impl IntoIterator<Item = &'p Page>) -> Self {
        let dir = Self {
            folder: tempfile::tempdir().unwrap(),
            home: tempfile::tempdir().unwrap(),
        };
        let path = dir.path();
        for page in pages {
            page.write_files(path);
        }
        let clients = files::folder().join("clients");
        std::fs::copy(clients.join("package.json"), path.join("package.json")).unwrap();
        for name in ["Cargo.toml", "Cargo.lock", "lib.rs"] {
            std::fs::copy(clients.join("cargo-test").join(name), path.join(name)).unwrap();
        }
        let modules = folder().join("npm/node_modules");
        std::os::unix::fs::symlink(modules, path.join("node_modules")).unwrap();
        dir
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// A command in this folder, with the emulator and the clients on its `PATH`
    /// and a clean environment except for cargo's and Go's variables.
    pub(crate) fn command(&self, program: &str) -> Command {
        let emulator = Path::new(env!("CARGO_BIN_EXE_imdsim")).parent().unwrap();
        let mut paths = vec![emulator.to_owned(), folder().join("bin")];
        paths.extend(std::env::split_paths(
            &std::env::var_os("PATH").unwrap_or_default(),
        ));
        let mut command = Command::new(program);
        command
            .current_dir(self.path())
            .env_clear()
            .env("PATH", std::env::join_paths(paths).unwrap())
            .env("HOME", self.home.path())
            .env("CARGO_HOME", from_home("CARGO_HOME", ".cargo"))
            .env("RUSTUP_HOME", from_home("RUSTUP_HOME", ".rustup"))
            // Debian's Go packages are a GOPATH.
            .env("GO111MODULE", "off")
            .env("GOPATH", folder().join("go-sdk/usr/share/gocode"))
            .env("GOCACHE", folder().join("go-cache"))
            .env("GOTOOLCHAIN", "local")
            .env("CARGO_NET_OFFLINE", "true")
            .env("CARGO_TARGET_DIR", folder().join("cargo-test-target"));
        if let Some(toolchain) = std::env::var_os("RUSTUP_TOOLCHAIN") {
            command.env("RUSTUP_TOOLCHAIN", toolchain);
        }
        command
    }
}

/// The folder in a variable, or else the default folder in the real home.
fn from_home(variable: &str, name: &str) -> PathBuf {
    std::env::var_os(variable).map_or_else(
        || std::env::home_dir().unwrap_or_default().join(name),
        PathBuf::from,
    )
}

/// Runs a command. Returns whether it succeeded, and its output.
pub(crate) fn run(command: &mut Command) -> Result<(bool, String), Failed> {
    let output = command.output()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    Ok((output.status.success(), text))
}
