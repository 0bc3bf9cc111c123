//! Connections of callers: accepted, bounded, and brought to an end.

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

/// How connections are treated.
pub struct Door {
    /// Connections at one time; further ones wait in the system's queue.
    pub connections: usize,
    /// For the head of a request, and for the next one on an unused connection.
    pub header: Duration,
    /// For open answers, after the door has been closed.
    pub drain: Duration,
}

/// How long accepting pauses when the system has no room for another connection.
const NO_ROOM: Duration = Duration::from_millis(100);

/// Serves connections until `closing` resolves, then waits for what is under way; what is still
/// open after `door.drain` is cut off.
///
/// Returns whether everything ended by itself.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    door: &Door,
    closing: impl Future<Output = ()>,
) -> bool {
    let server = server(door.header);
    let graceful = GracefulShutdown::new();
    let room = Arc::new(Semaphore::new(door.connections.min(Semaphore::MAX_PERMITS)));
    let cut = CancellationToken::new();
    let mut closing = pin!(closing);
    loop {
        let accepted = tokio::select! {
            biased;
            () = &mut closing => break,
            accepted = accept(&listener, &room) => accepted,
        };
        let (stream, permit) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!("a connection could not be accepted: {error}");
                tokio::time::sleep(NO_ROOM).await;
                continue;
            }
        };
        let service = TowerToHyperService::new(router.clone());
        let connection = server.serve_connection(TokioIo::new(stream), service).into_owned();
        let connection = graceful.watch(connection);
        // A caller that breaks its own connection is no event worth a line.
        let until_cut = cut.clone().run_until_cancelled_owned(connection);
        tokio::spawn(async move {
            let _ = until_cut.await;
            drop(permit);
        });
    }
    drop(listener);
    let quiet = tokio::time::timeout(door.drain, graceful.shutdown()).await.is_ok();
    cut.cancel();
    quiet
}

async fn accept(
    listener: &TcpListener,
    room: &Arc<Semaphore>,
) -> io::Result<(TcpStream, tokio::sync::OwnedSemaphorePermit)> {
    let permit = room.clone().acquire_owned().await.map_err(io::Error::other)?;
    let (stream, _) = listener.accept().await?;
    stream.set_nodelay(true)?;
    Ok((stream, permit))
}

fn server(header: Duration) -> Builder<TokioExecutor> {
    let mut server = Builder::new(TokioExecutor::new());
    server.http1().timer(TokioTimer::new()).header_read_timeout(header).max_buf_size(128 << 10);
    server
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(250)
        .max_header_list_size(64 << 10)
        .max_pending_accept_reset_streams(Some(20))
        .keep_alive_interval(Some(Duration::from_secs(30)))
        .keep_alive_timeout(Duration::from_secs(20));
    server
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use axum::routing::get;

    use super::*;

    /// Sends bytes to a door of its own, and returns the first that comes back.
    async fn said_to(bytes: &'static [u8]) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().route("/", get(|| async { "here" }));
        let door = Door { connections: 9, header: Duration::from_secs(5), drain: Duration::ZERO };
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let serving = tokio::spawn(async move {
            serve(listener, router, &door, async { drop(stopped.await) }).await
        });
        let asking = tokio::task::spawn_blocking(move || {
            let mut stream = std::net::TcpStream::connect(address).unwrap();
            stream.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
            stream.write_all(bytes).unwrap();
            let mut answer = [0; 64];
            let length = stream.read(&mut answer).expect("an answer in time");
            String::from_utf8_lossy(&answer[..length]).into_owned()
        });
        let answer = asking.await.unwrap();
        drop(stop);
        serving.await.unwrap();
        answer
    }

    #[tokio::test]
    async fn what_follows_a_request_holds_no_answer_back() {
        for bytes in [
            &b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"[..],
            b"GET / HTTP/1.1\r\nHost: x\r\n\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: x\r\n\r\nGET /anoth",
        ] {
            assert!(said_to(bytes).await.starts_with("HTTP/1.1 200"));
        }
    }

    #[tokio::test]
    async fn what_is_no_http_is_told_so() {
        let answer = said_to(b"GET / HTTP/1.1\r\nHost: x\r\nX: a\x01b\r\n\r\n").await;
        assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    }
}
