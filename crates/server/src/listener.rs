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
    server
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(header)
        .max_buf_size(128 << 10)
        .pipeline_flush(true);
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
