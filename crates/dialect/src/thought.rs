//! How an endpoint is to be told to think: its controls read against what the caller wishes.

use domain::catalog::Endpoint;
use domain::failure::{Failure, FailureKind, Fault, Retry};
use domain::request::{Effort, ReasoningAsk};
use serde_json::Value;

/// What an endpoint is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Thought {
    /// Nothing: the caller said nothing, or the endpoint does not think.
    Unsaid,
    /// Not to think.
    Off,
    /// To think with at most so many tokens.
    Budget(u32),
    /// To think so hard.
    Effort(Effort),
}

/// The least budget of thinking that most providers take.
const BUDGET_MIN: u32 = 1024;
/// The largest budget that an effort turns into.
const BUDGET_MAX: u32 = 128_000;
/// Tokens of an answer that neither the caller nor the endpoint bounds.
const OUTPUT_UNBOUNDED: u32 = 32_768;

/// Returns what an endpoint is told. `output_max`: the most tokens that the caller wants back.
///
/// An endpoint that takes efforts gets an effort unless a budget was asked for and it takes
/// budgets; one that takes budgets alone gets the effort's share of the answer (OpenRouter's
/// table).
///
/// # Errors
/// When thinking is to be off and the endpoint always thinks. Another endpoint may not.
pub(crate) fn thought(
    ask: Option<&ReasoningAsk>,
    endpoint: &Endpoint,
    output_max: Option<u32>,
) -> Result<Thought, Failure> {
    let Some(ask) = ask.filter(|_| endpoint.reasoning) else { return Ok(Thought::Unsaid) };
    let says_nothing = ask.effort.is_none() && ask.tokens_max.is_none() && ask.enabled.is_none();
    if says_nothing {
        return Ok(Thought::Unsaid);
    }
    let controls = &endpoint.reasoning_controls;
    let efforts: Vec<Effort> =
        controls.efforts.iter().filter_map(|word| Effort::parse(word)).collect();
    if ask.is_off() {
        let always = !controls.toggle && !controls.budget && !efforts.is_empty();
        return if always && !efforts.contains(&Effort::None) {
            let detail = "Reasoning is mandatory for this model and cannot be switched off.";
            let kind = FailureKind::InvalidRequest;
            Err(Failure::new(kind, Fault::Caller, Retry::NextEndpoint, detail).at("reasoning"))
        } else {
            Ok(Thought::Off)
        };
    }
    let output = output_max.or(endpoint.max_output).unwrap_or(OUTPUT_UNBOUNDED);
    let wants_budget = ask.tokens_max.is_some();
    if controls.budget && (wants_budget || efforts.is_empty()) {
        return Ok(budget(ask, endpoint, output_max, output));
    }
    let known: Vec<Effort> = match efforts.is_empty() {
        true => vec![Effort::Low, Effort::Medium, Effort::High],
        false => efforts.into_iter().filter(|effort| *effort != Effort::None).collect(),
    };
    let wanted = asked_effort(ask, output);
    let distance = |effort: &Effort| (*effort as i32 - wanted as i32).abs();
    let nearest = known.into_iter().min_by_key(distance);
    Ok(nearest.map_or(Thought::Unsaid, Thought::Effort))
}

/// Returns the budget, below the answer's bound; nothing where there is no room for one.
fn budget(ask: &ReasoningAsk, endpoint: &Endpoint, asked: Option<u32>, output: u32) -> Thought {
    let controls = &endpoint.reasoning_controls;
    let wanted = ask.tokens_max.unwrap_or_else(|| {
        let effort = ask.effort.unwrap_or(Effort::Medium);
        let share = u64::from(output) * u64::from(effort.percent()) / 100;
        u32::try_from(share).unwrap_or(u32::MAX).min(BUDGET_MAX)
    });
    let floor = controls.budget_min.unwrap_or(0);
    let least = floor.max(BUDGET_MIN);
    let most = controls.budget_max.unwrap_or(u32::MAX);
    let room = asked.map_or(u32::MAX, |max| max.saturating_sub(1));
    let budget = wanted.max(least).min(most).min(room);
    match floor.max(1) <= budget {
        true => Thought::Budget(budget),
        false => Thought::Unsaid,
    }
}

/// Returns the effort that is asked for, or the one whose share is nearest to the budget.
fn asked_effort(ask: &ReasoningAsk, output: u32) -> Effort {
    if let Some(effort) = ask.effort {
        return effort;
    }
    let Some(budget) = ask.tokens_max else { return Effort::Medium };
    let percent = u64::from(budget) * 100 / u64::from(output).max(1);
    let percent = u32::try_from(percent).unwrap_or(100);
    let known = Effort::ALL.into_iter().filter(|effort| *effort != Effort::None);
    known.min_by_key(|effort| effort.percent().abs_diff(percent)).unwrap_or(Effort::Medium)
}

/// The families of models whose signatures and sealed thoughts only they themselves can read.
pub(crate) const CLAUDE: &str = "anthropic-claude-v1";
pub(crate) const OPENAI: &str = "openai-responses-v1";
pub(crate) const GEMINI: &str = "google-gemini-v1";

/// Returns a text of a piece of thinking.
pub(crate) fn said<'a>(detail: &'a Value, name: &str) -> &'a str {
    detail.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// Returns whether a piece of thinking is of a family.
pub(crate) fn is_of(detail: &Value, family: &str) -> bool {
    said(detail, "format") == family
}
