//! Guarantees about stored state on every host that has a store.

use crate::endpoint::Endpoint;

/// A read that needs a token once tokens are required.
pub(crate) const LEAF: &str = "GET /latest/meta-data/instance-id";
/// The header for tokens.
pub(crate) const TOKEN: &str = "X-aws-ec2-metadata-token";

/// Requests a token with a time-to-live in seconds.
pub(crate) fn mint(host: &impl Endpoint, ttl: &str) -> String {
    let ttl = [("X-aws-ec2-metadata-token-ttl-seconds", ttl)];
    let (status, token) = host.call("PUT /latest/api/token", &ttl, "");
    assert_eq!(status, 200);
    token
}

/// Changes on one host are visible on the next one, started after the first has
/// stopped.
pub(crate) fn outlives<E: Endpoint>(start: impl Fn() -> E) {
    let host = start();
    let token = mint(&host, "21600");
    let required = r#"{"HttpTokens": "required"}"#;
    let patched = host.call("PATCH /_imdsim/metadata-options", &[], required);
    assert_eq!(patched.0, 200);
    assert_eq!(host.call("PUT /_imdsim/user-data", &[], "#!/bin/sh").0, 200);
    drop(host);

    let host = start();
    let with_token = [(TOKEN, &*token)];
    assert_eq!(host.call(LEAF, &[], "").0, 401);
    assert_eq!(host.call(LEAF, &with_token, "").0, 200);
    let user_data = host.call("GET /latest/user-data", &with_token, "");
    assert_eq!(user_data, (200, "#!/bin/sh".to_owned()));
    assert_eq!(host.call("POST /_imdsim/reset", &[], "").0, 200);
    assert_eq!(host.call(LEAF, &with_token, "").0, 401);
    assert_eq!(host.call(LEAF, &[], "").0, 200);
}
