//! Shares that a classifier counted, corrected for how it errs.

/// Returns the true shares of classes, given the shares `counted` by a classifier and its
/// `confusion`: by true class, how many of each class it said. Shares sum to one; `None` where the
/// confusion does not tell the classes apart or its shape does not fit.
///
/// If `C[i][j]` is the chance that class `i` is called `j`, what is counted is `Cᵀ p`, so `p` is
/// found by solving for it (the "matrix method" of classify-and-count). Negative solutions are
/// moved to the nearest point where all shares are positive.
pub fn corrected(counted: &[f64], confusion: &[Vec<u32>]) -> Option<Vec<f64>> {
    let count = counted.len();
    if confusion.len() != count || confusion.iter().any(|row| row.len() != count) {
        return None;
    }
    let mut system: Vec<Vec<f64>> = vec![vec![0.0; count + 1]; count];
    for (truth, row) in confusion.iter().enumerate() {
        let sum: u32 = row.iter().sum();
        if sum == 0 {
            return None;
        }
        for (said, number) in row.iter().enumerate() {
            system[said][truth] = f64::from(*number) / f64::from(sum);
        }
    }
    for (row, share) in system.iter_mut().zip(counted) {
        row[count] = *share;
    }
    Some(onto_simplex(&solve(system)?))
}

/// Solves a system of linear equations, its right side in the last column (Gauss with pivots).
fn solve(mut system: Vec<Vec<f64>>) -> Option<Vec<f64>> {
    const PIVOT_MIN: f64 = 1e-6;
    let count = system.len();
    for column in 0..count {
        let pivot = (column..count)
            .max_by(|a, b| system[*a][column].abs().total_cmp(&system[*b][column].abs()))?;
        if system[pivot][column].abs() < PIVOT_MIN {
            return None;
        }
        system.swap(column, pivot);
        let leading = system[column].clone();
        for (place, row) in system.iter_mut().enumerate().filter(|(place, _)| *place != column) {
            debug_assert_ne!(place, column);
            let factor = row[column] / leading[column];
            for (cell, lead) in row.iter_mut().zip(&leading).skip(column) {
                *cell -= factor * lead;
            }
        }
    }
    Some((0..count).map(|row| system[row][count] / system[row][row]).collect())
}

/// Returns the nearest point whose parts are none negative and sum to one (Duchi and others, 2008).
fn onto_simplex(point: &[f64]) -> Vec<f64> {
    let mut sorted = point.to_vec();
    sorted.sort_unstable_by(|a, b| b.total_cmp(a));
    let (mut sum, mut shift) = (0.0, 0.0);
    for (place, part) in sorted.iter().enumerate() {
        sum += part;
        let candidate = (sum - 1.0) / (place as f64 + 1.0);
        if candidate < *part {
            shift = candidate;
        }
    }
    point.iter().map(|part| (part - shift).max(0.0)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_error_is_taken_back() {
        // A tenth of the first class is taken for the second, a fifth the other way round.
        let confusion = vec![vec![90, 10], vec![20, 80]];
        let truth = [0.3, 0.7];
        let counted = [0.3 * 0.9 + 0.7 * 0.2, 0.3 * 0.1 + 0.7 * 0.8];
        let found = corrected(&counted, &confusion).expect("shares");
        assert!(found.iter().zip(truth).all(|(a, b)| (a - b).abs() < 1e-9), "{found:?}");
    }

    #[test]
    fn shares_stay_shares() {
        let confusion = vec![vec![60, 40], vec![40, 60]];
        let found = corrected(&[1.0, 0.0], &confusion).expect("shares");
        assert!(
            found.iter().all(|it| 0.0 <= *it) && (found.iter().sum::<f64>() - 1.0).abs() < 1e-9
        );
    }

    #[test]
    fn a_classifier_that_cannot_tell_has_no_correction() {
        assert_eq!(corrected(&[0.5, 0.5], &[vec![1, 1], vec![1, 1]]), None);
        assert_eq!(corrected(&[0.5, 0.5], &[vec![1, 1]]), None);
        assert_eq!(corrected(&[1.0], &[vec![0]]), None);
    }
}
