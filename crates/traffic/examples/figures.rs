//! How long figures take over the sums of a hundred million events:
//!
//! ```sh
//! cargo run --profile ci -p traffic --example figures
//! ```
//!
//! One day is made up and written as any other: 1,111,112 events of 2,000 accounts at 900 endpoints
//! of 300 models. Its sums are then copied to the 89 days before, for what makes figures slow is
//! how many sums there are and not what stands in them.

#![expect(clippy::print_stdout, reason = "it tells what it measured")]

use std::error::Error;
use std::path::Path;
use std::time::Instant;

use domain::price::{Price, PriceCard, Rate};
use domain::time::{DAY_MS, Timestamp};
use sqlx::{ConnectOptions, Connection, Row};
use traffic::figures::make::{self, KnownEndpoint, Terms};
use traffic::figures::{Order, Question, Slice, Subject, Window};
use traffic::made::{MadeEndpoint, MadeModel, Maker};
use traffic::store::{Batch, Days, Place, Store};
use traffic::sums::{Grain, Side};

const DAY: i64 = 20_782;
const DAYS: i64 = 90;
const EVENTS: u64 = 1_111_112;
const BATCH: u64 = 50_000;
const ACCOUNTS: usize = 2_000;
const MODELS: u64 = 300;
const PROVIDERS: u64 = 60;
const OFFERS: u64 = 3;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::temp_dir().join(format!("interline-figures-{}", std::process::id()));
    let store = Store::open(&Place::Folder(folder.clone())).await?;
    let maker = Maker::new(1, models(), ACCOUNTS, DAY);
    for (number, from) in (1..).zip((0..EVENTS).step_by(BATCH as usize)) {
        let events = maker.some(DAY, from..EVENTS.min(from + BATCH));
        let events = events.into_iter().map(|event| (number, event)).collect();
        store.write(&Batch { events, through: number }).await?;
    }
    store.close().await;
    copy(&folder.join("sums.db")).await?;
    let store = Store::open(&Place::Folder(folder.clone())).await?;
    for (turn, times) in [("the first time", 1), ("later, the median of nine", 9)] {
        println!("{turn}:");
        queries(&store, times).await?;
        let noon = Timestamp::from_ms(DAY * DAY_MS + DAY_MS - 1);
        let start = now();
        let figures = make::make(&store, &terms(), noon).await?;
        let took = start.elapsed().as_secs_f64();
        println!("{took:9.3} s  all figures, {} boards among them", figures.boards.len());
        let question = Question {
            subject: Subject::Models,
            slice: Slice::All,
            window: Window::Month,
            order: Order::Tokens,
        };
        let start = now();
        let rows = figures.boards.get(&question).map_or(0, |board| board.rows.len());
        println!("{:9.6} s  one board from memory, {rows} rows", start.elapsed().as_secs_f64());
    }
    store.close().await;
    std::fs::remove_dir_all(&folder)?;
    Ok(())
}

/// Copies the sums of the day to those before.
async fn copy(sums: &Path) -> Result<(), Box<dyn Error>> {
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(sums);
    let mut sums = options.connect().await?;
    let of_the_day = "grain = 1 AND period >= {DAY} * 24 OR grain = 2 AND period = {DAY}";
    for (table, which, step) in [
        ("uses", "day = {DAY}", "day = day - 1"),
        ("services", of_the_day, "period = period - CASE grain WHEN 1 THEN 24 ELSE 1 END"),
        ("rates", "hour >= {DAY} * 24", "hour = hour - 24"),
    ] {
        let which = which.replace("{DAY}", &DAY.to_string());
        let sql = format!("CREATE TEMP TABLE one AS SELECT * FROM {table} WHERE {which}");
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut sums).await?;
        for _ in 1..DAYS {
            let sql = format!(
                "BEGIN; UPDATE one SET {step}; INSERT INTO {table} SELECT * FROM one; COMMIT;"
            );
            sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut sums).await?;
        }
        sqlx::raw_sql("DROP TABLE one").execute(&mut sums).await?;
    }
    for table in ["uses", "services", "rates"] {
        let count = sqlx::query(sqlx::AssertSqlSafe(format!("SELECT COUNT(*) FROM {table}")));
        println!("{:>12} {table}", count.fetch_one(&mut sums).await?.try_get::<i64, usize>(0)?);
    }
    sums.close().await?;
    Ok(())
}

/// Tells how long the queries take that figures are made of.
async fn queries(store: &Store, times: usize) -> Result<(), Box<dyn Error>> {
    for (what, side, days, apart) in [
        ("all of a month", Side::All, 30, Days::Together),
        ("providers of a month", Side::Provider, 30, Days::Together),
        ("tasks of a day", Side::Task, 1, Days::Together),
        ("tasks of a week", Side::Task, 7, Days::Together),
        ("tasks of a month", Side::Task, 30, Days::Together),
        ("all of ninety days, each apart", Side::All, 90, Days::Apart),
    ] {
        let mut took = Vec::new();
        let mut rows = 0;
        for _ in 0..times {
            let start = now();
            rows = store.uses(side, (DAY - days + 1, DAY), apart).await?.len();
            took.push(start.elapsed().as_secs_f64());
        }
        took.sort_by(f64::total_cmp);
        println!("{:9.3} s  uses: {what}, {rows} rows", took[times / 2]);
    }
    for (what, grain, range) in [
        ("a day by the hour", Grain::Hour, (DAY * 24, DAY * 24 + 23)),
        ("ninety days", Grain::Day, (DAY - 89, DAY)),
    ] {
        let start = now();
        let rows = store.services(grain, range).await?.len();
        println!("{:9.3} s  services: {what}, {rows} rows", start.elapsed().as_secs_f64());
    }
    let start = now();
    let rows = store.rates(((DAY - 84) * 24, DAY * 24)).await?.len();
    println!("{:9.3} s  rates: twelve weeks, {rows} rows", start.elapsed().as_secs_f64());
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "what is measured is time")]
fn now() -> Instant {
    Instant::now()
}

fn models() -> Vec<MadeModel> {
    let rate = |micros: u64| Rate::parse(&format!("0.{micros:06}"), 1_000_000);
    let offer = |model: u64, offer: u64| {
        let provider = format!("provider-{}", (model + offer * 7) % PROVIDERS);
        MadeEndpoint {
            id: format!("{provider}/model-{model}").into(),
            provider: provider.into(),
            region: None,
            price: Price {
                input: rate(100_000 + model),
                output: rate(400_000 + model),
                ..Price::default()
            },
        }
    };
    let model = |place: u64| MadeModel {
        id: format!("author-{}/model-{place}", place % 40).into(),
        endpoints: (0..OFFERS).map(|number| offer(place, number)).collect(),
    };
    (0..MODELS).map(model).collect()
}

fn terms() -> Terms {
    let known = |model: &MadeModel, endpoint: &MadeEndpoint| KnownEndpoint {
        id: endpoint.id.to_string(),
        model: model.id.to_string(),
        provider: endpoint.provider.to_string(),
        price: Some(PriceCard::flat(endpoint.price)),
    };
    let models = models();
    let of =
        |model: &MadeModel| model.endpoints.iter().map(|it| known(model, it)).collect::<Vec<_>>();
    Terms { endpoints: models.iter().flat_map(of).collect(), ..Terms::default() }
}
