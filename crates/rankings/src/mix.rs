//! Repeatable lots: drawn from what they are for, not from a generator that has a state.

/// Returns 64 well-mixed bits of two numbers (the finaliser of SplitMix64).
pub(crate) fn mix(seed: u64, number: u64) -> u64 {
    let mut bits = seed ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

/// Returns a lot of the Poisson distribution with mean one.
///
/// It weighs an account in one draw of a bootstrap: unlike drawing with replacement it needs no
/// knowledge of how many accounts there are, so counts can be added up in any order.
pub(crate) fn poisson(bits: u64) -> u32 {
    // Most lots are told by their first eight bits.
    match FIRST[(bits >> 56) as usize] {
        UNTOLD => counted((bits >> 11) as f64 / (1_u64 << 53) as f64) as u32,
        count => u32::from(count),
    }
}

/// Returns how many cumulated probabilities lie at or below a number from 0 to 1.
const fn counted(lot: f64) -> usize {
    let mut count = 0;
    while count < MOST && SUMS[count] <= lot {
        count += 1;
    }
    count
}

/// By the first eight bits: the count that all lots have that begin so.
const FIRST: [u8; 256] = {
    let (mut first, mut place) = ([UNTOLD; 256], 0);
    while place < 256 {
        let low = counted(place as f64 / 256.0);
        if low == counted((place + 1) as f64 / 256.0) {
            first[place] = low as u8;
        }
        place += 1;
    }
    first
};

/// Lots that begin so have several counts.
const UNTOLD: u8 = u8::MAX;

/// No account counts more often in one draw.
const MOST: usize = 16;

/// Cumulated probabilities: e⁻¹ · Σ 1/k!.
const SUMS: [f64; MOST] = {
    const E_INVERSE: f64 = 0.367_879_441_171_442_33;
    let (mut sums, mut term, mut count) = ([E_INVERSE; MOST], E_INVERSE, 1);
    while count < MOST {
        term /= count as f64;
        sums[count] = sums[count - 1] + term;
        count += 1;
    }
    sums
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_bits_of_a_lot_tell_what_all_of_it_does() {
        for number in 0..200_000 {
            let bits = mix(3, number);
            let whole = counted((bits >> 11) as f64 / (1_u64 << 53) as f64);
            assert_eq!(poisson(bits), whole as u32);
        }
        assert_eq!((poisson(0), poisson(u64::MAX)), (0, MOST as u32));
    }

    #[test]
    fn weights_have_mean_and_variance_one() {
        let lots: Vec<f64> = (0..200_000).map(|n| f64::from(poisson(mix(7, n)))).collect();
        let mean = lots.iter().sum::<f64>() / lots.len() as f64;
        let variance = lots.iter().map(|lot| (lot - mean).powi(2)).sum::<f64>() / lots.len() as f64;
        assert!((mean - 1.0).abs() < 0.01, "{mean}");
        assert!((variance - 1.0).abs() < 0.02, "{variance}");
    }
}
