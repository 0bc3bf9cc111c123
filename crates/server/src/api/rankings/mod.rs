//! `/rankings`, `/datasets` and `/classifications`: what traffic told, from the figures in memory.

mod ask;
mod boards;
mod datasets;
mod sheet;
mod special;
mod tasks;

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use domain::failure::{Failure, FailureKind};
use http::HeaderMap;
use serde_json::{Value, json};
use traffic::figures::{Figures, Order, Question, Scope, Slice, Subject, date};

pub use datasets::{app_rankings, rankings_daily};
pub use tasks::classifications;

use super::caller::caller;
use crate::app::App;
use crate::error::ApiError;
use crate::shelf::traffic::open;
use ask::{Ask, Form};

/// What can be asked for beside the boards, with what it answers.
const SPECIALS: [(&str, &str); 4] = [
    ("rising", "models that are used more than they were, and not by chance"),
    ("stable", "providers by how reliably they answered, in groups that cannot be told apart"),
    ("hours", "when models are cheap, as posted and as it was paid"),
    ("value", "models by what they give for their price"),
];

/// `GET /rankings`: what there is.
///
/// # Errors
/// `Authentication` on a private instance.
pub async fn index(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
) -> Result<Json<Value>, ApiError> {
    let figures = allowed(&app, &headers).await?;
    let boards = Subject::ALL.map(|subject| {
        json!({ "name": subject.word(), "href": format!("/api/v1/rankings/{}", subject.word()) })
    });
    let specials = SPECIALS.map(|(name, question)| {
        json!({ "name": name, "question": question, "href": format!("/api/v1/rankings/{name}") })
    });
    Ok(Json(json!({ "data": { "boards": boards, "others": specials }, "meta": meta(&figures) })))
}

/// `GET /rankings/{name}`, `{name}.json` or `{name}.csv`: a board, or what else can be asked for.
///
/// # Errors
/// `Authentication` on a private instance; `NotFound` for an unknown name; `InvalidRequest` for a
/// question that makes no sense.
pub async fn ranking(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Path(name): Path<String>,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Result<Response, ApiError> {
    let figures = allowed(&app, &headers).await?;
    let (name, form) = Form::split(&name);
    let ask = Ask::read(&pairs)?;
    let sheet = match Subject::ALL.into_iter().find(|subject| subject.word() == name) {
        Some(subject) => boards::sheet(&figures, &tellable(&app, ask.question(subject)?)?),
        None => match name {
            "rising" => special::rising(&figures),
            "stable" => special::stable(&figures),
            "hours" => special::hours(&figures, ask.model.as_deref()),
            "value" => special::value(&figures),
            _ => return Err(unknown(name).into()),
        },
    };
    Ok(match form {
        Form::Json => Json(sheet.json(meta(&figures))).into_response(),
        Form::Csv => sheet.csv(),
    })
}

/// Returns a question that may be asked: on a public instance two may not.
fn tellable(app: &App, question: Question) -> Result<Question, Failure> {
    let is_public = app.current().config.public.enabled;
    if is_public && question.order == Order::RawTokens {
        return Err(Failure::invalid(
            "this instance tells capped tokens alone: raw ones beside them would tell what the \
             largest account used",
        ));
    }
    if is_public && matches!(question.slice, Slice::App(_)) {
        return Err(Failure::invalid("which models an app uses is not told on this instance"));
    }
    Ok(question)
}

fn unknown(name: &str) -> Failure {
    let known: Vec<&str> =
        Subject::ALL.map(Subject::word).into_iter().chain(SPECIALS.map(|(name, _)| name)).collect();
    let name: String = name.chars().take(60).collect();
    Failure::caller(
        FailureKind::NotFound,
        format!("there is no ranking `{name}`; there are {}", known.join(", ")),
    )
}

/// Returns the figures to whoever may see them: everybody where they are for everybody, and else
/// whoever has a key.
pub(super) async fn allowed(app: &Arc<App>, headers: &HeaderMap) -> Result<Arc<Figures>, Failure> {
    if let Some(figures) = open(app) {
        return Ok(figures);
    }
    caller(app, headers).await?;
    Ok(app.figures.get())
}

/// Returns which models were stealth models, and until when: what those were used for counts as
/// theirs.
fn cloaked(figures: &Figures) -> Value {
    let shown = figures
        .cloaked
        .iter()
        .map(|it| json!({ "model": it.model, "id": it.stealth, "until": date(it.until) }));
    shown.collect()
}

/// Returns what is said of every figure.
fn meta(figures: &Figures) -> Value {
    let scope = match figures.scope {
        Scope::Private => json!({ "public": false }),
        Scope::Public { accounts, accounts_min } => json!({
            "public": true,
            "eligible_accounts": accounts,
            "eligible_accounts_min": accounts_min,
            "eligible_accounts_missing": accounts_min.saturating_sub(accounts),
        }),
    };
    let mut meta = json!({
        "as_of": figures.made.to_string(),
        "version": figures.methodology,
        "first_day": figures.first_day.map(date),
        "last_day": date(figures.last_day),
        "synthetic": figures.has_synthetic,
        "scope": scope,
    });
    if !figures.cloaked.is_empty() {
        meta["cloaked"] = cloaked(figures);
    }
    meta
}
