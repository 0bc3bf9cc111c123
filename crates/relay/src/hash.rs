//! Numbers that tell texts apart.

/// Returns a number that tells texts apart (FNV-1a): the same on every machine.
pub(crate) fn hash(bytes: &[u8]) -> u64 {
    // Long bodies differ in their beginnings and ends, or not at all in what matters here.
    const LOOKED_AT: usize = 4_096;
    let tail = bytes.len().saturating_sub(LOOKED_AT).max(LOOKED_AT.min(bytes.len()));
    let looked_at = bytes.iter().take(LOOKED_AT).chain(&bytes[tail..]);
    let begun = 0xcbf2_9ce4_8422_2325 ^ bytes.len() as u64;
    looked_at.fold(begun, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}
