//! What the lab of a stealth model is told: what the model was used for and what was said of it,
//! and nothing of who did.

use std::collections::{BTreeMap, BTreeSet};

use domain::feedback::{Category, Rating};
use domain::generation::Outcome;
use rankings::cap::Amount;
use rankings::disclose::Rule;

use crate::event::{Context, Finish, Name};
use crate::figures::Day;
use crate::store::{CaseRow, Store, StoreError};

/// The report of a stealth model.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// The first day and the last.
    pub days: (Day, Day),
    /// Something is kept back where fewer accounts are behind it; `None` on a private instance,
    /// which keeps nothing back.
    pub accounts_min: Option<u32>,
    /// Everything; `None` where it is kept back, and all else with it.
    pub total: Option<Cell>,
    /// The same by day, task, language and size of the prompt.
    pub parts: Vec<(Side, Part)>,
    /// How many came back.
    pub retention: Option<Retention>,
    /// What was said, by category.
    pub opinions: Vec<Opinion>,
    /// Answers that were rated good, and those that were not.
    pub ratings: [Option<u64>; 2],
    /// What was said in words by those who accepted the terms, newest first.
    pub comments: Vec<Comment>,
}

/// Along what a report divides requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each is its name")]
pub enum Side {
    Day,
    Task,
    Language,
    Context,
}

/// Requests divided along one side.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Part {
    /// What is shown, each with its name, by name. An empty name is of what is not known.
    pub cells: Vec<(Name, Cell)>,
    /// What has too few accounts, taken together: of how many names, and their sum. The sum is
    /// `None` where even that has too few.
    pub rest: Option<(usize, Option<Cell>)>,
}

/// What some requests were.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cell {
    /// How many.
    pub requests: u64,
    /// By how many accounts.
    pub accounts: u64,
    /// Tokens of prompts.
    pub prompt: u64,
    /// Tokens of answers, reasoning among them.
    pub output: u64,
    /// Tokens of reasoning.
    pub reasoning: u64,
    /// Complete answers by why they ended, in the order of [`Finish::ALL`].
    pub finish: [u64; Finish::ALL.len()],
    /// Answers that their callers left.
    pub cancelled: u64,
    /// Answers that broke off.
    pub broken: u64,
    /// Requests that were not answered.
    pub unanswered: u64,
    /// Answers that ended in calls of tools.
    pub tool_answers: u64,
    /// Those of them with a call that is not valid.
    pub tool_invalid: u64,
}

/// How many accounts came back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retention {
    /// Accounts that were first seen when a week or more of the report was still to come.
    pub accounts: u64,
    /// Those of them that came back on one of the seven days after; `None` where that is kept back.
    pub returned: Option<u64>,
}

/// What was said in one category. Counts are `None` where they are kept back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is its name")]
pub struct Opinion {
    pub category: Category,
    pub count: Option<u64>,
    pub accounts: Option<u64>,
}

/// What was said in words.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is its name")]
pub struct Comment {
    pub day: Day,
    pub category: Category,
    pub rating: Option<Rating>,
    pub text: String,
}

/// What was said of a generation.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is its name")]
pub struct Said {
    pub day: Day,
    pub account: Name,
    pub category: Category,
    pub rating: Option<Rating>,
    pub comment: Option<String>,
    /// Whoever said it has accepted terms of the model.
    pub has_accepted: bool,
}

/// Comments that a report holds, at most: the newest.
const COMMENTS_MAX: usize = 500;
/// Days within which an account that comes back is said to have.
const RETURN_DAYS: Day = 7;

/// Cases of a model, added up day by day.
#[derive(Clone, Debug)]
pub struct Reporter {
    days: (Day, Day),
    total: Sum,
    sides: BTreeMap<Side, BTreeMap<Name, Sum>>,
    seen: BTreeMap<Name, BTreeSet<Day>>,
}

/// A cell, with what each account asked.
#[derive(Clone, Debug, Default)]
struct Sum {
    cell: Cell,
    accounts: BTreeMap<Name, u64>,
}

impl Cell {
    /// Returns answers that a filter ended, and that is how models refuse where they say so.
    pub fn refusals(&self) -> u64 {
        self.finished(Finish::Filter)
    }

    /// Returns answers that were cut at their longest.
    pub fn truncations(&self) -> u64 {
        self.finished(Finish::Length)
    }

    /// Returns complete answers that ended for a reason.
    pub fn finished(&self, finish: Finish) -> u64 {
        let place = Finish::ALL.iter().position(|it| *it == finish);
        place.map_or(0, |place| self.finish[place])
    }
}

impl Sum {
    fn add(&mut self, row: &CaseRow) {
        let cell = &mut self.cell;
        cell.requests += row.requests;
        cell.prompt += row.prompt;
        cell.output += row.output;
        cell.reasoning += row.reasoning;
        cell.tool_answers += row.tool_answers;
        cell.tool_invalid += row.tool_invalid;
        match row.outcome {
            Outcome::Finished => {
                let place = Finish::ALL.iter().position(|it| *it == row.finish);
                cell.finish[place.unwrap_or_default()] += row.requests;
            }
            Outcome::Cancelled => cell.cancelled += row.requests,
            Outcome::Broken => cell.broken += row.requests,
            Outcome::Refused => cell.unanswered += row.requests,
        }
        *self.accounts.entry(row.account.clone()).or_default() += row.requests;
    }

    fn merge(&mut self, other: &Sum) {
        let (cell, own) = (&mut self.cell, &other.cell);
        cell.requests += own.requests;
        cell.prompt += own.prompt;
        cell.output += own.output;
        cell.reasoning += own.reasoning;
        cell.tool_answers += own.tool_answers;
        cell.tool_invalid += own.tool_invalid;
        cell.cancelled += own.cancelled;
        cell.broken += own.broken;
        cell.unanswered += own.unanswered;
        for (count, more) in cell.finish.iter_mut().zip(own.finish) {
            *count += more;
        }
        for (account, requests) in &other.accounts {
            *self.accounts.entry(account.clone()).or_default() += requests;
        }
    }

    fn shown(&self) -> Cell {
        Cell { accounts: self.accounts.len() as u64, ..self.cell.clone() }
    }

    /// Returns whether it may be shown.
    fn is_allowed(&self, rule: Option<Rule>) -> bool {
        let amounts: Vec<Amount> = (0..)
            .zip(self.accounts.values())
            .map(|(account, amount)| Amount { account, amount: *amount })
            .collect();
        rule.is_none_or(|rule| rule.allows(&amounts))
    }
}

impl Reporter {
    /// Begins a report of some days.
    pub fn new(days: (Day, Day)) -> Reporter {
        Reporter { days, total: Sum::default(), sides: BTreeMap::new(), seen: BTreeMap::new() }
    }

    /// Reads the cases of a model.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn read(
        store: &Store,
        model: &str,
        days: (Day, Day),
    ) -> Result<Reporter, StoreError> {
        let mut reporter = Reporter::new(days);
        for day in days.0..=days.1 {
            reporter.add(day, &store.cases(model, day).await?);
        }
        Ok(reporter)
    }

    /// Adds the cases of a day.
    pub fn add(&mut self, day: Day, rows: &[CaseRow]) {
        let date = Name::from(crate::figures::date(day));
        for row in rows {
            self.total.add(row);
            let unknown = Name::default;
            for (side, value) in [
                (Side::Day, date.clone()),
                (Side::Task, row.task.clone().unwrap_or_else(unknown)),
                (Side::Language, row.language.clone().unwrap_or_else(unknown)),
                (Side::Context, Name::from(row.context.word())),
            ] {
                self.sides.entry(side).or_default().entry(value).or_default().add(row);
            }
            self.seen.entry(row.account.clone()).or_default().insert(day);
        }
    }

    /// Writes the report. With `accounts_min`, what fewer accounts did is kept back, and what one
    /// or two of them outweigh (the rules of rankings).
    pub fn report(&self, said: &[Said], accounts_min: Option<u32>) -> Report {
        let rule = accounts_min.map(|accounts_min| Rule { accounts_min, ..Rule::BOARD });
        let empty = Report { days: self.days, accounts_min, ..Report::default() };
        let is_unused = rule.is_some() && self.total.accounts.is_empty();
        if is_unused || !self.total.is_allowed(rule) {
            return empty;
        }
        let none = BTreeMap::new();
        let part = |side| (side, part(side, self.sides.get(&side).unwrap_or(&none), rule));
        let within = |it: &&Said| (self.days.0..=self.days.1).contains(&it.day);
        let said: Vec<&Said> = said.iter().filter(within).collect();
        let enough = |count: usize| {
            let fits = accounts_min.is_none_or(|least| count == 0 || least as usize <= count);
            fits.then_some(count as u64)
        };
        Report {
            total: Some(self.total.shown()),
            parts: [Side::Day, Side::Task, Side::Language, Side::Context].map(part).into(),
            retention: self.retention(&enough),
            opinions: Category::ALL.map(|category| opinion(category, &said, &enough)).into(),
            ratings: [Rating::Up, Rating::Down].map(|rating| {
                let own = || said.iter().filter(move |it| it.rating == Some(rating));
                enough(accounts(own()))?;
                Some(own().count() as u64)
            }),
            comments: comments(&said),
            ..empty
        }
    }

    fn retention(&self, enough: &impl Fn(usize) -> Option<u64>) -> Option<Retention> {
        let first = |days: &BTreeSet<Day>| days.first().copied().unwrap_or(self.days.1);
        let early = self.seen.values().filter(|days| first(days) + RETURN_DAYS <= self.days.1);
        let (mut all, mut returned) = (0_usize, 0_usize);
        for days in early {
            let begun = first(days);
            all += 1;
            returned += usize::from(days.range(begun + 1..=begun + RETURN_DAYS).next().is_some());
        }
        let accounts = enough(all)?;
        let returned = enough(returned).filter(|_| enough(all - returned).is_some());
        Some(Retention { accounts, returned })
    }
}

/// Returns what may be shown along a side: what has too few accounts is taken together, and with it
/// as much of what has the fewest as makes it enough, so that no sum tells what is kept back.
fn part(side: Side, sums: &BTreeMap<Name, Sum>, rule: Option<Rule>) -> Part {
    let (mut shown, mut few): (Vec<_>, Vec<_>) =
        sums.iter().partition(|(_, sum)| sum.is_allowed(rule));
    shown.sort_by_key(|(name, sum)| (std::cmp::Reverse(sum.accounts.len()), (*name).clone()));
    let mut rest = Sum::default();
    few.iter().for_each(|(_, sum)| rest.merge(sum));
    while !few.is_empty() && !rest.is_allowed(rule) {
        let Some(least) = shown.pop() else { break };
        rest.merge(least.1);
        few.push(least);
    }
    let mut cells: Vec<(Name, Cell)> =
        shown.into_iter().map(|(name, sum)| (name.clone(), sum.shown())).collect();
    match side {
        Side::Day => cells.sort_by(|a, b| a.0.cmp(&b.0)),
        Side::Context => cells
            .sort_by_key(|(name, _)| Context::all().position(|context| context.word() == &**name)),
        Side::Task | Side::Language => {
            cells.sort_by(|a, b| (b.1.requests, &a.0).cmp(&(a.1.requests, &b.0)));
        }
    }
    let sum = rest.is_allowed(rule).then(|| rest.shown());
    Part { cells, rest: (!few.is_empty()).then_some((few.len(), sum)) }
}

fn accounts<'a, 'b: 'a>(said: impl Iterator<Item = &'a &'b Said>) -> usize {
    said.map(|it| &it.account).collect::<BTreeSet<_>>().len()
}

fn opinion(category: Category, said: &[&Said], enough: &impl Fn(usize) -> Option<u64>) -> Opinion {
    let own = || said.iter().filter(move |it| it.category == category);
    let accounts = enough(accounts(own()));
    Opinion { category, count: accounts.map(|_| own().count() as u64), accounts }
}

fn comments(said: &[&Said]) -> Vec<Comment> {
    let told = said.iter().rev().filter(|it| it.has_accepted);
    let comment = |it: &&Said| {
        let (day, category, rating) = (it.day, it.category, it.rating);
        Some(Comment { day, category, rating, text: it.comment.clone()? })
    };
    told.filter_map(comment).take(COMMENTS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: Day = 20_000;

    fn row(account: usize, task: Option<&str>, requests: u64) -> CaseRow {
        CaseRow {
            account: format!("account-{account}").into(),
            outcome: Outcome::Finished,
            finish: Finish::Stop,
            task: task.map(Name::from),
            language: Some("eng".into()),
            context: Context::of(500),
            requests,
            prompt: 10 * requests,
            output: 5 * requests,
            reasoning: requests,
            tool_answers: requests,
            tool_invalid: 0,
        }
    }

    /// So many accounts at translation, and so many others at roleplay.
    fn reporter(translating: usize, playing: usize) -> Reporter {
        let mut reporter = Reporter::new((FIRST, FIRST + 9));
        let translation = (0..translating).map(|it| row(it, Some("translation"), 2));
        let roleplay = (0..playing).map(|it| row(500 + it, Some("roleplay"), 2));
        reporter.add(FIRST, &translation.chain(roleplay).collect::<Vec<_>>());
        reporter
    }

    fn tasks(report: &Report) -> &Part {
        &report.parts.iter().find(|(side, _)| *side == Side::Task).unwrap().1
    }

    #[test]
    fn a_private_instance_keeps_nothing_back() {
        let mut reporter = reporter(1, 1);
        let cut = CaseRow { finish: Finish::Length, ..row(0, None, 1) };
        let refused = CaseRow { finish: Finish::Filter, tool_invalid: 1, ..row(0, None, 1) };
        let left = CaseRow { outcome: Outcome::Cancelled, ..row(2, None, 3) };
        reporter.add(FIRST + 2, &[cut, refused, left]);
        let report = reporter.report(&[], None);
        let total = report.total.clone().unwrap();
        assert_eq!((total.requests, total.accounts, total.prompt), (9, 3, 90));
        assert_eq!((total.truncations(), total.refusals(), total.cancelled), (1, 1, 3));
        assert_eq!((total.tool_answers, total.tool_invalid), (9, 1));
        assert_eq!(total.finished(Finish::Stop), 4);
        assert_eq!(tasks(&report).cells.len(), 3);
        assert_eq!(tasks(&report).rest, None);
        let retention = Retention { accounts: 3, returned: Some(1) };
        assert_eq!(report.retention, Some(retention));
    }

    #[test]
    fn a_public_instance_keeps_back_what_fewer_than_ten_did() {
        let nothing = reporter(9, 0).report(&[], Some(10));
        assert_eq!(
            nothing,
            Report { days: (FIRST, FIRST + 9), accounts_min: Some(10), ..Report::default() }
        );
        let report = reporter(12, 11).report(&[], Some(10));
        let names: Vec<&str> = tasks(&report).cells.iter().map(|(name, _)| &**name).collect();
        assert_eq!(names, ["translation", "roleplay"]);
    }

    #[test]
    fn what_is_kept_back_is_not_the_difference_to_the_total() {
        // Nine are too few, and would be the difference between the total and the twelve.
        let report = reporter(12, 9).report(&[], Some(10));
        let part = tasks(&report);
        assert_eq!(report.total.as_ref().unwrap().accounts, 21);
        assert_eq!(part.cells, []);
        assert_eq!(part.rest.as_ref().map(|(names, sum)| (*names, sum.is_some())), Some((2, true)));
    }

    #[test]
    fn what_is_said_is_told_without_who_said_it() {
        let said = |account: usize, category, has_accepted: bool| Said {
            day: FIRST + 1,
            account: format!("account-{account}").into(),
            category,
            rating: Some(Rating::Down),
            comment: Some(format!("words {account}")),
            has_accepted,
        };
        let mut all: Vec<Said> = (0..12).map(|it| said(it, Category::Latency, it != 3)).collect();
        all.push(said(1, Category::Billing, true));
        all.push(Said { day: FIRST - 1, ..said(2, Category::Other, true) });
        let report = reporter(20, 0).report(&all, Some(10));
        let of = |category| *report.opinions.iter().find(|it| it.category == category).unwrap();
        let latency = of(Category::Latency);
        assert_eq!((latency.count, latency.accounts), (Some(12), Some(12)));
        assert_eq!(of(Category::Billing).count, None, "one account");
        assert_eq!(of(Category::Other).count, Some(0), "before the first day");
        assert_eq!(report.ratings, [Some(0), Some(13)]);
        let texts: Vec<&str> = report.comments.iter().map(|it| it.text.as_str()).collect();
        assert_eq!(texts.len(), 12);
        assert!(!texts.contains(&"words 3"), "whoever did not accept the terms is not quoted");
        assert!(!format!("{:?}", report).contains("account-"));
        let private = reporter(2, 0).report(&all, None);
        assert_eq!(private.opinions.len(), Category::ALL.len());
    }
}
