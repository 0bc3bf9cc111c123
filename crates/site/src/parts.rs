//! Small parts that many pages share.

use maud::{Markup, html};

/// A figure with its name and what it is of.
#[derive(Clone, Debug)]
pub struct Fact {
    /// Its name: `Input`.
    pub label: String,
    /// The figure in words: `$0.55`.
    pub value: String,
    /// What it is of: `per million tokens`.
    pub note: String,
}

impl Fact {
    /// Returns a figure.
    pub fn new(label: &str, value: impl Into<String>, note: impl Into<String>) -> Fact {
        Fact { label: label.to_owned(), value: value.into(), note: note.into() }
    }
}

/// A word that leads somewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The word.
    pub word: String,
    /// Where it leads.
    pub href: String,
}

/// Something to copy.
#[derive(Clone, Debug)]
pub struct Snippet {
    /// What it is for: `curl`.
    pub name: String,
    /// The text.
    pub text: String,
}

/// A strip of figures.
pub(crate) fn facts(facts: &[Fact]) -> Markup {
    html! {
        dl.facts {
            @for fact in facts {
                div { dt { (fact.label) } dd { (fact.value) @if !fact.note.is_empty() { small {
                    (fact.note) } } } }
            }
        }
    }
}

/// Short words in boxes; nothing where there are none.
pub(crate) fn tags(words: &[String]) -> Markup {
    html! {
        @if !words.is_empty() {
            ul.tags { @for word in words { li { (word) } } }
        }
    }
}

/// A text to copy.
pub(crate) fn code(label: &str, text: &str) -> Markup {
    html! {
        div.copy data-copy=(label) { pre tabindex="0" role="region" aria-label=(label) { code {
            (text) } } }
    }
}

/// Several texts to copy, of which one is open at a time.
pub(crate) fn snippets(snippets: &[Snippet]) -> Markup {
    html! {
        @for (place, snippet) in snippets.iter().enumerate() {
            details.code name="snippet" open[place == 0] {
                summary { (snippet.name) }
                (code(&snippet.name, &snippet.text))
            }
        }
    }
}

/// A title with what is said below it.
pub(crate) fn head(title: &str, lede: &str) -> Markup {
    html! { div.head { h1 { (title) } @if !lede.is_empty() { p.lede { (lede) } } } }
}

/// The way back up.
pub(crate) fn crumbs(links: &[Link]) -> Markup {
    html! {
        nav.crumbs aria-label="Breadcrumb" {
            @for (place, link) in links.iter().enumerate() {
                @if place > 0 { " / " }
                a href=(link.href) { (link.word) }
            }
        }
    }
}
