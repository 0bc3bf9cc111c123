//! The line to the caller: nothing said yet, a stream begun, or hung up.
//!
//! Until something is said, a failure becomes an HTTP status and another endpoint may take over. A
//! comment that keeps a silent stream alive is something said: from then on an error has to travel
//! inside the stream, though another endpoint may still take over until content has been shown.

use std::future::Future;
use std::pin::{Pin, pin};
use std::time::Duration;

use bytes::Bytes;
use dialect::request::Request;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Sleep, sleep, timeout};

use crate::call::{Broken, Heading, Refusal, Reply, ReplyBody};
use crate::gate::Gate;
use crate::world::Timeouts;

/// Pieces that wait for a slow caller before the provider is made to wait.
const PIECES_MAX: usize = 16;

/// The line to one caller.
pub(crate) struct Line {
    streams: bool,
    /// What has to be durable before anything is said.
    pub(crate) gate: Gate,
    state: State,
    keep_alive: Duration,
    /// What clients pass over; empty where their dialect has nothing of the kind.
    sign_of_life: &'static [u8],
    /// Runs from the first wait to the next comment, and again.
    due: Option<Pin<Box<Sleep>>>,
    write_stall: Duration,
}

enum State {
    Silent(oneshot::Sender<Result<Reply, Box<Refusal>>>),
    Streaming(mpsc::Sender<Result<Bytes, Broken>>),
    Gone,
}

/// The caller has left.
#[derive(Debug)]
pub(crate) struct HungUp;

impl Line {
    /// Takes the line to a caller who wants a stream, or a whole answer.
    pub(crate) fn new(
        request: &Request,
        to_caller: oneshot::Sender<Result<Reply, Box<Refusal>>>,
        timeouts: &Timeouts,
        gate: Gate,
    ) -> Line {
        Line {
            streams: request.facts.stream,
            gate,
            sign_of_life: dialect::registry::keep_alive(request),
            state: State::Silent(to_caller),
            keep_alive: Duration::from_millis(timeouts.keep_alive_ms.max(1)),
            due: None,
            write_stall: Duration::from_millis(timeouts.write_stall_ms),
        }
    }

    /// Returns whether the caller wants a stream.
    pub(crate) fn streams(&self) -> bool {
        self.streams
    }

    /// Returns whether the caller is known to have left.
    pub(crate) fn is_gone(&self) -> bool {
        match &self.state {
            State::Silent(to_caller) => to_caller.is_closed(),
            State::Streaming(pieces) => pieces.is_closed(),
            State::Gone => true,
        }
    }

    /// Waits for `work`, keeping a stream alive meanwhile. With `stops` it gives up when the caller
    /// leaves.
    ///
    /// # Errors
    /// When the caller left and the work was given up.
    pub(crate) async fn wait_for<T>(
        &mut self,
        work: impl Future<Output = T>,
        stops: bool,
    ) -> Result<T, HungUp> {
        let mut work = pin!(work);
        if !self.streams {
            return Ok(work.await);
        }
        let mut due = self.due.take().unwrap_or_else(|| Box::pin(sleep(self.keep_alive)));
        loop {
            tokio::select! {
                biased;
                done = &mut work => {
                    self.due = Some(due);
                    return Ok(done);
                }
                () = self.hung_up(), if !matches!(self.state, State::Gone) => {
                    self.state = State::Gone;
                }
                () = &mut due, if !matches!(self.state, State::Gone) => {
                    due = Box::pin(sleep(self.keep_alive));
                    if !self.sign_of_life.is_empty() {
                        // A caller who has left meanwhile shows in the state.
                        let sign = Bytes::from_static(self.sign_of_life);
                        let _ = self.send(sign, Heading::default()).await;
                    }
                }
            }
            if stops && matches!(self.state, State::Gone) {
                return Err(HungUp);
            }
        }
    }

    /// Waits for a piece of a stream that is under way. With `stops` it gives up when the caller
    /// leaves.
    ///
    /// # Errors
    /// When the caller left and the work was given up.
    pub(crate) async fn listen_for<T>(
        &mut self,
        work: impl Future<Output = T>,
        stops: bool,
    ) -> Result<T, HungUp> {
        if !stops || matches!(self.state, State::Gone) {
            return Ok(work.await);
        }
        let mut work = pin!(work);
        tokio::select! {
            biased;
            done = &mut work => Ok(done),
            () = self.hung_up() => {
                self.state = State::Gone;
                Err(HungUp)
            }
        }
    }

    /// Resolves when the caller leaves.
    async fn hung_up(&mut self) {
        match &mut self.state {
            State::Silent(to_caller) => to_caller.closed().await,
            State::Streaming(pieces) => pieces.closed().await,
            State::Gone => (),
        }
    }

    /// Sends a piece of the stream, beginning it where that has not happened yet.
    ///
    /// # Errors
    /// When the caller has left, or takes nothing for too long.
    pub(crate) async fn send(&mut self, piece: Bytes, heading: Heading) -> Result<(), HungUp> {
        self.gate.open().await;
        self.begin(heading);
        let State::Streaming(pieces) = &self.state else { return Err(HungUp) };
        // Most pieces find room; only a full line costs a timer.
        let piece = match pieces.try_send(Ok(piece)) {
            Ok(()) => return Ok(()),
            Err(mpsc::error::TrySendError::Full(piece)) => piece,
            Err(mpsc::error::TrySendError::Closed(_)) => {
                self.state = State::Gone;
                return Err(HungUp);
            }
        };
        if let Ok(Ok(())) = timeout(self.write_stall, pieces.send(piece)).await {
            return Ok(());
        }
        self.state = State::Gone;
        Err(HungUp)
    }

    fn begin(&mut self, heading: Heading) {
        if !matches!(self.state, State::Silent(_)) {
            return;
        }
        let (to_stream, pieces) = mpsc::channel(PIECES_MAX);
        let silent = std::mem::replace(&mut self.state, State::Streaming(to_stream));
        if let State::Silent(to_caller) = silent {
            let reply = Reply { body: ReplyBody::Stream(pieces), heading };
            if to_caller.send(Ok(reply)).is_err() {
                self.state = State::Gone;
            }
        }
    }

    /// Gives a whole answer.
    pub(crate) fn answer(self, body: Bytes, heading: Heading) {
        if let State::Silent(to_caller) = self.state {
            // The caller may have left meanwhile; the answer is settled all the same.
            let _ = to_caller.send(Ok(Reply { body: ReplyBody::Whole(body), heading }));
        }
    }

    /// Ends a stream in a way that its caller cannot take for the end of the answer.
    pub(crate) async fn break_off(self) {
        if let State::Streaming(pieces) = self.state {
            let _ = timeout(self.write_stall, pieces.send(Err(Broken))).await;
        }
    }

    /// Says why there is no answer: by a status, or by `event` inside a stream that has begun.
    pub(crate) async fn refuse(mut self, refusal: Refusal, event: Bytes) {
        match self.state {
            State::Silent(to_caller) => {
                let _ = to_caller.send(Err(Box::new(refusal)));
            }
            State::Streaming(_) => {
                let _ = self.send(event, Heading::default()).await;
            }
            State::Gone => (),
        }
    }
}
