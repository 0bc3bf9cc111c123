//! The ledger in a world that is made up from a seed: three nodes, their disks, one database, and
//! everything that can go wrong between them. It is the product's own code that runs: the desk,
//! the journal, the recovery, and the books in memory.
//!
//! A failing seed replays by its number; the same seed makes the same trace.

#![expect(clippy::unwrap_used, unreachable_pub, reason = "a test that cannot go on has failed")]

mod acts;
mod check;
mod disk;
mod flips;
mod house;
mod network;
mod node;
mod rest;
mod shop;
mod world;

use ledger::mutant::Mutant;
use world::{Mode, World};

/// Seeds of every run of the tests, all modes together.
const SEEDS: u64 = 10_000;
/// Within so many seeds of the mode that shows it best, every broken rule must be noticed.
const MUTANT_SEEDS: u64 = 3_000;

#[expect(clippy::disallowed_methods, reason = "whoever wants more seeds says so here")]
fn seeds() -> u64 {
    std::env::var("LEDGER_SEEDS").ok().and_then(|text| text.parse().ok()).unwrap_or(SEEDS)
}

fn hold(mode: Mode, seeds: std::ops::Range<u64>) {
    let mut reached = world::Reached::default();
    for seed in seeds {
        match World::run(seed, mode, Mutant::None) {
            Ok(told) => reached.add(&told.reached),
            Err(fault) => panic!("{mode:?} seed {seed}: {fault}"),
        }
    }
    assert!(reached.is_wide(mode), "the seeds do not get about: {reached:?}");
}

#[test]
fn whatever_happens_to_a_durable_database_the_books_close() {
    hold(Mode::Sync, 0..seeds() / 2);
}

/// A process that forgot a day while a clock could still go back to it bore for it twice.
#[test]
fn a_day_that_a_clock_goes_back_to_is_not_borne_from_its_beginning() {
    World::run(5_742, Mode::Sync, Mutant::None).unwrap();
}

#[test]
fn whatever_a_failover_loses_the_books_close() {
    hold(Mode::Async, 0..seeds() / 4);
}

#[test]
fn whatever_an_operator_gives_up_costs_no_more_than_was_left() {
    hold(Mode::Revoke, 0..seeds() / 4);
}

#[test]
fn a_seed_replays() {
    for seed in 0..30 {
        for mode in [Mode::Sync, Mode::Async, Mode::Revoke] {
            let trace = || World::run(seed, mode, Mutant::None).unwrap().trace;
            assert_eq!(trace(), trace(), "{mode:?} seed {seed}");
        }
    }
}

/// Breaking any one rule of the protocol is noticed.
#[test]
fn every_broken_rule_is_noticed() {
    let (mut unnoticed, mut told) = (Vec::new(), Vec::new());
    for mutant in Mutant::ALL {
        let fails = |seed: u64| {
            // What only a failover shows needs no other kind of database.
            let modes = match mutant {
                Mutant::NoGrace
                | Mutant::NoReship
                | Mutant::SettledNotRecomputed
                | Mutant::CrossTimelineWatermark => vec![Mode::Async],
                _ => vec![Mode::Sync, Mode::Async],
            };
            modes.iter().find_map(|mode| World::run(seed, *mode, mutant).err())
        };
        let found = (0..MUTANT_SEEDS).find_map(|seed| fails(seed).map(|fault| (seed, fault)));
        match found {
            Some((seed, fault)) => told.push(format!("{mutant:?}: seed {seed}: {fault}")),
            None => unnoticed.push(mutant),
        }
    }
    assert!(unnoticed.is_empty(), "nobody noticed {unnoticed:?}\n{}", told.join("\n"));
}
