//! A pool of component instances.
//!
//! An instance serves one request at a time. A thread takes the one that it used
//! last, because its memory is still in the processor's cache.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::available_parallelism;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http::uri::PathAndQuery;
use http::{HeaderValue, Request, Response, StatusCode};
use imdsim::constants::PEER;
use imdsim::header_fields::Part;
use imdsim::{Entry, RecordedRequest, UnixMillis, header_fields, pieces};
use tokio::sync::Semaphore;
use wasmtime::component::Component;
use wasmtime::error::Context as _;
use wasmtime::{Result, Store, Trap};

use crate::bindings::exports::imdsim::emulator::direct::{self, Delivery};
use crate::bindings::{Embedder, EmbedderPre};
use crate::connection::{self, ResponseBody};
use crate::engine::MAX_TICKS;
use crate::error::{Failure, internal_error, say};
use crate::guest::{self, Host};
use crate::keyvalue::{self, CoreStore};

/// Maximum concurrent requests; further ones wait.
const MAX_BUSY: usize = 64;

/// Maximum idle instances of each share.
const MAX_IDLE: usize = 8;

/// Maximum memory of a reused instance, because WebAssembly memory never
/// shrinks. An instance that has grown further is dropped after its request.
const MAX_KEPT_MEMORY: usize = 16 * 1024 * 1024;

/// The pool of component instances.
pub(crate) struct InstancePool {
    component: EmbedderPre<Host>,
    values: Arc<dyn keyvalue::Store>,
    /// The number of the last journal entry.
    last_entry: AtomicU64,
    /// One for each processor.
    shares: Vec<Share>,
}

/// The instances of some threads.
struct Share {
    state: Mutex<ShareState>,
    permits: Semaphore,
}

/// The active settings, and the idle instances that use them.
struct ShareState {
    document: Arc<str>,
    idle: Vec<Instance>,
}

/// The sender of a request.
#[derive(Clone, Copy)]
pub(crate) struct Client<'c> {
    /// Its address, if it is outside of the program.
    pub(crate) peer: Option<&'c HeaderValue>,
    /// Whether both ends of the connection have a loopback address.
    pub(crate) is_local: bool,
}

impl Client<'_> {
    /// The program itself.
    pub(crate) const PROGRAM: Self = Self {
        peer: None,
        is_local: true,
    };
}

/// A response with its delay and fault.
pub(crate) struct Answer {
    pub(crate) response: Response<ResponseBody>,
    /// The delay before the response is sent.
    pub(crate) delay: Duration,
    /// The id of the fault that applied.
    pub(crate) fault: Option<String>,
}

struct Instance {
    store: Store<Host>,
    emulator: Embedder,
    /// The settings that the instance was created with.
    document: Arc<str>,
}

impl InstancePool {
    /// Creates a pool with one idle instance. `document` is the settings
    /// document.
    pub(crate) fn new(
        component: &Component,
        document: String,
        values: Arc<dyn keyvalue::Store>,
    ) -> Result<Self, Failure> {
        Self::start(component, document, values).map_err(|error| internal_error(&error))
    }

    fn start(
        component: &Component,
        document: String,
        values: Arc<dyn keyvalue::Store>,
    ) -> Result<Self> {
        let document = Arc::from(document);
        let count = available_parallelism().map_or(1, usize::from).min(MAX_BUSY);
        let linker = guest::linker(component.engine())?;
        let pool = Self {
            component: EmbedderPre::new(linker.instantiate_pre(component)?)?,
            values,
            last_entry: AtomicU64::new(RandomState::new().hash_one(())),
            shares: (0..count)
                .map(|_| Share::new(&document, MAX_BUSY / count))
                .collect(),
        };
        let first = pool.instantiate(document)?;
        pool.share().put_back(first);
        Ok(pool)
    }

    /// Answers a request. An instance that fails is dropped.
    pub(crate) async fn answer(
        &self,
        request: &Request<Bytes>,
        client: Client<'_>,
    ) -> Result<Answer> {
        let arrived = SystemTime::now();
        let share = self.share();
        let permit = match share.permits.try_acquire() {
            Ok(permit) => permit,
            Err(_) => share.permits.acquire().await?,
        };
        let asked = self.ask(share, request, client, arrived);
        drop(permit);
        let mut given = match asked {
            Err(error) if error.downcast_ref() == Some(&Trap::Interrupt) => {
                say("a request took too long and was given up; report this as a bug of imdsim");
                return Ok(Answer {
                    response: connection::refuse(StatusCode::SERVICE_UNAVAILABLE),
                    delay: Duration::ZERO,
                    fault: None,
                });
            }
            asked => asked?,
        };
        self.record(request, &given, arrived);
        Ok(Answer {
            delay: Duration::from_nanos(given.delay),
            fault: given.fault.take(),
            response: to_http(given)?,
        })
    }

    fn ask(
        &self,
        share: &Share,
        request: &Request<Bytes>,
        client: Client<'_>,
        arrived: SystemTime,
    ) -> Result<direct::Response> {
        let instance = match share.take() {
            Ok(instance) => instance,
            Err(document) => self.instantiate(document)?,
        };
        let store_version = self.values.version();
        let answer = instance.answer(request, client, nanoseconds(arrived), store_version);
        let (response, kept) = answer?;
        if let Some(instance) = kept {
            share.put_back(instance);
        }
        Ok(response)
    }

    /// Records the journal entry of a request, if there is one.
    fn record(&self, request: &Request<Bytes>, given: &direct::Response, arrived: SystemTime) {
        let Some(entry) = given.entry else { return };
        let entry = Entry {
            time: UnixMillis(entry.time),
            version: entry.version,
            status: entry.status,
            token: entry.token.map(u32::to_be_bytes),
            token_age: entry.token_age,
            capacity: entry.capacity,
            is_frozen: entry.is_frozen,
        };
        let recorded = RecordedRequest {
            request,
            fault: given.fault.as_deref(),
            arrived: nanoseconds(arrived),
            took: arrived.elapsed().unwrap_or_default() + Duration::from_nanos(given.delay),
        };
        let number = self.last_entry.fetch_add(1, Ordering::Relaxed);
        entry.record(&recorded, number, &mut CoreStore(&*self.values));
    }

    /// Replaces the settings. Later requests use them; running requests keep
    /// the old ones.
    pub(crate) fn reload(&self, document: String) {
        let document = Arc::from(document);
        for share in &self.shares {
            share.reload(Arc::clone(&document));
        }
    }

    /// The share of the current thread.
    fn share(&self) -> &Share {
        static THREADS: AtomicUsize = AtomicUsize::new(0);
        thread_local! {
            static THREAD: usize = THREADS.fetch_add(1, Ordering::Relaxed);
        }
        &self.shares[THREAD.with(|thread| thread % self.shares.len())]
    }

    fn instantiate(&self, document: Arc<str>) -> Result<Instance> {
        let values = Arc::clone(&self.values);
        let mut store = Host::store(self.component.engine(), &document, values);
        let emulator = self.component.instantiate(&mut store)?;
        Ok(Instance {
            store,
            emulator,
            document,
        })
    }
}

impl Share {
    fn new(document: &Arc<str>, permits: usize) -> Self {
        Self {
            state: Mutex::new(ShareState {
                document: Arc::clone(document),
                idle: Vec::new(),
            }),
            permits: Semaphore::new(permits),
        }
    }

    fn reload(&self, document: Arc<str>) {
        let mut state = self.state();
        state.document = document;
        let old = std::mem::take(&mut state.idle);
        // Dropping many instances takes time, so release the lock first.
        drop(state);
        drop(old);
    }

    /// Takes an idle instance, or returns the settings for a new one.
    fn take(&self) -> Result<Instance, Arc<str>> {
        let mut state = self.state();
        let waiting = state.idle.pop();
        waiting.ok_or_else(|| Arc::clone(&state.document))
    }

    /// Returns an instance if its settings are still active.
    fn put_back(&self, instance: Instance) {
        let mut state = self.state();
        if state.idle.len() < MAX_IDLE && Arc::ptr_eq(&instance.document, &state.document) {
            state.idle.push(instance);
        }
    }

    /// Locks the shared state. A panic elsewhere cannot leave it half changed.
    fn state(&self) -> MutexGuard<'_, ShareState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Instance {
    /// Calls the component. Returns the instance too if it can be reused.
    fn answer(
        mut self,
        request: &Request<Bytes>,
        client: Client<'_>,
        arrived: u64,
        store_version: u64,
    ) -> Result<(direct::Response, Option<Self>)> {
        let mut head = Vec::with_capacity(512);
        pieces::push(&mut head, request.method().as_str().as_bytes());
        let target = request.uri().path_and_query();
        let target = target.map_or("/", PathAndQuery::as_str);
        pieces::push(&mut head, target.as_bytes());
        for (name, value) in request.headers() {
            // Only the program may set it.
            if name != PEER {
                header_fields::push(&mut head, name, value.as_bytes());
            }
        }
        if let Some(peer) = client.peer {
            header_fields::push(&mut head, &PEER, peer.as_bytes());
        }
        let request = direct::Request {
            head: &head,
            body: request.body(),
            loopback: client.is_local,
            arrived,
            store_version,
        };
        let service = self.emulator.imdsim_emulator_direct();
        self.store.set_epoch_deadline(MAX_TICKS);
        self.store.data_mut().begin();
        let response = service.call_answer(&mut self.store, request)?;
        let kept = self.is_reusable(MAX_KEPT_MEMORY).then_some(self);
        Ok((response, kept))
    }

    /// Whether the instance holds no resources of a request and at most this
    /// much memory.
    fn is_reusable(&self, memory: usize) -> bool {
        let host = self.store.data();
        host.is_clean() && host.memory() <= memory
    }
}

/// Converts a time to nanoseconds since 1970.
fn nanoseconds(time: SystemTime) -> u64 {
    let time = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// Converts the component's response to an HTTP response.
fn to_http(given: direct::Response) -> Result<Response<ResponseBody>> {
    let body = Bytes::from(given.body);
    let mut response = Response::new(match given.delivery {
        Delivery::Complete => ResponseBody::new(body),
        Delivery::Aborted => ResponseBody::truncated(Bytes::new()),
        Delivery::Truncated(length) => {
            let length = usize::try_from(length)?.min(body.len());
            ResponseBody::truncated(body.slice(..length))
        }
    });
    *response.status_mut() = StatusCode::from_u16(given.status)?;
    let headers = response.headers_mut();
    headers.reserve(16);
    let fields = Bytes::from(given.fields);
    for (name, value) in header_fields::read(&fields) {
        let name = name.to_header_name().context("the name of a header")?;
        let value = match value {
            Part::Numbered(value) => value.clone(),
            Part::Bytes(bytes) => HeaderValue::from_maybe_shared(fields.slice_ref(bytes))?,
        };
        headers.append(name, value);
    }
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine;

    #[tokio::test]
    async fn the_pool_keeps_few_and_small_instances() {
        let component = engine::load().unwrap();
        let values = Arc::new(keyvalue::MemoryStore::default());
        let pool = InstancePool::new(&component, "{}".into(), values);
        let pool = pool.unwrap();
        let share = pool.share();
        let document = Arc::clone(&share.state().document);
        for _ in 0..MAX_IDLE + 2 {
            let instance = pool.instantiate(Arc::clone(&document)).unwrap();
            share.put_back(instance);
        }
        let request = Request::get("/latest/meta-data/").body(Bytes::new());
        let response = pool
            .answer(&request.unwrap(), Client::PROGRAM)
            .await
            .unwrap();
        assert_eq!(response.response.status(), StatusCode::OK);
        let idle = &share.state().idle;
        assert_eq!(idle.len(), MAX_IDLE);
        for instance in idle {
            assert!(instance.is_reusable(MAX_KEPT_MEMORY));
            assert!(!instance.is_reusable(64 * 1024), "memory is measured");
        }
    }
}
