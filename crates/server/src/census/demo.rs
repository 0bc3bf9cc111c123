//! Ninety days that never were, so that a demo has something to show before its first request.

use std::cmp::Reverse;

use domain::catalog::{Catalog, Endpoint, ModelIx, ModelKind};
use domain::price::{Price, Rate};
use domain::time::{DAY_MS, Timestamp};
use traffic::event::Event;
use traffic::made::{MadeEndpoint, MadeModel, Maker};
use traffic::store::{PriceRow, Store, StoreError};

use crate::app::App;

const SEED: u64 = 0x1a7e_2026;
const DAYS: i64 = 90;
const EVENTS_PER_DAY: usize = 1_600;
const ACCOUNTS: usize = 260;
/// Models that are used in it.
const MODELS: usize = 40;
/// Endpoints of one model that are used in it.
const ENDPOINTS: usize = 6;
/// Days that are written together.
const TOGETHER: i64 = 10;

/// Makes the traffic up where the store has none. What it says of models and providers is made up,
/// too, and every event is marked.
pub(super) async fn seed(app: &App, store: &Store) -> Result<(), StoreError> {
    if store.first_day().await?.is_some() {
        return Ok(());
    }
    let now = app.now();
    let today = now.day();
    let models = models(&app.current().snapshot.catalog);
    for prices in prices(&models, today) {
        store.note_prices(&prices).await?;
    }
    let maker = Maker::new(SEED, models, ACCOUNTS, today);
    let mut day = today - DAYS + 1;
    while day <= today {
        let end = today.min(day + TOGETHER - 1);
        let mut events: Vec<Event> =
            (day..=end).flat_map(|day| maker.day(day, EVENTS_PER_DAY)).collect();
        events.retain(|event| event.at <= now);
        store.seed(events).await?;
        day = end + 1;
    }
    tracing::info!("ninety days of traffic were made up for the demo");
    Ok(())
}

/// Returns prices as they would have been seen: first those of ninety days ago, when a third of the
/// endpoints were a quarter dearer, then what these came down to.
fn prices(models: &[MadeModel], today: i64) -> [Vec<PriceRow>; 2] {
    let noon = |day: i64| Timestamp::from_ms(day * DAY_MS + DAY_MS / 2);
    let (mut first, mut later) = (Vec::new(), Vec::new());
    for (place, made) in (0..).zip(models.iter().flat_map(|model| &model.endpoints)) {
        let row = |at, price| PriceRow { endpoint: made.id.clone(), at, price };
        if place % 3 == 1 {
            first.push(row(noon(today - DAYS + 1), dearer(made.price)));
            later.push(row(noon(today - 20 - place % 45), made.price));
        } else {
            first.push(row(noon(today - DAYS + 1), made.price));
        }
    }
    [first, later]
}

fn dearer(price: Price) -> Price {
    let quarter = |rate: Option<Rate>| rate.and_then(|it| Rate::from_picos(it.picos() / 4 * 5));
    Price {
        input: quarter(price.input),
        output: quarter(price.output),
        cache_read: quarter(price.cache_read),
        ..price
    }
}

/// Returns the models that most providers offer, of those that chat, with their endpoints.
fn models(catalog: &Catalog) -> Vec<MadeModel> {
    let is_used = |endpoint: &&Endpoint| {
        endpoint.is_routable() && endpoint.price.is_some() && !endpoint.disabled
    };
    let mut found: Vec<(usize, MadeModel)> = Vec::new();
    for (place, model) in (0..).map(ModelIx).zip(catalog.models()) {
        if model.kind != ModelKind::Chat {
            continue;
        }
        let offers = || {
            let places = catalog.endpoints_of(place).iter();
            places.map(|place| catalog.endpoint(*place)).filter(is_used)
        };
        let endpoints: Vec<MadeEndpoint> =
            offers().take(ENDPOINTS).filter_map(|endpoint| made(catalog, endpoint)).collect();
        if !endpoints.is_empty() {
            let id = model.id.as_str().into();
            found.push((offers().count(), MadeModel { id, endpoints }));
        }
    }
    found.sort_by(|a, b| Reverse(a.0).cmp(&Reverse(b.0)).then_with(|| a.1.id.cmp(&b.1.id)));
    found.into_iter().take(MODELS).map(|(_, model)| model).collect()
}

fn made(catalog: &Catalog, endpoint: &Endpoint) -> Option<MadeEndpoint> {
    Some(MadeEndpoint {
        id: endpoint.id.as_str().into(),
        provider: catalog.provider(endpoint.provider).slug.as_str().into(),
        region: endpoint.region.as_deref().map(Into::into),
        price: endpoint.price.as_ref()?.base,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_third_of_the_prices_came_down_to_what_they_are() {
        let rate = |picos| Rate::from_picos(picos);
        let price = Price { input: rate(400), output: rate(1_000), ..Price::default() };
        let endpoint = |place: usize| MadeEndpoint {
            id: format!("e{place}").into(),
            provider: "p".into(),
            region: None,
            price,
        };
        let endpoints = (0..6).map(endpoint).collect();
        let [first, later] = prices(&[MadeModel { id: "a/b".into(), endpoints }], 20_000);
        assert_eq!((first.len(), later.len()), (6, 2));
        assert_eq!((first[1].price.input, first[1].price.output), (rate(500), rate(1_250)));
        assert!(later.iter().all(|row| row.price == price && first[0].at < row.at));
    }
}
