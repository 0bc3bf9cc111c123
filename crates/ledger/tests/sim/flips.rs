//! Bits that flip on the platter.

use domain::books::Amounts;
use domain::id::InstanceId;
use domain::money::Money;
use ledger::desk::{Desk, Setting};
use ledger::journal::replay;
use ledger::mutant::Mutant;

use crate::disk::Folder;
use crate::node::{ask, day, ended, progress};
use crate::world::Dice;

/// Writes a journal of some generations, each step durable, and returns where its bytes end.
fn written(folder: &Folder) -> usize {
    let mut hand = folder.hand();
    let mut desk = Desk::new(InstanceId::new("a"), Setting::default());
    let mut flush = |desk: &mut Desk| {
        let mark = desk.take_flush().write(&mut hand, Mutant::None).unwrap();
        desk.synced(mark);
    };
    for number in 0..8 {
        let mut ask = ask(number, 0, 0, day(0), (10, 10));
        ask.purses.clear();
        desk.hold(&ask).unwrap();
        flush(&mut desk);
        desk.progress(progress(&ask.draft.id, 5));
        desk.finish(ended(ask.draft, Money::ZERO, Amounts::default())).unwrap();
        flush(&mut desk);
    }
    let sealed = folder.read()[&0].iter().rposition(|byte| *byte != 0).unwrap() + 1;
    desk.seal();
    flush(&mut desk);
    sealed
}

/// A flipped bit in what was synced refuses to be read; it is never taken for the journal's end.
#[test]
fn a_flipped_bit_in_a_sealed_journal_is_refused() {
    let folder = Folder::default();
    let sealed = written(&folder);
    let whole = replay(&folder.read()).unwrap();
    let mut dice = Dice(7);
    let mut refused = 0;
    for _ in 0..100 {
        let bit = dice.roll(sealed as u64 * 8) as usize;
        folder.flip(0, bit);
        match replay(&folder.read()) {
            Err(damage) => {
                assert!(damage.to_string().contains("segment 0"), "{damage}");
                refused += 1;
            }
            // Bytes that only fill a frame up say nothing.
            Ok(read) => assert_eq!(read.records(), whole.records(), "bit {bit}"),
        }
        folder.flip(0, bit);
    }
    assert!(95 <= refused, "{refused}");
}

/// What a power cut tears is the end of the journal, wherever it tears it.
#[test]
fn a_torn_end_is_no_damage() {
    for seed in 0..200 {
        let mut dice = Dice(seed);
        let folder = Folder::default();
        written(&folder);
        let before = replay(&folder.read()).unwrap().records().len();
        let mut hand = folder.hand();
        let mut desk = Desk::recover(
            InstanceId::new("a"),
            replay(&folder.read()).unwrap(),
            Setting::default(),
        );
        for number in 20..26 {
            let mut ask = ask(number, 0, 0, day(0), (10, 10));
            ask.purses.clear();
            ask.draft.detail.session_id = Some("s".repeat(300));
            let _ = desk.hold(&ask);
        }
        hand.stops_at = Some(0);
        desk.take_flush().write(&mut hand, Mutant::None).unwrap_err();
        folder.cut(&mut dice);
        let read = replay(&folder.read()).unwrap_or_else(|damage| panic!("seed {seed}: {damage}"));
        assert!(before <= read.records().len());
    }
}
