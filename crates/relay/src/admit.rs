//! Admission: a request counts against its limits, and what it may cost is reserved, before
//! anything is sent.

use domain::catalog::ModelIx;
use domain::failure::Failure;
use domain::generation::{Generation, GenerationDetail, Outcome};
use domain::id::AccountId;
use domain::limit::{Asked, Measure, Permit};
use domain::money::Money;
use domain::operation::Operation;
use domain::plan::Plan;
use domain::port::{Held, Intent, Ledger};
use domain::price::PriceInForce;
use domain::usage::Usage;

use crate::call::Call;
use crate::documents::Documents;
use crate::world::World;

/// Tokens that a message costs beside its text, in any dialect's template.
const TOKENS_PER_MESSAGE_MAX: u32 = 32;
/// Tokens of an answer whose length nobody bounds.
const OUTPUT_TOKENS_UNBOUNDED: u32 = 131_072;
/// The shortest answer that is worth beginning, where the caller named no length.
const OUTPUT_TOKENS_WORTHWHILE: u32 = 256;
/// Tokens of an answer whose length nobody names, as limits of tokens and spend expect it.
const OUTPUT_TOKENS_EXPECTED: u32 = 1_024;
/// Bytes of a prompt that make a token, on average.
const BYTES_PER_TOKEN: u32 = 4;

/// Counts `call` against its limits, before anything is reserved or sent.
///
/// What it will use is estimated, and settled at its end at what it did use.
///
/// # Errors
/// `RateLimited`, with the limit that was reached.
pub(crate) async fn allow(
    world: &World,
    call: &Call,
    plan: &Plan,
) -> Result<Option<Box<dyn Permit>>, Failure> {
    let rules = &call.snapshot.rules;
    if rules.is_silent(&call.key) {
        return Ok(None);
    }
    let facts = &call.request.facts;
    let expected = match (facts.operation, facts.output_tokens_max) {
        (Operation::Chat, most) => most.unwrap_or(OUTPUT_TOKENS_EXPECTED),
        _ => 0,
    };
    let prompt = facts.prompt_bytes.div_ceil(BYTES_PER_TOKEN);
    let output = u64::from(expected) * u64::from(facts.choices.max(1));
    let spend = match rules.measures(&call.key, Measure::Spend) {
        true => bound(call, plan, 0, expected),
        false => Money::ZERO,
    };
    let asked = Asked {
        rules,
        key: &call.key,
        account: &AccountId::default(),
        tokens: u64::from(prompt) + output,
        spend,
        is_free: rules.free.is_some() && bound(call, plan, 0, u32::MAX) == Money::ZERO,
    };
    world.limits.admit(asked).await
}

/// Reserves what `call` may cost at most on any endpoint of the plan.
///
/// Where the caller named no length, and the longest answer does not fit what is left, the answer's
/// length is limited to what does.
///
/// # Errors
/// `PaymentRequired`, with the numbers, where not even a short answer fits.
pub(crate) async fn admit(
    ledger: &dyn Ledger,
    mut call: Call,
    (plan, documents): (&Plan, &Documents),
    model: ModelIx,
) -> Result<(Call, Held), Failure> {
    let text_bytes = documents.bytes;
    let ceiling = bound(&call, plan, text_bytes, u32::MAX);
    let is_open = call.request.facts.output_tokens_max.is_none();
    let floor = match is_open {
        true => bound(&call, plan, text_bytes, OUTPUT_TOKENS_WORTHWHILE),
        false => ceiling,
    };
    let intent = Intent {
        key: call.key.clone(),
        account: AccountId::default(),
        ceiling,
        floor,
        draft: draft(&call, model),
    };
    let held = ledger.hold(intent).await?;
    if held.amount < ceiling {
        let output = affordable(&call, plan, text_bytes, held.amount);
        call.request.limit_output(output);
    }
    Ok((call, held))
}

/// Returns the most that any endpoint of the plan can charge for an answer of at most `output`
/// tokens, or of fewer where the caller or the endpoint says so.
///
/// A token of a byte-level tokenizer is at least one byte, so bytes bound the prompt's tokens.
/// `text_bytes`: what the text of documents adds to the prompt, where they are sent as text.
fn bound(call: &Call, plan: &Plan, text_bytes: u32, output: u32) -> Money {
    let facts = &call.request.facts;
    let prompt = facts
        .prompt_bytes
        .saturating_add(facts.messages.saturating_add(1).saturating_mul(TOKENS_PER_MESSAGE_MAX));
    let worst = plan.candidates.iter().map(|candidate| {
        let endpoint = call.snapshot.catalog.endpoint(candidate.endpoint);
        let unbounded = endpoint.max_output.or(endpoint.context).unwrap_or(OUTPUT_TOKENS_UNBOUNDED);
        let most = facts.output_tokens_max.unwrap_or(unbounded).min(output);
        let price = endpoint.price.as_ref().map(|card| card.at(call.received, facts.priority));
        // An answer that goes on elsewhere is a prompt there, as far as it has come.
        let again = if facts.preferences.resume && facts.stream { most } else { 0 };
        let ceiling = |price: PriceInForce<'_>| {
            let output = most.saturating_mul(facts.choices.max(1));
            let text = if facts.sends_text_of_documents(endpoint) { text_bytes } else { 0 };
            let input = prompt.saturating_add(text).saturating_add(again);
            price.ceiling(&Usage { input, output, ..facts.units })
        };
        price.map_or(Money::ZERO, ceiling)
    });
    worst.max().unwrap_or(Money::ZERO)
}

/// Returns the longest answer that costs no more than `amount` on any endpoint of the plan.
fn affordable(call: &Call, plan: &Plan, text_bytes: u32, amount: Money) -> u32 {
    // What an answer costs grows with its length, so halving finds the longest.
    let (mut fits, mut too_long) = (OUTPUT_TOKENS_WORTHWHILE, u32::MAX);
    while 1 < too_long - fits {
        let middle = fits + (too_long - fits) / 2;
        match bound(call, plan, text_bytes, middle) <= amount {
            true => fits = middle,
            false => too_long = middle,
        }
    }
    fits
}

/// Returns the record of a request that was admitted and of which nothing else is known.
fn draft(call: &Call, model: ModelIx) -> Generation {
    let facts = &call.request.facts;
    Generation {
        id: call.id.clone(),
        created: call.received,
        key: call.key.id.clone(),
        model: call.snapshot.catalog.model(model).id.clone(),
        endpoint: None,
        provider: None,
        provider_name: None,
        outcome: Outcome::Broken,
        usage: Usage::default(),
        cost: Money::ZERO,
        cache_discount: Money::ZERO,
        detail: GenerationDetail {
            api_type: facts.operation.api_type().to_owned(),
            streamed: facts.stream,
            app: call.app.clone(),
            external_user: facts.user.clone(),
            session_id: facts.session_id.clone(),
            service_tier: facts.priority.then(|| "priority".to_owned()),
            ..GenerationDetail::default()
        },
    }
}
