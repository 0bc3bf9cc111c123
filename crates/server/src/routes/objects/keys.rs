//! Keys, budgets and credits.

use domain::key::Reset;
use domain::limit::Measure;

use super::{all, data, dollars, one_of};
use crate::reference::{
    Schema, anything, either, fixed, instant, list, named, number, object, text, truth, whole,
};

const RESETS: [Reset; 3] = [Reset::Daily, Reset::Weekly, Reset::Monthly];
/// The longest name of a key.
const NAME: u64 = 200;

fn absent(said: &str) -> Schema {
    Schema::from_json(serde_json::json!({ "type": "null" }), said)
}

fn reset() -> Schema {
    one_of("When the limit begins anew; null means never.", &RESETS).or_null()
}

/// An amount in a request.
fn amount(said: &str) -> Schema {
    either([number("As a number."), text("As a decimal.")], said)
}

fn rates() -> Schema {
    list(named("RateLimit", rate), "At most so much in some time; of several, all hold.")
}

fn rate() -> Schema {
    let measure = |measure: Measure| match measure {
        Measure::Requests => ("requests", whole("The most requests.").maybe()),
        Measure::Tokens => ("tokens", whole("The most tokens, of prompts and answers.").maybe()),
        Measure::Spend => ("spend", amount("The most dollars.").maybe()),
    };
    let mut fields: Vec<(&str, Schema)> = Measure::ALL.map(measure).into();
    fields
        .push(("interval", text("In what time: `10s`, `1m`, `1h`, `7d`, or `day`.").such_as("1m")));
    object("A limit of rate.", fields)
}

fn spend() -> Vec<(&'static str, Schema)> {
    let none = |said: &str| fixed(0, said);
    vec![
        ("label", text("The ends of its text.")),
        ("limit", dollars("What it may spend; null is no limit.").or_null()),
        ("limit_remaining", dollars("What is left of that.").or_null()),
        ("limit_reset", reset()),
        ("rate_limits", rates().or_null()),
        ("usage", dollars("What it has spent.")),
        ("usage_daily", dollars("What it has spent today.")),
        ("usage_weekly", dollars("What it has spent since Monday.")),
        ("usage_monthly", dollars("What it has spent this month.")),
        ("byok_usage", none("Callers bring no credentials of their own.")),
        ("byok_usage_daily", none("The same.")),
        ("byok_usage_weekly", none("The same.")),
        ("byok_usage_monthly", none("The same.")),
        ("include_byok_in_limit", fixed(false, "The same.")),
        ("expires_at", instant("When it ends to work.").or_null()),
        ("creator_user_id", absent("There are no users.")),
        ("workspace_id", text("The workspace.").or_null()),
    ]
}

/// A key, as the operator sees it.
pub(crate) fn key() -> Schema {
    named("Key", || {
        let mut fields = spend();
        fields.extend([
            ("hash", text("Its name in addresses: a keyed hash of its text.")),
            ("name", text("What it is called.")),
            ("disabled", truth("It does not work.")),
            ("created_at", instant("When it was made.")),
            ("updated_at", instant("When it was changed.").or_null()),
            ("external_user", absent("There are no users.")),
            ("last_used_at", absent("That is not kept.")),
        ]);
        object("A key. Its text is not kept.", fields)
    })
}

/// The calling key.
pub(crate) fn own() -> Schema {
    data(named("OwnKey", || {
        let first = object(
            "The first limit of requests; `rate_limits` has all.",
            vec![
                (
                    "requests",
                    Schema::from_json(
                        serde_json::json!({ "type": "integer" }),
                        "The most requests; -1 is no limit.",
                    ),
                ),
                ("interval", text("In what time.")),
                ("note", text("What this is.")),
            ],
        );
        let number = |said: &str| Schema::from_json(serde_json::json!({ "type": "integer" }), said);
        let free = object(
            "Requests a day that cost nothing; -1 is no limit.",
            vec![
                ("limit", number("The most.")),
                ("remaining", number("What is left.")),
                ("used", number("What was used.")),
            ],
        );
        let mut fields = spend();
        fields.extend([
            ("allowed_data_regions", list(text("A region."), "Always `global`.")),
            ("budgets", list(budget(), "What all keys may spend together.")),
            ("effective_budget", budget().or_null()),
            ("organization_id", absent("There are no organizations.")),
            ("is_management_key", truth("It is the operator's.")),
            ("is_provisioning_key", truth("The same.")),
            ("rate_limit", first),
            ("is_free_tier", truth("It has the limits of those who have bought no credits.")),
            ("free_model_daily_requests", free),
        ]);
        object("The calling key.", fields)
    }))
}

/// Keys, a page of them.
pub(crate) fn keys() -> Schema {
    object(
        "Keys.",
        vec![
            ("data", list(key(), "The keys, the newest first.")),
            ("total_count", whole("How many there are on all pages.")),
        ],
    )
}

/// A key.
pub(crate) fn one() -> Schema {
    data(key())
}

/// A key that was made.
pub(crate) fn made() -> Schema {
    object(
        "A key that was made.",
        vec![("data", key()), ("key", text("Its text, which is told now and never again."))],
    )
}

fn limit() -> Schema {
    amount("Dollars that it may spend, at most nine decimals; null is no limit.").or_null().maybe()
}

fn ignored() -> Schema {
    anything("Has no effect.").maybe()
}

/// What a new key is to be.
pub(crate) fn new_key() -> Schema {
    named("NewKey", || {
        object(
            "What a new key is to be.",
            vec![
                ("name", text("What it is called.").within(1, NAME)),
                ("limit", limit()),
                ("limit_reset", reset().maybe()),
                (
                    "rate_limits",
                    rates().about("Its own limits; null has those of all keys.").or_null().maybe(),
                ),
                ("expires_at", instant("When it ends to work.").or_null().maybe()),
                ("include_byok_in_limit", ignored()),
                ("workspace_id", ignored()),
                ("creator_user_id", ignored()),
            ],
        )
    })
}

/// What is to change of a key.
pub(crate) fn change() -> Schema {
    named("KeyChange", || {
        object(
            "What is to change. What is left out stays; null clears.",
            vec![
                ("name", text("What it is called.").within(1, NAME).or_null().maybe()),
                ("disabled", truth("It does not work.").or_null().maybe()),
                ("limit", limit()),
                ("limit_reset", reset().maybe()),
                (
                    "rate_limits",
                    rates().about("Its own limits; null has those of all keys.").or_null().maybe(),
                ),
                ("expires_at", instant("When it ends to work.").or_null().maybe()),
                ("include_byok_in_limit", ignored()),
            ],
        )
    })
}

/// It was deleted.
pub(crate) fn deleted() -> Schema {
    object("It is gone.", vec![("deleted", fixed(true, "It is gone."))])
}

fn budget() -> Schema {
    named("Budget", || {
        object(
            "What all keys may spend together.",
            vec![
                ("id", text("Its name.")),
                ("workspace_id", fixed("default", "The one workspace.")),
                ("limit_usd", dollars("What they may spend.")),
                ("reset_interval", reset()),
                ("usage_usd", dollars("What they have spent.")),
                ("remaining_usd", dollars("What is left.")),
                ("created_at", instant("When it was set.")),
                ("updated_at", instant("When it was changed.")),
            ],
        )
    })
}

/// Budgets.
pub(crate) fn budgets() -> Schema {
    object(
        "Budgets.",
        vec![
            ("data", list(budget(), "The budgets.")),
            ("include_byok_in_budgets", fixed(false, "Callers bring no credentials of their own.")),
        ],
    )
}

/// A budget.
pub(crate) fn one_budget() -> Schema {
    data(budget())
}

/// What a budget is to be.
pub(crate) fn new_budget() -> Schema {
    named("NewBudget", || {
        object(
            "What a budget is to be. One of a longer time is larger than one of a shorter.",
            vec![
                ("limit_usd", amount("Dollars that may be spent, above zero.")),
                ("include_byok_in_budgets", ignored()),
            ],
        )
    })
}

/// What there is.
pub(crate) fn credits() -> Schema {
    data(named("Credits", || {
        object(
            "Credits.",
            vec![
                ("total_credits", dollars("What was ever put in.")),
                ("total_usage", dollars("What was spent of it.")),
            ],
        )
    }))
}

/// What is bought.
pub(crate) fn purchase() -> Schema {
    named("Purchase", || object("What is bought.", vec![("amount", amount("Dollars of credits."))]))
}

/// Where it is paid for.
pub(crate) fn checkout() -> Schema {
    data(named("Checkout", || {
        object(
            "A checkout.",
            vec![
                ("id", text("The order.")),
                ("url", text("Where it is paid for.")),
                ("amount", dollars("The credits.")),
                ("fee", dollars("The fee.")),
                ("total", dollars("Both.")),
                ("currency", fixed("usd", "Always the same.")),
            ],
        )
    }))
}

/// A notice was taken.
pub(crate) fn noticed() -> Schema {
    object("The notice was taken.", vec![("received", fixed(true, "It was taken."))])
}

/// Every provider.
pub(crate) fn providers() -> Schema {
    all(super::offers::provider(), "The providers.")
}
