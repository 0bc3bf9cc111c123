//! The journal of one instance: what is to be written, in order, and what can be read back.
//!
//! A journal is a row of segments. Each begins with where things stand, so that those before it can
//! go once nothing in them is still to be settled.

use std::collections::{BTreeMap, VecDeque};
use std::io;

use domain::port::Mark;

use crate::mutant::Mutant;
use crate::record::{ALIGN, Record, read, write};

/// Bytes of a segment, unless a test wants them smaller.
pub const SEGMENT_BYTES: usize = 64 << 20;

/// Where journals are kept: the one port that blocks. One thread uses it.
pub trait Disk: Send {
    /// Writes at a place of a segment, which is made where it is missing, whole and full of zeros.
    ///
    /// # Errors
    /// What the operating system says.
    fn write(&mut self, segment: u64, offset: u64, bytes: &[u8]) -> io::Result<()>;

    /// Makes durable what was written to a segment, and that there is one.
    ///
    /// # Errors
    /// What the operating system says. Whoever gets one must not go on: the kernel may have
    /// dropped what it could not write, and the next attempt would succeed all the same.
    fn sync(&mut self, segment: u64) -> io::Result<()>;

    /// Removes a segment.
    ///
    /// # Errors
    /// What the operating system says.
    fn remove(&mut self, segment: u64) -> io::Result<()>;
}

/// Bytes that belong into one place of one segment.
#[derive(Debug)]
pub struct Chunk {
    segment: u64,
    offset: u64,
    bytes: Vec<u8>,
    /// The last record in it.
    last: Mark,
}

/// What was appended and not yet written.
pub(crate) struct Writer {
    segment: u64,
    segment_bytes: usize,
    /// Every batch is synced before the next is written; else only every segment is.
    syncs: bool,
    /// Where in the segment the next record goes.
    offset: usize,
    next: Mark,
    batch: Mark,
    pending: VecDeque<Chunk>,
    doomed: Vec<u64>,
}

impl Writer {
    /// Begins to write at a segment that does not exist yet, with a record of that number.
    pub(crate) fn new(segment: u64, next: Mark, segment_bytes: usize, syncs: bool) -> Writer {
        Writer {
            segment,
            segment_bytes,
            syncs,
            offset: 0,
            next,
            batch: next,
            pending: VecDeque::new(),
            doomed: Vec::new(),
        }
    }

    /// Returns the segment that is being written.
    pub(crate) fn segment(&self) -> u64 {
        self.segment
    }

    /// Returns whether the segment is so full that another should begin.
    pub(crate) fn is_full(&self) -> bool {
        self.segment_bytes <= self.offset
    }

    /// Begins another segment.
    pub(crate) fn roll(&mut self) {
        self.segment += 1;
        self.offset = 0;
        self.batch = self.next;
    }

    /// Appends a record, and returns the mark that is durable once it is.
    pub(crate) fn append(&mut self, record: &Record) -> Mark {
        if self.pending.back().is_none_or(|chunk| chunk.segment != self.segment) {
            let (segment, offset) = (self.segment, self.offset as u64);
            self.pending.push_back(Chunk { segment, offset, bytes: Vec::new(), last: 0 });
        }
        let mark = self.next;
        self.next += 1;
        if let Some(chunk) = self.pending.back_mut() {
            let before = chunk.bytes.len();
            write(&mut chunk.bytes, mark, self.batch, record);
            chunk.last = mark;
            self.offset += chunk.bytes.len() - before;
        }
        mark
    }

    /// Returns the last record that was appended.
    pub(crate) fn last(&self) -> Mark {
        self.next - 1
    }

    /// Dooms every segment before `segment`: the next flush removes them.
    pub(crate) fn doom(&mut self, from: u64, segment: u64) {
        self.doomed.extend(from..segment);
    }

    /// Takes what is to be written. All that was taken before must be durable by now.
    pub(crate) fn take(&mut self) -> Flush {
        if self.syncs {
            self.batch = self.next;
        }
        Flush {
            chunks: std::mem::take(&mut self.pending).into(),
            doomed: std::mem::take(&mut self.doomed),
            syncs: self.syncs,
        }
    }
}

/// What one flush writes and removes.
#[derive(Debug)]
pub struct Flush {
    chunks: Vec<Chunk>,
    doomed: Vec<u64>,
    syncs: bool,
}

impl Flush {
    /// Returns whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.chunks.is_empty() && self.doomed.is_empty()
    }

    /// Writes everything, and returns the last mark of it.
    ///
    /// # Errors
    /// What the disk says. The process must end then, and answer nobody.
    pub fn write(&self, disk: &mut dyn Disk, mutant: Mutant) -> io::Result<Mark> {
        let mut last = 0;
        for chunk in &self.chunks {
            let begins = chunk.offset == 0 && 0 < chunk.segment;
            if !self.syncs && begins {
                disk.sync(chunk.segment - 1)?;
            }
            disk.write(chunk.segment, chunk.offset, &chunk.bytes)?;
            if self.syncs || begins {
                let synced = disk.sync(chunk.segment);
                if !mutant.breaks(Mutant::IgnoreSyncError) {
                    synced?;
                }
            }
            last = chunk.last;
        }
        if let Some(chunk) = self.chunks.last().filter(|_| !self.doomed.is_empty()) {
            disk.sync(chunk.segment)?;
        }
        for segment in &self.doomed {
            disk.remove(*segment)?;
        }
        Ok(last)
    }
}

/// Why a journal cannot be believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// A record that was synced cannot be read.
    #[error(
        "segment {segment} is damaged at byte {offset}: a record there cannot be read, and later \
         ones prove that it was on the disk. Restore the journal from where it was copied to, or \
         have the instance declared lost"
    )]
    Synced {
        /// Which segment.
        segment: u64,
        /// Where in it.
        offset: usize,
    },
    /// Records are missing between two segments.
    #[error("records are missing before segment {segment}")]
    Gap {
        /// The segment after the gap.
        segment: u64,
    },
    /// A record is whole and says nothing that this version knows.
    #[error("segment {segment} has a record at byte {offset} that this version does not know")]
    Unknown {
        /// Which segment.
        segment: u64,
        /// Where in it.
        offset: usize,
    },
}

/// What a journal said.
#[derive(Debug, Default)]
pub struct Replay {
    pub(crate) records: Vec<(u64, Record)>,
    /// The segment after the last.
    pub(crate) next_segment: u64,
    /// The number that the next record has.
    pub(crate) next: Mark,
}

impl Replay {
    /// Returns the records, each with its segment.
    pub fn records(&self) -> &[(u64, Record)] {
        &self.records
    }
}

/// Reads a journal: its records up to the first that was never finished.
///
/// # Errors
/// When a record is unreadable that had been synced.
pub fn replay(segments: &BTreeMap<u64, Vec<u8>>) -> Result<Replay, Damage> {
    let mut replay = Replay { records: Vec::new(), next_segment: 0, next: 1 };
    let mut is_first = true;
    for (&segment, bytes) in segments {
        replay.next_segment = segment + 1;
        let Some(first) = read(bytes) else {
            if proves_more(bytes, replay.next) {
                return Err(Damage::Synced { segment, offset: 0 });
            }
            continue;
        };
        if !is_first && first.sequence != replay.next {
            return Err(Damage::Gap { segment });
        }
        replay.next = first.sequence;
        is_first = false;
        let mut offset = 0;
        while let Some(frame) = bytes.get(offset..).and_then(read) {
            if frame.sequence != replay.next {
                break;
            }
            let record = serde_json::from_slice(frame.body)
                .map_err(|_| Damage::Unknown { segment, offset })?;
            replay.records.push((segment, record));
            replay.next += 1;
            offset += frame.size;
        }
        if proves_more(bytes.get(offset..).unwrap_or_default(), replay.next) {
            return Err(Damage::Synced { segment, offset });
        }
    }
    Ok(replay)
}

/// Returns whether a whole frame in `bytes` proves that the record of number `missing` was synced.
fn proves_more(bytes: &[u8], missing: Mark) -> bool {
    let frames = (0..bytes.len()).step_by(ALIGN).filter_map(|offset| read(&bytes[offset..]));
    frames.into_iter().any(|frame| missing < frame.batch)
}
