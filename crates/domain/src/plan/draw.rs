//! Lots, drawn from the entropy that a decision was given: the same lots on every machine.

/// A sequence of lots.
pub(crate) struct Lots(u64);

impl Lots {
    /// Takes 128 random bits.
    pub(crate) fn new(entropy: u128) -> Lots {
        Lots((entropy >> 64) as u64 ^ entropy as u64)
    }

    /// Returns the next 64 bits: SplitMix64 (Steele, Lea and Flood, 2014).
    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Returns a number in [0, 1).
    pub(crate) fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Returns one of `count` places, each as likely; zero where there are none.
    pub(crate) fn below(&mut self, count: usize) -> usize {
        ((u128::from(self.bits()) * count as u128) >> 64) as usize
    }

    /// Returns a place, as likely as its weight is of the sum; the first where all weigh nothing.
    pub(crate) fn weighted(&mut self, weights: impl Iterator<Item = f64> + Clone) -> usize {
        let sum: f64 = weights.clone().sum();
        let mut left = self.unit() * sum;
        let mut last = 0;
        for (place, weight) in weights.enumerate() {
            if 0.0 < weight {
                if left < weight {
                    return place;
                }
                last = place;
            }
            left -= weight;
        }
        last
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lots_fall_as_they_are_weighted() {
        let mut lots = Lots::new(7);
        let mut counts = [0_u32; 3];
        for _ in 0..30_000 {
            counts[lots.weighted([1.0, 0.0, 2.0].into_iter())] += 1;
        }
        assert_eq!(counts[1], 0);
        assert!((9_700..10_300).contains(&counts[0]), "{counts:?}");
        assert_eq!(Lots::new(1).weighted([0.0, 0.0].into_iter()), 0);
        assert_eq!(Lots::new(1).below(0), 0);
    }
}
