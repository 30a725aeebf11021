//! The service's IPv6 address in the command's network namespace. It accepts
//! connections only while the instance's `HttpProtocolIpv6` is enabled.

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

use crate::error::{Failure, say};
use crate::instance_pool::{Client, InstancePool};
use crate::listener::{listen, registered};
use imdsim::constants::SERVICE_IPV6_ADDRESS;

/// The polling interval of the option, which events change without a request.
const INTERVAL: Duration = Duration::from_millis(200);

/// A listener that is open while the option is enabled.
#[derive(Debug)]
pub(crate) struct Ipv6Endpoint {
    admin_token: Option<String>,
    listener: Mutex<Option<TcpListener>>,
    changed: Notify,
    /// Serializes updates: held while the option is read and applied.
    order: tokio::sync::Mutex<()>,
}

/// The relevant field of `metadata-options`.
#[derive(Deserialize)]
struct Options {
    #[serde(rename = "HttpProtocolIpv6")]
    http_protocol_ipv6: String,
}

impl Ipv6Endpoint {
    /// Creates the endpoint, closed until the first update.
    pub(crate) fn new(settings: &Settings) -> Result<Self, Failure> {
        Ok(Self {
            admin_token: Config::new(settings)?.admin_token,
            listener: Mutex::default(),
            changed: Notify::new(),
            order: tokio::sync::Mutex::default(),
        })
    }

    /// Opens or closes the listener according to the instance's option.
    pub(crate) async fn update(&self, pool: &InstancePool) {
        let _order = self.order.lock().await;
        let token = self.admin_token.as_deref();
        // Retried at the next update.
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

    /// Polls the option and updates the listener. Runs until dropped.
    pub(crate) async fn follow(&self, pool: &InstancePool) {
        let mut interval = tokio::time::interval(INTERVAL);
        loop {
            interval.tick().await;
            self.update(pool).await;
        }
    }

    /// Waits until the listener opens or closes.
    pub(crate) async fn changed(&self) {
        self.changed.notified().await;
    }

    /// Polls for the next connection; pending while the listener is closed.
    pub(crate) fn poll_accept(
        &self,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<(TcpStream, SocketAddr)>> {
        let listener = self.listener();
        let listener = listener.as_ref();
        listener.map_or(Poll::Pending, |listener| listener.poll_accept(context))
    }

    /// Removes and returns the listener.
    pub(crate) fn take(&self) -> Option<TcpListener> {
        self.listener().take()
    }

    fn listener(&self) -> MutexGuard<'_, Option<TcpListener>> {
        self.listener.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Requests the instance's options from the control API.
async fn options(pool: &InstancePool, token: Option<&str>) -> Option<Options> {
    let mut request = Request::get("/_imdsim/metadata-options").header(HOST, "localhost");
    if let Some(token) = token {
        request = request.header(AUTHORIZATION, format!("Bearer {token}"));
    }
    let request = request.body(Bytes::new()).ok()?;
    let response = pool.answer(&request, Client::PROGRAM).await.ok()?.response;
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
