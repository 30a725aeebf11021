//! Preset faults, by name: failures that occur on real instances.

use serde_json::{Map, Value, json};

use crate::problem::Problem;
use crate::settings::read_json;

/// A fault that is there to be asked for.
pub(crate) struct Preset {
    /// By which it is asked for.
    pub(crate) name: &'static str,
    /// What it does, in one sentence.
    summary: &'static str,
    /// The fault, but for when it begins.
    document: &'static str,
}

/// All of them, by name.
pub(crate) const PRESETS: &[Preset] = &[
    Preset {
        name: "connection-closed",
        summary: "Every connection closes without an answer.",
        document: r#"{"close": true}"#,
    },
    Preset {
        name: "credentials-refused",
        summary: "EC2 cannot assume the role: the credentials are a document that says so.",
        document: r#"{"credentials": "AssumeRoleUnauthorizedAccess"}"#,
    },
    Preset {
        name: "cut-body",
        summary: "Connections close after the first byte of a body.",
        document: r#"{"method": "GET", "cut": 1}"#,
    },
    Preset {
        name: "early-boot",
        summary: "For ten seconds everything but the token is refused with 401, as now and then right after a launch.",
        document: r#"{"method": "GET", "status": 401, "for": "10s"}"#,
    },
    Preset {
        name: "early-boot-without-role",
        summary: "For ten seconds the role is not there yet: 404 below iam/.",
        document: r#"{"path": "/*/meta-data/iam/**", "status": 404, "for": "10s"}"#,
    },
    Preset {
        name: "expired-credentials",
        summary: "The credentials have ended an hour ago, as when their rotation fails.",
        document: r#"{"credentials": "expired"}"#,
    },
    Preset {
        name: "flaky",
        summary: "Every third request or so fails with 500, the same ones each time.",
        document: r#"{"share": 0.33, "status": 500}"#,
    },
    Preset {
        name: "garbled-body",
        summary: "Bodies are as long as they should be and cannot be read.",
        document: r#"{"method": "GET", "garble": true}"#,
    },
    Preset {
        name: "hop-limit-exceeded",
        summary: "The token request never gets an answer, as behind one network hop too many.",
        document: r#"{"path": "/latest/api/token", "method": "PUT", "stall": true}"#,
    },
    Preset {
        name: "imds-disabled",
        summary: "Everything is refused with 403, as with HttpEndpoint=disabled.",
        document: r#"{"status": 403}"#,
    },
    Preset {
        name: "slow",
        summary: "Every answer comes two seconds late.",
        document: r#"{"delay": "2s"}"#,
    },
    Preset {
        name: "throttled",
        summary: "Two requests a second are answered, the others get 503.",
        document: r#"{"throttle": 2, "status": 503}"#,
    },
    Preset {
        name: "token-forbidden",
        summary: "The token request is refused with 403, as through a proxy.",
        document: r#"{"path": "/latest/api/token", "method": "PUT", "status": 403}"#,
    },
    Preset {
        name: "token-not-found",
        summary: "There is no token path, 404, as before IMDSv2.",
        document: r#"{"path": "/latest/api/token", "method": "PUT", "status": 404}"#,
    },
    Preset {
        name: "unavailable",
        summary: "Everything fails with 500.",
        document: r#"{"status": 500}"#,
    },
];

/// The one of this name.
pub(crate) fn find(name: &str) -> Option<&'static Preset> {
    PRESETS.iter().find(|preset| preset.name == name)
}

/// All names, for a sentence.
pub(crate) fn names() -> String {
    let names: Vec<_> = PRESETS.iter().map(|preset| preset.name).collect();
    names.join(", ")
}

impl Preset {
    /// The fields of the fault.
    pub(super) fn fields(&self) -> Result<Map<String, Value>, Problem> {
        match read_json(self.name, self.document)? {
            Value::Object(fields) => Ok(fields),
            _ => Ok(Map::new()),
        }
    }

    /// For people to choose from.
    pub(crate) fn show(&self) -> Result<Value, Problem> {
        Ok(json!({
            "name": self.name,
            "summary": self.summary,
            "fault": self.fields()?,
        }))
    }
}
