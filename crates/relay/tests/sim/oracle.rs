//! What must hold after every request, whatever happened.

use domain::failure::{Failure, Fault};
use domain::generation::{Generation, Outcome};
use domain::money::Money;

use crate::upstream::{Fate, WORDS};
use crate::world::{Scene, Stage};

/// What a caller saw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    Whole(String),
    Streamed(String),
    Refused(u16),
    /// Refused in words that are a provider's, which had failed.
    Leaked,
    /// Something, before the reservation would have survived a crash.
    TooEarly,
    /// Left before the end.
    Left,
}

impl Seen {
    pub fn refused(failure: &Failure) -> Seen {
        match failure.detail.contains("upstream says no") && failure.fault != Fault::Caller {
            true => Seen::Leaked,
            false => Seen::Refused(failure.status()),
        }
    }

    pub fn word(&self) -> &'static str {
        match self {
            Seen::Whole(_) => "whole",
            Seen::Streamed(text) if text.contains("\"error\"") => "broken stream",
            Seen::Streamed(_) => "stream",
            Seen::Refused(_) => "refused",
            Seen::Leaked => "leaked",
            Seen::TooEarly => "too early",
            Seen::Left => "left",
        }
    }
}

/// Holds what happened against the rules.
pub async fn check(scene: &Scene, stage: &Stage, seen: &Seen) -> Result<(), String> {
    let settled = stage.archived.0.lock().unwrap().clone();
    let [generation] = settled.as_slice() else {
        return Err(format!("settled {} times", settled.len()));
    };
    rule(stage.ledger.holds_open() == 0, "a hold was left open")?;
    let spend = stage.ledger.spend(&stage.key.id, generation.created).unwrap_or_default();
    rule(spend.total == generation.cost, "the key was charged something else than the cost")?;
    let used = stage.tally.the_only_end().ok_or("limits were not told once how it ended")?;
    let tokens = u64::from(generation.usage.prompt()) + u64::from(generation.usage.output);
    rule(used.tokens == tokens, "limits were told of other tokens than the record")?;
    rule(used.spend == generation.cost, "limits were told of another cost than was charged")?;
    attempts(scene, stage, generation)?;
    cost(scene, generation)?;
    match seen {
        Seen::Whole(text) => whole(scene, generation, text),
        Seen::Streamed(text) => streamed(scene, generation, text),
        Seen::Refused(status) => refused(scene, generation, *status),
        Seen::Leaked => Err("text of a provider that failed shows".to_owned()),
        Seen::TooEarly => Err("shown before the reservation was durable".to_owned()),
        Seen::Left => Ok(()),
    }
}

fn rule(holds: bool, broken: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(broken.to_owned()) }
}

/// Endpoints are asked in order, each once, and none after one that decided the matter.
fn attempts(scene: &Scene, stage: &Stage, generation: &Generation) -> Result<(), String> {
    let asked = stage.upstream.asked();
    let in_order: Vec<u32> = (0..asked.len() as u32).collect();
    rule(asked == in_order, "endpoints were not asked in order, each once")?;
    let decisive = scene.fates.iter().position(|fate| decides(scene, fate));
    let most = decisive.map_or(scene.fates.len(), |place| place + 1);
    rule(asked.len() <= most, "an endpoint was asked after the matter was decided")?;
    let is_over = decisive.is_some() || scene.patience_ms.is_some();
    rule(is_over || asked.len() == scene.fates.len(), "an endpoint was left out")?;
    let late = scene.patience_ms.is_some_and(|ms| stage.upstream.last_asked() > ms);
    rule(!late, "an endpoint was asked after the caller had left")?;
    let recorded = generation.detail.attempts.len();
    rule(recorded == asked.len(), "attempts are missing from the record")
}

/// Whether an endpoint of this fate is the last one asked: it shows content, or blames the caller.
fn decides(scene: &Scene, fate: &Fate) -> bool {
    match fate {
        Fate::Answer { .. } | Fate::Status(400 | 413) => true,
        // A role without words is no content.
        Fate::Cut { pieces } | Fate::Truncate { pieces } | Fate::Stall { pieces } => {
            scene.streams && 2 <= *pieces
        }
        _ => false,
    }
}

/// Seven prompt and five completion tokens at the dollars per million of the endpoint that served.
fn full_price(generation: &Generation) -> Money {
    let dollars = match generation.provider.as_deref() {
        Some("a") => 1,
        Some("b") => 2,
        _ => 3,
    };
    Money::from_nanos(12 * 1_000 * dollars)
}

fn cost(scene: &Scene, generation: &Generation) -> Result<(), String> {
    match generation.outcome {
        Outcome::Finished => {
            rule(generation.cost == full_price(generation), "a whole answer has another price")
        }
        Outcome::Broken if scene.is_insured => {
            rule(generation.cost == Money::ZERO, "a broken answer was charged")
        }
        Outcome::Broken => {
            rule(Money::ZERO < generation.cost, "what was made was not charged")?;
            rule(generation.cost <= full_price(generation), "more was charged than was made")
        }
        Outcome::Refused => rule(generation.cost == Money::ZERO, "a refusal was charged"),
        Outcome::Cancelled => {
            rule(scene.patience_ms.is_some(), "cancelled although the caller stayed")?;
            rule(generation.cost <= full_price(generation), "more was charged than was made")
        }
    }
}

fn whole(scene: &Scene, generation: &Generation, text: &str) -> Result<(), String> {
    rule(!scene.streams, "a stream was wanted")?;
    rule(text.contains(&WORDS.concat()), "words are missing")?;
    rule(text.contains(generation.id.as_str()), "the answer has another id")?;
    rule(!text.contains("up-1"), "the provider's id shows")?;
    shows_cost(generation, text)
}

fn streamed(scene: &Scene, generation: &Generation, text: &str) -> Result<(), String> {
    rule(scene.streams, "a whole answer was wanted")?;
    rule(text.matches("data: [DONE]").count() == 1, "there is not exactly one end")?;
    rule(text.ends_with("data: [DONE]\n\n"), "something follows the end")?;
    // Only a provider that blames the caller is quoted.
    let blamed = scene.fates.iter().any(|fate| matches!(fate, Fate::Status(400 | 413)));
    let quoted = text.contains("upstream says no");
    rule(blamed || !quoted, "text of a provider that failed shows")?;
    let errors = text.matches("\"error\":{").count();
    let shown: Vec<bool> = WORDS.iter().map(|word| text.contains(word)).collect();
    let repeated = WORDS.iter().any(|word| 1 < text.matches(word).count());
    rule(!repeated, "words were repeated")?;
    rule(shown.is_sorted_by(|earlier, later| earlier >= later), "a word is missing in the middle")?;
    match generation.outcome {
        Outcome::Finished => {
            rule(errors == 0 && shown.iter().all(|it| *it), "a finished stream is not whole")?;
            rule(text.contains("\"finish_reason\":\"stop\""), "a finished stream does not say so")?;
            shows_cost(generation, text)
        }
        Outcome::Broken | Outcome::Refused => {
            rule(errors == 1, "a broken stream does not tell exactly one error")?;
            rule(!text.contains("\"finish_reason\":\"stop\""), "a broken stream says `stop`")
        }
        Outcome::Cancelled => Err("cancelled, and yet the caller saw the end".to_owned()),
    }
}

/// The number that the caller saw is the number in the books.
fn shows_cost(generation: &Generation, text: &str) -> Result<(), String> {
    let (_, rest) = text.split_once("\"cost\":").ok_or("no cost is shown")?;
    let digits: String = rest.chars().take_while(|letter| !matches!(letter, ',' | '}')).collect();
    let shown: f64 = digits.parse().map_err(|_| format!("`{digits}` is no cost"))?;
    rule((shown * 1e9).round() as i64 == generation.cost.nanos(), "another cost is shown")
}

fn refused(scene: &Scene, generation: &Generation, status: u16) -> Result<(), String> {
    let blames = |fate: &Fate| matches!(fate, Fate::Status(400 | 413));
    rule(generation.outcome == Outcome::Refused, "a refusal has another outcome")?;
    let answers = scene.fates.iter().position(|fate| matches!(fate, Fate::Answer { .. }));
    let blamed = scene.fates.iter().position(blames);
    let served_first = answers.is_some_and(|at| blamed.is_none_or(|blamed| at < blamed));
    rule(!served_first, "refused although an endpoint would have answered")?;
    let expected: &[u16] = if blamed.is_some() { &[400, 413] } else { &[404, 429, 502, 503, 504] };
    if expected.contains(&status) { Ok(()) } else { Err(format!("refused with status {status}")) }
}
