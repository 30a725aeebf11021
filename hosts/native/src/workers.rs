//! One single-threaded runtime per processor.
//!
//! A connection stays on its thread, so a request does not have to wake another
//! one.

use std::io;
use std::thread::available_parallelism;

use tokio::runtime::{Builder, Runtime};

/// The worker threads. Dropping them ends all tasks and frees their resources,
/// such as a locked file.
pub(crate) struct Workers {
    /// Multi-threaded runtimes with one thread each, because only that kind can
    /// move its other tasks to a new thread while one blocks on disk.
    runtimes: Vec<Runtime>,
    next: usize,
}

impl Workers {
    /// Starts one worker per processor.
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

    /// Starts a task on the next worker.
    pub(crate) fn spawn<F>(&mut self, work: impl FnOnce() -> F + Send + 'static)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.next = (self.next + 1) % self.runtimes.len();
        let work = async move { work().await };
        self.runtimes[self.next].spawn(work);
    }
}
