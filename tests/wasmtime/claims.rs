use crate::endpoint::Endpoint as _;
use crate::host::{self, Host};
use crate::load;
use crate::survival::{self, LEAF, TOKEN, mint};

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

fn outlives() {
    let folder = tempfile::tempdir().unwrap();
    survival::outlives(|| Host::start(Some(folder.path()), &[]));
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
    let token = mint(&host, "21600");
    assert_eq!(host.call(LEAF, &[(TOKEN, &token)], "").0, 200);
    let (status, problem) = host.call("POST /_imdsim/reset", &[], "");
    assert_eq!(status, 503);
    assert!(problem.contains("--dir FOLDER::/state"), "{problem}");
}
