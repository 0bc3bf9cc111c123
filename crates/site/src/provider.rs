//! Providers: all of them, and one.

use maud::{Markup, html};

use crate::model::Health;
use crate::parts::{Fact, Link, crumbs, facts, head, tags};
use crate::traffic::Service;

/// All providers.
#[derive(Clone, Debug)]
pub struct Providers {
    /// What is listed, in a sentence.
    pub lede: String,
    /// The rows.
    pub rows: Vec<Row>,
}

/// A provider in the list.
#[derive(Clone, Debug)]
pub struct Row {
    /// The provider.
    pub link: Link,
    /// What routing preferences call it.
    pub slug: String,
    /// What kind of company it is, and where.
    pub kind: String,
    /// Its models.
    pub models: String,
    /// What it does with prompts.
    pub policy: Vec<String>,
    /// Whether it can be called here.
    pub standing: Health,
}

/// One provider.
#[derive(Clone, Debug)]
pub struct ProviderPage {
    /// Its name.
    pub name: String,
    /// What routing preferences call it.
    pub slug: String,
    /// What it is, in a sentence.
    pub lede: String,
    /// Figures.
    pub facts: Vec<Fact>,
    /// Its own pages.
    pub links: Vec<Link>,
    /// What a person should know.
    pub notes: Vec<String>,
    /// How it served, where traffic told of it.
    pub service: Option<Service>,
    /// What it offers.
    pub offers: Vec<Offered>,
}

/// A model that a provider offers.
#[derive(Clone, Debug)]
pub struct Offered {
    /// The model.
    pub link: Link,
    /// Its tag.
    pub detail: String,
    /// Prices per million tokens.
    pub input: String,
    /// See `input`.
    pub output: String,
    /// Tokens of prompt and answer together.
    pub context: String,
    /// How it fares now.
    pub health: Health,
}

impl Providers {
    /// Writes it.
    pub fn html(&self) -> Markup {
        html! {
            (head("Providers", &self.lede))
            div.card.scroll tabindex="0" role="region" aria-label="Table of providers" {
                table {
                    caption { "What a provider does with prompts is what it says itself; what it \
                        does not say is taken for the worst." }
                    thead {
                        tr {
                            th scope="col" { "Provider" } th scope="col" { "Kind" } th.num
                                scope="col" { "Models" }
                            th scope="col" { "Prompts" } th scope="col" { "Here" }
                        }
                    }
                    tbody {
                        @for row in &self.rows {
                            tr {
                                th scope="row" { a href=(row.link.href) { (row.link.word) }
                                    span.id { (row.slug) } }
                                td { (row.kind) }
                                td.num { (row.models) }
                                td { (tags(&row.policy)) }
                                td { (row.standing.html()) }
                            }
                        }
                    }
                }
            }
        }
    }
}

impl ProviderPage {
    /// Writes it.
    pub fn html(&self) -> Markup {
        let up = [Link { word: "Providers".to_owned(), href: "/providers".to_owned() }];
        html! {
            (crumbs(&up))
            (head(&self.name, &self.lede))
            (facts(&self.facts))
            @if !self.links.is_empty() {
                p.row { @for link in &self.links { a href=(link.href) rel="noreferrer nofollow" {
                    (link.word) } } }
            }
            @if !self.notes.is_empty() {
                section aria-labelledby="notes" {
                    h2 #notes { "To be known of it" }
                    ul.prose { @for note in &self.notes { li { (note) } } }
                }
            }
            @if let Some(service) = &self.service { (served(service)) }
            section.card aria-labelledby="offers" {
                header { h2 #offers { "Models" } p.quiet { "name it in " code { "provider.only" }
                    " as " code { (self.slug) } } }
                div.scroll tabindex="0" role="region" aria-label="Table of models" {
                    table {
                        caption { "Prices now, in dollars per million tokens." }
                        thead {
                            tr {
                                th scope="col" { "Model" } th.num scope="col" { "Input" } th.num
                                    scope="col" { "Output" }
                                th.num scope="col" { "Context" } th scope="col" { "Now" }
                            }
                        }
                        tbody {
                            @for offer in &self.offers {
                                tr {
                                    th scope="row" { a href=(offer.link.href) { (offer.link.word)
                                        } span.id { (offer.detail) } }
                                    td.num { (offer.input) }
                                    td.num { (offer.output) }
                                    td.num { (offer.context) }
                                    td { (offer.health.html()) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn served(service: &Service) -> Markup {
    html! {
        section.card aria-labelledby="service" {
            header { h2 #service { "Service, ninety days" } p.quiet { "requests to this instance" }
                }
            div.in {
                (service.bars())
                p { (service.uptime) " served. First token in the middle: " (service.first_token)
                    "; tokens a second: " (service.speed) ", in the 24 hours that end now." }
            }
        }
    }
}
