//! An account's statement, as people read it.

use domain::id::AccountId;
use domain::money::Money;
use domain::time::Timestamp;
use serde_json::{Value, json};
use store::export::Line;

use super::books::dollars;

/// What happened to an account's credits in a stretch of time.
pub(super) struct Statement {
    account: AccountId,
    opening: Money,
    rows: Vec<Row>,
}

/// Something that happened, or all that was used in a day.
struct Row {
    day: Timestamp,
    what: &'static str,
    note: String,
    amount: Money,
    balance: Money,
}

impl Statement {
    /// Sums lines up from `from` until before `to`; what was used is one row a day.
    pub(super) fn of(
        account: AccountId,
        lines: &[Line],
        from: Option<Timestamp>,
        to: Option<Timestamp>,
    ) -> Statement {
        let is_early = |line: &&Line| from.is_some_and(|from| line.at < from);
        let is_late = |line: &&Line| to.is_some_and(|to| to <= line.at);
        let opening: Money = lines.iter().filter(is_early).map(|line| line.amount).sum();
        let mut balance = opening;
        let mut rows: Vec<Row> = Vec::new();
        for line in lines.iter().filter(|line| !is_early(line) && !is_late(line)) {
            balance = balance.saturating_add(line.amount);
            let (day, what) = (line.at.day_start(), word(&line.kind));
            if let Some(last) = rows.last_mut()
                && what == "usage"
                && (last.what, last.day) == (what, day)
            {
                last.amount = last.amount.saturating_add(line.amount);
                last.balance = balance;
                continue;
            }
            rows.push(Row { day, what, note: line.note.clone(), amount: line.amount, balance });
        }
        Statement { account, opening, rows }
    }

    fn closing(&self) -> Money {
        self.rows.last().map_or(self.opening, |row| row.balance)
    }

    /// Returns it as a table.
    pub(super) fn text(&self) -> String {
        let mut text = format!("Statement of `{}`\n\n", self.account);
        let mut add = |day: &str, what: &str, amount: &str, balance: Money, note: &str| {
            let line =
                format!("{day:<10}  {what:<8}  {amount:>18}  {:>18}  {note}", dollars(balance));
            text.push_str(line.trim_end());
            text.push('\n');
        };
        add("", "opening", "", self.opening, "");
        for row in &self.rows {
            let sign = if row.amount < Money::ZERO { "" } else { "+" };
            let amount = format!("{sign}{}", dollars(row.amount));
            add(&date(row.day), row.what, &amount, row.balance, &row.note);
        }
        add("", "closing", "", self.closing(), "");
        text.trim_end().to_owned()
    }

    /// Returns it for programs.
    pub(super) fn json(&self) -> Value {
        let rows = self.rows.iter().map(|row| {
            json!({
                "date": date(row.day),
                "kind": row.what,
                "note": row.note,
                "amount": row.amount.dollars(),
                "amount_nanos": row.amount.nanos(),
                "balance_nanos": row.balance.nanos(),
            })
        });
        json!({
            "account": self.account,
            "opening_nanos": self.opening.nanos(),
            "closing_nanos": self.closing().nanos(),
            "rows": rows.collect::<Vec<Value>>(),
        })
    }
}

fn word(kind: &str) -> &'static str {
    match kind {
        "settle" => "usage",
        "grant" => "grant",
        "payment" => "payment",
        "refund" => "refund",
        _ => "dispute",
    }
}

fn date(day: Timestamp) -> String {
    day.to_string().chars().take(10).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_used_is_one_row_a_day() {
        let line = |at: &str, kind: &str, note: &str, nanos: i64| Line {
            at: Timestamp::parse(at).unwrap(),
            kind: kind.to_owned(),
            note: note.to_owned(),
            amount: Money::from_nanos(nanos),
        };
        let lines = [
            line("2026-10-31T10:00:00Z", "grant", "welcome", 5_000_000_000),
            line("2026-11-01T10:00:00Z", "payment", "pay-1", 20_000_000_000),
            line("2026-11-02T10:00:00Z", "settle", "", -1_000_000),
            line("2026-11-02T11:00:00Z", "settle", "", -250),
            line("2026-11-03T09:00:00Z", "refund", "pay-1", -20_000_000_000),
            line("2026-12-01T00:00:00Z", "settle", "", -7),
        ];
        let (from, to) = (Timestamp::parse("2026-11-01"), Timestamp::parse("2026-12-01"));
        let statement = Statement::of(AccountId::default(), &lines, from, to);
        insta::assert_snapshot!(statement.text(), @r#"
        Statement of `default`

                    opening                                       $5
        2026-11-01  payment                 +$20                 $25  pay-1
        2026-11-02  usage           -$0.00100025        $24.99899975
        2026-11-03  refund                  -$20         $4.99899975  pay-1
                    closing                              $4.99899975
        "#);
    }
}
