//! Tests of significance, and what many of them at once need.

use statrs::distribution::{ContinuousCDF, StudentsT};

/// Returns how likely a mean as far above zero as that of `values` is, if the true one is zero: a
/// one-sided t test. `None` for fewer than two values. Values that are all alike have no spread:
/// they are certain (0) if positive, and no evidence (1) otherwise.
pub(crate) fn above_zero(values: &[f64]) -> Option<f64> {
    let count = values.len() as f64;
    if values.len() < 2 {
        return None;
    }
    let mean = values.iter().sum::<f64>() / count;
    let variance = values.iter().map(|it| (it - mean).powi(2)).sum::<f64>() / (count - 1.0);
    let error = (variance / count).sqrt();
    if error <= f64::EPSILON * mean.abs().max(f64::MIN_POSITIVE) {
        return Some(if 0.0 < mean { 0.0 } else { 1.0 });
    }
    let law = StudentsT::new(0.0, 1.0, count - 1.0).ok()?;
    Some(law.sf(mean / error))
}

/// Returns which of many hypotheses are rejected so that of the rejected ones at most `rate` are
/// so falsely, on average (Benjamini and Hochberg, 1995).
pub(crate) fn benjamini_hochberg(chances: &[f64], rate: f64) -> Vec<bool> {
    let mut order: Vec<usize> = (0..chances.len()).collect();
    order.sort_unstable_by(|a, b| chances[*a].total_cmp(&chances[*b]));
    let count = chances.len() as f64;
    let last = order
        .iter()
        .enumerate()
        .rev()
        .find(|(place, index)| chances[**index] <= rate * (*place as f64 + 1.0) / count)
        .map(|(place, _)| place);
    let mut rejected = vec![false; chances.len()];
    for index in order.iter().take(last.map_or(0, |place| place + 1)) {
        rejected[*index] = true;
    }
    rejected
}

/// Returns which of many hypotheses are rejected so that any false one among them has a chance of
/// at most `level` (Holm, 1979).
pub(crate) fn holm(chances: &[f64], level: f64) -> Vec<bool> {
    let mut order: Vec<usize> = (0..chances.len()).collect();
    order.sort_unstable_by(|a, b| chances[*a].total_cmp(&chances[*b]));
    let mut rejected = vec![false; chances.len()];
    for (place, index) in order.iter().enumerate() {
        if level / (chances.len() - place) as f64 <= chances[*index] {
            break;
        }
        rejected[*index] = true;
    }
    rejected
}

/// Returns the value below which a share of the sorted values lies, between neighbours where it
/// falls between two. Zero of nothing.
pub(crate) fn quantile(sorted: &[f64], share: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return 0.0 };
    let place = share.clamp(0.0, 1.0) * last as f64;
    let (low, high) = (place.floor() as usize, place.ceil() as usize);
    sorted[low] + (sorted[high] - sorted[low]) * (place - low as f64)
}

/// Returns the median of values in any order. Zero of nothing.
pub(crate) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    quantile(&sorted, 0.5)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_t_test_agrees_with_a_printed_table() {
        // Mean 1, standard deviation 1, ten values: t = √10 = 3.1623 with 9 degrees of freedom.
        let tenth = [1.0, 1.0];
        assert_eq!(above_zero(&tenth), Some(0.0));
        let values = [0.0, 2.0, 0.0, 2.0, 0.0, 2.0, 0.0, 2.0, 0.0, 2.0];
        let chance = above_zero(&values).expect("a chance");
        // sd = 1.0541, t = 3.0000, one-sided p with 9 degrees = 0.0075.
        assert!((chance - 0.0075).abs() < 2e-4, "{chance}");
        assert_eq!(above_zero(&[3.0]), None);
    }

    #[test]
    fn corrections_are_those_of_the_textbook() {
        let chances = [0.01, 0.04, 0.03, 0.005];
        assert_eq!(holm(&chances, 0.05), [true, false, false, true]);
        assert_eq!(benjamini_hochberg(&chances, 0.05), [true, true, true, true]);
        assert_eq!(benjamini_hochberg(&[0.2, 0.5], 0.1), [false, false]);
        assert!(benjamini_hochberg(&[], 0.1).is_empty() && holm(&[], 0.05).is_empty());
    }

    #[test]
    fn quantiles_lie_between_neighbours() {
        assert!((quantile(&[1.0, 2.0, 3.0, 4.0], 0.5) - 2.5).abs() < 1e-12);
        assert!((median(&[9.0, 1.0, 5.0]) - 5.0).abs() < 1e-12);
        assert!(quantile(&[], 0.5).abs() < 1e-12);
    }
}
