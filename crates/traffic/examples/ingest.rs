//! How fast events are written into files, how large they are, how long it takes to forget them:
//!
//! ```sh
//! cargo run --profile ci -p traffic --example ingest -- 10000000
//! ```
//!
//! Making the events up is not counted.

#![expect(clippy::print_stdout, reason = "it tells what it measured")]

use std::error::Error;
use std::time::{Duration, Instant};

use domain::price::{Price, Rate};
use traffic::figures::make;
use traffic::made::{MadeEndpoint, MadeModel, Maker};
use traffic::store::{Batch, Place, Retention, Store};

const DAY: i64 = 20_782;
const BATCH: usize = 100_000;
const ACCOUNTS: usize = 2_000;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let count: usize = std::env::args().nth(1).map_or(Ok(1_000_000), |text| text.parse())?;
    let folder = std::env::temp_dir().join(format!("interline-ingest-{}", std::process::id()));
    let store = Store::open(&Place::Folder(folder.clone())).await?;
    let mut took = Duration::ZERO;
    let (mut written, mut part) = (0, 0);
    while written < count {
        part += 1;
        // Each part is another seed of the same day: ids never repeat.
        let maker = Maker::new(part, models(), ACCOUNTS, DAY);
        let mut events = maker.day(DAY, BATCH.min(count - written));
        events.truncate(count - written);
        written += events.len();
        let events = events.into_iter().map(|event| (part, event)).collect();
        let batch = Batch { events, through: part };
        let start = now();
        store.write(&batch).await?;
        took += start.elapsed();
    }
    let rate = written as f64 / took.as_secs_f64();
    println!("{written} events in {:.1} s: {rate:.0} a second", took.as_secs_f64());
    let file = folder.join("events").join(format!("{}.db", traffic::figures::date(DAY)));
    let bytes = std::fs::metadata(&file)?.len();
    let sums = std::fs::metadata(folder.join("sums.db"))?.len();
    println!("{:.1} bytes an event, and {sums} bytes of sums", bytes as f64 / written as f64);
    let noon = domain::time::Timestamp::from_ms((DAY + 1) * domain::time::DAY_MS);
    let start = now();
    let figures = make::make(&store, &make::Terms::default(), noon).await?;
    println!("{} boards made in {:.1} s", figures.boards.len(), start.elapsed().as_secs_f64());
    let retention = Retention { events_before: DAY + 1, minutes_before: 0, hours_before: 0 };
    let start = now();
    store.forget(&retention).await?;
    println!("forgotten in {:.3} s", start.elapsed().as_secs_f64());
    store.close().await;
    std::fs::remove_dir_all(&folder)?;
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "what is measured is time")]
fn now() -> Instant {
    Instant::now()
}

fn models() -> Vec<MadeModel> {
    let rate = |micros: u64| Rate::parse(&format!("0.{micros:06}"), 1_000_000);
    (0..60_u64)
        .map(|place| MadeModel {
            id: format!("author/model-{place}").into(),
            endpoints: (0..3)
                .map(|offer| MadeEndpoint {
                    id: format!("provider-{offer}/model-{place}").into(),
                    provider: format!("provider-{offer}").into(),
                    region: None,
                    price: Price {
                        input: rate(100_000 + place),
                        output: rate(400_000 + place),
                        ..Price::default()
                    },
                })
                .collect(),
        })
        .collect()
}
