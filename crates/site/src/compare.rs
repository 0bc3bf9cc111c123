//! Models side by side.

use maud::{Markup, html};

use crate::parts::{Link, head};

/// The most models that stand side by side.
pub const MODELS_MAX: usize = 6;

/// Models side by side.
#[derive(Clone, Debug, Default)]
pub struct Compare {
    /// The models.
    pub models: Vec<Column>,
    /// What is compared, with an answer for each model.
    pub lines: Vec<Line>,
    /// Names that no model has, each with what it may have meant.
    pub unknown: Vec<Unknown>,
    /// Comparisons to begin with, where none is asked for.
    pub examples: Vec<Link>,
}

/// A model that is compared.
#[derive(Clone, Debug)]
pub struct Column {
    /// The model.
    pub link: Link,
    /// Its id.
    pub id: String,
    /// The comparison without it.
    pub without: String,
}

/// One thing that is compared.
#[derive(Clone, Debug)]
pub struct Line {
    /// What it is.
    pub label: &'static str,
    /// An answer for each model.
    pub cells: Vec<String>,
    /// The cells that are best; none where that makes no sense or all are the same.
    pub best: Vec<usize>,
}

/// A name that no model has.
#[derive(Clone, Debug)]
pub struct Unknown {
    /// The name, cut.
    pub name: String,
    /// The comparison with the nearest name in its place.
    pub nearest: Option<Link>,
}

impl Compare {
    /// Writes it.
    pub fn html(&self) -> Markup {
        html! {
            (head("Compare", "Two to six models side by side, from the same facts as everywhere. \
                The address is the comparison: share it."))
            @for unknown in &self.unknown {
                p.note.warned role="alert" {
                    "There is no model " code { (unknown.name) } "."
                    @if let Some(near) = &unknown.nearest { " Did you mean " a href=(near.href) {
                        (near.word) } "?" }
                }
            }
            form.fields action="/compare" {
                @for model in &self.models { input type="hidden" name="m" value=(model.id); }
                @if self.models.len() < MODELS_MAX {
                    label.field { span { "Add a model by its id" } input name="m"
                        placeholder="author/model" autocomplete="off"; }
                    button { "Add" }
                }
            }
            @if self.models.is_empty() {
                section.card aria-labelledby="examples" {
                    header { h2 #examples { "To begin with" } }
                    div.in {
                        @if self.examples.is_empty() {
                            p { "Tick models in " a href="/models" { "the list" } "." }
                        } @else {
                            ul.plain { @for link in &self.examples { li { a href=(link.href) {
                                (link.word) } } } }
                        }
                    }
                }
            } @else { (self.table()) }
        }
    }

    fn table(&self) -> Markup {
        html! {
            div.card.scroll tabindex="0" role="region" aria-label="Comparison" {
                table.sides {
                    caption { "The best of each line is bold. Prices are of the cheapest endpoint \
                        now." }
                    thead {
                        tr {
                            td {}
                            @for model in &self.models {
                                th scope="col" {
                                    a href=(model.link.href) { (model.link.word) }
                                    span.id { (model.id) }
                                    a href=(model.without) aria-label={ "Leave out "
                                        (model.link.word) } { "Leave out" }
                                }
                            }
                        }
                    }
                    tbody {
                        @for line in &self.lines {
                            tr {
                                th scope="row" { (line.label) }
                                @for (place, cell) in line.cells.iter().enumerate() {
                                    td class=[line.best.contains(&place).then_some("best")] {
                                        (cell) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
