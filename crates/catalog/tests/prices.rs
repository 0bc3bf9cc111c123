//! Every price that is compiled in, from the decimal text of its file to the charge.

use std::collections::{BTreeMap, HashMap};

use catalog::{Layers, load, shipped};
use domain::catalog::Endpoint;
use domain::time::Timestamp;
use domain::usage::Usage;
use toml::{Table, Value};

/// What is used, and the keys of a file of which the first that is there prices it.
const BILLED_AS: [(Units, &[&str]); 14] = [
    (|it| it.input.into(), &["input"]),
    (|it| it.cache_read.into(), &["cache_read", "input"]),
    (|it| it.cache_write.into(), &["cache_write", "input"]),
    (|it| it.cache_write_1h.into(), &["cache_write_1h", "cache_write", "input"]),
    (|it| it.input_audio.into(), &["input_audio", "input"]),
    (|it| (it.output - it.reasoning - it.output_audio).into(), &["output"]),
    (|it| it.reasoning.into(), &["reasoning", "output"]),
    (|it| it.output_audio.into(), &["output_audio", "output"]),
    (|it| it.citations.into(), &["citation"]),
    (|it| it.images.into(), &["image"]),
    (|it| it.requests.into(), &["per_1k_requests"]),
    (|it| it.characters.into(), &["character_m"]),
    (|it| it.audio_ms.into(), &["minute"]),
    (|_| 1, &["request"]),
];

type Units = fn(&Usage) -> i128;
type Texts = BTreeMap<String, String>;

/// The dollars of a text, in steps of 1e-12.
fn picodollars(text: &str) -> i128 {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    format!("{whole}{fraction:0<12}").parse().expect("it is a decimal text")
}

/// How many units a key's price is for; minutes are counted in milliseconds.
fn per(key: &str) -> i128 {
    match key {
        "minute" => 60_000,
        "image" | "request" => 1,
        "per_1k_requests" => 1_000,
        _ => 1_000_000,
    }
}

/// The charge in nano-dollars, rounded up once.
fn worked_out(texts: &Texts, usage: &Usage) -> i128 {
    const ALL: i128 = 1_000_000 * 60_000;
    let mut total = 0;
    for (units, chain) in BILLED_AS {
        if let Some((key, text)) = chain.iter().find_map(|key| Some((key, texts.get(*key)?))) {
            total += units(usage) * picodollars(text) * (ALL / per(key));
        }
    }
    let nano = 1_000 * ALL;
    (total + nano - 1) / nano
}

fn texts(value: &Value) -> Texts {
    let table = value.as_table().expect("a price is a table").iter();
    table.map(|(key, text)| (key.clone(), text.as_str().expect("a text").to_owned())).collect()
}

fn rows<'a>(table: &'a Table, key: &str) -> impl Iterator<Item = &'a Value> {
    table.get(key).and_then(Value::as_array).into_iter().flatten()
}

fn usages() -> Vec<Usage> {
    let small = Usage {
        input: 1_001,
        cache_read: 7,
        cache_write: 11,
        cache_write_1h: 13,
        input_audio: 17,
        output: 1_009,
        reasoning: 19,
        output_audio: 23,
        citations: 29,
        images: 3,
        requests: 5,
        audio_ms: 61_003,
        characters: 31,
        estimated: false,
    };
    let prompts = [1, 31_999, 128_000, 200_000, 200_001, 272_001, 1_000_000];
    std::iter::once(small)
        .chain(prompts.map(|input| Usage { input, output: 1, ..Usage::default() }))
        .chain([Usage::default(), Usage { input: 270_000, ..small }])
        .collect()
}

/// The texts that hold for a prompt: those of the base, with those of the tiers it is above.
fn tiered(base: &Texts, row: &Table, prompt: u32) -> Texts {
    let mut texts_in_force = base.clone();
    for tier in rows(row, "price_over") {
        let threshold = tier["min_prompt_tokens"].as_integer().expect("a threshold is a number");
        if threshold < i64::from(prompt) {
            texts_in_force.extend(texts(&tier["price"]));
        }
    }
    texts_in_force
}

fn check(endpoint: &Endpoint, row: &Table, base: &Texts, at: &str, priority: bool) -> usize {
    let now = Timestamp::parse(at).expect("it is an instant");
    let card = endpoint.price.as_ref().expect("a price that was written was read");
    let usages = usages();
    for usage in &usages {
        let in_force = tiered(base, row, usage.prompt());
        let charge = card.at(now, priority).charge(usage);
        assert_eq!(
            i128::from(charge.nanos()),
            worked_out(&in_force, usage),
            "{} at {at}, priority {priority}: {usage:?} by {in_force:?}",
            endpoint.id
        );
    }
    usages.len()
}

#[test]
fn every_charge_equals_price_times_usage_of_the_file() {
    let loaded = load(&Layers::shipped()).expect("the shipped catalog is sound");
    let endpoints: HashMap<&str, &Endpoint> =
        loaded.catalog.endpoints().iter().map(|it| (it.id.as_str(), it)).collect();
    let (mut priced, mut checked) = (0, 0);
    for file in shipped() {
        let table: Table = file.text.parse().expect("the shipped catalog is TOML");
        let Some(provider) = table.get("provider") else { continue };
        let slug = provider["slug"].as_str().expect("a slug is a text");
        for row in rows(&table, "endpoint").filter_map(Value::as_table) {
            let Some(price) = row.get("price") else { continue };
            let endpoint = endpoints[id(slug, row).as_str()];
            let (base, night) = (texts(price), "2026-11-24T23:30:00Z");
            priced += 1;
            checked += check(endpoint, row, &base, night, false);
            let tier = row.get("service_tiers").map(|tiers| texts(&tiers["priority"]));
            checked += check(endpoint, row, tier.as_ref().unwrap_or(&base), night, true);
            for window in rows(row, "price_window") {
                let inside = texts(&window["price"]);
                checked += check(endpoint, row, &inside, "2026-11-24T02:00:00Z", false);
                checked += check(endpoint, row, &base, "2026-11-24T04:00:00Z", false);
            }
        }
    }
    assert!(1_400 <= priced && 25_000 <= checked, "{priced} endpoints, {checked} charges");
}

/// The id that an endpoint gets for what its row says.
fn id(slug: &str, row: &Table) -> String {
    let text = |key: &str| row.get(key).and_then(Value::as_str);
    let mut tag = slug.to_owned();
    for qualifier in ["variant", "mode", "region", "quantization"].into_iter().filter_map(text) {
        tag = format!("{tag}/{qualifier}");
    }
    if row.contains_key("tee") {
        tag.push_str("/tee");
    }
    format!("{tag}:{}", text("model").expect("a row names its model"))
}
