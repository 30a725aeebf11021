use http::Method;

use crate::world::World;

const LEAF: &str = "/latest/meta-data/instance-id";
const TOKEN: &str = "x-aws-ec2-metadata-token";
const TTL: &str = "x-aws-ec2-metadata-token-ttl-seconds";

#[test]
fn a_token_is_good_until_its_last_second() {
    let mut world = World::new(&[("http_tokens", "required")]);
    let token = world.token("300");
    let left = |world: &mut World, milliseconds| {
        world.now.0 += milliseconds;
        let response = world.call(Method::GET, LEAF, &[(TOKEN, &token)]);
        let ttl = response.headers().get(TTL);
        (
            response.status().as_u16(),
            ttl.map(|ttl| ttl.to_str().unwrap().to_owned()),
        )
    };
    assert_eq!(left(&mut world, 0), (200, Some("300".into())));
    assert_eq!(left(&mut world, 999), (200, Some("300".into())));
    assert_eq!(left(&mut world, 1), (200, Some("299".into())));
    assert_eq!(left(&mut world, 298_999), (200, Some("1".into())));
    assert_eq!(left(&mut world, 1), (401, None));
}

#[test]
fn a_reset_kills_every_token() {
    let mut world = World::new(&[]);
    let token = world.token("21600");
    assert_eq!(
        world.call(Method::GET, LEAF, &[(TOKEN, &token)]).status(),
        200
    );
    let reset = world.call(Method::POST, "/_imdsim/reset", &[("host", "localhost")]);
    assert_eq!(reset.status(), 200);
    assert_eq!(
        world.call(Method::GET, LEAF, &[(TOKEN, &token)]).status(),
        401
    );
    assert_eq!(world.get(LEAF).0, 200);
}

#[test]
fn a_bad_token_is_refused_even_where_none_is_needed() {
    let mut world = World::new(&[]);
    assert_eq!(world.call(Method::GET, LEAF, &[]).status(), 200);
    assert_eq!(
        world
            .call(Method::GET, LEAF, &[(TOKEN, "garbage")])
            .status(),
        401
    );
    assert_eq!(world.call(Method::GET, LEAF, &[(TOKEN, "")]).status(), 401);
}

#[test]
fn a_token_in_the_answer_to_put_is_the_new_one() {
    let mut world = World::new(&[("http_tokens", "required")]);
    let old = world.token("300");
    world.now = world.now.plus_seconds(2);
    let headers = [(TOKEN, old.as_str()), (TTL, "300")];
    let put = world.call(Method::PUT, "/latest/api/token/", &headers);
    assert_eq!(
        (put.status().as_u16(), &put.headers()[TTL]),
        (200, &"300".parse().unwrap())
    );
    let elsewhere = world.call(Method::PUT, "/2021-03-23/api/token", &headers);
    assert_eq!(elsewhere.status(), 403);
    assert_eq!(elsewhere.headers()[TTL], "298");
}

#[test]
fn a_disabled_endpoint_refuses_everything_but_control() {
    let mut world = World::new(&[("http_endpoint", "disabled")]);
    assert_eq!(world.call(Method::GET, LEAF, &[]).status(), 403);
    assert_eq!(
        world
            .call(Method::PUT, "/latest/api/token", &[(TTL, "60")])
            .status(),
        403
    );
    assert_eq!(
        world.call(Method::GET, "/_imdsim/health", &[]).status(),
        200
    );
}

#[test]
fn a_forwarded_request_gets_no_token_unless_told_so() {
    let headers = [(TTL, "60"), ("x-forwarded-for", "192.0.2.1")];
    let put = |world: &mut World| {
        world
            .call(Method::PUT, "/latest/api/token", &headers)
            .status()
    };
    assert_eq!(put(&mut World::new(&[])), 403);
    assert_eq!(put(&mut World::new(&[("forwarded_for", "ignore")])), 200);
}

#[test]
fn the_protocols_see_different_credentials() {
    let mut world = World::new(&[]);
    let path = "/latest/meta-data/iam/security-credentials/imdsim-role";
    let v2 = world.text(path);
    let v1 = world.call(Method::GET, path, &[]).into_body();
    assert_ne!(v1, v2.into_bytes());
}

#[test]
fn bad_settings_are_told_to_every_client() {
    let mut world = World::new(&[("http_tokens", "maybe")]);
    let response = world.call(Method::GET, LEAF, &[]);
    assert_eq!(response.status(), 500);
    let body = String::from_utf8(response.into_body()).unwrap();
    assert!(body.contains("IMDSIM_HTTP_TOKENS: \\\"maybe\\\""), "{body}");
}

#[test]
fn every_reset_kills_tokens_even_with_frozen_entropy() {
    let mut world = World::new(&[("frozen_entropy", "x")]);
    for _ in 0..2 {
        let token = world.token("21600");
        world.call(Method::POST, "/_imdsim/reset", &[("host", "localhost")]);
        let response = world.call(Method::GET, LEAF, &[(TOKEN, &token)]);
        assert_eq!(response.status(), 401);
    }
}
