//! Load tests for every host: concurrent clients, and kills during writes.

use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread::ScopedJoinHandle;
use std::time::Duration;

/// Read timeout of a client.
const TIMEOUT: Duration = Duration::from_mins(1);

/// Sends a request on a new connection and returns status and body; fails if the
/// host is gone.
pub(crate) fn call(address: &str, start: &str, body: &str) -> io::Result<(u16, String)> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    write!(
        stream,
        "{start} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )?;
    let mut response = String::new();
    stream.read_to_string(&mut response)?;
    let cut_off = || io::Error::from(io::ErrorKind::UnexpectedEof);
    let (head, body) = response.split_once("\r\n\r\n").ok_or_else(cut_off)?;
    let mut words = head.split(' ');
    let status = words.nth(1).and_then(|word| word.parse().ok());
    Ok((status.ok_or_else(cut_off)?, body.to_owned()))
}

/// 32 clients make 50 changes each, and all 1,600 are stored. Readers see each
/// leaf before or after its change, and always after it once the change was
/// acknowledged.
pub(crate) fn nothing_is_lost(address: &str) {
    const WRITERS: usize = 32;
    const CHANGES: usize = 50;
    const READERS: usize = 4;
    let acknowledged = [const { AtomicUsize::new(0) }; WRITERS];
    let acknowledged = &acknowledged;
    let over = &AtomicBool::new(false);
    std::thread::scope(|scope| {
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                scope.spawn(move || {
                    for change in 0..CHANGES {
                        let put = format!("PUT /_imdsim/overrides/meta-data/{writer}/{change}");
                        let (status, said) = call(address, &put, "new").unwrap();
                        assert_eq!(status, 200, "{put}: {said}");
                        acknowledged[writer].store(change + 1, Ordering::SeqCst);
                    }
                })
            })
            .collect();
        for reader in 0..READERS {
            scope.spawn(move || {
                let mut writer = reader;
                while !over.load(Ordering::SeqCst) {
                    let done = acknowledged[writer].load(Ordering::SeqCst);
                    // The latest acknowledged change, then the next one.
                    for change in [done.checked_sub(1), Some(done)].into_iter().flatten() {
                        let get = format!("GET /latest/meta-data/{writer}/{change}");
                        match call(address, &get, "").unwrap() {
                            (200, text) => assert_eq!(text, "new", "{get}"),
                            (404, _) => assert!(change >= done, "{get}: lost"),
                            (status, said) => panic!("{get}: {status} {said}"),
                        }
                    }
                    writer = (writer + 1) % WRITERS;
                }
            });
        }
        let ends: Vec<_> = writers.into_iter().map(ScopedJoinHandle::join).collect();
        over.store(true, Ordering::SeqCst);
        assert!(ends.iter().all(Result::is_ok), "a writer failed");
    });
    for writer in 0..WRITERS {
        let get = format!("GET /latest/meta-data/{writer}/");
        let (_, listing) = call(address, &get, "").unwrap();
        assert_eq!(listing.lines().count(), CHANGES, "writer {writer}");
    }
}

/// Repeatedly starts a host on the same store and kills it during writes, after a
/// varying number of acknowledged ones. The store is never damaged, and no
/// acknowledged write is lost.
///
/// `start` returns the host, which is killed when dropped, and its address.
pub(crate) fn survives_kills<H>(rounds: usize, start: impl Fn() -> (H, String)) {
    const WRITERS: usize = 4;
    let mut random = 0x0001_2345_u64;
    let mut written = [0; WRITERS];
    for round in 0..rounds {
        let (host, address) = start();
        check(&address, &written, round);
        // A linear congruential generator.
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        let enough = random >> 60;
        let (acknowledge, acknowledged) = mpsc::channel();
        written = std::thread::scope(|scope| {
            let writers: Vec<_> = (0..WRITERS)
                .map(|writer| {
                    let (acknowledge, address) = (acknowledge.clone(), &address);
                    let last = written[writer];
                    scope.spawn(move || write(address, writer, last, &acknowledge))
                })
                .collect();
            // Lets `recv` fail once all writers have stopped.
            drop(acknowledge);
            for _ in 0..=enough {
                acknowledged
                    .recv()
                    .expect("the host answers until it is killed");
            }
            drop(host);
            let mut writers = writers.into_iter();
            [(); WRITERS].map(|()| writers.next().unwrap().join().unwrap())
        });
    }
    let (_host, address) = start();
    check(&address, &written, rounds);
}

/// Writes increasing numbers until the host is gone; returns the last
/// acknowledged one.
fn write(address: &str, writer: usize, mut last: u64, acknowledge: &mpsc::Sender<()>) -> u64 {
    let put = format!("PUT /_imdsim/overrides/meta-data/writer/{writer}");
    while let Ok((status, said)) = call(address, &put, &(last + 1).to_string()) {
        assert_eq!(status, 200, "{put}: {said}");
        last += 1;
        // The receiver is gone once the host is being killed.
        let _ = acknowledge.send(());
    }
    last
}

/// Each writer's leaf has the last acknowledged number or, if the host was killed
/// before acknowledging it, the next.
fn check(address: &str, written: &[u64], round: usize) {
    for (writer, last) in written.iter().enumerate() {
        let get = format!("GET /latest/meta-data/writer/{writer}");
        let (status, text) = call(address, &get, "").unwrap();
        let found = match status {
            404 => 0,
            200 => text.parse().unwrap(),
            status => panic!("round {round}: {get}: {status} {text}"),
        };
        let expected = *last..=last + 1;
        assert!(
            expected.contains(&found),
            "round {round}: {get}: {found}, not {expected:?}"
        );
    }
}
