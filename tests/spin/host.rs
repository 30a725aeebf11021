use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use http::header::HOST;
use http::{HeaderValue, Method, Request, Response};
use http_body_util::{BodyExt as _, Full};
use tokio::runtime::Runtime;
use tokio::sync::oneshot;
use wasmtime::Result;
use wasmtime_wasi_http::p2::bindings::ProxyPre;
use wasmtime_wasi_http::p2::bindings::http::types::Scheme;
use wasmtime_wasi_http::{Error, WasiHttpView as _};

use crate::as_native::as_native;
use crate::components::{SPIN, UNIVERSAL};
use crate::endpoint::Endpoint;
use crate::guest::Guest;
use crate::interfaces::Grants;
use crate::manifest::Manifest;
use crate::transcript::Message;
use crate::values::Values;

/// The setting that enables the control API here.
const LOOPBACK_ONLY: &str = "loopback_only";

/// A component with Spin's variables and stores.
pub(crate) struct Host {
    component: &'static ProxyPre<Guest>,
    environment: Vec<(String, String)>,
    grants: Grants,
    runtime: Runtime,
}

impl Host {
    /// The component of `spin.toml`, with settings as Spin variables.
    pub(crate) fn new(values: &Arc<Values>, settings: &[(String, String)]) -> Self {
        let manifest = Manifest::read();
        let mut variables = manifest.variables(settings);
        if !settings.iter().any(|(key, _)| key == LOOPBACK_ONLY) {
            variables.insert(LOOPBACK_ONLY.into(), "true".into());
        }
        Self::start(
            &SPIN,
            Vec::new(),
            Grants {
                variables,
                stores: manifest.stores(),
                values: Arc::clone(values),
            },
        )
    }

    /// `dist/imdsim.wasm` instead, with settings as environment variables.
    pub(crate) fn universal(values: &Arc<Values>, settings: &[(String, String)]) -> Self {
        let only = (LOOPBACK_ONLY.to_owned(), "true".to_owned());
        let environment = [&only]
            .into_iter()
            .chain(settings)
            .map(|(key, value)| (format!("IMDSIM_{}", key.to_uppercase()), value.clone()));
        Self::start(
            &UNIVERSAL,
            environment.collect(),
            Grants {
                variables: [].into(),
                stores: Manifest::read().stores(),
                values: Arc::clone(values),
            },
        )
    }

    /// The same without the line `key_value_stores`.
    pub(crate) fn without_store(mut self) -> Self {
        self.grants.stores.clear();
        self
    }

    fn start(
        component: &'static ProxyPre<Guest>,
        environment: Vec<(String, String)>,
        grants: Grants,
    ) -> Self {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        Self {
            component,
            environment,
            grants,
            runtime: runtime.enable_all().build().unwrap(),
        }
    }

    /// Answers a request with a new instance, like Spin; `None` if the connection
    /// closes without a response.
    async fn answer(&self, request: Request<Bytes>) -> Result<Option<Response<Bytes>>> {
        let bodiless = request.method() == Method::HEAD;
        let mut store = Guest::store(self.component, &self.environment, &self.grants);
        let proxy = self.component.instantiate_async(&mut store).await?;
        let (sender, receiver) = oneshot::channel();
        let request =
            request.map(|body| Full::new(body).map_err(|never| -> Error { match never {} }));
        let mut http = store.data_mut().http();
        let request = http.new_incoming_request(Scheme::Http, request)?;
        let out = http.new_response_outparam(sender)?;
        let running = tokio::spawn(async move {
            let handler = proxy.wasi_http_incoming_handler();
            handler.call_handle(&mut store, request, out).await
        });
        let (head, mut body) = receiver.await?.unwrap().into_parts();
        let mut bytes = BytesMut::new();
        let mut is_whole = true;
        while let Some(frame) = body.frame().await {
            match frame {
                Ok(frame) => bytes.extend(frame.into_data().ok()),
                // A body shorter than declared, as in a response to HEAD, ends in
                // an error.
                Err(_) => is_whole = bodiless,
            }
        }
        running.await??;
        // hyper sends no head if the body breaks off before its first byte.
        let answers = is_whole || !bytes.is_empty();
        Ok(answers.then(|| Response::from_parts(head, bytes.freeze())))
    }
}

impl Endpoint for Host {
    fn exchange(&self, message: &Message) -> Message {
        let (method, rest) = message.start.split_once(' ').unwrap();
        let target = rest.split(' ').next().unwrap();
        let mut request = Request::builder().method(method).uri(target);
        for (name, value) in &message.headers {
            request = request.header(name, value);
        }
        let mut request = request.body(Bytes::from(message.body.clone())).unwrap();
        let host = HeaderValue::from_static("127.0.0.1");
        request.headers_mut().entry(HOST).or_insert(host);
        let response = self.runtime.block_on(self.answer(request)).unwrap();
        response.map_or_else(
            || Message::parse(""),
            |response| as_native(&message_of(response)),
        )
    }
}

fn message_of(response: Response<Bytes>) -> Message {
    let (head, body) = response.into_parts();
    let status = head.status;
    let reason = status.canonical_reason().unwrap_or_default();
    let text = |value: &HeaderValue| value.to_str().unwrap().to_owned();
    Message {
        start: format!("HTTP/1.1 {} {reason}", status.as_u16()),
        headers: head
            .headers
            .iter()
            .map(|(name, value)| (name.to_string(), text(value)))
            .collect(),
        body: String::from_utf8(body.into()).unwrap(),
    }
}
