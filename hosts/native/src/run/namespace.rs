//! A network namespace for the command, isolated from all other networks, in
//! which this machine has the addresses of the service.
//!
//! It needs no privileges: in its own user namespace a process may configure
//! its network. The command inherits both namespaces, and runs as the same
//! user.

pub(crate) use self::platform::enter;

#[cfg(target_os = "linux")]
mod platform {
    use std::fmt::Display;
    use std::fs;
    use std::net::IpAddr;

    use nix::sched::{CloneFlags, unshare};
    use nix::unistd::{getegid, geteuid};
    use rtnetlink::packet_route::address::AddressHeaderFlags;
    use rtnetlink::{LinkUnspec, new_connection};
    use tokio::runtime::Builder;

    use crate::error::Failure;
    use imdsim::constants::{SERVICE_IPV4, SERVICE_IPV6};

    /// The index of the loopback interface in a new network namespace.
    const LOOPBACK: u32 = 1;

    /// Moves this process into a new namespace for good. There must be no other
    /// thread yet. Returns whether IPv6 is available.
    pub(crate) fn enter() -> Result<bool, Failure> {
        let (user, group) = (geteuid(), getegid());
        unshare(CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNET)
            .map_err(|error| refused(&error))?;
        for (file, content) in [
            // Required for the group mapping of an unprivileged user.
            ("setgroups", "deny".to_owned()),
            ("uid_map", format!("{user} {user} 1")),
            ("gid_map", format!("{group} {group} 1")),
        ] {
            fs::write(format!("/proc/self/{file}"), content).map_err(|error| refused(&error))?;
        }
        // Single-threaded, and dropped before this returns.
        let runtime = Builder::new_current_thread().enable_all().build();
        runtime
            .map_err(|error| refused(&error))?
            .block_on(configure())
            .map_err(|error| refused(&error))
    }

    async fn configure() -> Result<bool, Box<dyn std::error::Error>> {
        let (connection, network, _) = new_connection()?;
        tokio::spawn(connection);
        let up = LinkUnspec::new_with_index(LOOPBACK).up().build();
        network.link().set(up).execute().await?;
        let ipv4 = network
            .address()
            .add(LOOPBACK, IpAddr::from(SERVICE_IPV4), 32);
        ipv4.execute().await?;
        let mut ipv6 = network
            .address()
            .add(LOOPBACK, IpAddr::from(SERVICE_IPV6), 128);
        // Without this flag the address is unusable until duplicate address
        // detection has finished.
        ipv6.message_mut().header.flags = AddressHeaderFlags::Nodad;
        Ok(ipv6.execute().await.is_ok())
    }

    fn refused(error: &dyn Display) -> Failure {
        Failure::new(
            "--namespace",
            format_args!("no network can be made here: {error}"),
            "allow unprivileged user namespaces (a container may need --privileged), or run \
             without this flag",
        )
    }
}

#[cfg(not(target_os = "linux"))]
mod platform {
    use crate::error::Failure;

    /// Only Linux has network namespaces.
    pub(crate) fn enter() -> Result<bool, Failure> {
        Err(Failure::new(
            "--namespace",
            "only Linux has networks of a process's own",
            "run without this flag",
        ))
    }
}
