//! Many clients requesting tokens at once, and many tokens expiring at once.
//! Neither may fail or increase memory use.

use std::io::{BufRead, BufReader, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};

use super::server::Server;

/// Number of concurrent clients.
const CLIENTS: usize = 64;
/// Duration of the first rush.
const RUSH: Duration = Duration::from_secs(10);
/// Number of one-second tokens in the second rush.
const TOKENS: usize = 300_000;

/// Runs both rushes against a server, and prints the number of tokens and the
/// memory of its process after each. Any response other than a token is an error.
pub(super) fn rush(server: &Server) -> Result<()> {
    let address = server.address;
    let begun = Instant::now();
    let minted = all_at_once(|| mint(address, "21600", |_| begun.elapsed() < RUSH))?;
    let before = server.memory();
    println!(
        "\n{CLIENTS} clients for {} s: {minted} tokens, no error",
        RUSH.as_secs()
    );
    let minted = all_at_once(|| mint(address, "1", |minted| minted < TOKENS.div_ceil(CLIENTS)))?;
    print!("{minted} tokens of one second: no error");
    if let (Some(before), Some(after)) = (before, server.memory()) {
        print!(", memory {before} KB before and {after} KB after");
    }
    println!();
    Ok(())
}

/// Runs all clients and returns the total number of tokens.
fn all_at_once(client: impl Fn() -> Result<usize> + Sync) -> Result<usize> {
    std::thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS).map(|_| scope.spawn(&client)).collect();
        let minted = clients
            .into_iter()
            .map(|client| client.join().expect("a client does not panic"));
        minted.sum()
    })
}

/// Requests tokens on one connection while `goes_on` returns true.
fn mint(address: SocketAddr, ttl: &str, goes_on: impl Fn(usize) -> bool) -> Result<usize> {
    let stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    let mut answers = BufReader::new(stream.try_clone()?);
    let request = format!(
        "PUT /latest/api/token HTTP/1.1\r\nHost: bench\r\nConnection: keep-alive\r\n\
         X-aws-ec2-metadata-token-ttl-seconds: {ttl}\r\nContent-Length: 0\r\n\r\n"
    );
    let mut minted = 0;
    while goes_on(minted) {
        (&stream).write_all(request.as_bytes())?;
        let (status, token) = answer(&mut answers)?;
        ensure!(status.contains(" 200 ") && token.len() == 56, "{status}");
        minted += 1;
    }
    Ok(minted)
}

/// Reads a response: its status line and body.
fn answer(answers: &mut impl BufRead) -> Result<(String, Vec<u8>)> {
    let mut lines = answers.by_ref().lines();
    let status = lines.next().context("the connection closed")??;
    let mut length = 0;
    for line in lines {
        let line = line?;
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("Content-Length: ") {
            length = value.parse()?;
        }
    }
    let mut body = vec![0; length];
    answers.read_exact(&mut body)?;
    Ok((status, body))
}
