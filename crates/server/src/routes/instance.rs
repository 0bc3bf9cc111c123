//! What this instance says of itself.

use super::row::Route;
use crate::api::openapi;
use crate::reference::{Access, Base, Operation, Tag, open, text};

pub(super) fn rows() -> Vec<Route> {
    vec![
        Route::at("")
            .below(Base::Front)
            .get(front, words("getFront", "Says in a few lines what this is.", "The lines.")),
        Route::at("/openapi.json").below(Base::Everywhere).get(
            openapi::document,
            Operation::new(
                "getOpenApi",
                Tag::Instance,
                "Tells all operations of the API: this document.",
            )
            .by(Access::Anybody)
            .gives(
                "The document.",
                open("An OpenAPI 3.1 document.", vec![("openapi", text("Its version."))]),
            ),
        ),
        Route::at("/healthz").below(Base::Server).get(
            || async { "ok\n" },
            words("getHealth", "Says that the process answers.", "`ok`."),
        ),
    ]
}

fn words(id: &'static str, summary: &'static str, said: &'static str) -> Operation {
    Operation::new(id, Tag::Instance, summary).by(Access::Anybody).gives_as(
        200,
        said,
        &["text/plain"],
        text("Words."),
    )
}

pub(super) async fn front() -> &'static str {
    FRONT
}

const FRONT: &str = "Interline: one API over every model.\n\
    \n\
    POST /api/v1/chat/completions   as at OpenAI and OpenRouter\n\
    GET  /api/v1/models             what can be called\n\
    GET  /api/v1/providers          who serves it\n\
    GET  /api/v1/openapi.json       all of it, for programs\n";
