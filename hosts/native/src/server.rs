//! Serving connections until a signal comes.

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use http::header::HOST;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulConnection, GracefulShutdown};
use imdsim::limits::MAX_HEAD_LEN;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use crate::connection::{self, Whole};
use crate::fail::say;
use crate::instance_pool::InstancePool;
use crate::log::{Line, Log};
use crate::proxy;
use crate::request_body;
use crate::watch::{Verdict, Watch};
use crate::workers::Workers;

/// How long a client may take to send a head, or leave a connection idle.
const HEAD_PATIENCE: Duration = Duration::from_secs(30);

/// How long to wait when no connection can be accepted, which mostly means
/// that too many files are open.
const BREATHER: Duration = Duration::from_millis(50);

/// What all connections share.
pub(crate) struct Server {
    pool: InstancePool,
    keep_alive: bool,
    log: Log,
    /// How long running requests may take to finish in the end.
    farewell: Duration,
    /// When that is over, once it has begun.
    end: watch::Sender<Option<Instant>>,
}

/// The two ends of a connection.
#[derive(Clone)]
struct Ends {
    local: SocketAddr,
    peer: SocketAddr,
    /// The address of the peer, as the component is told it.
    name: HeaderValue,
}

impl Server {
    pub(crate) fn new(pool: InstancePool, keep_alive: bool, log: Log, farewell: Duration) -> Self {
        Self {
            pool,
            keep_alive,
            log,
            farewell,
            end: watch::Sender::new(None),
        }
    }

    /// Accepts connections until `stop` comes, then lets what runs finish.
    pub(crate) async fn run(
        self: Arc<Self>,
        listeners: Vec<TcpListener>,
        workers: &mut Workers,
        stop: impl Future<Output = ()>,
    ) {
        let running = GracefulShutdown::new();
        let mut stop = std::pin::pin!(stop);
        loop {
            let accepted = tokio::select! {
                accepted = accept(&listeners) => accepted,
                () = &mut stop => break,
            };
            match accepted {
                Ok((stream, peer)) => self.welcome(stream, peer, &running, workers),
                Err(error) if is_the_clients(&error) => {}
                Err(error) => {
                    say(format_args!("cannot accept a connection: {error}"));
                    sleep(BREATHER).await;
                }
            }
        }
        drop(listeners);
        // What has not finished by then is cut off.
        self.end.send_replace(Some(Instant::now() + self.farewell));
        let _ = timeout(self.farewell, running.shutdown()).await;
    }

    /// Puts changes of the configuration in force and tells of them, for as
    /// long as this is waited for.
    pub(crate) async fn watch(&self, watch: Option<Watch>) {
        let Some(watch) = watch else {
            return std::future::pending().await;
        };
        let judged = |verdict: Verdict| {
            if let Verdict::Changed(settings, _) = &verdict {
                self.pool.take_over(settings.to_json());
            }
            self.log.tell(&verdict.to_string());
        };
        watch.run(judged).await;
    }

    fn welcome(
        self: &Arc<Self>,
        stream: TcpStream,
        peer: SocketAddr,
        running: &GracefulShutdown,
        workers: &mut Workers,
    ) {
        // Without an address the client is gone.
        let Ok(local) = stream.local_addr() else {
            return;
        };
        // Without this option answers are right, only later.
        let _ = stream.set_nodelay(true);
        // The worker registers it anew.
        let Ok(stream) = stream.into_std() else {
            return;
        };
        let name = peer.ip().to_canonical().to_string();
        let name = HeaderValue::try_from(name).expect("an address is a header value");
        let ends = Ends { local, peer, name };
        let server = Arc::clone(self);
        let watcher = running.watcher();
        workers.spawn(move || async move {
            let Ok(stream) = TcpStream::from_std(stream) else {
                return;
            };
            let connection = watcher.watch(server.connection(stream, ends));
            match connection.await {
                Err(error) if error.is_parse() => server.log.malformed(peer, &error),
                // The client left in the middle, or was too slow.
                Ok(()) | Err(_) => {}
            }
        });
    }

    fn connection(
        self: &Arc<Self>,
        stream: TcpStream,
        ends: Ends,
    ) -> impl GracefulConnection<Error = hyper::Error> + use<> {
        let server = Arc::clone(self);
        let service = service_fn(move |request| {
            let server = Arc::clone(&server);
            let ends = ends.clone();
            async move { server.answer(request, ends).await }
        });
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_PATIENCE)
            .max_header_size(MAX_HEAD_LEN)
            .max_buf_size(MAX_HEAD_LEN)
            .title_case_headers(true)
            // Answers are short: one piece costs less than a list of two.
            .writev(false)
            .serve_connection(TokioIo::new(stream), service)
    }

    /// An error closes the connection without an answer.
    async fn answer(
        &self,
        mut request: Request<Incoming>,
        ends: Ends,
    ) -> io::Result<Response<Whole>> {
        let directed = proxy::direct(&mut request, ends.local);
        let mut line = self.log.begin(&request, ends.peer);
        let response = match directed {
            Ok(()) => self.respond(request, ends, line.as_mut()).await,
            Err(proxy::MeantForOthers) => Some(refuse_others(request).await),
        };
        if let (Some(line), Some(response)) = (&mut line, &response) {
            line.answered(response.status(), response.body().len());
        }
        response.ok_or_else(connection::breaks_off)
    }

    async fn respond(
        &self,
        request: Request<Incoming>,
        ends: Ends,
        line: Option<&mut Line<'_>>,
    ) -> Option<Response<Whole>> {
        let stays_open =
            connection::stays_open(request.version(), request.headers(), self.keep_alive);
        let mut request = match request_body::take_in(request).await {
            Ok(request) => request,
            Err(status) => return Some(connection::refuse(status)),
        };
        let headers = request.headers_mut();
        name_host(headers, ends.local);
        // Whatever the client says of itself.
        headers.insert(imdsim::wire::PEER, ends.name);
        let answer = match self.pool.answer(&request).await {
            Ok(answer) => answer,
            Err(error) => {
                say(format_args!("the component failed: {error:?}"));
                return Some(connection::refuse(StatusCode::INTERNAL_SERVER_ERROR));
            }
        };
        if let Some(line) = line {
            line.fault(answer.fault);
        }
        self.wait(answer.delay).await?;
        connection::finish(answer.response, stays_open)
    }

    /// Waits until an answer is due. Nobody waits for one that is due after the
    /// end.
    async fn wait(&self, delay: Duration) -> Option<()> {
        if delay.is_zero() {
            return Some(());
        }
        let due = Instant::now() + delay;
        let mut end = self.end.subscribe();
        tokio::select! {
            () = sleep_until(due) => Some(()),
            _ = end.wait_for(|end| end.is_some_and(|end| end < due)) => None,
        }
    }
}

/// The next connection to any of them.
async fn accept(listeners: &[TcpListener]) -> io::Result<(TcpStream, SocketAddr)> {
    poll_fn(|context| {
        let mut polls = listeners
            .iter()
            .map(|listener| listener.poll_accept(context));
        polls.find(Poll::is_ready).unwrap_or(Poll::Pending)
    })
    .await
}

/// Refuses what is meant for another server, having taken in what a client
/// sends before it reads.
async fn refuse_others(request: Request<Incoming>) -> Response<Whole> {
    match request_body::take_in(request).await {
        Ok(_) => connection::refuse_saying(StatusCode::FORBIDDEN, proxy::REFUSAL),
        Err(status) => connection::refuse(status),
    }
}

/// A request that names no host means the address that it was sent to.
fn name_host(headers: &mut HeaderMap, local: SocketAddr) {
    headers.entry(HOST).or_insert_with(|| {
        let address = local.to_string();
        HeaderValue::try_from(address).expect("an address is a header value")
    });
}

/// Whether an error of `accept` is about that one connection.
fn is_the_clients(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
    )
}
