//! The front page.

use maud::{Markup, html};

use crate::parts::{Fact, Link, Snippet, facts, snippets};

/// What the front page shows.
#[derive(Clone, Debug)]
pub struct Home {
    /// How much there is.
    pub counts: Vec<Fact>,
    /// What rankings say: the question with its page, and the answer.
    pub answers: Vec<(Link, String)>,
    /// The models that were released last.
    pub newest: Vec<Newest>,
    /// What to type first.
    pub snippets: Vec<Snippet>,
}

/// A model that was released lately.
#[derive(Clone, Debug)]
pub struct Newest {
    /// The model.
    pub link: Link,
    /// Its id.
    pub id: String,
    /// When it was released: `2026-09-01`.
    pub released: String,
    /// What it costs in a few words.
    pub price: String,
}

impl Home {
    /// Writes it.
    pub fn html(&self) -> Markup {
        html! {
            div.head {
                h1 { "One API over every model" }
                p.lede { "Send a request as you send it to OpenAI, Anthropic, Google or Ollama; \
                    it goes to the best endpoint that sells the model, moves on when a provider \
                    fails, and comes back with what it cost to the nano-dollar." }
            }
            p.row {
                a.button.first href="/models" { "Find a model" }
                a.button href="/playground" { "Try one" }
                a.button href="/docs" { "Read the documentation" }
            }
            (facts(&self.counts))
            @if !self.answers.is_empty() {
                section.card aria-labelledby="answers" {
                    header { h2 #answers { "What the traffic says" } a href="/rankings" { "All \
                        rankings" } }
                    div.in { ul.plain { @for (link, answer) in &self.answers {
                        li { a href=(link.href) { (link.word) } p { (answer) } }
                    } } }
                }
            }
            div.grid2 {
                section.card aria-labelledby="start" {
                    header { h2 #start { "Quick start" } }
                    div.in { (snippets(&self.snippets)) }
                }
                section.card aria-labelledby="newest" {
                    header { h2 #newest { "Newest models" } a href="/models?sort=newest" { "All \
                        by date" } }
                    div.scroll {
                        table {
                            thead { tr { th scope="col" { "Model" } th.num.wide scope="col" {
                                "Released" } th.num scope="col" { "In / out, $ per M" } } }
                            tbody {
                                @for model in &self.newest {
                                    tr {
                                        th scope="row" { a href=(model.link.href) {
                                            (model.link.word) } span.id { (model.id) } }
                                        td.num.wide { (model.released) }
                                        td.num { (model.price) }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
