//! Instances of the component, kept for the next request.
//!
//! An instance serves one request at a time. The one used last is taken first,
//! since its memory is still in the processor's cache.

use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::{Bytes, BytesMut};
use http::{Method, Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Body as _, Frame};
use tokio::sync::{Semaphore, oneshot};
use wasmtime::component::Component;
use wasmtime::{Result, Store, bail, format_err};
use wasmtime_wasi_http::p2::bindings::http::types::{ErrorCode, Scheme};
use wasmtime_wasi_http::p2::bindings::{Proxy, ProxyPre};
use wasmtime_wasi_http::p2::body::HyperOutgoingBody;
use wasmtime_wasi_http::{Error, WasiHttpView as _};

use crate::connection::Whole;
use crate::guest::{self, Host};
use crate::keyvalue;

/// How many requests are worked on at a time; more wait their turn.
const MAX_BUSY: usize = 512;

/// How many instances are kept after a rush.
const MAX_IDLE: usize = 64;

/// Where requests find an instance.
pub(crate) struct InstancePool {
    component: ProxyPre<Host>,
    values: Arc<dyn keyvalue::Store>,
    stock: Mutex<Stock>,
    turns: Semaphore,
}

/// The settings in force, and the instances under them that wait for requests.
struct Stock {
    document: Arc<str>,
    idle: Vec<Instance>,
}

struct Instance {
    store: Store<Host>,
    proxy: Proxy,
    /// The settings that it was started with.
    document: Arc<str>,
}

impl InstancePool {
    /// A pool with one instance in it. `document` is the settings of all.
    pub(crate) async fn new(
        component: &Component,
        document: String,
        values: Arc<dyn keyvalue::Store>,
    ) -> Result<Self> {
        let document = Arc::from(document);
        let linker = guest::linker(component.engine())?;
        let pool = Self {
            component: ProxyPre::new(linker.instantiate_pre(component)?)?,
            values,
            stock: Mutex::new(Stock {
                document: Arc::clone(&document),
                idle: Vec::new(),
            }),
            turns: Semaphore::new(MAX_BUSY),
        };
        let first = pool.instantiate(document).await?;
        pool.put_back(first);
        Ok(pool)
    }

    /// Has an instance answer. An error means that the instance failed, and
    /// is gone.
    pub(crate) async fn answer(&self, request: Request<Bytes>) -> Result<Response<Whole>> {
        let _turn = self.turns.acquire().await?;
        let instance = match self.take() {
            Ok(instance) => instance,
            Err(document) => self.instantiate(document).await?,
        };
        let (response, kept) = instance.answer(request).await?;
        if let Some(instance) = kept {
            self.put_back(instance);
        }
        Ok(response)
    }

    /// Puts other settings in force: requests that come from now on are answered
    /// under them, those that are being answered under the old ones.
    pub(crate) fn take_over(&self, document: String) {
        let mut stock = self.stock();
        stock.document = Arc::from(document);
        let old = std::mem::take(&mut stock.idle);
        // Nobody waits while many instances go.
        drop(stock);
        drop(old);
    }

    async fn instantiate(&self, document: Arc<str>) -> Result<Instance> {
        let values = Arc::clone(&self.values);
        let mut store = Host::store(self.component.engine(), &document, values);
        let proxy = self.component.instantiate_async(&mut store).await?;
        Ok(Instance {
            store,
            proxy,
            document,
        })
    }

    /// An instance that waits, or what to start another one with.
    fn take(&self) -> std::result::Result<Instance, Arc<str>> {
        let mut stock = self.stock();
        let waiting = stock.idle.pop();
        waiting.ok_or_else(|| Arc::clone(&stock.document))
    }

    /// Keeps an instance, if its settings are still in force.
    fn put_back(&self, instance: Instance) {
        let mut stock = self.stock();
        if stock.idle.len() < MAX_IDLE && Arc::ptr_eq(&instance.document, &stock.document) {
            stock.idle.push(instance);
        }
    }

    /// What all requests share. A panic elsewhere cannot leave it half changed.
    fn stock(&self) -> MutexGuard<'_, Stock> {
        self.stock.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Instance {
    /// Runs the component and, at the same time, takes in the body it writes,
    /// for it waits while too much of that has not been taken. Yields the
    /// instance again if it holds nothing from this request.
    async fn answer(mut self, request: Request<Bytes>) -> Result<(Response<Whole>, Option<Self>)> {
        let bodiless = request.method() == Method::HEAD;
        let (sender, receiver) = oneshot::channel();
        let mut http = self.store.data_mut().http();
        let request =
            request.map(|body| Full::new(body).map_err(|never| -> Error { match never {} }));
        let request = http.new_incoming_request(Scheme::Http, request)?;
        let out = http.new_response_outparam(sender)?;
        let mut response = pin!(receive(receiver, bodiless));
        let handler = self.proxy.wasi_http_incoming_handler();
        let early = {
            let mut call = pin!(handler.call_handle(&mut self.store, request, out));
            // The call is looked at first: mostly it is done at once, and the
            // response is all there.
            tokio::select! {
                biased;
                done = &mut call => {
                    done?;
                    None
                }
                response = &mut response => {
                    call.await?;
                    Some(response?)
                }
            }
        };
        // Dropping an instance also ends a body that it left unfinished.
        let kept = self.store.data().is_clean().then_some(self);
        let response = match early {
            Some(response) => response,
            None => response.await?,
        };
        Ok((response, kept))
    }
}

/// The response, once the component has written all of it.
async fn receive(
    receiver: oneshot::Receiver<Result<Response<HyperOutgoingBody>, ErrorCode>>,
    bodiless: bool,
) -> Result<Response<Whole>> {
    let Ok(response) = receiver.await else {
        bail!("the component did not answer");
    };
    let (head, body) = response
        .map_err(|code| format_err!("the component answered with an error: {code:?}"))?
        .into_parts();
    // A body that is shorter than the length that is stated, which the answer
    // to HEAD has, ends in an error.
    let body = if bodiless {
        Whole::default()
    } else {
        collect(body).await
    };
    Ok(Response::from_parts(head, body))
}

/// A body as far as the component has written it. One that it leaves off has
/// no end.
async fn collect(mut body: HyperOutgoingBody) -> Whole {
    let mut bytes = BytesMut::new();
    while let Some(frame) = body.frame().await {
        match frame.map(Frame::into_data) {
            Ok(Ok(data)) if bytes.is_empty() && body.is_end_stream() => return Whole::new(data),
            Ok(Ok(data)) => bytes.extend_from_slice(&data),
            // Trailers, which nobody sends.
            Ok(Err(_)) => {}
            Err(_) => return Whole::broken(bytes.freeze()),
        }
    }
    Whole::new(bytes.freeze())
}
