//! The imdsim program: an HTTP server around the emulator's component.
//!
//! The build script compiles the component, so the program compiles nothing
//! when it starts. The component decides every response, except what no guest
//! can control: connections, reason phrases, and the case of header names.

mod aemm;
mod bindings;
mod capture;
mod captured_field;
mod cli;
mod connection;
mod connection_ends;
mod engine;
mod engine_config;
mod error;
mod facts;
mod files;
mod guest;
mod http_client;
mod instance_pool;
mod ipv6_endpoint;
mod keyvalue;
mod listener;
mod log;
mod proxy;
mod remote;
mod request_body;
mod run;
mod serve;
mod server;
mod settings;
mod signals;
mod tree;
mod watch;
mod workers;
mod write_timeout;
mod yaml;

use std::io::Write as _;
use std::process::ExitCode;

/// A fast allocator: a request makes hundreds of small allocations across many
/// crates.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let done = match cli::parse(std::env::args_os()) {
        Ok(cli::Command::Serve(settings, flags)) => {
            set_log_format(&flags.logging);
            serve::serve(&settings, &flags)
        }
        Ok(cli::Command::Run(settings, flags)) => {
            set_log_format(&flags.logging);
            return run::run(&settings, &flags).unwrap_or_else(|failure| failure.report());
        }
        Ok(cli::Command::Capture(flags)) => capture::capture(&flags),
        Ok(cli::Command::Diff(flags)) => {
            return capture::diff(&flags).unwrap_or_else(|failure| failure.report());
        }
        Ok(cli::Command::Tree(settings, flags)) => tree::tree(&settings, &flags),
        Ok(cli::Command::Schema) => {
            // A closed stdout, as by `head`, is not an error.
            let _ = writeln!(anstream::stdout(), "{:#}", imdsim::description::schema());
            Ok(())
        }
        Ok(cli::Command::Completion(shell)) => {
            cli::completion(shell);
            Ok(())
        }
        Ok(cli::Command::Control(emulator, command)) => remote::control(&emulator, &command),
        Err(stop) => return stop.report(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

/// Gives every line on stderr the format of the request log.
fn set_log_format(flags: &log::LogFlags) {
    if flags.log == Some(log::LogFormat::Json) {
        error::log_as_json();
    }
}
