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

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::super::ask::Expects;
    use super::*;

    const GOOD: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";

    /// Loads a server that gives `answers` in turn, the last for ever, to whomever asks.
    fn loaded(answers: &'static [&'static str]) -> Result<Load, String> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime can be made").block_on(async {
            let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port is free");
            let address = listener.local_addr().expect("it is bound");
            tokio::spawn(async move {
                while let Ok((mut stream, _)) = listener.accept().await {
                    tokio::spawn(async move {
                        let mut asked = [0; 64];
                        let last = answers.iter().rev().take(1).cycle();
                        for answer in answers.iter().chain(last) {
                            if !matches!(stream.read(&mut asked).await, Ok(1..)) {
                                return;
                            }
                            stream.write_all(answer.as_bytes()).await.expect("somebody reads");
                        }
                    });
                }
            });
            let expects = Expects::Whole { bytes_min: 2 };
            let ask = Ask { address, bytes: b"GET".to_vec(), expects };
            closed_loop(&Arc::new(ask), 3, Duration::from_millis(20)).await
        })
    }

    #[test]
    fn a_load_counts_right_answers_and_ends_when_its_time_has_come() {
        let load = loaded(&[GOOD]).expect("every answer is right");
        assert!(load.answers >= 3 && load.elapsed >= Duration::from_millis(20));
    }

    #[test]
    fn one_wrong_answer_among_right_ones_is_an_error() {
        const WRONG: &str = "HTTP/1.1 502 Bad\r\ncontent-length: 2\r\n\r\n{}";
        let error = loaded(&[GOOD, WRONG, GOOD]).expect_err("one is wrong");
        assert_eq!(error, "the answer is 502: {}");
    }
}
