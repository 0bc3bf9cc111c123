//! The page of an application: what it asks models for.

use maud::{Markup, html};

use crate::chart::{Lines, lines};
use crate::parts::{Fact, Link, crumbs, facts, head};
use crate::ranking::Table;
use crate::traffic::shares;

/// An application. Name and address are what somebody sent: they are told, and lead nowhere.
#[derive(Clone, Debug, Default)]
pub struct AppPage {
    /// Its name.
    pub title: String,
    /// Its address.
    pub url: String,
    /// What it did, in a sentence.
    pub answer: String,
    /// Figures.
    pub facts: Vec<Fact>,
    /// How much it used, from day to day.
    pub line: Lines,
    /// The models that it used.
    pub models: Table,
    /// What it asked for, and for how much of its requests.
    pub tasks: Vec<(Link, String)>,
    /// Whether the address is known to be its own, and what that means.
    pub standing: String,
    /// When, from what and by which rules it was made.
    pub provenance: String,
}

impl AppPage {
    /// Writes it.
    pub fn html(&self) -> Markup {
        let up = [Link { word: "Apps".to_owned(), href: "/apps".to_owned() }];
        html! {
            (crumbs(&up))
            (head(&self.title, &self.answer))
            p.quiet { code { (self.url) } " " (self.standing) }
            (facts(&self.facts))
            section.card aria-labelledby="use" {
                header { h2 #use { "Tokens by day" } }
                div.in { (lines(&self.line)) }
            }
            div.grid2 {
                section.card aria-labelledby="models" {
                    header { h2 #models { "Models" } p.quiet { "in 30 days" } }
                    @if self.models.rows.is_empty() {
                        div.in { p { "Which models it used is not told: too few accounts stand \
                            behind any of them." } }
                    } @else { (self.models.html()) }
                }
                (shares("tasks", "Used for", "share of its requests in 30 days", &self.tasks))
            }
            p.quiet { (self.provenance) " " a href="/rankings/methodology" { "How it is counted" }
                "." }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_application_calls_itself_is_text_and_its_address_leads_nowhere() {
        let page = AppPage {
            title: "<script>".to_owned(),
            url: "https://x.example.com".to_owned(),
            ..AppPage::default()
        };
        let page = page.html().into_string();
        assert!(!page.contains("<script") && !page.contains("href=\"https:"), "{page}");
    }
}
