//! Many slow streams, held open at one time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::answer::Answer;
use super::ask::Ask;
use super::load::connect;
use crate::clock;

/// Streams that have all begun.
pub(crate) struct OpenStreams {
    readers: Vec<JoinHandle<Result<(), String>>>,
    progress: Arc<Progress>,
}

#[derive(Default)]
struct Progress {
    begun: AtomicUsize,
    ended: AtomicUsize,
    events: AtomicU64,
}

/// So many are opened at a time: no queue of connections is meant to overflow.
const WAVE: usize = 50;
const POLL: Duration = Duration::from_millis(1);
const BEGIN_LIMIT: Duration = Duration::from_secs(30);
const BUFFER_BYTES: usize = 4 << 10;

impl OpenStreams {
    /// Opens so many streams and returns when the first bytes of each have come.
    ///
    /// # Errors
    ///
    /// A sentence, when a stream fails or ends before the last has begun.
    pub(crate) async fn open(ask: &Arc<Ask>, count: usize) -> Result<OpenStreams, String> {
        let progress = Arc::new(Progress::default());
        let mut open = OpenStreams { readers: Vec::with_capacity(count), progress };
        let start = clock::now();
        while open.readers.len() < count {
            for _ in 0..WAVE.min(count - open.readers.len()) {
                open.readers.push(tokio::spawn(read(ask.clone(), open.progress.clone())));
            }
            while open.progress.begun.load(Ordering::Relaxed) < open.readers.len() {
                open.check_open().await?;
                if start.elapsed() > BEGIN_LIMIT {
                    return Err(format!("{} streams did not begin", open.readers.len()));
                }
                sleep(POLL).await;
            }
        }
        open.check_open().await?;
        Ok(open)
    }

    /// Events that have come so far, in all streams.
    pub(crate) fn events(&self) -> u64 {
        self.progress.events.load(Ordering::Relaxed)
    }

    /// Checks that no stream has ended yet.
    ///
    /// # Errors
    ///
    /// A sentence with what ended it.
    pub(crate) async fn check_open(&mut self) -> Result<(), String> {
        if self.progress.ended.load(Ordering::Relaxed) == 0 {
            return Ok(());
        }
        for reader in self.readers.iter_mut().filter(|reader| reader.is_finished()) {
            reader.await.map_err(|error| error.to_string())??;
        }
        Err("a stream ended before all had been counted".to_owned())
    }

    /// Reads every stream to its end.
    ///
    /// # Errors
    ///
    /// A sentence, when one of them is not as it should be.
    pub(crate) async fn finish(self) -> Result<(), String> {
        for reader in self.readers {
            reader.await.map_err(|error| error.to_string())??;
        }
        Ok(())
    }
}

async fn read(ask: Arc<Ask>, progress: Arc<Progress>) -> Result<(), String> {
    let read = read_whole(&ask, &progress).await;
    progress.ended.fetch_add(1, Ordering::Relaxed);
    read
}

async fn read_whole(ask: &Ask, progress: &Progress) -> Result<(), String> {
    let mut stream = connect(ask).await?;
    stream.write_all(&ask.bytes).await.map_err(|error| error.to_string())?;
    let mut buffer = vec![0; BUFFER_BYTES];
    let mut answer = Answer::default();
    loop {
        let got = stream.read(&mut buffer).await.map_err(|error| error.to_string())?;
        if got == 0 {
            return Err("a connection was closed inside a stream".to_owned());
        }
        let (begun, events) = (answer.has_begun(), answer.events);
        let is_whole = answer.feed(&buffer[..got])?;
        progress.events.fetch_add(answer.events - events, Ordering::Relaxed);
        if !begun {
            progress.begun.fetch_add(1, Ordering::Relaxed);
        }
        if is_whole {
            return ask.check(&answer);
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;
    use tokio::runtime::Builder;
    use tokio::sync::Notify;

    use super::super::ask::Expects;
    use super::*;

    const BEGIN: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\
        transfer-encoding: chunked\r\n\r\na\r\ndata: {}\n\n\r\n";
    const END: &str = "a\r\ndata: {}\n\n\r\ne\r\ndata: [DONE]\n\n\r\n0\r\n\r\n";

    /// Opens `count` streams, and has the server end them as soon as that is awaited.
    async fn opened(count: usize, end: &'static str) -> (Result<OpenStreams, String>, Arc<Notify>) {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        let may_end = Arc::new(Notify::new());
        let ending = may_end.clone();
        tokio::spawn(async move {
            let mut streams = Vec::new();
            for _ in 0..count {
                let (mut stream, _) = listener.accept().await.expect("somebody comes");
                stream.write_all(BEGIN.as_bytes()).await.expect("somebody reads");
                streams.push(stream);
            }
            ending.notified().await;
            for mut stream in streams {
                stream.write_all(end.as_bytes()).await.expect("somebody reads");
            }
        });
        let expects = Expects::Stream { events_min: 1 };
        let ask = Arc::new(Ask { address, bytes: b"GET".to_vec(), expects });
        (OpenStreams::open(&ask, count).await, may_end)
    }

    #[test]
    fn streams_are_open_at_one_time_and_read_to_their_end() {
        let runtime = Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime can be made").block_on(async {
            let (streams, may_end) = opened(WAVE + 1, END).await;
            let mut streams = streams.expect("all begin");
            assert_eq!(streams.events(), WAVE as u64 + 1);
            assert_eq!(streams.check_open().await, Ok(()));
            let progress = streams.progress.clone();
            may_end.notify_one();
            assert_eq!(streams.finish().await, Ok(()));
            assert_eq!(progress.events.load(Ordering::Relaxed), 2 * (WAVE as u64 + 1));
        });
    }

    #[test]
    fn a_stream_that_ends_without_its_last_word_is_an_error() {
        let runtime = Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime can be made").block_on(async {
            let (streams, may_end) = opened(2, "0\r\n\r\n").await;
            may_end.notify_one();
            let ended = streams.expect("all begin").finish().await;
            assert_eq!(ended, Err("a stream has no end".to_owned()));
        });
    }
}
