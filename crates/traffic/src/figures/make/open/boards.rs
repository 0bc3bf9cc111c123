//! Boards for everybody.

use std::collections::{BTreeMap, BTreeSet};

use classify::{Macro, Tag};
use rankings::board::{Entry, Row, Weight, board};
use rankings::cap::Amount;
use rankings::disclose::Rule;
use rankings::share::effective_users;

use super::super::boards::SEED;
use super::super::uses::number;
use super::cells::{Base, Cells, REQUESTS, SPEND, Sum, TOKENS, counts, parts, sums};
use super::read::{SLICE_WEEKS, WEEK};
use super::slices::Slices;
use crate::event::{Context, Name, Offered};
use crate::figures::{Board, BoardRow, Change, Day, Order, Question, Slice, Subject, Window};
use crate::store::UseRow;
use crate::sums::Side;

type Boards = BTreeMap<Question, Board>;
type Sums = BTreeMap<Name, Sum>;

/// The orders of boards of all requests. Tokens as they are stand in none: beside capped ones they
/// would tell what a row's largest account used.
const ORDERS: [Order; 4] = [Order::Tokens, Order::Spend, Order::Accounts, Order::Voice];
const SLICE_ORDERS: [Order; 3] = [Order::Tokens, Order::Spend, Order::Accounts];

/// Makes every board that has a row.
pub(super) fn boards(
    base: &Base,
    (slices, routed): (&Slices, &[UseRow]),
    providers: &Cells,
    apps: &Cells,
    last: Day,
) -> Boards {
    let mut boards = Boards::new();
    for window in Window::ALL {
        let days = (last - window.days() + 1, last);
        let earlier = (days.0 - window.days(), days.0 - 1);
        let author = |model: &Name| model.split_once('/').map(|(author, _)| author.into());
        let own = |name: &Name| Some(name.clone());
        let all = [
            (Subject::Models, sums(&base.cells, days, own), sums(&base.cells, earlier, own)),
            (Subject::Authors, sums(&base.cells, days, author), sums(&base.cells, earlier, author)),
            (Subject::Providers, sums(providers, days, own), Sums::new()),
            (Subject::Apps, sums(apps, days, own), Sums::new()),
        ];
        for (subject, now, before) in all {
            let votes = match subject {
                Subject::Models => chosen(&now, base, routed, days, own),
                Subject::Authors => chosen(&now, base, routed, days, author),
                Subject::Providers | Subject::Apps => now.clone(),
            };
            for order in ORDERS {
                let question = Question { subject, slice: Slice::All, window, order };
                let counted = if order == Order::Voice { &votes } else { &now };
                put(&mut boards, question, days, (&now, counted), &before);
            }
        }
    }
    for (window, weeks) in [(Window::Week, 1), (Window::Month, SLICE_WEEKS)] {
        let days = (slices.week - (weeks - 1) * WEEK, slices.week + WEEK - 1);
        let all = requests(&sums(&base.cells, days, |name| Some(name.clone())));
        for (slice, sums) in sliced(slices, days) {
            let part = (all != 0).then(|| thousandths(requests(&sums) as f64 / all as f64));
            for order in SLICE_ORDERS {
                let subject = Subject::Models;
                let question = Question { subject, slice: slice.clone(), window, order };
                put(&mut boards, question.clone(), days, (&sums, &sums), &Sums::new());
                if let Some(board) = boards.get_mut(&question) {
                    board.part = part;
                }
            }
        }
    }
    boards
}

fn requests(sums: &Sums) -> u64 {
    sums.values().map(|sum| sum.shown[REQUESTS]).sum()
}

/// Returns the models of each slice in some weeks. Groups are made of their tasks.
fn sliced(slices: &Slices, days: (Day, Day)) -> BTreeMap<Slice, Sums> {
    let mut sliced: BTreeMap<Slice, Sums> = BTreeMap::new();
    for side in [Side::Task, Side::Language, Side::Context, Side::Tools, Side::Router] {
        for (value, cells) in slices.side(side).into_iter().flat_map(|side| &side.models) {
            for slice in slices_of(side, value) {
                let held = sliced.entry(slice).or_default();
                for (model, weeks) in cells {
                    for cell in weeks.range(days.0..=days.1).map(|it| it.1) {
                        held.entry(model.clone()).or_default().add(cell.as_ref());
                    }
                }
            }
        }
    }
    sliced
}

fn slices_of(side: Side, value: &str) -> Vec<Slice> {
    match side {
        Side::Task => Tag::parse(value).map_or_else(Vec::new, |tag| {
            let group: Macro = tag.group();
            vec![Slice::Task(tag), Slice::Group(group)]
        }),
        Side::Language => vec![Slice::Language(value.to_owned())],
        Side::Context => {
            Context::all().filter(|it| it.word() == value).map(Slice::Context).collect()
        }
        Side::Tools => {
            Offered::ALL.into_iter().filter(|it| it.word() == value).map(Slice::Tools).collect()
        }
        Side::Router => vec![Slice::Router],
        Side::All | Side::Provider | Side::App | Side::AppTask => Vec::new(),
    }
}

/// Returns sums with what callers chose themselves behind them, for a router's choice is no vote of
/// theirs. Where too few chose it, nothing is told.
fn chosen(
    now: &Sums,
    base: &Base,
    routed: &[UseRow],
    (from, through): (Day, Day),
    name: impl Fn(&Name) -> Option<Name>,
) -> Sums {
    let mut left = now.clone();
    for row in routed.iter().filter(|row| from <= row.day && row.day <= through) {
        let Some((part, name)) = base.counted(row).zip(name(&row.model)) else { continue };
        if let Some(sum) = left.get_mut(&name) {
            sum.take(number(&row.account), &part);
        }
    }
    for sum in left.values_mut().filter(|sum| !Rule::BOARD.allows_all(&parts(&sum.accounts))) {
        sum.kept_back += std::mem::take(&mut sum.told);
    }
    left
}

/// Adds a board of what was used, ranked by what of it counts.
fn put(
    boards: &mut Boards,
    question: Question,
    days: (Day, Day),
    (now, counted): (&Sums, &Sums),
    before: &Sums,
) {
    let rows = rows(now, counted, question.order, before);
    let kept_back = counted.values().filter(|sum| sum.told == 0).count();
    if rows.is_empty() && kept_back == 0 {
        return;
    }
    let told = rows.iter().filter_map(|row| now.get(&*row.name));
    let accounts: BTreeSet<u64> = told.flat_map(|sum| sum.accounts.keys().copied()).collect();
    let board = Board {
        rows,
        kept_back: u32::try_from(kept_back).unwrap_or(u32::MAX),
        other_tokens: None,
        part: None,
        accounts: u32::try_from(accounts.len()).unwrap_or(u32::MAX),
        first_day: days.0,
        last_day: days.1,
    };
    boards.insert(question, board);
}

/// Returns rows in the order of what is told of them, never of what was rounded away.
fn rows(sums: &Sums, counted: &Sums, order: Order, before: &Sums) -> Vec<BoardRow> {
    let (weight, measure) = match order {
        Order::Tokens | Order::RawTokens => (Weight::Raw, TOKENS),
        Order::Spend => (Weight::Raw, SPEND),
        Order::Accounts => (Weight::Accounts, TOKENS),
        Order::Voice => (Weight::Voice, TOKENS),
    };
    let told = counted.iter().filter(|(_, sum)| sum.told != 0);
    let entries: Vec<Entry> = told
        .map(|(name, sum)| Entry {
            name: name.to_string(),
            amounts: counts(&sum.accounts, measure),
        })
        .collect();
    let drawn = board(&entries, weight, SEED ^ number(order.word()));
    let value = |row: &Row| match order {
        Order::Tokens | Order::RawTokens => sums[&*row.name].shown[TOKENS] as f64,
        Order::Spend => sums[&*row.name].shown[SPEND] as f64,
        Order::Accounts => f64::from(row.accounts),
        Order::Voice => thousandths(row.share),
    };
    let total: f64 = drawn.iter().map(value).sum();
    let mut ranked: Vec<&Row> = drawn.iter().collect();
    ranked.sort_by(|a, b| value(b).total_cmp(&value(a)).then_with(|| a.name.cmp(&b.name)));
    let mut rows: Vec<BoardRow> = Vec::with_capacity(ranked.len());
    for (place, row) in ranked.iter().enumerate() {
        let next = ranked.get(place + 1);
        // Rows that rounding has put in another order cannot be told apart.
        let was_next = |next: &&Row| row.rank + 1 == next.rank;
        let ties = |next: &&Row| row.ties_with_next || !was_next(next) || value(row) == value(next);
        rows.push(BoardRow {
            rank: place as u32 + 1,
            ties_with_next: next.is_some_and(ties),
            share: if 0.0 < total { thousandths(value(row) / total) } else { 0.0 },
            ..described(row, &sums[&*row.name], before.get(&*row.name))
        });
    }
    for row in &mut rows {
        row.rank_low = row.rank_low.min(row.rank);
        row.rank_high = row.rank_high.max(row.rank);
    }
    rows
}

fn described(row: &Row, sum: &Sum, before: Option<&Sum>) -> BoardRow {
    let used = |it: &super::cells::Counted| it.used[TOKENS];
    let raw: u64 = sum.accounts.values().map(used).sum();
    let largest = sum.accounts.values().map(used).max().unwrap_or_default();
    let counted: Vec<f64> =
        counts(&sum.accounts, TOKENS).iter().map(|it: &Amount| it.amount as f64).collect();
    BoardRow {
        name: row.name.clone(),
        rank: row.rank,
        rank_low: row.rank_low,
        rank_high: row.rank_high,
        ties_with_next: false,
        share: 0.0,
        tokens: sum.shown[TOKENS] as f64,
        raw_tokens: None,
        spend_nanos: sum.shown[SPEND],
        requests: sum.shown[REQUESTS],
        accounts: u32::try_from(sum.accounts.len()).unwrap_or(u32::MAX),
        effective_users: two_digits(effective_users(&counted)),
        largest_share: None,
        is_concentrated: raw < largest.saturating_mul(5),
        change: before.and_then(|before| change(sum, before)),
    }
}

/// Returns the change of what is told from one window to the next, where no cell of either is kept
/// back. Its interval is as wide as that of the amounts behind it, in whole percent.
fn change(now: &Sum, before: &Sum) -> Option<Change> {
    let is_whole = now.kept_back == 0 && before.kept_back == 0;
    if !is_whole || before.shown[TOKENS] == 0 {
        return None;
    }
    let growth = now.shown[TOKENS] as f64 / before.shown[TOKENS] as f64 - 1.0;
    let (now, before) = (counts(&now.accounts, TOKENS), counts(&before.accounts, TOKENS));
    let drawn = rankings::change::change(&now, &before, SEED)?;
    let moved = |end: f64| (1.0 + end) / (1.0 + drawn.growth) * (1.0 + growth) - 1.0;
    Some(Change {
        growth: thousandths(growth),
        low: hundredths(moved(drawn.low)),
        high: hundredths(moved(drawn.high)),
    })
}

/// Rounds to a thousandth.
pub(super) fn thousandths(number: f64) -> f64 {
    (number * 1_000.0).round() / 1_000.0
}

/// Rounds to a hundredth.
pub(super) fn hundredths(number: f64) -> f64 {
    (number * 100.0).round() / 100.0
}

/// Rounds to two significant digits.
fn two_digits(number: f64) -> f64 {
    if number <= 0.0 {
        return 0.0;
    }
    let unit = 10_f64.powi(number.log10().floor() as i32 - 1);
    // By a division where the unit is small, so that the result is the nearest number to it.
    if unit < 1.0 {
        let whole = (1.0 / unit).round();
        (number * whole).round() / whole
    } else {
        (number / unit).round() * unit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_few_digits() {
        let rounded = [0.0, 1.234, 45.67, 456.7, 12_345.0].map(two_digits);
        assert_eq!(rounded, [0.0, 1.2, 46.0, 460.0, 12_000.0]);
        assert_eq!((thousandths(0.123_45), hundredths(-0.126)), (0.123, -0.13));
    }
}
