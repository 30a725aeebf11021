//! The service's IPv6 address in a network of the command's own: there is
//! somebody to connect to only while the instance has `HttpProtocolIpv6`
//! enabled.

use std::io;
use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http::header::{AUTHORIZATION, HOST};
use http_body_util::BodyExt as _;
use imdsim::{Config, Settings};
use serde::Deserialize;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

use crate::constants::SERVICE_IPV6_ADDRESS;
use crate::error::{Failure, say};
use crate::instance_pool::InstancePool;
use crate::listener::{listen, registered};

/// How often the option is looked at, which events change without a request.
const INTERVAL: Duration = Duration::from_millis(200);

/// A listener that comes and goes with the option.
#[derive(Debug)]
pub(crate) struct Ipv6Endpoint {
    admin_token: Option<String>,
    listener: Mutex<Option<TcpListener>>,
    changed: Notify,
    /// Held from the question to what follows from the answer.
    order: tokio::sync::Mutex<()>,
}

/// What is read of `metadata-options`.
#[derive(Deserialize)]
struct Options {
    #[serde(rename = "HttpProtocolIpv6")]
    http_protocol_ipv6: String,
}

impl Ipv6Endpoint {
    /// One on which nobody listens until it is updated.
    pub(crate) fn new(settings: &Settings) -> Result<Self, Failure> {
        Ok(Self {
            admin_token: Config::new(settings)?.admin_token,
            listener: Mutex::default(),
            changed: Notify::new(),
            order: tokio::sync::Mutex::default(),
        })
    }

    /// Has a listener be there, or not, as the instance has it now.
    pub(crate) async fn update(&self, pool: &InstancePool) {
        let _order = self.order.lock().await;
        let token = self.admin_token.as_deref();
        // An emulator that cannot tell is asked again.
        let Some(options) = options(pool, token).await else {
            return;
        };
        let mut listener = self.listener();
        match (options.http_protocol_ipv6 == "enabled", listener.is_some()) {
            (true, false) => match open() {
                Ok(opened) => *listener = Some(opened),
                Err(failure) => say(failure),
            },
            (false, true) => *listener = None,
            _ => return,
        }
        drop(listener);
        self.changed.notify_one();
    }

    /// Follows what events make of the option, for as long as this is waited
    /// for.
    pub(crate) async fn follow(&self, pool: &InstancePool) {
        let mut interval = tokio::time::interval(INTERVAL);
        loop {
            interval.tick().await;
            self.update(pool).await;
        }
    }

    /// Waits until a listener has come or gone.
    pub(crate) async fn changed(&self) {
        self.changed.notified().await;
    }

    /// The next connection, if somebody listens.
    pub(crate) fn poll_accept(
        &self,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<(TcpStream, SocketAddr)>> {
        let listener = self.listener();
        let listener = listener.as_ref();
        listener.map_or(Poll::Pending, |listener| listener.poll_accept(context))
    }

    /// The listener, for good.
    pub(crate) fn take(&self) -> Option<TcpListener> {
        self.listener().take()
    }

    fn listener(&self) -> MutexGuard<'_, Option<TcpListener>> {
        self.listener.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The options of the instance, by a control call.
async fn options(pool: &InstancePool, token: Option<&str>) -> Option<Options> {
    let mut request = Request::get("/_imdsim/metadata-options").header(HOST, "localhost");
    if let Some(token) = token {
        request = request.header(AUTHORIZATION, format!("Bearer {token}"));
    }
    let request = request.body(Bytes::new()).ok()?;
    let response = pool.answer(&request, true).await.ok()?.response;
    let body = response.into_body().collect().await.ok()?;
    serde_json::from_slice(&body.to_bytes()).ok()
}

fn open() -> Result<TcpListener, Failure> {
    let mut listeners = registered(vec![listen(
        "--namespace",
        &SERVICE_IPV6_ADDRESS.to_string(),
    )?])?;
    Ok(listeners.remove(0))
}
