use std::fmt::Write as _;

use http::{Method, Request};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::Value;

use crate::client::Client;
use crate::mutated::{self, Change};

/// A call of the control API.
#[derive(Clone, Debug)]
struct Call {
    method: Method,
    path: String,
    body: Body,
}

#[derive(Clone, Debug)]
enum Body {
    Bytes(Vec<u8>),
    /// The output of a GET of the same path, with one mutation.
    Shown(Change),
}

const INSTANCES: [&str; 5] = [
    r#"{"InstanceType":"m5.large","Tags":[{"Key":"Name","Value":"web"}],"Placement":{"AvailabilityZone":"eu-central-1b"}}"#,
    r#"{"NetworkInterfaces":[{"MacAddress":"0e:00:00:00:00:02","PrivateIpAddress":"10.0.0.9","Attachment":{"DeviceIndex":0},"Groups":[{"GroupId":"sg-1","GroupName":"g"}],"Ipv6Addresses":[{"Ipv6Address":"2600::1"}],"Ipv4Prefixes":[{"Ipv4Prefix":"10.0.1.0/28"}],"Association":{"PublicIp":"3.3.3.3"}}]}"#,
    r#"{"IamInstanceProfile":{"Arn":"arn:aws:iam::123456789012:instance-profile/x","Id":"AIPA"},"LaunchTime":"2026-01-01T00:00:00Z","BlockDeviceMappings":[{"DeviceName":"/dev/sdf","Ebs":{"VolumeId":"vol-1","AttachTime":"2026-01-01T00:00:01Z"}}],"RootDeviceName":"/dev/xvda","MetadataOptions":{"InstanceMetadataTags":"enabled"},"ProductCodes":[{"ProductCodeId":"x","ProductCodeType":"marketplace"}],"KeyName":"k"}"#,
    r#"{"Imdsim":{"Overrides":{"meta-data/placement":null,"meta-data/x/y":"z","user-data":"u"},"UserData":"aGVsbG8=","RoleName":"r","ApiVersions":["1.0","2021-03-23"],"PublicKeys":[{"KeyName":"k","OpenSshKey":"ssh-ed25519 AAAA"}],"SubnetIpv4CidrBlock":"172.31.16.0/20","VpcIpv6CidrBlocks":["2600::/56"],"AncestorAmiIds":["ami-1"]}}"#,
    r#"{"Imdsim":{"SpotInstanceAction":{"Action":"stop","Time":"2026-11-02T00:00:00Z"},"MaintenanceEvents":[{"Code":"system-reboot","NotBefore":"2026-11-02T00:00:00Z","State":"active"}],"TargetLifecycleState":"InService","RebalanceNoticeTime":"2026-11-01T00:00:00Z","CredentialsRotationTime":"now","ManagedSshKeys":{"ActiveKeys":{"u":"k"},"SignerCert":"c","SignerOcsp":{"f":"o"}},"CredentialsFailure":{"Code":"AssumeRoleUnauthorizedAccess"}}}"#,
];
const EVENTS: [&str; 8] = [
    r#"{"type":"spot-interruption"}"#,
    r#"{"type":"spot-interruption","action":"hibernate","in":"30s","id":"a"}"#,
    r#"{"type":"rebalance-recommendation","at":"2026-11-01T00:00:30Z"}"#,
    r#"{"type":"maintenance","event":{"Code":"instance-stop","NotAfter":"2026-11-09T00:00:00Z"}}"#,
    r#"{"type":"lifecycle-state","state":"Terminated","in":"1h"}"#,
    r#"{"type":"change","instance":{"InstanceType":"m5.large","Imdsim":{"MaintenanceEvents":[]}},"in":"10s"}"#,
    r#"{"type":"change","instance":{"Imdsim":{"Overrides":{"meta-data/x":"y"}}}}"#,
    r#"{"type":"fault","preset":"throttled","in":"1m","id":"f"}"#,
];
const TIMELINES: [&str; 3] = [
    r#"[{"type":"change","instance":{"Imdsim":{"RoleName":"x"}}},{"type":"spot-interruption"},{"type":"maintenance"}]"#,
    r#"{"events":[{"type":"change","instance":{"Tags":[]},"in":"5s"},{"type":"lifecycle-state","in":"5s"},{"type":"rebalance-recommendation","id":"2"}]}"#,
    "[]",
];
const FAULTS: [&str; 7] = [
    r#""throttled""#,
    r#"{"preset":"slow","delay":"10ms"}"#,
    r#"{"status":503,"share":0.5,"until":"2026-12-01T00:00:00Z","method":"GET"}"#,
    r#"{"path":"/latest/**/iam","version":2,"nth":2,"close":true}"#,
    r#"{"throttle":3,"for":"1h"}"#,
    r#"{"cut":3,"first":1,"in":"1m"}"#,
    r#"{"credentials":"expired"}"#,
];
const CLOCKS: [&str; 5] = [
    r#"{"shift":"+6h1s"}"#,
    r#"{"shift":"-90d"}"#,
    r#"{"freeze":"2026-01-01T00:00:00Z"}"#,
    r#"{"freeze":"9999-12-31T23:59:59Z"}"#,
    "{}",
];
const OPTIONS: [&str; 2] = [
    r#"{"HttpTokens":"required","HttpPutResponseHopLimit":2}"#,
    r#"{"HttpEndpoint":"enabled","InstanceMetadataTags":"enabled","HttpProtocolIpv6":"disabled"}"#,
];

fn calls() -> impl Strategy<Value = Call> {
    let documents = |method: Method, path: &str, documents: &[&str]| {
        let path = path.to_owned();
        mutated::one_of(documents)
            .prop_map(move |document| call(&method, &path, document.to_string().into_bytes()))
    };
    let ids = || "(a|f|1|2|slow|throttled|\\.|[ -~]{1,3}|[a-z]{120,130})";
    let override_paths = prop_oneof![
        select(vec![
            "meta-data/ami-id",
            "meta-data/ami-id/x",
            "meta-data/placement",
            "meta-data/placement/region",
            "meta-data/made/up",
            "meta-data/made",
            "meta-data/tags/instance/x",
            "meta-data/network/interfaces/macs/0e:00:00:00:00:02/x/y",
            "meta-data",
            "dynamic",
            "user-data",
            "latest/meta-data/x",
        ])
        .prop_map(str::to_owned),
        "(meta-data|dynamic)(/[a-c]{1,2}){0,3}",
    ];
    let deleted = select(vec!["overrides", "events", "faults", "user-data", "clock"]);
    let shown = select(vec![
        ("PUT", "snapshot"),
        ("PATCH", "instance"),
        ("PATCH", "metadata-options"),
        ("PUT", "events"),
        ("PUT", "faults"),
        ("PUT", "clock"),
    ]);
    let overrides = (override_paths, "\\PC{0,8}", any::<bool>());
    prop_oneof![
        6 => documents(Method::PATCH, "instance", &INSTANCES),
        1 => documents(Method::PATCH, "metadata-options", &OPTIONS),
        6 => documents(Method::POST, "events", &EVENTS),
        4 => documents(Method::PUT, "events", &TIMELINES),
        2 => documents(Method::PUT, "faults", &FAULTS),
        4 => (ids(), mutated::one_of(&FAULTS)).prop_map(|(id, fault)| {
            call(&Method::PUT, &format!("faults/{}", escape(&id)), fault.to_string().into_bytes())
        }),
        2 => documents(Method::PUT, "clock", &CLOCKS),
        3 => overrides.prop_map(|(path, text, gone)| {
            let method = if gone { Method::DELETE } else { Method::PUT };
            call(&method, &format!("overrides/{path}"), text.into_bytes())
        }),
        1 => prop::collection::vec(any::<u8>(), 0..20)
            .prop_map(|bytes| call(&Method::PUT, "user-data", bytes)),
        1 => deleted.prop_map(|path| call(&Method::DELETE, path, Vec::new())),
        1 => (select(vec!["events", "faults"]), ids()).prop_map(|(path, id)| {
            call(&Method::DELETE, &format!("{path}/{}", escape(&id)), Vec::new())
        }),
        3 => (shown, mutated::change()).prop_map(|((method, path), change)| Call {
            method: method.parse().unwrap(),
            path: path.to_owned(),
            body: Body::Shown(change),
        }),
    ]
}

fn call(method: &Method, path: &str, body: Vec<u8>) -> Call {
    Call {
        method: method.clone(),
        path: path.to_owned(),
        body: Body::Bytes(body),
    }
}

fn escape(id: &str) -> String {
    let mut escaped = String::new();
    for byte in id.bytes() {
        write!(escaped, "%{byte:02x}").unwrap();
    }
    escaped
}

impl Call {
    fn request(&self, client: &mut Client) -> Request<Vec<u8>> {
        let body = match &self.body {
            Body::Bytes(bytes) => bytes.clone(),
            Body::Shown(change) => {
                let shown = client.send(&request(&Method::GET, &self.path, Vec::new()));
                let mut shown: Value = serde_json::from_slice(shown.body()).unwrap();
                change.apply(&mut shown);
                shown.to_string().into_bytes()
            }
        };
        request(&self.method, &self.path, body)
    }
}

fn request(method: &Method, path: &str, body: Vec<u8>) -> Request<Vec<u8>> {
    Request::builder()
        .method(method)
        .uri(format!("/_imdsim/{path}"))
        .header("host", "localhost")
        .body(body)
        .unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    /// After any accepted calls, the emulator answers at every later moment, also
    /// after a restart and after a reset.
    #[test]
    fn after_any_accepted_control_call_everything_still_answers(
        calls in prop::collection::vec(calls(), 1..6),
        later in select(vec![0, 1, 20, 3600, 86_400, 400_000_000_000_i64]),
    ) {
        let mut client = Client::new(&[("journal", "3")]);
        for call in calls {
            let request = call.request(&mut client);
            let response = client.send(&request);
            let status = response.status().as_u16();
            let said = String::from_utf8_lossy(response.body()).into_owned();
            prop_assert!(status < 500, "{request:?}: {said}");
            if status != 200 {
                continue;
            }
            for seconds in [0, later] {
                let mut restarted = client.copy();
                restarted.now = restarted.now.plus_seconds(seconds);
                if let Err(problem) = still_answers(&mut restarted) {
                    let place = format!("{seconds} s after {} {}", call.method, call.path);
                    let body = String::from_utf8_lossy(request.body());
                    return Err(TestCaseError::fail(format!("{place} {body}: {problem}")));
                }
            }
            if let Err(problem) = still_answers(&mut client.copy()) {
                return Err(TestCaseError::fail(problem));
            }
        }
    }
}

/// Reads health, every listing right below the root and all of `meta-data/` in the
/// newest version, then the same again after a reset. Faults are removed and the
/// endpoint is enabled first.
fn still_answers(client: &mut Client) -> Result<(), String> {
    reads(client)?;
    let response = client.send(&request(&Method::POST, "reset", Vec::new()));
    if response.status() != 200 {
        return Err(format!(
            "reset: {}",
            String::from_utf8_lossy(response.body())
        ));
    }
    reads(client)
}

fn reads(client: &mut Client) -> Result<(), String> {
    let on = br#"{"HttpEndpoint":"enabled"}"#.to_vec();
    for (method, path, body) in [
        (Method::GET, "health", Vec::new()),
        (Method::GET, "snapshot", Vec::new()),
        (Method::GET, "instance", Vec::new()),
        (Method::DELETE, "faults", Vec::new()),
        (Method::PATCH, "metadata-options", on),
    ] {
        let response = client.send(&request(&method, path, body));
        if response.status() != 200 {
            let said = String::from_utf8_lossy(response.body());
            return Err(format!("{method} {path}: {said}"));
        }
    }
    let token = client.token("60");
    let (status, versions) = client.fetch("/", Some(&token));
    if status != 200 {
        return Err(format!("/: {status}"));
    }
    let versions = String::from_utf8_lossy(&versions).into_owned();
    let mut ahead: Vec<_> = versions.lines().map(|name| format!("/{name}/")).collect();
    while let Some(path) = ahead.pop() {
        let (status, body) = client.fetch(&path, Some(&token));
        if status != 200 {
            return Err(format!("{path}: {status}"));
        }
        let names = String::from_utf8_lossy(&body).into_owned();
        let names = names.lines().filter(|name| !name.is_empty());
        if path.ends_with('/') && path.matches('/').count() == 2 {
            ahead.extend(names.map(|name| format!("{path}{name}")));
        } else if path == "/latest/meta-data" || path.starts_with("/latest/") && path.ends_with('/')
        {
            let path = path.trim_end_matches('/');
            ahead.extend(names.map(|name| match name.split_once('=') {
                Some((index, _)) if path.ends_with("/public-keys") => format!("{path}/{index}/"),
                _ => format!("{path}/{name}"),
            }));
        }
    }
    Ok(())
}
