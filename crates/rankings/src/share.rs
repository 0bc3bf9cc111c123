//! Shares and how sure they are.

/// A share of a count, with the interval that holds the true one in 95 of 100 cases.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Share {
    /// The share that was seen, 0 to 1.
    pub share: f64,
    /// The lower bound.
    pub low: f64,
    /// The upper bound.
    pub high: f64,
    /// Of how many.
    pub count: u64,
}

/// Returns `part` of `count` with Wilson's interval at 95 % (E. B. Wilson, 1927), which stays
/// sound near 0 and 1 where the usual one does not. `None` of nothing.
pub fn wilson(part: u64, count: u64) -> Option<Share> {
    const Z: f64 = 1.959_963_984_540_054;
    if count == 0 {
        return None;
    }
    let (part, n) = (part.min(count) as f64, count as f64);
    let share = part / n;
    let middle = (share + Z * Z / (2.0 * n)) / (1.0 + Z * Z / n);
    let spread = Z / (1.0 + Z * Z / n) * (share * (1.0 - share) / n + Z * Z / (4.0 * n * n)).sqrt();
    let (low, high) = ((middle - spread).max(0.0), (middle + spread).min(1.0));
    Some(Share { share, low, high, count })
}

/// Returns how many accounts of equal use would be as concentrated as these: 1 / Σ share²
/// (the inverse of Herfindahl's index).
pub fn effective_users(amounts: &[f64]) -> f64 {
    let sum: f64 = amounts.iter().sum();
    let squares: f64 = amounts.iter().map(|amount| amount * amount).sum();
    if squares <= 0.0 { 0.0 } else { sum * sum / squares }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_holds_its_share_and_narrows() {
        let few = wilson(9, 10).expect("a share");
        let many = wilson(900, 1000).expect("a share");
        assert!(few.low < few.share && few.share < few.high);
        assert!(many.high - many.low < few.high - few.low);
        // The figures of Wilson's formula worked out by hand.
        assert!((few.low - 0.5958).abs() < 1e-3 && (few.high - 0.9821).abs() < 1e-3, "{few:?}");
    }

    #[test]
    fn all_of_ten_is_not_certainty() {
        let share = wilson(10, 10).expect("a share");
        assert!(share.low < 0.75 && (share.high - 1.0).abs() < 1e-12, "{share:?}");
        assert_eq!(wilson(0, 0), None);
    }

    #[test]
    fn equal_accounts_count_for_their_number() {
        assert!((effective_users(&[5.0; 8]) - 8.0).abs() < 1e-9);
        assert!(effective_users(&[100.0, 1.0, 1.0]) < 1.1);
        assert!(effective_users(&[]).abs() < 1e-9);
    }
}
