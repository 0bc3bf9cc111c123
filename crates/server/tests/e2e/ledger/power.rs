//! Power that is cut, and disks that fail, under the journal of the real binary.
//!
//! A small library stands between the binary and the disk. It keeps apart what was synced, so that
//! a test can take away the rest sector by sector, and it lets syncs fail.

use std::collections::BTreeMap;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::kills::{close_the_books, end_under_traffic, supplied};
use super::{PREPAID, ask, id_of, price, told, wanted};
use crate::stand::{Offer, Stand};

/// How often the power is cut, and how often the disk fails.
const CUTS: usize = 4;
const FAULTS: usize = 3;
const SECTOR: usize = 512;

/// The library, and the file that makes it fail. Both are gone on drop.
struct Platter {
    folder: PathBuf,
}

impl Platter {
    fn built(name: &str) -> Platter {
        let folder = format!("interline-platter-{name}-{}", std::process::id());
        let folder = std::env::temp_dir().join(folder);
        std::fs::create_dir_all(&folder).unwrap();
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/e2e/ledger/platter.c");
        // Whoever links a binary of Rust has this compiler.
        let mut cc = Command::new("cc");
        cc.args(["-shared", "-fPIC", "-O1", "-o"]).arg(folder.join("platter.so"));
        let built = cc.arg(source).args(["-ldl", "-lpthread"]).status().expect("cc runs");
        assert!(built.success());
        Platter { folder }
    }

    fn variables(&self) -> Vec<(&'static str, String)> {
        let text = |path: PathBuf| path.to_string_lossy().into_owned();
        vec![
            ("LD_PRELOAD", text(self.folder.join("platter.so"))),
            ("PLATTER_FAILS", text(self.fails())),
        ]
    }

    fn fails(&self) -> PathBuf {
        self.folder.join("fails")
    }
}

impl Drop for Platter {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Takes away what was not synced: of each sector, one half of the time.
fn cut(stand: &Stand, seed: usize) {
    for journal in std::fs::read_dir(stand.folder.join("data/journal")).unwrap() {
        for file in std::fs::read_dir(journal.unwrap().path()).unwrap() {
            let path = file.unwrap().path();
            if path.extension().is_some_and(|it| it == "journal") {
                cut_file(&path, seed);
            }
        }
    }
}

fn cut_file(path: &Path, seed: usize) {
    let synced = path.with_extension("journal.platter");
    let Ok(mut left) = std::fs::read(&synced) else {
        // It never came to be.
        return std::fs::remove_file(path).unwrap();
    };
    let cached = std::fs::read(path).unwrap();
    left.resize(cached.len(), 0);
    let sectors = left.chunks_mut(SECTOR).zip(cached.chunks(SECTOR)).enumerate();
    for (number, (left, cached)) in sectors.filter(|(_, (left, cached))| left != cached) {
        if (number + seed).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 63 == 0 {
            left.copy_from_slice(cached);
        }
    }
    std::fs::write(path, &left).unwrap();
    std::fs::write(&synced, &left).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_power_cut_takes_nothing_that_a_caller_saw() {
    let platter = Platter::built("cut");
    let offers = [Offer::of("plain", "x/m", "1000")];
    let stand = Stand::among(&offers, PREPAID, platter.variables()).await;
    let limited = supplied(&stand).await;
    let mut stands = [stand];
    let end = async |stand: &mut Stand, number: usize| {
        stand.signal("-9");
        stand.ended().await;
        cut(stand, number);
    };
    let cuts = wanted("LEDGER_CUTS", CUTS);
    let seen = end_under_traffic(&mut stands, &limited, cuts, end).await;
    close_the_books(&mut stands, &seen).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_fails_at_the_start_refuses_it_and_what_was_left_is_settled_at_the_next() {
    let platter = Platter::built("start");
    let offers = [Offer::of("plain", "x/m", "1000")];
    let mut stand = Stand::among(&offers, PREPAID, platter.variables()).await;
    told(&stand, &["credits", "grant", "1000", "--json"]);
    let answer = stand.caller.chat(&ask(false)).await;
    let seen = BTreeMap::from([(id_of(&answer), price(&answer).expect("a price"))]);
    stand.signal("-9");
    stand.ended().await;
    std::fs::write(platter.fails(), []).unwrap();
    let refused = stand.second();
    let text = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(1), "{text}");
    assert!(text.contains("the journal in ") && text.contains("os error 5"), "{text}");
    std::fs::remove_file(platter.fails()).unwrap();
    stand.restart();
    close_the_books(&mut [stand], &seen).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_fails_to_sync_ends_the_process_and_takes_nothing_that_a_caller_saw() {
    let platter = Platter::built("fault");
    let offers = [Offer::of("plain", "x/m", "1000")];
    let stand = Stand::among(&offers, PREPAID, platter.variables()).await;
    let limited = supplied(&stand).await;
    let mut stands = [stand];
    let end = async |stand: &mut Stand, number: usize| {
        std::fs::write(platter.fails(), []).unwrap();
        let status = stand.ended().await;
        std::fs::remove_file(platter.fails()).unwrap();
        // It says where it listens before it has taken over what an earlier process left. Where the
        // disk fails meanwhile it refuses to start.
        const ABORTED: i32 = 6;
        let log = std::fs::read_to_string(stand.folder.join("log")).unwrap();
        let ended = match status.signal() {
            Some(ABORTED) => "the journal cannot be written: ",
            _ => "cannot be read or written: ",
        };
        let is_told = log.lines().any(|it| it.contains(ended) && it.contains("os error 5"));
        assert!(is_told && !status.success(), "{status}: {log}");
        if number % 2 == 1 {
            // What could not be synced still seems to be there, until the power is cut.
            stand.restart();
            tokio::time::sleep(Duration::from_millis(37 * number as u64 % 400)).await;
            stand.signal("-9");
            stand.ended().await;
        }
        cut(stand, number);
    };
    let faults = wanted("LEDGER_FAULTS", FAULTS);
    let seen = end_under_traffic(&mut stands, &limited, faults, end).await;
    close_the_books(&mut stands, &seen).await;
}
