//! A board: who is used how much, with how far each rank can be trusted.

use crate::cap::{Amount, Capped, capped};
use crate::lots::Lots;
use crate::mix::mix;
use crate::share::effective_users;
use crate::test::quantile;

/// What rows are ranked by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// What was used, no account counting for more than its part.
    Capped,
    /// What was used, as it is.
    Raw,
    /// How many accounts used it.
    Accounts,
    /// One account, one vote: the share of its use that each account gave to the row.
    Voice,
}

/// What is counted under one name.
#[derive(Clone, Debug)]
pub struct Entry {
    /// A model, an author, an app, …
    pub name: String,
    /// What each account used of it, each account once.
    pub amounts: Vec<Amount>,
}

/// One row of a board.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Of what was counted.
    pub name: String,
    /// Its place, from 1.
    pub rank: u32,
    /// The place that it has in the best twentieth of the draws.
    pub rank_low: u32,
    /// The place that it has in the worst twentieth of the draws.
    pub rank_high: u32,
    /// What it is ranked by.
    pub value: f64,
    /// The same as a share of all rows, 0 to 1.
    pub share: f64,
    /// The plain total.
    pub raw: u64,
    /// How many accounts used it.
    pub accounts: u32,
    /// How many accounts of equal use would be as concentrated.
    pub effective_users: f64,
    /// The part of the plain total that is the largest account's, 0 to 1.
    pub largest: f64,
    /// One account is more than a fifth of it.
    pub is_concentrated: bool,
    /// The order of this row and the next is reversed in more than a tenth of the draws.
    pub ties_with_next: bool,
}

/// The draws of the bootstrap behind every interval.
pub const DRAWS: u64 = 400;

/// From which share of the largest account a row is called concentrated.
const CONCENTRATED: f64 = 0.2;
/// From which share of reversed draws two rows are tied.
const TIED: f64 = 0.1;

/// Ranks entries, the most used first; entries that nobody used are left out.
///
/// Intervals come from a Poisson bootstrap over accounts: in each of [`DRAWS`] draws an account
/// counts zero, one or more times, the same in all rows. `seed` makes the draws; the same one
/// gives the same board.
pub fn board(entries: &[Entry], weight: Weight, seed: u64) -> Vec<Row> {
    let votes = (weight == Weight::Voice).then(|| Votes::of(entries));
    let mut lots = Lots::of(entries.iter().flat_map(|entry| &entry.amounts).map(|it| it.account));
    let mut counted: Vec<Counted> = entries
        .iter()
        .filter(|entry| entry.amounts.iter().any(|it| it.amount != 0))
        .map(|entry| Counted::of(entry, weight, votes.as_ref(), &lots))
        .collect();
    counted.sort_by(|a, b| b.value.total_cmp(&a.value).then_with(|| a.name.cmp(b.name)));
    let draws = Draws::of(&counted, &mut lots, seed);
    let total: f64 = counted.iter().map(|row| row.value).sum();
    let mut rows: Vec<Row> = Vec::with_capacity(counted.len());
    for (place, row) in counted.iter().enumerate() {
        let (rank_low, rank_high) = draws.interval(place);
        rows.push(Row {
            name: row.name.to_owned(),
            rank: place as u32 + 1,
            rank_low: rank_low.min(place as u32 + 1),
            rank_high: rank_high.max(place as u32 + 1),
            value: row.value,
            share: if 0.0 < total { row.value / total } else { 0.0 },
            raw: row.raw,
            accounts: row.accounts,
            effective_users: row.effective_users,
            largest: row.largest,
            is_concentrated: CONCENTRATED < row.largest,
            ties_with_next: draws.tie(place),
        });
    }
    rows
}

/// Returns the least number of accounts that would have to be made up to lift a capped total by
/// `gap`, at [`crate::cap::CAP`] of `total` each: what a rank costs to buy, in accounts.
pub fn accounts_to_pass(gap: f64, total: f64) -> u64 {
    let each = crate::cap::CAP * total;
    if each <= 0.0 { 0 } else { (gap.max(0.0) / each).ceil() as u64 }
}

struct Counted<'a> {
    name: &'a str,
    value: f64,
    raw: u64,
    accounts: u32,
    effective_users: f64,
    largest: f64,
    drawn: Drawn,
}

/// What a row is in each draw.
enum Drawn {
    Capped(Capped),
    Raw(Capped),
    /// The places of its accounts.
    Accounts(Vec<usize>),
    /// By account: its use of this row, its use of all, its place.
    Voice(Vec<(f64, f64, usize)>),
}

impl Drawn {
    fn of(entry: &Entry, weight: Weight, votes: Option<&Votes>, lots: &Lots) -> Drawn {
        let amounts = &entry.amounts;
        match (weight, votes) {
            (Weight::Capped, _) => Drawn::Capped(Capped::new(amounts, lots)),
            (Weight::Accounts, _) => {
                let users = amounts.iter().filter(|it| it.amount != 0);
                Drawn::Accounts(users.map(|it| lots.place(it.account)).collect())
            }
            (Weight::Voice, Some(votes)) => Drawn::Voice(votes.in_row(amounts, lots)),
            (Weight::Raw | Weight::Voice, _) => Drawn::Raw(Capped::new(amounts, lots)),
        }
    }

    fn value(&self, lots: &Lots) -> f64 {
        match self {
            Drawn::Capped(amounts) => amounts.drawn(lots),
            Drawn::Raw(amounts) => amounts.drawn_raw(lots),
            Drawn::Accounts(places) => places.iter().map(|place| lots.count(*place)).sum(),
            Drawn::Voice(votes) => {
                votes.iter().map(|(own, all, place)| lots.count(*place) * own / all).sum()
            }
        }
    }
}

impl<'a> Counted<'a> {
    fn of(entry: &'a Entry, weight: Weight, votes: Option<&Votes>, lots: &Lots) -> Counted<'a> {
        let raw = entry.amounts.iter().fold(0_u64, |sum, it| sum.saturating_add(it.amount));
        let accounts = entry.amounts.iter().filter(|it| it.amount != 0).count() as u32;
        let plain: Vec<f64> = entry.amounts.iter().map(|it| it.amount as f64).collect();
        let top = entry.amounts.iter().map(|it| it.amount).max().unwrap_or(0);
        let value = match (weight, votes) {
            (Weight::Capped, _) => capped(&entry.amounts),
            (Weight::Accounts, _) => f64::from(accounts),
            (Weight::Voice, Some(votes)) => {
                votes.in_row(&entry.amounts, lots).iter().map(|(own, all, _)| own / all).sum()
            }
            (Weight::Raw | Weight::Voice, _) => raw as f64,
        };
        Counted {
            name: &entry.name,
            value,
            raw,
            accounts,
            effective_users: effective_users(&plain),
            largest: if raw == 0 { 0.0 } else { top as f64 / raw as f64 },
            drawn: Drawn::of(entry, weight, votes, lots),
        }
    }
}

/// What each account used in all rows together.
struct Votes {
    /// Sorted by account.
    totals: Vec<Amount>,
}

impl Votes {
    fn of(entries: &[Entry]) -> Votes {
        let mut all: Vec<Amount> =
            entries.iter().flat_map(|entry| entry.amounts.iter().copied()).collect();
        all.sort_unstable_by_key(|it| it.account);
        let mut totals: Vec<Amount> = Vec::new();
        for it in all {
            match totals.last_mut() {
                Some(last) if last.account == it.account => {
                    last.amount = last.amount.saturating_add(it.amount);
                }
                _ => totals.push(it),
            }
        }
        Votes { totals }
    }

    /// Returns what each account used of a row and of all rows, with its place.
    fn in_row(&self, amounts: &[Amount], lots: &Lots) -> Vec<(f64, f64, usize)> {
        let vote = |it: &Amount| {
            let place =
                self.totals.binary_search_by_key(&it.account, |total| total.account).ok()?;
            let total = self.totals[place].amount;
            (total != 0).then(|| (it.amount as f64, total as f64, lots.place(it.account)))
        };
        amounts.iter().filter_map(vote).collect()
    }
}

/// The places of all rows in all draws.
struct Draws {
    /// By row: its place in each draw, sorted.
    places: Vec<Vec<f64>>,
    /// By row: in how many draws the next one was before it.
    reversed: Vec<u64>,
}

impl Draws {
    fn of(counted: &[Counted<'_>], lots: &mut Lots, seed: u64) -> Draws {
        let mut places = vec![Vec::with_capacity(DRAWS as usize); counted.len()];
        let mut reversed = vec![0; counted.len()];
        for draw in 0..DRAWS {
            lots.draw(mix(seed, draw));
            let values: Vec<f64> = counted.iter().map(|row| row.drawn.value(lots)).collect();
            let mut order: Vec<usize> = (0..values.len()).collect();
            order.sort_by(|a, b| values[*b].total_cmp(&values[*a]));
            for (place, row) in order.into_iter().enumerate() {
                places[row].push(place as f64 + 1.0);
            }
            for (row, pair) in values.windows(2).enumerate() {
                reversed[row] += u64::from(pair[0] < pair[1]);
            }
        }
        for row in &mut places {
            row.sort_unstable_by(f64::total_cmp);
        }
        Draws { places, reversed }
    }

    fn interval(&self, row: usize) -> (u32, u32) {
        let places = &self.places[row];
        (quantile(places, 0.05).floor() as u32, quantile(places, 0.95).ceil() as u32)
    }

    fn tie(&self, row: usize) -> bool {
        row + 1 < self.reversed.len() && TIED < self.reversed[row] as f64 / DRAWS as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &str, amounts: &[(u64, u64)]) -> Entry {
        let amounts =
            amounts.iter().map(|(account, amount)| Amount { account: *account, amount: *amount });
        Entry { name: name.to_owned(), amounts: amounts.collect() }
    }

    fn crowd(name: &str, accounts: std::ops::Range<u64>, each: u64) -> Entry {
        entry(name, &accounts.map(|account| (account, each)).collect::<Vec<_>>())
    }

    #[test]
    fn a_whale_leads_the_plain_board_and_not_the_capped_one() {
        let mut whale = crowd("whale", 0..100, 10);
        whale.amounts.push(Amount { account: 9_999, amount: 1_000_000 });
        let entries = [whale, crowd("broad", 0..150, 20)];
        assert_eq!(board(&entries, Weight::Raw, 1)[0].name, "whale");
        let rows = board(&entries, Weight::Capped, 1);
        assert_eq!(rows[0].name, "broad");
        assert!(rows[1].is_concentrated && !rows[0].is_concentrated);
        assert!(rows[1].effective_users < 1.1);
    }

    #[test]
    fn rows_apart_have_sure_ranks_and_rows_alike_are_tied() {
        let entries = [
            crowd("a", 0..300, 1_000),
            crowd("b", 300..600, 500),
            crowd("c", 600..900, 499),
            crowd("nobody", 0..0, 1),
        ];
        let rows = board(&entries, Weight::Capped, 3);
        assert_eq!(rows.len(), 3);
        assert_eq!((rows[0].rank_low, rows[0].rank_high), (1, 1));
        assert!(!rows[0].ties_with_next && rows[1].ties_with_next);
        assert_eq!((rows[1].rank_low, rows[1].rank_high), (2, 3));
        let shares: f64 = rows.iter().map(|row| row.share).sum();
        assert!((shares - 1.0).abs() < 1e-9);
    }

    #[test]
    fn every_account_has_one_voice() {
        let mut loud = crowd("loud", 0..1, 1_000_000);
        loud.amounts.extend(crowd("", 1..3, 1).amounts);
        let quiet = crowd("quiet", 1..3, 3);
        let rows = board(&[loud, quiet], Weight::Voice, 1);
        // The loud account gives one vote, the two others a quarter each.
        let loud = rows.iter().find(|row| row.name == "loud").expect("a row");
        assert!((loud.value - 1.5).abs() < 1e-9, "{rows:?}");
        let sum: f64 = rows.iter().map(|row| row.value).sum();
        assert!((sum - 3.0).abs() < 1e-9);
    }

    #[test]
    fn the_same_seed_gives_the_same_board() {
        let entries = [crowd("a", 0..40, 7), crowd("b", 20..70, 6), crowd("c", 5..60, 6)];
        for weight in [Weight::Capped, Weight::Raw, Weight::Accounts, Weight::Voice] {
            assert_eq!(board(&entries, weight, 11), board(&entries, weight, 11));
        }
        assert!(board(&[], Weight::Capped, 1).is_empty());
    }

    #[test]
    fn a_rank_costs_accounts() {
        assert_eq!(accounts_to_pass(300.0, 1_000.0), 15);
        assert_eq!(accounts_to_pass(0.0, 1_000.0), 0);
        assert_eq!(accounts_to_pass(5.0, 0.0), 0);
    }
}
