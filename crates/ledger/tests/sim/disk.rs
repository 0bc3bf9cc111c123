//! A disk whose power can be cut: what was not synced is kept or lost sector by sector.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

use domain::books::{Returned, Returns};
use ledger::journal::{Disk, replay};
use ledger::record::Record;

use crate::world::Dice;

const SECTOR: usize = 512;

#[derive(Clone, Debug, Default)]
struct File {
    /// What the process sees.
    cached: Vec<u8>,
    /// What is on the platter.
    platter: Vec<u8>,
    dirty: BTreeSet<usize>,
}

/// A folder of segments. Copies are the same folder.
#[derive(Clone, Debug, Default)]
pub struct Folder {
    files: Arc<Mutex<BTreeMap<u64, File>>>,
}

/// The folder in the hands of a process.
pub struct Hand {
    folder: Folder,
    /// The next sync fails, and the system forgets what it could not write.
    pub fails: bool,
    /// The machine stops at this sync, counted from now.
    pub stops_at: Option<u64>,
}

impl Folder {
    fn files(&self) -> MutexGuard<'_, BTreeMap<u64, File>> {
        self.files.lock().unwrap()
    }

    pub fn hand(&self) -> Hand {
        Hand { folder: self.clone(), fails: false, stops_at: None }
    }

    /// What the process sees.
    pub fn read(&self) -> BTreeMap<u64, Vec<u8>> {
        let files = self.files();
        files.iter().map(|(segment, file)| (*segment, file.cached.clone())).collect()
    }

    /// Returns a return that is not on the platter, if one of these is not.
    pub fn early(&self, returns: &Returns) -> Option<Returned> {
        let files = self.files();
        let platter = files.iter().map(|(segment, file)| (*segment, file.platter.clone()));
        let read = replay(&platter.collect()).ok()?;
        let written = |line: &Returned| {
            read.records().iter().any(|(_, record)| match record {
                Record::Return { lease, returned } | Record::Lease { lease, returned, .. } => {
                    *lease == line.lease && line.returned <= *returned
                }
                _ => false,
            })
        };
        returns.leases.iter().find(|line| !written(line)).cloned()
    }

    /// Cuts the power.
    pub fn cut(&self, dice: &mut Dice) {
        for file in self.files().values_mut() {
            for sector in std::mem::take(&mut file.dirty) {
                if dice.roll(2) == 0 {
                    let range = range(sector, file.cached.len());
                    file.platter[range.clone()].copy_from_slice(&file.cached[range]);
                }
            }
            file.cached.clone_from(&file.platter);
        }
    }

    /// Flips a bit on the platter.
    pub fn flip(&self, segment: u64, bit: usize) {
        if let Some(file) = self.files().get_mut(&segment) {
            file.platter[bit / 8] ^= 1 << (bit % 8);
            file.cached[bit / 8] ^= 1 << (bit % 8);
        }
    }
}

fn range(sector: usize, length: usize) -> std::ops::Range<usize> {
    sector * SECTOR..((sector + 1) * SECTOR).min(length)
}

impl Disk for Hand {
    fn write(&mut self, segment: u64, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let mut files = self.folder.files();
        let file = files.entry(segment).or_default();
        let (start, end) = (offset as usize, offset as usize + bytes.len());
        if file.cached.len() < end {
            let length = end.next_multiple_of(SECTOR);
            file.cached.resize(length, 0);
            file.platter.resize(length, 0);
        }
        file.cached[start..end].copy_from_slice(bytes);
        file.dirty.extend(start / SECTOR..end.div_ceil(SECTOR));
        Ok(())
    }

    fn sync(&mut self, segment: u64) -> io::Result<()> {
        if let Some(left) = &mut self.stops_at {
            if *left == 0 {
                return Err(io::Error::other("the machine has stopped"));
            }
            *left -= 1;
        }
        let mut files = self.folder.files();
        let Some(file) = files.get_mut(&segment) else { return Ok(()) };
        let dirty = std::mem::take(&mut file.dirty);
        if std::mem::take(&mut self.fails) {
            return Err(io::Error::other("EIO"));
        }
        for sector in dirty {
            let range = range(sector, file.cached.len());
            file.platter[range.clone()].copy_from_slice(&file.cached[range]);
        }
        Ok(())
    }

    fn remove(&mut self, segment: u64) -> io::Result<()> {
        self.folder.files().remove(&segment);
        Ok(())
    }
}
