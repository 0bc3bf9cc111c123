//! Load in a closed loop: every connection asks again as soon as it has been answered.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::answer::Answer;
use super::ask::Ask;
use crate::clock;

/// What a load came to.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Load {
    /// Right answers. A wrong one ends the load with an error.
    pub(crate) answers: u64,
    /// Events in them, where they are streams.
    pub(crate) events: u64,
    /// From the first request to the last answer.
    pub(crate) elapsed: Duration,
}

const BUFFER_BYTES: usize = 32 << 10;

/// Asks on so many connections for the time `span`, and waits for the last answers.
///
/// # Errors
///
/// A sentence, at the first answer that is not as it should be.
pub(crate) async fn closed_loop(
    ask: &Arc<Ask>,
    connections: usize,
    span: Duration,
) -> Result<Load, String> {
    let mut streams = Vec::with_capacity(connections);
    for _ in 0..connections {
        streams.push(connect(ask).await?);
    }
    let start = clock::now();
    let callers: Vec<_> = streams
        .into_iter()
        .map(|stream| tokio::spawn(ask_until(ask.clone(), stream, start + span)))
        .collect();
    let mut load = Load::default();
    for caller in callers {
        let Load { answers, events, .. } = caller.await.map_err(|error| error.to_string())??;
        load.answers += answers;
        load.events += events;
    }
    Ok(Load { elapsed: start.elapsed(), ..load })
}

/// Opens a connection for an ask.
///
/// # Errors
///
/// A sentence, when nobody listens.
pub(crate) async fn connect(ask: &Ask) -> Result<TcpStream, String> {
    let told = |error: std::io::Error| format!("{}: {error}", ask.address);
    let stream = TcpStream::connect(ask.address).await.map_err(told)?;
    stream.set_nodelay(true).map_err(told)?;
    Ok(stream)
}

async fn ask_until(ask: Arc<Ask>, mut stream: TcpStream, end: Instant) -> Result<Load, String> {
    let mut buffer = vec![0; BUFFER_BYTES];
    let mut load = Load::default();
    while clock::now() < end {
        stream.write_all(&ask.bytes).await.map_err(|error| error.to_string())?;
        let mut answer = Answer::default();
        loop {
            let got = stream.read(&mut buffer).await.map_err(|error| error.to_string())?;
            if got == 0 {
                return Err("a connection was closed inside an answer".to_owned());
            }
            if answer.feed(&buffer[..got])? {
                break;
            }
        }
        ask.check(&answer)?;
        load.answers += 1;
        load.events += answer.events;
    }
    Ok(load)
}
