//! The baseline: hyper with the native program's settings, always sending the
//! same response.

use std::convert::Infallible;
use std::time::SystemTime;

use anyhow::{Context as _, Result};
use http::header::{CONNECTION, DATE};
use http::{HeaderMap, HeaderName, HeaderValue, Response};
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

/// The environment variable with the response to send.
pub(crate) const RESPONSE: &str = "XTASK_BASELINE_RESPONSE";

/// Serves until it is killed.
pub(crate) fn serve() -> Result<()> {
    let (headers, body) = parse(&std::env::var(RESPONSE)?)?;
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(listen(headers, body))
}

fn parse(response: &str) -> Result<(HeaderMap, Bytes)> {
    let (head, body) = response.split_once("\r\n\r\n").context("no response")?;
    let mut headers = HeaderMap::new();
    for line in head.lines().skip(1) {
        let (name, value) = line.split_once(": ").context("a header without a value")?;
        headers.append(name.parse::<HeaderName>()?, value.parse()?);
    }
    headers.remove(CONNECTION);
    Ok((headers, Bytes::copy_from_slice(body.as_bytes())))
}

async fn listen(headers: HeaderMap, body: Bytes) -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    announce(&format!(
        "Serving HTTP on http://{}/",
        listener.local_addr()?
    ));
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let (headers, body) = (headers.clone(), body.clone());
        let service = service_fn(move |request: http::Request<hyper::body::Incoming>| {
            let mut response = Response::new(Full::new(body.clone()));
            response.headers_mut().clone_from(&headers);
            let now = httpdate::fmt_http_date(SystemTime::now());
            if let Ok(now) = HeaderValue::try_from(now) {
                response.headers_mut().insert(DATE, now);
            }
            if request
                .headers()
                .get(CONNECTION)
                .is_some_and(|value| value == "close")
            {
                response
                    .headers_mut()
                    .insert(CONNECTION, HeaderValue::from_static("close"));
            }
            async { Ok::<_, Infallible>(response) }
        });
        tokio::spawn(
            http1::Builder::new()
                .title_case_headers(true)
                .serve_connection(TokioIo::new(stream), service),
        );
    }
}

#[allow(clippy::print_stderr, reason = "the benchmark waits for this line")]
fn announce(line: &str) {
    eprintln!("{line}");
}
