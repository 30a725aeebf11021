//! The commands `capture` and `diff`: capture a metadata service as an instance
//! document, and compare two captures.

mod crawl;
mod describe;
mod diff;
mod flags;
mod network;
mod newest;
mod overrides;
mod redact;
mod service;
mod trees;

use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use imdsim::{LATEST, UnixMillis};
use jiff::Timestamp;
use serde_json::{Value, json};

pub(crate) use flags::{CaptureFlags, DiffFlags};
use service::Service;
use trees::Trees;

use crate::captured_field::CAPTURED;
use crate::error::{Failure, say};
use crate::files::Files;
use imdsim::constants::{ENDPOINT_VARIABLE, SERVICE_IPV4};

/// Prints a service as an instance document.
pub(crate) fn capture(flags: &CaptureFlags) -> Result<(), Failure> {
    let flag = flags.endpoint.clone().map(|url| ("--endpoint", url));
    let variable = || {
        std::env::var(ENDPOINT_VARIABLE)
            .ok()
            .filter(|url| !url.is_empty())
    };
    let found = flag.or_else(|| Some((ENDPOINT_VARIABLE, variable()?)));
    let (place, url) = found.unwrap_or_else(|| ("--endpoint", format!("http://{SERVICE_IPV4}")));
    let time = Timestamp::now();
    let service = Service::find(place, &url)?;
    let trees = trees(&service, flags)?;
    let described = describe::describe(&trees, service.requires_token);
    let found = overrides::find_overrides(described, &trees, service.imds())?;
    if let Some(first) = found.left.first() {
        say(format_args!(
            "{}: {} answers are more than a description says, for instance /{first}; these are \
             in `{CAPTURED}`, and will not be served",
            service.url,
            found.left.len(),
        ));
    }
    let mut document = found.document;
    document[CAPTURED] = json!({
        "Endpoint": service.url,
        "Time": UnixMillis::from_seconds(time.as_second()).iso(),
        "Versions": trees::to_json(&trees),
    });
    // A closed stdout is not an error.
    let _ = writeln!(anstream::stdout(), "{document:#}");
    Ok(())
}

/// Prints the differences of two captures. Returns status 1 if there are any.
pub(crate) fn diff(flags: &DiffFlags) -> Result<ExitCode, Failure> {
    let [before, after] = [load(&flags.before)?, load(&flags.after)?];
    let differences = diff::between(&before, &after);
    let mut out = anstream::stdout();
    for difference in &differences {
        // A closed stdout is not an error.
        let _ = writeln!(out, "{difference}");
    }
    Ok(ExitCode::from(u8::from(!differences.is_empty())))
}

/// Reads all versions of a service, without secrets.
fn trees(service: &Service, flags: &CaptureFlags) -> Result<Trees, Failure> {
    let versions = service.get("")?.unwrap_or_default();
    let versions = String::from_utf8_lossy(&versions).into_owned();
    let mut trees = Trees::new();
    for version in versions.lines().chain([LATEST]) {
        let version = version.trim_end_matches('/');
        if version.is_empty() || trees.contains_key(version) {
            continue;
        }
        let mut tree = crawl::crawl(&|path| service.get(path), version)?;
        redact::withhold(&mut tree, flags);
        trees.insert(version.to_owned(), tree);
    }
    if trees.values().all(|tree| tree.len() < 2) {
        let what = "the server at this address is not a metadata service";
        return Err(Failure::new(&service.url, what, "give the address of one"));
    }
    Ok(trees)
}

/// Reads a capture from a file, or captures a service.
fn load(place: &str) -> Result<Trees, Failure> {
    if place.contains("://") {
        return trees(&Service::find(place, place)?, &CaptureFlags::default());
    }
    let text = Files::default().read_text(Path::new(place))?;
    let document: Value = serde_json::from_str(&text).unwrap_or_default();
    trees::from_json(&document[CAPTURED]["Versions"]).ok_or_else(|| {
        let remedy = "use the output of `imdsim capture`, or the address of a service";
        Failure::new(place, "this is not a capture", remedy)
    })
}
