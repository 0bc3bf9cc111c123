//! Generations, keys, budgets and credits.

use domain::failure::FailureKind;

use serde_json::json;

use super::objects::{generations as records, keys as shown};
use super::row::Route;
use crate::api::{credits, feedback, generation, keys, receipt, workspaces};
use crate::reference::{Access, Operation, Schema, Tag, text, truth, whole, word};

/// What is always there.
pub(super) fn rows() -> Vec<Route> {
    let mut rows = generations();
    rows.extend(of_keys());
    rows.extend(budgets());
    rows.push(
        Route::at("/credits").get(
            credits::show,
            Operation::new(
                "getCredits",
                Tag::Credits,
                "Tells what was ever put into the account, and what was spent of it.",
            )
            .gives("The credits.", shown::credits()),
        ),
    );
    rows
}

/// What is there where credits can be bought.
pub(super) fn sales() -> Vec<Route> {
    vec![
        Route::at("/credits/checkout").post(
            credits::checkout,
            Operation::new(
                "createCreditsCheckout",
                Tag::Credits,
                "Opens a checkout, at whose address credits are paid for.",
            )
            .takes(shown::purchase())
            .sample(json!({ "amount": 20 }))
            .fails(&[FailureKind::ProviderUnavailable])
            .makes("The checkout.", shown::checkout()),
        ),
        Route::at("/webhooks/stripe").post(
            credits::stripe,
            Operation::new(
                "receiveStripeNotice",
                Tag::Credits,
                "Takes a notice of the payment processor.",
            )
            .about("The notice is signed in `Stripe-Signature`; nobody else can write one.")
            .by(Access::Anybody)
            .hears("Stripe-Signature", text("The processor's signature."))
            .takes(crate::reference::open("A notice, as the processor writes it.", Vec::new()))
            .fails(&[FailureKind::NotFound, FailureKind::Conflict])
            .gives("It was taken.", shown::noticed()),
        ),
    ]
}

fn generations() -> Vec<Route> {
    let id = || text("The generation: the `id` of an answer, or its header `X-Generation-Id`.");
    vec![
        Route::at("/generation").get(
            generation::generation,
            Operation::new(
                "getGeneration",
                Tag::Generations,
                "Tells the record of a request, to the key that paid and the operator.",
            )
            .about("A new one shows within two seconds.")
            .asks("id", id())
            .fails(&[FailureKind::NotFound])
            .gives("The record.", records::generation()),
        ),
        Route::at("/generation/receipt").get(
            receipt::receipt,
            Operation::new(
                "getGenerationReceipt",
                Tag::Generations,
                "Tells how a request was planned, and what came of it.",
            )
            .asks("id", id())
            .fails(&[FailureKind::NotFound])
            .gives("The receipt.", records::receipt()),
        ),
        Route::at("/generation/feedback").post(
            feedback::feedback,
            Operation::new(
                "submitGenerationFeedback",
                Tag::Generations,
                "Keeps what a caller says of one of its generations.",
            )
            .about("Said again of the same category, it takes the place of what was said before.")
            .takes(records::feedback())
.sample(json!({ "generation_id": "gen-1787000000-0123456789abcdefghij", "category": "formatting", "rating": "up" }))
            .fails(&[FailureKind::NotFound])
            .gives("It was kept.", records::kept()),
        ),
    ]
}

fn of_keys() -> Vec<Route> {
    vec![
        Route::at("/key").get(
            keys::own,
            Operation::new(
                "getCurrentKey",
                Tag::Keys,
                "Tells limits and spend of the calling key.",
            )
            .gives("The key.", shown::own()),
        ),
        Route::at("/keys")
            .get(
                keys::list,
                managed("list", "Lists all keys, the newest first, a hundred at a time.")
                    .asks("offset", whole("Keys before the page.").usually(0).maybe())
                    .asks(
                        "include_disabled",
                        truth("Those too that do not work.").usually(true).maybe(),
                    )
                    .gives("The keys.", shown::keys()),
            )
            .post(
                keys::create,
                managed("createKeys", "Makes a key. Its text is in this answer and never again.")
                    .takes(shown::new_key())
                    .sample(json!({ "name": "ci", "limit": 25, "limit_reset": "monthly" }))
                    .makes("The key.", shown::made()),
            ),
        Route::at("/keys/{hash}")
            .get(keys::read, of_key("getKey", "Tells a key.").gives("The key.", shown::one()))
            .patch(
                keys::update,
                of_key("updateKeys", "Changes a key.")
                    .takes(shown::change())
                    .sample(json!({ "disabled": true }))
                    .gives("The key as it is now.", shown::one()),
            )
            .delete(
                keys::delete,
                of_key("deleteKeys", "Deletes a key. What it has spent stays on record.")
                    .gives("It is gone.", shown::deleted()),
            ),
    ]
}

fn managed(id: &'static str, summary: &'static str) -> Operation {
    Operation::new(id, Tag::Keys, summary).by(Access::Operator)
}

fn of_key(id: &'static str, summary: &'static str) -> Operation {
    managed(id, summary).at("hash", text("Its `hash`."))
}

fn budgets() -> Vec<Route> {
    let interval =
        || -> Schema { word("In what time.", ["daily", "weekly", "monthly", "lifetime"]) };
    vec![
        Route::at("/workspaces/{id}/budgets").get(
            workspaces::list,
            budget("listWorkspaceBudgets", "Lists what all keys may spend together.")
                .gives("The budgets.", shown::budgets()),
        ),
        Route::at("/workspaces/{id}/budgets/{interval}")
            .put(
                workspaces::set,
                budget(
                    "upsertWorkspaceBudget",
                    "Sets what all keys may spend together in some time.",
                )
                .at("interval", interval())
                .takes(shown::new_budget())
                .sample(json!({ "limit_usd": 500 }))
                .gives("The budget.", shown::one_budget()),
            )
            .delete(
                workspaces::remove,
                budget("deleteWorkspaceBudget", "Removes a budget; safe to repeat.")
                    .at("interval", interval())
                    .gives("It is gone.", shown::deleted()),
            ),
    ]
}

fn budget(id: &'static str, summary: &'static str) -> Operation {
    Operation::new(id, Tag::Workspaces, summary)
        .by(Access::Operator)
        .at("id", word("The workspace; there is one.", ["default"]))
}
