//! Requests of the command, as journal entries.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A journal entry.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Call {
    pub(crate) method: String,
    pub(crate) path: String,
    /// The IMDS version. 2 means a token request, or a request with a token.
    pub(crate) version: u8,
    /// `None` if the connection closed without a response.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) user_agent: Option<String>,
    /// All other fields.
    #[serde(flatten)]
    rest: Map<String, Value>,
}

impl Call {
    /// Whether it is an IMDSv1 request.
    pub(crate) fn is_v1(&self) -> bool {
        self.version == 1
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Calls by user agent (none if empty), version, path and status.
    pub(crate) fn calls(rows: &[(&str, u8, &str, u16)]) -> Vec<Call> {
        rows.iter()
            .map(|(agent, version, path, status)| Call {
                method: "GET".into(),
                path: (*path).into(),
                version: *version,
                status: Some(*status),
                user_agent: (!agent.is_empty()).then(|| (*agent).into()),
                rest: Map::new(),
            })
            .collect()
    }

    #[test]
    fn unknown_fields_of_a_call_are_kept() {
        let document = serde_json::json!({
            "time": "2026-01-01T00:00:00Z", "method": "GET", "path": "/", "version": 1,
            "status": 200, "duration_us": 35, "user_agent": "curl/8"
        });
        let call: Call = serde_json::from_value(document.clone()).unwrap();
        assert!(call.is_v1());
        assert_eq!(serde_json::to_value(call).unwrap(), document);
    }
}
