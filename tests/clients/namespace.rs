//! A network namespace for the test, with only loopback.

use std::process::{Command, ExitCode};

/// The variable that is set in the namespace.
const INSIDE: &str = "IMDSIM_TEST_NAMESPACE";

/// Result of entering the namespace.
pub(crate) enum Entered {
    /// In the namespace.
    Inside,
    /// Another process ran the tests in the namespace and exited with this code.
    Finished(ExitCode),
    /// The namespace cannot be created, for this reason.
    Unavailable(String),
}

/// Whether this process runs in the namespace.
pub(crate) fn is_inside() -> bool {
    std::env::var_os(INSIDE).is_some()
}

/// Runs this program again in a namespace, unless it is already in one.
pub(crate) fn enter() -> Entered {
    if is_inside() {
        return Entered::Inside;
    }
    let Some(mut unshare) = unshare() else {
        return Entered::Unavailable(
            "cannot create a network namespace; it needs `unshare` and `ip`, and root or \
             unprivileged user namespaces"
                .into(),
        );
    };
    let status = unshare
        .args(["sh", "-c", "ip link set lo up && exec \"$0\" \"$@\""])
        .arg(std::env::current_exe().unwrap())
        .args(std::env::args_os().skip(1))
        .env(INSIDE, "1")
        .status()
        .unwrap();
    Entered::Finished(match status.code() {
        Some(code) => ExitCode::from(u8::try_from(code).unwrap_or(1)),
        None => ExitCode::FAILURE,
    })
}

/// `unshare` with the flags that work here: as root, or in a user namespace.
fn unshare() -> Option<Command> {
    [&["--net"][..], &["--net", "--map-root-user"]]
        .into_iter()
        .find(|flags| {
            Command::new("unshare")
                .args(*flags)
                .args(["ip", "link", "set", "lo", "up"])
                .output()
                .is_ok_and(|output| output.status.success())
        })
        .map(|flags| {
            let mut command = Command::new("unshare");
            command.args(flags);
            command
        })
}
