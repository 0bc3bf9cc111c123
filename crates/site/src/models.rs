//! Lists of models: all of them with filters, and those of one author.

use maud::{Markup, html};

use crate::parts::{Link, crumbs, head, tags};

/// A list with filters.
#[derive(Clone, Debug, Default)]
pub struct Models {
    /// What is listed, in a sentence.
    pub lede: String,
    /// Ticks, in groups.
    pub groups: Vec<Group>,
    /// Texts to fill in.
    pub fields: Vec<Field>,
    /// Of each, one is chosen: the region, the order.
    pub lists: Vec<Group>,
    /// Filters of the query that the form has no field for. They outlive it.
    pub kept: Vec<(String, String)>,
    /// What narrows the list now: each leads to the list without it.
    pub active: Vec<Link>,
    /// What is wrong with the query, where something is.
    pub fault: Option<String>,
    /// What to try where nothing is found.
    pub hints: Vec<Link>,
    /// What is shown of how many.
    pub counted: String,
    /// The rows.
    pub rows: Vec<Row>,
    /// The page before.
    pub previous: Option<String>,
    /// The page after.
    pub next: Option<String>,
    /// The same rows as CSV.
    pub csv: String,
}

/// Choices that belong together.
#[derive(Clone, Debug)]
pub struct Group {
    /// What they are about.
    pub legend: &'static str,
    /// The choices.
    pub choices: Vec<Choice>,
}

/// Something that can be chosen.
#[derive(Clone, Debug)]
pub struct Choice {
    /// The field of the query.
    pub name: &'static str,
    /// Its value.
    pub value: String,
    /// What people read.
    pub word: String,
    /// How many models it leaves; empty where that is not said.
    pub count: String,
    /// It holds.
    pub chosen: bool,
}

/// A text to fill in.
#[derive(Clone, Debug)]
pub struct Field {
    /// The field of the query.
    pub name: &'static str,
    /// What people read.
    pub word: &'static str,
    /// What it says now.
    pub value: String,
    /// An example.
    pub example: &'static str,
}

/// A model in a list.
#[derive(Clone, Debug)]
pub struct Row {
    /// The model.
    pub link: Link,
    /// Its id.
    pub id: String,
    /// Who offers it, in a few words.
    pub offers: String,
    /// What it can do.
    pub tags: Vec<String>,
    /// Its cheapest prices.
    pub input: String,
    /// The same of its answers.
    pub output: String,
    /// How much it reads.
    pub context: String,
    /// When it was released.
    pub released: String,
}

/// The models of one author.
#[derive(Clone, Debug)]
pub struct Author {
    /// Who it is.
    pub name: String,
    /// What is listed, in a sentence.
    pub lede: String,
    /// The rows.
    pub rows: Vec<Row>,
}

impl Author {
    /// Writes it.
    pub fn html(&self) -> Markup {
        let up = [Link { word: "Models".to_owned(), href: "/models".to_owned() }];
        html! {
            (crumbs(&up))
            (head(&self.name, &self.lede))
            (compare_form())
            section.card aria-label="Models" { (table(&self.rows)) }
        }
    }
}

impl Models {
    /// Writes it.
    pub fn html(&self) -> Markup {
        html! {
            (head("Models", &self.lede))
            (compare_form())
            div.split {
                details.sheet {
                    summary { "Filters and order" }
                    form #filters.filters action="/models" aria-label="Filters" {
                        (self.filters())
                    }
                }
                div {
                    @if let Some(fault) = &self.fault { p.note.warned role="alert" { (fault) } }
                    @if !self.active.is_empty() {
                        ul.chips aria-label="Filters that hold" {
                            @for link in &self.active { li { a href=(link.href) aria-label={
                                "Remove " (link.word) } { (link.word) " ✕" } } }
                            li { a href="/models" { "Clear all" } }
                        }
                    }
                    (self.results())
                }
            }
        }
    }

    fn filters(&self) -> Markup {
        html! {
            @for (name, value) in &self.kept { input type="hidden" name=(name) value=(value); }
            @for field in &self.fields {
                label.field {
                    span { (field.word) }
                    input name=(field.name) value=(field.value) placeholder=(field.example)
                        autocomplete="off";
                }
            }
            @for group in &self.groups {
                fieldset {
                    legend { (group.legend) }
                    @for choice in &group.choices {
                        label.check {
                            input type="checkbox" name=(choice.name) value=(choice.value)
                                checked[choice.chosen];
                            span { (choice.word) }
                            small { (choice.count) }
                        }
                    }
                }
            }
            @for list in &self.lists { (select(list)) }
            button.first { "Apply" }
        }
    }

    fn results(&self) -> Markup {
        html! {
            section.card aria-labelledby="results" {
                header {
                    h2 #results { "Results" }
                    p.quiet { (self.counted) " · " a href=(self.csv) { "CSV" } }
                }
                @if self.rows.is_empty() {
                    div.in {
                        p { "No model meets all of these." }
                        @if !self.hints.is_empty() {
                            ul.plain { @for hint in &self.hints { li { a href=(hint.href) {
                                (hint.word) } } } }
                        }
                    }
                } @else { (table(&self.rows)) }
                @if self.previous.is_some() || self.next.is_some() {
                    nav.pager aria-label="Pages" {
                        span { @if let Some(href) = &self.previous { a rel="prev" href=(href) {
                            "‹ Previous" } } }
                        span { @if let Some(href) = &self.next { a rel="next" href=(href) { "Next \
                            ›" } } }
                    }
                }
            }
        }
    }
}

fn select(list: &Group) -> Markup {
    html! {
        label.field {
            span { (list.legend) }
            select name=[list.choices.first().map(|choice| choice.name)] {
                @for choice in &list.choices { option value=(choice.value)
                    selected[choice.chosen] { (choice.word) } }
            }
        }
    }
}

/// The rows' ticks belong to this form, wherever they stand.
fn compare_form() -> Markup {
    html! {
        form #compare.row action="/compare" {
            button { "Compare the ticked models" }
            span.quiet { "Tick two to six in the table." }
        }
    }
}

fn table(rows: &[Row]) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label="Table of models" {
            table {
                caption { "Prices are of the cheapest endpoint now, in dollars per million \
                    tokens. “–”: not known, or not billed so." }
                thead {
                    tr {
                        th scope="col" { "Model" }
                        th.num scope="col" { "Input" }
                        th.num scope="col" { "Output" }
                        th.num.wide scope="col" { "Context" }
                        th.num.wide scope="col" { "Released" }
                        th.num scope="col" { "Compare" }
                    }
                }
                tbody { @for row in rows { (listed(row)) } }
            }
        }
    }
}

fn listed(row: &Row) -> Markup {
    html! {
        tr {
            th scope="row" {
                a href=(row.link.href) { (row.link.word) }
                span.id { (row.id) " · " (row.offers) }
                (tags(&row.tags))
            }
            td.num { (row.input) }
            td.num { (row.output) }
            td.num.wide { (row.context) }
            td.num.wide { (row.released) }
            td.num { input type="checkbox" name="m" value=(row.id) form="compare" aria-label={
                "Compare " (row.link.word) }; }
        }
    }
}
