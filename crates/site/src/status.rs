//! How endpoints fare now.

use maud::{Markup, html};

use crate::model::Health;
use crate::parts::{Fact, Link, facts, head};
use crate::traffic::Service;

/// How endpoints fare now.
#[derive(Clone, Debug)]
pub struct Status {
    /// The whole in a sentence.
    pub lede: String,
    /// Counts.
    pub facts: Vec<Fact>,
    /// Providers that can be called here, those in trouble first; then those that traffic told of.
    pub rows: Vec<Row>,
}

/// A provider.
#[derive(Clone, Debug)]
pub struct Row {
    /// The provider.
    pub link: Link,
    /// How it fares as a whole.
    pub health: Health,
    /// Its endpoints that can be called.
    pub endpoints: String,
    /// Those that are in trouble, each with the model.
    pub troubled: Vec<Link>,
    /// Ninety days of it, where traffic told of them.
    pub service: Option<Service>,
}

impl Status {
    /// Writes it.
    pub fn html(&self) -> Markup {
        html! {
            (head("Status", &self.lede))
            (facts(&self.facts))
            section.card aria-labelledby="providers" {
                header { h2 #providers { "Providers" } }
                @if self.rows.is_empty() {
                    div.in { p { "No provider has a credential yet. " code { "interline catalog \
                        providers" } " names the variables that bring one in." } }
                } @else {
                    div.scroll tabindex="0" role="region" aria-label="Table of providers" {
                        table {
                            caption { "Measured on this instance's own requests; nothing is \
                                probed. A bar is a day of ninety: full where at least 99.5 % was \
                                served, half below 97 %, a line where nothing was asked." }
                            thead { tr { th scope="col" { "Provider" } th scope="col" { "Now" }
                                th scope="col" { "Ninety days" } th.num scope="col" {
                                    "Served" } th.num scope="col" { "Endpoints" } th scope="col" {
                                    "In trouble" } } }
                            tbody {
                                @for row in &self.rows {
                                    tr {
                                        th scope="row" { a href=(row.link.href) { (row.link.word)
                                            } }
                                        td { (row.health.html()) }
                                        td { @if let Some(service) = &row.service {
                                            (service.bars()) } @else { "–" } }
                                        td.num { @if let Some(service) = &row.service {
                                            (service.uptime) } @else { "–" } }
                                        td.num { (row.endpoints) }
                                        td {
                                            @if row.troubled.is_empty() { span.quiet { "none" } }
                                            @for (place, link) in row.troubled.iter().enumerate()
                                                { @if place > 0 { ", " } a href=(link.href) {
                                                    (link.word) } }
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
}
