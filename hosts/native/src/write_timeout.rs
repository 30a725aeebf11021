//! A timeout for clients that do not read their response.

use std::pin::Pin;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio_io_timeout::TimeoutStream;

/// How long a response may stay unread before the connection closes.
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);

/// Wraps a connection so that writes fail after the peer has read nothing for
/// [`WRITE_TIMEOUT`].
pub(crate) fn with_write_timeout<S: AsyncRead + AsyncWrite>(
    stream: S,
) -> Pin<Box<TimeoutStream<S>>> {
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(WRITE_TIMEOUT));
    Box::pin(stream)
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};
    use tokio::time::{Instant, advance};

    use super::*;

    /// The paused clock advances only when all tasks are idle.
    #[tokio::test(start_paused = true)]
    async fn a_client_that_never_reads_times_out() {
        let (_client, server) = duplex(64);
        let begun = Instant::now();
        let mut server = with_write_timeout(server);
        let written = server.write_all(&[0; 65]).await;
        assert_eq!(written.unwrap_err().kind(), ErrorKind::TimedOut);
        assert!(begun.elapsed() < 2 * WRITE_TIMEOUT);
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_client_receives_everything() {
        let (mut client, server) = duplex(64);
        let mut server = with_write_timeout(server);
        let reading = async {
            for _ in 0..10 {
                advance(WRITE_TIMEOUT / 2).await;
                client.read_exact(&mut [0; 64]).await.unwrap();
            }
        };
        let (written, ()) = tokio::join!(server.write_all(&[0; 640]), reading);
        written.unwrap();
    }
}
