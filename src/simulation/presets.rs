//! Preset faults by name, modeled on failures of real instances.

use serde_json::{Map, Value, json};

use crate::problem::Problem;
use crate::settings::read_json;

/// A predefined fault.
pub(crate) struct Preset {
    /// The name, for example in `faults/<name>`.
    pub(crate) name: &'static str,
    /// The effect, in one sentence.
    summary: &'static str,
    /// The fault's fields as JSON, without the start.
    document: &'static str,
}

/// All presets, sorted by name.
pub(crate) const PRESETS: &[Preset] = &[
    Preset {
        name: "connection-closed",
        summary: "Every connection closes without a response.",
        document: r#"{"close": true}"#,
    },
    Preset {
        name: "credentials-refused",
        summary: "EC2 cannot assume the role: the credentials document reports the failure.",
        document: r#"{"credentials": "AssumeRoleUnauthorizedAccess"}"#,
    },
    Preset {
        name: "cut-body",
        summary: "Connections close after the first byte of a body.",
        document: r#"{"method": "GET", "cut": 1}"#,
    },
    Preset {
        name: "early-boot",
        summary: "For ten seconds all requests except the token request fail with 401, as sometimes right after a launch.",
        document: r#"{"method": "GET", "status": 401, "for": "10s"}"#,
    },
    Preset {
        name: "early-boot-without-role",
        summary: "For ten seconds the role is missing: 404 below iam/.",
        document: r#"{"path": "/*/meta-data/iam/**", "status": 404, "for": "10s"}"#,
    },
    Preset {
        name: "expired-credentials",
        summary: "The credentials expired an hour ago, as after a failed rotation.",
        document: r#"{"credentials": "expired"}"#,
    },
    Preset {
        name: "flaky",
        summary: "About every third request fails with 500, always the same ones.",
        document: r#"{"share": 0.33, "status": 500}"#,
    },
    Preset {
        name: "garbled-body",
        summary: "Bodies have the right length and unreadable content.",
        document: r#"{"method": "GET", "garble": true}"#,
    },
    Preset {
        name: "hop-limit-exceeded",
        summary: "The token request never gets a response, as behind one network hop too many.",
        document: r#"{"path": "/latest/api/token", "method": "PUT", "stall": true}"#,
    },
    Preset {
        name: "imds-disabled",
        summary: "All requests are rejected with 403, as with HttpEndpoint=disabled.",
        document: r#"{"status": 403}"#,
    },
    Preset {
        name: "slow",
        summary: "Every response is delayed by two seconds.",
        document: r#"{"delay": "2s"}"#,
    },
    Preset {
        name: "throttled",
        summary: "Two requests per second succeed; the others fail with 503.",
        document: r#"{"throttle": 2, "status": 503}"#,
    },
    Preset {
        name: "token-forbidden",
        summary: "The token request is rejected with 403, as through a proxy.",
        document: r#"{"path": "/latest/api/token", "method": "PUT", "status": 403}"#,
    },
    Preset {
        name: "token-not-found",
        summary: "The token path returns 404, as before IMDSv2.",
        document: r#"{"path": "/latest/api/token", "method": "PUT", "status": 404}"#,
    },
    Preset {
        name: "unavailable",
        summary: "All requests fail with 500.",
        document: r#"{"status": 500}"#,
    },
];

/// Returns the preset with this name.
pub(crate) fn find(name: &str) -> Option<&'static Preset> {
    PRESETS.iter().find(|preset| preset.name == name)
}

/// All names, joined for an error message.
pub(crate) fn names() -> String {
    let names: Vec<_> = PRESETS.iter().map(|preset| preset.name).collect();
    names.join(", ")
}

impl Preset {
    /// Parses the fields of the fault.
    pub(super) fn fields(&self) -> Result<Map<String, Value>, Problem> {
        match read_json(self.name, self.document)? {
            Value::Object(fields) => Ok(fields),
            _ => Ok(Map::new()),
        }
    }

    /// The preset's representation in the control API.
    pub(crate) fn show(&self) -> Result<Value, Problem> {
        Ok(json!({
            "name": self.name,
            "summary": self.summary,
            "fault": self.fields()?,
        }))
    }
}
