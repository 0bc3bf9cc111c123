//! Matching an invoice's rows with generations: by the provider's ids where the rows are requests,
//! else by day and model.

use std::collections::{BTreeMap, BTreeSet};

use domain::money::Money;
use store::export::Billed;

use super::invoice::InvoiceLine;
use super::report::{Finding, Report, Spot};

/// Compares an invoice with what was booked, over its days. A difference of cost of up to
/// `tolerance_percent` is taken for rounding.
pub fn compare(invoice: &[InvoiceLine], billed: &[Billed], tolerance_percent: f64) -> Report {
    let names = Names::of(invoice);
    let by_id: BTreeMap<&str, &Billed> =
        billed.iter().filter_map(|one| Some((one.upstream_id.as_deref()?, one))).collect();
    let knows = |line: &InvoiceLine| line.id.as_deref().is_some_and(|id| by_id.contains_key(id));
    let mut findings = Vec::new();
    let covered: Vec<&Billed>;
    if invoice.iter().any(knows) {
        covered = within(billed, invoice, 0);
        requests(invoice, &by_id, &covered, tolerance_percent, &mut findings);
    } else {
        let hours = shift(invoice, billed, &names);
        if hours != 0 {
            findings.push(Finding::ZoneShift { hours });
        }
        covered = within(billed, invoice, hours);
        days(invoice, &covered, (&names, hours), tolerance_percent, &mut findings);
    }
    Report {
        rows: invoice.len(),
        generations: covered.len(),
        invoiced: invoice.iter().map(|line| line.cost).sum(),
        booked: covered.iter().map(|one| one.owed).sum(),
        tolerance_percent,
        findings,
    }
}

/// The names of models in an invoice, reduced.
struct Names(BTreeSet<String>);

impl Names {
    fn of(invoice: &[InvoiceLine]) -> Names {
        Names(invoice.iter().map(|line| reduced(&line.model)).collect())
    }

    /// Returns the name by which the invoice may know a generation's model.
    fn name(&self, one: &Billed) -> String {
        let tail = |text: &str| text.split_once('/').map_or(text, |(_, tail)| tail).to_owned();
        let own = [tail(&one.endpoint), one.endpoint.clone(), one.model.clone(), tail(&one.model)];
        let own = own.map(|name| reduced(&name));
        own.iter().find(|name| self.0.contains(*name)).unwrap_or(&own[0]).clone()
    }
}

fn reduced(name: &str) -> String {
    name.trim().to_ascii_lowercase()
}

const HOUR_MS: i64 = 3_600_000;

/// Returns the day of a generation where days are `hours` ahead of UTC.
fn day_of(one: &Billed, hours: i64) -> i64 {
    one.created.plus_ms(hours * HOUR_MS).day()
}

fn within<'a>(billed: &'a [Billed], invoice: &[InvoiceLine], hours: i64) -> Vec<&'a Billed> {
    let days = invoice.iter().map(|line| line.day);
    let (Some(first), Some(last)) = (days.clone().min(), days.max()) else { return Vec::new() };
    billed.iter().filter(|one| (first..=last).contains(&day_of(one, hours))).collect()
}

/// What one side says of a day and model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Sum {
    prompt: i64,
    completion: i64,
    cost: Money,
    /// Rows that tell no tokens.
    untold: bool,
}

type Cells = BTreeMap<(i64, String), Sum>;

fn invoiced(invoice: &[InvoiceLine]) -> Cells {
    let mut cells = Cells::new();
    for line in invoice {
        let cell = cells.entry((line.day, reduced(&line.model))).or_default();
        cell.prompt += line.prompt.unwrap_or_default();
        cell.completion += line.completion.unwrap_or_default();
        cell.untold |= line.prompt.is_none() || line.completion.is_none();
        cell.cost = cell.cost.saturating_add(line.cost);
    }
    cells
}

fn booked<'a>(billed: impl IntoIterator<Item = &'a Billed>, names: &Names, hours: i64) -> Cells {
    let mut cells = Cells::new();
    for one in billed {
        let cell = cells.entry((day_of(one, hours), names.name(one))).or_default();
        cell.prompt += one.prompt;
        cell.completion += one.completion;
        cell.cost = cell.cost.saturating_add(one.owed);
    }
    cells
}

/// Returns by how many hours the invoice's days are ahead of UTC: the shift by which most days of
/// models count the same tokens, and none where that is as good.
fn shift(invoice: &[InvoiceLine], billed: &[Billed], names: &Names) -> i64 {
    let there = invoiced(invoice);
    let agreeing = |hours: i64| {
        let here = booked(billed, names, hours);
        let same = |(place, sum): &(&(i64, String), &Sum)| {
            here.get(*place).is_some_and(|own| {
                let tokens = (own.prompt, own.completion) == (sum.prompt, sum.completion);
                if sum.untold { own.cost == sum.cost } else { tokens }
            })
        };
        there.iter().filter(same).count()
    };
    let plain = agreeing(0);
    let best = (-12..=14).map(|hours| (agreeing(hours), -hours.abs(), hours)).max();
    best.map_or(0, |(count, _, hours)| if plain < count { hours } else { 0 })
}

fn differs(there: Money, here: Money, tolerance_percent: f64) -> bool {
    let difference = there.saturating_sub(here).nanos().unsigned_abs() as f64;
    let larger = there.nanos().unsigned_abs().max(here.nanos().unsigned_abs()) as f64;
    // An invoice rounds to a hundredth of a cent at best.
    larger * tolerance_percent / 100.0 < difference && 100_000.0 < difference
}

fn days(
    invoice: &[InvoiceLine],
    covered: &[&Billed],
    (names, hours): (&Names, i64),
    tolerance_percent: f64,
    findings: &mut Vec<Finding>,
) {
    let once = duplicates(invoice, findings);
    let there = invoiced(&once);
    let here = booked(covered.iter().copied(), names, hours);
    let spot = |(day, model): &(i64, String), cost| Spot {
        day: *day,
        model: model.clone(),
        id: None,
        cost,
    };
    for (place, sum) in &there {
        let Some(own) = here.get(place) else {
            findings.push(Finding::MissingHere(spot(place, sum.cost)));
            continue;
        };
        let same_tokens =
            sum.untold || (sum.prompt, sum.completion) == (own.prompt, own.completion);
        let spot = spot(place, sum.cost);
        if !same_tokens {
            let counted = [[sum.prompt, sum.completion], [own.prompt, own.completion]];
            findings.push(Finding::Tokens { spot, counted, booked: own.cost });
        } else if differs(sum.cost, own.cost, tolerance_percent) {
            findings.push(Finding::PriceDrift { spot, booked: own.cost });
        }
    }
    for (place, own) in here.iter().filter(|(place, _)| !there.contains_key(place)) {
        findings.push(Finding::MissingThere(spot(place, own.cost)));
    }
}

/// Tells rows that are there twice, and returns the invoice without them.
fn duplicates(invoice: &[InvoiceLine], findings: &mut Vec<Finding>) -> Vec<InvoiceLine> {
    let mut once: Vec<InvoiceLine> = Vec::new();
    for line in invoice {
        if once.contains(line) {
            findings.push(Finding::Duplicate(place(line)));
        } else {
            once.push(line.clone());
        }
    }
    once
}

fn place(line: &InvoiceLine) -> Spot {
    Spot { day: line.day, model: line.model.clone(), id: line.id.clone(), cost: line.cost }
}

fn requests(
    invoice: &[InvoiceLine],
    by_id: &BTreeMap<&str, &Billed>,
    covered: &[&Billed],
    tolerance_percent: f64,
    findings: &mut Vec<Finding>,
) {
    let mut seen = BTreeSet::new();
    for line in invoice {
        let id = line.id.as_deref().unwrap_or_default();
        let Some(one) = by_id.get(id) else {
            findings.push(Finding::MissingHere(place(line)));
            continue;
        };
        if !seen.insert(id) {
            findings.push(Finding::Duplicate(place(line)));
            continue;
        }
        let tokens = [line.prompt.unwrap_or(one.prompt), line.completion.unwrap_or(one.completion)];
        if tokens != [one.prompt, one.completion] {
            let counted = [tokens, [one.prompt, one.completion]];
            findings.push(Finding::Tokens { spot: place(line), counted, booked: one.owed });
        } else if differs(line.cost, one.owed, tolerance_percent) {
            findings.push(Finding::PriceDrift { spot: place(line), booked: one.owed });
        }
    }
    let unseen = |one: &&&Billed| {
        Money::ZERO < one.owed && one.upstream_id.as_deref().is_none_or(|id| !seen.contains(id))
    };
    for one in covered.iter().filter(unseen) {
        findings.push(Finding::MissingThere(Spot {
            day: one.created.day(),
            model: one.model.clone(),
            id: Some(one.upstream_id.clone().unwrap_or_else(|| one.id.clone())),
            cost: one.owed,
        }));
    }
}

#[cfg(test)]
mod tests {
    use domain::time::Timestamp;

    use super::*;

    /// A month of generations, some every day at several hours, of two models.
    fn month() -> Vec<Billed> {
        let start = Timestamp::parse("2026-11-01").unwrap();
        let one = |number: i64| {
            let model = if number % 3 == 0 { "small" } else { "large" };
            Billed {
                id: format!("gen-{number}"),
                created: start.plus_ms(number * 97 * 60_000),
                provider: "acme".to_owned(),
                endpoint: format!("acme/{model}"),
                model: format!("maker/{model}"),
                upstream_id: Some(format!("req-{number}")),
                prompt: 100 + number % 17,
                completion: 10 + number % 5,
                owed: Money::from_nanos(1_000_000 + number * 1_000),
            }
        };
        (0..440).map(one).collect()
    }

    /// The provider's invoice of it, by day and model, in days that are `hours` ahead of UTC.
    fn invoice(hours: i64) -> Vec<InvoiceLine> {
        let month = month();
        let names = Names(BTreeSet::from(["small".to_owned(), "large".to_owned()]));
        let line = |((day, model), sum): ((i64, String), Sum)| InvoiceLine {
            id: None,
            day,
            model,
            prompt: Some(sum.prompt),
            completion: Some(sum.completion),
            cost: sum.cost,
        };
        booked(&month, &names, hours).into_iter().map(line).collect()
    }

    #[test]
    fn a_clean_month_raises_no_alarm() {
        for hours in [0, -8, 9] {
            let report = compare(&invoice(hours), &month(), 0.5);
            let expected = if hours == 0 { vec![] } else { vec![Finding::ZoneShift { hours }] };
            assert_eq!(report.findings, expected);
        }
    }

    #[test]
    fn four_seeded_faults_are_all_found_and_nothing_else() {
        let mut rows = invoice(-8);
        let missing = rows.remove(20);
        let twice = rows[5].clone();
        rows.push(twice.clone());
        let drifting = rows[30].cost;
        rows[30].cost = Money::from_nanos(drifting.nanos() * 103 / 100);
        let report = compare(&rows, &month(), 0.5);
        let found: Vec<String> = report.findings.iter().map(|it| format!("{it:?}")).collect();
        let kinds: Vec<&str> =
            found.iter().map(|it| it.split([' ', '(']).next().unwrap_or_default()).collect();
        assert_eq!(kinds, ["ZoneShift", "Duplicate", "PriceDrift", "MissingThere"], "{found:?}");
        assert!(report.findings.contains(&Finding::Duplicate(place(&twice))));
        let lost = Spot { id: None, ..place(&missing) };
        assert!(report.findings.contains(&Finding::MissingThere(lost)));
        insta::assert_snapshot!(report.text(), @r#"
        62 rows for $0.53044285, 440 generations for $0.53658; a difference of 0.5 % is passed over.
        time zone       the invoice's days are those of UTC-8
        twice           2026-11-02  small  $0.005135
        price           2026-11-15  small  $0.00627785, booked $0.006095 (+3.00 %)
        not in invoice  2026-11-10  large  $0.011455
        Invoice and books differ.
        "#);
    }

    #[test]
    fn requests_are_matched_by_their_ids() {
        let month = month();
        let row = |one: &Billed| InvoiceLine {
            id: one.upstream_id.clone(),
            day: one.created.day(),
            model: "whatever".to_owned(),
            prompt: Some(one.prompt),
            completion: Some(one.completion),
            cost: one.owed,
        };
        let mut rows: Vec<InvoiceLine> = month.iter().map(row).collect();
        assert!(compare(&rows, &month, 0.5).is_clean());
        rows[3].id = Some("req-unknown".to_owned());
        rows[7].prompt = Some(1);
        let report = compare(&rows, &month, 0.5);
        assert_eq!(report.findings.len(), 3, "{:?}", report.findings);
    }
}
