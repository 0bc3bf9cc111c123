//! What the journal says, and how it stands in the file.
//!
//! A frame is a length, a CRC-32C, a sequence number, the number of the first record of its batch,
//! and a record as JSON, filled up to a multiple of eight bytes. Whatever lies before a batch was
//! synced before the batch was written: a whole frame proves every record before its batch.

use domain::books::{Epoch, Settlement, Share};
use domain::generation::Generation;
use domain::id::{AccountId, GenerationId, InstanceId, LeaseId};
use domain::money::Money;
use domain::port::Progress;
use domain::purse::Purse;
use serde::{Deserialize, Serialize};

/// One record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "r", rename_all = "snake_case")]
pub enum Record {
    /// A segment begins; what follows, up to the next intent that is new, is where things stand.
    Segment {
        /// Whose journal it is.
        instance: InstanceId,
        /// By which right it is written.
        epoch: Epoch,
    },
    /// A lease, as it stands.
    Lease {
        /// Which.
        lease: LeaseId,
        /// What it was taken from.
        purse: Purse,
        /// How much it was.
        granted: Money,
        /// What was given back of it.
        returned: Money,
        /// What ended generations took of it.
        used: Money,
    },
    /// A generation begins.
    Intent {
        /// Its record, should nobody live to write a better one.
        draft: Box<Generation>,
        /// Whose credits it spends.
        account: AccountId,
        /// What is reserved for it.
        shares: Vec<Share>,
    },
    /// A generation has come so far.
    Progress(Box<Progress>),
    /// A generation is over.
    Usage(Box<Settlement>),
    /// Something of a lease is given back: all returns of it together.
    Return {
        /// Which.
        lease: LeaseId,
        /// How much.
        returned: Money,
    },
    /// Generations that are in the books for good.
    Settled {
        /// Which.
        generations: Vec<GenerationId>,
    },
    /// Nothing; it proves that what came before was synced.
    Seal,
}

/// Bytes of a frame before its record.
pub(crate) const HEAD: usize = 24;
/// Frames begin at multiples of it.
pub(crate) const ALIGN: usize = 8;

/// A frame that was read.
pub(crate) struct Frame<'a> {
    pub(crate) sequence: u64,
    /// The first record of its batch.
    pub(crate) batch: u64,
    pub(crate) body: &'a [u8],
    /// Bytes that it fills.
    pub(crate) size: usize,
}

/// Appends a record.
pub(crate) fn write(into: &mut Vec<u8>, sequence: u64, batch: u64, record: &Record) {
    let start = into.len();
    into.extend_from_slice(&[0; 8]);
    into.extend_from_slice(&sequence.to_le_bytes());
    into.extend_from_slice(&batch.to_le_bytes());
    // Nothing in a record can fail to become JSON: its maps have text for keys.
    let _ = serde_json::to_writer(&mut *into, record);
    let length = (into.len() - start - HEAD) as u32;
    into[start..start + 4].copy_from_slice(&length.to_le_bytes());
    let crc = crc32c::crc32c_append(crc32c::crc32c(&length.to_le_bytes()), &into[start + 8..]);
    into[start + 4..start + 8].copy_from_slice(&crc.to_le_bytes());
    into.resize(start + (into.len() - start).next_multiple_of(ALIGN), 0);
}

/// Reads the frame that begins `bytes`; `None` where no whole one does.
pub(crate) fn read(bytes: &[u8]) -> Option<Frame<'_>> {
    let length = u32::from_le_bytes(bytes.get(..4)?.try_into().ok()?);
    if length == 0 {
        return None;
    }
    let end = HEAD.checked_add(length as usize)?;
    let whole = bytes.get(..end)?;
    let crc = u32::from_le_bytes(whole[4..8].try_into().ok()?);
    if crc32c::crc32c_append(crc32c::crc32c(&whole[..4]), &whole[8..]) != crc {
        return None;
    }
    Some(Frame {
        sequence: u64::from_le_bytes(whole[8..16].try_into().ok()?),
        batch: u64::from_le_bytes(whole[16..24].try_into().ok()?),
        body: &whole[HEAD..],
        size: end.next_multiple_of(ALIGN),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flipped_bit_anywhere_in_a_frame_is_seen() {
        let mut frame = Vec::new();
        let lease = LeaseId { instance: InstanceId::new("a"), number: 7 };
        write(&mut frame, 3, 2, &Record::Return { lease, returned: Money::from_nanos(5) });
        let whole = read(&frame).expect("it was written whole");
        assert_eq!((whole.sequence, whole.batch, whole.size), (3, 2, frame.len()));
        let bits = (HEAD + whole.body.len()) * 8;
        for bit in 0..bits {
            let mut flipped = frame.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(read(&flipped).is_none(), "bit {bit}");
        }
        assert!(read(&frame[..frame.len() - ALIGN]).is_none());
    }
}
