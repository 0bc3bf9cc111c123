//! What is said where there is nothing.

use maud::{Markup, html};

use crate::parts::{Link, head};

/// An address that leads nowhere.
#[derive(Clone, Debug)]
pub struct Missing {
    /// What was looked for, cut.
    pub wanted: String,
    /// What it may have meant.
    pub nearest: Vec<Link>,
}

impl Missing {
    /// Writes it.
    pub fn html(&self) -> Markup {
        html! {
            (head("Nothing stands here", ""))
            p { "There is no " code { (self.wanted) } "." }
            @if !self.nearest.is_empty() {
                p { "Nearest to it:" }
                ul { @for link in &self.nearest { li { a href=(link.href) { (link.word) } } } }
            }
            p { a href="/models" { "All models" } " · " a href="/docs" { "Documentation" } " · " a href="/" { "Front page" } }
        }
    }
}
