//! A component on the host of these tests as an HTTP server, for `cargo xtask bench
//! cold`: an instance for every request, with wasmtime configured as in Spin.
//!
//! `serve COMPONENT.cwasm` prints `Serving HTTP on http://ADDRESS/` on stderr.
#![allow(clippy::print_stderr, reason = "the address of the server")]
#![allow(dead_code, reason = "shared with the tests")]
#![allow(clippy::unwrap_used, reason = "shared with the tests")]

mod engine_config;
mod guest;
mod interfaces;
mod values;

use std::net::Ipv4Addr;
use std::sync::Arc;

use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use wasmtime::component::Component;
use wasmtime::{Engine, Error, Result};
use wasmtime_wasi_http::p2::bindings::ProxyPre;
use wasmtime_wasi_http::p2::bindings::http::types::Scheme;
use wasmtime_wasi_http::{WasiBody, WasiHttpView as _};

use engine_config::engine_config;
use guest::Guest;
use interfaces::Grants;
use values::{Kind, Values};

#[tokio::main]
async fn main() -> Result<()> {
    let file = std::env::args_os().nth(1).expect("a compiled component");
    let engine = Engine::new(&engine_config())?;
    let component = guest::link(&load(&engine, &file)?)?;
    let grants = Grants {
        // The control API, for the reset.
        variables: [("loopback_only".to_owned(), "true".to_owned())].into(),
        stores: ["default".to_owned()].into(),
        values: Arc::new(Values::new(Kind::Sqlite)),
    };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    eprintln!("Serving HTTP on http://{}/", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let (component, grants) = (component.clone(), grants.clone());
        tokio::spawn(async move {
            let service = service_fn(|request| answer(&component, &grants, request));
            // A client may disconnect at any time.
            let _ = http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

#[allow(unsafe_code, reason = "loads trusted machine code")]
fn load(engine: &Engine, file: &std::ffi::OsStr) -> Result<Component> {
    // SAFETY: the benchmark has just compiled it.
    unsafe { Component::deserialize_file(engine, file) }
}

/// Answers a request with a new instance.
async fn answer(
    component: &ProxyPre<Guest>,
    grants: &Grants,
    request: hyper::Request<Incoming>,
) -> Result<hyper::Response<WasiBody>> {
    let mut store = Guest::store(component, &[], grants);
    let proxy = component.instantiate_async(&mut store).await?;
    let (sender, receiver) = oneshot::channel();
    let mut http = store.data_mut().http();
    let request = http.new_incoming_request(Scheme::Http, request)?;
    let out = http.new_response_outparam(sender)?;
    let running = tokio::spawn(async move {
        let handler = proxy.wasi_http_incoming_handler();
        handler.call_handle(&mut store, request, out).await
    });
    if let Ok(response) = receiver.await {
        return Ok(response?);
    }
    running.await??;
    Err(Error::msg("the component sent no response"))
}
