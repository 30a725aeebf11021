//! The environment of the command, which directs its clients to the emulator.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use super::RunFlags;
use imdsim::constants::{ENDPOINT_VARIABLE, URL_VARIABLE};

/// Changed variables: the new value, or `None` to remove the variable.
pub(crate) type Changes = BTreeMap<String, Option<String>>;

/// Variables that disable or redirect metadata requests.
const REMOVED: [&str; 2] = [
    "AWS_EC2_METADATA_DISABLED",
    "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE",
];

/// Proxies of plain HTTP.
const HTTP_PROXIES: [&str; 4] = ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"];

/// Proxies of HTTPS.
const HTTPS_PROXIES: [&str; 2] = ["https_proxy", "HTTPS_PROXY"];

/// Both spellings of the list of hosts without a proxy.
const NO_PROXY: [&str; 2] = ["no_proxy", "NO_PROXY"];

/// Hosts that are always reached without a proxy.
const LOCAL: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// The prefix of variables that name AWS service endpoints, often local stacks
/// over plain HTTP.
const SERVICE_ENDPOINTS: &str = "AWS_ENDPOINT_URL";

/// Files with credentials.
const CREDENTIAL_FILES: [&str; 2] = ["AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"];

/// An empty file.
const NOTHING: &str = if cfg!(windows) { "NUL" } else { "/dev/null" };

/// All other sources of credentials that clients try before the metadata
/// service.
const CREDENTIALS: [&str; 16] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CREDENTIAL_EXPIRATION",
    "AWS_CREDENTIAL_FILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_PROFILE",
    "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SECURITY_TOKEN",
    "AWS_SESSION_TOKEN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "BOTO_CONFIG",
];

/// Returns the changes to the environment `given` for an emulator that listens
/// on `address`.
pub(crate) fn changes(
    flags: &RunFlags,
    address: SocketAddr,
    given: &BTreeMap<String, String>,
) -> Changes {
    let url = format!("http://{address}");
    let mut changes = Changes::new();
    let remove = |names: &[&str]| {
        let present = names.iter().filter(|name| given.contains_key(**name));
        present
            .map(|name| ((*name).to_owned(), None))
            .collect::<Vec<_>>()
    };
    changes.extend(remove(&REMOVED));
    if flags.clean {
        changes.extend(remove(&CREDENTIALS));
        let files = CREDENTIAL_FILES.map(|name| (name.to_owned(), Some(NOTHING.to_owned())));
        changes.extend(files);
    }
    if flags.namespace {
        // The namespace has no other hosts, and the emulator has the service's
        // own address.
        for names in [&[ENDPOINT_VARIABLE][..], &HTTP_PROXIES, &HTTPS_PROXIES] {
            changes.extend(remove(names));
        }
    } else {
        // The AWS CLI 2 appends its paths to the endpoint without a slash.
        changes.insert(ENDPOINT_VARIABLE.into(), Some(format!("{url}/")));
        // An existing proxy is kept.
        let has_proxy = HTTP_PROXIES.iter().any(|name| given.contains_key(*name));
        if !flags.no_proxy && !has_proxy {
            for name in ["http_proxy", "HTTP_PROXY"] {
                changes.insert(name.into(), Some(url.clone()));
            }
        }
        for name in NO_PROXY {
            changes.insert(name.into(), Some(no_proxy(given)));
        }
    }
    changes.insert(URL_VARIABLE.into(), Some(url));
    changes
}

/// Returns the hosts to reach without a proxy: the given ones, this machine,
/// and the AWS service endpoints.
fn no_proxy(given: &BTreeMap<String, String>) -> String {
    let before = NO_PROXY.iter().find_map(|name| given.get(*name));
    let before = before.into_iter().flat_map(|hosts| hosts.split(','));
    let services = given
        .iter()
        .filter(|(name, _)| name.starts_with(SERVICE_ENDPOINTS))
        .filter_map(|(_, url)| Some(url.parse::<http::Uri>().ok()?.host()?.to_owned()));
    let mut hosts = Vec::<String>::new();
    for host in before
        .chain(LOCAL)
        .map(|host| host.trim().to_owned())
        .chain(services)
    {
        if !host.is_empty() && !hosts.contains(&host) {
            hosts.push(host);
        }
    }
    hosts.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the changes to some variables.
    fn changed(flags: &RunFlags, given: &[(&str, &str)]) -> Changes {
        let given = given
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        changes(flags, "127.0.0.1:4719".parse().unwrap(), &given)
    }

    fn value<'c>(changes: &'c Changes, name: &str) -> Option<&'c str> {
        changes[name].as_deref()
    }

    #[test]
    fn the_endpoint_ends_with_a_slash() {
        let changes = changed(
            &RunFlags::default(),
            &[(ENDPOINT_VARIABLE, "http://elsewhere")],
        );
        assert_eq!(
            value(&changes, ENDPOINT_VARIABLE),
            Some("http://127.0.0.1:4719/")
        );
        assert_eq!(value(&changes, URL_VARIABLE), Some("http://127.0.0.1:4719"));
    }

    #[test]
    fn variables_that_disable_requests_are_removed() {
        let given = [
            ("AWS_EC2_METADATA_DISABLED", "true"),
            ("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "IPv6"),
        ];
        let changes = changed(&RunFlags::default(), &given);
        for (name, _) in given {
            assert_eq!(value(&changes, name), None);
        }
    }

    #[test]
    fn the_emulator_is_the_http_proxy() {
        let changes = changed(&RunFlags::default(), &[]);
        assert_eq!(value(&changes, "http_proxy"), Some("http://127.0.0.1:4719"));
        assert_eq!(value(&changes, "no_proxy"), Some("localhost,127.0.0.1,::1"));
        assert!(!changes.contains_key("https_proxy"));
    }

    #[test]
    fn local_stacks_are_reached_without_a_proxy() {
        let given = [
            ("AWS_ENDPOINT_URL", "http://localstack:4566"),
            ("AWS_ENDPOINT_URL_S3", "http://minio:9000/"),
            ("NO_PROXY", "example.com, localhost"),
        ];
        let changes = changed(&RunFlags::default(), &given);
        let expected = Some("example.com,localhost,127.0.0.1,::1,localstack,minio");
        assert_eq!(value(&changes, "no_proxy"), expected);
        assert_eq!(value(&changes, "NO_PROXY"), expected);
    }

    #[test]
    fn an_existing_proxy_and_no_proxy_are_respected() {
        for name in HTTP_PROXIES {
            let changes = changed(&RunFlags::default(), &[(name, "http://proxy:3128")]);
            assert!(HTTP_PROXIES.iter().all(|name| !changes.contains_key(*name)));
            assert!(changes.contains_key("no_proxy"));
        }
        let flags = RunFlags {
            no_proxy: true,
            ..RunFlags::default()
        };
        assert!(!changed(&flags, &[]).contains_key("http_proxy"));
    }

    #[test]
    fn credentials_are_removed_only_with_clean() {
        let given = [
            ("AWS_ACCESS_KEY_ID", "AKIA"),
            ("AWS_CONFIG_FILE", "config"),
            ("AWS_REGION", "eu-west-1"),
        ];
        let changes = changed(&RunFlags::default(), &given);
        assert!(given.iter().all(|(name, _)| !changes.contains_key(*name)));
        let clean = RunFlags {
            clean: true,
            ..RunFlags::default()
        };
        let changes = changed(&clean, &given);
        assert_eq!(value(&changes, "AWS_ACCESS_KEY_ID"), None);
        assert_eq!(value(&changes, "AWS_CONFIG_FILE"), Some(NOTHING));
        assert_eq!(
            value(&changes, "AWS_SHARED_CREDENTIALS_FILE"),
            Some(NOTHING)
        );
        assert!(!changes.contains_key("AWS_REGION"));
    }

    #[test]
    fn a_namespace_needs_no_endpoint_or_proxy() {
        let flags = RunFlags {
            namespace: true,
            ..RunFlags::default()
        };
        let given = [
            (ENDPOINT_VARIABLE, "http://elsewhere"),
            ("http_proxy", "http://proxy:3128"),
            ("HTTPS_PROXY", "http://proxy:3128"),
        ];
        let changes = changed(&flags, &given);
        for (name, _) in given {
            assert_eq!(value(&changes, name), None);
        }
        assert_eq!(value(&changes, URL_VARIABLE), Some("http://127.0.0.1:4719"));
        assert!(!changes.contains_key("no_proxy"));
    }
}
