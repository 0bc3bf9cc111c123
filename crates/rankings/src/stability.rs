//! Which providers are the most stable: groups that cannot be told apart, not one winner.

use crate::test::{above_zero, holm};

/// How one provider did on one day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Day {
    /// Requests that it got.
    pub requests: u64,
    /// Requests that it answered well.
    pub good: u64,
}

/// One provider over the days of a window, the oldest first; all have the same days.
#[derive(Clone, Debug)]
pub struct Record {
    /// The provider, or an endpoint.
    pub name: String,
    /// Its days.
    pub days: Vec<Day>,
}

/// Where a provider stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    /// The provider.
    pub name: String,
    /// Its group: `A` holds all that are not worse than the leader for sure, `B` the same of the
    /// rest, and so on to `Z`. `None` where there is too little to say.
    pub group: Option<char>,
    /// The mean over days of the share of good requests; `None` where no day had enough.
    pub mean: Option<f64>,
    /// The worst day's share.
    pub worst: Option<f64>,
    /// Requests in the window.
    pub requests: u64,
    /// Days with enough requests.
    pub days: u32,
}

/// Requests in a window that a standing needs.
pub const REQUESTS_MIN: u64 = 1_000;
/// Requests that make a day count.
pub const DAY_REQUESTS_MIN: u64 = 30;
/// Days that a standing needs, of the window's 28.
pub const DAYS_MIN: u32 = 20;
/// The chance at which a provider of the leader's kind is put below it.
const LEVEL: f64 = 0.05;

/// Groups providers by how well they answered.
///
/// The leader has the highest mean of daily shares. Every other one is compared with it day by day
/// by a one-sided t test on the differences, corrected after Holm at 5 %. Those that are not
/// worse for sure are the leader's group; the next group is made the same way from the rest. The
/// standings come by group, and by name within one.
pub fn standings(records: &[Record]) -> Vec<Standing> {
    let mut eligible: Vec<(&Record, f64)> = Vec::new();
    let mut found: Vec<Standing> = Vec::new();
    for record in records {
        let standing = describe(record);
        if let (true, Some(mean)) = (is_enough(&standing), standing.mean) {
            eligible.push((record, mean));
        } else {
            found.push(standing);
        }
    }
    let mut letters = 'A'..='Z';
    let mut letter = letters.next();
    while !eligible.is_empty() {
        let (leading, rest) = split(eligible);
        found.extend(
            leading.into_iter().map(|(record, _)| Standing { group: letter, ..describe(record) }),
        );
        eligible = rest;
        letter = letters.next().or(Some('Z'));
    }
    found.sort_by(|a, b| {
        let place = |standing: &Standing| standing.group.unwrap_or('~');
        place(a).cmp(&place(b)).then_with(|| a.name.cmp(&b.name))
    });
    found
}

type Ranked<'a> = Vec<(&'a Record, f64)>;

/// Parts the leader's group from the rest.
fn split(mut ranked: Ranked<'_>) -> (Ranked<'_>, Ranked<'_>) {
    ranked.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.name.cmp(&b.0.name)));
    let leader = ranked[0].0;
    let others = ranked.split_off(1);
    let chances: Vec<f64> = others
        .iter()
        .map(|(other, _)| above_zero(&differences(leader, other)).unwrap_or(1.0))
        .collect();
    let worse = holm(&chances, LEVEL);
    let (mut group, mut rest) = (ranked, Vec::new());
    for (other, is_worse) in others.into_iter().zip(worse) {
        if is_worse { rest.push(other) } else { group.push(other) }
    }
    (group, rest)
}

fn differences(leader: &Record, other: &Record) -> Vec<f64> {
    let pairs = leader.days.iter().zip(&other.days);
    pairs.filter_map(|(one, two)| Some(share(one)? - share(two)?)).collect()
}

fn share(day: &Day) -> Option<f64> {
    let good = day.good.min(day.requests);
    (DAY_REQUESTS_MIN <= day.requests).then(|| good as f64 / day.requests as f64)
}

fn is_enough(standing: &Standing) -> bool {
    REQUESTS_MIN <= standing.requests && DAYS_MIN <= standing.days
}

fn describe(record: &Record) -> Standing {
    let shares: Vec<f64> = record.days.iter().filter_map(share).collect();
    let mean = shares.iter().sum::<f64>() / shares.len() as f64;
    Standing {
        name: record.name.clone(),
        group: None,
        mean: (!shares.is_empty()).then_some(mean),
        worst: shares.iter().copied().min_by(f64::total_cmp),
        requests: record.days.iter().fold(0, |sum, day| sum + day.requests),
        days: shares.len() as u32,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(name: &str, requests: u64, bad: impl Fn(u64) -> u64) -> Record {
        let days = (0..28).map(|day| Day { requests, good: requests - bad(day) });
        Record { name: name.to_owned(), days: days.collect() }
    }

    #[test]
    fn the_like_share_a_group_and_the_worse_have_another() {
        let records = [
            record("worse", 1_000, |day| 40 + day % 5),
            record("zeta", 1_000, |day| 4 + day % 7),
            record("alpha", 1_000, |day| 4 + (day + 3) % 7),
            record("tiny", 10, |_| 0),
        ];
        let found = standings(&records);
        let groups: Vec<(&str, Option<char>)> =
            found.iter().map(|it| (it.name.as_str(), it.group)).collect();
        assert_eq!(
            groups,
            [("alpha", Some('A')), ("zeta", Some('A')), ("worse", Some('B')), ("tiny", None)]
        );
    }

    #[test]
    fn more_groups_than_letters_end_in_the_last() {
        let records: Vec<Record> = (0..30_u64)
            .map(|n| record(&format!("p{n:02}"), 100_000, move |day| n * 1_000 + day % 3))
            .collect();
        let found = standings(&records);
        assert_eq!(found.len(), 30);
        assert!(found[25..].iter().all(|it| it.group == Some('Z')));
        assert!(standings(&[]).is_empty());
    }
}
