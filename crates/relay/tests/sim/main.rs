//! The relay in a world that is made up from a seed: time stands still until nothing else can
//! happen, providers answer, refuse, break, dawdle or talk nonsense, and callers leave when they
//! like.
//!
//! After every request the books must close and the caller must have seen exactly one end. A
//! failing seed replays by its number.

#![expect(clippy::unwrap_used, unreachable_pub, reason = "a test that cannot go on has failed")]

mod books;
mod mutant;
mod oracle;
mod outage;
mod resume;
mod town;
mod upstream;
mod world;

use std::collections::BTreeSet;

use mutant::{MUTANTS, plant};
use oracle::{Seen, check};
use upstream::Fate;
use world::{Scene, Stage};

/// Seeds of every run of the tests.
const SEEDS: u64 = 10_000;

/// Whatever providers do and whenever callers leave, the books close.
#[tokio::test(start_paused = true)]
async fn whatever_happens_the_books_close() {
    let mut situations = BTreeSet::new();
    for seed in 0..SEEDS {
        let scene = Scene::of(seed);
        let stage = Stage::build(&scene);
        let seen = stage.perform(&scene).await;
        if let Err(fault) = check(&scene, &stage, &seen).await {
            panic!("seed {seed}: {fault}\n{scene:?}\n{seen:?}");
        }
        situations.insert(situation(&scene, &seen));
    }
    // Fates of three endpoints, streamed or not, caller staying or leaving: the seeds must get
    // about.
    assert!(4_000 < situations.len(), "only {} situations were reached", situations.len());
}

fn situation(scene: &Scene, seen: &Seen) -> String {
    let fates: Vec<&str> = scene.fates.iter().map(Fate::word).collect();
    format!("{fates:?} {} {} {}", scene.streams, scene.patience_ms.is_some(), seen.word())
}

/// The same seed makes the same world, act by act.
#[tokio::test(start_paused = true)]
async fn a_seed_replays() {
    for seed in 0..50 {
        let scene = Scene::of(seed);
        let first = Stage::build(&scene).perform(&scene).await;
        let second = Stage::build(&scene).perform(&scene).await;
        assert_eq!(first, second, "seed {seed}");
    }
}

/// What the rules are worth: a fault that is planted is seen, wherever it is.
#[tokio::test(start_paused = true)]
async fn every_planted_fault_is_seen() {
    for mutant in MUTANTS {
        let (mut planted, mut caught) = (0, 0);
        for seed in 0..600 {
            let scene = Scene::of(seed);
            let stage = Stage::build(&scene);
            let mut seen = stage.perform(&scene).await;
            if plant(mutant, &stage, &mut seen) {
                planted += 1;
                caught += u32::from(check(&scene, &stage, &seen).await.is_err());
            }
        }
        assert!(10 < planted, "{mutant:?} found a place {planted} times");
        // A leak is none where a provider that blames the caller may be quoted, and a single try
        // has no other order.
        assert!(planted <= 2 * caught, "{mutant:?} was seen {caught} of {planted} times");
    }
}
