//! `GET /metrics`: figures for Prometheus, in its text format, for the operator.
//!
//! Labels are endpoints of the catalog that were asked since the process began, so that their
//! number is bounded by the catalog and never by what callers send.

use std::fmt::Write as _;
use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::catalog::EndpointIx;
use domain::health::Gate;
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use relay::Shown;

use super::caller::operator;
use crate::app::App;
use crate::error::ApiError;
use crate::limits::{Cluster, Figures, Refusals};
use crate::room::Room;
use crate::teller::Meter;

/// The content type of Prometheus' text format.
const TEXT_FORMAT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// `GET /metrics`.
///
/// # Errors
/// `Authentication` and `PermissionDenied` for everybody but the operator.
pub async fn metrics(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    operator(&app, &headers).await?;
    let (current, now) = (app.current(), app.now());
    let catalog = &current.snapshot.catalog;
    let mut asked: Vec<(String, Shown)> = Vec::new();
    for (place, endpoint) in (0..).map(EndpointIx).zip(catalog.endpoints()) {
        let Some(watch) = current.snapshot.watched(place) else { continue };
        let shown = watch.shown(now);
        let was_asked = 0 < shown.figures.served + shown.figures.failed + shown.figures.limited;
        if was_asked || 0 < shown.health.load.in_flight {
            let labels = format!(
                "endpoint=\"{}\",model=\"{}\",provider=\"{}\"",
                escaped(&endpoint.id),
                escaped(&catalog.model(endpoint.model).id),
                escaped(&catalog.provider(endpoint.provider).slug),
            );
            asked.push((labels, shown));
        }
    }
    let in_flight = app.world.tasks.len();
    let mut text = render(&asked, in_flight);
    text.push_str(&limits(app.limits.figures()));
    text.push_str(&books(&app.ledger.meter(), &app.ledger.figures()));
    text.push_str(&room(&app.room));
    if let Some(cluster) = app.limits.cluster() {
        text.push_str(&shared(cluster));
    }
    Ok(([(CONTENT_TYPE, TEXT_FORMAT)], text).into_response())
}

/// One family of figures: its name, its type, what it means, and how it is read.
type Family = (&'static str, &'static str, &'static str, fn(&Shown) -> Option<f64>);

const FAMILIES: [Family; 10] = [
    (
        "interline_endpoint_open",
        "gauge",
        "Requests may go there: 1, on trial or slowly: 0.5",
        |it| {
            Some(match it.health.gate {
                Gate::Open => 1.0,
                Gate::Slow { .. } | Gate::Trial => 0.5,
                Gate::Closed { .. } | Gate::Held { .. } => 0.0,
            })
        },
    ),
    ("interline_endpoint_demoted", "gauge", "Much slower or worse than usual: 1", |it| {
        Some(f64::from(u8::from(it.health.is_demoted)))
    }),
    ("interline_endpoint_in_flight", "gauge", "Requests under way", |it| {
        Some(f64::from(it.health.load.in_flight))
    }),
    ("interline_endpoint_answers_total", "counter", "Answers that were complete", |it| {
        Some(it.figures.served as f64)
    }),
    ("interline_endpoint_failures_total", "counter", "Failures that were the provider's", |it| {
        Some(it.figures.failed as f64)
    }),
    ("interline_endpoint_limited_total", "counter", "Refusals for too many requests", |it| {
        Some(it.figures.limited as f64)
    }),
    ("interline_endpoint_uptime_5m", "gauge", "Share of answers in five minutes", |it| {
        it.figures.uptime_last_5m.map(|share| f64::from(share) / 10_000.0)
    }),
    ("interline_endpoint_first_token_p50_seconds", "gauge", "Median wait, five minutes", |it| {
        it.health.latency_ms.map(|ms| f64::from(ms.p50) / 1000.0)
    }),
    ("interline_endpoint_first_token_p99_seconds", "gauge", "Longest waits, five minutes", |it| {
        it.health.latency_ms.map(|ms| f64::from(ms.p99) / 1000.0)
    }),
    ("interline_endpoint_tokens_per_second_p50", "gauge", "Median rate, five minutes", |it| {
        it.health.throughput.map(|rate| f64::from(rate.p50))
    }),
];

fn render(asked: &[(String, Shown)], in_flight: usize) -> String {
    let mut text = format!(
        "# HELP interline_requests_in_flight Requests under way\n\
         # TYPE interline_requests_in_flight gauge\n\
         interline_requests_in_flight {in_flight}\n"
    );
    for (name, kind, help, read) in FAMILIES {
        let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
        for (labels, shown) in asked {
            if let Some(value) = read(shown) {
                let _ = writeln!(text, "{name}{{{labels}}} {value}");
            }
        }
    }
    text
}

/// Tells what became of requests that have limits.
fn limits(figures: &Figures) -> String {
    let mut text = format!(
        "# HELP interline_limits_counted_total Requests that count against a limit and were let in\n\
         # TYPE interline_limits_counted_total counter\n\
         interline_limits_counted_total {}\n\
         # HELP interline_limits_refused_total Requests that a limit refused\n\
         # TYPE interline_limits_refused_total counter\n",
        figures.counted()
    );
    for Refusals { scope, measure, count } in figures.refusals() {
        let measure = measure.word();
        let _ = writeln!(
            text,
            "interline_limits_refused_total{{scope=\"{scope}\",measure=\"{measure}\"}} {count}"
        );
    }
    text
}

/// Tells how the ledger stands. Amounts are nano-dollars.
fn books(meter: &Meter, figures: &ledger::desk::Figures) -> String {
    let count = |it: usize| it as i128;
    let families: [(&str, &str, &str, i128); 8] = [
        ("requests_total", "counter", "Requests admitted or refused", meter.requests.into()),
        (
            "database_waits_total",
            "counter",
            "How often a request waited for the database",
            meter.database_waits.into(),
        ),
        ("open", "gauge", "Generations under way", count(figures.open)),
        ("unsettled", "gauge", "Settlements the books lack", count(figures.unsettled)),
        ("retained", "gauge", "Settlements a failover could lose", count(figures.retained)),
        ("leases", "gauge", "Leases held", count(figures.leases)),
        ("free_nanos", "gauge", "Free of them", figures.free.nanos().into()),
        ("reserved_nanos", "gauge", "Reserved of them", figures.reserved.nanos().into()),
    ];
    let mut text = String::new();
    for (name, kind, help, value) in families {
        let name = format!("interline_ledger_{name}");
        let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}");
    }
    text
}

/// Tells how much room there is for requests.
fn room(room: &Room) -> String {
    let (limit, shed) = (room.limit(), room.shed());
    format!(
        "# HELP interline_requests_in_flight_limit Requests that may be under way for now\n\
         # TYPE interline_requests_in_flight_limit gauge\n\
         interline_requests_in_flight_limit {limit}\n\
         # HELP interline_requests_shed_total Requests that found no room\n\
         # TYPE interline_requests_shed_total counter\n\
         interline_requests_shed_total {shed}\n"
    )
}

/// Tells with how many limits are shared.
fn shared(cluster: &Cluster) -> String {
    let (nodes, losses) = (cluster.nodes(), cluster.losses());
    let is_up = u8::from(cluster.is_up());
    format!(
        "# HELP interline_limits_nodes Processes that share limits, as was last heard\n\
         # TYPE interline_limits_nodes gauge\n\
         interline_limits_nodes {nodes}\n\
         # HELP interline_limits_shared Redis answers: 1\n\
         # TYPE interline_limits_shared gauge\n\
         interline_limits_shared {is_up}\n\
         # HELP interline_limits_losses_total Times that Redis was lost\n\
         # TYPE interline_limits_losses_total counter\n\
         interline_limits_losses_total {losses}\n"
    )
}

/// Returns a label's value as the format wants it.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use relay::Health;

    use super::*;

    #[test]
    fn figures_are_told_as_prometheus_reads_them() {
        let now = domain::time::Timestamp::from_ms(1_787_000_000_000);
        let shown = Health::default().watch("a/b", &[]).shown(now);
        let labels = format!("endpoint=\"{}\"", escaped("a\"b"));
        let text = render(&[(labels, shown)], 3);
        assert!(text.contains("\ninterline_requests_in_flight 3\n"), "{text}");
        assert!(text.contains("\ninterline_endpoint_open{endpoint=\"a\\\"b\"} 1\n"), "{text}");
        // What is not known is not told.
        assert!(!text.contains("uptime_5m{"), "{text}");
        let families = text.matches("# TYPE").count();
        assert_eq!((families, text.matches("# HELP").count()), (11, 11));
    }

    #[test]
    fn waits_for_the_database_are_told() {
        let meter = Meter { requests: 5, database_waits: 2 };
        let text = books(&meter, &ledger::desk::Figures { leases: 3, ..Default::default() });
        assert!(text.contains("\ninterline_ledger_database_waits_total 2\n"), "{text}");
        assert!(text.contains("\ninterline_ledger_leases 3\n"), "{text}");
    }
}
