//! The page of a model.

use maud::{Markup, html};

use crate::parts::{Fact, Link, Snippet, code, crumbs, facts, snippets, tags};
use crate::traffic::Traffic;

/// What the page of a model shows.
#[derive(Clone, Debug)]
pub struct ModelPage {
    /// Its name.
    pub name: String,
    /// Its id.
    pub id: String,
    /// Its author.
    pub author: Link,
    /// What it is, in its author's or the catalog's words.
    pub description: String,
    /// What is known of it in short: when it was released, what it reads and writes.
    pub summary: Vec<String>,
    /// Figures.
    pub facts: Vec<Fact>,
    /// Who offers it.
    pub offers: Vec<Offer>,
    /// What it would cost.
    pub calculator: Calculator,
    /// What becomes of parameters.
    pub parameters: Vec<Parameter>,
    /// How it is called.
    pub snippets: Vec<Snippet>,
    /// Other names for it.
    pub aliases: Vec<String>,
    /// Whether it can be called here.
    pub available: bool,
    /// What traffic told of it; nothing where there was none.
    pub traffic: Option<Traffic>,
    /// What callers accept before they use it, where it is a stealth model.
    pub terms: Option<Terms>,
}

/// The terms of a stealth model.
#[derive(Clone, Debug)]
pub struct Terms {
    /// The text, in which a line feed ends a line.
    pub text: String,
    /// How they are accepted: a command, with this instance's address.
    pub accept: String,
}

/// An endpoint of a model.
#[derive(Clone, Debug)]
pub struct Offer {
    /// Who offers it.
    pub provider: Link,
    /// What `provider.only` calls it, and what sets it apart: `fast/fp8 · fp8 · EU`.
    pub detail: String,
    /// Prices per million tokens: of a prompt, of an answer, of what is read from a cache.
    pub input: String,
    /// See `input`.
    pub output: String,
    /// See `input`.
    pub cached: String,
    /// All other prices, in words.
    pub others: Vec<String>,
    /// Prices at other hours, for longer prompts and of other tiers, in words.
    pub conditions: Vec<String>,
    /// Tokens of prompt and answer together.
    pub context: String,
    /// Tokens of an answer.
    pub max_output: String,
    /// Time to the first token.
    pub first_token: String,
    /// Tokens a second.
    pub speed: String,
    /// The share of a day's requests that it answered.
    pub uptime: String,
    /// How it fares now.
    pub health: Health,
    /// What it does with prompts.
    pub policy: Vec<String>,
    /// What it can do.
    pub features: Vec<String>,
}

/// How an endpoint fares, with the word for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// Good, doubtful or bad.
    pub tone: Tone,
    /// The word.
    pub word: String,
}

/// Whether something is good. A word always stands beside the colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Tone {
    Good,
    Doubtful,
    Bad,
    Quiet,
}

impl Tone {
    fn class(self) -> &'static str {
        match self {
            Tone::Good => "ok",
            Tone::Doubtful => "warn",
            Tone::Bad => "bad",
            Tone::Quiet => "quiet",
        }
    }
}

impl Health {
    /// Writes it.
    pub(crate) fn html(&self) -> Markup {
        html! { span class=(self.tone.class()) { (self.word) } }
    }
}

/// What a workload would cost at each endpoint.
#[derive(Clone, Debug)]
pub struct Calculator {
    /// Where the form leads.
    pub action: String,
    /// What can be filled in: field, word, value.
    pub fields: Vec<(&'static str, &'static str, String)>,
    /// By endpoint: who, a request, a month. Cheap before dear.
    pub rows: Vec<[String; 3]>,
    /// What is wrong with what was filled in.
    pub fault: Option<String>,
}

/// What becomes of a parameter.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// By how many endpoints it is passed on, translated, emulated or dropped.
    pub fate: String,
}

impl Terms {
    fn html(&self) -> Markup {
        html! {
            section.card aria-labelledby="terms" {
                header { h2 #terms { "Terms" } p.quiet { "to be accepted before use" } }
                div.in {
                    p { "Who made this model is not told yet. A key uses it once it has accepted \
                        these terms; others are refused." }
                    @for paragraph in self.text.trim().split("\n\n") {
                        p { @for (place, line) in paragraph.trim().lines().enumerate() {
                            @if place > 0 { br; } (line)
                        } }
                    }
                    (code("the command that accepts them", &self.accept))
                }
            }
        }
    }
}

impl ModelPage {
    /// Writes it.
    pub fn html(&self) -> Markup {
        html! {
            (self.head())
            @if let Some(terms) = &self.terms { (terms.html()) }
            (facts(&self.facts))
            nav.row aria-label="On this page" {
                a href="#providers" { "Providers" } a href="#cost" { "Cost" }
                a href="#snippets" { "Call it" } a href="#parameters" { "Parameters" }
                @if let Some(traffic) = &self.traffic {
                    @if traffic.line.is_some() { a href="#use" { "Use" } }
                    @if traffic.pace.is_some() { a href="#pace" { "Speed" } }
                    @if !traffic.services.is_empty() { a href="#service" { "Uptime" } }
                    @if traffic.prices.is_some() { a href="#price" { "Price history" } }
                    @if !traffic.apps.is_empty() { a href="#apps" { "Apps" } }
                }
            }
            (self.providers())
            div.grid2 {
                (self.calculator.html())
                section.card aria-labelledby="snippets" {
                    header { h2 #snippets { "Call it" } p.quiet { "with this instance's address"
                        } }
                    div.in { (snippets(&self.snippets)) }
                }
            }
            @if let Some(traffic) = &self.traffic { div #traffic.stack { (traffic.html()) } }
            (self.parameters())
        }
    }

    fn head(&self) -> Markup {
        let up =
            [Link { word: "Models".to_owned(), href: "/models".to_owned() }, self.author.clone()];
        html! {
            div.head {
                (crumbs(&up))
                h1 { (self.name) }
                @if !self.description.is_empty() { p.lede { (self.description) } }
                (tags(&self.summary))
            }
            (code("the id", &self.id))
            @if !self.aliases.is_empty() {
                p.quiet { "Also answers to " @for (place, alias) in
                    self.aliases.iter().enumerate() { @if place > 0 { ", " } code { (alias) } }
                        "." }
            }
            @if !self.available {
                p.note { "No endpoint of this model can be called here: no provider of it has a \
                    credential, or none speaks a dialect that is reached. The table shows what \
                    is known." }
            }
            p.row {
                @if self.available { a.button.first href={ "/playground?m=" (self.id) } { "Try \
                    it" } }
                a.button href={ "/compare?m=" (self.id) } { "Compare" }
            }
        }
    }

    fn providers(&self) -> Markup {
        html! {
            section.card aria-labelledby="providers" {
                header { h2 #providers { "Providers" } p.quiet {
                    (crate::words::count(self.offers.len(), "endpoint")) } }
                @if self.offers.is_empty() {
                    div.in { p { "Nobody is known to offer it." } }
                } @else {
                    div.scroll tabindex="0" role="region" aria-label="Table of providers" {
                        table {
                            caption { "Prices now, in dollars per million tokens; conditions \
                                below them. Speed and uptime are measured on this instance's own \
                                requests of 30 minutes, or of 24 hours where there were none. \
                                “–”: not known, or not measured yet." }
                            thead {
                                tr {
                                    th scope="col" { "Provider" }
                                    th.num scope="col" { "Input" } th.num scope="col" { "Output"
                                        } th.num scope="col" { "Cached" }
                                    th.num scope="col" { "Context" } th.num scope="col" { "Max \
                                        output" }
                                    th scope="col" { "First token" } th scope="col" { "Speed" }
                                        th scope="col" { "Uptime 24 h" } th scope="col" { "Now" }
                                    th scope="col" { "Data" } th scope="col" { "Features" }
                                }
                            }
                            tbody { @for offer in &self.offers { (offered(offer)) } }
                        }
                    }
                }
            }
        }
    }

    fn parameters(&self) -> Markup {
        html! {
            section.card aria-labelledby="parameters" {
                header { h2 #parameters { "Parameters" } a href="/docs/dialects" { "The whole \
                    contract" } }
                @if self.parameters.is_empty() {
                    div.in { p { "None of its endpoints can be asked in this version." } }
                } @else {
                    div.scroll tabindex="0" role="region" aria-label="Table of parameters" {
                        table {
                            caption { "What becomes of each optional parameter at its endpoints. \
                                What is dropped is named in the answer." }
                            thead { tr { th scope="col" { "Parameter" } th scope="col" { "At its \
                                endpoints" } } }
                            tbody { @for parameter in &self.parameters { tr { th scope="row" {
                                code { (parameter.name) } } td { (parameter.fate) } } } }
                        }
                    }
                }
            }
        }
    }
}

fn offered(offer: &Offer) -> Markup {
    html! {
        tr {
            th scope="row" {
                a href=(offer.provider.href) { (offer.provider.word) }
                span.id { (offer.detail) }
                @if !offer.conditions.is_empty() || !offer.others.is_empty() {
                    ul.windows {
                        @for line in offer.others.iter().chain(&offer.conditions) { li { (line) } }
                    }
                }
            }
            td.num { (offer.input) }
            td.num { (offer.output) }
            td.num { (offer.cached) }
            td.num { (offer.context) }
            td.num { (offer.max_output) }
            td { (offer.first_token) }
            td { (offer.speed) }
            td { (offer.uptime) }
            td { (offer.health.html()) }
            td { (tags(&offer.policy)) }
            td { (tags(&offer.features)) }
        }
    }
}

impl Calculator {
    fn html(&self) -> Markup {
        html! {
            section.card aria-labelledby="cost" {
                header { h2 #cost { "What would it cost?" } p.quiet { "at the prices of this \
                    minute" } }
                div.in {
                    form.fields action={ (self.action) "#cost" } {
                        @for (name, word, value) in &self.fields {
                            label.field { span { (word) } input name=(name) value=(value)
                                inputmode="numeric" autocomplete="off"; }
                        }
                        button { "Calculate" }
                    }
                    @if let Some(fault) = &self.fault { p.note.warned role="alert" { (fault) } }
                    @if self.rows.is_empty() {
                        p.quiet { "No endpoint of it has a price per token." }
                    } @else {
                        div.scroll tabindex="0" role="region" aria-label="Costs" {
                            table {
                                caption { "A month is 30 days. Caches are charged at their own \
                                    price where an endpoint has one." }
                                thead { tr { th scope="col" { "Provider" } th.num scope="col" {
                                    "A request" } th.num scope="col" { "A month" } } }
                                tbody {
                                    @for (place, [who, request, month]) in
                                        self.rows.iter().enumerate() {
                                        tr { th scope="row" class=[(place ==
                                            0).then_some("best")] { (who) } td.num { (request) }
                                                td.num { (month) } }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_are_text_and_nothing_else() {
        let terms = Terms {
            text: "A lab reads it.\n\n<img src=x onerror=alert(1)>\nDo not.".to_owned(),
            accept: "curl …/terms".to_owned(),
        };
        insta::assert_snapshot!(terms.html().into_string(), @r#"<section class="card" aria-labelledby="terms"><header><h2 id="terms">Terms</h2><p class="quiet">to be accepted before use</p></header><div class="in"><p>Who made this model is not told yet. A key uses it once it has accepted these terms; others are refused.</p><p>A lab reads it.</p><p>&lt;img src=x onerror=alert(1)&gt;<br>Do not.</p><div class="copy" data-copy="the command that accepts them"><pre tabindex="0" role="region" aria-label="the command that accepts them"><code>curl …/terms</code></pre></div></div></section>"#);
    }
}
