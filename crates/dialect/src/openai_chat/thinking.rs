//! How a caller's wish for thinking is put to an endpoint, each of which has its own way.

use domain::catalog::Endpoint;
use domain::failure::{Failure, FailureKind, Fault, Retry};
use domain::quirk::ReasoningIn;
use domain::request::{Effort, ReasoningAsk};
use serde_json::{Value, json};

/// What is put into the endpoint's request for a wish.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Wish {
    /// The fields, by name.
    pub(super) fields: Vec<(&'static str, Value)>,
    /// The endpoint has a way to be told, or nothing had to be.
    pub(super) honoured: bool,
}

/// The least budget of thinking that any provider takes.
const BUDGET_MIN: u32 = 1024;
/// The largest budget that an effort turns into.
const BUDGET_MAX: u32 = 128_000;
/// Tokens of an answer that neither the caller nor the endpoint bounds.
const OUTPUT_UNBOUNDED: u32 = 32_768;

/// Puts a wish the endpoint's way. `output_max`: the most tokens that the caller wants back.
///
/// # Errors
/// When thinking is to be off and the endpoint always thinks. Another endpoint may not.
pub(super) fn wish(
    ask: Option<&ReasoningAsk>,
    endpoint: &Endpoint,
    output_max: Option<u32>,
) -> Result<Wish, Failure> {
    let Some(ask) = ask else { return Ok(Wish { honoured: true, ..Wish::default() }) };
    let says_nothing = ask.effort.is_none() && ask.tokens_max.is_none() && ask.enabled.is_none();
    if says_nothing || (ask.is_off() && !endpoint.reasoning) {
        return Ok(Wish { honoured: true, ..Wish::default() });
    }
    if !endpoint.reasoning {
        return Ok(Wish::default());
    }
    let ways = Ways::of(endpoint);
    if ask.is_off() {
        return ways.off();
    }
    Ok(ways.on(ask, output_max))
}

/// Returns whether the endpoint can be told how to think.
pub(super) fn can_be_told(endpoint: &Endpoint) -> bool {
    let ways = Ways::of(endpoint);
    endpoint.reasoning && (ways.effort.is_some() || ways.budget.is_some() || ways.switch.is_some())
}

/// The ways in which an endpoint can be told, each `None` where it has none.
struct Ways<'a> {
    endpoint: &'a Endpoint,
    efforts: Vec<Effort>,
    effort: Option<ReasoningIn>,
    budget: Option<ReasoningIn>,
    switch: Option<ReasoningIn>,
    /// The switch is preferred to the effort, and has to be sent along with it.
    switch_first: bool,
}

impl Ways<'_> {
    fn of(endpoint: &Endpoint) -> Ways<'_> {
        let controls = &endpoint.reasoning_controls;
        let untold = !controls.toggle && controls.efforts.is_empty() && !controls.budget;
        let own = endpoint.quirks.reasoning_in.as_deref();
        let forms = own.unwrap_or(&[ReasoningIn::ReasoningEffort]);
        let efforts: Vec<Effort> =
            controls.efforts.iter().filter_map(|word| Effort::parse(word)).collect();
        let find = |may: bool, fits: fn(ReasoningIn) -> bool| {
            forms.iter().copied().find(|form| may && fits(*form))
        };
        // Where nothing is told of its controls, an effort is tried only where the form is stated.
        let effort = find(!efforts.is_empty() || (untold && own.is_some()), is_effort);
        let budget = find(controls.budget, is_budget);
        let switch = find(controls.toggle || untold, is_switch);
        let place = |form: Option<ReasoningIn>| forms.iter().position(|it| Some(*it) == form);
        let switch_first = match (place(switch), place(effort)) {
            (Some(switch), Some(effort)) => controls.toggle && switch < effort,
            _ => false,
        };
        Ways { endpoint, efforts, effort, budget, switch, switch_first }
    }

    fn off(&self) -> Result<Wish, Failure> {
        if let Some(form) = self.effort.filter(|_| self.efforts.contains(&Effort::None)) {
            return Ok(told(vec![effort_field(form, Effort::None)]));
        }
        if let Some(form) = self.switch {
            return Ok(told(vec![switch_field(form, false)]));
        }
        if self.efforts.is_empty() {
            return Ok(Wish::default());
        }
        let detail = "Reasoning is mandatory for this model and cannot be switched off.";
        let kind = FailureKind::InvalidRequest;
        Err(Failure::new(kind, Fault::Caller, Retry::NextEndpoint, detail).at("reasoning"))
    }

    fn on(&self, ask: &ReasoningAsk, output_max: Option<u32>) -> Wish {
        let output = output_max.or(self.endpoint.max_output);
        let wants_budget = ask.tokens_max.is_some();
        if let Some(form) = self.budget.filter(|_| wants_budget || self.effort.is_none())
            && let Some(budget) = self.budget(ask, output_max, output)
        {
            let mut fields = vec![budget_field(form, budget)];
            if form == ReasoningIn::EnableThinkingBudget {
                fields.insert(0, switch_field(form, true));
            }
            return told(fields);
        }
        if let Some(form) = self.effort {
            let effort = self.nearest(asked_effort(ask, output));
            let only_switch = ask.effort.is_none() && !wants_budget;
            let mut fields = Vec::new();
            if let Some(switch) = self.switch.filter(|_| self.switch_first || only_switch) {
                fields.push(switch_field(switch, true));
            }
            if fields.is_empty() || !only_switch {
                fields.push(effort_field(form, effort));
            }
            return told(fields);
        }
        match self.switch {
            Some(form) => told(vec![switch_field(form, true)]),
            None => Wish::default(),
        }
    }

    /// Returns the budget, below the answer's bound; `None` where there is no room for one.
    fn budget(&self, ask: &ReasoningAsk, asked: Option<u32>, output: Option<u32>) -> Option<u32> {
        let controls = &self.endpoint.reasoning_controls;
        let wanted = ask.tokens_max.unwrap_or_else(|| {
            let effort = ask.effort.unwrap_or(Effort::Medium);
            let output = u64::from(output.unwrap_or(OUTPUT_UNBOUNDED));
            let share = output * u64::from(effort.percent()) / 100;
            u32::try_from(share).unwrap_or(u32::MAX).min(BUDGET_MAX)
        });
        let least = controls.budget_min.unwrap_or(0).max(BUDGET_MIN);
        let most = controls.budget_max.unwrap_or(u32::MAX);
        let budget = wanted.max(least).min(most);
        let room = asked.map_or(u32::MAX, |max| max.saturating_sub(1));
        let budget = budget.min(room);
        (controls.budget_min.unwrap_or(1) <= budget && 0 < budget).then_some(budget)
    }

    /// Returns the effort that the endpoint knows and that is nearest; the lower of two.
    fn nearest(&self, wanted: Effort) -> Effort {
        let distance = |effort: &Effort| (*effort as i32 - wanted as i32).abs();
        let known = self.efforts.iter().copied().filter(|effort| *effort != Effort::None);
        known.min_by_key(distance).unwrap_or(wanted)
    }
}

fn told(fields: Vec<(&'static str, Value)>) -> Wish {
    Wish { fields, honoured: true }
}

/// Returns the effort that is asked for, or the one whose share is nearest to the budget.
fn asked_effort(ask: &ReasoningAsk, output: Option<u32>) -> Effort {
    if let Some(effort) = ask.effort {
        return effort;
    }
    let Some(budget) = ask.tokens_max else { return Effort::Medium };
    let output = u64::from(output.unwrap_or(OUTPUT_UNBOUNDED)).max(1);
    let percent = u32::try_from(u64::from(budget) * 100 / output).unwrap_or(100);
    let known = Effort::ALL.into_iter().filter(|effort| *effort != Effort::None);
    known.min_by_key(|effort| effort.percent().abs_diff(percent)).unwrap_or(Effort::Medium)
}

const fn is_effort(form: ReasoningIn) -> bool {
    matches!(form, ReasoningIn::ReasoningEffort | ReasoningIn::Effort)
}

const fn is_budget(form: ReasoningIn) -> bool {
    matches!(
        form,
        ReasoningIn::MaxTokens
            | ReasoningIn::ThinkingBudget
            | ReasoningIn::EnableThinkingBudget
            | ReasoningIn::ThinkingTokenBudget
    )
}

const fn is_switch(form: ReasoningIn) -> bool {
    matches!(
        form,
        ReasoningIn::Enabled
            | ReasoningIn::ThinkingType
            | ReasoningIn::ThinkingBool
            | ReasoningIn::ThinkingBudget
            | ReasoningIn::EnableThinking
            | ReasoningIn::EnableThinkingBudget
            | ReasoningIn::TemplateKwargs
            | ReasoningIn::TemplateArgs
    )
}

fn effort_field(form: ReasoningIn, effort: Effort) -> (&'static str, Value) {
    match form {
        ReasoningIn::Effort => ("reasoning", json!({"effort": effort.word()})),
        _ => ("reasoning_effort", json!(effort.word())),
    }
}

fn budget_field(form: ReasoningIn, tokens: u32) -> (&'static str, Value) {
    match form {
        ReasoningIn::ThinkingBudget => {
            ("thinking", json!({"type": "enabled", "budget_tokens": tokens}))
        }
        ReasoningIn::ThinkingTokenBudget => {
            ("thinking", json!({"type": "enabled", "token_budget": tokens}))
        }
        ReasoningIn::EnableThinkingBudget => ("thinking_budget", json!(tokens)),
        _ => ("reasoning", json!({"max_tokens": tokens})),
    }
}

fn switch_field(form: ReasoningIn, on: bool) -> (&'static str, Value) {
    let word = if on { "enabled" } else { "disabled" };
    match form {
        ReasoningIn::Enabled => ("reasoning", json!({"enabled": on})),
        ReasoningIn::ThinkingBool => ("thinking", json!(on)),
        ReasoningIn::EnableThinking | ReasoningIn::EnableThinkingBudget => {
            ("enable_thinking", json!(on))
        }
        ReasoningIn::TemplateKwargs => ("chat_template_kwargs", json!({"enable_thinking": on})),
        ReasoningIn::TemplateArgs => ("chat_template_args", json!({"enable_thinking": on})),
        _ => ("thinking", json!({"type": word})),
    }
}
