//! The HTTP server: accepts and serves connections until a signal arrives.

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
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

use crate::connection::{self, ResponseBody};
use crate::connection_ends::ConnectionEnds;
use crate::error::say;
use crate::instance_pool::{Client, InstancePool};
use crate::ipv6_endpoint::Ipv6Endpoint;
use crate::log::{Line, Log};
use crate::proxy;
use crate::request_body;
use crate::watch::{ReloadResult, Watch};
use crate::workers::Workers;
use crate::write_timeout::with_write_timeout;

/// How long a client may take to send a request head, or leave a connection
/// idle.
const HEADER_READ_TIMEOUT: Duration = Duration::from_secs(30);

/// The delay before the next `accept` after an error, which usually means that
/// too many files are open.
const ACCEPT_RETRY_DELAY: Duration = Duration::from_millis(50);

/// The minimum interval between messages about such errors.
const ACCEPT_ERROR_INTERVAL: Duration = Duration::from_secs(10);

/// Maximum queued connections per listener that are still served at shutdown:
/// more than any queue holds.
const MAX_QUEUED: usize = 8192;

/// The state that all connections share.
pub(crate) struct Server {
    pool: InstancePool,
    keep_alive: bool,
    log: Log,
    /// A listener that opens and closes with an option of the instance.
    ipv6: Option<Ipv6Endpoint>,
    /// How long running requests may take to finish at shutdown.
    farewell: Duration,
    /// The end of that time, once shutdown has begun.
    end: watch::Sender<Option<Instant>>,
}

impl Server {
    pub(crate) fn new(pool: InstancePool, keep_alive: bool, log: Log, farewell: Duration) -> Self {
        Self {
            pool,
            keep_alive,
            log,
            ipv6: None,
            farewell,
            end: watch::Sender::new(None),
        }
    }

    /// Adds a listener that opens and closes with an option of the instance.
    pub(crate) fn with_ipv6(self, ipv6: Option<Ipv6Endpoint>) -> Self {
        Self { ipv6, ..self }
    }

    /// Accepts connections until `stop` completes, then lets running requests
    /// finish.
    pub(crate) async fn run(
        self: Arc<Self>,
        listeners: Vec<TcpListener>,
        workers: &mut Workers,
        stop: impl Future<Output = ()>,
    ) {
        let running = GracefulShutdown::new();
        let mut stop = std::pin::pin!(stop);
        let mut silent_until = Instant::now();
        loop {
            let accepted = tokio::select! {
                accepted = self.accept(&listeners) => accepted,
                () = self.ipv6_changed() => continue,
                () = &mut stop => break,
            };
            let accepted = accepted.and_then(|(stream, peer)| Ok((stream.into_std()?, peer)));
            match accepted {
                Ok((stream, peer)) => self.accept_connection(stream, peer, &running, workers),
                Err(error) if is_the_clients(&error) => {}
                Err(error) => {
                    if Instant::now() >= silent_until {
                        say(format_args!("cannot accept a connection: {error}"));
                        silent_until = Instant::now() + ACCEPT_ERROR_INTERVAL;
                    }
                    sleep(ACCEPT_RETRY_DELAY).await;
                }
            }
        }
        let ipv6 = self.ipv6.as_ref().and_then(Ipv6Endpoint::take);
        for listener in listeners.into_iter().chain(ipv6) {
            self.accept_queued(listener, &running, workers);
        }
        // Connections that have not finished by then are dropped.
        self.end.send_replace(Some(Instant::now() + self.farewell));
        let _ = timeout(self.farewell, running.shutdown()).await;
    }

    /// Applies and logs changes of the configuration. Runs until dropped.
    pub(crate) async fn watch(&self, watch: Option<Watch>) {
        let Some(watch) = watch else {
            return std::future::pending().await;
        };
        let judged = |result: ReloadResult| {
            if let ReloadResult::Changed(settings, _) = &result {
                self.pool.reload(settings.to_json());
            }
            self.log.tell(&result.to_string());
        };
        watch.run(judged).await;
    }

    /// Opens and closes the IPv6 listener as the instance's option changes.
    /// Runs until dropped.
    pub(crate) async fn follow_ipv6(&self) {
        match &self.ipv6 {
            Some(ipv6) => ipv6.follow(&self.pool).await,
            None => std::future::pending().await,
        }
    }

    /// Opens or closes the IPv6 listener according to the instance's option.
    pub(crate) async fn update_ipv6(&self) {
        if let Some(ipv6) = &self.ipv6 {
            ipv6.update(&self.pool).await;
        }
    }

    async fn ipv6_changed(&self) {
        match &self.ipv6 {
            Some(ipv6) => ipv6.changed().await,
            None => std::future::pending().await,
        }
    }

    /// Accepts the next connection to any of the listeners.
    async fn accept(&self, listeners: &[TcpListener]) -> io::Result<(TcpStream, SocketAddr)> {
        poll_fn(|context| {
            for listener in listeners {
                let accepted = listener.poll_accept(context);
                if accepted.is_ready() {
                    return accepted;
                }
            }
            let ipv6 = self.ipv6.as_ref();
            ipv6.map_or(Poll::Pending, |ipv6| ipv6.poll_accept(context))
        })
        .await
    }

    /// Accepts the connections in the listener's queue, then closes the
    /// listener: those clients already regard themselves as connected.
    fn accept_queued(
        self: &Arc<Self>,
        listener: TcpListener,
        running: &GracefulShutdown,
        workers: &mut Workers,
    ) {
        let Ok(listener) = listener.into_std() else {
            return;
        };
        let queued = listener.incoming().map_while(Result::ok);
        for stream in queued.take(MAX_QUEUED) {
            if let (Ok(()), Ok(peer)) = (stream.set_nonblocking(true), stream.peer_addr()) {
                self.accept_connection(stream, peer, running, workers);
            }
        }
    }

    fn accept_connection(
        self: &Arc<Self>,
        stream: std::net::TcpStream,
        peer: SocketAddr,
        running: &GracefulShutdown,
        workers: &mut Workers,
    ) {
        // A socket without a local address is already closed.
        let Ok(local) = stream.local_addr() else {
            return;
        };
        // An error here only delays responses.
        let _ = stream.set_nodelay(true);
        let ends = ConnectionEnds::new(local, peer);
        let server = Arc::clone(self);
        let watcher = running.watcher();
        workers.spawn(move || async move {
            let has_begun = stream.peek(&mut [0]).is_ok_and(|length| length > 0);
            let Ok(stream) = TcpStream::from_std(stream) else {
                return;
            };
            if has_begun {
                // The runtime has not polled this socket yet, so wait for it to
                // notice the data.
                let _ = stream.readable().await;
            }
            let mut connection = server.connection(stream, ends);
            // At shutdown hyper closes a connection from which it has read
            // nothing, so read the pending data before shutdown can reach the
            // connection.
            let first = match has_begun.then(|| poll_once(&mut connection)) {
                Some(poll) => poll.await,
                None => Poll::Pending,
            };
            let result = match first {
                Poll::Ready(result) => result,
                Poll::Pending => watcher.watch(connection).await,
            };
            match result {
                Err(error) if error.is_parse() => server.log.malformed(peer, &error),
                // The client disconnected in the middle, or was too slow.
                Ok(()) | Err(_) => {}
            }
        });
    }

    fn connection(
        self: &Arc<Self>,
        stream: TcpStream,
        ends: ConnectionEnds,
    ) -> impl GracefulConnection<Error = hyper::Error> + Unpin + use<> {
        let server = Arc::clone(self);
        let service = service_fn(move |request| {
            let server = Arc::clone(&server);
            let ends = ends.clone();
            async move { server.answer(request, ends).await }
        });
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEADER_READ_TIMEOUT)
            .max_header_size(MAX_HEAD_LEN)
            .max_buf_size(MAX_HEAD_LEN)
            .title_case_headers(true)
            // Responses are short: one buffer costs less than a vectored write.
            .writev(false)
            .serve_connection(TokioIo::new(with_write_timeout(stream)), service)
    }

    /// Returns an error to close the connection without a response.
    async fn answer(
        &self,
        mut request: Request<Incoming>,
        ends: ConnectionEnds,
    ) -> io::Result<Response<ResponseBody>> {
        let directed = proxy::direct(&mut request, ends.local);
        let mut line = self.log.begin(&request, ends.peer);
        let response = match directed {
            Ok(()) => self.respond(request, ends, line.as_mut()).await,
            Err(proxy::MeantForOthers) => Some(refuse_others(request).await),
        };
        if let (Some(line), Some(response)) = (&mut line, &response) {
            line.answered(response.status(), response.body().len());
        }
        response.ok_or_else(connection::aborted)
    }

    async fn respond(
        &self,
        request: Request<Incoming>,
        ends: ConnectionEnds,
        line: Option<&mut Line<'_>>,
    ) -> Option<Response<ResponseBody>> {
        let stays_open =
            connection::stays_open(request.version(), request.headers(), self.keep_alive);
        let mut request = match request_body::read_body(request).await {
            Ok(request) => request,
            Err(status) => return Some(connection::refuse(status)),
        };
        name_host(request.headers_mut(), ends.local);
        let client = Client {
            peer: Some(&ends.peer_header),
            is_local: ends.is_loopback(),
        };
        let answer = self.pool.answer(&request, client).await;
        // The listener must reflect the call before the client has its
        // response.
        if !request.method().is_safe() {
            self.update_ipv6().await;
        }
        let answer = match answer {
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

    /// Waits for a response's delay. Returns `None` at once if the delay ends
    /// after the shutdown.
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

/// Polls a future once.
async fn poll_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    poll_fn(|context| Poll::Ready(Pin::new(&mut *future).poll(context))).await
}

/// Rejects a request for another server, after reading its body: some clients
/// read only after they have written everything.
async fn refuse_others(request: Request<Incoming>) -> Response<ResponseBody> {
    match request_body::read_body(request).await {
        Ok(_) => connection::refuse_saying(StatusCode::FORBIDDEN, proxy::REFUSAL),
        Err(status) => connection::refuse(status),
    }
}

/// Adds the local address as `Host` if the request has none.
fn name_host(headers: &mut HeaderMap, local: SocketAddr) {
    headers.entry(HOST).or_insert_with(|| {
        let address = local.to_string();
        HeaderValue::try_from(address).expect("an address is a header value")
    });
}

/// Whether an error of `accept` concerns that one connection only.
fn is_the_clients(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
    )
}
