use crate::host::Host;

/// What is claimed, and how it is proven.
pub(crate) const CLAIMS: [(&str, fn()); 3] = [
    ("what was changed outlives a killed host", outlives),
    ("concurrent writers lose nothing", nothing_is_lost),
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

/// 8 clients, each with changes to leaves of its own.
fn nothing_is_lost() {
    const CLIENTS: usize = 8;
    const CHANGES: usize = 10;
    let folder = tempfile::tempdir().unwrap();
    let host = Host::start(Some(folder.path()), &[]);
    std::thread::scope(|scope| {
        for client in 0..CLIENTS {
            let host = &host;
            scope.spawn(move || {
                for change in 0..CHANGES {
                    let put = format!("PUT /_imdsim/overrides/meta-data/{client}/{change}");
                    assert_eq!(host.call(&put, &[], "x").0, 200);
                    // Readers are served meanwhile.
                    assert_eq!(host.call(LEAF, &[], "").0, 200);
                }
            });
        }
    });
    for client in 0..CLIENTS {
        let listing = host
            .call(&format!("GET /latest/meta-data/{client}/"), &[], "")
            .1;
        assert_eq!(listing.lines().count(), CHANGES, "client {client}");
    }
}

fn without_a_folder() {
    let host = Host::start(None, &[]);
    let token = mint(&host);
    assert_eq!(host.call(LEAF, &[(TOKEN, &token)], "").0, 200);
    let (status, problem) = host.call("POST /_imdsim/reset", &[], "");
    assert_eq!(status, 503);
    assert!(problem.contains("--dir FOLDER::/state"), "{problem}");
}
