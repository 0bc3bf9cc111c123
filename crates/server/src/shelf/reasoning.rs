//! How a model's thinking is controlled.

use domain::catalog::Endpoint;
use serde_json::{Value, json};

/// The efforts that clients know, from high to low.
pub(crate) const EFFORTS: [&str; 7] = ["max", "xhigh", "high", "medium", "low", "minimal", "none"];

/// Returns `reasoning` as it is shown; `None` for a model that does not think.
///
/// Efforts are those of any endpoint; `null` where none lists its own, so all may be tried.
/// Thinking is called mandatory only where every endpoint thinks and none is told how much but by
/// efforts: a switch can be turned off, and a budget need not be given.
pub(crate) fn reasoning(offered: &[&Endpoint]) -> Option<Value> {
    let thinking: Vec<&Endpoint> =
        offered.iter().copied().filter(|endpoint| endpoint.reasoning).collect();
    if thinking.is_empty() {
        return None;
    }
    let knows = |effort: &str| {
        thinking
            .iter()
            .any(|endpoint| endpoint.reasoning_controls.efforts.iter().any(|own| own == effort))
    };
    let efforts: Vec<&str> = EFFORTS.into_iter().filter(|effort| knows(effort)).collect();
    let switched = thinking.iter().any(|endpoint| endpoint.reasoning_controls.toggle);
    let budgeted = thinking.iter().any(|endpoint| endpoint.reasoning_controls.budget);
    let optional = switched || budgeted || knows("none") || thinking.len() < offered.len();
    let mut shown = json!({
        "mandatory": !optional,
        "supported_efforts": (!efforts.is_empty()).then_some(efforts),
    });
    if budgeted {
        shown["supports_max_tokens"] = json!(true);
    }
    Some(shown)
}

#[cfg(test)]
mod tests {
    use domain::catalog::ReasoningControls;

    use super::super::samples::sample;
    use super::*;

    /// Shows a model with one endpoint for each of these controls; `None` does not think.
    fn shown(controls: &[Option<ReasoningControls>]) -> Option<Value> {
        let sample = sample();
        let base = &sample.catalog.endpoints()[0];
        let endpoints: Vec<Endpoint> = controls
            .iter()
            .map(|controls| Endpoint {
                reasoning: controls.is_some(),
                reasoning_controls: controls.clone().unwrap_or_default(),
                ..base.clone()
            })
            .collect();
        reasoning(&endpoints.iter().collect::<Vec<_>>())
    }

    fn efforts(efforts: &[&str]) -> ReasoningControls {
        let efforts = efforts.iter().map(|effort| (*effort).to_owned()).collect();
        ReasoningControls { efforts, ..ReasoningControls::default() }
    }

    #[test]
    fn efforts_are_listed_from_high_to_low() {
        let shown = shown(&[Some(efforts(&["low", "high"])), Some(efforts(&["none", "max"]))]);
        let listed = json!(["max", "high", "low", "none"]);
        assert_eq!(shown, Some(json!({ "mandatory": false, "supported_efforts": listed })));
    }

    #[test]
    fn thinking_that_nothing_turns_off_is_mandatory() {
        let mandatory = |controls: &[Option<ReasoningControls>]| {
            shown(controls).map(|shown| shown["mandatory"] == json!(true))
        };
        let toggle = ReasoningControls { toggle: true, ..ReasoningControls::default() };
        let budget = ReasoningControls { budget: true, ..ReasoningControls::default() };
        assert_eq!(mandatory(&[Some(ReasoningControls::default())]), Some(true));
        assert_eq!(mandatory(&[Some(efforts(&["low", "high"]))]), Some(true));
        assert_eq!(mandatory(&[Some(toggle)]), Some(false));
        assert_eq!(mandatory(&[Some(budget)]), Some(false));
        assert_eq!(mandatory(&[Some(efforts(&["low"])), None]), Some(false));
        assert_eq!(mandatory(&[None]), None);
    }

    #[test]
    fn a_budget_is_said_only_where_there_is_one() {
        let budget = ReasoningControls { budget: true, ..ReasoningControls::default() };
        let with = shown(&[Some(budget)]).unwrap();
        assert_eq!(with["supports_max_tokens"], json!(true));
        assert_eq!(with["supported_efforts"], Value::Null);
        assert!(shown(&[Some(efforts(&["low"]))]).unwrap().get("supports_max_tokens").is_none());
    }
}
