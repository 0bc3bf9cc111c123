//! What a caller is told: which models its names mean, and what became of all tries together.

use domain::catalog::{Model, ModelIx, ModelKind};
use domain::failure::{Availability, AvailabilityCode, Constraint, Failure, FailureKind, Fault};
use domain::nearest::nearest;

use crate::call::Call;
use crate::journey::Journey;

/// Finds the models that the request names, in its order.
///
/// A name that nobody has is an error only where no other name of the list is known.
///
/// # Errors
/// `InvalidRequest`, with the nearest names, or with the route that the model answers on.
pub(crate) fn resolve(call: &Call) -> Result<Vec<ModelIx>, Failure> {
    let catalog = &call.snapshot.catalog;
    let asked = &call.request.facts.models;
    let mut found: Vec<ModelIx> = Vec::with_capacity(asked.len());
    for place in asked.iter().filter_map(|name| catalog.find_model(name)) {
        if !found.contains(&place) {
            found.push(place);
        }
    }
    if found.is_empty() {
        return Err(unknown(call));
    }
    let chats = |place: &ModelIx| {
        matches!(catalog.model(*place).kind, ModelKind::Chat | ModelKind::Completion)
    };
    let first = catalog.model(found[0]);
    found.retain(chats);
    if found.is_empty() { Err(wrong_route(first, asked)) } else { Ok(found) }
}

fn unknown(call: &Call) -> Failure {
    let asked = &call.request.facts.models;
    let Some(first) = asked.first() else {
        return Failure::caller(FailureKind::InvalidRequest, "No model was named.").at("model");
    };
    let catalog = &call.snapshot.catalog;
    let names = catalog
        .models()
        .iter()
        .map(|model| model.id.as_str())
        .chain(catalog.aliases().keys().map(String::as_str));
    let near: Vec<String> = nearest(first, names, 3).into_iter().map(str::to_owned).collect();
    let hint = match near.as_slice() {
        [] => String::new(),
        [one] => format!(" The nearest name is {one}."),
        [head @ .., last] => format!(" The nearest names are {} and {last}.", head.join(", ")),
    };
    let shown: String = first.chars().filter(|letter| !letter.is_control()).take(100).collect();
    let availability = Availability {
        code: AvailabilityCode::ModelNotFound,
        requested_models: asked.clone(),
        fallback_models: near,
        ..Availability::default()
    };
    let detail = match unspoken(first) {
        Some(what) => format!("{shown}: {what} are not offered yet. Name a model as it is."),
        None => format!("There is no model {shown}.{hint}"),
    };
    Failure::caller(FailureKind::InvalidRequest, detail).at("model").because(availability)
}

/// Returns what a name is made with that is understood and not offered.
fn unspoken(name: &str) -> Option<&'static str> {
    const VARIANTS: [&str; 7] =
        ["free", "nitro", "floor", "online", "exacto", "thinking", "extended"];
    let variant = name.rsplit_once(':').is_some_and(|(_, suffix)| VARIANTS.contains(&suffix));
    if variant {
        Some("variants such as :floor and :nitro")
    } else if name.starts_with("openrouter/") {
        Some("routers such as openrouter/auto")
    } else if name.starts_with('~') {
        Some("names of whatever is latest")
    } else if name.starts_with('@') {
        Some("presets")
    } else {
        None
    }
}

fn wrong_route(model: &Model, asked: &[String]) -> Failure {
    let route = match model.kind {
        ModelKind::Embedding => "POST /api/v1/embeddings",
        ModelKind::Rerank => "POST /api/v1/rerank",
        ModelKind::Image => "POST /api/v1/images/generations",
        ModelKind::Tts => "POST /api/v1/audio/speech",
        ModelKind::Stt => "POST /api/v1/audio/transcriptions",
        ModelKind::Moderation => "POST /api/v1/moderations",
        ModelKind::Chat
        | ModelKind::Completion
        | ModelKind::Ocr
        | ModelKind::Realtime
        | ModelKind::Apply
        | ModelKind::Video
        | ModelKind::Music => "another route",
    };
    let availability = Availability {
        code: AvailabilityCode::WrongEndpoint,
        requested_models: asked.to_vec(),
        constraint: Some(Constraint { field: "model".to_owned(), detail: route.to_owned() }),
        ..Availability::default()
    };
    let detail = format!("{} does not answer chat requests, but {route}.", model.id);
    Failure::caller(FailureKind::InvalidRequest, detail).at("model").because(availability)
}

/// Returns what the caller is told when every try has failed, `last` being the last failure.
///
/// A fault of our credential is never shown as the caller's, and failures of several providers are
/// told as one: by their common kind where they have one.
pub(crate) fn last_word(journey: &Journey, last: Failure) -> Failure {
    if matches!(last.fault, Fault::Caller | Fault::House) {
        return last;
    }
    let kinds: Vec<&str> =
        journey.attempts.iter().filter_map(|attempt| attempt.failure.as_deref()).collect();
    let limited = FailureKind::RateLimited.wire().1;
    let all_missing = !journey.attempts.is_empty()
        && journey.attempts.iter().all(|attempt| attempt.status == Some(404));
    let (kind, code) = if all_missing {
        (FailureKind::NotFound, AvailabilityCode::ModelUnavailableUpstream)
    } else if kinds.iter().all(|kind| *kind == limited) {
        (FailureKind::RateLimited, AvailabilityCode::CapacityExhausted)
    } else {
        (common_kind(&kinds, &last), AvailabilityCode::TemporarilyUnavailable)
    };
    told(journey, kind, code, &last)
}

fn common_kind(kinds: &[&str], last: &Failure) -> FailureKind {
    if last.fault == Fault::Credential {
        return FailureKind::ProviderUnavailable;
    }
    if kinds.iter().all(|kind| *kind == last.kind.wire().1) {
        return last.kind;
    }
    FailureKind::ProviderOverloaded
}

fn told(journey: &Journey, kind: FailureKind, code: AvailabilityCode, last: &Failure) -> Failure {
    let tries = journey.attempts.len();
    let who = if tries == 1 { "the provider".to_owned() } else { format!("all {tries} providers") };
    let models = journey.call.request.facts.models.join(", ");
    let models: String = models.chars().filter(|letter| !letter.is_control()).take(200).collect();
    let detail = match code {
        AvailabilityCode::CapacityExhausted => {
            format!(
                "No capacity for {models} now: {who} tried said that there are too many requests."
            )
        }
        AvailabilityCode::ModelUnavailableUpstream => {
            format!("{models} is not there: {who} tried no longer know it.")
        }
        _ => format!("{models} could not be served: {who} tried failed."),
    };
    let retry_after_ms = journey.retry_after_ms;
    let availability = Availability {
        code,
        retryable: code != AvailabilityCode::ModelUnavailableUpstream,
        retry_after: retry_after_ms.map(|ms| ms.div_ceil(1000)),
        requested_models: journey.call.request.facts.models.clone(),
        affected_providers: providers(journey),
        ..Availability::default()
    };
    Failure {
        kind,
        detail,
        param: None,
        provider_code: if last.fault == Fault::Credential {
            None
        } else {
            last.provider_code.clone()
        },
        retry_after_ms,
        ..last.clone()
    }
    .because(availability)
}

fn providers(journey: &Journey) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for attempt in &journey.attempts {
        if !names.contains(&attempt.provider_name) {
            names.push(attempt.provider_name.clone());
        }
    }
    names
}
