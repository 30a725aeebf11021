//! The process of the command: spawning it, forwarding signals, and waiting for
//! its exit.

use std::io::{self, ErrorKind};
use std::process::ExitStatus;

use tokio::process::{Child, Command};

use crate::error::say;

/// Reports why the command did not start, and returns a shell's exit status for
/// that.
pub(crate) fn not_started(command: &Command, error: &io::Error) -> u8 {
    let name = command.as_std().get_program().display();
    let (status, remedy) = match error.kind() {
        ErrorKind::NotFound => (127, "use an installed program"),
        _ => (126, "use an executable program"),
    };
    say(format_args!(
        "{name}: the command cannot be run: {error}; {remedy}"
    ));
    status
}

/// The exit status of the process, or 128 plus the number of the signal that
/// ended it.
pub(crate) fn exit_status(status: ExitStatus) -> u8 {
    #[cfg(unix)]
    let signal = std::os::unix::process::ExitStatusExt::signal(&status);
    #[cfg(not(unix))]
    let signal = None;
    let code = status.code().or(signal.map(|signal: i32| 128 + signal));
    code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1)
}

/// Waits for the process to exit. Forwards signals meanwhile, and reaps orphans
/// if this is process 1.
pub(crate) async fn wait(child: &mut Child, signals: Signals) -> io::Result<ExitStatus> {
    let id = child.id();
    let passing_on = signals.pass_on(id);
    let meanwhile = async {
        tokio::join!(passing_on, orphans::reap_all_but(id));
        std::future::pending().await
    };
    tokio::select! {
        status = child.wait() => status,
        status = meanwhile => status,
    }
}

/// The signals to forward.
#[cfg(unix)]
pub(crate) use self::unix::Signals;
#[cfg(not(unix))]
pub(crate) use self::windows::Signals;

#[cfg(unix)]
mod unix {
    use std::fs::File;
    use std::task::Poll;

    use nix::sys::signal::{self, Signal};
    use nix::unistd::{Pid, getpgrp, tcgetpgrp};
    use tokio::signal::unix::SignalKind;

    use super::io;

    /// Signals that end a process by default, except SIGKILL, which cannot be
    /// handled, and those of a broken program.
    const PASSED_ON: &[Signal] = &[
        Signal::SIGABRT,
        Signal::SIGALRM,
        Signal::SIGHUP,
        Signal::SIGINT,
        #[cfg(target_os = "linux")]
        Signal::SIGIO,
        Signal::SIGPROF,
        #[cfg(target_os = "linux")]
        Signal::SIGPWR,
        Signal::SIGQUIT,
        Signal::SIGTERM,
        Signal::SIGUSR1,
        Signal::SIGUSR2,
        Signal::SIGVTALRM,
        Signal::SIGXCPU,
        Signal::SIGXFSZ,
    ];

    pub(crate) struct Signals(Vec<(Signal, tokio::signal::unix::Signal)>);

    impl Signals {
        /// Installs the handlers.
        pub(crate) fn listen() -> io::Result<Self> {
            let listen = |signal: &Signal| {
                let kind = SignalKind::from_raw(*signal as i32);
                Ok((*signal, tokio::signal::unix::signal(kind)?))
            };
            PASSED_ON
                .iter()
                .map(listen)
                .collect::<io::Result<_>>()
                .map(Self)
        }

        /// Forwards signals to a process until dropped.
        pub(super) async fn pass_on(mut self, id: Option<u32>) {
            let id = id.and_then(|id| i32::try_from(id).ok());
            loop {
                let came = std::future::poll_fn(|context| {
                    let mut polls = self.0.iter_mut().map(|(signal, stream)| {
                        let came = stream.poll_recv(context).is_ready();
                        came.then_some(*signal)
                    });
                    polls
                        .find_map(|came| came)
                        .map_or(Poll::Pending, Poll::Ready)
                });
                let came = came.await;
                if let Some(id) = id
                    && !reaches_both(came)
                {
                    // The command may have just exited.
                    let _ = signal::kill(Pid::from_raw(id), came);
                }
            }
        }
    }

    /// Whether the terminal has already sent the signal to the command: keys
    /// signal every process in the foreground.
    fn reaches_both(signal: Signal) -> bool {
        let in_foreground =
            || File::open("/dev/tty").is_ok_and(|terminal| tcgetpgrp(terminal) == Ok(getpgrp()));
        matches!(signal, Signal::SIGINT | Signal::SIGQUIT) && in_foreground()
    }
}

#[cfg(not(unix))]
mod windows {
    use super::io;

    /// Ctrl-C, which reaches the command by itself.
    pub(crate) struct Signals(tokio::signal::windows::CtrlC);

    impl Signals {
        /// Installs the handler.
        pub(crate) fn listen() -> io::Result<Self> {
            tokio::signal::windows::ctrl_c().map(Self)
        }

        /// Keeps this process alive until the command has exited.
        pub(super) async fn pass_on(mut self, _: Option<u32>) {
            while self.0.recv().await.is_some() {}
        }
    }
}

/// Processes whose parents have exited. They become children of process 1, as
/// in a container, and stay zombies until it reaps them.
#[cfg(target_os = "linux")]
mod orphans {
    use nix::sys::wait::{Id, WaitPidFlag, waitid, waitpid};
    use nix::unistd::{Pid, getpid};
    use tokio::signal::unix::{SignalKind, signal};

    /// Reaps orphans, except the process with this `id`. Runs until dropped.
    pub(super) async fn reap_all_but(id: Option<u32>) {
        if getpid().as_raw() != 1 {
            return;
        }
        let id = id.and_then(|id| i32::try_from(id).ok());
        let Ok(mut ended) = signal(SignalKind::child()) else {
            return;
        };
        loop {
            reap(id.map(Pid::from_raw));
            ended.recv().await;
        }
    }

    fn reap(own: Option<Pid>) {
        // Peek without reaping: it may be the command.
        let look = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT;
        while let Ok(status) = waitid(Id::All, look)
            && let Some(ended) = status.pid()
            && Some(ended) != own
        {
            let _ = waitpid(ended, Some(WaitPidFlag::WNOHANG));
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod orphans {
    /// Other systems have no containers with their own process 1.
    pub(super) async fn reap_all_but(_: Option<u32>) {}
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::process::ExitStatusExt as _;

    use super::*;

    #[test]
    fn a_status_is_passed_on_and_a_signal_counts_from_128() {
        assert_eq!(exit_status(ExitStatus::from_raw(7 << 8)), 7);
        assert_eq!(exit_status(ExitStatus::from_raw(15)), 128 + 15);
        assert_eq!(exit_status(ExitStatus::from_raw(0)), 0);
    }
}
