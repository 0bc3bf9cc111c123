//! The end of a request: what it used, what that costs, and the record it leaves.

use dialect::called::Called;
use dialect::estimate;
use dialect::exchange::{FinishReason, Observed, Receipt};
use dialect::judge::ended_in;
use domain::books::Amounts;
use domain::catalog::EndpointIx;
use domain::failure::{Failure, FailureKind};
use domain::generation::{Generation, GenerationDetail, Outcome, PartRecord};
use domain::limit::Used;
use domain::money::Money;
use domain::operation::Operation;
use domain::port::Ended;
use domain::price::{Price, PriceCard};
use domain::request::Facts;
use domain::time::Timestamp;
use domain::usage::Usage;
use serde_json::Value;
use tokio::task::spawn_blocking;

use crate::journey::{Journey, Origin};
use crate::judging::judged;
use crate::mutant::Mutant;
use crate::planning::remember;
use crate::sorting;
use crate::world::World;

/// How a request ended, and what it costs.
pub(crate) struct Ending {
    outcome: Outcome,
    endpoint: Option<EndpointIx>,
    /// What tells the credential apart that was shown there.
    credential: Option<u64>,
    usage: Usage,
    price: Option<Price>,
    amounts: Amounts,
    prompt_cost: Money,
    cache_discount: Money,
    finish: Option<FinishReason>,
    native_finish: Option<String>,
    upstream_id: Option<String>,
    error: Option<&'static str>,
    first_content: Option<Timestamp>,
    /// The calls of tools in which a complete answer ended.
    called: Option<Called>,
}

/// Bytes of text that make a token, on average, where nobody counted them.
const BYTES_PER_TOKEN_ESTIMATED: u64 = 4;

impl Ending {
    /// An answer that is complete.
    pub(crate) fn complete(
        world: &World,
        journey: &Journey,
        origin: &Origin,
        (observed, usage): (&Observed, Usage),
    ) -> Ending {
        let failed = observed.finish == Some(FinishReason::Error);
        let nothing = usage.output == 0 && observed.finish.is_none();
        let bill = bill(&origin.price, &usage);
        let is_free = failed || nothing || world.breaks(Mutant::CompleteFree);
        let bill =
            if is_free { bill.insured(world, journey) } else { bill.charged(world, journey) };
        let ending = Ending::served(origin, observed, usage, bill);
        let is_chat = journey.call.request.facts.operation == Operation::Chat;
        let called = ended_in(observed).filter(|_| is_chat).cloned();
        Ending { outcome: Outcome::Finished, called, ..ending }
    }

    /// An answer that broke off after it had begun: the house bears what it cost, to an end.
    pub(crate) fn broken(
        world: &World,
        journey: &Journey,
        origin: &Origin,
        (observed, usage): (&Observed, Usage),
        failure: &Failure,
    ) -> Ending {
        let bill = bill(&origin.price, &usage).insured(world, journey);
        let ending = Ending::served(origin, observed, usage, bill);
        let error = Some(failure.kind.wire().1);
        Ending { outcome: Outcome::Broken, error, finish: Some(FinishReason::Error), ..ending }
    }

    /// An answer whose caller left: what was made until then is charged.
    pub(crate) fn cancelled(
        world: &World,
        journey: &Journey,
        origin: &Origin,
        (observed, usage): (&Observed, Usage),
    ) -> Ending {
        let bill = bill(&origin.price, &usage).charged(world, journey);
        let ending = Ending::served(origin, observed, usage, bill);
        Ending { outcome: Outcome::Cancelled, ..ending }
    }

    /// No answer.
    pub(crate) fn refused(failure: &Failure, cancelled: bool) -> Ending {
        Ending {
            outcome: if cancelled { Outcome::Cancelled } else { Outcome::Refused },
            endpoint: None,
            credential: None,
            usage: Usage::default(),
            price: None,
            amounts: Amounts::default(),
            prompt_cost: Money::ZERO,
            cache_discount: Money::ZERO,
            finish: None,
            native_finish: None,
            upstream_id: None,
            error: Some(failure.kind.wire().1),
            first_content: None,
            called: None,
        }
    }

    /// Returns whether the account pays for the part of the answer that ended it.
    pub(crate) fn is_charged(&self) -> bool {
        self.amounts.insurance == Money::ZERO
    }

    /// The same, of a caller who was no longer there at the end.
    pub(crate) fn unheard(self) -> Ending {
        Ending { outcome: Outcome::Cancelled, ..self }
    }

    /// The same, of an answer that was cut off for its length.
    pub(crate) fn overrun(self) -> Ending {
        let error = Some(FailureKind::ProviderUnavailable.wire().1);
        Ending { outcome: Outcome::Broken, error, finish: Some(FinishReason::Length), ..self }
    }

    /// The same, after parts of the answer that broke off elsewhere and cost the house so much.
    pub(crate) fn after(self, broken: Money) -> Ending {
        Ending { amounts: Amounts { failed_attempts: broken, ..self.amounts }, ..self }
    }

    /// The same, with the moment of the first content.
    pub(crate) fn shown_at(self, first_content: Timestamp) -> Ending {
        Ending { first_content: Some(first_content), ..self }
    }

    fn served(origin: &Origin, observed: &Observed, usage: Usage, bill: Bill) -> Ending {
        Ending {
            outcome: Outcome::Finished,
            endpoint: Some(origin.endpoint),
            credential: origin.credential,
            usage,
            price: Some(bill.price),
            amounts: bill.amounts,
            prompt_cost: bill.prompt_cost,
            cache_discount: bill.cache_discount,
            finish: observed.finish,
            native_finish: observed.native_finish.clone(),
            upstream_id: observed.upstream_id.clone(),
            error: None,
            first_content: None,
            called: None,
        }
    }
}

struct Bill {
    price: Price,
    cost: Money,
    amounts: Amounts,
    prompt_cost: Money,
    cache_discount: Money,
}

impl Bill {
    /// The account pays, up to what was reserved and what is free beside it.
    fn charged(self, world: &World, journey: &Journey) -> Bill {
        let charge = world.ledger.cover(&journey.call.id, self.cost);
        let overrun = self.cost.saturating_sub(charge);
        Bill {
            amounts: Amounts { charge, overrun, ..Amounts::default() },
            prompt_cost: self.prompt_cost.min(charge),
            ..self
        }
    }

    /// The house pays, unless it has paid enough for the account today.
    fn insured(self, world: &World, journey: &Journey) -> Bill {
        if !world.ledger.insure(&journey.call.id, self.cost) {
            return self.charged(world, journey);
        }
        Bill {
            amounts: Amounts { insurance: self.cost, ..Amounts::default() },
            prompt_cost: Money::ZERO,
            cache_discount: Money::ZERO,
            ..self
        }
    }
}

fn bill(card: &PriceCard, usage: &Usage) -> Bill {
    let price = card.at(Timestamp::default(), false).for_prompt(usage.bounded().prompt());
    let cost = price.charge(usage);
    let cached = usage.cache_read + usage.cache_write + usage.cache_write_1h;
    let uncached = Usage {
        input: usage.input + cached,
        cache_read: 0,
        cache_write: 0,
        cache_write_1h: 0,
        ..*usage
    };
    Bill {
        price,
        cost,
        amounts: Amounts::default(),
        prompt_cost: price.charge_prompt(usage),
        cache_discount: price.charge(&uncached).saturating_sub(cost),
    }
}

/// Returns what an answer used: the provider's count; where there is none, or the answer broke off
/// before its end, what a tokenizer makes of it.
pub(crate) async fn used(
    journey: &Journey,
    origin: &Origin,
    observed: &Observed,
    is_complete: bool,
) -> Usage {
    match observed.usage {
        Some(told) if is_complete => told.bounded(),
        _ => {
            let counted = counted(journey, origin, observed).await;
            joined(observed.usage, counted)
        }
    }
}

/// Returns the tokenizer's count, made beside the threads that serve: it takes milliseconds.
async fn counted(journey: &Journey, origin: &Origin, observed: &Observed) -> Usage {
    let Journey { call, .. } = journey;
    let catalog = &call.snapshot.catalog;
    let tokenizer = catalog.model(catalog.endpoint(origin.endpoint).model).tokenizer.clone();
    let as_text = journey.documents.as_text(&call.request, catalog.endpoint(origin.endpoint));
    let request = as_text.ok().flatten().unwrap_or_else(|| call.request.clone());
    let (said, bytes) = (observed.said.clone(), observed.content_bytes);
    let counting = spawn_blocking(move || {
        let tokenizer = tokenizer.as_deref();
        (estimate::prompt(&request, tokenizer), said.tokens(bytes, tokenizer))
    });
    let facts = &call.request.facts;
    let Ok((input, output)) = counting.await else { return measured(facts, bytes) };
    let input = input.unwrap_or_else(|| measured(facts, bytes).input);
    let input = journey.compression.map_or(input, |done| input.min(done.tokens_after));
    counts(facts, input, output)
}

/// Returns a count from bytes alone: quick enough to be made for every piece of a stream.
fn measured(facts: &Facts, content_bytes: u64) -> Usage {
    let tokens =
        |bytes: u64| u32::try_from(bytes.div_ceil(BYTES_PER_TOKEN_ESTIMATED)).unwrap_or(u32::MAX);
    counts(facts, tokens(u64::from(facts.prompt_bytes)), tokens(content_bytes))
}

fn counts(facts: &Facts, input: u32, output: u32) -> Usage {
    let output = facts
        .output_tokens_max
        .map_or(output, |max| output.min(max.saturating_mul(facts.choices.max(1))));
    Usage { input, output, estimated: true, ..Usage::default() }.bounded()
}

/// Returns what was used of an answer that has not come to its end: no less than the house counts
/// itself, for what a provider says at the beginning grows until the end.
pub(crate) fn usage_so_far(facts: &Facts, observed: &Observed) -> Usage {
    joined(observed.usage, measured(facts, observed.content_bytes))
}

fn joined(told: Option<Usage>, counted: Usage) -> Usage {
    let Some(told) = told else { return counted };
    let estimated = told.estimated || told.output < counted.output;
    Usage { output: told.output.max(counted.output), estimated, ..told }.bounded()
}

/// Returns what an answer costs that has come so far, and the rates by which.
pub(crate) fn cost_so_far(origin: &Origin, usage: &Usage) -> (Money, Price) {
    let bill = bill(&origin.price, usage);
    (bill.cost, bill.price)
}

/// Returns the record of a part of an answer that was given by several endpoints.
pub(crate) fn part(
    journey: &Journey,
    origin: &Origin,
    usage: &Usage,
    is_charged: bool,
) -> PartRecord {
    let catalog = &journey.call.snapshot.catalog;
    let endpoint = catalog.endpoint(origin.endpoint);
    PartRecord {
        endpoint: endpoint.id.clone(),
        provider_name: catalog.provider(endpoint.provider).display_name.clone(),
        usage: *usage,
        cost: bill(&origin.price, usage).cost,
        is_charged,
    }
}

/// Adds the part that ends an answer to those that went before it, where any did. Returns what
/// those cost: the house bears it.
pub(crate) fn itemise(
    journey: &mut Journey,
    origin: &Origin,
    usage: &Usage,
    is_charged: bool,
) -> Money {
    let before = journey.parts.iter().map(|part| part.cost).sum();
    if !journey.parts.is_empty() {
        let last = part(journey, origin, usage, is_charged);
        journey.parts.push(last);
    }
    before
}

/// Returns what the answer tells of its cost.
pub(crate) fn receipt(world: &World, ending: &Ending, metadata: Option<Value>) -> Receipt {
    let wrong = i64::from(world.breaks(Mutant::CostShownWrong));
    Receipt {
        usage: ending.usage,
        cost: ending.amounts.charge.saturating_add(Money::from_nanos(wrong)),
        prompt_cost: ending.prompt_cost,
        metadata,
    }
}

/// Ends the reservation, books the cost and leaves the record.
pub(crate) async fn settle(world: &World, mut journey: Box<Journey>, mut ending: Ending) {
    let now = world.clock.now();
    if ending.outcome == Outcome::Refused && world.breaks(Mutant::RefusalNotSettled) {
        return;
    }
    if let Some(permit) = journey.permit.take() {
        let tokens = u64::from(ending.usage.prompt()) + u64::from(ending.usage.output);
        permit.settle(Used { tokens, spend: ending.amounts.charge });
    }
    if let Some(place) = ending.endpoint.filter(|_| ending.outcome != Outcome::Broken) {
        let held = (place, ending.credential);
        remember(world, (&journey.call, &journey.route), held, &ending.usage, now);
    }
    let (price, amounts) = (ending.price, ending.amounts);
    let traits = sorting::end(journey.sorting.take()).await;
    let traits = judged(&journey.call, ending.called.take(), traits).await;
    let mut generation = generation(now, journey, ending);
    generation.detail.traits = traits;
    let (id, cost) = (generation.id.clone(), generation.cost);
    // The record is in the database: a line for each would cost more than the request's planning.
    tracing::debug!(
        generation.id = %id,
        generation.model = generation.model,
        endpoint.id = generation.endpoint,
        generation.outcome = ?generation.outcome,
        cost.nanos = cost.nanos(),
        attempts = generation.detail.attempts.len(),
        duration_ms = generation.detail.generation_ms,
        "generation settled"
    );
    let ended = Ended { generation, price, amounts };
    if world.breaks(Mutant::SettledTwice) {
        let _ = world.ledger.settle(ended.clone()).await;
    }
    if let Err(failure) = world.ledger.settle(ended).await {
        tracing::error!(generation.id = %id, cost.nanos = cost.nanos(), "could not settle: {failure}");
    }
}

fn generation(now: Timestamp, journey: Box<Journey>, ending: Ending) -> Generation {
    let Journey { call, route, attempts, dropped, parts, .. } = *journey;
    let catalog = &call.snapshot.catalog;
    let endpoint = ending.endpoint.map(|place| catalog.endpoint(place));
    let model = endpoint.map_or(route.models[0], |endpoint| endpoint.model);
    let provider = endpoint.map(|endpoint| catalog.provider(endpoint.provider));
    let facts = call.request.facts;
    // How fast it is tells who serves it.
    let is_timed = catalog.model(model).stealth.is_none();
    let first_content = ending.first_content.filter(|_| is_timed);
    // Only what is written word by word has a reason to end.
    let tells =
        |it: &FinishReason| facts.operation == Operation::Chat || *it == FinishReason::Error;
    let finish = ending.finish.filter(tells);
    let detail = GenerationDetail {
        api_type: facts.operation.api_type().to_owned(),
        streamed: facts.stream,
        finish_reason: finish.map(|finish| finish.word().to_owned()),
        native_finish_reason: ending.native_finish,
        upstream_id: ending.upstream_id,
        latency_ms: first_content.map(|first| first.ms_since(call.received)),
        generation_ms: is_timed.then(|| now.ms_since(call.received)),
        error: ending.error.map(str::to_owned),
        dropped,
        attempts,
        parts,
        app: call.app,
        external_user: facts.user,
        session_id: facts.session_id,
        router: route.router.map(|(router, _)| router),
        receipt: route.receipt,
        service_tier: facts.priority.then(|| "priority".to_owned()),
        traits: None,
    };
    Generation {
        id: call.id,
        created: call.received,
        key: call.key.id.clone(),
        model: catalog.model(model).id.clone(),
        endpoint: endpoint.map(|endpoint| endpoint.id.clone()),
        provider: provider.map(|provider| provider.slug.clone()),
        provider_name: provider.map(|provider| provider.display_name.clone()),
        outcome: ending.outcome,
        usage: ending.usage,
        cost: ending.amounts.charge,
        cache_discount: ending.cache_discount,
        detail,
    }
}
