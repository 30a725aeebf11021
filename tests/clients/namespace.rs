//! A network namespace for the test, with only loopback.

use std::process::{Command, ExitCode};

/// Set inside.
const INSIDE: &str = "IMDSIM_TEST_NAMESPACE";

/// Result of entering the namespace.
pub(crate) enum Entered {
    /// In the namespace.
    Inside,
    /// The test ran in the namespace, as another process, and ended so.
    Finished(ExitCode),
    /// A namespace cannot be created, for this reason.
    Impossible(String),
}

/// Whether this program runs in the namespace already.
pub(crate) fn is_inside() -> bool {
    std::env::var_os(INSIDE).is_some()
}

/// Runs this program again inside a namespace, unless it is there already.
pub(crate) fn enter() -> Entered {
    if is_inside() {
        return Entered::Inside;
    }
    let Some(mut unshare) = unshare() else {
        return Entered::Impossible(
            "no network namespace can be made here; it needs `unshare` and `ip`, and root or \
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

/// `unshare` in the form that works here: as root, or in a user namespace.
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
