//! What a caller is told whose request does not fit.

use domain::books::Standing;
use domain::failure::{Failure, FailureKind, Fault, Retry};
use domain::money::Money;
use domain::purse::Purse;

/// Says that a request does not fit a purse, with the numbers.
pub(super) fn does_not_fit(purse: &Purse, standing: &Standing, need: Money) -> Failure {
    let Standing { filled, spent, leased } = *standing;
    let (what, remedy) = match purse {
        Purse::Account(_) => (format!("the account's credits of ${filled}"), "Add credits"),
        Purse::Key(..) => (format!("the key's limit of ${filled}"), "Raise the limit"),
        Purse::Budget(name, _) => {
            (format!("the limit of ${filled} of the budget `{name}`"), "Raise the limit")
        }
    };
    let detail = format!(
        "This request may cost up to ${need}, which does not fit {what}: ${spent} is spent and \
         ${leased} is held for requests in flight. {remedy}, or ask for fewer tokens with \
         max_tokens."
    );
    Failure::caller(FailureKind::PaymentRequired, detail)
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
