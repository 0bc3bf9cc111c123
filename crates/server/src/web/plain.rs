//! Figures as programs read them, in tables: exact, without units, and empty where nothing is
//! known.

use domain::catalog::{Catalog, DataPolicy, Endpoint, EndpointIx, ProviderClass, Training};
use domain::health::Figures;
use domain::price::Rate;
use domain::time::Timestamp;
use relay::Snapshot;

use super::health;
use crate::shelf::pricing::in_force;

/// The columns that tell of an endpoint.
pub(super) const OFFER: [&str; 15] = [
    "model",
    "provider",
    "endpoint",
    "input_usd_per_million",
    "output_usd_per_million",
    "cached_usd_per_million",
    "context",
    "max_output",
    "quantization",
    "available",
    "first_token_p50_ms",
    "tokens_per_second_p50",
    "uptime_24h_percent",
    "training",
    "retention_days",
];

/// Returns an endpoint in the columns of [`OFFER`].
pub(super) fn offer(
    snapshot: &Snapshot,
    traffic: Option<&traffic::figures::Figures>,
    place: EndpointIx,
    now: Timestamp,
) -> Vec<String> {
    let catalog = &snapshot.catalog;
    let endpoint = catalog.endpoint(place);
    let available = snapshot.callable(endpoint.model).contains(&place);
    told(catalog, endpoint, &health::measured(snapshot, traffic, place, now), available, now)
}

fn told(
    catalog: &Catalog,
    endpoint: &Endpoint,
    measured: &Figures,
    available: bool,
    now: Timestamp,
) -> Vec<String> {
    let (model, provider) = (catalog.model(endpoint.model), catalog.provider(endpoint.provider));
    let price = in_force(endpoint, now);
    let hundredths = |share: u32| format!("{}.{:02}", share / 100, share % 100);
    vec![
        model.id.clone(),
        provider.slug.clone(),
        endpoint.tag.clone(),
        per_million(price.and_then(|price| price.input)),
        per_million(price.and_then(|price| price.output)),
        per_million(price.and_then(|price| price.cache_read)),
        number(endpoint.context.or(model.context)),
        number(endpoint.max_output),
        endpoint.quantization.clone().unwrap_or_default(),
        available.to_string(),
        number(measured.latency_last_30m.map(|it| it.p50)),
        number(measured.throughput_last_30m.map(|it| it.p50)),
        measured.uptime_last_1d.map(hundredths).unwrap_or_default(),
        training(&provider.data).to_owned(),
        number(provider.data.retention_days),
    ]
}

/// Returns a rate as exact dollars per million units.
pub(super) fn per_million(rate: Option<Rate>) -> String {
    rate.map(|rate| rate.dollars_per(1_000_000)).unwrap_or_default()
}

/// Returns a whole number.
pub(super) fn number(number: Option<u32>) -> String {
    number.map(|number| number.to_string()).unwrap_or_default()
}

/// Returns whether prompts are trained on, in the catalog's words.
pub(super) const fn training(data: &DataPolicy) -> &'static str {
    match data.train {
        Training::Yes => "yes",
        Training::No => "no",
        Training::OptOut => "opt-out",
        Training::Unknown => "unknown",
    }
}

/// Returns what kind of company a provider is, in the catalog's words.
pub(super) const fn class(class: ProviderClass) -> &'static str {
    match class {
        ProviderClass::Lab => "lab",
        ProviderClass::Cloud => "cloud",
        ProviderClass::Host => "host",
        ProviderClass::Regional => "regional",
        ProviderClass::Private => "private",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shelf::samples::{NOON, sample};

    #[test]
    fn a_figure_is_a_number_or_nothing() {
        let rate = Rate::parse("0.075", 1_000_000);
        assert_eq!([per_million(rate), per_million(None)], ["0.075", ""]);
        assert_eq!([number(Some(128_000)), number(None)], ["128000", ""]);
        let sample = sample();
        let place = sample.catalog.endpoints_of(sample.model("acme/talker"))[0];
        let figures = Figures { uptime_last_1d: Some(9_905), ..Figures::default() };
        let (endpoint, now) = (sample.catalog.endpoint(place), Timestamp::parse(NOON).unwrap());
        let cells = told(&sample.catalog, endpoint, &figures, true, now);
        let lines: Vec<String> =
            OFFER.iter().zip(cells).map(|(name, cell)| format!("{name}: {cell}")).collect();
        insta::assert_snapshot!(lines.join("\n"), @r"
        model: acme/talker
        provider: fast
        endpoint: fast/fp8
        input_usd_per_million: 0.5
        output_usd_per_million: 1.5
        cached_usd_per_million: 0.05
        context: 128000
        max_output: 8000
        quantization: fp8
        available: true
        first_token_p50_ms: 
        tokens_per_second_p50: 
        uptime_24h_percent: 99.05
        training: no
        retention_days: 0
        ");
    }
}
