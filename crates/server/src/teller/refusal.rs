//! What a caller is told whose request does not fit.

use domain::books::Standing;
use domain::failure::{Failure, FailureKind, Fault, Retry};
use domain::key::Reset;
use domain::money::Money;
use domain::purse::Purse;

/// Says that a request does not fit a purse, with the numbers.
pub(super) fn does_not_fit(purse: &Purse, standing: &Standing, need: Money) -> Failure {
    let Standing { filled, spent, leased } = *standing;
    let (kind, what, remedy) = match purse {
        // The house's own purse refuses nobody.
        Purse::Account(_) | Purse::House(..) => {
            let what = format!("the account's credits of ${filled}");
            (FailureKind::PaymentRequired, what, "Add credits")
        }
        Purse::Key(..) => {
            let what = format!("the key's limit of ${filled}");
            (FailureKind::PaymentRequired, what, "Raise the limit")
        }
        Purse::Budget(_, period) if filled <= spent => {
            let word = word(period.reset);
            let detail =
                format!("Workspace {word} budget of ${filled} exceeded. Contact your org admin.");
            return Failure::caller(FailureKind::PermissionDenied, detail);
        }
        Purse::Budget(_, period) => {
            let what = format!("the workspace's {} budget of ${filled}", word(period.reset));
            (FailureKind::PermissionDenied, what, "Contact your org admin")
        }
    };
    let detail = format!(
        "This request may cost up to ${need}, which does not fit {what}: ${spent} is spent and \
         ${leased} is held for requests in flight. {remedy}, or ask for fewer tokens with \
         max_tokens."
    );
    Failure::caller(kind, detail)
}

fn word(reset: Option<Reset>) -> &'static str {
    match reset {
        Some(Reset::Daily) => "daily",
        Some(Reset::Weekly) => "weekly",
        Some(Reset::Monthly) => "monthly",
        None => "lifetime",
    }
}

/// Says that the books did not answer in time.
pub(super) fn no_answer() -> Failure {
    Failure::new(
        FailureKind::ProviderOverloaded,
        Fault::House,
        Retry::Never,
        "Credits cannot be looked up at the moment. Try again shortly.",
    )
}
