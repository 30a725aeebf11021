use http::Method;

use crate::client::Client;

const LEAF: &str = "/latest/meta-data/instance-id";
const TOKEN: &str = "x-aws-ec2-metadata-token";
const TTL: &str = "x-aws-ec2-metadata-token-ttl-seconds";

#[test]
fn token_is_valid_until_its_last_second() {
    let mut client = Client::new(&[("http_tokens", "required")]);
    let token = client.token("300");
    let left = |client: &mut Client, milliseconds| {
        client.now.0 += milliseconds;
        let response = client.call(Method::GET, LEAF, &[(TOKEN, &token)]);
        let ttl = response.headers().get(TTL);
        (
            response.status().as_u16(),
            ttl.map(|ttl| ttl.to_str().unwrap().to_owned()),
        )
    };
    assert_eq!(left(&mut client, 0), (200, Some("300".into())));
    assert_eq!(left(&mut client, 999), (200, Some("300".into())));
    assert_eq!(left(&mut client, 1), (200, Some("299".into())));
    assert_eq!(left(&mut client, 298_999), (200, Some("1".into())));
    assert_eq!(left(&mut client, 1), (401, None));
}

#[test]
fn reset_invalidates_every_token() {
    let mut client = Client::new(&[]);
    let token = client.token("21600");
    assert_eq!(
        client.call(Method::GET, LEAF, &[(TOKEN, &token)]).status(),
        200
    );
    let reset = client.call(Method::POST, "/_imdsim/reset", &[("host", "localhost")]);
    assert_eq!(reset.status(), 200);
    assert_eq!(
        client.call(Method::GET, LEAF, &[(TOKEN, &token)]).status(),
        401
    );
    assert_eq!(client.get(LEAF).0, 200);
}

#[test]
fn invalid_token_is_rejected_even_if_tokens_are_optional() {
    let mut client = Client::new(&[]);
    assert_eq!(client.call(Method::GET, LEAF, &[]).status(), 200);
    assert_eq!(
        client
            .call(Method::GET, LEAF, &[(TOKEN, "garbage")])
            .status(),
        401
    );
    assert_eq!(client.call(Method::GET, LEAF, &[(TOKEN, "")]).status(), 401);
}

#[test]
fn put_with_a_token_returns_a_new_one() {
    let mut client = Client::new(&[("http_tokens", "required")]);
    let old = client.token("300");
    client.now = client.now.plus_seconds(2);
    let headers = [(TOKEN, old.as_str()), (TTL, "300")];
    let put = client.call(Method::PUT, "/latest/api/token/", &headers);
    assert_eq!(
        (put.status().as_u16(), &put.headers()[TTL]),
        (200, &"300".parse().unwrap())
    );
    let elsewhere = client.call(Method::PUT, "/2021-03-23/api/token", &headers);
    assert_eq!(elsewhere.status(), 403);
    assert_eq!(elsewhere.headers()[TTL], "298");
}

#[test]
fn disabled_endpoint_rejects_everything_but_control_calls() {
    let mut client = Client::new(&[("http_endpoint", "disabled")]);
    assert_eq!(client.call(Method::GET, LEAF, &[]).status(), 403);
    assert_eq!(
        client
            .call(Method::PUT, "/latest/api/token", &[(TTL, "60")])
            .status(),
        403
    );
    assert_eq!(
        client.call(Method::GET, "/_imdsim/health", &[]).status(),
        200
    );
}

#[test]
fn forwarded_requests_get_tokens_only_if_enabled() {
    let headers = [(TTL, "60"), ("x-forwarded-for", "192.0.2.1")];
    let put = |client: &mut Client| {
        client
            .call(Method::PUT, "/latest/api/token", &headers)
            .status()
    };
    assert_eq!(put(&mut Client::new(&[])), 403);
    assert_eq!(put(&mut Client::new(&[("forwarded_for", "ignore")])), 200);
}

#[test]
fn imdsv1_and_imdsv2_return_different_credentials() {
    let mut client = Client::new(&[]);
    let path = "/latest/meta-data/iam/security-credentials/imdsim-role";
    let v2 = client.text(path);
    let v1 = client.call(Method::GET, path, &[]).into_body();
    assert_ne!(v1, v2.into_bytes());
}

#[test]
fn invalid_settings_are_reported_to_every_client() {
    let mut client = Client::new(&[("http_tokens", "maybe")]);
    let response = client.call(Method::GET, LEAF, &[]);
    assert_eq!(response.status(), 500);
    let body = String::from_utf8(response.into_body()).unwrap();
    assert!(body.contains("IMDSIM_HTTP_TOKENS: \\\"maybe\\\""), "{body}");
}

#[test]
fn reset_invalidates_tokens_even_with_frozen_entropy() {
    let mut client = Client::new(&[("frozen_entropy", "x")]);
    for _ in 0..2 {
        let token = client.token("21600");
        client.call(Method::POST, "/_imdsim/reset", &[("host", "localhost")]);
        let response = client.call(Method::GET, LEAF, &[(TOKEN, &token)]);
        assert_eq!(response.status(), 401);
    }
}
