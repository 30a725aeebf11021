use http::Method;
use serde_json::Value;

use crate::client::Client;

const ROLE: &str = "/latest/meta-data/iam/security-credentials/imdsim-role";
const EXTENDED: &str = "/latest/meta-data/iam/security-credentials-extended/imdsim-role";

#[test]
fn real_credentials_replace_generated_ones() {
    let made_up: Value = serde_json::from_str(&Client::new(&[]).text(ROLE)).unwrap();
    let given = r#"{"Credentials": {"AccessKeyId": "test", "SecretAccessKey": "secret",
                    "SessionToken": "session"}, "AssumedRoleUser": {}}"#;
    let mut client = Client::new(&[("credentials", given)]);
    let real: Value = serde_json::from_str(&client.text(ROLE)).unwrap();
    assert_eq!(real["AccessKeyId"], "test");
    assert_eq!(real["SecretAccessKey"], "secret");
    assert_eq!(real["Token"], "session");
    // Without an expiration, they use the generated one.
    assert_eq!(real["Expiration"], made_up["Expiration"]);
}

#[test]
fn real_credentials_require_a_profile_a_key_and_a_token() {
    let refused = |settings: &[(&str, &str)]| {
        let response = Client::new(settings).call(Method::GET, "/", &[]);
        assert_eq!(response.status(), 500);
        String::from_utf8(response.into_body()).unwrap()
    };
    let no_profile = refused(&[("credentials", "{}"), ("instance", "{}")]);
    assert!(
        no_profile.contains("describe its IamInstanceProfile"),
        "{no_profile}"
    );
    let no_key = refused(&[("credentials", r#"{"SecretAccessKey": "x"}"#)]);
    assert!(
        no_key.contains("IMDSIM_CREDENTIALS: AccessKeyId: it is missing"),
        "{no_key}"
    );
    let keys = r#"{"AccessKeyId": "AKIA", "SecretAccessKey": "x"}"#;
    let described =
        format!(r#"{{"IamInstanceProfile": {{}}, "Imdsim": {{"Credentials": {keys}}}}}"#);
    for (setting, place) in [
        (
            ("credentials", keys),
            "IMDSIM_CREDENTIALS: SessionToken: it is missing",
        ),
        (
            ("instance", &described),
            "IMDSIM_INSTANCE: Imdsim.Credentials.SessionToken: it is missing",
        ),
    ] {
        let no_token = refused(&[setting]);
        assert!(no_token.contains(place), "{no_token}");
        assert!(
            no_token.contains("`aws sts get-session-token`"),
            "{no_token}"
        );
    }
}

#[test]
fn extended_credentials_exist_only_when_enabled() {
    let mut client = Client::new(&[]);
    assert_eq!(client.get(EXTENDED).0, 404);
    assert_eq!(
        client.text("/latest/meta-data/iam/"),
        "info\nsecurity-credentials/"
    );
    let instance = r#"{"IamInstanceProfile": {}, "Imdsim": {"SecurityCredentialsExtended": true}}"#;
    let mut client = Client::new(&[("instance", instance)]);
    let document: Value = serde_json::from_str(&client.text(EXTENDED)).unwrap();
    assert_eq!(document["AccountId"], "123456789012");
    let plain: Value = serde_json::from_str(&client.text(ROLE)).unwrap();
    assert_eq!(document["AccessKeyId"], plain["AccessKeyId"]);
    assert_eq!(plain.get("AccountId"), None);
}
