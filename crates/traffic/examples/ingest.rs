//! How fast events become rows and sums, how large they are, and how long it takes to forget them:
//!
//! ```sh
//! cargo run --profile ci -p traffic --example ingest -- 10000000
//! cargo run --profile ci -p traffic --example ingest -- 10000000 http://localhost:8123/default
//! ```
//!
//! The events are those of one day, in the order in which they would be settled, in batches as
//! large as the books are read in. Making them up is not counted; everything is that a store does
//! with them: events, names, sums by minute, hour and day.

#![expect(clippy::print_stdout, reason = "it tells what it measured")]

use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use domain::id::GenerationId;
use domain::price::{Price, Rate};
use domain::secret::Secret;
use domain::time::{DAY_MS, Timestamp};
use traffic::event::Event;
use traffic::made::{MadeEndpoint, MadeModel, Maker};
use traffic::store::{Batch, Place, Retention, Store};

const DAY: i64 = 20_782;
/// As many as `server/census` reads from the books at once.
const BATCH: usize = 20_000;
const ACCOUNTS: usize = 2_000;
const SEED: u64 = 1;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let count: usize = arguments.next().map_or(Ok(1_000_000), |text| text.parse())?;
    let folder = std::env::temp_dir().join(format!("interline-ingest-{}", std::process::id()));
    let place = match arguments.next() {
        Some(address) => Place::ClickHouse(Secret::new(address)),
        None => Place::Folder(folder.clone()),
    };
    let store = Store::open(&place).await?;
    let mut took = Duration::ZERO;
    let parts = count.div_ceil(BATCH);
    let maker = Maker::new(SEED, models(), ACCOUNTS, DAY);
    for part in 0..parts {
        let size = BATCH.min(count - part * BATCH);
        let batch = batch(&maker, part, parts, size);
        let start = now();
        store.write(&batch).await?;
        took += start.elapsed();
    }
    // Whoever reads finds everything in the sums: what is still to be added to them is added now.
    let start = now();
    store.first_day().await?;
    took += start.elapsed();
    let rate = count as f64 / took.as_secs_f64();
    println!("{count} events in {:.1} s: {rate:.0} a second", took.as_secs_f64());
    if matches!(place, Place::Folder(_)) {
        weigh(&folder, count)?;
    }
    let retention = Retention { events_before: DAY + 1, minutes_before: 0, hours_before: 0 };
    let start = now();
    store.forget(&retention).await?;
    println!("forgotten in {:.3} s", start.elapsed().as_secs_f64());
    store.close().await;
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    Ok(())
}

/// Tells how large the files are.
fn weigh(folder: &Path, count: usize) -> Result<(), Box<dyn Error>> {
    let size = |path: PathBuf| std::fs::metadata(path).map(|it| it.len());
    let events = size(folder.join("events").join(format!("{}.db", traffic::figures::date(DAY))))?;
    let sums = size(folder.join("sums.db"))?;
    println!("{:.1} bytes an event, and {sums} bytes of sums", events as f64 / count as f64);
    Ok(())
}

/// Returns a batch of the day: what was settled in its share of the time.
fn batch(maker: &Maker, part: usize, parts: usize, size: usize) -> Batch {
    let number = part as u64 + 1;
    let from = (part * BATCH) as u64;
    let events = maker.some(DAY, from..from + size as u64);
    let (first, length) = (DAY_MS * part as i64 / parts as i64, DAY_MS / parts as i64);
    let move_into = |(place, mut event): (usize, Event)| {
        let settled = first + length * place as i64 / size as i64;
        let admitted = (settled - i64::from(event.duration_ms)).max(0);
        event.at = Timestamp::from_ms(DAY * DAY_MS + admitted);
        let drawn = (place as u128 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
        event.id = GenerationId::new(event.at.seconds(), drawn ^ u128::from(number) << 40);
        (number, event)
    };
    let events = events.into_iter().enumerate().map(move_into).collect();
    Batch { events, through: number }
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
