//! Repeated crawls of the whole tree by concurrent clients, as at boot.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::load::{CONNECTIONS, Connection};

/// Duration of the crawls.
const TURN_LENGTH: Duration = Duration::from_secs(5);

/// Total of all crawlers.
pub(super) struct Crawled {
    /// Number of paths in the tree, including directories.
    pub(super) paths: usize,
    pub(super) crawls_per_second: f64,
}

/// Crawls with `CONNECTIONS` connections.
pub(super) fn crawl(address: SocketAddr, token: &str) -> Result<Crawled> {
    let paths = paths(&mut Connection::open(address, token)?)?;
    let start = Instant::now();
    let crawlers: Vec<_> = (0..CONNECTIONS)
        .map(|_| {
            let (paths, token) = (paths.clone(), token.to_owned());
            std::thread::spawn(move || -> Result<u32> {
                let mut connection = Connection::open(address, &token)?;
                let mut crawls = 0;
                while start.elapsed() < TURN_LENGTH {
                    for path in &paths {
                        connection.get(path)?;
                    }
                    crawls += 1;
                }
                Ok(crawls)
            })
        })
        .collect();
    let mut crawls = 0;
    for crawler in crawlers {
        crawls += crawler.join().expect("a crawler does not panic")?;
    }
    Ok(Crawled {
        paths: paths.len(),
        crawls_per_second: f64::from(crawls) / start.elapsed().as_secs_f64(),
    })
}

/// All paths of the newest version, found by following the listings.
pub(super) fn paths(connection: &mut Connection) -> Result<Vec<String>> {
    let mut found = Vec::new();
    let mut directories = vec![
        "/latest/dynamic/".to_owned(),
        "/latest/meta-data/".to_owned(),
    ];
    while let Some(directory) = directories.pop() {
        for name in connection.get(&directory)?.lines() {
            // `0=key` is the directory `0`.
            match name.split_once('=') {
                Some((index, _)) => directories.push(format!("{directory}{index}/")),
                None if name.ends_with('/') => directories.push(directory.clone() + name),
                None => found.push(directory.clone() + name),
            }
        }
        found.push(directory);
    }
    ensure!(found.len() > 20, "the tree has only {} paths", found.len());
    Ok(found)
}
