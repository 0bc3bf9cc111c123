//! How long counting tokens takes, and unpacking a vocabulary, which happens once in a process.

use std::hint::black_box;
use std::time::Instant;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use dialect::tokens::of_text;

const PROSE: &str = "The sky is blue at noon because short waves are scattered most, and red in the \
    evening because their way through the air is longer. ";

#[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
fn unpacking() {
    for tokenizer in ["GPT", "Llama3"] {
        let (start, before) = (Instant::now(), resident_kib());
        black_box(of_text("a", Some(tokenizer)));
        let (took, grown) = (start.elapsed(), resident_kib().saturating_sub(before));
        eprintln!("first count as {tokenizer}: {took:?}, {grown} KiB more resident");
    }
}

/// Returns the memory that this process has resident, in KiB; 0 where the system does not tell.
fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|it| it.split_whitespace().next()?.parse().ok()).unwrap_or_default()
}

fn counting(criterion: &mut Criterion) {
    unpacking();
    let mut group = criterion.benchmark_group("count tokens");
    for bytes in [256_usize, 16 << 10] {
        let text: String = PROSE.chars().cycle().take(bytes).collect();
        group.throughput(Throughput::Bytes(bytes as u64));
        group.bench_function(format!("{bytes} bytes"), |bencher| {
            bencher.iter(|| of_text(black_box(&text), None));
        });
    }
    group.finish();
}

criterion_group!(benches, counting);
criterion_main!(benches);
