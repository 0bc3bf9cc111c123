//! The smallest change of a request that would admit an endpoint.

use serde_json::{Value, json};

use super::candidate::Considered;
use super::filter::{Exclusion, prompt_tokens_min, unaccepted};
use super::naming::bans;
use super::offers::{Offers, Wanted};
use crate::catalog::{Endpoint, Modality, Provider, Tier};
use crate::failure::Change;
use crate::price::Rate;
use crate::request::Facts;

/// Returns the endpoint that the fewest changes would admit, and the changes; `None` where the
/// caller can change nothing that helps.
pub(super) fn smallest<'a>(
    facts: &Facts,
    wanted: &[Wanted],
    offers: &Offers<'_>,
    considered: &'a [Considered],
) -> Option<(&'a Considered, Vec<Change>)> {
    let changeable =
        considered.iter().filter(|it| !it.obstacles.rules().any(Exclusion::is_the_houses));
    let all = changeable.filter_map(|it| {
        let own = wanted.get(usize::from(it.model))?;
        let changes = Admission { facts, own, offers, it }.changes()?;
        Some((it, changes))
    });
    // A prompt is harder to change than a preference.
    let effort = |changes: &[Change]| {
        let hard = changes.iter().filter(|change| change.field == "messages").count();
        (hard, changes.len())
    };
    all.min_by_key(|(it, changes)| (effort(changes), it.expected_cost, it.endpoint))
}

struct Admission<'a, 'o> {
    facts: &'a Facts,
    own: &'a Wanted,
    offers: &'a Offers<'o>,
    it: &'a Considered,
}

impl Admission<'_, '_> {
    fn changes(&self) -> Option<Vec<Change>> {
        let (provider, endpoint) = self.offers.look_up(self.it.endpoint);
        let mut changes: Vec<Change> = Vec::new();
        for rule in self.it.obstacles.rules() {
            for change in self.change(rule, provider, endpoint)? {
                if !changes.contains(&change) {
                    changes.push(change);
                }
            }
        }
        Some(changes)
    }

    /// Returns what lifts one rule; `None` where nothing does.
    fn change(
        &self,
        rule: Exclusion,
        provider: &Provider,
        endpoint: &Endpoint,
    ) -> Option<Vec<Change>> {
        let wants = &self.facts.preferences;
        let to = match rule {
            Exclusion::Only => {
                let own =
                    if endpoint.tier() == Tier::Default { &provider.slug } else { &endpoint.tag };
                json!([wants.only.as_slice(), std::slice::from_ref(own)].concat())
            }
            Exclusion::Ignored => {
                let rest = wants.ignore.iter().filter(|name| !bans(name, provider, endpoint));
                list(rest.map(String::as_str).collect())
            }
            Exclusion::NotInOrder => json!(true),
            Exclusion::House | Exclusion::HouseData => return None,
            Exclusion::Retention | Exclusion::RequireParameters | Exclusion::Distillable => {
                json!(false)
            }
            Exclusion::TrainingOnPrompts => json!("allow"),
            Exclusion::Quantization => {
                let own = endpoint.quantization.as_deref().unwrap_or("unknown");
                let mut list: Vec<&str> = wants.quantizations.iter().map(String::as_str).collect();
                list.push(own);
                json!(list)
            }
            Exclusion::MaxPrice => return self.prices(endpoint),
            Exclusion::ContextLength | Exclusion::MaxOutput => return Some(self.lengths(endpoint)),
            Exclusion::Tools => Value::Null,
            Exclusion::Modality => {
                let unread =
                    self.facts.modalities.iter().filter(|it| {
                        **it != Modality::Text && !endpoint.input_modalities.contains(it)
                    });
                json!({ "without": unread.map(|it| it.word()).collect::<Vec<_>>() })
            }
            Exclusion::ServiceTier => match endpoint.tier() {
                Tier::Default => Value::Null,
                Tier::Priority => json!("priority"),
                Tier::Flex => json!("flex"),
            },
            Exclusion::Free | Exclusion::Thinking | Exclusion::Extended => {
                json!(self.offers.catalog.model(self.own.model).id)
            }
            Exclusion::Terms => {
                let model = self.offers.catalog.model(self.own.model);
                json!(unaccepted(self.facts, model)?.terms_hash)
            }
        };
        Some(vec![Change { field: rule.field().to_owned(), to }])
    }

    /// The prices that are above what is accepted, each as it is.
    fn prices(&self, endpoint: &Endpoint) -> Option<Vec<Change>> {
        let max = &self.facts.preferences.max_price;
        let card = endpoint.price.as_ref()?;
        let in_force = card.at(self.offers.now, self.facts.priority);
        let price = in_force.for_prompt(self.facts.prompt_bytes / 4);
        let classes = [
            ("prompt", max.prompt, price.input, 1_000_000),
            ("completion", max.completion, price.output.max(price.reasoning), 1_000_000),
            ("request", max.request, price.request, 1),
            ("image", max.image, price.image, 1),
            ("audio", max.audio, price.input_audio.or(price.input), 1),
        ];
        let dear = classes.into_iter().filter_map(|(name, max, rate, units)| {
            let (max, rate): (Rate, Rate) = (max?, rate?);
            (max < rate).then(|| Change {
                field: format!("provider.max_price.{name}"),
                to: json!(rate.dollars_per(units)),
            })
        });
        Some(dear.collect())
    }

    /// The lengths that would fit.
    fn lengths(&self, endpoint: &Endpoint) -> Vec<Change> {
        let change = |field: &str, to| Change { field: field.to_owned(), to };
        let prompt = prompt_tokens_min(self.facts);
        let input =
            endpoint.max_input.unwrap_or(u32::MAX).min(endpoint.context.unwrap_or(u32::MAX));
        let mut changes = Vec::new();
        if input < prompt {
            changes.push(change("messages", json!({ "tokens_at_most": input })));
        }
        let left = endpoint.context.map_or(u32::MAX, |context| context - prompt.min(input));
        let most = endpoint.max_output.unwrap_or(u32::MAX).min(left);
        if most < self.facts.output_tokens_max.unwrap_or(0) {
            changes.push(change("max_tokens", if most == 0 { Value::Null } else { json!(most) }));
        }
        changes
    }
}

fn list(names: Vec<&str>) -> Value {
    if names.is_empty() { Value::Null } else { json!(names) }
}
