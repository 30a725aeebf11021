//! A runtime of its own for every processor.
//!
//! A connection stays on the processor that it was given to, which saves each
//! request the waking of another thread.

use std::io;
use std::thread::{self, JoinHandle, available_parallelism};

use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

/// Threads that work until this is dropped, and then end what they do.
pub(crate) struct Workers {
    workers: Vec<Worker>,
    next: usize,
}

struct Worker {
    handle: Handle,
    /// Dropped, it ends the thread.
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Workers {
    /// Starts one thread for every processor.
    pub(crate) fn start() -> io::Result<Self> {
        let count = available_parallelism().map_or(1, usize::from);
        let workers = (0..count).map(|_| Worker::start());
        Ok(Self {
            workers: workers.collect::<io::Result<_>>()?,
            next: 0,
        })
    }

    /// Has the next worker do something, beginning in its own runtime.
    pub(crate) fn spawn<F>(&mut self, work: impl FnOnce() -> F + Send + 'static)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.next = (self.next + 1) % self.workers.len();
        let work = async move { work().await };
        self.workers[self.next].handle.spawn(work);
    }
}

impl Worker {
    fn start() -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let (stop, stopped) = oneshot::channel::<()>();
        let thread = thread::Builder::new()
            .name("worker".to_owned())
            .spawn(move || {
                // Nobody sends anything: the sender goes, and that is it.
                let _ = runtime.block_on(stopped);
            })?;
        Ok(Self {
            handle,
            stop: Some(stop),
            thread: Some(thread),
        })
    }
}

/// What the threads hold is gone when this returns, for instance a locked file.
impl Drop for Workers {
    fn drop(&mut self) {
        for worker in &mut self.workers {
            drop(worker.stop.take());
        }
        for thread in self
            .workers
            .iter_mut()
            .filter_map(|worker| worker.thread.take())
        {
            // A panic in a thread has been told already.
            let _ = thread.join();
        }
    }
}
