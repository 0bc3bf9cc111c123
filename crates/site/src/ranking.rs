//! A ranking: one question, answered in a sentence, with the figures behind it.

use maud::{Markup, html};

use crate::docs::Document;
use crate::parts::{Link, head};

/// A page that answers one question.
#[derive(Clone, Debug, Default)]
pub struct Ranking {
    /// The question.
    pub question: String,
    /// The answer, in a sentence.
    pub answer: String,
    /// The other questions; the one that is asked is marked.
    pub tabs: Vec<Tab>,
    /// How it can be asked otherwise, in groups.
    pub controls: Vec<(&'static str, Vec<Tab>)>,
    /// What is seen.
    pub chart: Option<Markup>,
    /// The figures; empty where there is too little to tell.
    pub table: Table,
    /// How this is read, and what it does not say.
    pub notes: Vec<String>,
    /// When, from what and by which rules it was made.
    pub provenance: String,
    /// What is said in place of a table without rows.
    pub empty: String,
}

/// A link of which one is where the reader is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tab {
    /// The word.
    pub word: String,
    /// Where it leads.
    pub href: String,
    /// The reader is there.
    pub chosen: bool,
}

/// A table of figures.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// What it is, for those who do not see it.
    pub name: &'static str,
    /// What is to be known about its columns.
    pub caption: String,
    /// The columns, and whether each is of numbers.
    pub columns: Vec<(&'static str, bool)>,
    /// The rows: as many cells as columns.
    pub rows: Vec<Vec<Cell>>,
}

/// A cell of a table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cell {
    /// What it says.
    pub text: String,
    /// Where it leads.
    pub href: Option<String>,
    /// What is said below it.
    pub note: String,
}

impl Cell {
    /// Returns a cell that says something.
    pub fn of(text: impl Into<String>) -> Cell {
        Cell { text: text.into(), ..Cell::default() }
    }

    /// Returns a cell that leads somewhere.
    pub fn link(link: Link) -> Cell {
        Cell { text: link.word, href: Some(link.href), note: String::new() }
    }

    /// Returns it with more below it.
    #[must_use]
    pub fn note(self, note: impl Into<String>) -> Cell {
        Cell { note: note.into(), ..self }
    }
}

impl Ranking {
    /// Writes it.
    pub fn html(&self) -> Markup {
        html! {
            (head(&self.question, &self.answer))
            nav.row.tabs aria-label="Questions" { @for tab in &self.tabs { (linked(tab)) } }
            @for (legend, tabs) in &self.controls {
                nav.row.choices aria-label=(legend) { span.quiet { (legend) } @for tab in tabs {
                    (linked(tab)) } }
            }
            @if let Some(chart) = &self.chart { section.card aria-label="Chart" { div.in {
                (chart) } } }
            @if self.table.rows.is_empty() {
                section.card aria-label="Figures" { div.in { p { (self.empty) } } }
            } @else {
                section.card aria-label="Figures" { (self.table.html()) }
            }
            @if !self.notes.is_empty() {
                section aria-labelledby="how" {
                    h2 #how { "How to read this" }
                    ul.prose { @for note in &self.notes { li { (note) } } }
                }
            }
            p.quiet { (self.provenance) " " a href="/rankings/methodology" { "How it is counted" } "." }
        }
    }
}

/// How rankings are counted: the document, among the questions.
#[derive(Clone, Debug)]
pub struct Method<'a> {
    /// The questions; this page is marked.
    pub tabs: Vec<Tab>,
    /// The document.
    pub document: Document<'a>,
}

impl Method<'_> {
    /// Writes it.
    pub fn html(&self) -> Markup {
        html! {
            nav.row.tabs aria-label="Questions" { @for tab in &self.tabs { (linked(tab)) } }
            (self.document.alone())
        }
    }
}

/// A link of which one is where the reader is.
pub(crate) fn linked(tab: &Tab) -> Markup {
    html! { a href=(tab.href) aria-current=[tab.chosen.then_some("true")] { (tab.word) } }
}

impl Table {
    /// Writes it.
    pub fn html(&self) -> Markup {
        html! {
            div.scroll tabindex="0" role="region" aria-label=(self.name) {
                table.figures {
                    @if !self.caption.is_empty() { caption { (self.caption) } }
                    thead { tr { @for (word, is_number) in &self.columns {
                        th scope="col" class=[is_number.then_some("num")] { (word) } } } }
                    tbody { @for row in &self.rows { tr {
                        @for (cell, (_, is_number)) in row.iter().zip(&self.columns) {
                            td class=[is_number.then_some("num")] {
                                @if let Some(href) = &cell.href { a href=(href) { (cell.text) } }
                                @else { (cell.text) }
                                @if !cell.note.is_empty() { span.id { (cell.note) } }
                            }
                        }
                    } } }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ranking_without_rows_says_why() {
        let page = Ranking { empty: "Nothing was counted yet.".to_owned(), ..Ranking::default() };
        let page = page.html().into_string();
        assert!(page.contains("Nothing was counted yet.") && !page.contains("<table"), "{page}");
    }
}
