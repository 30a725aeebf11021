//! Values with a form of their own, checked when they are read.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde::de::{self, Deserialize, Deserializer};

/// A MAC address: six bytes, written in lower case with colons.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MacAddress(pub [u8; 6]);

impl fmt::Display for MacAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
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

impl<'de> Deserialize<'de> for MacAddress {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read(
            deserializer,
            Self::parse,
            "a MAC address; write six bytes in hexadecimal, as in 0e:ff:cd:d5:fd:4f",
        )
    }
}

/// A moment, in RFC 3339 with any offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Time(pub Timestamp);

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read(
            deserializer,
            |text| text.parse().ok().map(Self),
            "a time; write it in RFC 3339, as in 2026-09-26T14:32:42Z",
        )
    }
}

/// Bytes, written in base64.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Base64(pub Vec<u8>);

impl<'de> Deserialize<'de> for Base64 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let decode = |text: &str| {
            let joined: String = text.split_ascii_whitespace().collect();
            STANDARD.decode(joined).ok().map(Self)
        };
        read(
            deserializer,
            decode,
            "base64; write the output of `base64 -w 0 FILE`",
        )
    }
}

/// For `#[serde(deserialize_with)]` on addresses: an empty text is no address.
pub(super) fn ipv4<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Ipv4Addr>, D::Error> {
    optional(from, "an IPv4 address; write four numbers, as in 10.0.0.5")
}

/// The same for IPv6.
pub(super) fn ipv6<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Ipv6Addr>, D::Error> {
    optional(
        from,
        "an IPv6 address; write it as in 2600:1f16:67f:f201::10",
    )
}

fn optional<'de, D, T>(deserializer: D, what: &str) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: std::str::FromStr,
{
    let Some(text) = Option::<String>::deserialize(deserializer)?.filter(|text| !text.is_empty())
    else {
        return Ok(None);
    };
    let parsed = text.parse().ok();
    parsed.map(Some).ok_or_else(|| refusal(&text, what))
}

fn read<'de, D, T>(
    deserializer: D,
    parse: impl Fn(&str) -> Option<T>,
    what: &str,
) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
{
    let text = String::deserialize(deserializer)?;
    parse(&text).ok_or_else(|| refusal(&text, what))
}

fn refusal<E: de::Error>(text: &str, what: &str) -> E {
    de::Error::custom(format!("{text:?} is not {what}"))
}
