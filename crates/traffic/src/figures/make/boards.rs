//! The boards.

use std::collections::BTreeMap;

use classify::Tag;
use rankings::board::{Entry, Row, Weight, board};
use rankings::cap::capped;
use rankings::change::{Change, change};
use rankings::disclose::Rule;

use super::disclosed;
use super::read::{Read, Terms};
use super::uses::{Group, grouped, number};
use crate::event::{Context, Name, Offered};
use crate::figures::{Board, BoardRow, Order, Question, Slice, Subject, Window};
use crate::store::UseRow;
use crate::sums::{Side, Use};

/// What the draws of every board begin with.
const SEED: u64 = 0x1a7e_0001;

/// Makes every board that has a row.
pub(super) fn boards(read: &Read, terms: &Terms) -> BTreeMap<Question, Board> {
    let mut boards = BTreeMap::new();
    for (place, window) in Window::ALL.into_iter().enumerate() {
        whole(read, terms, (place, window), &mut boards);
        if window != Window::Day {
            sliced(read, terms, (place, window), &mut boards);
        }
    }
    boards
}

/// Boards of all requests: by model, author, provider and application, in every order.
fn whole(
    read: &Read,
    terms: &Terms,
    (place, window): (usize, Window),
    boards: &mut BTreeMap<Question, Board>,
) {
    for subject in Subject::ALL {
        let side = match subject {
            Subject::Models | Subject::Authors => Side::All,
            Subject::Providers => Side::Provider,
            Subject::Apps => Side::App,
        };
        let Some(rows) = read.sides.get(&side).and_then(|windows| windows.get(place)) else {
            continue;
        };
        let name = |row: &UseRow| named(subject, row, terms);
        let groups = grouped(rows.iter(), name);
        let complete = read.complete.get(place).filter(|_| side == Side::All);
        let changes = complete.map(|(now, before)| {
            changes(&grouped(now.iter(), name), &grouped(before.iter(), name), terms)
        });
        let changes = changes.unwrap_or_default();
        for order in Order::ALL {
            let question = Question { subject, slice: Slice::All, window, order };
            add(boards, question, &groups, &changes, terms);
        }
    }
}

/// Boards of models within slices, in the orders that readers ask for.
fn sliced(
    read: &Read,
    terms: &Terms,
    (place, window): (usize, Window),
    boards: &mut BTreeMap<Question, Board>,
) {
    for side in [Side::Task, Side::Language, Side::Context, Side::Tools, Side::App] {
        let Some(rows) = read.sides.get(&side).and_then(|windows| windows.get(place)) else {
            continue;
        };
        let mut slices: BTreeMap<Slice, Vec<&UseRow>> = BTreeMap::new();
        for row in rows {
            for slice in slices_of(side, &row.value, terms) {
                slices.entry(slice).or_default().push(row);
            }
        }
        if side == Side::App {
            keep_most_used(&mut slices);
        }
        for (slice, rows) in slices {
            let groups = grouped(rows.into_iter(), |row| Some(row.model.clone()));
            for order in [Order::Tokens, Order::Spend, Order::Accounts] {
                let question =
                    Question { subject: Subject::Models, slice: slice.clone(), window, order };
                add(boards, question, &groups, &Changes::new(), terms);
            }
        }
    }
}

/// Applications whose models are ranked apart: anybody may send new names.
const APP_SLICES_MAX: usize = 100;

fn keep_most_used(slices: &mut BTreeMap<Slice, Vec<&UseRow>>) {
    let used = |rows: &Vec<&UseRow>| rows.iter().map(|row| row.used.counted()).sum::<u64>();
    let mut most: Vec<u64> = slices.values().map(used).collect();
    most.sort_unstable_by(|a, b| b.cmp(a));
    if let Some(least) = most.get(APP_SLICES_MAX).copied() {
        slices.retain(|_, rows| least < used(rows));
    }
}

fn named(subject: Subject, row: &UseRow, terms: &Terms) -> Option<Name> {
    match subject {
        Subject::Models => Some(row.model.clone()),
        Subject::Authors => row.model.split_once('/').map(|(author, _)| author.into()),
        Subject::Providers => Some(row.value.clone()),
        Subject::Apps => is_shown(&row.value, terms).then(|| row.value.clone()),
    }
}

/// Returns whether an application may be shown: on a public instance only verified ones are.
pub(super) fn is_shown(app: &str, terms: &Terms) -> bool {
    !terms.is_public || terms.verified_apps.contains(app)
}

fn slices_of(side: Side, value: &str, terms: &Terms) -> Vec<Slice> {
    match side {
        Side::Task => Tag::parse(value)
            .map_or_else(Vec::new, |tag| vec![Slice::Task(tag), Slice::Group(tag.group())]),
        Side::Language => vec![Slice::Language(value.to_owned())],
        Side::Context => {
            Context::all().filter(|it| it.word() == value).map(Slice::Context).collect()
        }
        Side::Tools => {
            Offered::ALL.into_iter().filter(|it| it.word() == value).map(Slice::Tools).collect()
        }
        Side::App if is_shown(value, terms) => vec![Slice::App(value.to_owned())],
        Side::App | Side::AppTask | Side::All | Side::Provider => Vec::new(),
    }
}

type Groups = BTreeMap<Name, Group>;
/// By name: how its tokens changed, whatever a board is ordered by.
type Changes = BTreeMap<Name, Change>;

/// Returns how tokens changed from one window to the next, where that may be told.
fn changes(now: &Groups, before: &Groups, terms: &Terms) -> Changes {
    let may = |amounts: &[_]| !terms.is_public || Rule::BOARD.allows(amounts);
    let one = |(name, group): (&Name, &Group)| {
        let (now, before) = (group.amounts(Use::counted), before.get(name)?.amounts(Use::counted));
        let told = (may(&now) && may(&before)).then(|| change(&now, &before, SEED));
        Some((name.clone(), told.flatten()?))
    };
    now.iter().filter_map(one).collect()
}

fn add(
    boards: &mut BTreeMap<Question, Board>,
    question: Question,
    groups: &Groups,
    changes: &Changes,
    terms: &Terms,
) {
    let made = made(&question, groups, changes, terms);
    if !made.rows.is_empty() || made.kept_back != 0 {
        boards.insert(question, made);
    }
}

fn made(question: &Question, groups: &Groups, changes: &Changes, terms: &Terms) -> Board {
    let (weight, unit): (Weight, fn(&Use) -> u64) = match question.order {
        Order::Tokens => (Weight::Capped, Use::counted),
        Order::RawTokens => (Weight::Raw, Use::counted),
        Order::Spend => (Weight::Capped, |used| used.list_nanos),
        Order::Accounts => (Weight::Accounts, Use::counted),
        Order::Voice => (Weight::Voice, Use::counted),
    };
    let shown = terms.is_public.then(|| disclosed::column(groups, Use::counted, Rule::BOARD));
    let tokens: BTreeMap<&str, Option<u64>> = match &shown {
        None => {
            groups.iter().map(|(name, group)| (&**name, Some(group.total().counted()))).collect()
        }
        Some(shown) => groups.keys().map(|name| &**name).zip(shown.cells.iter().copied()).collect(),
    };
    let is_shown = |name: &&Name| tokens.get(&***name).copied().flatten().is_some();
    let entries: Vec<Entry> = groups
        .iter()
        .filter(|(name, _)| is_shown(name))
        .map(|(name, group)| Entry { name: name.to_string(), amounts: group.amounts(unit) })
        .collect();
    let seed = SEED ^ number(question.order.word());
    let accounts: std::collections::BTreeSet<&Name> =
        groups.values().flat_map(|group| group.accounts.keys()).collect();
    let rows: Vec<BoardRow> = board(&entries, weight, seed)
        .iter()
        .map(|row| {
            let change = changes.get(&*row.name).copied();
            describe(row, &groups[&*row.name], change, terms)
        })
        .collect();
    let listed: u64 = rows.iter().map(|row| row.raw_tokens).sum();
    Board {
        kept_back: u32::try_from(groups.len() - entries.len()).unwrap_or(u32::MAX),
        other_tokens: match &shown {
            None => Some(0),
            Some(shown) => shown.total.map(|total| total.saturating_sub(listed)),
        },
        accounts: u32::try_from(accounts.len()).unwrap_or(u32::MAX),
        rows,
    }
}

fn describe(row: &Row, group: &Group, change: Option<Change>, terms: &Terms) -> BoardRow {
    let tokens = group.amounts(Use::counted);
    let raw: u64 = tokens.iter().map(|it| it.amount).sum();
    let largest = tokens.iter().map(|it| it.amount).max().unwrap_or_default();
    let total = group.total();
    let round = |number: u64| {
        if terms.is_public { rankings::disclose::three_digits(number) } else { number }
    };
    let capped = capped(&tokens);
    BoardRow {
        name: row.name.clone(),
        rank: row.rank,
        rank_low: row.rank_low,
        rank_high: row.rank_high,
        ties_with_next: row.ties_with_next,
        share: row.share,
        tokens: if terms.is_public { round(capped as u64) as f64 } else { capped },
        raw_tokens: round(raw),
        spend_nanos: round(total.list_nanos),
        requests: round(total.requests),
        accounts: u32::try_from(group.accounts.len()).unwrap_or(u32::MAX),
        effective_users: rankings::cap::effective_users(&tokens),
        largest_share: (!terms.is_public && raw != 0).then(|| largest as f64 / raw as f64),
        is_concentrated: raw < largest.saturating_mul(5),
        change,
    }
}
