//! Boards: who is used most, how sure that is, and what changed.

use domain::catalog::Catalog;
use site::chart::{Columns, Stack, columns};
use site::ranking::{Cell, Ranking, Tab};
use site::words;
use traffic::figures::{
    Board, BoardRow, Change, Figures, Order, Question, Slice, Subject, Window, date,
};

use super::super::links;
use super::apps;
use super::parts::{dollars, largest, model_cell, rank, span, table, tokens};
use crate::shelf::ranking::Asked;

/// Parts of a chart before the rest is told as one.
const PARTS: usize = 7;
const WEEKS: usize = 12;

/// What is said of every table of a board.
const CAPTION: &str = "Ranks with their 90 % intervals. “=”: not to be told from the next row for \
    sure. ◆: one account is more than a fifth of it. Change against the days before, with its 90 % \
    interval.";

/// Makes the page of a board.
pub(super) fn board(figures: &Figures, catalog: &Catalog, question: &Question) -> Ranking {
    let empty = Board::default();
    let board = figures.board(question).unwrap_or(&empty);
    let answer = answer(figures, catalog, question, board);
    let told = Ranking {
        question: title(question),
        answer,
        controls: controls(figures, question),
        notes: notes(figures, board),
        ..Ranking::default()
    };
    if question.subject == Subject::Apps {
        return apps::page(figures, board, told);
    }
    Ranking {
        chart: chart(figures, catalog, question, board),
        table: table(
            "Ranking",
            CAPTION,
            &[
                ("Rank", false),
                (noun(question.subject), false),
                ("Tokens, capped", true),
                ("Share", true),
                ("Change", true),
                ("Accounts", true),
                ("Largest", true),
                ("Spend", true),
            ],
            board.rows.iter().map(|row| cells(row, catalog, question.subject)).collect(),
        ),
        empty: "Too little was counted to tell. Boards appear with the first requests, and on a \
                public instance from fifty eligible accounts on."
            .to_owned(),
        ..told
    }
}

const fn noun(subject: Subject) -> &'static str {
    match subject {
        Subject::Models => "Model",
        Subject::Authors => "Author",
        Subject::Providers => "Provider",
        Subject::Apps => "App",
    }
}

fn title(question: &Question) -> String {
    let what = match question.subject {
        Subject::Models => "Which models are used most",
        Subject::Authors => "Whose models are used most",
        Subject::Providers => "Who serves the most",
        Subject::Apps => "Which apps use the most",
    };
    let (_, value) = question.slice.words();
    let slice = match &question.slice {
        Slice::All => String::new(),
        Slice::Task(tag) => format!(" for {}", tag.label()),
        Slice::Group(group) => format!(" for {}", group.label()),
        Slice::Context(_) => format!(" with prompts of {value} tokens"),
        Slice::Tools(_) => format!(" with tools: {value}"),
        Slice::Language(code) => format!(" in requests in {}", language(code)),
        Slice::App(_) => format!(" by {value}"),
        Slice::Router => " where the router chose".to_owned(),
    };
    format!("{what}{slice}?")
}

/// Returns a language by its code of ISO 639-3; a rare one by the code.
fn language(code: &str) -> &str {
    const NAMES: [(&str, &str); 28] = [
        ("ara", "Arabic"),
        ("ben", "Bengali"),
        ("bul", "Bulgarian"),
        ("ces", "Czech"),
        ("cmn", "Chinese"),
        ("code", "source code"),
        ("deu", "German"),
        ("ell", "Greek"),
        ("eng", "English"),
        ("fra", "French"),
        ("heb", "Hebrew"),
        ("hin", "Hindi"),
        ("ind", "Indonesian"),
        ("ita", "Italian"),
        ("jpn", "Japanese"),
        ("kor", "Korean"),
        ("nld", "Dutch"),
        ("pes", "Persian"),
        ("pol", "Polish"),
        ("por", "Portuguese"),
        ("rus", "Russian"),
        ("spa", "Spanish"),
        ("tam", "Tamil"),
        ("tha", "Thai"),
        ("tur", "Turkish"),
        ("ukr", "Ukrainian"),
        ("und", "an untold language"),
        ("vie", "Vietnamese"),
    ];
    NAMES.iter().find(|it| it.0 == code).map_or(code, |it| it.1)
}

fn name(figures: &Figures, catalog: &Catalog, subject: Subject, name: &str) -> String {
    let found = match subject {
        Subject::Models => catalog.find_model(name).map(|it| catalog.model(it).name.clone()),
        Subject::Providers => {
            catalog.find_provider(name).map(|it| catalog.provider(it).display_name.clone())
        }
        Subject::Apps => {
            figures.apps.iter().find(|app| app.url == name).map(|app| app.title.clone())
        }
        Subject::Authors => None,
    };
    found.unwrap_or_else(|| name.to_owned())
}

fn answer(figures: &Figures, catalog: &Catalog, question: &Question, board: &Board) -> String {
    let when = span(figures, question.window.days(), board);
    let of = match question.order {
        Order::Tokens | Order::RawTokens => "tokens",
        Order::Spend => "spend",
        Order::Accounts => "accounts",
        Order::Voice => "votes, one an account",
    };
    let name = |row: &BoardRow| name(figures, catalog, question.subject, &row.name);
    match board.rows.as_slice() {
        [] => format!("{when}, too little was counted to tell."),
        [first, second, ..] if first.ties_with_next => format!(
            "{when}, {} and {} led, and cannot be told apart: {} and {} of {of}.",
            name(first),
            name(second),
            words::percent(first.share),
            words::percent(second.share)
        ),
        [first, rest @ ..] => {
            let three = first.share + rest.iter().take(2).map(|row| row.share).sum::<f64>();
            let more = if rest.len() < 2 {
                String::new()
            } else {
                format!("; the first three have {}", words::percent(three))
            };
            format!(
                "{when}, {} led with {} of {of}{more}.",
                name(first),
                words::percent(first.share)
            )
        }
    }
}

/// The slices that controls offer: their legend, and their kind.
const KINDS: [(&str, &str); 5] = [
    ("Task", "group"),
    ("Prompt", "context"),
    ("Tools", "tools"),
    ("Language", "language"),
    ("Chosen by", "chosen"),
];

/// The other boards of a subject: each control changes one thing.
fn controls(figures: &Figures, question: &Question) -> Vec<(&'static str, Vec<Tab>)> {
    let tab = |word: &str, other: Question| {
        figures.boards.contains_key(&other).then(|| Tab {
            word: word.to_owned(),
            chosen: other == *question,
            href: href(&other),
        })
    };
    let by = |order: Order| {
        let word = match order {
            Order::Tokens => "tokens, capped",
            Order::RawTokens => "tokens, raw",
            Order::Spend => "spend",
            Order::Accounts => "accounts",
            Order::Voice => "one vote an account",
        };
        tab(word, Question { order, ..question.clone() })
    };
    let over = |window: Window| {
        let word = words::count(window.days() as usize, "day");
        tab(&word, Question { window, ..question.clone() })
    };
    let mut controls = vec![
        ("By", Order::ALL.into_iter().filter_map(by).collect::<Vec<_>>()),
        ("Over", Window::ALL.into_iter().filter_map(over).collect()),
    ];
    if question.subject == Subject::Models {
        let slices: Vec<&Slice> = {
            let mut slices: Vec<&Slice> = figures
                .boards
                .keys()
                .filter(|it| it.subject == Subject::Models && it.window == Window::Week)
                .filter(|it| it.order == Order::Tokens)
                .map(|it| &it.slice)
                .collect();
            slices.dedup();
            slices
        };
        let of = |kind: &'static str| {
            let kin = slices.iter().filter(|it| it.words().0 == kind || ***it == Slice::All);
            let tabs = kin.filter_map(|slice| {
                let word = match slice {
                    Slice::All => "all",
                    Slice::Group(group) => group.label(),
                    Slice::Language(code) => language(code),
                    slice => slice.words().1,
                };
                let window = Window::Week;
                tab(
                    word,
                    Question {
                        slice: (*slice).clone(),
                        window,
                        order: Order::Tokens,
                        ..question.clone()
                    },
                )
            });
            tabs.collect::<Vec<_>>()
        };
        for (legend, kind) in KINDS {
            controls.push((legend, of(kind)));
        }
    }
    controls.retain(|(_, tabs)| 1 < tabs.len());
    controls
}

fn href(question: &Question) -> String {
    links::address(
        &links::ranking(question.subject.word()),
        &Asked::Board(question.clone()).pairs(),
    )
}

/// Draws the last twelve weeks of models, or of authors.
fn chart(
    figures: &Figures,
    catalog: &Catalog,
    question: &Question,
    board: &Board,
) -> Option<site::Markup> {
    let is_drawn = matches!(question.subject, Subject::Models | Subject::Authors)
        && question.slice == Slice::All
        && !board.rows.is_empty();
    if !is_drawn {
        return None;
    }
    let of = |model: &str| match question.subject {
        Subject::Authors => model.split('/').next().unwrap_or(model).to_owned(),
        _ => model.to_owned(),
    };
    let leading: Vec<&str> = board.rows.iter().take(PARTS).map(|row| row.name.as_str()).collect();
    let mut sums = vec![vec![0.0; WEEKS]; leading.len() + 1];
    for (model, told) in &figures.models {
        let owner = of(model);
        let place = leading.iter().position(|it| *it == owner).unwrap_or(leading.len());
        let days = told.series.tokens.iter().rev().take(WEEKS * 7).enumerate();
        for (back, tokens) in days {
            sums[place][WEEKS - 1 - back / 7] += tokens.unwrap_or_default() as f64;
        }
    }
    let label = |week: usize| {
        let first = figures.last_day + 1 - 7 * (WEEKS - week) as i64;
        date(first).chars().skip(5).collect::<String>()
    };
    let names = leading
        .iter()
        .map(|it| name(figures, catalog, question.subject, it))
        .chain(["all others".to_owned()]);
    let stacks = names.zip(sums).map(|(name, values)| Stack { name, values }).collect::<Vec<_>>();
    let stacks: Vec<Stack> =
        stacks.into_iter().filter(|it| it.values.iter().any(|it| 0.0 < *it)).collect();
    Some(columns(&Columns {
        title: "Tokens by week, of the leading ones; each column is seven days from its date"
            .to_owned(),
        labels: (0..WEEKS).map(label).collect(),
        stacks,
        say: Some(words::large),
    }))
}

fn cells(row: &BoardRow, catalog: &Catalog, subject: Subject) -> Vec<Cell> {
    let who = match subject {
        Subject::Models => model_cell(catalog, &row.name),
        Subject::Authors => Cell { href: Some(links::author(&row.name)), ..Cell::of(&row.name) },
        Subject::Apps => Cell { href: Some(links::app(&row.name)), ..Cell::of(&row.name) },
        Subject::Providers => {
            let found = catalog.find_provider(&row.name);
            let word = found.map(|it| catalog.provider(it).display_name.clone());
            let href = Some(links::provider(&row.name));
            Cell { href, ..Cell::of(word.unwrap_or_else(|| row.name.clone())) }
        }
    };
    vec![
        rank(row),
        who,
        tokens(row),
        Cell::of(words::percent(row.share)),
        row.change.map_or_else(|| Cell::of("–"), change),
        Cell::of(words::grouped(u64::from(row.accounts))),
        largest(row),
        Cell::of(dollars(row.spend_nanos)),
    ]
}

fn change(it: Change) -> Cell {
    if !it.is_sure() {
        return Cell::of("– no clear change");
    }
    let arrow = if 0.0 < it.growth { "▲" } else { "▼" };
    let (low, high) = (words::change(it.low), words::change(it.high));
    Cell::of(format!("{arrow} {}", words::change(it.growth))).note(format!("{low} to {high}"))
}

fn notes(figures: &Figures, board: &Board) -> Vec<String> {
    if board.rows.is_empty() {
        return Vec::new();
    }
    let mut notes = vec![
        "Capped tokens count no account for more than a fiftieth of a row, or twice its even part \
         where there are fewer than a hundred accounts: one large customer makes no ranking."
            .to_owned(),
        "Tokens are those of prompts that did not come from a cache, and of answers. Spend is at list \
         prices."
            .to_owned(),
        format!(
            "{} {} behind this board.",
            words::count(board.accounts as usize, "account"),
            if board.accounts == 1 { "stands" } else { "stand" }
        ),
    ];
    if let Some(part) = board.part {
        let part = words::percent(part);
        notes.push(format!("{part} of all requests of these days are counted here."));
    }
    if board.kept_back != 0 {
        let rows = words::count(board.kept_back as usize, "row");
        notes.push(format!("{rows} are kept back: they would tell about somebody."));
    }
    let is_listed = |model: &str| board.rows.iter().any(|row| row.name == model);
    let cloaked = figures.cloaked.iter().filter(|it| is_listed(&it.model));
    notes.extend(
        cloaked.map(|it| {
            format!("{} was cloaked as {} until {}.", it.model, it.stealth, date(it.until))
        }),
    );
    notes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_that_is_told_apart_has_a_name() {
        for code in classify::Language::known() {
            assert_ne!(language(code), code);
        }
        assert_eq!(language("tlh"), "tlh");
    }
}
