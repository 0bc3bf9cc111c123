//! What traffic tells: rankings, datasets, tasks.

use classify::{Macro, Tag};
use traffic::event::{Context, Offered};
use traffic::figures::{Order, Subject, Window};
use traffic::sums::ROUTER;

use super::figures::{common, meta};
use super::{data, day, dollars, share};
use crate::reference::{
    Schema, either, fixed, list, named, number, object, text, truth, whole, word,
};
use crate::shelf::ranking::OTHERS;

/// The windows of rankings.
pub(crate) fn window() -> Schema {
    word("Over what time.", Window::ALL.map(Window::word)).usually(Window::Week.word()).maybe()
}

/// The orders of rankings.
pub(crate) fn order() -> Schema {
    let said = "By what. `raw-tokens` is not told on a public instance.";
    word(said, Order::ALL.map(Order::word)).usually(Order::Tokens.word()).maybe()
}

/// Slices of the board of models, of which a request names one.
pub(crate) fn slices() -> [(&'static str, Schema); 7] {
    let contexts: Vec<&str> = Context::all().map(Context::word).collect();
    [
        ("task", word("For what: a task.", Tag::all().map(Tag::key)).maybe()),
        ("group", word("For what: a group of tasks.", Macro::ALL.map(Macro::key)).maybe()),
        ("language", text("In which language.").such_as("eng").maybe()),
        ("context", word("With how long a prompt.", contexts).maybe()),
        ("tools", word("With how many tools.", Offered::ALL.map(Offered::word)).maybe()),
        ("chosen", word("Where the house's router chose the model.", [ROUTER]).maybe()),
        ("app", text("By which application; not on a public instance.").maybe()),
    ]
}

/// The names of rankings.
pub(crate) fn names() -> Schema {
    let boards = Subject::ALL.map(Subject::word);
    let names = boards.into_iter().chain(OTHERS.map(|it| it.0));
    let endings = ["", ".json", ".csv"];
    let all: Vec<String> =
        names.flat_map(|name| endings.map(|ending| format!("{name}{ending}"))).collect();
    word("Which; `.csv` at its end has the same as a table.", all.iter().map(String::as_str))
}

/// What there is.
pub(crate) fn index() -> Schema {
    let entry = |question: bool| {
        let mut fields = vec![("name", text("Its name.")), ("href", text("Its address."))];
        if question {
            fields.push(("question", text("What it answers.")));
        }
        object("A ranking.", fields)
    };
    let what = object(
        "What there is.",
        vec![("boards", list(entry(false), "Boards.")), ("others", list(entry(true), "Others."))],
    );
    object(
        "Rankings.",
        vec![
            ("data", what),
            ("meta", meta("FiguresMeta", || object("What is said of every figure.", common()))),
        ],
    )
}

/// A ranking.
pub(crate) fn ranking() -> Schema {
    let row = either(
        [
            named("BoardRow", board),
            named("RisingRow", rising),
            named("StableRow", stable),
            named("HoursRow", hours),
            named("ValueRow", value),
            named("TaskRow", task),
        ],
        "A row, of the ranking that was asked for.",
    );
    object(
        "A ranking.",
        vec![
            ("data", list(row, "Its rows, the first first.")),
            ("meta", meta("RankingMeta", board_meta)),
        ],
    )
}

fn board_meta() -> Schema {
    let mut fields = common();
    let slice = object(
        "The part of the traffic that is ranked.",
        vec![("kind", text("By what it is cut.")), ("value", text("Which part."))],
    );
    fields.extend([
        ("subject", word("What is ranked.", Subject::ALL.map(Subject::word)).maybe()),
        ("by", word("By what.", Order::ALL.map(Order::word)).maybe()),
        ("window", word("Over what time.", Window::ALL.map(Window::word)).maybe()),
        ("window_first_day", day("The first day that is counted.").maybe()),
        ("window_last_day", day("The last day that is counted.").maybe()),
        ("slice", slice.maybe()),
        ("part", share("The part of all requests that is in the slice.").maybe()),
        ("accounts", whole("Accounts behind it.").maybe()),
        ("kept_back", whole("Rows that are not shown.").maybe()),
        (
            "other_tokens",
            whole("What these used together; null where that would tell.").or_null().maybe(),
        ),
        ("requests", whole("Of tasks: requests that were looked at.").maybe()),
        ("other_share", share("Of these, those whose task could not be told.").maybe()),
    ]);
    object("What is said of a ranking.", fields)
}

fn board() -> Schema {
    let change = object(
        "Against the days before, with the interval that holds it in 90 of 100 cases.",
        vec![
            ("growth", number("How much more, less one.").or_null()),
            ("low", number("The least that is likely.").or_null()),
            ("high", number("The most that is likely.").or_null()),
            ("is_sure", truth("It is not by chance.").or_null()),
        ],
    );
    object(
        "A row of a board.",
        vec![
            ("rank", whole("Its place, from 1.")),
            ("rank_low", whole("The best place that is likely.")),
            ("rank_high", whole("The worst place that is likely.")),
            ("ties_with_next", truth("It cannot be told from the next for sure.")),
            ("name", text("Of what.")),
            ("share", share("Of what the board is ordered by.")),
            ("tokens", number("Tokens; no account counts for more than its part.")),
            ("raw_tokens", whole("Tokens as they are; not on a public instance.").or_null()),
            ("spend", dollars("Spend at list prices.")),
            ("requests", whole("Requests.")),
            ("accounts", whole("Accounts.")),
            ("effective_users", number("It behaves like so many accounts of equal use.")),
            ("largest_share", share("What the largest account has of it.").or_null()),
            ("is_concentrated", truth("More than a fifth of it is one account.")),
            ("change", change),
            ("app_id", whole("Of an application: its number.").or_null().maybe()),
            ("app_name", text("Of an application: its name.").or_null().maybe()),
            ("app_url", text("Of an application: its address.").maybe()),
            ("verified", truth("Its address is known to be its own.").or_null().maybe()),
            (
                "models_last_30d",
                list(text("A model."), "What an application used most in 30 days.").maybe(),
            ),
        ],
    )
}

fn rising() -> Schema {
    object(
        "A model, and whether it rises.",
        vec![
            ("model", text("The model.")),
            ("is_rising", truth("It rises, and not by chance.")),
            ("growth", number("This week over the median of four, less one.")),
            ("growth_without_largest", number("The same without its largest account.").or_null()),
            ("account_growth", number("Accounts over those of the week before, less one.")),
            ("z", number("How far it is above the median, in the spread of its weeks.")),
        ],
    )
}

fn stable() -> Schema {
    object(
        "A provider, and how reliably it answered.",
        vec![
            ("provider", text("The provider.")),
            ("group", text("`A` holds all that cannot be told from the best.").or_null()),
            ("mean", share("The mean over days of good answers.").or_null()),
            ("worst_day", share("The worst day's.").or_null()),
            ("requests", whole("Requests.")),
            ("days", whole("Days with enough of them.")),
        ],
    )
}

fn hours() -> Schema {
    let span = object(
        "Hours that are cheap for sure.",
        vec![
            ("start", whole("The first, from Monday 00:00 UTC.")),
            ("hours", whole("How many.")),
            ("effect", number("By what share they are cheaper.")),
        ],
    );
    let posted = object(
        "An endpoint with prices by the hour.",
        vec![
            ("endpoint", text("The endpoint.")),
            (
                "basket_nanos",
                list(whole("An hour."), "Nano-dollars for a million tokens, by hour of the week."),
            ),
        ],
    );
    let hour = object(
        "An hour of the week, as it was paid.",
        vec![
            ("effect", number("By what share it is dearer.").or_null()),
            ("weeks", whole("Weeks behind it.")),
            ("is_cheap", truth("It is cheap for sure.")),
            ("is_dear", truth("It is dear for sure.")),
        ],
    );
    object(
        "When a model is cheap.",
        vec![
            ("model", text("The model.")),
            ("weeks", whole("Complete weeks behind it.")),
            ("cheap", list(span, "When it is cheap.")),
            ("posted", list(posted, "Prices as they are posted.")),
            ("hours", list(hour, "All 168 hours, where one model is asked for.").maybe()),
        ],
    )
}

fn value() -> Schema {
    object(
        "A model, and what it gives for its price.",
        vec![
            ("model", text("The model.")),
            ("value", number("Quality less fifteen points for each tenfold price.").or_null()),
            ("quality", number("How well it does, 0 to 100.")),
            ("quality_source", text("Where that comes from.")),
            ("cost_per_request", dollars("What a request costs in the middle.")),
            ("cost_nanos", number("The same in nano-dollars.")),
            ("frontier", share("The chance that no other is both cheaper and better.")),
        ],
    )
}

fn task() -> Schema {
    let model = object(
        "A model, and its shares of the task.",
        vec![
            ("model", text("The model.")),
            ("requests", share("Of requests.")),
            ("tokens", share("Of tokens.")),
            ("spend", share("Of spend.")),
        ],
    );
    object(
        "A task, and how much of all it is.",
        vec![
            ("tag", word("Its key.", Tag::all().map(Tag::key))),
            ("group", word("Its group.", Macro::ALL.map(Macro::key))),
            ("requests", share("Of requests, corrected for errors of the classifier.")),
            ("requests_uncorrected", share("Of requests, as they were classified.")),
            ("tokens", share("Of tokens.")),
            ("spend", share("Of spend.")),
            ("models", list(model, "The five that are used most for it.")),
        ],
    )
}

/// Tokens by date and model.
pub(crate) fn daily() -> Schema {
    let row = object(
        "A model on a date.",
        vec![
            ("date", day("The first day of the period.")),
            ("model_permaslug", text("The model; `other` is all the rest.")),
            ("total_tokens", text("Tokens of prompts and answers, a whole number.")),
        ],
    );
    dataset(row)
}

/// Applications.
pub(crate) fn apps() -> Schema {
    let row = object(
        "An application.",
        vec![
            ("rank", whole("Its place, from 1.")),
            ("app_id", whole("Its number.")),
            ("app_name", text("Its name.").or_null()),
            ("app_url", text("Its address.").or_null()),
            ("verified", truth("It is who it says.")),
            ("total_tokens", text("Tokens, or what they grew by; a whole number.")),
            ("total_requests", whole("Requests; not on a public instance.").or_null()),
        ],
    );
    dataset(row)
}

fn dataset(row: Schema) -> Schema {
    let about = meta("DatasetMeta", || {
        let mut fields = common();
        fields.push(("start_date", day("The first day that was asked for.")));
        fields.push(("end_date", day("The last day that was asked for.")));
        object("What is said of a dataset.", fields)
    });
    object("A dataset.", vec![("data", list(row, "Its rows.")), ("meta", about)])
}

/// What requests were for.
pub(crate) fn tasks() -> Schema {
    let model = object(
        "A model among those that did it.",
        vec![
            ("id", text("The model.")),
            ("tag_usage_share", share("Of requests.")),
            ("tag_token_share", share("Of tokens.")),
            ("tag_spend_share", share("Of spend.")),
        ],
    );
    let task = object(
        "A task.",
        vec![
            ("tag", word("Its key.", Tag::all().map(Tag::key))),
            ("display_name", text("Its name.")),
            ("macro_category", word("Its group.", Macro::ALL.map(Macro::key))),
            ("usage_share", share("Of requests, corrected for errors of the classifier.")),
            ("usage_share_uncorrected", share("Of requests, as they were classified.")),
            ("token_share", share("Of tokens.")),
            ("spend_share", share("Of spend.")),
            ("category_usage_share", share("Of requests of its group.")),
            ("category_token_share", share("Of tokens of its group.")),
            ("models", list(model, "Who did it.")),
        ],
    );
    let group = object(
        "A group of tasks.",
        vec![
            ("key", word("Its key.", Macro::ALL.map(Macro::key))),
            ("label", text("Its name.")),
            ("usage_share", share("Of requests.")),
            ("token_share", share("Of tokens.")),
            ("spend_share", share("Of spend.")),
        ],
    );
    data(named_tasks(task, group))
}

fn named_tasks(task: Schema, group: Schema) -> Schema {
    object(
        "What requests were for.",
        vec![
            ("window_days", fixed(7, "Days that are counted.")),
            ("as_of", day("The last of them.")),
            ("classifications", list(task, "The tasks.")),
            ("macro_categories", list(group, "Their groups.")),
        ],
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shelf::ranking::WORDS;

    #[test]
    fn every_parameter_that_a_ranking_reads_is_told() {
        let mut told: Vec<&str> = slices().iter().map(|it| it.0).collect();
        told.extend(["window", "by", "model"]);
        told.sort_unstable();
        let mut read = WORDS.to_vec();
        read.sort_unstable();
        assert_eq!(told, read);
    }
}
