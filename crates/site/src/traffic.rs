//! What traffic told of a model, on its page; and days of service.

use maud::{Markup, html};

use crate::chart::{DayBar, Lines, lines, uptime};
use crate::parts::Link;
use crate::ranking::{Tab, linked};

/// What traffic told of a model.
#[derive(Clone, Debug, Default)]
pub struct Traffic {
    /// How much it was used, from day to day.
    pub line: Option<Lines>,
    /// How its endpoints served.
    pub services: Vec<Service>,
    /// How fast they were.
    pub pace: Option<Pace>,
    /// What they were seen to charge.
    pub prices: Option<Prices>,
    /// Who used it most, and how much.
    pub apps: Vec<(Link, String)>,
    /// What it was used for, and for how much of its requests.
    pub tasks: Vec<(Link, String)>,
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

/// How fast endpoints were: the day that ends now, and one of them from day to day.
#[derive(Clone, Debug, Default)]
pub struct Pace {
    /// The endpoints, of which one is drawn.
    pub endpoints: Vec<Tab>,
    /// Over how many days it is drawn.
    pub spans: Vec<Tab>,
    /// Time to the first token, and tokens a second.
    pub charts: Vec<Lines>,
    /// Every endpoint on the day that ends now.
    pub rows: Vec<Spread>,
}

/// How fast an endpoint was: the 50th, 75th, 90th and 99th percentile.
#[derive(Clone, Debug, Default)]
pub struct Spread {
    /// Which.
    pub name: String,
    /// Of how many answers.
    pub count: String,
    /// Times to the first token.
    pub first_token: [String; 4],
    /// Tokens a second.
    pub speed: [String; 4],
}

/// What endpoints were seen to charge.
#[derive(Clone, Debug, Default)]
pub struct Prices {
    /// What became of them, in a sentence.
    pub says: String,
    /// Where one changed: input and output from day to day.
    pub charts: Vec<Lines>,
    /// Since when, who, input, output, read from a cache; the newest first.
    pub rows: Vec<[String; 5]>,
}

const PERCENTILES: [&str; 4] = ["p50", "p75", "p90", "p99"];

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
                    (self.provenance) } } div.in { (lines(chart)) } }
            }
            @if let Some(pace) = &self.pace { (self.paced(pace)) }
            @if !self.services.is_empty() { (self.served()) }
            @if let Some(prices) = &self.prices { (prices.html()) }
            @if !self.apps.is_empty() || !self.tasks.is_empty() {
                div.grid2 {
                    (shares("tasks", "Used for", "share of its requests in seven days",
                        &self.tasks))
                    (shares("apps", "Apps", "tokens in seven days", &self.apps))
                }
            }
        }
    }

    fn paced(&self, pace: &Pace) -> Markup {
        html! {
            section.card aria-labelledby="pace" {
                header { h2 #pace { "Speed" } p.quiet { (self.provenance) } }
                div.in {
                    @for (legend, tabs) in [("Endpoint", &pace.endpoints), ("Over", &pace.spans)] {
                        @if 1 < tabs.len() {
                            nav.row.choices aria-label={ "Speed: " (legend) } { span.quiet {
                                (legend) } @for tab in tabs { (linked(tab)) } }
                        }
                    }
                    div.grid2 { @for chart in &pace.charts { (lines(chart)) } }
                }
                (spreads(&pace.rows))
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

fn spreads(rows: &[Spread]) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label="Table of speed" {
            table {
                caption { "The 24 hours that end now. p90: nine of ten answers were at or below \
                    it, in milliseconds as in tokens a second." }
                thead {
                    tr { td colspan="2" {} th.num scope="colgroup" colspan="4" { "First token" }
                        th.num scope="colgroup" colspan="4" { "Tokens a second" } }
                    tr { th scope="col" { "Endpoint" } th.num scope="col" { "Answers" }
                        @for _ in 0..2 { @for word in PERCENTILES { th.num scope="col" { (word)
                            } } } }
                }
                tbody { @for row in rows { tr {
                    th scope="row" { (row.name) } td.num { (row.count) }
                    @for cell in row.first_token.iter().chain(&row.speed) { td.num { (cell) } }
                } } }
            }
        }
    }
}

impl Prices {
    fn html(&self) -> Markup {
        html! {
            section.card aria-labelledby="price" {
                header { h2 #price { "Price history" } p.quiet { "dollars per million tokens" } }
                div.in {
                    p { (self.says) }
                    @if !self.charts.is_empty() { div.grid2 { @for chart in &self.charts {
                        (lines(chart)) } } }
                    details {
                        summary { "Every price that was seen" }
                        div.scroll tabindex="0" role="region" aria-label="Table of prices" {
                            table {
                                thead { tr { th scope="col" { "Since" } th scope="col" {
                                    "Endpoint" } th.num scope="col" { "Input" } th.num
                                    scope="col" { "Output" } th.num scope="col" { "Cached" } } }
                                tbody { @for [since, who, input, output, cached] in &self.rows {
                                    tr { td { (since) } th scope="row" { (who) } td.num { (input)
                                        } td.num { (output) } td.num { (cached) } }
                                } }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Names with a figure each.
pub(crate) fn shares(id: &str, title: &str, about: &str, rows: &[(Link, String)]) -> Markup {
    html! {
        @if !rows.is_empty() {
            section.card aria-labelledby=(id) {
                header { h2 id=(id) { (title) } p.quiet { (about) } }
                table { tbody { @for (link, share) in rows { tr { th scope="row" { a
                    href=(link.href) { (link.word) } } td.num { (share) } } } } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_which_nothing_is_known_is_not_there() {
        let nothing = Traffic::default().html().into_string();
        assert_eq!(nothing, "");
        let link = Link { word: "<b>".to_owned(), href: "/apps/x".to_owned() };
        let traffic = Traffic { apps: vec![(link, "3M".to_owned())], ..Traffic::default() };
        let shown = traffic.html().into_string();
        assert!(shown.contains("&lt;b&gt;") && !shown.contains("Used for"), "{shown}");
    }
}
