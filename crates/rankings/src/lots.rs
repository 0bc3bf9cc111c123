//! How often each account counts in one draw of a bootstrap.

use crate::mix::{mix, poisson};

/// The accounts of some rows and their lots, drawn once for all rows.
#[derive(Clone, Debug)]
pub(crate) struct Lots {
    /// Sorted, each once.
    accounts: Vec<u64>,
    counts: Vec<f64>,
}

impl Lots {
    /// Takes all accounts that a row may have.
    pub(crate) fn of(accounts: impl Iterator<Item = u64>) -> Lots {
        let mut accounts: Vec<u64> = accounts.collect();
        accounts.sort_unstable();
        accounts.dedup();
        Lots { counts: vec![0.0; accounts.len()], accounts }
    }

    /// Returns the place of an account that is among them.
    pub(crate) fn place(&self, account: u64) -> usize {
        self.accounts.binary_search(&account).unwrap_or_default()
    }

    /// Draws anew.
    pub(crate) fn draw(&mut self, seed: u64) {
        for (count, account) in self.counts.iter_mut().zip(&self.accounts) {
            *count = f64::from(poisson(mix(seed, *account)));
        }
    }

    /// Returns how often the account at a place counts.
    pub(crate) fn count(&self, place: usize) -> f64 {
        self.counts[place]
    }
}
