//! What traffic tells, and how endpoints fare.

use super::objects::{rankings as shown, watch};
use super::row::{CSV, Route};
use crate::api::{metrics, rankings, routing};
use crate::reference::{Access, Base, Operation, Schema, Tag, text, whole, word};

pub(super) fn rows() -> Vec<Route> {
    vec![
        Route::at("/rankings").get(
            rankings::index,
            told("listRankings", "Lists the rankings that there are.")
                .gives("The rankings.", shown::index()),
        ),
        Route::at("/rankings/{name}").get(rankings::ranking, ranking()),
        Route::at("/datasets/rankings-daily").get(
            rankings::rankings_daily,
            dated(told("getRankingsDaily", "Tells tokens by date and model."))
                .about(
                    "The fifty most used of a date are named, the others told together as `other`.",
                )
                .asks(
                    "period",
                    word("By what dates.", ["day", "week", "month"]).usually("day").maybe(),
                )
                .gives("The rows.", shown::daily()),
        ),
        Route::at("/datasets/app-rankings").get(
            rankings::app_rankings,
            dated(told("getAppRankings", "Tells applications by tokens, or by what they grew."))
                .asks("sort", word("By what.", ["popular", "trending"]).usually("popular").maybe())
                .asks("limit", whole("Rows, at most.").within(1, 100).usually(50).maybe())
                .asks("offset", whole("Rows before them.").within(0, 100).usually(0).maybe())
                .gives("The rows.", shown::apps()),
        ),
        Route::at("/classifications/task").get(
            rankings::classifications,
            told(
                "getTaskClassifications",
                "Tells what requests of the last seven days were for, in shares.",
            )
            .asks("window", word("Over what time.", ["7d"]).usually("7d").maybe())
            .gives("The shares.", shown::tasks()),
        ),
        Route::at("/routing/endpoints").get(
            routing::endpoints,
            Operation::new(
                "listRoutingEndpoints",
                Tag::Instance,
                "Tells how every endpoint fares that can be called.",
            )
            .by(Access::Operator)
            .asks("model", text("Of one model.").maybe())
            .asks("provider", text("Of one provider, by its slug.").maybe())
            .gives("The endpoints.", watch::endpoints()),
        ),
        Route::at("/metrics").below(Base::Server).get(
            metrics::metrics,
            Operation::new(
                "getMetrics",
                Tag::Instance,
                "Tells figures of this process, as Prometheus reads them.",
            )
            .by(Access::Operator)
            .gives_as(
                200,
                "The figures.",
                &["text/plain"],
                text("Prometheus' text format."),
            ),
        ),
    ]
}

fn ranking() -> Operation {
    let mut operation = told("getRanking", "Tells a ranking.")
        .about("One slice at a time narrows the board of models, over a week or a month.")
        .at("name", shown::names())
        .asks("window", shown::window())
        .asks("by", shown::order())
        .asks("model", text("Of `hours`: all 168 hours of one model.").maybe());
    for (name, schema) in shown::slices() {
        operation = operation.asks(name, schema);
    }
    operation.gives("The ranking.", shown::ranking()).or_as(CSV, text("The same rows as a table."))
}

fn told(id: &'static str, summary: &'static str) -> Operation {
    Operation::new(id, Tag::Rankings, summary).by(Access::Reader)
}

fn dated(operation: Operation) -> Operation {
    let day = |said: &str| -> Schema { text(said).such_as("2026-11-25").maybe() };
    operation
        .asks("start_date", day("The first day; thirty days before the last where none is said."))
        .asks("end_date", day("The last day; yesterday where none is said."))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::reference::Place;
    use crate::shelf::ranking::WORDS;

    #[test]
    fn a_ranking_is_asked_by_the_words_that_are_read() {
        let told = ranking().parameters.into_iter().filter(|it| it.place == Place::Query);
        let told: BTreeSet<&str> = told.map(|it| it.name).collect();
        assert_eq!(told, BTreeSet::from(WORDS));
    }
}
