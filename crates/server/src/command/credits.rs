//! `interline credits`: giving credits to accounts, and looking what they have.

use std::io::Write;
use std::process::ExitCode;

use domain::id::AccountId;
use domain::money::Money;
use domain::port::Clock;
use serde_json::{Value, json};
use store::credits::{self, Given};

use super::books::{dollars, with_books};
use super::trouble::Trouble;
use crate::cli::{Credits, Where};
use crate::clock::SystemClock;

/// Does what was asked for.
///
/// # Errors
/// When an amount cannot be read, there is no database, or it fails.
pub(super) fn run(command: Credits) -> Result<ExitCode, Trouble> {
    let mut out = std::io::stdout();
    match command {
        Credits::Grant { amount, account, note, place, json } => {
            let amount = Money::parse_dollars(amount.trim_start_matches('$'))?;
            let account = AccountId::new(&account);
            let given = with_books(&place, async |db| {
                Ok(credits::grant(db, &account, amount, &note, SystemClock.now()).await?)
            })?;
            let done = matches!(given, Given::Done(_));
            let told = if json {
                granted_json(&account, amount, &given).to_string()
            } else {
                granted(&account, amount, &given)
            };
            writeln!(out, "{told}")?;
            Ok(if done { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
        Credits::Freeze { account, place, json } => set_frozen(&account, true, &place, json),
        Credits::Thaw { account, place, json } => set_frozen(&account, false, &place, json),
        Credits::Show { account, place, json } => {
            let shown = with_books(&place, async |db| {
                let accounts = match &account {
                    Some(account) => vec![AccountId::new(account)],
                    None => credits::accounts(db).await?,
                };
                let mut shown = Vec::new();
                for account in accounts {
                    let found = credits::show(db, &account).await?;
                    shown.push(found.ok_or_else(|| no_account(&account))?);
                }
                Ok(shown)
            })?;
            for credits in &shown {
                let told = if json { figures(credits).to_string() } else { stands(credits) };
                writeln!(out, "{told}")?;
            }
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn set_frozen(account: &str, frozen: bool, place: &Where, json: bool) -> Result<ExitCode, Trouble> {
    let account = AccountId::new(account);
    let found = with_books(place, async |db| {
        let known = credits::freeze(db, &account, frozen).await?;
        Ok(if known { credits::show(db, &account).await? } else { None })
    })?;
    let found = found.ok_or_else(|| no_account(&account))?;
    let told = if json { figures(&found).to_string() } else { stands(&found) };
    writeln!(std::io::stdout(), "{told}")?;
    Ok(ExitCode::SUCCESS)
}

fn granted(account: &AccountId, amount: Money, given: &Given) -> String {
    let size = Money::from_nanos(amount.nanos().saturating_abs());
    match given {
        Given::Done(credits) if amount < Money::ZERO => {
            format!("Took {} from `{account}`. {}", dollars(size), stands(credits))
        }
        Given::Done(credits) => {
            format!("Granted {} to `{account}`. {}", dollars(size), stands(credits))
        }
        Given::NotEnough(credits) => {
            format!("{} cannot be taken from `{account}`. {}", dollars(size), stands(credits))
        }
        Given::NoAccount => no_account(account),
    }
}

fn granted_json(account: &AccountId, amount: Money, given: &Given) -> Value {
    let (ok, error, credits) = match given {
        Given::Done(credits) => (true, None, Some(credits)),
        Given::NotEnough(credits) => (false, Some("not_enough"), Some(credits)),
        Given::NoAccount => (false, Some("no_account"), None),
    };
    let mut told = credits.map_or_else(|| json!({ "account": account }), figures);
    told["ok"] = json!(ok);
    told["error"] = json!(error);
    told["granted"] = json!(if ok { amount.dollars() } else { 0.0 });
    told["granted_nanos"] = json!(if ok { amount.nanos() } else { 0 });
    told
}

fn stands(credits: &credits::Credits) -> String {
    let frozen = if credits.frozen { "; it is frozen" } else { "" };
    format!(
        "`{}` has {}: {} put in, {} spent, {} of what is left set aside for nodes{frozen}.",
        credits.account,
        dollars(credits.balance()),
        dollars(credits.total),
        dollars(credits.usage),
        dollars(credits.leased),
    )
}

fn figures(credits: &credits::Credits) -> Value {
    json!({
        "account": credits.account,
        "balance": credits.balance().dollars(),
        "balance_nanos": credits.balance().nanos(),
        "total_credits": credits.total.dollars(),
        "total_usage": credits.usage.dollars(),
        "leased": credits.leased.dollars(),
        "frozen": credits.frozen,
    })
}

fn no_account(account: &AccountId) -> String {
    format!("There is no account `{account}`.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grant_says_what_is_left() {
        let credits = credits::Credits {
            account: AccountId::default(),
            total: Money::from_nanos(25_000_000_000),
            usage: Money::from_nanos(1_250_000),
            leased: Money::from_nanos(20_000_000),
            frozen: false,
        };
        let amount = Money::from_nanos(-5_000_000_000);
        let account = AccountId::default();
        let said = [
            granted(&account, amount, &Given::Done(credits.clone())),
            granted(&account, amount, &Given::NotEnough(credits.clone())),
            granted(&account, Money::from_nanos(1), &Given::NoAccount),
        ]
        .map(|line| line.replace(": ", ":\n  "));
        insta::assert_snapshot!(said.join("\n"), @r#"
        Took $5 from `default`. `default` has $24.99875:
          $25 put in, $0.00125 spent, $0.02 of what is left set aside for nodes.
        $5 cannot be taken from `default`. `default` has $24.99875:
          $25 put in, $0.00125 spent, $0.02 of what is left set aside for nodes.
        There is no account `default`.
        "#);
        let told = granted_json(&account, amount, &Given::Done(credits));
        assert_eq!(
            (&told["ok"], &told["balance_nanos"]),
            (&json!(true), &json!(24_998_750_000_i64))
        );
    }
}
