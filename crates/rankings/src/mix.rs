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
    // Cumulated probabilities e⁻¹ · Σ 1/k!, scaled to 2⁶⁴ by the comparison below.
    const E_INVERSE: f64 = 0.367_879_441_171_442_33;
    let lot = (bits >> 11) as f64 / (1_u64 << 53) as f64;
    let (mut count, mut term, mut sum) = (0_u32, E_INVERSE, E_INVERSE);
    while sum <= lot && count < 16 {
        count += 1;
        term /= f64::from(count);
        sum += term;
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_have_mean_and_variance_one() {
        let lots: Vec<f64> = (0..200_000).map(|n| f64::from(poisson(mix(7, n)))).collect();
        let mean = lots.iter().sum::<f64>() / lots.len() as f64;
        let variance = lots.iter().map(|lot| (lot - mean).powi(2)).sum::<f64>() / lots.len() as f64;
        assert!((mean - 1.0).abs() < 0.01, "{mean}");
        assert!((variance - 1.0).abs() < 0.02, "{variance}");
    }
}
