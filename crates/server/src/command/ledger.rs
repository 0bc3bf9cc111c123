//! `interline ledger`: the books checked, written out, and held against a provider's invoice.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use domain::books::Books as _;
use domain::id::{AccountId, InstanceId};
use domain::money::Money;
use domain::time::{DAY_MS, Timestamp};
use serde_json::{Value, json};
use store::SqlBooks;
use store::audit::{self, Audit};
use store::export::{self, BATCHES_PER_PAGE, Cell, Sheet, What};
use store::instances::{self, Living};

use super::books::{dollars, with_books};
use super::statement;
use super::trouble::Trouble;
use crate::cli::{ExportFormat, ExportWhat, Ledger};
use crate::reconcile;

/// Does what was asked for.
///
/// # Errors
/// When there is no database, it fails, or a file cannot be read.
pub(super) fn run(command: Ledger) -> Result<ExitCode, Trouble> {
    match command {
        Ledger::Audit { place, json } => {
            let found = with_books(&place, async |db| Ok(audit::audit(db).await?))?;
            let told = if json { audited_json(&found).to_string() } else { audited(&found) };
            writeln!(std::io::stdout(), "{told}")?;
            Ok(if found.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
        Ledger::Export { what, format, place } => {
            with_books(&place, async |db| {
                let what = exported(what);
                let last = export::last_batch(db).await?.max(1);
                let mut out = Out { format, begun: false };
                let mut first = 1;
                while first <= last {
                    out.write(&export::page(db, what, first).await?)?;
                    first += BATCHES_PER_PAGE;
                }
                Ok(())
            })?;
            Ok(ExitCode::SUCCESS)
        }
        Ledger::Statement { account, from, to, place, json } => {
            let (from, to) = (instant(from.as_deref())?, instant(to.as_deref())?);
            let account = AccountId::new(&account);
            let lines = with_books(&place, async |db| Ok(export::statement(db, &account).await?))?;
            let statement = statement::Statement::of(account, &lines, from, to);
            let told = if json { statement.json().to_string() } else { statement.text() };
            writeln!(std::io::stdout(), "{told}")?;
            Ok(ExitCode::SUCCESS)
        }
        Ledger::Instances { place, json } => {
            let found = with_books(&place, async |db| Ok(instances::living(db).await?))?;
            let told = if json { listed_json(&found).to_string() } else { listed(&found) };
            writeln!(std::io::stdout(), "{told}")?;
            Ok(ExitCode::SUCCESS)
        }
        Ledger::Lost { instance, place, json } => {
            let freed = declared_lost(&InstanceId::new(&instance), &place)?;
            let told = if json {
                json!({ "instance": instance, "freed_nanos": freed.nanos() }).to_string()
            } else {
                format!(
                    "{instance} is given up. {} that was set aside is free again.",
                    dollars(freed)
                )
            };
            writeln!(std::io::stdout(), "{told}")?;
            Ok(ExitCode::SUCCESS)
        }
        Ledger::Reconcile { invoice, provider, tolerance_percent, place, json } => {
            let report = reconciled(&invoice, provider.as_deref(), tolerance_percent, &place)?;
            let told = if json { report.json().to_string() } else { report.text() };
            writeln!(std::io::stdout(), "{told}")?;
            Ok(if report.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
    }
}

fn declared_lost(instance: &InstanceId, place: &crate::cli::Where) -> Result<Money, Trouble> {
    with_books(place, async |db| {
        let living = instances::living(db).await?;
        if !living.iter().any(|it| it.instance == *instance) {
            let known = listed(&living);
            return Err(format!("there is no process `{instance}` to give up. {known}").into());
        }
        let declared = SqlBooks::new(db.clone()).declare_lost(instance).await;
        Ok(declared.map_err(|error| error.to_string())?.answer)
    })
}

fn listed(living: &[Living]) -> String {
    if living.is_empty() {
        return "No process holds leases.".to_owned();
    }
    let line = |it: &Living| format!("{}  {} set aside", it.instance, dollars(it.set_aside));
    living.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn listed_json(living: &[Living]) -> Value {
    let row = |it: &Living| {
        json!({ "instance": it.instance.as_str(), "epoch": it.epoch,
                "set_aside_nanos": it.set_aside.nanos() })
    };
    living.iter().map(row).collect()
}

fn reconciled(
    path: &Path,
    provider: Option<&str>,
    tolerance_percent: f64,
    place: &crate::cli::Where,
) -> Result<reconcile::Report, Trouble> {
    let text =
        std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let invoice = reconcile::read(&text).map_err(|error| format!("{}: {error}", path.display()))?;
    let days = invoice.iter().map(|line| line.day);
    let (Some(first), Some(last)) = (days.clone().min(), days.max()) else {
        return Err(format!("{}: there is no row in it", path.display()).into());
    };
    // A day at either end, for invoices whose days begin elsewhere.
    let from = Timestamp::from_ms((first - 1) * DAY_MS);
    let to = Timestamp::from_ms((last + 2) * DAY_MS);
    let billed = with_books(place, async |db| Ok(export::billed(db, provider, from, to).await?))?;
    Ok(reconcile::compare(&invoice, &billed, tolerance_percent))
}

fn instant(text: Option<&str>) -> Result<Option<Timestamp>, Trouble> {
    let read = |text: &str| {
        Timestamp::parse(text)
            .ok_or_else(|| format!("`{text}` is neither a date nor an instant such as 2027-01-01"))
    };
    Ok(text.map(read).transpose()?)
}

fn exported(what: ExportWhat) -> What {
    match what {
        ExportWhat::Entries => What::Entries,
        ExportWhat::Settlements => What::Settlements,
        ExportWhat::Usage => What::Usage,
        ExportWhat::Payments => What::Payments,
    }
}

struct Out {
    format: ExportFormat,
    begun: bool,
}

impl Out {
    fn write(&mut self, sheet: &Sheet) -> Result<(), Trouble> {
        let out = std::io::stdout().lock();
        match self.format {
            ExportFormat::Csv => {
                let mut csv = csv::Writer::from_writer(out);
                if !self.begun && !sheet.columns.is_empty() {
                    csv.write_record(&sheet.columns)?;
                    self.begun = true;
                }
                for row in &sheet.rows {
                    csv.write_record(row.iter().map(plain))?;
                }
                csv.flush()?;
            }
            ExportFormat::Jsonl => {
                let mut out = out;
                for row in &sheet.rows {
                    let fields = sheet.columns.iter().cloned().zip(row.iter().map(value));
                    writeln!(out, "{}", Value::Object(fields.collect()))?;
                }
            }
        }
        Ok(())
    }
}

/// Returns a cell as a spreadsheet may read it: a text that it would take for a formula is marked
/// as text.
fn plain(cell: &Cell) -> String {
    match cell {
        Cell::Empty => String::new(),
        Cell::Number(number) => number.to_string(),
        Cell::Text(text) if text.starts_with(['=', '+', '-', '@', '\t', '\r']) => {
            format!("'{text}")
        }
        Cell::Text(text) => text.clone(),
    }
}

fn value(cell: &Cell) -> Value {
    match cell {
        Cell::Empty => Value::Null,
        Cell::Number(number) => json!(number),
        Cell::Text(text) => json!(text),
    }
}

fn audited(audit: &Audit) -> String {
    let mut text = String::new();
    for (rule, broken) in &audit.rules {
        let verdict = if *broken == 0 { "ok    " } else { "BROKEN" };
        let count = if *broken == 0 { String::new() } else { format!(" ({broken} rows do not)") };
        text.push_str(&format!("{verdict}  {rule}{count}\n"));
    }
    let broken = audit.rules.iter().filter(|(_, broken)| *broken != 0).count();
    let verdict = match broken {
        0 => "Every rule holds.".to_owned(),
        1 => "One rule is broken.".to_owned(),
        _ => format!("{broken} rules are broken."),
    };
    let Audit { batches, entries, settlements, .. } = audit;
    text + &format!("{batches} batches, {entries} entries, {settlements} settlements. {verdict}")
}

fn audited_json(audit: &Audit) -> Value {
    let rules = |broken_only: bool| -> Vec<Value> {
        let kept = audit.rules.iter().filter(|(_, broken)| !broken_only || *broken != 0);
        kept.map(|(rule, broken)| json!({ "rule": rule, "broken": broken })).collect()
    };
    json!({
        "ok": audit.is_ok(),
        "batches": audit.batches,
        "entries": audit.entries,
        "settlements": audit.settlements,
        "broken": rules(true),
        "rules": rules(false),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_audit_says_which_rule_is_broken() {
        let rules =
            vec![("every batch sums to zero".to_owned(), 0), ("the chain is whole".to_owned(), 2)];
        let audit = Audit { rules, batches: 3, entries: 9, settlements: 700 };
        insta::assert_snapshot!(audited(&audit), @r#"
        ok      every batch sums to zero
        BROKEN  the chain is whole (2 rows do not)
        3 batches, 9 entries, 700 settlements. One rule is broken.
        "#);
        let told = audited_json(&audit);
        assert_eq!(told["ok"], json!(false));
        assert_eq!(told["broken"], json!([{ "rule": "the chain is whole", "broken": 2 }]));
    }

    #[test]
    fn a_spreadsheet_is_given_no_formula() {
        assert_eq!(plain(&Cell::Text("=1+1".to_owned())), "'=1+1");
        assert_eq!(plain(&Cell::Text("a=1".to_owned())), "a=1");
        assert_eq!(plain(&Cell::Number(-5)), "-5");
    }
}
