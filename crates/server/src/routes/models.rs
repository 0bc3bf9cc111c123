//! What can be called, who offers it, and what it costs.

use domain::failure::FailureKind;

use serde_json::json;

use super::objects::{all, images, lab, models as shown, offers};
use super::row::{RSS, Route};
use crate::api::{models, providers, report, terms};
use crate::lab::{DAYS, DAYS_MAX};
use crate::reference::{
    Access, Operation, Schema, Tag, either, list, number, text, truth, whole, word,
};
use crate::shelf::order::WORDS;

pub(super) fn rows() -> Vec<Route> {
    let mut rows = lists();
    rows.extend(ones());
    rows.extend(stealth());
    rows
}

fn lists() -> Vec<Route> {
    vec![
        Route::at("/models").get(
            models::list,
            filtered(listing("getModels", "Lists the models that can be called here.").about(
                "Callers that send `anthropic-version` get Anthropic's form of a page, and say `limit`, \
                 `after_id` and `before_id`.",
            ))
            .asks("after_id", text("Of Anthropic's form: the page begins after this model.").maybe())
            .asks("before_id", text("Of Anthropic's form: the page ends before this model.").maybe())
            .hears("anthropic-version", text("Asks for Anthropic's form.").maybe())
            .gives("The models.", either([shown::models(), shown::anthropics()], "Models."))
            .or_as(RSS, feed()),
        ),
        Route::at("/models/user").get(
            models::list,
            filtered(listing("listModelsUser", "Lists the models that can be called here: the same as `GET /models`."))
                .gives("The models.", shown::models())
                .or_as(RSS, feed()),
        ),
        Route::at("/models/count").get(
            models::count,
            filtered(listing("listModelsCount", "Counts the models that can be called here."))
                .gives("The count.", shown::count()),
        ),
        Route::at("/embeddings/models").get(
            models::embeddings,
            filtered(
                Operation::new("listEmbeddingsModels", Tag::Embeddings, "Lists the models that embed.")
                    .by(Access::Anybody),
            )
            .gives("The models.", shown::models())
            .or_as(RSS, feed()),
        ),
        Route::at("/images/models").get(
            models::image_models,
            Operation::new("listImageModels", Tag::Images, "Lists the models that draw, with what each can be told.")
                .by(Access::Anybody)
                .gives("The models.", images::models()),
        ),
        Route::at("/endpoints/zdr").get(
            models::zdr,
            Operation::new("listEndpointsZdr", Tag::Models, "Lists the endpoints that keep nothing of a prompt.")
                .by(Access::Anybody)
                .asks("available", available())
                .gives("The endpoints.", all(offers::endpoint(), "The endpoints.")),
        ),
        Route::at("/providers").get(
            providers::list,
            Operation::new("listProviders", Tag::Providers, "Lists the providers, and whether they can be called here.")
                .by(Access::Anybody)
                .gives("The providers.", super::objects::keys::providers()),
        ),
    ]
}

fn ones() -> Vec<Route> {
    vec![
        Route::at("/models/{id}").get(
            models::retrieved_whole,
            Operation::new(
                "retrieveModelById",
                Tag::Models,
                "Tells all that is known of a model, for clients that escape the slash of its id.",
            )
            .by(Access::Anybody)
            .at(
                "id",
                text("Its id, the slash as `%2F`; or another of its names.")
                    .such_as("openai%2Fgpt-5"),
            )
            .hears("anthropic-version", text("Asks for Anthropic's form.").maybe())
            .gives("The model.", retrieved()),
        ),
        Route::at("/models/{author}/{slug}").get(
            models::retrieved,
            of_model(
                "retrieveModel",
                "Tells all that is known of a model, with OpenAI's fields beside.",
            )
            .hears("anthropic-version", text("Asks for Anthropic's form.").maybe())
            .gives("The model.", retrieved()),
        ),
        Route::at("/model/{author}/{slug}").get(
            models::one,
            of_model("getModel", "Tells all that is known of a model.")
                .gives("The model.", super::objects::data(shown::model())),
        ),
        Route::at("/models/{author}/{slug}/endpoints").get(
            models::endpoints,
            of_model("listEndpoints", "Lists who offers a model, on which terms, and how well.")
                .about(
                    "Whoever may see the traffic of this instance is told what it tells of each.",
                )
                .asks("available", available())
                .gives("The model with its endpoints.", super::objects::data(offers::endpoints())),
        ),
        Route::at("/images/models/{author}/{slug}/endpoints").get(
            models::image_endpoints,
            Operation::new(
                "listImageModelEndpoints",
                Tag::Images,
                "Lists who offers a model that draws.",
            )
            .by(Access::Anybody)
            .at("author", text("Who made it."))
            .at("slug", text("Its name."))
            .gives("The endpoints.", images::endpoints()),
        ),
    ]
}

fn stealth() -> Vec<Route> {
    let days = whole("Days that it covers.").within(1, DAYS_MAX.into()).usually(DAYS).maybe();
    vec![
        Route::at("/models/{author}/{slug}/terms")
            .get(
                terms::show,
                of_stealth("getModelTerms", "Tells the terms of a stealth model, and whether the calling key has accepted them.")
                    .gives("The terms.", lab::terms()),
            )
            .post(
                terms::accept,
                of_stealth("acceptModelTerms", "Accepts the terms of a stealth model for the calling key; safe to repeat.")
                    .by(Access::Holder)
                    .takes(lab::acceptance())
.sample(json!({ "accept": "0123456789abcdef" }))
                    .fails(&[FailureKind::Conflict])
                    .gives("The terms, accepted.", lab::terms()),
            ),
        Route::at("/models/{author}/{slug}/report").get(
            report::report,
            of_stealth("getModelReport", "Tells what the lab of a stealth model is told.")
                .by(Access::Operator)
                .asks("days", days)
                .fails(&[FailureKind::ProviderOverloaded])
                .gives("The report.", lab::report()),
        ),
    ]
}

fn listing(id: &'static str, summary: &'static str) -> Operation {
    Operation::new(id, Tag::Models, summary).by(Access::Anybody)
}

fn of_model(id: &'static str, summary: &'static str) -> Operation {
    named(Operation::new(id, Tag::Models, summary).by(Access::Anybody))
}

fn of_stealth(id: &'static str, summary: &'static str) -> Operation {
    named(Operation::new(id, Tag::Stealth, summary))
}

fn named(operation: Operation) -> Operation {
    operation
        .at("author", text("Who made it.").such_as("openai"))
        .at("slug", text("Its name.").such_as("gpt-5"))
}

fn retrieved() -> Schema {
    either([shown::retrieved(), shown::anthropics_one()], "A model.")
}

fn feed() -> Schema {
    text("A feed of the models that were released last (RSS 2.0), with `use_rss=true`.")
}

fn available() -> Schema {
    word("What can be called now, or all that is known.", ["now", "all"]).usually("now").maybe()
}

/// The query by which models are narrowed down.
fn filtered(operation: Operation) -> Operation {
    let names = |said: &str| list(text("A name."), said).within(0, 100).maybe();
    let dollars = |said: &str| number(said).maybe();
    operation
        .asks("q", text("Words that are in name or id.").within(0, 200).maybe())
        .asks("available", available())
        .asks("supported_parameters", names("Parameters that have an effect."))
        .asks("input_modalities", list(shown::modality(), "What is read.").maybe())
        .asks(
            "output_modalities",
            list(text("A kind of content, or `all`."), "What is written: one of these.").maybe(),
        )
        .asks("context", whole("Tokens of prompt and answer together, at least.").maybe())
        .asks("min_price", dollars("Dollars for a million prompt tokens, at least."))
        .asks("max_price", dollars("Dollars for a million prompt tokens, at most."))
        .asks("min_output_price", dollars("Dollars for a million tokens of an answer, at least."))
        .asks("max_output_price", dollars("Dollars for a million tokens of an answer, at most."))
        .asks("arch", text("What the family of the tokenizer begins with.").maybe())
        .asks("model_authors", names("Who made it: one of these."))
        .asks("providers", names("Who offers it: one of these."))
        .asks("zdr", truth("Whether somebody offers it who keeps nothing.").maybe())
        .asks("region", word("Where somebody offers it for sure.", ["eu", "us"]).maybe())
        .asks("min_age_days", whole("Days since its release, at least.").maybe())
        .asks("max_age_days", whole("Days since its release, at most.").maybe())
        .asks(
            "sort",
            word(
                "In which order; by use, speed and benchmarks the catalog's.",
                WORDS.map(|(it, _)| it),
            )
            .maybe(),
        )
        .asks("offset", whole("Models before the page.").maybe())
        .asks(
            "limit",
            whole("Models of a page; all where neither is said.").within(1, 1_000).maybe(),
        )
        .asks("use_rss", truth("Whether it comes as a feed.").maybe())
}
