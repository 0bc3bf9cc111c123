//! Faults that are planted on purpose, one at a time, where a request passes: in the books, in the
//! record, at the providers' doors and on the way to the caller. The oracle has to see each.

use domain::money::Money;

use crate::oracle::Seen;
use crate::upstream::WORDS;
use crate::world::Stage;

/// Where a fault is planted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mutant {
    /// A generation is settled twice.
    SettledTwice,
    /// It is not settled at all.
    NeverSettled,
    /// The record tells another cost than the key was charged.
    AnotherCharge,
    /// An endpoint is asked a second time after it has answered.
    AskedAgain,
    /// Endpoints are asked in another order than the plan's.
    OutOfOrder,
    /// A try is missing from the record.
    Unrecorded,
    /// A piece of the answer is sent twice.
    Repeated,
    /// A piece of the answer is lost.
    Lost,
    /// The stream ends twice.
    TwoEnds,
    /// A stream that broke says that it has come to its end.
    SilentStop,
    /// The caller is shown another cost than is in the books.
    AnotherCost,
    /// Text of a provider that failed reaches the caller.
    Leak,
}

pub const MUTANTS: [Mutant; 12] = [
    Mutant::SettledTwice,
    Mutant::NeverSettled,
    Mutant::AnotherCharge,
    Mutant::AskedAgain,
    Mutant::OutOfOrder,
    Mutant::Unrecorded,
    Mutant::Repeated,
    Mutant::Lost,
    Mutant::TwoEnds,
    Mutant::SilentStop,
    Mutant::AnotherCost,
    Mutant::Leak,
];

/// Plants a fault. Returns whether this scene had a place for it.
pub fn plant(mutant: Mutant, stage: &Stage, seen: &mut Seen) -> bool {
    let mut archived = stage.archived.0.lock().unwrap();
    match mutant {
        Mutant::SettledTwice => {
            let again = archived[0].clone();
            archived.push(again);
            true
        }
        Mutant::NeverSettled => archived.pop().is_some(),
        Mutant::AnotherCharge => {
            archived[0].cost = Money::from_nanos(archived[0].cost.nanos() + 1);
            true
        }
        Mutant::AskedAgain => stage.upstream.tamper(|asked| asked.extend(asked.last().copied())),
        Mutant::OutOfOrder => stage.upstream.tamper(|asked| asked.reverse()),
        Mutant::Unrecorded => archived[0].detail.attempts.pop().is_some(),
        Mutant::Repeated => rewrite(seen, |text| {
            let word = text.split("\n\n").find(|event| event.contains(WORDS[0]))?;
            Some(format!("{word}\n\n{text}"))
        }),
        Mutant::Lost => rewrite(seen, |text| {
            let has_next = text.contains(WORDS[2]) && text.contains(WORDS[1]);
            has_next.then(|| text.replace(WORDS[1], ""))
        }),
        Mutant::TwoEnds => rewrite(seen, |text| Some(format!("{text}data: [DONE]\n\n"))),
        Mutant::SilentStop => rewrite(seen, |text| {
            let broken =
                text.contains("\"error\":{") && text.contains("\"finish_reason\":\"error\"");
            broken
                .then(|| text.replace("\"finish_reason\":\"error\"", "\"finish_reason\":\"stop\""))
        }),
        Mutant::AnotherCost => rewrite(seen, |text| {
            text.contains("\"cost\":").then(|| text.replacen("\"cost\":", "\"cost\":1", 1))
        }),
        Mutant::Leak => rewrite(seen, |text| {
            let end = text.strip_suffix("data: [DONE]\n\n")?;
            Some(format!("{end}: upstream says no\n\ndata: [DONE]\n\n"))
        }),
    }
}

/// Changes a stream that the caller has heard to its end.
fn rewrite(seen: &mut Seen, change: impl FnOnce(&str) -> Option<String>) -> bool {
    let Seen::Streamed(text) = seen else { return false };
    let changed = change(text);
    let has_changed = changed.as_ref().is_some_and(|changed| changed != text);
    *text = changed.unwrap_or_else(|| text.clone());
    has_changed
}
