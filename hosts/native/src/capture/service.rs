//! A client of the captured metadata service. It sends only reads and one token
//! request.

use std::fmt::Display;
use std::time::Duration;

use http::{Request, StatusCode};
use imdsim::ImdsVersion;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use ureq::Agent;

use crate::error::{Failure, say};
use crate::http_client::{agent, base_url};

/// How long a request may take. On the instance itself it takes milliseconds; a
/// token response stopped by the hop limit never arrives.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// Maximum attempts when the service is throttling, with a growing pause
/// between them.
const ATTEMPTS: u32 = 6;
const PAUSE: Duration = Duration::from_millis(50);

/// Maximum response length.
const MAX_LEN: u64 = 1024 * 1024;

/// Characters with a meaning in URLs.
const ESCAPED: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'`')
    .add(b'{')
    .add(b'}');

/// A metadata service.
pub(super) struct Service {
    agent: Agent,
    pub(super) url: String,
    token: Option<String>,
    /// Whether the service rejects requests without a token.
    pub(super) requires_token: bool,
}

impl Service {
    /// Connects to a service and requests a token. `place` is the source of the
    /// URL, for errors.
    pub(super) fn find(place: &str, url: &str) -> Result<Self, Failure> {
        let url = base_url(place, url, "a metadata service")?;
        let mut service = Self {
            agent: agent(REQUEST_TIMEOUT),
            url,
            token: None,
            requires_token: false,
        };
        let (without, _) = service.send("GET", "")?;
        service.requires_token = without == StatusCode::UNAUTHORIZED;
        let reason = match service.send("PUT", "latest/api/token") {
            Ok((status, token)) => {
                let given = status.is_success().then_some(token);
                service.token = given.and_then(|token| String::from_utf8(token).ok());
                status.to_string()
            }
            // The hop limit may stop the response.
            Err(_) => "its answer to the request for one does not come".to_owned(),
        };
        if service.token.is_some() {
            return Ok(service);
        }
        let what = format!("gives none ({reason})");
        if service.requires_token {
            let what = format_args!("the service requires a token and {what}");
            return Err(service.failure(what));
        }
        let url = &service.url;
        say(format_args!(
            "{url}: asked for a token, the service {what}; what IMDSv1 shows is captured"
        ));
        Ok(service)
    }

    /// The protocol version of the requests.
    pub(super) fn imds(&self) -> ImdsVersion {
        match self.token {
            Some(_) => ImdsVersion::V2,
            None => ImdsVersion::V1,
        }
    }

    /// Reads a path. Returns `None` if it does not exist.
    pub(super) fn get(&self, path: &str) -> Result<Option<Vec<u8>>, Failure> {
        let mut pause = PAUSE;
        for _ in 1..ATTEMPTS {
            let (status, body) = self.send("GET", path)?;
            if !is_busy(status) {
                return self.check(path, status, body);
            }
            std::thread::sleep(pause);
            pause *= 2;
        }
        let (status, body) = self.send("GET", path)?;
        self.check(path, status, body)
    }

    fn check(
        &self,
        path: &str,
        status: StatusCode,
        body: Vec<u8>,
    ) -> Result<Option<Vec<u8>>, Failure> {
        let is_refusal = matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN);
        if status.is_success() {
            Ok(Some(body))
        } else if status.is_server_error() || is_refusal || is_busy(status) {
            Err(self.failure(format_args!("/{path} is answered with {status}")))
        } else {
            Ok(None)
        }
    }

    fn send(&self, method: &str, path: &str) -> Result<(StatusCode, Vec<u8>), Failure> {
        let path = utf8_percent_encode(path, ESCAPED);
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}/{path}", self.url))
            .header("Connection", "keep-alive");
        if method == "PUT" {
            request = request.header("X-aws-ec2-metadata-token-ttl-seconds", "21600");
        }
        if let Some(token) = &self.token {
            request = request.header("X-aws-ec2-metadata-token", token);
        }
        let unreachable = |error: &dyn Display| {
            self.failure(format_args!("no metadata service answers here: {error}"))
        };
        let request = request.body(()).map_err(|error| unreachable(&error))?;
        let response = self.agent.run(request);
        let mut response = response.map_err(|error| unreachable(&error))?;
        let body = response.body_mut().with_config().limit(MAX_LEN);
        let body = body.read_to_vec().map_err(|error| unreachable(&error))?;
        Ok((response.status(), body))
    }

    fn failure(&self, what: impl Display) -> Failure {
        let remedy = "use --endpoint to name a reachable metadata service";
        Failure::new(&self.url, what, remedy)
    }
}

fn is_busy(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE
    )
}
