//! Lots that are drawn the same way from the same seed.

/// Returns a number that looks like none of the two (the finaliser of SplitMix64, by S. Vigna).
pub(super) fn mix(a: u64, b: u64) -> u64 {
    let mut mixed = a.wrapping_add(b.wrapping_mul(0x9e37_79b9_7f4a_7c15)).wrapping_add(0x9e37_79b9);
    mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ mixed >> 31
}

/// A row of lots.
#[derive(Clone, Debug)]
pub(super) struct Lots {
    seed: u64,
    drawn: u64,
}

impl Lots {
    /// Begins a row.
    pub(super) fn new(seed: u64) -> Lots {
        Lots { seed, drawn: 0 }
    }

    /// Returns 64 bits.
    pub(super) fn next(&mut self) -> u64 {
        self.drawn += 1;
        mix(self.seed, self.drawn)
    }

    /// Returns a number from 0 to 1.
    pub(super) fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Returns a number below another, which is not zero.
    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// Returns a place, each as likely as its weight.
    pub(super) fn pick(&mut self, weights: impl Iterator<Item = u64> + Clone) -> usize {
        let mut left = self.below(weights.clone().sum::<u64>().max(1));
        for (place, weight) in weights.enumerate() {
            if left < weight {
                return place;
            }
            left -= weight;
        }
        0
    }

    /// Returns a number from 1 up with a heavy tail.
    pub(super) fn pareto(&mut self, shape: f64) -> f64 {
        (1.0 - self.unit()).powf(-1.0 / shape)
    }

    /// Returns a number around 1, log-normal with that spread.
    pub(super) fn bell(&mut self, spread: f64) -> f64 {
        let (a, b) = (self.unit().max(f64::MIN_POSITIVE), self.unit());
        let normal = (-2.0 * a.ln()).sqrt() * (std::f64::consts::TAU * b).cos();
        (spread * normal).exp()
    }
}
