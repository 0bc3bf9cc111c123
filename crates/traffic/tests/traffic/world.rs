//! The world that tests make up.

use std::sync::atomic::{AtomicU32, Ordering};

use domain::price::{Price, PriceCard, PriceWindow, Rate};
use domain::secret::Secret;
use domain::time::{DAY_MS, Timestamp};
use domain::window::{Span, Window};
use http_body_util::Full;
use hyper::Request;
use hyper::body::Bytes;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use traffic::event::Event;
use traffic::figures::make::{KnownEndpoint, Terms};
use traffic::figures::{Day, Figures, make};
use traffic::made::{MadeEndpoint, MadeModel, Maker};
use traffic::store::{Batch, Place, PriceRow, Store};

use crate::folder::Folder;

/// A Wednesday.
pub(crate) const TODAY: Day = 20_782;

/// Half past two in the afternoon.
pub(crate) const NOW: Timestamp = Timestamp::from_ms(TODAY * DAY_MS + 14 * 3_600_000 + 30 * 60_000);

pub(crate) fn models() -> Vec<MadeModel> {
    let providers = ["north", "south", "east", "west", "middle"];
    let rate = |picos: u64| Rate::parse(&format!("{:.6}", picos as f64 / 1e6), 1_000_000);
    (0..24_u64)
        .map(|place| MadeModel {
            id: format!("author-{}/model-{place:02}", place % 7).into(),
            endpoints: (0..1 + place % 4)
                .map(|offer| MadeEndpoint {
                    id: format!("{}/model-{place:02}", providers[((place + offer) % 5) as usize])
                        .into(),
                    provider: providers[((place + offer) % 5) as usize].into(),
                    region: (offer == 0).then(|| "DE".into()),
                    price: Price {
                        input: rate(100_000 + 40_000 * place + 9_000 * offer),
                        output: rate(400_000 + 160_000 * place + 21_000 * offer),
                        cache_read: rate(20_000 + 4_000 * place),
                        ..Price::default()
                    },
                })
                .collect(),
        })
        .collect()
}

/// About so many events a day, over so many days that end today before now.
pub(crate) fn events(seed: u64, days: Day, per_day: usize) -> Vec<Event> {
    let maker = Maker::new(seed, models(), 300, TODAY);
    let mut events: Vec<Event> =
        (TODAY - days + 1..=TODAY).flat_map(|day| maker.day(day, per_day)).collect();
    events.retain(|event| event.at <= NOW);
    let is_night = |event: &Event| event.at.ms() / 3_600_000 % 24 < 5;
    for event in events.iter_mut().filter(|it| *it.model == *CHEAP_AT_NIGHT && is_night(it)) {
        event.list_prompt_nanos /= 2;
        event.list_nanos /= 2;
    }
    events
}

/// A model that costs half until five in the morning.
pub(crate) const CHEAP_AT_NIGHT: &str = "author-3/model-03";

/// What endpoints charge, as it is noted one time after another.
pub(crate) fn prices() -> [Vec<PriceRow>; 3] {
    let note = |days: Day, of: &dyn Fn(&MadeEndpoint) -> Price| -> Vec<PriceRow> {
        let models = models();
        let endpoints = models.iter().flat_map(|model| &model.endpoints);
        let row = |it: &MadeEndpoint| PriceRow {
            endpoint: it.id.clone(),
            at: NOW.plus_ms(-days * DAY_MS),
            price: of(it),
        };
        endpoints.map(row).collect()
    };
    let cheaper = |it: &MadeEndpoint| match &*it.provider {
        "north" => Price { output: it.price.input, ..it.price },
        _ => it.price,
    };
    [note(20, &|it| it.price), note(10, &|it| it.price), note(5, &cheaper)]
}

/// The events in batches, as a source would number them.
pub(crate) fn batches(events: &[Event], size: usize) -> Vec<Batch> {
    let number = |batch: usize| batch as u64 + 1;
    let batch = |(place, events): (usize, &[Event])| Batch {
        events: events.iter().map(|event| (number(place), event.clone())).collect(),
        through: number(place),
    };
    events.chunks(size).enumerate().map(batch).collect()
}

pub(crate) fn terms() -> Terms {
    let known = |model: &MadeModel, endpoint: &MadeEndpoint| KnownEndpoint {
        id: endpoint.id.to_string(),
        model: model.id.to_string(),
        provider: endpoint.provider.to_string(),
        price: None,
    };
    let endpoints = models()
        .iter()
        .flat_map(|model| model.endpoints.iter().map(move |endpoint| known(model, endpoint)))
        .collect();
    Terms { endpoints, ..Terms::default() }
}

/// The same, with an endpoint whose price depends on the hour.
pub(crate) fn terms_by_the_hour() -> Terms {
    let mut terms = terms();
    terms.endpoints[0].price = Some(by_the_hour());
    terms
}

/// Ten cents and forty, half of it from 16:30 to 00:30.
fn by_the_hour() -> PriceCard {
    let price = |input: &str, output: &str| Price {
        input: Rate::parse(input, 1_000_000),
        output: Rate::parse(output, 1_000_000),
        ..Price::default()
    };
    let spans = vec![Span { from_minute: 16 * 60 + 30, until_minute: 30 }];
    let window = Window {
        valid_from: None,
        valid_until: None,
        spans,
        days: Vec::new(),
        holidays: Vec::new(),
    };
    let windows = vec![PriceWindow { window, price: price("0.05", "0.2") }];
    PriceCard { windows, ..PriceCard::flat(price("0.1", "0.4")) }
}

pub(crate) fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// Where stores are that tests may fill: files in a folder, and a database of the ClickHouse that
/// the test command has started. Both are gone with the test.
pub(crate) fn homes() -> Vec<Home> {
    let folder = Folder::new();
    let place = Place::Folder(folder.path().to_owned());
    let mut homes = vec![Home { place, _folder: Some(folder) }];
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let (number, server) = (NUMBER.fetch_add(1, Ordering::Relaxed), server());
    let name = format!("traffic_{}_{number}", std::process::id());
    wait(ask(&server, &format!("CREATE DATABASE {name}")));
    let place = Place::ClickHouse(Secret::new(format!("{server}/{name}")));
    homes.push(Home { place, _folder: None });
    homes
}

/// Where one store is.
pub(crate) struct Home {
    pub(crate) place: Place,
    _folder: Option<Folder>,
}

impl Home {
    /// In files.
    pub(crate) fn of(folder: Folder) -> Home {
        Home { place: Place::Folder(folder.path().to_owned()), _folder: Some(folder) }
    }
}

#[expect(clippy::disallowed_methods, reason = "the test command says here where its server is")]
fn server() -> String {
    let server = std::env::var("CLICKHOUSE_URL");
    server.expect("CLICKHOUSE_URL names a ClickHouse, as under `cargo xtask test`")
}

async fn ask(server: &str, sql: &str) {
    let client = Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
    let request = Request::post(format!("{server}/")).body(Full::new(Bytes::from(sql.to_owned())));
    let answer = client.request(request.unwrap()).await.unwrap();
    assert!(answer.status().is_success(), "{sql}: {}", answer.status());
}

/// A store that holds events.
pub(crate) async fn filled(home: &Home, events: &[Event]) -> Store {
    let store = Store::open(&home.place).await.unwrap();
    for batch in batches(events, 5_000) {
        store.write(&batch).await.unwrap();
    }
    store
}

pub(crate) async fn figures(store: &Store, terms: &Terms) -> Figures {
    make::make(store, terms, NOW).await.unwrap()
}
