//! One connection: requests in, plays performed upon it.
use crate::ask::Refusal;
use crate::exchange::{Exchange, Line, respond};
use crate::play::{Play, Step, refused};
use crate::record::Ending;
use crate::request::{Reading, Request, take};
use crate::wire::default_wire;
use crate::world::World;
use bytes::BytesMut;
use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

struct Connection {
    stream: TcpStream,
    input: BytesMut,
    output: Vec<u8>,
    /// Chunks with content written for the current request.
    chunks: u64,
}

/// How a play ended, and whether the connection is of further use.
struct Curtain {
    ending: Ending,
    goes_on: bool,
}

/// More is written out before it gathers in memory.
const OUTPUT_BYTES_MAX: usize = 64 << 10;
/// How far a caller may write ahead while an answer is under way.
const AHEAD_BYTES_MAX: usize = 1 << 20;
/// How long a refused caller may go on sending before the connection is cut.
const LINGER: Duration = Duration::from_secs(2);

/// Serves requests until one side is done with the connection.
pub(crate) async fn serve(stream: TcpStream, world: Arc<World>) {
    // An answer in steps is meant to arrive in steps; where this fails it only arrives late.
    let _ = stream.set_nodelay(true);
    let mut connection =
        Connection { stream, input: BytesMut::new(), output: Vec::new(), chunks: 0 };
    let mut line = Line { number: world.next_connection(), reused: false };
    // A connection that breaks has no one left to tell.
    while let Ok(Some(request)) = connection.next_request().await {
        let exchange = respond(&world, &request, line);
        line.reused = true;
        let keep_alive = request.keep_alive;
        if !connection.exchange(exchange, &world).await || !keep_alive {
            break;
        }
    }
    let _ = connection.flush().await;
}

impl Connection {
    /// The next request, or `None` where the caller has no more or what it sends is none.
    async fn next_request(&mut self) -> io::Result<Option<Request>> {
        let mut continued = false;
        loop {
            match take(&mut self.input) {
                Ok(Reading::Whole(request)) => return Ok(Some(request)),
                Ok(Reading::Partial { wants_continue }) => {
                    if wants_continue && !continued {
                        continued = true;
                        self.output.extend(b"HTTP/1.1 100 Continue\r\n\r\n");
                    }
                }
                Err(refusal) => {
                    self.refuse(&refusal).await?;
                    return Ok(None);
                }
            }
            self.flush().await?;
            self.input.reserve(16 << 10);
            if self.stream.read_buf(&mut self.input).await? == 0 {
                return Ok(None);
            }
        }
    }

    /// Refuses what is no request, and lets the caller finish: closing on unread bytes would
    /// reset the connection before the refusal is read.
    async fn refuse(&mut self, refusal: &Refusal) -> io::Result<()> {
        self.perform(refused(default_wire(), refusal, &BTreeMap::new(), false)).await?;
        let _ = timeout(LINGER, async {
            loop {
                self.input.clear();
                match self.stream.read_buf(&mut self.input).await {
                    Ok(0) | Err(_) => return,
                    Ok(_) => {}
                }
            }
        })
        .await;
        Ok(())
    }

    /// Performs one exchange and notes its end; says whether the connection goes on.
    async fn exchange(&mut self, mut exchange: Exchange, world: &World) -> bool {
        self.chunks = 0;
        let play = std::mem::replace(&mut exchange.play, Box::new(std::iter::empty()));
        let curtain = self
            .perform(play)
            .await
            .unwrap_or(Curtain { ending: Ending::ClientGone, goes_on: false });
        exchange.close(world, curtain.ending, self.chunks);
        curtain.goes_on
    }

    async fn perform(&mut self, play: Play) -> io::Result<Curtain> {
        let over = |ending| Ok(Curtain { ending, goes_on: false });
        for step in play {
            match step {
                Step::Write(bytes) => self.write(bytes).await?,
                Step::Content(bytes) => {
                    self.write(bytes).await?;
                    self.chunks += 1;
                }
                Step::Wait(0) => {}
                Step::Wait(wait_ms) => {
                    self.flush().await?;
                    if self.caller_leaves_within(Duration::from_millis(wait_ms)).await {
                        return over(Ending::ClientGone);
                    }
                }
                Step::WaitBlindly(wait_ms) => {
                    self.flush().await?;
                    sleep(Duration::from_millis(wait_ms)).await;
                }
                Step::Hang => {
                    self.flush().await?;
                    while !self.caller_leaves_within(Duration::from_secs(3_600)).await {}
                    return over(Ending::ClientGone);
                }
                Step::CloseWrite => {
                    self.flush().await?;
                    self.stream.shutdown().await?;
                }
                Step::Close => {
                    self.flush().await?;
                    self.stream.shutdown().await?;
                    return over(Ending::Broken);
                }
                Step::Reset => {
                    self.flush().await?;
                    self.stream.set_zero_linger()?;
                    return over(Ending::Broken);
                }
            }
        }
        // What is left goes out before the next read, so answers to requests that came together
        // share a write, and whoever has the answer finds it on record.
        Ok(Curtain { ending: Ending::Answered, goes_on: true })
    }

    async fn write(&mut self, bytes: Vec<u8>) -> io::Result<()> {
        if self.output.is_empty() {
            self.output = bytes;
        } else {
            self.output.extend(bytes);
        }
        if OUTPUT_BYTES_MAX <= self.output.len() { self.flush().await } else { Ok(()) }
    }

    async fn flush(&mut self) -> io::Result<()> {
        if !self.output.is_empty() {
            self.stream.write_all(&self.output).await?;
            self.output.clear();
        }
        Ok(())
    }

    /// Waits, and takes in what the caller sends meanwhile; says whether it left.
    ///
    /// A caller who closes only its sending side counts as gone: in HTTP/1 nothing tells the two
    /// apart until bytes are written.
    async fn caller_leaves_within(&mut self, wait: Duration) -> bool {
        let wait = sleep(wait);
        tokio::pin!(wait);
        loop {
            let may_read = self.input.len() < AHEAD_BYTES_MAX;
            tokio::select! {
                biased;
                () = &mut wait => return false,
                read = self.stream.read_buf(&mut self.input), if may_read => {
                    if !matches!(read, Ok(1..)) {
                        return true;
                    }
                }
            }
        }
    }
}
