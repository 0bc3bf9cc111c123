//! Prices as files write them: decimal texts in dollars, with the units that vendors quote.

use domain::price::{Price, PriceCard, PriceOver, PriceWindow, Rate};
use domain::time::Timestamp;
use domain::window::{Span, Window};
use jiff::civil::Weekday;

use crate::fault::FaultKind;
use crate::row::Row;

const MILLION: u64 = 1_000_000;

/// Reads everything that an endpoint says about its price; `None` where it says nothing.
///
/// What is laid over an endpoint replaces its card as a whole, so conditions without a base price
/// are a fault.
pub(crate) fn read_card(row: &Row<'_>) -> Option<PriceCard> {
    const CONDITIONS: [&str; 3] = ["price_over", "price_window", "service_tiers"];
    let base = row.table("price").map(read_price);
    let Some(base) = base else {
        // Asked for, so that only the missing base is told.
        for key in CONDITIONS.into_iter().filter(|key| row.has(key) && !row.has("price")) {
            row.fault(key, FaultKind::MissingKey, "needs a `price` beside it");
        }
        row.rows("price_over", "");
        row.rows("price_window", "");
        row.table("service_tiers");
        return None;
    };
    Some(PriceCard {
        over: read_over(row, &base),
        windows: read_windows(row, &base),
        priority: read_priority(row, &base),
        base,
    })
}

/// Returns the classes that a price names, as files write them.
fn named(price: &Price) -> Vec<(&'static str, Rate)> {
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
    let all = [
        ("input", input),
        ("output", output),
        ("cache_read", cache_read),
        ("cache_write", cache_write),
        ("cache_write_1h", cache_write_1h),
        ("reasoning", reasoning),
        ("input_audio", input_audio),
        ("output_audio", output_audio),
        ("citation", citation),
        ("image", image),
        ("request", request),
        ("per_1k_requests", search),
        ("minute", minute),
        ("character_m", character),
    ];
    all.into_iter().filter_map(|(name, rate)| Some((name, rate?))).collect()
}

/// Tells what a price that people pay cannot mean. Only shipped files are held to it: an operator
/// may have a contract, or a machine of one's own.
pub(crate) fn check_sense(row: &Row<'_>, card: &PriceCard) {
    let conditional = card.over.iter().map(|over| over.price);
    let windowed = card.windows.iter().map(|window| window.price);
    let all = std::iter::once(card.base).chain(conditional).chain(windowed).chain(card.priority);
    for price in all {
        for (name, rate) in [("cache_read", price.cache_read), ("cache_write", price.cache_write)] {
            if rate == Some(Rate::FREE) {
                let message = format!("`{name}` is zero, which would bill those tokens at nothing");
                row.fault("price", FaultKind::BadPrice, message);
            }
        }
        if price.input.is_some_and(|input| price.cache_read.is_some_and(|read| input < read)) {
            row.fault("price", FaultKind::BadPrice, "`cache_read` is above `input`");
        }
        if price.input == Some(Rate::FREE) {
            row.fault("price", FaultKind::BadPrice, "`input` is zero, and billing is by token");
        }
    }
}

fn read_price(row: Row<'_>) -> Price {
    if row.is_empty() {
        row.page.sink.push(row.place().fault(FaultKind::BadPrice, "names no price"));
    }
    let per_million = |key| rate(&row, key, MILLION);
    let price = Price {
        input: per_million("input"),
        output: per_million("output"),
        cache_read: per_million("cache_read"),
        cache_write: per_million("cache_write"),
        cache_write_1h: per_million("cache_write_1h"),
        reasoning: per_million("reasoning"),
        input_audio: per_million("input_audio"),
        output_audio: per_million("output_audio"),
        citation: per_million("citation"),
        character: per_million("character_m"),
        search: rate(&row, "per_1k_requests", 1_000),
        image: rate(&row, "image", 1),
        request: rate(&row, "request", 1),
        minute: rate(&row, "minute", 1),
    };
    row.finish();
    price
}

fn rate(row: &Row<'_>, key: &'static str, units: u64) -> Option<Rate> {
    let text = row.text(key)?;
    let rate = Rate::parse(&text, units);
    if rate.is_none() {
        let message = format!(
            "`{}` must be a decimal text in dollars, such as \"0.05\", of at most a dollar and no \
             less than 1e-12 dollars a unit",
            text.chars().take(40).collect::<String>()
        );
        row.fault(key, FaultKind::BadPrice, message);
    }
    rate
}

fn read_over(row: &Row<'_>, base: &Price) -> Vec<PriceOver> {
    let mut tiers: Vec<PriceOver> = Vec::new();
    for tier in row.rows("price_over", "min_prompt_tokens") {
        let threshold = tier.count("min_prompt_tokens");
        if threshold.is_none() && !tier.has("min_prompt_tokens") {
            tier.fault("min_prompt_tokens", FaultKind::MissingKey, "is missing");
        }
        let price = tier.table("price").map(read_price);
        if price.is_none() && !tier.has("price") {
            tier.fault("price", FaultKind::MissingKey, "is missing");
        }
        if let (Some(min_prompt_tokens), Some(price)) = (threshold, price) {
            if tiers.last().is_some_and(|last| min_prompt_tokens <= last.min_prompt_tokens) {
                tier.fault("min_prompt_tokens", FaultKind::BadTier, "must rise from tier to tier");
            }
            let known = named(base);
            for (name, _) in named(&price) {
                if !known.iter().any(|(base_name, _)| *base_name == name) {
                    let message = format!("prices `{name}`, which the base price does not");
                    tier.fault("price", FaultKind::BadTier, message);
                }
            }
            tiers.push(PriceOver { min_prompt_tokens, price });
        }
        tier.finish();
    }
    tiers
}

fn read_priority(row: &Row<'_>, base: &Price) -> Option<Price> {
    let tiers = row.table("service_tiers")?;
    let price = tiers.table("priority").map(read_price);
    if let Some(price) = &price {
        check_whole(&tiers, "priority", price, base);
    }
    tiers.finish();
    price
}

/// A price that replaces the base as a whole has to say everything that the base says: what it
/// left out would be billed as another class.
fn check_whole(row: &Row<'_>, key: &str, price: &Price, base: &Price) {
    let own = named(price);
    for (name, _) in named(base) {
        if !own.iter().any(|(own_name, _)| *own_name == name) {
            let message = format!("lacks `{name}`, which the base price names");
            row.fault(key, FaultKind::BadPrice, message);
        }
    }
}

fn read_windows(row: &Row<'_>, base: &Price) -> Vec<PriceWindow> {
    let mut windows = Vec::new();
    for it in row.rows("price_window", "valid_from") {
        let window = read_window(&it);
        let price = it.table("price").map(read_price);
        match &price {
            Some(price) => check_whole(&it, "price", price, base),
            None => it.fault("price", FaultKind::MissingKey, "is missing"),
        }
        // Where the hours were read, and when: for whoever checks them again.
        for key in ["source", "seen", "note"] {
            it.text(key);
        }
        windows.extend(price.map(|price| PriceWindow { window, price }));
        it.finish();
    }
    windows
}

fn read_window(row: &Row<'_>) -> Window {
    let instant = |key| {
        let text = row.text(key)?;
        let instant = Timestamp::parse(&text);
        if instant.is_none() {
            row.fault(key, FaultKind::BadWindow, "must be a date or an RFC 3339 instant");
        }
        instant
    };
    let (valid_from, valid_until) = (instant("valid_from"), instant("valid_until"));
    if valid_from.is_some() && valid_until.is_some() && valid_until <= valid_from {
        row.fault("valid_until", FaultKind::BadWindow, "must come after `valid_from`");
    }
    let pairs = row.pairs("windows_utc").unwrap_or_default();
    if pairs.is_empty() {
        row.fault("windows_utc", FaultKind::BadWindow, "must hold at least one pair of times");
    }
    let mut spans = Vec::new();
    for (from, until) in pairs {
        match (minute(&from), minute(&until)) {
            (Some(from_minute), Some(until_minute))
                if from_minute < 1_440 && from_minute != until_minute =>
            {
                spans.push(Span { from_minute, until_minute });
            }
            _ => row.fault(
                "windows_utc",
                FaultKind::BadWindow,
                format!("`{from}` to `{until}` is no span: write HH:MM, up to 24:00"),
            ),
        }
    }
    Window { valid_from, valid_until, spans, days: read_days(row), holidays: read_holidays(row) }
}

fn read_days(row: &Row<'_>) -> Vec<Weekday> {
    use Weekday::{Friday, Monday, Saturday, Sunday, Thursday, Tuesday, Wednesday};
    let words = row.texts("days").unwrap_or_default();
    let day = |word: &String| match word.as_str() {
        "mon" => Some(Monday),
        "tue" => Some(Tuesday),
        "wed" => Some(Wednesday),
        "thu" => Some(Thursday),
        "fri" => Some(Friday),
        "sat" => Some(Saturday),
        "sun" => Some(Sunday),
        _ => None,
    };
    let days: Vec<Weekday> = words.iter().filter_map(day).collect();
    if days.len() != words.len() {
        row.fault("days", FaultKind::BadWindow, "are mon, tue, wed, thu, fri, sat and sun");
    }
    days
}

fn read_holidays(row: &Row<'_>) -> Vec<i64> {
    let texts = row.texts("holidays").unwrap_or_default();
    let day = |text: &String| {
        let date = text.parse::<jiff::civil::Date>().is_ok();
        date.then(|| Timestamp::parse(text).map(Timestamp::day)).flatten()
    };
    let days: Vec<i64> = texts.iter().filter_map(day).collect();
    if days.len() != texts.len() {
        row.fault("holidays", FaultKind::BadWindow, "must be dates, such as \"2026-10-01\"");
    }
    days
}

fn minute(text: &str) -> Option<u16> {
    let (hours, minutes) = text.split_once(':')?;
    let digits = |part: &str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(hours) || !digits(minutes) {
        return None;
    }
    let (hours, minutes): (u16, u16) = (hours.parse().ok()?, minutes.parse().ok()?);
    let total = hours * 60 + minutes;
    (minutes < 60 && total <= 1_440).then_some(total)
}
