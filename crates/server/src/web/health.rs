//! How an endpoint fares, in words.

use domain::catalog::{Billing, EndpointIx, EndpointStatus};
use domain::health::{EndpointHealth, Figures, Gate, Percentiles, PromptSize};
use domain::time::Timestamp;
use relay::Snapshot;
use site::model::{Health, Tone};
use site::words;
use traffic::figures::{Figures as TrafficFigures, Service};

/// What is said where nothing was measured.
pub(super) const NOT_MEASURED: &str = "–";

/// Returns how an endpoint fares, as far as this process has seen.
pub(super) fn seen(snapshot: &Snapshot, place: EndpointIx, now: Timestamp) -> EndpointHealth {
    snapshot.health(place, now, PromptSize::default())
}

/// Returns what was measured of an endpoint on this process's own requests in the last minutes,
/// of which a public instance tells nothing.
/// What was not is filled in with the 24 hours that traffic told of, where pages may show them.
pub(super) fn measured(
    snapshot: &Snapshot,
    traffic: Option<&TrafficFigures>,
    place: EndpointIx,
    now: Timestamp,
) -> Figures {
    let watch = snapshot.watched(place).filter(|_| snapshot.shows_health);
    let lately = watch.map(|watch| watch.figures(now)).unwrap_or_default();
    let id = &snapshot.catalog.endpoint(place).id;
    match traffic.and_then(|traffic| traffic.endpoints.get(id)) {
        Some(told) => filled(lately, &told.last_1d),
        None => lately,
    }
}

fn filled(lately: Figures, day: &Service) -> Figures {
    let whole = |value: f64| value.round() as u32;
    let spread = |it: traffic::figures::Percentiles| Percentiles {
        p50: whole(it.p50),
        p75: whole(it.p75),
        p90: whole(it.p90),
        p99: whole(it.p99),
    };
    let hundredths = |share: f64| (share * 10_000.0 + 1e-6).floor() as u32;
    Figures {
        latency_last_30m: lately.latency_last_30m.or(day.ttft_ms.map(spread)),
        throughput_last_30m: lately.throughput_last_30m.or(day.speed.map(spread)),
        uptime_last_1d: lately.uptime_last_1d.or(day.uptime.map(hundredths)),
        ..lately
    }
}

/// Returns whether an endpoint is in trouble.
pub(super) fn is_troubled(health: &EndpointHealth) -> bool {
    health.had_outage_lately || !health.gate.is_open()
}

/// Returns how an endpoint that can be called fares.
pub(super) fn told(health: &EndpointHealth) -> Health {
    let say = |tone, word: &str| Health { tone, word: word.to_owned() };
    match health.gate {
        Gate::Closed { .. } => say(Tone::Bad, "▼ left out: it failed too often"),
        Gate::Held { .. } => say(Tone::Doubtful, "▾ asked to be left alone"),
        Gate::Trial => say(Tone::Doubtful, "▾ being tried again"),
        Gate::Slow { share_percent } => {
            say(Tone::Doubtful, &format!("▾ coming back, at {share_percent} %"))
        }
        Gate::Open if health.had_outage_lately => say(Tone::Doubtful, "▾ failed lately"),
        Gate::Open => say(Tone::Good, "in service"),
    }
}

/// Returns how an endpoint fares; one that cannot be called, why.
pub(super) fn standing(snapshot: &Snapshot, place: EndpointIx, now: Timestamp) -> Health {
    let catalog = &snapshot.catalog;
    let endpoint = catalog.endpoint(place);
    if snapshot.callable(endpoint.model).contains(&place) {
        return told(&seen(snapshot, place, now));
    }
    let provider = catalog.provider(endpoint.provider);
    let word = if endpoint.disabled || provider.disabled {
        "switched off here"
    } else if endpoint.status == EndpointStatus::Deprecated && !endpoint.accepted {
        "about to end; needs the operator's consent"
    } else if endpoint.price.is_none() {
        "no known price"
    } else if endpoint.resold && !endpoint.accepted {
        "resold; needs the operator's consent"
    } else if endpoint.billing != Billing::Token && !endpoint.accepted {
        "terms need the operator's consent"
    } else if !dialect::registry::is_spoken(endpoint.dialect) {
        "its dialect is not reached yet"
    } else {
        "no credential here"
    };
    Health { tone: Tone::Quiet, word: word.to_owned() }
}

/// Returns words that no narrow column parts.
fn whole_line(words: String) -> String {
    words.replace(' ', "\u{a0}")
}

/// Returns the time to the first token.
pub(super) fn first_token(figures: &Figures) -> String {
    let shown = |it: Percentiles| {
        let part = |ms, word| whole_line(format!("{} {word}", words::duration(ms)));
        format!("{}, {}", part(it.p50, "p50"), part(it.p90, "p90"))
    };
    figures.latency_last_30m.map_or_else(|| NOT_MEASURED.to_owned(), shown)
}

/// Returns how fast it writes.
pub(super) fn speed(figures: &Figures) -> String {
    let shown = |it: Percentiles| format!("{} p50", whole_line(format!("{} tokens/s", it.p50)));
    figures.throughput_last_30m.map_or_else(|| NOT_MEASURED.to_owned(), shown)
}

/// Returns the share of a day's requests that were answered.
pub(super) fn uptime(figures: &Figures) -> String {
    let shown = |share: u32| whole_line(format!("{}.{:02} %", share / 100, share % 100));
    figures.uptime_last_1d.map_or_else(|| NOT_MEASURED.to_owned(), shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_never_measured_is_not_called_zero() {
        let unknown = Figures::default();
        let told = [first_token(&unknown), speed(&unknown), uptime(&unknown)];
        assert_eq!(told, [NOT_MEASURED; 3]);
        let figures = Figures { uptime_last_1d: Some(9_905), ..unknown };
        assert_eq!(uptime(&figures), "99.05\u{a0}%");
    }

    #[test]
    fn what_was_not_measured_lately_is_filled_in_from_the_day() {
        let spread = traffic::figures::Percentiles { count: 9, p50: 612.4, ..Default::default() };
        let day = Service { uptime: Some(0.99999), ttft_ms: Some(spread), ..Service::default() };
        let nothing = filled(Figures::default(), &day);
        assert_eq!(first_token(&nothing), "612\u{a0}ms\u{a0}p50, 0\u{a0}ms\u{a0}p90");
        assert_eq!(uptime(&nothing), "99.99\u{a0}%", "never rounded up");
        let lately = Figures { uptime_last_1d: Some(9_000), ..Figures::default() };
        assert_eq!(uptime(&filled(lately, &day)), "90.00\u{a0}%");
    }

    #[test]
    fn trouble_is_told_in_words_and_not_by_colour_alone() {
        let held = Gate::Held { until: Timestamp::from_ms(1) };
        let health = EndpointHealth { gate: held, ..EndpointHealth::default() };
        assert!(is_troubled(&health));
        assert_eq!(told(&health).word, "▾ asked to be left alone");
    }
}
