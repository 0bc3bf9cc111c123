//! How fast the simulator answers: requests per second of its own processor time.
//!
//! Run it in release. Caller and simulator share the machine, so the wall clock says less than the
//! time that the simulator's thread has spent, which is read from `/proc`.
use simulator::{Script, Simulator, SimulatorOptions};
use std::io::{self, Write};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// One way of asking.
struct Load {
    name: &'static str,
    connections: usize,
    /// Requests written at once on each connection.
    pipelined: usize,
    stream: bool,
}

const SECONDS: u64 = 4;

const LOADS: [Load; 4] = [
    Load { name: "whole, 1 KiB", connections: 64, pipelined: 1, stream: false },
    Load { name: "whole, 1 KiB, 16 at once", connections: 16, pipelined: 16, stream: false },
    Load { name: "stream, 100 chunks", connections: 64, pipelined: 1, stream: true },
    Load { name: "whole, 1 KiB, 1 connection", connections: 1, pipelined: 1, stream: false },
];

fn main() -> io::Result<()> {
    let simulator =
        Simulator::start(SimulatorOptions { record: false, ..SimulatorOptions::default() })?;
    simulator.script("whole", Script { body_bytes: Some(1_024), ..Script::default() });
    simulator.script("stream", Script { output_tokens: 100, ..Script::default() });
    let caller = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    for load in &LOADS {
        let before_ms = simulator_cpu_ms()?;
        let (requests, wall) = caller.block_on(run(&simulator, load))?;
        let cpu_ms = (simulator_cpu_ms()? - before_ms).max(1);
        writeln!(
            io::stdout(),
            "{:<28} {:>8.0} requests/s, {:>8.0} per second of the simulator's thread",
            load.name,
            requests as f64 / wall.as_secs_f64(),
            requests as f64 * 1_000.0 / cpu_ms as f64,
        )?;
    }
    Ok(())
}

/// Asks for some seconds; answers how often, and in what time.
#[expect(clippy::disallowed_methods, reason = "measuring is what this is for")]
async fn run(simulator: &Simulator, load: &Load) -> io::Result<(u64, Duration)> {
    let started = Instant::now();
    let deadline = tokio::time::Instant::now() + Duration::from_secs(SECONDS);
    let mut callers = Vec::new();
    for _ in 0..load.connections {
        let stream = TcpStream::connect(simulator.addr()).await?;
        stream.set_nodelay(true)?;
        callers.push(tokio::spawn(call(stream, request(load), load.pipelined, deadline)));
    }
    let mut requests = 0;
    for caller in callers {
        requests += caller.await.map_err(io::Error::other)??;
    }
    Ok((requests, started.elapsed()))
}

fn request(load: &Load) -> Vec<u8> {
    let provider = if load.stream { "stream" } else { "whole" };
    let body = format!(
        r#"{{"model":"m","stream":{},"messages":[{{"role":"user","content":"Say something."}}]}}"#,
        load.stream
    );
    let request = format!(
        "POST /{provider}/v1/chat/completions HTTP/1.1\r\nhost: sim\r\n\
         content-type: application/json\r\nauthorization: Bearer sk-none\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    request.into_bytes()
}

/// One caller. All answers have the length of the first, for ids are of one width.
async fn call(
    mut stream: TcpStream,
    request: Vec<u8>,
    pipelined: usize,
    deadline: tokio::time::Instant,
) -> io::Result<u64> {
    let mut buffer = vec![0; 256 << 10];
    stream.write_all(&request).await?;
    let answer_bytes = first_answer_bytes(&mut stream, &mut buffer).await?;
    let requests = request.repeat(pipelined);
    let mut count = 1;
    while tokio::time::Instant::now() < deadline {
        stream.write_all(&requests).await?;
        let mut left = answer_bytes * pipelined;
        while 0 < left {
            let got = stream.read(&mut buffer).await?;
            if got == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            left = left.checked_sub(got).ok_or_else(|| io::Error::other("answers differ"))?;
        }
        count += pipelined as u64;
    }
    Ok(count)
}

async fn first_answer_bytes(stream: &mut TcpStream, buffer: &mut [u8]) -> io::Result<usize> {
    let mut got = 0;
    loop {
        got += stream.read(&mut buffer[got..]).await?;
        let answer = &buffer[..got];
        if answer.ends_with(b"\r\n0\r\n\r\n") || answer.ends_with(b"}") {
            return Ok(got);
        }
    }
}

/// Processor time of the simulator's threads, in milliseconds: ticks of ten, as Linux counts them.
fn simulator_cpu_ms() -> io::Result<u64> {
    let mut ticks = 0;
    for task in std::fs::read_dir("/proc/self/task")? {
        let stat = std::fs::read_to_string(task?.path().join("stat"))?;
        let Some((name, numbers)) = stat.split_once(") ") else {
            continue;
        };
        if name.ends_with("(simulator") {
            let spent = numbers.split(' ').skip(11).take(2);
            ticks += spent.filter_map(|ticks| ticks.parse::<u64>().ok()).sum::<u64>();
        }
    }
    Ok(ticks * 10)
}
