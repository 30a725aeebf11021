//! AWS's documented commands for verifying the identity document, run unchanged
//! against the emulator's signatures.
//!
//! Without `openssl` these tests are reported as ignored, or as failed if
//! `IMDSIM_REQUIRE_CLIENTS` is set.
#![allow(clippy::unwrap_used, reason = "a panic fails the test")]
#![allow(clippy::print_stdout, reason = "reasons for skipped tests")]
#![allow(
    clippy::disallowed_methods,
    reason = "tests read files; the core does not"
)]

#[allow(dead_code, reason = "shared with the tests of tests/it")]
#[path = "../it/client.rs"]
mod client;
#[allow(dead_code, reason = "shared with the tests of tests/it")]
#[path = "../support/transcript.rs"]
mod transcript;

use std::fs;
use std::process::{Command, ExitCode};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use client::Client;
use http::Method;
use libtest_mimic::{Arguments, Failed, Trial};

const FOLDER: &str = "/latest/dynamic/instance-identity";

/// The folder for the files of one test.
struct Bench(tempfile::TempDir);

/// A claim and its test.
type Claim = (&'static str, fn() -> Result<(), Failed>);

const CLAIMS: [Claim; 5] = [
    ("signature verifies with openssl dgst", || {
        Bench::new().check_bare(&mut Client::new(&[]))
    }),
    ("pkcs7 verifies with openssl smime", || {
        Bench::new().check_attached(&mut Client::new(&[]), "pkcs7", &["smime"])
    }),
    ("rsa2048 verifies with openssl smime", || {
        Bench::new().check_attached(&mut Client::new(&[]), "rsa2048", &["smime"])
    }),
    ("pkcs7 and rsa2048 verify with openssl cms", || {
        Bench::new().check_attached(&mut Client::new(&[]), "pkcs7", &["cms", "-binary"])?;
        Bench::new().check_attached(&mut Client::new(&[]), "rsa2048", &["cms", "-binary"])
    }),
    ("own keys sign what their certificates verify", own_keys),
];

fn main() -> ExitCode {
    let missing = Command::new("openssl").arg("version").output().is_err();
    let required = std::env::var_os("IMDSIM_REQUIRE_CLIENTS").is_some();
    let trials = CLAIMS.map(|(name, prove)| match (missing, required) {
        (false, _) => Trial::test(name, prove),
        (true, true) => Trial::test(name, || Err("no openssl on PATH".into())),
        (true, false) => {
            println!("skipped: {name}: no openssl on PATH");
            Trial::test(name, || Ok(())).with_ignored_flag(true)
        }
    });
    libtest_mimic::run(&Arguments::from_args(), trials.into()).exit_code()
}

/// Keys in the current format of openssl, with sizes other than the test keys.
fn own_keys() -> Result<(), Failed> {
    let bench = Bench::new();
    let group = "genpkey -genparam -algorithm DSA -pkeyopt dsa_paramgen_bits:1024 -out group";
    bench.accepts(&words(group))?;
    let mut given = Vec::new();
    for new_key in ["rsa:1536", "dsa:group", "rsa:3072"] {
        let new = format!("req -x509 -nodes -newkey {new_key} -subj /CN=own");
        let files = "-keyout key -out certificate";
        bench.accepts(&[words(&new), words(files)].concat())?;
        // In any order.
        for file in ["certificate", "key"] {
            given.push(fs::read_to_string(bench.0.path().join(file))?);
        }
    }
    let mut client = Client::new(&[("identity_keys", &given.concat())]);
    bench.check_bare(&mut client)?;
    bench.check_attached(&mut client, "pkcs7", &["smime"])?;
    bench.check_attached(&mut client, "rsa2048", &["smime"])
}

impl Bench {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.0.path().join(name), content).unwrap();
    }

    /// The output of openssl on success, or its error message.
    fn openssl(&self, arguments: &[&str]) -> Result<Vec<u8>, String> {
        let mut command = Command::new("openssl");
        let output = command.args(arguments).current_dir(&self.0).output();
        let output = output.unwrap();
        if output.status.success() {
            return Ok(output.stdout);
        }
        let said = [output.stdout, output.stderr].concat();
        Err(String::from_utf8_lossy(&said).into_owned())
    }

    fn accepts(&self, arguments: &[&str]) -> Result<Vec<u8>, Failed> {
        self.openssl(arguments)
            .map_err(|said| format!("openssl {}: {said}", arguments.join(" ")).into())
    }

    fn refuses(&self, arguments: &[&str]) -> Result<(), Failed> {
        match self.openssl(arguments) {
            Err(said) if said.contains("erification failure") => Ok(()),
            other => Err(format!("openssl {}: {other:?}", arguments.join(" ")).into()),
        }
    }

    fn check_bare(&self, client: &mut Client) -> Result<(), Failed> {
        let text = client.text(&format!("{FOLDER}/signature"));
        self.write("signature", decode(&text)?);
        self.write_document(client, "rsa");
        let key = self.accepts(&["x509", "-pubkey", "-noout", "-in", "certificate"])?;
        self.write("key", key);
        let verify = |file| {
            let flags = ["-sha256", "-verify", "key", "-signature", "signature"];
            [&["dgst"], &flags[..], &[file]].concat()
        };
        self.accepts(&verify("document"))?;
        self.refuses(&verify("changed"))
    }

    fn check_attached(
        &self,
        client: &mut Client,
        leaf: &str,
        command: &[&str],
    ) -> Result<(), Failed> {
        let certificate = if leaf == "pkcs7" { "dsa" } else { "rsa2048" };
        let document = self.write_document(client, certificate);
        let text = client.text(&format!("{FOLDER}/{leaf}"));
        let pem = format!("-----BEGIN PKCS7-----\n{text}\n-----END PKCS7-----\n");
        self.write("pkcs7", pem);
        let verify = |file, form, more: &[&'static str]| {
            let flags = ["-certfile", "certificate", "-noverify"];
            let file = ["-verify", "-in", file, "-inform", form];
            [command, &file[..], &flags, more].concat()
        };
        let signed = self.accepts(&verify("pkcs7", "PEM", &[]))?;
        if signed != document.as_bytes() {
            return Err("what was signed is not the document".into());
        }
        self.accepts(&verify("pkcs7", "PEM", &["-content", "document"]))?;
        self.refuses(&verify("pkcs7", "PEM", &["-content", "changed"]))?;
        // The same with the document inside the signed text.
        let mut bytes = decode(&text)?;
        self.write("der", &bytes);
        self.accepts(&verify("der", "DER", &[]))?;
        let start = bytes
            .windows(document.len())
            .position(|window| window == document.as_bytes())
            .ok_or("the document is not in the signed text")?;
        bytes[start + document.len() / 2] ^= 1;
        self.write("der", &bytes);
        self.refuses(&verify("der", "DER", &[]))
    }

    /// The document, one that differs in a byte, and a certificate.
    fn write_document(&self, client: &mut Client, certificate: &str) -> String {
        let path = format!("/_imdsim/certificates/{certificate}.pem");
        let response = client.call(Method::GET, &path, &[("host", "localhost")]);
        assert_eq!(response.status(), 200, "{path}");
        let document = client.text(&format!("{FOLDER}/document"));
        self.write("certificate", response.body());
        self.write("document", &document);
        self.write("changed", document.replacen("us-east-1", "us-east-2", 1));
        document
    }
}

fn words(line: &str) -> Vec<&str> {
    line.split(' ').collect()
}

fn decode(text: &str) -> Result<Vec<u8>, Failed> {
    let digits: String = text.lines().collect();
    Ok(STANDARD.decode(digits)?)
}
