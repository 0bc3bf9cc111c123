//! What an endpoint charges, in OpenRouter's keys: exact decimal texts in dollars per unit.
//!
//! `prompt` and `completion` are always there, because clients count on them, and are `null` where
//! nobody knows the price or nothing is billed by it. Every other key is absent instead. The keys
//! `citation`, `minute` and `character` are ours: OpenRouter has no word for these units.

use domain::catalog::{Billing, Endpoint, Modality};
use domain::price::{Price, PriceCard, PriceOver, PriceWindow, Rate};
use domain::time::{DAY_MS, Timestamp};
use domain::window::Span;
use jiff::civil::Weekday;
use serde_json::{Map, Value, json};

/// Returns an endpoint's price card, where its numbers can be believed.
pub(crate) fn believed(endpoint: &Endpoint) -> Option<&PriceCard> {
    let doubtful = matches!(
        endpoint.billing,
        Billing::Unknown | Billing::UnverifiedUnit | Billing::Quarantined
    );
    endpoint.price.as_ref().filter(|_| !doubtful || endpoint.accepted)
}

/// Returns what an endpoint charges now for a short prompt, where that is known.
pub(crate) fn in_force(endpoint: &Endpoint, now: Timestamp) -> Option<Price> {
    believed(endpoint).map(|card| card.at(now, false).for_prompt(0))
}

/// Returns `pricing` as it is shown: the price in force, and under `overrides` what holds at other
/// hours and for longer prompts.
pub(crate) fn pricing(endpoint: &Endpoint, now: Timestamp) -> Value {
    let Some((card, price)) = believed(endpoint).zip(in_force(endpoint, now)) else {
        return json!({ "prompt": null, "completion": null });
    };
    let draws = endpoint.output_modalities.contains(&Modality::Image);
    let mut shown = Map::new();
    for (key, rate) in keyed(&price, draws) {
        if rate.is_some() || matches!(key, "prompt" | "completion") {
            shown.insert(key.to_owned(), json!(rate.map(per_unit)));
        }
    }
    shown.insert("discount".to_owned(), json!(0));
    let overrides = overrides(card, draws, now);
    if !overrides.is_empty() {
        shown.insert("overrides".to_owned(), Value::Array(overrides));
    }
    Value::Object(shown)
}

/// The classes of a price by OpenRouter's names. An image is one that is read, or one that is
/// drawn.
fn keyed(price: &Price, draws: bool) -> [(&'static str, Option<Rate>); 14] {
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
    [
        ("prompt", input),
        ("completion", output),
        ("request", request),
        (if draws { "image_output" } else { "image" }, image),
        ("audio", input_audio),
        ("audio_output", output_audio),
        ("web_search", search),
        ("internal_reasoning", reasoning),
        ("input_cache_read", cache_read),
        ("input_cache_write", cache_write),
        ("input_cache_write_1h", cache_write_1h),
        ("citation", citation),
        ("minute", minute),
        ("character", character),
    ]
}

fn per_unit(rate: Rate) -> String {
    rate.dollars_per(1)
}

/// Lists the conditions. Of entries that apply the later one wins: the hours come first, because
/// thresholds hold at every hour. Hours that are over, or not yet announced for now, are left out:
/// clients know no dates.
fn overrides(card: &PriceCard, draws: bool, now: Timestamp) -> Vec<Value> {
    let hours = card
        .windows
        .iter()
        .filter(|it| it.window.valid_from.is_none_or(|from| from <= now))
        .filter(|it| it.window.valid_until.is_none_or(|until| now < until))
        .flat_map(|it| it.window.spans.iter().map(move |span| (it, *span)))
        .map(|(window, span)| by_hour(window, span, draws));
    hours.chain(card.over.iter().map(|over| by_length(over, draws))).collect()
}

fn by_hour(priced: &PriceWindow, span: Span, draws: bool) -> Value {
    let window = &priced.window;
    let mut entry = Map::new();
    entry.insert("utc_start".to_owned(), json!(clock_number(span.from_minute)));
    entry.insert("utc_end".to_owned(), json!(clock_number(span.until_minute)));
    if !window.days.is_empty() {
        let days: Vec<&str> = window.days.iter().copied().map(day_word).collect();
        entry.insert("days".to_owned(), json!(days));
    }
    if !window.holidays.is_empty() {
        let dates: Vec<String> = window.holidays.iter().copied().map(date).collect();
        entry.insert("holidays".to_owned(), json!(dates));
    }
    named(entry, &priced.price, draws)
}

fn by_length(over: &PriceOver, draws: bool) -> Value {
    let mut entry = Map::new();
    entry.insert("min_prompt_tokens".to_owned(), json!(over.min_prompt_tokens));
    named(entry, &over.price, draws)
}

fn named(mut entry: Map<String, Value>, price: &Price, draws: bool) -> Value {
    for (key, rate) in keyed(price, draws) {
        if let Some(rate) = rate {
            entry.insert(key.to_owned(), json!(per_unit(rate)));
        }
    }
    Value::Object(entry)
}

/// Returns a minute of the day as a clock would show it without its colon: 990 is 1630.
fn clock_number(minute: u16) -> u16 {
    minute / 60 * 100 + minute % 60
}

const fn day_word(day: Weekday) -> &'static str {
    match day {
        Weekday::Monday => "mon",
        Weekday::Tuesday => "tue",
        Weekday::Wednesday => "wed",
        Weekday::Thursday => "thu",
        Weekday::Friday => "fri",
        Weekday::Saturday => "sat",
        Weekday::Sunday => "sun",
    }
}

fn date(day: i64) -> String {
    let instant = Timestamp::from_ms(day.saturating_mul(DAY_MS)).to_string();
    instant.chars().take_while(|letter| *letter != 'T').collect()
}

#[cfg(test)]
mod tests {
    use super::super::samples::{EVENING, NOON, sample};
    use super::*;

    fn shown(upstream_model: &str, now: &str) -> Value {
        let sample = sample();
        let endpoint =
            sample.catalog.endpoints().iter().find(|it| it.upstream_model == upstream_model);
        pricing(endpoint.unwrap(), Timestamp::parse(now).unwrap())
    }

    #[test]
    fn a_price_is_exact_per_token_with_its_conditions() {
        insta::assert_snapshot!(format!("{:#}", shown("talker", NOON)), @r#"
        {
          "prompt": "0.0000005",
          "completion": "0.0000015",
          "input_cache_read": "0.00000005",
          "discount": 0,
          "overrides": [
            {
              "utc_start": 1630,
              "utc_end": 30,
              "days": [
                "mon",
                "tue"
              ],
              "holidays": [
                "2026-12-25"
              ],
              "prompt": "0.00000025",
              "completion": "0.00000075",
              "input_cache_read": "0.000000025"
            },
            {
              "min_prompt_tokens": 64000,
              "prompt": "0.000001",
              "completion": "0.000003"
            }
          ]
        }
        "#);
    }

    #[test]
    fn the_numbers_on_top_are_those_in_force() {
        let (noon, evening) = (shown("talker", NOON), shown("talker", EVENING));
        assert_eq!(noon["prompt"], "0.0000005");
        assert_eq!(evening["prompt"], "0.00000025");
        assert_eq!(evening["overrides"], noon["overrides"]);
    }

    #[test]
    fn hours_that_have_not_come_or_are_over_are_no_condition() {
        let conditions = |now| shown("talker", now)["overrides"].as_array().unwrap().len();
        assert_eq!(conditions("2026-07-31T23:59:59Z"), 1);
        assert_eq!(conditions("2026-08-01T00:00:00Z"), 2);
        assert_eq!(conditions("2026-12-31T23:59:59Z"), 2);
        assert_eq!(conditions("2027-01-01T00:00:00Z"), 1);
    }

    #[test]
    fn a_doubtful_price_is_shown_once_the_operator_accepts_it() {
        let sample = sample();
        let riddle = sample.catalog.endpoints().iter().find(|it| it.upstream_model == "riddle");
        let accepted = Endpoint { accepted: true, ..riddle.unwrap().clone() };
        let now = Timestamp::parse(NOON).unwrap();
        assert_eq!(pricing(&accepted, now)["prompt"], json!("0.000007"));
    }

    #[test]
    fn what_nobody_knows_is_null_and_never_nothing() {
        assert_eq!(shown("riddle", NOON), json!({ "prompt": null, "completion": null }));
        assert_eq!(
            shown("vector", NOON),
            json!({ "prompt": "0.00000002", "completion": null, "discount": 0 })
        );
    }

    #[test]
    fn an_image_is_priced_as_read_or_as_drawn() {
        let price = Price { image: Some(Rate::FREE), ..Price::default() };
        let keys = |draws| keyed(&price, draws).into_iter().filter(|(_, rate)| rate.is_some());
        assert_eq!(keys(false).next().unwrap().0, "image");
        assert_eq!(keys(true).next().unwrap().0, "image_output");
    }

    #[test]
    fn a_minute_is_shown_as_a_clock_shows_it() {
        assert_eq!([0, 30, 990, 1440].map(clock_number), [0, 30, 1630, 2400]);
    }
}
