//! A runtime of its own for every processor.
//!
//! A connection stays on the processor that it was given to, which saves each
//! request the waking of another thread.

use std::io;
use std::thread::available_parallelism;

use tokio::runtime::{Builder, Runtime};

/// Threads that work until this is dropped, and then end what they do: what
/// they hold is gone then, for instance a locked file.
pub(crate) struct Workers {
    /// Of one thread each, yet of tokio's kind for many: that one lets another
    /// thread go on with its tasks while it waits for a disk.
    runtimes: Vec<Runtime>,
    next: usize,
}

impl Workers {
    /// Starts one thread for every processor.
    pub(crate) fn start() -> io::Result<Self> {
        let count = available_parallelism().map_or(1, usize::from);
        let runtimes = (0..count).map(|_| {
            Builder::new_multi_thread()
                .worker_threads(1)
                .thread_name("worker")
                .enable_all()
                .build()
        });
        Ok(Self {
            runtimes: runtimes.collect::<io::Result<_>>()?,
            next: 0,
        })
    }

    /// Has the next worker do something, beginning in its own runtime.
    pub(crate) fn spawn<F>(&mut self, work: impl FnOnce() -> F + Send + 'static)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.next = (self.next + 1) % self.runtimes.len();
        let work = async move { work().await };
        self.runtimes[self.next].spawn(work);
    }
}
