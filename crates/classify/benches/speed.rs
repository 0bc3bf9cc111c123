//! What telling a request's task costs, beside telling its language.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};

fn speed(bench: &mut Criterion) {
    let (_, texts) = classify::train::texts();
    let long = texts.iter().map(|one| one.text.as_str()).collect::<Vec<_>>().join("\n");
    let mut group = bench.benchmark_group("a request of 20 kB");
    group.bench_function("its task", |run| run.iter(|| classify::classify(black_box(&long))));
    group.bench_function("its language", |run| run.iter(|| classify::language(black_box(&long))));
    group.finish();
    let short = "Write a Python function that merges two sorted lists.";
    bench.bench_function("the task of one line", |run| {
        run.iter(|| classify::classify(black_box(short)));
    });
}

criterion_group!(benches, speed);
criterion_main!(benches);
