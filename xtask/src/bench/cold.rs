//! `cargo xtask bench cold`: components on hosts that start a new instance for each
//! request, beside a minimal component, and with a large instance.

use std::process::Command;

use anyhow::{Context as _, Result};
use imdsim_guest::Profile;

use super::PATH;
use super::compare::compare;
use super::hosts::{self, Host};
use super::instructions;
use super::large_instance;
use super::load::Load;
use super::server::Server;
use crate::dist;

/// Prints the comparison on each host, or the reason for skipping them.
pub(crate) fn run() -> Result<()> {
    if Command::new("wasmtime").arg("--version").output().is_err() {
        println!("\nskipped: wasmtime is not on the PATH; .ci/wasmtime installs it");
        return Ok(());
    }
    dist::run()?;
    let dist = |name| imdsim_guest::workspace_root().join("dist").join(name);
    let standalone = dist("imdsim-standalone.wasm");
    let [once, reused] = hosts::wasmtime_serve(&hello("components", &[])?, &standalone)?;
    let reading = hello("components-read", &["read"])?;
    let spin = hosts::spin_tests(&reading, &dist("imdsim-spin.wasm"))?;
    for host in [once, reused, spin] {
        println!("\n{}", host.name);
        beside_hello(&host)?;
        beside_small(&host)?;
    }
    Ok(())
}

/// Builds the minimal component.
fn hello(folder: &str, features: &[&str]) -> Result<std::path::PathBuf> {
    let target_dir = crate::target_dir().join(folder);
    imdsim_guest::build_wasi_component("imdsim-hello", features, Profile::Fast, &target_dir)
}

/// Compares imdsim, with a state document, to the minimal component.
fn beside_hello(host: &Host) -> Result<()> {
    let state = tempfile::tempdir().context("cannot create a temporary folder")?;
    let start = |component| Server::start(&mut host.command(component, state.path()));
    let (hello, imdsim) = (start(&host.hello)?, start(&host.imdsim)?);
    imdsim.reset()?;
    let load = Load::new(PATH, &imdsim.token()?);
    println!();
    compare(&load, [("hello", &hello), ("imdsim", &imdsim)])?;
    drop((hello, imdsim));
    if !instructions::are_counted() {
        println!("instructions: skipped, valgrind is not on the PATH");
        return Ok(());
    }
    let count = |component, prepare: fn(&Server) -> Result<()>| {
        let state = tempfile::tempdir().context("cannot create a temporary folder")?;
        instructions::per_request(&host.command(component, state.path()), PATH, prepare)
    };
    let hello = count(&host.hello, |_| Ok(()))?;
    let small = count(&host.imdsim, Server::reset)?;
    let large = count(&host.imdsim, large_instance::make)?;
    println!(
        "instructions per request: hello {hello}, imdsim {small}, with a large instance {large}"
    );
    Ok(())
}

/// Compares a large instance to the built-in one.
fn beside_small(host: &Host) -> Result<()> {
    let states = [tempfile::tempdir()?, tempfile::tempdir()?];
    let [small, large] = states
        .each_ref()
        .map(|state| Server::start(&mut host.command(&host.imdsim, state.path())));
    let (small, large) = (small?, large?);
    small.reset()?;
    large_instance::make(&large)?;
    let load = Load::new(PATH, &large.token()?);
    let answer = large.answer(&load)?;
    anyhow::ensure!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    println!();
    // Both have the same instance id and secret, so the token is good for both.
    compare(
        &load,
        [("small instance", &small), ("large instance", &large)],
    )
}
