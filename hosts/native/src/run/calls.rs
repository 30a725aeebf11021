//! The requests of the command, as the journal has them.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// One request.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Call {
    pub(crate) method: String,
    pub(crate) path: String,
    /// Of IMDS: 2 is a request for a token, or with one.
    pub(crate) version: u8,
    /// Where there is none, the connection closed without an answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) user_agent: Option<String>,
    /// Whatever else is known of it.
    #[serde(flatten)]
    rest: Map<String, Value>,
}

impl Call {
    /// Whether it came without a token and asked for none.
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
    fn what_is_not_understood_of_a_call_is_kept() {
        let document = serde_json::json!({
            "time": "2026-01-01T00:00:00Z", "method": "GET", "path": "/", "version": 1,
            "status": 200, "duration_us": 35, "user_agent": "curl/8"
        });
        let call: Call = serde_json::from_value(document.clone()).unwrap();
        assert!(call.is_v1());
        assert_eq!(serde_json::to_value(call).unwrap(), document);
    }
}
