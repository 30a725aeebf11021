//! The clients: where they are, what they are asked, and what they must say.

use std::path::{Path, PathBuf};
use std::process::Command;

use libtest_mimic::Failed;

use crate::aws_config;

/// One client.
pub(crate) struct Client {
    pub(crate) name: &'static str,
    /// The program: an absolute path, or one in the folder of `.ci/clients`.
    program: Program,
    arguments: &'static [&'static str],
    /// How many characters of the access key id it shows.
    pub(crate) shown: usize,
    /// Whether it was asked for the Region too.
    pub(crate) finds_region: bool,
}

enum Program {
    Venv(&'static str),
    /// A path, and how `--version` must begin.
    System(&'static str, &'static str),
    ThisTest,
}

/// A whole access key id.
const ALL: usize = 20;

pub(crate) const CLIENTS: &[Client] = &[
    Client {
        name: "boto3",
        program: Program::Venv("python"),
        arguments: &["-c", BOTO3],
        shown: ALL,
        finds_region: true,
    },
    Client {
        name: "AWS CLI 1",
        program: Program::Venv("aws"),
        arguments: &["configure", "list"],
        shown: 4,
        finds_region: false,
    },
    Client {
        name: "AWS CLI 2",
        program: Program::System("/usr/bin/aws", "aws-cli/2."),
        arguments: &["configure", "export-credentials"],
        shown: ALL,
        finds_region: false,
    },
    Client {
        name: "aws-config",
        program: Program::ThisTest,
        arguments: &[aws_config::COMMAND],
        shown: ALL,
        finds_region: true,
    },
];

const BOTO3: &str = "
import boto3, botocore.session, botocore.utils
session = boto3.Session()
credentials = session.get_credentials()
frozen = credentials.get_frozen_credentials()
assert credentials.method == 'iam-role', credentials.method
assert frozen.secret_key and frozen.token
print(frozen.access_key)
print(botocore.utils.IMDSRegionProvider(botocore.session.Session()).provide())
";

impl Client {
    /// Why it cannot run here, if so.
    pub(crate) fn missing(&self) -> Option<String> {
        let path = self.path();
        if !path.is_file() {
            return Some(format!("no {}; .ci/clients installs it", path.display()));
        }
        let Program::System(_, version) = self.program else {
            return None;
        };
        let said = Command::new(&path).arg("--version").output().ok()?;
        let said = String::from_utf8_lossy(&said.stdout).into_owned();
        (!said.starts_with(version)).then(|| format!("{} is {said}", path.display()))
    }

    /// Runs it with nothing set but the endpoint.
    pub(crate) fn run(&self, endpoint: &str) -> Result<String, Failed> {
        let home = tempfile::tempdir()?;
        let output = Command::new(self.path())
            .args(self.arguments)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", home.path())
            .env("AWS_EC2_METADATA_SERVICE_ENDPOINT", endpoint)
            .output()?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned()
            + &String::from_utf8_lossy(&output.stderr);
        if output.status.success() {
            Ok(said)
        } else {
            Err(format!("{} ended with {}:\n{said}", self.name, output.status).into())
        }
    }

    fn path(&self) -> PathBuf {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        match self.program {
            Program::Venv(name) => root.join("target/clients/bin").join(name),
            Program::System(path, _) => PathBuf::from(path),
            Program::ThisTest => std::env::current_exe().unwrap(),
        }
    }
}
