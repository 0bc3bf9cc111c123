//! What callers see of an answer.

use bytes::Bytes;
use dialect::exchange::{Exchange, Observed, Receipt};
use domain::failure::Failure;
use domain::money::Money;
use domain::usage::Usage;

use crate::callers::Told;

/// Returns what an answer that showed this costs.
pub(crate) fn receipt(observed: &Observed) -> Receipt {
    let estimate = Usage { input: 1, output: 1, estimated: true, ..Usage::default() };
    Receipt {
        usage: observed.usage.unwrap_or(estimate),
        cost: Money::from_nanos(1_760),
        prompt_cost: Money::from_nanos(1_320),
        metadata: None,
    }
}

/// What a caller who wants a stream saw, and how it ended.
pub(crate) struct Streamed {
    pub(crate) seen: Vec<u8>,
    pub(crate) outcome: Result<(), Failure>,
    pub(crate) observed: Observed,
    /// With what the house adds at its end.
    pub(crate) closed: Vec<u8>,
}

/// Passes a stream on that arrives in these pieces.
pub(crate) fn stream<'a>(
    exchange: &dyn Exchange,
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> Streamed {
    let mut answer = exchange.stream();
    let mut seen = Vec::new();
    let mut outcome = Ok(());
    for piece in pieces {
        outcome = answer.push(piece, &mut seen).map(|_| ());
        if outcome.is_err() {
            break;
        }
    }
    let outcome = outcome.and_then(|()| answer.end(&mut seen));
    let observed = answer.observed().clone();
    let mut closed = seen.clone();
    match &outcome {
        Ok(()) => answer.close(&receipt(&observed), &mut closed),
        Err(failure) => answer.fail(failure, &mut closed),
    }
    Streamed { seen, outcome, observed, closed }
}

/// Returns what a caller sees who waits for a stream to end, as one piece or as a stream again.
///
/// # Errors
/// When the stream is broken.
pub(crate) fn gathered<'a>(
    exchange: &dyn Exchange,
    pieces: impl IntoIterator<Item = &'a [u8]>,
    streamed: bool,
) -> Result<Vec<u8>, Failure> {
    let mut collector = exchange.collect();
    for piece in pieces {
        collector.push(piece)?;
    }
    let answer = collector.finish()?;
    let receipt = receipt(answer.observed());
    Ok(match streamed {
        true => answer.render_stream(&receipt).to_vec(),
        false => answer.render(&receipt).to_vec(),
    })
}

/// Returns the same as text, or the failure.
pub(crate) fn gather<'a>(
    exchange: &dyn Exchange,
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> String {
    shown(gathered(exchange, pieces, false))
}

/// Returns what a caller sees of a whole answer.
pub(crate) fn whole(exchange: &dyn Exchange, body: &[u8], streamed: bool) -> String {
    let read = exchange.whole(Bytes::copy_from_slice(body)).map(|answer| {
        let receipt = receipt(answer.observed());
        match streamed {
            true => answer.render_stream(&receipt).to_vec(),
            false => answer.render(&receipt).to_vec(),
        }
    });
    shown(read)
}

/// Returns what was seen as text, or the failure.
pub(crate) fn shown(read: Result<Vec<u8>, Failure>) -> String {
    match read {
        Ok(bytes) => text(bytes),
        Err(failure) => format!("{failure}\n"),
    }
}

/// Returns what callers see as text.
pub(crate) fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).expect("what callers see is UTF-8")
}

/// Returns a stream with its end, and why it broke.
pub(crate) fn told(streamed: &Streamed) -> String {
    let end = match &streamed.outcome {
        Ok(()) => String::new(),
        Err(failure) => format!("-- {failure}\n"),
    };
    text(streamed.closed.clone()) + &end
}

/// Breaches of a law, all of which are told at once.
#[derive(Default)]
pub(crate) struct Breaches(Vec<String>);

impl Breaches {
    /// Takes note of a breach, unless the law holds.
    pub(crate) fn check(&mut self, holds: bool, what: impl FnOnce() -> String) {
        if !holds {
            self.0.push(what());
        }
    }

    /// Takes note of an answer that ended otherwise than once, and as it came to.
    pub(crate) fn ends(&mut self, name: &str, read: Result<Told, String>, failed: bool) {
        let expected = if failed { (0, 1) } else { (1, 0) };
        match read {
            Ok(told) => {
                let ended = (told.ends, told.errors) == expected && told.faults.is_empty();
                self.check(ended, || format!("{name}: {told:?}"));
            }
            Err(fault) => self.0.push(format!("{name}: {fault}")),
        }
    }
}

impl Drop for Breaches {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let shown = self.0.iter().take(20).cloned().collect::<Vec<_>>().join("\n");
            assert!(self.0.is_empty(), "{} breaches, among them:\n{shown}", self.0.len());
        }
    }
}
