//! What a public instance tells a stranger: the same figures on page, JSON, CSV and API, and
//! nothing that its rules keep back.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use domain::price::{Price, Rate};
use serde_json::{Value, json};
use traffic::event::Event;
use traffic::made::{MadeEndpoint, MadeModel, Maker};
use traffic::store::{Place, Store};

use crate::client::Client;
use crate::stand::{Offer, Stand};

const DAYS: i64 = 24;

fn offers() -> [Offer<'static>; 3] {
    [
        Offer::of("cheap", "x/sonnet-4.5", "100"),
        Offer::of("dear", "y/small-1", "300"),
        Offer::of("cheap", "y/small-1", "200"),
    ]
}

#[expect(clippy::disallowed_methods, reason = "the binary goes by the same clock")]
fn today() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970");
    i64::try_from(now.as_secs()).expect("a clock before the end") / 86_400
}

/// What accounts used until now: a hundred of them, and each app and task of the demo.
fn events() -> Vec<Event> {
    let today = today();
    let endpoint = |provider: &str, model: &str, dollars: &str| MadeEndpoint {
        id: format!("{provider}:{model}").into(),
        provider: provider.into(),
        region: None,
        price: Price {
            input: Rate::parse(dollars, 1_000_000),
            output: Rate::parse(dollars, 1_000_000),
            ..Price::default()
        },
    };
    let models = vec![
        MadeModel {
            id: "x/sonnet-4.5".into(),
            endpoints: vec![endpoint("cheap", "x/sonnet-4.5", "100")],
        },
        MadeModel {
            id: "y/small-1".into(),
            endpoints: vec![
                endpoint("dear", "y/small-1", "300"),
                endpoint("cheap", "y/small-1", "200"),
            ],
        },
    ];
    let maker = Maker::new(5, models, 100, today);
    let days = today - DAYS..today;
    let real = |event| Event { synthetic: false, ..event };
    days.flat_map(|day| maker.day(day, 700)).map(real).collect()
}

/// A public instance that has had traffic for weeks.
async fn stand() -> Stand {
    seeded("[public]\nenabled = true\n").await
}

/// An instance with these settings that has had traffic for weeks.
pub async fn seeded(settings: &str) -> Stand {
    let mut stand = Stand::set(&offers(), settings).await;
    stand.signal("-TERM");
    assert!(stand.ended().await.success());
    let store = Store::open(&Place::Folder(stand.folder.join("data/traffic"))).await;
    let store = store.expect("a store");
    store.seed(events()).await.expect("events are written");
    store.close().await;
    stand.restart();
    stand
}

/// Waits until there are figures, and returns what a stranger is told at a path.
async fn told(stranger: &Client, path: &str) -> Value {
    for _ in 0..600 {
        let answer = stranger.get(path).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let told = answer.json();
        if told["meta"]["scope"]["public"] == true {
            return told;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    panic!("there were never any figures");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_public_instance_tells_strangers_the_same_everywhere_and_nothing_of_less_than_a_day() {
    let stand = stand().await;
    let stranger = stand.caller.with_key("sk-or-v1-nobody");
    let board = told(&stranger, "/rankings/models").await;
    assert!(50 <= board["meta"]["scope"]["eligible_accounts"].as_u64().expect("a number"));
    assert_eq!(board["meta"]["scope"]["eligible_accounts_missing"], 0);
    let rows = board["data"].as_array().expect("rows");
    assert_eq!(rows.len(), 2, "{board:#}");
    for row in rows {
        assert_eq!((&row["raw_tokens"], &row["largest_share"]), (&Value::Null, &Value::Null));
        assert!(10 <= row["accounts"].as_u64().expect("a number"));
    }

    // The same on the page's twins, in CSV and in the dataset.
    let front = stand.front().with_key("");
    for name in [
        "models",
        "models?window=month&by=spend",
        "models?group=code",
        "authors",
        "providers?by=voice",
        "apps",
        "tasks",
        "rising",
        "stable",
        "value",
        "hours",
    ] {
        let (path, query) = name.split_once('?').unwrap_or((name, ""));
        let api = told(&stranger, &format!("/rankings/{name}")).await;
        let twin = front.get(&format!("/rankings/{path}.json?{query}")).await.json();
        assert_eq!((&twin["data"], &twin["meta"]), (&api["data"], &api["meta"]), "{name}");
        let sheet = format!("/rankings/{path}.csv?{query}");
        assert_eq!(front.get(&sheet).await.text, stranger.get(&sheet).await.text, "{name}");
    }
    for path in ["/rankings?by=raw-tokens", "/rankings/models.json?app=https://x.example.com"] {
        assert_eq!(front.get(path).await.status, 400, "{path}");
    }
    let csv = stranger.get("/rankings/models.csv").await.text;
    let names: Vec<&str> = csv.lines().next().expect("a head").split(',').collect();
    let tokens = names.iter().position(|name| *name == "tokens").expect("a column");
    for (line, row) in csv.lines().skip(1).zip(rows) {
        let value: f64 = line.split(',').nth(tokens).expect("a cell").parse().expect("a number");
        assert_eq!(Some(value), row["tokens"].as_f64());
    }
    let meta = &board["meta"];
    let days = format!(
        "/datasets/rankings-daily?start_date={}&end_date={}",
        meta["window_first_day"].as_str().expect("a day"),
        meta["window_last_day"].as_str().expect("a day")
    );
    let mut sums: BTreeMap<String, u64> = BTreeMap::new();
    for row in told(&stranger, &days).await["data"].as_array().expect("rows") {
        let tokens: u64 = row["total_tokens"].as_str().expect("a number").parse().expect("one");
        *sums.entry(row["model_permaslug"].as_str().expect("a name").to_owned()).or_default() +=
            tokens;
    }
    for row in rows {
        let sum = sums[row["name"].as_str().expect("a name")];
        assert_eq!(row["tokens"].as_f64(), Some(sum as f64), "{row}");
    }

    for path in ["/rankings/models?by=raw-tokens", "/rankings/models?app=https://x.example.com"] {
        assert_eq!(stranger.get(path).await.status, 400, "{path}");
    }
    assert_eq!(told(&stranger, "/rankings/apps").await["data"], json!([]), "none is verified");
    nothing_is_told_of_less_than_a_day(&stand, &stranger).await;
}

async fn nothing_is_told_of_less_than_a_day(stand: &Stand, stranger: &Client) {
    let ask = json!({ "model": "x/sonnet-4.5", "messages": [{ "role": "user", "content": "Hi" }] });
    assert_eq!(stand.caller.chat(&ask).await.status, 200);
    let shown = stranger.get("/models/x/sonnet-4.5/endpoints").await.json();
    let endpoint = &shown["data"]["endpoints"][0];
    for name in ["uptime_last_5m", "uptime_last_30m", "latency_last_30m", "throughput_last_30m"] {
        assert_eq!(endpoint[name], Value::Null, "{name}: {endpoint:#}");
    }
    let traffic = &endpoint["traffic"];
    assert_eq!((&traffic["last_5m"], &traffic["last_30m"]), (&Value::Null, &Value::Null));
    let tries = traffic["last_90d"]["tries"].as_u64().expect("what traffic told");
    assert!([100, 1_000, 10_000].contains(&tries), "{traffic:#}");
}
