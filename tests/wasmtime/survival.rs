use crate::host::{self, Host};
use crate::load;

/// What is claimed, and how it is proven.
pub(crate) const CLAIMS: [(&str, fn()); 4] = [
    ("what was changed outlives a killed host", outlives),
    ("concurrent writers lose nothing", nothing_is_lost),
    (
        "no acknowledged write is lost when the host is killed 200 times",
        survives_kills,
    ),
    (
        "without a folder only changes are refused",
        without_a_folder,
    ),
];

const LEAF: &str = "GET /latest/meta-data/instance-id";
const TOKEN: &str = "X-aws-ec2-metadata-token";

fn mint(host: &Host) -> String {
    let ttl = [("X-aws-ec2-metadata-token-ttl-seconds", "21600")];
    let (status, token) = host.call("PUT /latest/api/token", &ttl, "");
    assert_eq!(status, 200);
    token
}

fn outlives() {
    let folder = tempfile::tempdir().unwrap();
    let host = Host::start(Some(folder.path()), &[]);
    let token = mint(&host);
    let required = r#"{"HttpTokens": "required"}"#;
    assert_eq!(
        host.call("PATCH /_imdsim/metadata-options", &[], required)
            .0,
        200
    );
    assert_eq!(host.call("PUT /_imdsim/user-data", &[], "#!/bin/sh").0, 200);
    drop(host);

    let host = Host::start(Some(folder.path()), &[]);
    let with_token = [(TOKEN, &*token)];
    assert_eq!(host.call(LEAF, &[], "").0, 401);
    assert_eq!(host.call(LEAF, &with_token, "").0, 200);
    let user_data = host.call("GET /latest/user-data", &with_token, "");
    assert_eq!(user_data, (200, "#!/bin/sh".to_owned()));
    assert_eq!(host.call("POST /_imdsim/reset", &[], "").0, 200);
    assert_eq!(host.call(LEAF, &with_token, "").0, 401);
    assert_eq!(host.call(LEAF, &[], "").0, 200);
}

fn nothing_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let host = Host::start(Some(folder.path()), &[]);
    load::nothing_is_lost(host.address());
}

/// The component is compiled once; else most of the time would go into that.
fn survives_kills() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    std::fs::create_dir(&state).unwrap();
    let compiled = host::compile(folder.path());
    load::survives_kills(200, || {
        let host = Host::run(&compiled, Some(&state), &[]);
        let address = host.address().to_owned();
        (host, address)
    });
}

fn without_a_folder() {
    let host = Host::start(None, &[]);
    let token = mint(&host);
    assert_eq!(host.call(LEAF, &[(TOKEN, &token)], "").0, 200);
    let (status, problem) = host.call("POST /_imdsim/reset", &[], "");
    assert_eq!(status, 503);
    assert!(problem.contains("--dir FOLDER::/state"), "{problem}");
}
