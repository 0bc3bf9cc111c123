//! How long pages take, from the first byte of a request to the last of its answer, beside a text
//! that is next to nothing: over one kept connection, in turn, from a demo with ninety days of
//! traffic and the whole catalog.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::thread::sleep;
use std::time::Duration;

use super::connection::Connection;
use super::process::{Launch, Process, Scratch, free_address};
use crate::clock;

/// What everything is held against: a constant text.
const NOTHING: &str = "/robots.txt";
const PAGES: [&str; 12] = [
    "/",
    "/models",
    "/models?available=all",
    "/models/deepseek/deepseek-v3.2",
    "/compare?m=deepseek/deepseek-v3.2,openai/gpt-4o-mini",
    "/providers",
    "/rankings",
    "/rankings/models",
    "/rankings/rising",
    "/apps",
    "/status",
    "/playground",
];
/// What answers once the demo's traffic is there and figures are made of it.
const FIGURES: &str = "/rankings/models.csv";
const FIGURES_LIMIT: Duration = Duration::from_secs(120);

/// How often each page is asked for, in each form.
const TURNS: usize = 300;
const TURNS_SMOKE: usize = 10;

/// Measures, and prints what came of it. `binary` is a built `interline`.
///
/// # Errors
///
/// A sentence, when it does not start, makes no figures, or a page is not there.
pub(super) fn measure(binary: PathBuf, is_smoke: bool) -> Result<(), String> {
    let scratch = Scratch::new()?;
    let address = free_address()?;
    let data = scratch.join("data").to_string_lossy().into_owned();
    let listen = address.to_string();
    let args = ["serve", "--demo", "--listen", &listen, "--data", &data];
    let mut process = Process::start(Launch {
        name: "interline",
        program: &binary,
        args: args.map(str::to_owned).to_vec(),
        env: Vec::new(),
        log: scratch.join("interline.log"),
        cores: None,
    })?;
    process.wait_until_ready(address, NOTHING)?;
    wait_for_figures(address).map_err(|error| process.told(&error))?;
    let turns = if is_smoke { TURNS_SMOKE } else { TURNS };
    println!("median of {turns}, less what {NOTHING} takes; the last is packed for the wire");
    let base = [time(address, NOTHING, false, turns)?.0, time(address, NOTHING, true, turns)?.0];
    println!("{:>9.3} ms  {NOTHING}", ms(base[0]));
    for path in PAGES {
        let (plain, bytes) = time(address, path, false, turns)?;
        let (packed, packed_bytes) = time(address, path, true, turns)?;
        let own = [(plain, base[0]), (packed, base[1])].map(|(it, base)| it.saturating_sub(base));
        println!(
            "{:>9.3} ms {:>7} bytes {:>9.3} ms {:>6} bytes  {path}",
            ms(own[0]),
            bytes,
            ms(own[1]),
            packed_bytes
        );
    }
    Ok(())
}

/// Waits until a ranking has a row beside its head.
fn wait_for_figures(address: SocketAddr) -> Result<(), String> {
    let started = clock::now();
    while started.elapsed() < FIGURES_LIMIT {
        let answer = Connection::open(address)?.ask(&get(FIGURES, false))?;
        if answer.status == 200 && 1 < answer.body.split(|byte| *byte == b'\n').skip(1).count() {
            return Ok(());
        }
        sleep(Duration::from_millis(250));
    }
    Err(format!("{FIGURES} has no rows"))
}

/// Returns the median time of a page, and its bytes.
fn time(
    address: SocketAddr,
    path: &str,
    is_packed: bool,
    turns: usize,
) -> Result<(Duration, usize), String> {
    let mut connection = Connection::open(address)?;
    let asked = get(path, is_packed);
    let (mut times, mut bytes) = (Vec::with_capacity(turns), 0);
    for _ in 0..turns {
        let start = clock::now();
        let answer = connection.ask(&asked)?;
        times.push(start.elapsed());
        if answer.status != 200 {
            return Err(format!("{path} answers {}", answer.status));
        }
        bytes = answer.body.len();
    }
    times.sort_unstable();
    Ok((times[times.len() / 2], bytes))
}

fn get(path: &str, is_packed: bool) -> Vec<u8> {
    let accepts = if is_packed { "gzip" } else { "identity" };
    format!(
        "GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept: text/html,*/*\r\nAccept-Encoding: \
         {accepts}\r\n\r\n"
    )
    .into_bytes()
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}
