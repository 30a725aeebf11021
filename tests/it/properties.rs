use http::{Method, Request};
use proptest::prelude::*;

use crate::world::World;
use imdsim::normalize;

const STATUSES: [u16; 6] = [200, 400, 401, 403, 404, 405];

proptest! {
    /// Any target that HTTP lets through, with any method and headers.
    #[test]
    fn no_request_breaks_the_emulator(
        method in "[A-Z]{1,10}",
        path in "/[!-~]{0,60}",
        headers in prop::collection::vec(
            (
                prop_oneof![
                    Just("x-aws-ec2-metadata-token"),
                    Just("x-aws-ec2-metadata-token-ttl-seconds"),
                    Just("x-forwarded-for"),
                    Just("host"),
                    Just("authorization"),
                ],
                prop::collection::vec(prop_oneof![32_u8..=126, 128_u8..=255], 0..80),
            ),
            0..4,
        ),
        body in prop::collection::vec(any::<u8>(), 0..64),
    ) {
        let mut request = Request::builder().method(method.as_str()).uri(path);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        if let Ok(request) = request.body(body) {
            let response = World::new(&[]).send(&request);
            let status = response.status().as_u16();
            prop_assert!(STATUSES.contains(&status), "{status}");
            let length = response.headers()["content-length"].to_str().unwrap().to_owned();
            if request.method() != Method::HEAD {
                prop_assert_eq!(length, response.body().len().to_string());
            }
        }
    }

    #[test]
    fn no_text_is_a_token_unless_it_was_minted(token in "[!-~]{0,70}") {
        let headers = [("x-aws-ec2-metadata-token", token.as_str())];
        let response = World::new(&[]).call(Method::GET, "/", &headers);
        prop_assert_eq!(response.status(), 401);
    }

    #[test]
    fn a_time_to_live_is_granted_up_to_six_hours(ttl in "[ -~]{0,8}") {
        let headers = [("x-aws-ec2-metadata-token-ttl-seconds", ttl.as_str())];
        let response = World::new(&[]).call(Method::PUT, "/latest/api/token", &headers);
        let digits = ttl.trim();
        let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        let granted = plain && digits.parse::<u64>().is_ok_and(|seconds| seconds <= 21_600);
        prop_assert_eq!(response.status().as_u16(), if granted { 200 } else { 400 });
    }

    #[test]
    fn a_normalised_path_is_its_own_normal_form(path in "/[ -$&-~]{0,40}") {
        let once = format!("/{}", normalize(&path));
        let twice = format!("/{}", normalize(&once));
        prop_assert_eq!(twice, once);
    }

    /// A state document that somebody else wrote is refused, not believed.
    #[test]
    fn no_stored_bytes_break_the_emulator(stored in prop::collection::vec(any::<u8>(), 0..64)) {
        let mut emulator = imdsim::Emulator::from_env([]);
        let ambient = imdsim::Ambient { now: imdsim::UnixMillis(0), entropy: [0; 32] };
        let request = Request::get("/latest/meta-data/ami-id").body(Vec::new()).unwrap();
        let outcome = emulator.answer(Some(&stored), ambient, &request);
        prop_assert!(matches!(outcome.response.status.as_u16(), 200 | 500));
        prop_assert!(outcome.swap.is_none());
    }
}
