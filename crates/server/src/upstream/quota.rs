//! What providers say in headers of what is left of their limits.

use domain::health::Quota;
use domain::time::Timestamp;
use http::{HeaderMap, HeaderValue};

/// Names of headers, in the order in which they are looked for: OpenAI's, then Anthropic's, then
/// those of hosts that count nothing but requests.
const REQUESTS: [&str; 3] = [
    "x-ratelimit-remaining-requests",
    "anthropic-ratelimit-requests-remaining",
    "x-ratelimit-remaining",
];
const REQUESTS_RESET: [&str; 3] =
    ["x-ratelimit-reset-requests", "anthropic-ratelimit-requests-reset", "x-ratelimit-reset"];
const TOKENS: [&str; 3] = [
    "x-ratelimit-remaining-tokens",
    "anthropic-ratelimit-tokens-remaining",
    "anthropic-ratelimit-input-tokens-remaining",
];
const TOKENS_RESET: [&str; 3] = [
    "x-ratelimit-reset-tokens",
    "anthropic-ratelimit-tokens-reset",
    "anthropic-ratelimit-input-tokens-reset",
];

/// Reads what is left. What makes no sense is passed over.
pub(super) fn quota(headers: &HeaderMap, now: Timestamp) -> Quota {
    let text = |names: &[&str]| {
        let value = names.iter().find_map(|name| headers.get(*name));
        value.and_then(|value: &HeaderValue| value.to_str().ok()).map(|text| text.trim().to_owned())
    };
    let amount = |names: &[&str]| text(names)?.parse::<u64>().ok();
    let reset = |names: &[&str]| reset_ms(&text(names)?, now);
    Quota {
        requests: amount(&REQUESTS),
        requests_reset_ms: reset(&REQUESTS_RESET),
        tokens: amount(&TOKENS),
        tokens_reset_ms: reset(&TOKENS_RESET),
    }
}

/// Seconds beyond which a number is an instant and no span.
const INSTANT_SECONDS: f64 = 1e9;

/// Reads a moment as milliseconds from now: `6m0s`, `250ms`, seconds, seconds since 1970, or an
/// instant as RFC 3339 has it.
fn reset_ms(text: &str, now: Timestamp) -> Option<u64> {
    if let Ok(number) = text.parse::<f64>() {
        let is_span = number.is_finite() && (0.0..INSTANT_SECONDS).contains(&number);
        let is_instant = (INSTANT_SECONDS..1e15).contains(&number);
        return match (is_span, is_instant) {
            (true, _) => Some((number * 1000.0) as u64),
            (_, true) => {
                let ms = if number < 1e11 { number * 1000.0 } else { number };
                Some(Timestamp::from_ms(ms as i64).ms_since(now))
            }
            _ => None,
        };
    }
    if let Some(instant) = Timestamp::parse(text) {
        return Some(instant.ms_since(now));
    }
    span_ms(text)
}

/// Reads a span as Go writes it: `1h2m3.5s`, `17ms`.
fn span_ms(text: &str) -> Option<u64> {
    let (mut rest, mut sum) = (text, 0.0);
    while !rest.is_empty() {
        let digits = rest.find(|letter: char| !letter.is_ascii_digit() && letter != '.')?;
        let number: f64 = rest[..digits].parse().ok()?;
        let unit = &rest[digits..];
        let (scale, length) = [("ms", 1.0), ("h", 3.6e6), ("m", 6e4), ("s", 1e3)]
            .into_iter()
            .find(|(name, _)| unit.starts_with(name))
            .map(|(name, scale)| (scale, name.len()))?;
        sum += number * scale;
        rest = &unit[length..];
    }
    (!text.is_empty() && sum < 1e12).then_some(sum as u64)
}

#[cfg(test)]
mod tests {
    use http::HeaderName;

    use super::*;

    #[test]
    fn spans_and_instants_are_read_in_every_dress() {
        let now = Timestamp::parse("2026-11-24T00:00:00Z").unwrap();
        let cases = [
            ("6m0s", Some(360_000)),
            ("250ms", Some(250)),
            ("1h2m3.5s", Some(3_723_500)),
            ("7", Some(7_000)),
            ("0.5", Some(500)),
            ("2026-11-24T00:00:09Z", Some(9_000)),
            ("1795478410", Some(10_000)),
            ("1795478410000", Some(10_000)),
            ("soon", None),
            ("", None),
            ("-3", None),
            ("NaN", None),
            ("1e400", None),
        ];
        for (text, expected) in cases {
            assert_eq!(reset_ms(text, now), expected, "{text}");
        }
    }

    #[test]
    fn both_families_of_headers_are_known() {
        let now = Timestamp::parse("2026-11-24T00:00:00Z").unwrap();
        let headers = |pairs: &[(&'static str, &'static str)]| {
            HeaderMap::from_iter(pairs.iter().map(|(name, value)| {
                (HeaderName::from_static(name), HeaderValue::from_static(value))
            }))
        };
        let openai = headers(&[
            ("x-ratelimit-remaining-requests", "59"),
            ("x-ratelimit-reset-requests", "1s"),
            ("x-ratelimit-remaining-tokens", "149984"),
            ("x-ratelimit-reset-tokens", "6m0s"),
        ]);
        let quota_read = quota(&openai, now);
        assert_eq!((quota_read.requests, quota_read.requests_reset_ms), (Some(59), Some(1_000)));
        assert_eq!((quota_read.tokens, quota_read.tokens_reset_ms), (Some(149_984), Some(360_000)));
        let anthropic = headers(&[
            ("anthropic-ratelimit-requests-remaining", "0"),
            ("anthropic-ratelimit-requests-reset", "2026-11-24T00:01:00Z"),
        ]);
        let quota_read = quota(&anthropic, now);
        assert_eq!((quota_read.requests, quota_read.requests_reset_ms), (Some(0), Some(60_000)));
        assert_eq!(quota(&HeaderMap::new(), now), Quota::default());
    }
}
