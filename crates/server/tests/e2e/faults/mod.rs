//! The table of faults, each as a real provider would commit it: at a socket. Every row is met by
//! whole and streamed requests, with a provider that is well and with none, twenty times each.

mod judge;
mod rows;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use http::Method;
use http_body_util::BodyExt;
use serde_json::json;
use simulator::{
    BlackHole, Certificate, Mute, Refusing, Simulator, SimulatorOptions, TlsPort, black_hole, mute,
    refusing,
};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use self::judge::{Case, Seen, TEXT, judge};
use self::rows::{Held, Place, Row, Shows, rows};
use crate::client::Client;
use crate::stand::Stand;

/// Requests of every row, form and company.
const RUNS: usize = 20;
/// How rows are held.
#[derive(Clone, Copy)]
enum Pace {
    /// Providers dawdle: patience ends soon, and many requests wait at a time.
    Waiting,
    /// Providers answer: patience outlives a busy machine.
    Working,
}

impl Pace {
    const fn at_a_time(self) -> usize {
        match self {
            Pace::Waiting => 64,
            Pace::Working => 8,
        }
    }

    const fn timeouts(self) -> &'static str {
        match self {
            Pace::Waiting => {
                "[timeouts]\nconnect_ms = 1000\nfirst_byte_ms = 3000\nidle_ms = 2500\n\
                 total_ms = 9000\ntotal_stream_ms = 9000\nkeep_alive_ms = 1000\n"
            }
            Pace::Working => "[timeouts]\nfirst_byte_ms = 20000\nidle_ms = 20000\n",
        }
    }
}

/// The form of a request, and whether another provider is well: each has models of its own, so that
/// every request meets an endpoint that nobody has met before.
const CELLS: [(bool, bool); 4] = [(false, true), (false, false), (true, true), (true, false)];

fn model(cell: usize, run: usize) -> String {
    format!("f/{cell}-{run}")
}

/// Addresses where providers are met, for as long as this is kept.
struct Addresses {
    refusing: Refusing,
    black_hole: BlackHole,
    mute: Mute,
    tls: Vec<TlsPort>,
}

impl Addresses {
    fn base(&mut self, simulator: &Simulator, place: &Place, provider: &str) -> String {
        let opened = match place {
            Place::Fault(_) => return simulator.base_url(provider),
            Place::Refusing => return self.refusing.base_url(provider),
            Place::BlackHole => return self.black_hole.base_url(provider),
            Place::Nowhere => return "http://nowhere.invalid/v1".to_owned(),
            Place::Mute => return self.mute.base_url(provider).replace("http:", "https:"),
            Place::Plain => return simulator.base_url(provider).replace("http:", "https:"),
            Place::Wrong(certificate) => simulator.tls_port(*certificate),
            Place::H2(fault) => simulator.h2_port(*fault),
        };
        let port = opened.expect("a port");
        let base = port.base_url(provider);
        self.tls.push(port);
        base
    }
}

/// A provider that does what a way of a row says.
struct Culprit {
    name: String,
    row: usize,
    way: usize,
}

fn culprits(rows: &[Row]) -> Vec<Culprit> {
    let ways =
        rows.iter().enumerate().flat_map(|(row, it)| (0..it.ways.len()).map(move |way| (row, way)));
    ways.map(|(row, way)| Culprit {
        name: format!("{}-{way}", rows[row].id.to_lowercase()),
        row,
        way,
    })
    .collect()
}

fn provider(text: &mut String, name: &str, base: &str) {
    let _ = write!(
        text,
        "[provider.{name}]\nname = \"{name}\"\ndialect = \"openai-chat\"\nbase_url = \"{base}\"\n\
         auth = \"none\"\n"
    );
}

fn endpoint(text: &mut String, provider: &str, model: &str, dollars: u32) {
    let _ = write!(
        text,
        "[[endpoint]]\nprovider = \"{provider}\"\nmodel = \"{model}\"\nid = \"{model}\"\n\
         price = {{ input = \"{dollars}\", output = \"{dollars}\" }}\n"
    );
}

/// Runs of a way: they take turns with the other ways of the row.
fn runs(row: &Row, way: usize) -> impl Iterator<Item = usize> + use<> {
    let ways = row.ways.len();
    (0..RUNS).filter(move |run| run % ways == way)
}

async fn stand(rows: &[Row], culprits: &[Culprit], pace: Pace) -> (Stand, Addresses) {
    let simulator =
        Simulator::start(SimulatorOptions { threads: 2, ..SimulatorOptions::default() });
    let simulator = simulator.expect("a simulator");
    let mut addresses = Addresses {
        refusing: refusing().unwrap(),
        black_hole: black_hole().unwrap(),
        mute: mute().unwrap(),
        tls: vec![simulator.tls_port(Certificate::Valid).unwrap()],
    };
    let mut text = String::new();
    for model in (0..CELLS.len()).flat_map(|cell| (0..RUNS).map(move |run| model(cell, run))) {
        let _ = write!(
            text,
            "[[model]]\nid = \"{model}\"\nname = \"{model}\"\ncontext = 100000\nmax_output = 4000\n\
             input_modalities = [\"text\"]\noutput_modalities = [\"text\"]\n"
        );
    }
    // One that is well, over TLS: a certificate that is right is trusted.
    provider(&mut text, "well", &addresses.tls[0].base_url("well"));
    for culprit in culprits {
        let place = &rows[culprit.row].ways[culprit.way];
        provider(&mut text, &culprit.name, &addresses.base(&simulator, place, &culprit.name));
        for cell in 0..CELLS.len() {
            for run in runs(&rows[culprit.row], culprit.way) {
                endpoint(&mut text, &culprit.name, &model(cell, run), 1);
            }
        }
    }
    for (cell, (_, has_other)) in CELLS.into_iter().enumerate() {
        for run in (0..RUNS).filter(|_| has_other) {
            endpoint(&mut text, "well", &model(cell, run), 2);
        }
    }
    let said = json!({ "text": TEXT });
    for Culprit { name, row, way } in culprits {
        let mut script = said.clone();
        if let Place::Fault(fault) = &rows[*row].ways[*way] {
            script["fault"] = serde_json::from_str(fault).expect("a fault");
        }
        simulator
            .script(name, simulator::Script::from_json(script.to_string().as_bytes()).unwrap());
    }
    simulator.script("well", simulator::Script::from_json(said.to_string().as_bytes()).unwrap());
    let pem = std::env::temp_dir().join(format!("interline-faults-{}.pem", std::process::id()));
    let roots: String = addresses.tls.iter().map(TlsPort::root_pem).collect();
    std::fs::write(&pem, roots).unwrap();
    let timeouts = pace.timeouts();
    let config = format!(
        "{timeouts}[log]\nfilter = \"warn\"\n[network]\nauthorities = [\"{}\"]\n",
        pem.display()
    );
    let stand = Stand::of(simulator, &text, &config, Vec::new()).await;
    std::fs::remove_file(&pem).unwrap();
    (stand, addresses)
}

async fn ask(caller: &Client, case: Case<'_>, model: &str) -> Seen {
    let order = if case.has_other { vec![case.provider, "well"] } else { vec![case.provider] };
    let body = json!({
        "model": model, "stream": case.streams, "max_tokens": 32,
        "provider": { "only": order.clone(), "order": order },
        "messages": [{ "role": "user", "content": "Sing." }],
    });
    let response = caller.open(Method::POST, "/chat/completions", body.to_string()).await;
    let (head, mut body) = response.into_parts();
    let (mut read, mut is_whole) = (Vec::new(), true);
    let reading = async {
        while let Some(frame) = body.frame().await {
            match frame {
                Ok(frame) => read.extend_from_slice(frame.data_ref().map_or(&[], |it| it)),
                Err(_) => is_whole = false,
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(30), reading).await.expect("an end");
    let retry_after = head.headers.get("retry-after").and_then(|it| it.to_str().ok());
    Seen {
        status: head.status.as_u16(),
        retry_after: retry_after.map(str::to_owned),
        text: String::from_utf8_lossy(&read).into_owned(),
        is_whole,
    }
}

/// What did not go as promised, by row: how often, and an example.
type Faults = BTreeMap<String, (usize, String)>;

async fn hold(group: &str, pace: Pace) {
    let rows = rows().remove(group).expect("a group");
    let culprits = culprits(&rows);
    let (stand, addresses) = stand(&rows, &culprits, pace).await;
    let (rows, culprits) = (Arc::new(rows), Arc::new(culprits));
    let room = Arc::new(Semaphore::new(pace.at_a_time()));
    let mut asked = JoinSet::new();
    for (number, culprit) in culprits.iter().enumerate() {
        for (cell, (streams, has_other)) in CELLS.into_iter().enumerate() {
            for run in runs(&rows[culprit.row], culprit.way) {
                let caller = stand.caller.at(stand.caller.base().to_owned());
                let (rows, culprits, room) = (rows.clone(), culprits.clone(), room.clone());
                asked.spawn(async move {
                    let _room = room.acquire().await.unwrap();
                    let culprit = &culprits[number];
                    let row = &rows[culprit.row];
                    let shows = row.shows(streams);
                    let case =
                        Case { provider: &culprit.name, shows, held: row.held, streams, has_other };
                    let seen = ask(&caller, case, &model(cell, run)).await;
                    let judged = judge(case, &seen);
                    let start = seen.text.len().saturating_sub(900);
                    let start = (start..).find(|at| seen.text.is_char_boundary(*at));
                    let text = &seen.text[start.unwrap_or(0)..];
                    let name = format!("{} streams={streams} other={has_other}", culprit.name);
                    judged.map_err(|why| (name, format!("{why}: {} {text}", seen.status)))
                });
            }
        }
    }
    let (mut faults, mut cost, mut cases) = (Faults::new(), 0, 0);
    while let Some(judged) = asked.join_next().await {
        cases += 1;
        match judged.unwrap() {
            Ok(told) => cost += told,
            Err((name, why)) => faults.entry(name).or_insert((0, why)).0 += 1,
        }
    }
    assert_eq!(cases, rows.len() * CELLS.len() * RUNS);
    let told: String = faults
        .iter()
        .map(|(name, (times, why))| format!("{name}: {times} times: {why}\n"))
        .collect();
    assert!(faults.is_empty(), "{} of {cases} cases:\n{told}", faults.len());
    held(&stand, &rows, &culprits).await;
    for culprit in culprits.iter() {
        let is_met = matches!(rows[culprit.row].ways[culprit.way], Place::Fault(_));
        let met = stand.simulator.counters(&culprit.name).faulted;
        assert!(!is_met || 0 < met, "{} did nothing", culprit.name);
    }
    charged(&stand, cost).await;
    drop(addresses);
}

/// What the endpoints are blamed for is what they did.
async fn held(stand: &Stand, rows: &[Row], culprits: &[Culprit]) {
    for culprit in culprits {
        let row = &rows[culprit.row];
        let held = &row.held;
        let shown =
            stand.operator.get(&format!("/routing/endpoints?provider={}", culprit.name)).await;
        for endpoint in shown.json()["data"].as_array().expect("endpoints") {
            let model = endpoint["model"].as_str().unwrap();
            let cell: usize = model[2..3].parse().unwrap();
            let (streams, has_other) = CELLS[cell];
            let shows = row.shows(streams);
            // Alone, an endpoint may be asked twice.
            if !has_other {
                continue;
            }
            let count = |name: &str| endpoint[name].as_u64().unwrap_or_default();
            let is_hard = shows != Shows::Served && *held == Held::Endpoint;
            let case = format!("{} of {model}: {endpoint}", culprit.name);
            assert_eq!(count("failures_in_a_row"), u64::from(is_hard), "{case}");
            assert_eq!(count("limited"), u64::from(*held == Held::Limit), "{case}");
            let lowers = matches!(held, Held::Endpoint | Held::Model | Held::Credential);
            assert_eq!(count("failed"), u64::from(lowers && shows != Shows::Served), "{case}");
        }
    }
}

/// What the key was charged is what its caller was told.
async fn charged(stand: &Stand, cost: i64) {
    let mut usage = 0;
    for _ in 0..100 {
        let key = stand.caller.get("/key").await.json();
        usage = (key["data"]["usage"].as_f64().unwrap() * 1e9).round() as i64;
        if usage == cost {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("charged {usage}, told {cost}");
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_fail_keep_the_promise() {
    hold("connections", Pace::Waiting).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_keep_the_promise() {
    hold("refusals", Pace::Working).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_that_stop_keep_the_promise() {
    hold("stops", Pace::Waiting).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_without_sense_keep_the_promise() {
    hold("nonsense", Pace::Working).await;
}

fn in_words(shows: Shows, has_other: bool, held: Held) -> String {
    match shows {
        Shows::Served => "its answer".to_owned(),
        Shows::Refusal(_) if has_other && held != Held::Caller => "the other's answer".to_owned(),
        Shows::Refusal(status) => status.to_string(),
        Shows::Break(status) => format!("an error event, {status}"),
        Shows::Cut => "an end for its `length`".to_owned(),
    }
}

fn line(row: &Row) -> String {
    let cell = |has_other: bool| {
        let [whole, stream] = [row.whole, row.stream].map(|it| in_words(it, has_other, row.held));
        if whole == stream { whole } else { format!("{whole}; of a stream {stream}") }
    };
    let held = match row.held {
        Held::Endpoint => "the endpoint",
        Held::Model => "the endpoint, for five minutes",
        Held::Credential => "the credential",
        Held::Limit => "the credential, as long as it asks",
        Held::Caller => "nobody: the caller's",
        Held::Nobody => "nobody",
    };
    format!("| {} | {} | {} | {} | {held} |", row.id, row.does, cell(true), cell(false))
}

/// The table that people read is the one that is held.
#[test]
fn the_documented_table_is_the_one_that_is_held() {
    let documented = include_str!("../../../../../docs/failures.md");
    let rows = rows();
    let lines: Vec<String> = rows.values().flatten().map(line).collect();
    let missing: Vec<&String> = lines.iter().filter(|it| !documented.contains(*it)).collect();
    assert!(missing.is_empty(), "docs/failures.md lacks:\n{}", lines.join("\n"));
}
