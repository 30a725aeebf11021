//! The tools of `docs/use-with`, each run with the files and by the commands
//! that its page shows.

use std::path::{Path, PathBuf};
use std::process::Command;

use libtest_mimic::{Failed, Trial};
use tempfile::TempDir;

use crate::page::Page;
use crate::pins::{self, folder};
use crate::transcript::files;
use crate::{compose, trial, workflow};

/// One trial that shows that the page is right, and one that shows that its
/// test notices requests without a token, for each tool; and the files for
/// Docker Compose and GitHub Actions.
pub(crate) fn trials(outside: Option<&str>) -> Vec<Trial> {
    let tests = TOOLS.iter().flat_map(|tool| {
        let missing = outside.map(str::to_owned).or_else(|| tool.missing());
        let works = trial(
            format!("{}: the test passes", tool.page),
            missing.as_deref(),
            || tool.run(&[], true, tool.passes),
        );
        let notices = trial(
            format!("{}: the test fails where tokens are refused", tool.page),
            missing.as_deref(),
            || tool.run(&[TOKENS_REFUSED], false, tool.fails),
        );
        [works, notices]
    });
    tests
        .chain(compose::trials(outside))
        .chain(workflow::trials(outside))
        .collect()
}

/// A tool that runs tests.
struct Tool {
    /// The page about it.
    page: &'static str,
    /// What it is installed as, below `target/clients`.
    installed: &'static str,
    /// The file that pins its version.
    pins: &'static str,
    /// What it says of a test that has passed.
    passes: &'static str,
    /// What it says of one that has not, and why.
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
    fails: TOKEN_REFUSED_TO_RUST,
};

/// What the Rust SDK says of a token that it was refused; it asks no further.
pub(crate) const TOKEN_REFUSED_TO_RUST: &str = "FailedToLoadToken";

/// A variable of the emulator: who asks for a token gets 403, upon which most
/// clients ask without one.
pub(crate) const TOKENS_REFUSED: (&str, &str) = (
    "IMDSIM_TIMELINE",
    r#"{"events": [{"type": "fault", "preset": "token-forbidden"}]}"#,
);

impl Tool {
    /// Why it cannot run here, if so.
    fn missing(&self) -> Option<String> {
        let installed = folder().join(self.installed);
        if !installed.is_file() {
            return Some(format!(
                "no {}; .ci/clients installs it",
                installed.display()
            ));
        }
        pins::outdated(self.pins)
    }

    /// Runs its commands, which must end so and say this.
    fn run(
        &self,
        variables: &[(&str, &str)],
        succeeds: bool,
        expected: &str,
    ) -> Result<(), Failed> {
        let page = Page::read(self.page);
        let workplace = Workplace::with([&page]);
        let mut bash = workplace.command("bash");
        bash.args(["-ec", &page.commands()]);
        let (succeeded, said) = run(bash.envs(variables.iter().copied()))?;
        if succeeded == succeeds && said.contains(expected) {
            return Ok(());
        }
        let how = if succeeded { "succeeded" } else { "failed" };
        Err(format!("the test {how}, expected was {expected}:\n{said}").into())
    }
}

/// Why `cargo test` cannot run here, if so.
pub(crate) fn cargo_test_missing() -> Option<String> {
    CARGO_TEST.missing()
}

/// A folder with the files of pages, and all that was installed for them.
pub(crate) struct Workplace {
    folder: TempDir,
    home: TempDir,
}

impl Workplace {
    pub(crate) fn with<'p>(pages: impl IntoIterator<Item = &'p Page>) -> Self {
        let workplace = Self {
            folder: tempfile::tempdir().unwrap(),
            home: tempfile::tempdir().unwrap(),
        };
        let place = workplace.folder();
        for page in pages {
            page.write(place);
        }
        let clients = files::folder().join("clients");
        std::fs::copy(clients.join("package.json"), place.join("package.json")).unwrap();
        for name in ["Cargo.toml", "Cargo.lock", "lib.rs"] {
            std::fs::copy(clients.join("cargo-test").join(name), place.join(name)).unwrap();
        }
        let modules = folder().join("npm/node_modules");
        std::os::unix::fs::symlink(modules, place.join("node_modules")).unwrap();
        workplace
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A command that runs there, with the emulator and the clients on its
    /// `PATH` and nothing else of this environment but what cargo needs.
    pub(crate) fn command(&self, program: &str) -> Command {
        let emulator = Path::new(env!("CARGO_BIN_EXE_imdsim")).parent().unwrap();
        let mut paths = vec![emulator.to_owned(), folder().join("bin")];
        paths.extend(std::env::split_paths(
            &std::env::var_os("PATH").unwrap_or_default(),
        ));
        let mut command = Command::new(program);
        command
            .current_dir(self.folder())
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

/// The folder that a variable names, or else one of the real home.
fn from_home(variable: &str, name: &str) -> PathBuf {
    std::env::var_os(variable).map_or_else(
        || std::env::home_dir().unwrap_or_default().join(name),
        PathBuf::from,
    )
}

/// Whether the command succeeded, and what it said.
pub(crate) fn run(command: &mut Command) -> Result<(bool, String), Failed> {
    let output = command.output()?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    Ok((output.status.success(), said))
}
