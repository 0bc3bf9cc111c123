//! What traffic told of a model, on its page; and days of service.

use maud::{Markup, html};

use crate::chart::{DayBar, Line, line, uptime};

/// What traffic told of a model.
#[derive(Clone, Debug, Default)]
pub struct Traffic {
    /// How much it was used, from day to day.
    pub line: Option<Line>,
    /// How its endpoints served.
    pub services: Vec<Service>,
    /// Who used it most, and how much.
    pub apps: Vec<[String; 2]>,
    /// What it was used for, and for how much of its requests.
    pub tasks: Vec<[String; 2]>,
    /// From what and when it was made.
    pub provenance: String,
}

/// How an endpoint or a provider served in ninety days.
#[derive(Clone, Debug, Default)]
pub struct Service {
    /// Who.
    pub name: String,
    /// Its days.
    pub days: Vec<DayBar>,
    /// The share of tries that it served.
    pub uptime: String,
    /// Time to the first content in the middle.
    pub first_token: String,
    /// Tokens by second in the middle.
    pub speed: String,
    /// What was paid for a million tokens of prompts and of answers, caches and all.
    pub paid: String,
}

impl Service {
    /// Draws its days.
    pub fn bars(&self) -> Markup {
        uptime(&self.days, &format!("{}: ninety days, {} served", self.name, self.uptime))
    }
}

impl Traffic {
    /// Writes it.
    pub fn html(&self) -> Markup {
        html! {
            @if let Some(chart) = &self.line {
                section.card aria-labelledby="use" { header { h2 #use { "Use" } p.quiet {
                    (self.provenance) } } div.in { (line(chart)) } }
            }
            @if !self.services.is_empty() { (self.served()) }
            @if !self.apps.is_empty() || !self.tasks.is_empty() {
                div.grid2 {
                    (shares("tasks", "Used for", "Of its requests in the last seven days", &self.tasks))
                    (shares("apps", "Apps", "Tokens in the last seven days", &self.apps))
                }
            }
        }
    }

    fn served(&self) -> Markup {
        html! {
            section.card aria-labelledby="service" {
                header { h2 #service { "Service, ninety days" } p.quiet { (self.provenance) } }
                div.scroll tabindex="0" role="region" aria-label="Table of service" {
                    table {
                        caption { "A bar is a day: full where at least 99.5 % was served, half \
                            below 97 %, a line where nothing was asked. Medians of the day that \
                            ends now." }
                        thead { tr { th scope="col" { "Endpoint" } th scope="col" { "Days" }
                            th.num scope="col" { "Served" } th.num scope="col" { "First token" }
                            th.num scope="col" { "Tokens/s" } th.num scope="col" { "Paid, in / out"
                            } } }
                        tbody { @for row in &self.services { tr {
                            th scope="row" { (row.name) } td { (row.bars()) }
                            td.num { (row.uptime) } td.num { (row.first_token) }
                            td.num { (row.speed) } td.num { (row.paid) }
                        } } }
                    }
                }
            }
        }
    }
}

fn shares(id: &str, title: &str, about: &str, rows: &[[String; 2]]) -> Markup {
    html! {
        @if !rows.is_empty() {
            section.card aria-labelledby=(id) {
                header { h2 id=(id) { (title) } p.quiet { (about) } }
                table { tbody { @for [name, share] in rows { tr { th scope="row" { (name) }
                    td.num { (share) } } } } }
            }
        }
    }
}
