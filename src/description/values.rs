//! Validated value types.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::read::{Read, kind, parsed, text};
use crate::hex;
use crate::problem::Problem;
use crate::time::{TimeError, UnixMillis};

/// Whether requests must carry a session token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HttpTokens {
    /// `optional`: requests without a token are also served.
    Optional,
    /// `required`: requests without a token are rejected.
    Required,
}

/// One of EC2's two-valued options.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flag {
    /// `enabled`
    Enabled,
    /// `disabled`
    Disabled,
}

/// A MAC address: six bytes, formatted in lowercase with colons.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MacAddress(pub [u8; 6]);

impl fmt::Display for MacAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = self.0.map(|byte| hex::encode(&[byte]));
        f.write_str(&bytes.join(":"))
    }
}

impl MacAddress {
    fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; 6];
        let mut parts = text.split([':', '-']);
        for byte in &mut bytes {
            let part = parts.next().filter(|part| part.len() == 2)?;
            *byte = u8::from_str_radix(part, 16).ok()?;
        }
        parts.next().is_none().then_some(Self(bytes))
    }
}

impl Read for MacAddress {
    fn read(value: &Value) -> Result<Self, Problem> {
        let what = "a MAC address; write six bytes in hexadecimal, as in 0e:ff:cd:d5:fd:4f";
        parsed(value, what, Self::parse)
    }
}

impl Read for UnixMillis {
    fn read(value: &Value) -> Result<Self, Problem> {
        let text = text(value)?;
        text.parse()
            .map_err(|error: TimeError| Problem::new("", format!("{text:?} {error}")))
    }
}

/// Bytes, encoded in base64.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Base64(pub Vec<u8>);

impl Read for Base64 {
    fn read(value: &Value) -> Result<Self, Problem> {
        let joined: String = text(value)?.split_ascii_whitespace().collect();
        let bytes = STANDARD.decode(joined).map_err(|_| {
            Problem::new(
                "",
                "this is not base64; write the output of `base64 -w 0 FILE`",
            )
        })?;
        Ok(Self(bytes))
    }
}

/// The override of a path in the tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Override {
    /// The text of a leaf.
    Text(String),
    /// Removed: `false` or `null`.
    Gone,
}

impl Read for Override {
    fn read(value: &Value) -> Result<Self, Problem> {
        match value {
            Value::Null | Value::Bool(false) => Ok(Self::Gone),
            Value::String(text) => Ok(Self::Text(text.clone())),
            other => Err(Problem::new(
                "",
                format!(
                    "this is {}, not the text of a leaf; put it in quotes, or write null to \
                     remove what the path names",
                    kind(other)
                ),
            )),
        }
    }
}

/// A public host name; EC2's API distinguishes three cases.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum DnsName {
    /// The field is omitted: EC2's default name.
    #[default]
    Unsaid,
    /// The field is empty: the VPC assigns no names.
    Absent,
    /// The name.
    Name(String),
}

impl Read for DnsName {
    fn read(value: &Value) -> Result<Self, Problem> {
        Ok(match text(value)? {
            "" => Self::Absent,
            name => Self::Name(name.to_owned()),
        })
    }
}

/// The target lifecycle state in an Auto Scaling group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum LifecycleState {
    /// The field is omitted: derived from the group.
    #[default]
    Unsaid,
    /// The field is `null` or empty: no state.
    Absent,
    /// An explicit state.
    State(String),
}

impl Read for LifecycleState {
    const READS_NULL: bool = true;

    fn read(value: &Value) -> Result<Self, Problem> {
        if value.is_null() {
            return Ok(Self::Absent);
        }
        Ok(match text(value)? {
            "" => Self::Absent,
            state => Self::State(state.to_owned()),
        })
    }
}

impl Read for Ipv4Addr {
    fn read(value: &Value) -> Result<Self, Problem> {
        let what = "an IPv4 address; write four numbers, as in 10.0.0.5";
        parsed(value, what, |text| text.parse().ok())
    }
}

impl Read for Ipv6Addr {
    fn read(value: &Value) -> Result<Self, Problem> {
        let what = "an IPv6 address; write it like 2600:1f16:67f:f201::10";
        parsed(value, what, |text| text.parse().ok())
    }
}

impl Read for Flag {
    fn read(value: &Value) -> Result<Self, Problem> {
        parsed(
            value,
            "valid; expected `enabled` or `disabled`",
            |text| match text {
                "enabled" => Some(Self::Enabled),
                "disabled" => Some(Self::Disabled),
                _ => None,
            },
        )
    }
}

impl Read for HttpTokens {
    fn read(value: &Value) -> Result<Self, Problem> {
        parsed(
            value,
            "valid; expected `optional` or `required`",
            |text| match text {
                "optional" => Some(Self::Optional),
                "required" => Some(Self::Required),
                _ => None,
            },
        )
    }
}
