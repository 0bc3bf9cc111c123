//! How limits are told in headers, by the names that callers' clients know.
//!
//! OpenAI's names (`x-ratelimit-remaining-tokens`) are on every answer to a request that counts
//! against a limit, Anthropic's besides where its dialect is spoken, and OpenRouter's
//! (`X-RateLimit-Reset`, in milliseconds since 1970) where a request is refused.

use domain::catalog::Dialect;
use domain::limit::{Measure, Reached, Standing};
use domain::money::Money;
use domain::time::Timestamp;
use http::{HeaderMap, HeaderName, HeaderValue};

/// The names of one measure: how much there is, how much is left, when it is whole again.
type Names = [HeaderName; 3];

/// What browsers may read.
pub const EXPOSED: [HeaderName; 12] = [
    HeaderName::from_static("x-ratelimit-limit-requests"),
    HeaderName::from_static("x-ratelimit-remaining-requests"),
    HeaderName::from_static("x-ratelimit-reset-requests"),
    HeaderName::from_static("x-ratelimit-limit-tokens"),
    HeaderName::from_static("x-ratelimit-remaining-tokens"),
    HeaderName::from_static("x-ratelimit-reset-tokens"),
    HeaderName::from_static("x-ratelimit-limit-spend"),
    HeaderName::from_static("x-ratelimit-remaining-spend"),
    HeaderName::from_static("x-ratelimit-reset-spend"),
    LIMIT,
    REMAINING,
    RESET,
];

const LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");

/// Tells how limits stand: of each measure the one of which the least is left.
pub fn tell(headers: &mut HeaderMap, standings: &[Standing], dialect: Dialect, now: Timestamp) {
    for measure in Measure::ALL {
        let of = standings.iter().filter(|it| it.rate.measure == measure);
        let Some(tightest) = of.min_by(|a, b| share(a, b).cmp(&share(b, a))) else { continue };
        let amounts = [tightest.rate.limit, tightest.remaining].map(|it| amount(measure, it));
        let [limit, remaining] = amounts;
        set(headers, openai(measure), [&limit, &remaining, &duration(tightest.reset_ms)]);
        if let Some(names) = anthropic(measure).filter(|_| dialect == Dialect::AnthropicMessages) {
            let ms = i64::try_from(tightest.reset_ms).unwrap_or(i64::MAX);
            set(headers, names, [&limit, &remaining, &now.plus_ms(ms).to_string()]);
        }
    }
}

/// Tells which limit refused a request.
pub fn tell_reached(headers: &mut HeaderMap, reached: &Reached, dialect: Dialect) {
    let standing = reached.refused.standing;
    tell(headers, &[standing], dialect, reached.at);
    let measure = standing.rate.measure;
    let [limit, remaining] =
        [standing.rate.limit, standing.remaining].map(|it| amount(measure, it));
    set(
        headers,
        [LIMIT, REMAINING, RESET],
        [&limit, &remaining, &reached.resets().ms().to_string()],
    );
}

/// What is left of `a`, so that it compares with the same of `b` as shares do.
fn share(a: &Standing, b: &Standing) -> u128 {
    u128::from(a.remaining) * u128::from(b.rate.limit)
}

fn openai(measure: Measure) -> Names {
    let [names @ .., _, _, _] = EXPOSED;
    let [r0, r1, r2, t0, t1, t2, s0, s1, s2] = names;
    match measure {
        Measure::Requests => [r0, r1, r2],
        Measure::Tokens => [t0, t1, t2],
        Measure::Spend => [s0, s1, s2],
    }
}

fn anthropic(measure: Measure) -> Option<Names> {
    let name = HeaderName::from_static;
    match measure {
        Measure::Requests => Some([
            name("anthropic-ratelimit-requests-limit"),
            name("anthropic-ratelimit-requests-remaining"),
            name("anthropic-ratelimit-requests-reset"),
        ]),
        Measure::Tokens => Some([
            name("anthropic-ratelimit-tokens-limit"),
            name("anthropic-ratelimit-tokens-remaining"),
            name("anthropic-ratelimit-tokens-reset"),
        ]),
        Measure::Spend => None,
    }
}

fn set(headers: &mut HeaderMap, names: Names, values: [&str; 3]) {
    for (name, value) in names.into_iter().zip(values) {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    }
}

/// Spend is told in dollars, the rest as counts.
fn amount(measure: Measure, amount: u64) -> String {
    match measure {
        Measure::Requests | Measure::Tokens => amount.to_string(),
        Measure::Spend => Money::from_nanos(i64::try_from(amount).unwrap_or(i64::MAX)).to_string(),
    }
}

/// Writes a duration as OpenAI does: `17ms`, `1.2s`, `6m0s`, `1h0m0s`.
fn duration(ms: u64) -> String {
    if ms < 1_000 {
        return format!("{ms}ms");
    }
    let (hours, minutes, rest) = (ms / 3_600_000, ms / 60_000 % 60, ms % 60_000);
    let fraction = format!("{:03}", rest % 1_000);
    let fraction = fraction.trim_end_matches('0');
    let point = if fraction.is_empty() { "" } else { "." };
    let seconds = format!("{}{point}{fraction}s", rest / 1_000);
    match (hours, minutes) {
        (0, 0) => seconds,
        (0, _) => format!("{minutes}m{seconds}"),
        _ => format!("{hours}h{minutes}m{seconds}"),
    }
}

#[cfg(test)]
mod tests {
    use domain::limit::{Interval, Rate};

    use super::*;

    #[test]
    fn durations_are_written_as_clients_read_them() {
        let cases = [
            (0, "0ms"),
            (17, "17ms"),
            (1_000, "1s"),
            (1_200, "1.2s"),
            (360_000, "6m0s"),
            (3_600_000, "1h0m0s"),
        ];
        for (ms, text) in cases {
            assert_eq!(duration(ms), text);
        }
    }

    #[test]
    fn of_each_measure_the_tightest_limit_is_told() {
        let standing = |measure, limit, remaining| Standing {
            rate: Rate { measure, limit, interval: Interval::Day },
            remaining,
            reset_ms: 1_000,
        };
        let standings = [
            standing(Measure::Requests, 10, 5),
            standing(Measure::Requests, 1_000, 400),
            standing(Measure::Spend, 2_000_000_000, 500_000_000),
        ];
        let now = Timestamp::parse("2026-11-25T12:00:00Z").unwrap();
        let mut headers = HeaderMap::new();
        tell(&mut headers, &standings, Dialect::AnthropicMessages, now);
        let told = |name: &str| headers[name].to_str().unwrap();
        assert_eq!(told("x-ratelimit-remaining-requests"), "400");
        assert_eq!(told("x-ratelimit-reset-requests"), "1s");
        assert_eq!(told("anthropic-ratelimit-requests-reset"), "2026-11-25T12:00:01Z");
        assert_eq!(told("x-ratelimit-remaining-spend"), "0.5");
        assert_eq!(headers.get("x-ratelimit-limit-tokens"), None);
    }
}
