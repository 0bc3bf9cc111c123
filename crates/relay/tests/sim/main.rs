//! The relay in a world that is made up from a seed: time stands still until nothing else can
//! happen, providers answer, refuse, break, dawdle or talk nonsense, and callers leave when they
//! like.
//!
//! After every request the books must close and the caller must have seen exactly one end. A
//! failing seed replays by its number.

#![expect(clippy::unwrap_used, unreachable_pub, reason = "a test that cannot go on has failed")]
#![expect(clippy::print_stdout, reason = "what was reached is told")]

mod books;
mod credentials;
mod documents;
mod elsewhere;
mod hedge;
mod oracle;
mod outage;
mod resume;
mod tally;
mod town;
mod upstream;
mod world;

use std::collections::BTreeSet;

use domain::generation::Generation;
use oracle::{Seen, check};
use relay::mutant::Mutant;
use upstream::Fate;
use world::{Scene, Stage};

/// Seeds of every run of the tests.
const SEEDS: u64 = 10_000;
/// Seeds within which a broken rule has to be noticed.
const MUTANT_SEEDS: u64 = 200;

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
    println!("{SEEDS} seeds, {} distinct situations", situations.len());
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

/// What the rules are worth: one that is broken on the way of a request is noticed, in a
/// quarter at least of the worlds in which anything comes of it.
#[tokio::test(start_paused = true)]
async fn every_broken_rule_is_noticed() {
    for mutant in Mutant::ALL {
        let (mut altered, mut noticed) = (0, Vec::new());
        for seed in 0..MUTANT_SEEDS {
            let scene = Scene::of(seed);
            let intact = witnessed(&Stage::build(&scene), &scene).await;
            let stage = Stage::broken(&scene, mutant);
            let broken = witnessed(&stage, &scene).await;
            altered += usize::from(broken != intact);
            if let Err(fault) = check(&scene, &stage, &broken.0).await {
                noticed.push((seed, fault));
            }
        }
        let (seed, fault) = noticed.first().unwrap_or_else(|| panic!("{mutant:?} goes unnoticed"));
        println!("{mutant:?}: {} of {altered}, seed {seed}: {fault}", noticed.len());
        // A leak is none where a provider that blames the caller may be quoted.
        assert!(altered <= 4 * noticed.len(), "{mutant:?}: {} of {altered}", noticed.len());
    }
}

/// What a caller saw, what was settled, and who was asked.
type Witnessed = (Seen, Vec<Generation>, Vec<u32>);

async fn witnessed(stage: &Stage, scene: &Scene) -> Witnessed {
    let seen = stage.perform(scene).await;
    let settled = stage.archived.0.lock().unwrap().clone();
    (seen, settled, stage.upstream.asked())
}
