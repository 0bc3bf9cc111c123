//! The boards.

use std::collections::BTreeMap;

use classify::Tag;
use rankings::board::{Entry, Row, Weight, board};
use rankings::cap::capped;
use rankings::change::{Change, change};

use super::read::Read;
use super::uses::{Group, grouped, number};
use crate::event::{Context, Name, Offered};
use crate::figures::{Board, BoardRow, Day, Order, Question, Slice, Subject, Window};
use crate::store::UseRow;
use crate::sums::{Side, Use};

/// What the draws of every board begin with.
pub(super) const SEED: u64 = 0x1a7e_0001;

/// Makes every board that has a row.
pub(super) fn boards(read: &Read, last: Day) -> BTreeMap<Question, Board> {
    let mut boards = BTreeMap::new();
    for (place, window) in Window::ALL.into_iter().enumerate() {
        whole(read, last, (place, window), &mut boards);
        if window != Window::Day {
            sliced(read, last, (place, window), &mut boards);
        }
    }
    boards
}

/// Boards of all requests: by model, author, provider and application, in every order.
fn whole(
    read: &Read,
    last: Day,
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
        let name = |row: &UseRow| named(subject, row);
        let groups = grouped(rows.iter(), name);
        let complete = read.complete.get(place).filter(|_| side == Side::All);
        let changes = complete.map(|(now, before)| {
            changes(&grouped(now.iter(), name), &grouped(before.iter(), name))
        });
        let changes = changes.unwrap_or_default();
        let routed = read.sides.get(&Side::Router).and_then(|windows| windows.get(place));
        let routed = routed.filter(|_| side == Side::All).map(|it| grouped(it.iter(), name));
        let chosen = chosen(&groups, &routed.unwrap_or_default());
        for order in Order::ALL {
            let question = Question { subject, slice: Slice::All, window, order };
            add(boards, question, (&groups, &chosen), &changes, last);
        }
    }
}

/// Boards of models within slices, in the orders that readers ask for.
fn sliced(
    read: &Read,
    last: Day,
    (place, window): (usize, Window),
    boards: &mut BTreeMap<Question, Board>,
) {
    let all = read.sides.get(&Side::All).and_then(|windows| windows.get(place));
    let all = requests(all.into_iter().flatten());
    for side in [Side::Task, Side::Language, Side::Context, Side::Tools, Side::App, Side::Router] {
        let Some(rows) = read.sides.get(&side).and_then(|windows| windows.get(place)) else {
            continue;
        };
        let mut slices: BTreeMap<Slice, Vec<&UseRow>> = BTreeMap::new();
        for row in rows {
            for slice in slices_of(side, &row.value) {
                slices.entry(slice).or_default().push(row);
            }
        }
        if side == Side::App {
            keep_most_used(&mut slices);
        }
        for (slice, rows) in slices {
            let part = (all != 0).then(|| requests(rows.iter().copied()) as f64 / all as f64);
            let groups = grouped(rows.into_iter(), |row| Some(row.model.clone()));
            for order in [Order::Tokens, Order::Spend, Order::Accounts] {
                let question =
                    Question { subject: Subject::Models, slice: slice.clone(), window, order };
                add(boards, question.clone(), (&groups, &groups), &Changes::new(), last);
                if let Some(board) = boards.get_mut(&question) {
                    board.part = part;
                }
            }
        }
    }
}

fn requests<'a>(rows: impl Iterator<Item = &'a UseRow>) -> u64 {
    rows.map(|row| row.used.requests).sum()
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

fn named(subject: Subject, row: &UseRow) -> Option<Name> {
    match subject {
        Subject::Models => Some(row.model.clone()),
        Subject::Authors => row.model.split_once('/').map(|(author, _)| author.into()),
        Subject::Providers | Subject::Apps => Some(row.value.clone()),
    }
}

fn slices_of(side: Side, value: &str) -> Vec<Slice> {
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
        Side::App => vec![Slice::App(value.to_owned())],
        Side::Router => vec![Slice::Router],
        Side::AppTask | Side::All | Side::Provider => Vec::new(),
    }
}

type Groups = BTreeMap<Name, Group>;

/// Returns what callers chose themselves: a router's choice is no vote of theirs.
fn chosen(groups: &Groups, routed: &Groups) -> Groups {
    let own = |(name, group): (&Name, &Group)| {
        let own = match routed.get(name) {
            Some(routed) => group.without(routed),
            None => group.clone(),
        };
        (!own.accounts.is_empty()).then(|| (name.clone(), own))
    };
    groups.iter().filter_map(own).collect()
}
/// By name: how its tokens changed, whatever a board is ordered by.
type Changes = BTreeMap<Name, Change>;

/// Returns how tokens changed from one window to the next.
fn changes(now: &Groups, before: &Groups) -> Changes {
    let one = |(name, group): (&Name, &Group)| {
        let (now, before) = (group.amounts(Use::counted), before.get(name)?.amounts(Use::counted));
        Some((name.clone(), change(&now, &before, SEED)?))
    };
    now.iter().filter_map(one).collect()
}

fn add(
    boards: &mut BTreeMap<Question, Board>,
    question: Question,
    groups: (&Groups, &Groups),
    changes: &Changes,
    last: Day,
) {
    let made = made(&question, groups, changes, last);
    if !made.rows.is_empty() || made.kept_back != 0 {
        boards.insert(question, made);
    }
}

/// Makes a board of everything that was used, or of what callers chose where it counts votes.
fn made(
    question: &Question,
    (groups, chosen): (&Groups, &Groups),
    changes: &Changes,
    last: Day,
) -> Board {
    let (weight, unit): (Weight, fn(&Use) -> u64) = match question.order {
        Order::Tokens => (Weight::Capped, Use::counted),
        Order::RawTokens => (Weight::Raw, Use::counted),
        Order::Spend => (Weight::Capped, |used| used.list_nanos),
        Order::Accounts => (Weight::Accounts, Use::counted),
        Order::Voice => (Weight::Voice, Use::counted),
    };
    let counted = if question.order == Order::Voice { chosen } else { groups };
    let entries: Vec<Entry> = counted
        .iter()
        .map(|(name, group)| Entry { name: name.to_string(), amounts: group.amounts(unit) })
        .collect();
    let seed = SEED ^ number(question.order.word());
    let accounts: std::collections::BTreeSet<&Name> =
        counted.values().flat_map(|group| group.accounts.keys()).collect();
    let rows: Vec<BoardRow> = board(&entries, weight, seed)
        .iter()
        .map(|row| {
            let change = changes.get(&*row.name).copied();
            describe(row, &groups[&*row.name], change)
        })
        .collect();
    Board {
        rows,
        kept_back: 0,
        other_tokens: Some(0),
        part: None,
        accounts: u32::try_from(accounts.len()).unwrap_or(u32::MAX),
        first_day: last - question.window.days() + 1,
        last_day: last,
    }
}

fn describe(row: &Row, group: &Group, change: Option<Change>) -> BoardRow {
    let tokens = group.amounts(Use::counted);
    let raw: u64 = tokens.iter().map(|it| it.amount).sum();
    let largest = tokens.iter().map(|it| it.amount).max().unwrap_or_default();
    let total = group.total();
    BoardRow {
        name: row.name.clone(),
        rank: row.rank,
        rank_low: row.rank_low,
        rank_high: row.rank_high,
        ties_with_next: row.ties_with_next,
        share: row.share,
        tokens: capped(&tokens),
        raw_tokens: Some(raw),
        spend_nanos: total.list_nanos,
        requests: total.requests,
        accounts: u32::try_from(group.accounts.len()).unwrap_or(u32::MAX),
        effective_users: rankings::cap::effective_users(&tokens),
        largest_share: (raw != 0).then(|| largest as f64 / raw as f64),
        is_concentrated: raw < largest.saturating_mul(5),
        change,
    }
}
