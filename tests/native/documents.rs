//! Input documents from other shells, in other formats, or with additional
//! fields.

use std::fs;

use crate::program::{command, refusal, text};

/// Returns stdout and stderr of `imdsim tree` with a file given by a flag.
#[track_caller]
fn tree(flag: &str, name: &str, content: &[u8]) -> (String, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, content).unwrap();
    let output = command(&["tree", flag, text(&path)]).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{said}");
    let said = said.replace(text(&path), "FILE");
    (String::from_utf8(output.stdout).unwrap(), said)
}

const YAML: &str = "Reservations:
- Instances:
  - InstanceId: i-0a1b2c3d4e5f60718
    LaunchTime: '2026-01-01T00:00:00+00:00'
  OwnerId: '012345678901'
";

#[test]
fn an_instance_in_yaml_is_served() {
    for name in ["instance.yaml", "instance"] {
        let (tree, said) = tree("--instance", name, YAML.as_bytes());
        assert!(tree.contains("i-0a1b2c3d4e5f60718"), "{tree}");
        assert!(tree.contains("012345678901"), "{tree}");
        assert_eq!(said, "");
    }
}

#[test]
fn a_byte_order_mark_is_ignored() {
    let instance = r#"{"InstanceId": "i-0a1b2c3d4e5f60718"}"#;
    let utf_16 = instance.encode_utf16().flat_map(u16::to_le_bytes);
    let with_mark = |mark: &[u8], bytes: Vec<u8>| [mark, &bytes].concat();
    for content in [
        with_mark(b"\xef\xbb\xbf", instance.into()),
        with_mark(b"\xff\xfe", utf_16.collect()),
        with_mark(b"\xef\xbb\xbf", YAML.into()),
    ] {
        let (tree, _) = tree("--instance", "instance.json", &content);
        assert!(tree.contains("i-0a1b2c3d4e5f60718"), "{tree}");
    }
    let config = r#"{"instance": {"InstanceId": "i-0a1b2c3d4e5f60718"}}"#;
    let config = with_mark(b"\xef\xbb\xbf", config.into());
    let (tree, _) = tree("--config", "config.json", &config);
    assert!(tree.contains("i-0a1b2c3d4e5f60718"), "{tree}");
}

#[test]
fn the_instance_that_is_served_is_said_and_so_are_slips() {
    let instances = br#"[{"InstanceId": "i-1", "State": {"Name": "terminated"}},
                         {"InstanceId": "i-2", "State": {"Name": "running"}, "instanceType": ""}]"#;
    let (tree, said) = tree("--instance", "instances.json", instances);
    assert!(tree.contains("i-2"), "{tree}");
    assert_eq!(
        said,
        "imdsim: FILE: 2 instances are described; serving i-2 (running)\n\
         imdsim: FILE: unknown field `instanceType` is ignored; did you mean `InstanceType`?\n"
    );
}

#[test]
fn expired_credentials_are_served_with_a_warning() {
    let keys = br#"{"Credentials": {"AccessKeyId": "ASIA", "SecretAccessKey": "s",
                    "SessionToken": "t", "Expiration": "2020-01-01T00:00:00Z"}}"#;
    let (_, said) = tree("--credentials", "keys.json", keys);
    assert_eq!(
        said,
        "imdsim: the credentials expired at 2020-01-01T00:00:00Z, and AWS refuses them; get new \
         ones\n"
    );
}

#[test]
fn invalid_credentials_are_rejected() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("credentials");
    let path = text(&path);
    fs::write(
        path,
        "[default]\naws_access_key_id = AKIA\naws_secret_access_key = s\n",
    )
    .unwrap();
    let said = refusal(&["--credentials", path]);
    assert!(
        said.starts_with(&format!("{path}: this is an INI file; ")),
        "{said}"
    );
    fs::write(path, r#"{"AccessKeyId": "AKIA", "SecretAccessKey": "s"}"#).unwrap();
    let said = refusal(&["--credentials", path]);
    assert!(
        said.starts_with(&format!("{path}: SessionToken: it is missing, ")),
        "{said}"
    );
    assert!(said.contains("`aws sts get-session-token`"), "{said}");
}
