//! Numbers drawn by a seed: the same seed draws the same numbers everywhere.

/// A sequence of draws (SplitMix64).
#[derive(Clone, Debug)]
pub(crate) struct Draws(u64);

impl Draws {
    pub(crate) fn new(seed: u64) -> Draws {
        Draws(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// Draws from `[0, 1)`.
    pub(crate) fn fraction(&mut self) -> f64 {
        // 53 bits are what an f64 holds exactly.
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// Scatters the bits of `value`; no two values collide.
pub(crate) fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// Folds `bytes` into one number (FNV-1a).
pub(crate) fn digest(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fractions_are_spread_over_the_unit_interval() {
        let mut draws = Draws::new(1);
        let sum: f64 = (0..10_000).map(|_| draws.fraction()).sum();
        assert!((0.48..0.52).contains(&(sum / 10_000.0)), "{sum}");
    }

    #[test]
    fn a_seed_repeats_itself_and_differs_from_its_neighbour() {
        assert_eq!(Draws::new(7).next(), Draws::new(7).next());
        assert_ne!(Draws::new(7).next(), Draws::new(8).next());
    }
}
