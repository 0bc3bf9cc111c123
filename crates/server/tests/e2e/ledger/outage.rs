//! A database that stops answering under traffic.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::server::Database;
use super::{PREPAID, ask, balance, decided, holds, id_of, meter, price, settled, told, wanted};
use crate::client::Client;
use crate::stand::{Offer, Stand};

/// For how many seconds the database is away, and how many requests come in each.
const OUTAGE_S: usize = 5;
const RATE: usize = 100;

/// A line to the database server that can be held: what is sent then arrives later.
struct Line {
    port: u16,
    is_held: watch::Sender<bool>,
}

impl Line {
    async fn to(server: String) -> Line {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let is_held = watch::Sender::new(false);
        let held = is_held.subscribe();
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let Ok(far) = TcpStream::connect(&server).await else { continue };
                let (near_read, near_write) = near.into_split();
                let (far_read, far_write) = far.into_split();
                tokio::spawn(carry(near_read, far_write, held.clone()));
                tokio::spawn(carry(far_read, near_write, held.clone()));
            }
        });
        Line { port, is_held }
    }
}

async fn carry(
    mut from: impl AsyncReadExt + Unpin,
    mut to: impl AsyncWriteExt + Unpin,
    mut held: watch::Receiver<bool>,
) {
    let mut bytes = vec![0; 16_384];
    while let Ok(read @ 1..) = from.read(&mut bytes).await {
        if held.wait_for(|held| !held).await.is_err() || to.write_all(&bytes[..read]).await.is_err()
        {
            return;
        }
    }
}

/// Asks at a steady rate, and notes what each answer cost. Every one has to be served; while
/// leases are still being made, after it was told to try again.
async fn steady(
    caller: &Client,
    (seconds, is_warm): (usize, bool),
    seen: &mut BTreeMap<String, i64>,
) {
    let mut beat = tokio::time::interval(Duration::from_millis(1_000 / RATE as u64));
    let mut asked = Vec::new();
    for number in 0..seconds * RATE {
        beat.tick().await;
        let caller = caller.at(caller.base().to_owned());
        let stream = number % 2 == 0;
        asked.push(tokio::spawn(async move {
            match is_warm {
                true => caller.chat(&ask(stream)).await,
                false => decided(&caller, stream).await,
            }
        }));
    }
    for answer in asked {
        let answer = answer.await.unwrap();
        assert_eq!(answer.status, 200, "{}", answer.text);
        seen.insert(id_of(&answer), price(&answer).expect("a price"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_away_costs_warm_accounts_no_request() {
    let database = Database::made().await;
    let url = database.url();
    let (_, place) = url.split_once('@').expect("the address names a user");
    let (server, name) = place.split_once('/').expect("the address names a database");
    let line = Line::to(server.to_owned()).await;
    let away_s = wanted("LEDGER_OUTAGE_S", OUTAGE_S);
    let url = format!("postgres://postgres@127.0.0.1:{}/{name}", line.port);
    let stand = Stand::served(&[Offer::of("plain", "x/m", "1")], PREPAID, &url).await;
    stand.script("plain", r#"{"prompt_tokens":5,"output_tokens":10}"#);
    told(&stand, &["credits", "grant", "1000", "--json"]);
    // Warm is who has asked for long enough that its leases are made for what it spends.
    let warm_s = 4 + 4 * away_s.saturating_sub(OUTAGE_S);
    let mut seen = BTreeMap::new();
    steady(&stand.caller, (warm_s, false), &mut seen).await;
    let before = meter(&stand).await;
    line.is_held.send_replace(true);
    steady(&stand.caller, (away_s, true), &mut seen).await;
    let after = meter(&stand).await;
    line.is_held.send_replace(false);
    assert_eq!(after.0 - before.0, (away_s * RATE) as u64);
    assert_eq!(after.1, before.1, "a request waited for the database");
    assert_eq!(seen.len(), (warm_s + away_s) * RATE);
    let mut books = settled(&stand);
    for _ in 0..400 {
        if seen.len() <= books.len() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
        books = settled(&stand);
    }
    assert!(books == seen, "{} are settled of {} that were served", books.len(), seen.len());
    assert_eq!(balance(&stand), 1_000_000_000_000 - seen.values().sum::<i64>());
    holds(&stand);
}
