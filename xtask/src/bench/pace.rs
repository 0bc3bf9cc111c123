//! Load at a constant rate: requests are due at fixed times, whether or not others are answered.

use std::thread;
use std::time::{Duration, Instant};

use super::ask::Ask;
use super::connection::Connection;
use crate::clock;

/// A constant rate, for some time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    pub(crate) per_second: u32,
    pub(crate) span: Duration,
}

/// Each asks in turn. As long as answers take less than this many periods, none is asked late.
pub(crate) const CALLERS: u32 = 16;

/// Between opening the connections and the first request.
const LEAD: Duration = Duration::from_millis(20);

/// Asks at a constant rate, and returns how long each answer took since its request was due.
///
/// Threads wake up within a twentieth of a millisecond, timers of a runtime within a whole one.
///
/// # Errors
///
/// A sentence, at the first answer that is not as it should be.
pub(crate) fn paced(ask: &Ask, pace: Pace) -> Result<Vec<Duration>, String> {
    let mut connections = Vec::new();
    for _ in 0..CALLERS {
        let mut connection = Connection::open(ask.address)?;
        // The first request of a connection also opens one behind it.
        ask.check(&connection.ask(&ask.bytes)?)?;
        connections.push(connection);
    }
    let start = clock::now() + LEAD;
    thread::scope(|scope| {
        let callers: Vec<_> = (0..)
            .zip(connections)
            .map(|(turn, connection)| {
                let times = due_times(start, pace, turn);
                scope.spawn(move || ask_when_due(ask, connection, times))
            })
            .collect();
        let mut took = Vec::new();
        for caller in callers {
            took.extend(caller.join().map_err(|_| "a caller panicked".to_owned())??);
        }
        Ok(took)
    })
}

/// The times at which the connection number `turn` has a request due.
fn due_times(start: Instant, pace: Pace, turn: u32) -> impl Iterator<Item = Instant> {
    let period = Duration::from_secs(1) / pace.per_second;
    let turns = (turn..).step_by(CALLERS as usize).map(move |turn| period * turn);
    turns.take_while(move |after| *after < pace.span).map(move |after| start + after)
}

fn ask_when_due(
    ask: &Ask,
    mut connection: Connection,
    due_times: impl Iterator<Item = Instant>,
) -> Result<Vec<Duration>, String> {
    let mut took = Vec::new();
    for due in due_times {
        thread::sleep(due.saturating_duration_since(clock::now()));
        let answer = connection.ask(&ask.bytes)?;
        took.push(due.elapsed());
        ask.check(&answer)?;
    }
    Ok(took)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_due_evenly_and_each_once() {
        let start = clock::now();
        let pace = Pace { per_second: 200, span: Duration::from_secs(1) };
        let all = (0..CALLERS).flat_map(|turn| due_times(start, pace, turn));
        let mut after_ms: Vec<u128> = all.map(|due| (due - start).as_millis()).collect();
        after_ms.sort_unstable();
        assert_eq!(after_ms, (0..200).map(|turn| turn * 5).collect::<Vec<_>>());
    }
}
