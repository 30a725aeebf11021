//! A network of this process's own, in which the addresses of the service are
//! this machine's: nothing gets out, and nothing else is in it.
//!
//! This needs no privileges: in a user namespace of its own a process may do
//! with its network what it likes. The command inherits both namespaces, and
//! is still run by the same user.

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

    use crate::constants::{SERVICE_IPV4, SERVICE_IPV6};
    use crate::error::Failure;

    /// Every network begins with its loopback interface.
    const LOOPBACK: u32 = 1;

    /// Moves this process into the network, for good; there may be no other
    /// thread yet. Tells whether there is IPv6.
    pub(crate) fn enter() -> Result<bool, Failure> {
        let (user, group) = (geteuid(), getegid());
        unshare(CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNET)
            .map_err(|error| refused(&error))?;
        for (file, content) in [
            // Without this the groups of an ordinary user cannot be mapped.
            ("setgroups", "deny".to_owned()),
            ("uid_map", format!("{user} {user} 1")),
            ("gid_map", format!("{group} {group} 1")),
        ] {
            fs::write(format!("/proc/self/{file}"), content).map_err(|error| refused(&error))?;
        }
        // Of one thread, which is gone again when this is done.
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
        // Else there is a moment in which it cannot be listened on: the system
        // would ask whether others have the address.
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

    /// There are no such networks here.
    pub(crate) fn enter() -> Result<bool, Failure> {
        Err(Failure::new(
            "--namespace",
            "only Linux has networks of a process's own",
            "run without this flag",
        ))
    }
}
