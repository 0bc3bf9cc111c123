//! Endpoints that do much worse than their peers.

use super::counts::Tally;

const PEERS_MIN: usize = 5;
const SAMPLES_MIN: u32 = 100;
/// Standard deviations below the mean, in tenths (Envoy's default).
const DEVIATIONS_TENTHS: f64 = 19.0;
/// Shares of success that are this near to the mean are no outliers, however alike the peers are.
const NEAR: f64 = 0.02;

/// Returns which endpoints of a model succeed much more seldom than their peers. Nothing is said of
/// fewer than five with at least a hundred answers each.
pub fn outliers(tallies: &[Tally]) -> Vec<bool> {
    let rate = |tally: &Tally| {
        (SAMPLES_MIN <= tally.total()).then(|| f64::from(tally.good) / f64::from(tally.total()))
    };
    let rates: Vec<f64> = tallies.iter().filter_map(rate).collect();
    if rates.len() < PEERS_MIN {
        return vec![false; tallies.len()];
    }
    let count = rates.len() as f64;
    let mean = rates.iter().sum::<f64>() / count;
    let variance = rates.iter().map(|rate| (rate - mean).powi(2)).sum::<f64>() / count;
    let lowest = mean - (variance.sqrt() * DEVIATIONS_TENTHS / 10.0).max(NEAR);
    tallies.iter().map(|tally| rate(tally).is_some_and(|rate| rate < lowest)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_bad_among_many_good_is_found() {
        let good = Tally { good: 199, bad: 1 };
        let bad = Tally { good: 140, bad: 60 };
        assert_eq!(
            outliers(&[good, bad, good, good, good, good]),
            [false, true, false, false, false, false]
        );
        assert_eq!(outliers(&[good, bad, good, good]), [false; 4]);
        assert_eq!(outliers(&[good; 6]), [false; 6]);
        let few = Tally { good: 1, bad: 9 };
        assert_eq!(outliers(&[good, good, good, good, good, few]), [false; 6]);
    }
}
