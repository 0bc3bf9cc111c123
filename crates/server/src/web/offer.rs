//! An endpoint in words: every price and every condition.

use domain::catalog::{DataPolicy, Endpoint, EndpointIx, Modality, Training};
use domain::price::{Price, PriceCard, PriceWindow, Rate};
use domain::time::Timestamp;
use jiff::civil::Weekday;
use relay::Snapshot;
use site::Link;
use site::model::Offer;
use site::words;
use traffic::figures::Figures;

use super::{health, links};
use crate::shelf::pricing::{believed, in_force};

/// What is said where nothing is known, or nothing is billed so.
pub(super) const NONE: &str = "–";

/// Returns an endpoint as the page of its model shows it.
pub(super) fn offer(
    snapshot: &Snapshot,
    traffic: Option<&Figures>,
    place: EndpointIx,
    now: Timestamp,
) -> Offer {
    let catalog = &snapshot.catalog;
    let endpoint = catalog.endpoint(place);
    let provider = catalog.provider(endpoint.provider);
    let price = in_force(endpoint, now);
    let draws = endpoint.output_modalities.contains(&Modality::Image);
    let card = believed(endpoint);
    let measured = health::measured(snapshot, traffic, place, now);
    let class = |rate: fn(&Price) -> Option<Rate>| per_million(price.as_ref().and_then(rate));
    Offer {
        provider: Link {
            word: provider.display_name.clone(),
            href: links::provider(&provider.slug),
        },
        detail: detail(endpoint),
        input: class(|price| price.input),
        output: class(|price| price.output),
        cached: class(|price| price.cache_read),
        others: price.map(|price| others(&price, draws)).unwrap_or_default(),
        conditions: card.map(|card| conditions(card, draws, now)).unwrap_or_default(),
        context: tokens(endpoint.context.or(catalog.model(endpoint.model).context)),
        max_output: tokens(endpoint.max_output),
        first_token: health::first_token(&measured),
        speed: health::speed(&measured),
        uptime: health::uptime(&measured),
        health: health::standing(snapshot, place, now),
        policy: policy(&provider.data),
        features: features(endpoint),
    }
}

/// Returns a price per million tokens.
pub(super) fn per_million(rate: Option<Rate>) -> String {
    rate.map_or_else(|| NONE.to_owned(), words::per_million)
}

/// Returns a number of tokens.
pub(super) fn tokens(count: Option<u32>) -> String {
    count.map_or_else(|| NONE.to_owned(), words::tokens)
}

fn detail(endpoint: &Endpoint) -> String {
    let mut parts = vec![endpoint.tag.clone()];
    parts.extend(endpoint.quantization.clone());
    parts.extend(endpoint.variant.clone());
    parts.extend(endpoint.region.as_ref().map(|region| region.to_uppercase()));
    if endpoint.tee {
        parts.push("in an enclave".to_owned());
    }
    parts.dedup();
    parts.join(" · ")
}

fn features(endpoint: &Endpoint) -> Vec<String> {
    let able = [
        (endpoint.tools, "tools"),
        (endpoint.structured_output, "JSON schema"),
        (endpoint.reasoning, "reasoning"),
        (endpoint.input_modalities.contains(&Modality::Image), "images"),
        (endpoint.input_modalities.contains(&Modality::Audio), "audio"),
        (endpoint.input_modalities.contains(&Modality::Video), "video"),
        (endpoint.input_modalities.contains(&Modality::File), "files"),
    ];
    able.into_iter().filter(|(able, _)| *able).map(|(_, word)| word.to_owned()).collect()
}

/// Returns what becomes of prompts.
pub(super) fn policy(data: &DataPolicy) -> Vec<String> {
    let training = match data.train {
        Training::No => "no training",
        Training::Yes => "trains on prompts",
        Training::OptOut => "trains unless asked not to",
        Training::Unknown => "training unknown",
    };
    let kept = match data.retention_days {
        Some(0) => "keeps nothing".to_owned(),
        Some(days) => format!("keeps {}", words::count(days as usize, "day")),
        None => "retention unknown".to_owned(),
    };
    vec![training.to_owned(), kept]
}

/// Returns the prices that have no column of their own.
fn others(price: &Price, draws: bool) -> Vec<String> {
    let Price { input: _, output: _, cache_read: _, .. } = *price;
    let rest = Price { input: None, output: None, cache_read: None, ..*price };
    listed(&rest, draws)
}

/// Returns every class of a price that is billed, in words.
fn listed(price: &Price, draws: bool) -> Vec<String> {
    let Price {
        input,
        output,
        cache_read,
        cache_write,
        cache_write_1h,
        reasoning,
        input_audio,
        output_audio,
        citation,
        image,
        request,
        search,
        minute,
        character,
    } = *price;
    let millions = [
        (input, "in"),
        (output, "out"),
        (cache_read, "cached"),
        (cache_write, "written to a cache"),
        (cache_write_1h, "written to a cache for an hour"),
        (reasoning, "reasoning"),
        (input_audio, "audio in"),
        (output_audio, "audio out"),
        (citation, "citations"),
        (character, "a million characters"),
    ];
    let image_word = if draws { "an image drawn" } else { "an image" };
    let ones =
        [(image, image_word), (request, "a request"), (search, "a search"), (minute, "a minute")];
    let said = |words: fn(Rate) -> String| {
        move |(rate, word): (Option<Rate>, &'static str)| Some(format!("{} {word}", words(rate?)))
    };
    let millions = millions.into_iter().filter_map(said(words::per_million));
    millions.chain(ones.into_iter().filter_map(said(words::per_unit))).collect()
}

/// Returns what holds at other hours, for longer prompts and with priority.
fn conditions(card: &PriceCard, draws: bool, now: Timestamp) -> Vec<String> {
    let mut said: Vec<String> = Vec::new();
    let holds = |it: &&PriceWindow| {
        it.window.valid_from.is_none_or(|from| from <= now)
            && it.window.valid_until.is_none_or(|until| now < until)
    };
    for priced in card.windows.iter().filter(holds) {
        said.push(format!("{}: {}", hours(priced, now), listed(&priced.price, draws).join(", ")));
    }
    if card.windows.iter().any(|it| it.window.contains(now)) {
        said.push(format!("At other hours: {}", listed(&card.base, draws).join(", ")));
    }
    for over in &card.over {
        let tokens = words::grouped(u64::from(over.min_prompt_tokens));
        said.push(format!(
            "Over {tokens} prompt tokens: {}",
            listed(&over.price, draws).join(", ")
        ));
    }
    if let Some(priority) = &card.priority {
        said.push(format!("With priority: {}", listed(priority, draws).join(", ")));
    }
    said
}

fn hours(priced: &PriceWindow, now: Timestamp) -> String {
    let window = &priced.window;
    let spans: Vec<String> = window
        .spans
        .iter()
        .map(|span| {
            format!("{}–{}", words::clock(span.from_minute), words::clock(span.until_minute))
        })
        .collect();
    let days: Vec<&str> = window.days.iter().copied().map(day).collect();
    let on = if days.is_empty() { String::new() } else { format!(" on {}", days.join(", ")) };
    let but = match window.holidays.len() {
        0 => String::new(),
        count => format!(" but {}", words::count(count, "holiday")),
    };
    let current = if window.contains(now) { ", now" } else { "" };
    format!("{} UTC{on}{but}{current}", spans.join(" and "))
}

const fn day(day: Weekday) -> &'static str {
    match day {
        Weekday::Monday => "Mon",
        Weekday::Tuesday => "Tue",
        Weekday::Wednesday => "Wed",
        Weekday::Thursday => "Thu",
        Weekday::Friday => "Fri",
        Weekday::Saturday => "Sat",
        Weekday::Sunday => "Sun",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shelf::samples::{EVENING, NOON, sample};

    fn told(now: &str) -> String {
        let sample = sample();
        let talker = sample.model("acme/talker");
        let endpoint = sample.catalog.endpoint(sample.catalog.endpoints_of(talker)[0]);
        let now = Timestamp::parse(now).unwrap();
        conditions(believed(endpoint).unwrap(), false, now).join("\n")
    }

    #[test]
    fn every_condition_of_a_price_is_told() {
        insta::assert_snapshot!(told(NOON), @r"
        16:30–00:30 UTC on Mon, Tue but 1 holiday: $0.25 in, $0.75 out, $0.025 cached
        Over 64,000 prompt tokens: $1.00 in, $3.00 out
        ");
        insta::assert_snapshot!(told(EVENING), @r"
        16:30–00:30 UTC on Mon, Tue but 1 holiday, now: $0.25 in, $0.75 out, $0.025 cached
        At other hours: $0.50 in, $1.50 out, $0.05 cached
        Over 64,000 prompt tokens: $1.00 in, $3.00 out
        ");
    }
}
