use crate::endpoint::Endpoint as _;
use crate::host::Host;
use crate::survival::{self, LEAF, TOKEN, mint};

/// What is claimed, and how it is proven.
pub(crate) const CLAIMS: [(&str, fn()); 3] = [
    ("what was changed outlives a killed host", outlives),
    ("concurrent writers lose nothing", nothing_is_lost),
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
    survival::nothing_is_lost(&[Host::start(Some(folder.path()), &[])]);
}

fn without_a_folder() {
    let host = Host::start(None, &[]);
    let token = mint(&host, "21600");
    assert_eq!(host.call(LEAF, &[(TOKEN, &token)], "").0, 200);
    let (status, problem) = host.call("POST /_imdsim/reset", &[], "");
    assert_eq!(status, 503);
    assert!(problem.contains("--dir FOLDER::/state"), "{problem}");
}
