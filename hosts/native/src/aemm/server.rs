//! The mock's settings of the program itself, such as its address.

use super::save::save;
use super::{Flags, Layers, Variables, home_file, read};
use crate::error::{Failure, say};
use crate::files::Files;
use imdsim::constants::{DEFAULT_ADDRESS, DEFAULT_PORT};

/// The settings of the program that the mock's configuration has too.
pub(crate) struct ServerSettings {
    /// The addresses to listen on; the default one if empty.
    pub(crate) addresses: Vec<String>,
    /// Whether to reload configuration files when they change.
    pub(crate) watch: bool,
}

/// Reads the settings of the program from the mock's configuration, and saves
/// that configuration if it says so. `addresses` are those of `--addr`.
pub(crate) fn server(
    flags: &Flags,
    variables: &Variables,
    addresses: &[String],
) -> Result<ServerSettings, Failure> {
    let mut addresses = addresses.to_vec();
    let layers = read(flags, variables, &mut Files::default())?;
    if let Some(path) = home_file(flags, variables) {
        say(format_args!(
            "{}: the configuration is read from this file; name another by --config-file",
            path.display()
        ));
    }
    if let Some(address) = address(&layers)? {
        let flag = ["server.hostname", "server.port"]
            .into_iter()
            .filter_map(|key| layers.get(key))
            .find(|given| given.is_flag);
        match (&addresses[..], flag) {
            ([], _) => addresses = vec![address],
            (_, Some(flag)) => {
                let what = "cannot be combined with --addr";
                return Err(Failure::new(&flag.place, what, "use one of them"));
            }
            (_, None) => {}
        }
    }
    let watch = layers.boolean("watch-config-file")?;
    if layers.boolean("save-config-to-file")? {
        save(&layers, addresses.first().map(String::as_str), variables);
    }
    Ok(ServerSettings { addresses, watch })
}

/// Returns the address to listen on, if a host or port is given.
fn address(layers: &Layers) -> Result<Option<String>, Failure> {
    let host = layers.text("server.hostname");
    let port = layers.get("server.port");
    if host.is_none() && port.is_none() {
        return Ok(None);
    }
    let host = host.unwrap_or_else(|| DEFAULT_ADDRESS.ip().to_string());
    let host = if host.contains(':') && !host.starts_with('[') {
        format!("[{host}]")
    } else {
        host
    };
    let port = match port {
        None => DEFAULT_PORT,
        Some(given) => given.text().parse().map_err(|_| {
            given.refuse(
                "is not a port number",
                "write a number up to 65535 (0 picks a free one)",
            )
        })?,
    };
    Ok(Some(format!("{host}:{port}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(file: &str, expected: Option<&str>) {
        let mut layers = Layers::default();
        layers.add_file("aemm.json", file).unwrap();
        assert_eq!(address(&layers).unwrap().as_deref(), expected);
    }

    #[test]
    fn a_missing_host_or_port_has_its_default() {
        check("{}", None);
        check(r#"{"server": {"port": "1338"}}"#, Some("127.0.0.1:1338"));
        check(
            r#"{"server": {"hostname": "0.0.0.0"}}"#,
            Some("0.0.0.0:4719"),
        );
        check(
            r#"{"server": {"hostname": "::1", "port": 80}}"#,
            Some("[::1]:80"),
        );
    }

    #[test]
    fn an_invalid_port_is_rejected() {
        let mut layers = Layers::default();
        layers.add_flags(vec![("--port", "server.port", "http")]);
        assert_eq!(
            address(&layers).unwrap_err().to_string(),
            "--port: \"http\" is not a port number; write a number up to 65535 (0 picks a free one)"
        );
    }
}
