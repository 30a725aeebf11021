//! The options of the metadata service itself, as `ModifyInstanceMetadataOptions`
//! sets them.

use serde_json::{Value, json};

use crate::description::{Flag, HttpTokens, MetadataOptionsDescription};
use crate::problem::Problem;

/// The metadata options of an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MetadataOptions {
    /// Whether requests must carry a token.
    pub http_tokens: HttpTokens,
    /// Whether the service is enabled.
    pub http_endpoint: bool,
    /// The hop limit of token responses, 1 to 64. Stored and shown, but not applied
    /// to packets.
    pub http_put_response_hop_limit: u8,
    /// Whether the service is enabled on IPv6. `imdsim run --namespace` applies it.
    pub http_protocol_ipv6: bool,
    /// Whether instance tags are in the metadata.
    pub instance_metadata_tags: bool,
}

impl MetadataOptions {
    /// The hop limits that EC2 allows.
    const HOP_LIMITS: std::ops::RangeInclusive<u8> = 1..=64;

    /// Reads the options of a description, with the defaults of EC2's API.
    pub fn new(description: &MetadataOptionsDescription) -> Result<Self, Problem> {
        let enabled =
            |flag: Option<Flag>, default: bool| flag.map_or(default, |flag| flag == Flag::Enabled);
        let hop_limit = description.http_put_response_hop_limit.unwrap_or(1);
        let hops = u8::try_from(hop_limit).ok();
        let hops = hops
            .filter(|hops| Self::HOP_LIMITS.contains(hops))
            .ok_or_else(|| {
                Problem::new(
                    "MetadataOptions.HttpPutResponseHopLimit",
                    format!("{hop_limit} is out of range; write a number from 1 to 64"),
                )
            })?;
        Ok(Self {
            http_tokens: description.http_tokens.unwrap_or(HttpTokens::Optional),
            http_endpoint: enabled(description.http_endpoint, true),
            http_put_response_hop_limit: hops,
            http_protocol_ipv6: enabled(description.http_protocol_ipv6, false),
            instance_metadata_tags: enabled(description.instance_metadata_tags, false),
        })
    }

    /// The options by their names in EC2's API.
    pub(crate) fn to_json(self) -> Value {
        let flag = |on: bool| if on { "enabled" } else { "disabled" };
        json!({
            "HttpTokens": match self.http_tokens {
                HttpTokens::Optional => "optional",
                HttpTokens::Required => "required",
            },
            "HttpEndpoint": flag(self.http_endpoint),
            "HttpPutResponseHopLimit": self.http_put_response_hop_limit,
            "HttpProtocolIpv6": flag(self.http_protocol_ipv6),
            "InstanceMetadataTags": flag(self.instance_metadata_tags),
        })
    }
}
