//! The documentation.

use maud::{Markup, html};

use crate::markdown;
use crate::parts::{Link, crumbs, head};

/// A document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Document<'a> {
    /// Its name in addresses: `errors`.
    pub name: &'a str,
    /// Its Markdown.
    pub text: &'a str,
}

impl Document<'_> {
    /// Returns its title.
    pub fn title(&self) -> String {
        markdown::title(self.text)
    }

    /// Returns its first paragraph as plain text.
    pub fn summary(&self) -> String {
        markdown::summary(self.text)
    }

    /// Returns whether a heading of it can be linked to by that anchor.
    pub fn has_anchor(&self, anchor: &str) -> bool {
        let headings = self.text.lines().filter(|line| line.starts_with('#'));
        headings.into_iter().any(|line| markdown::anchor(line.trim_start_matches('#')) == anchor)
    }

    /// Writes its page.
    pub fn html(&self) -> Markup {
        let up = [Link { word: "Docs".to_owned(), href: "/docs".to_owned() }];
        html! {
            (crumbs(&up))
            article.prose { (markdown::rendered(self.text)) }
        }
    }

    /// Writes it as a page of its own, without a way up.
    pub fn alone(&self) -> Markup {
        html! { article.prose { (markdown::rendered(self.text)) } }
    }
}

/// Writes the list of documents.
pub fn index(documents: &[Document<'_>]) -> Markup {
    html! {
        (head("Documentation", "The same pages as in the repository, of exactly this version."))
        section.card aria-label="Pages" {
            div.in {
                ul.plain {
                    li {
                        a href="/docs/api" { "The API" }
                        p.quiet { "Every operation, with what it takes, what it answers and an \
                            example; for programs as an "
                            a href="/api/v1/openapi.json" { "OpenAPI document" } "." }
                    }
                    @for document in documents {
                        li {
                            a href={ "/docs/" (document.name) } { (document.title()) }
                            p.quiet { (document.summary()) }
                        }
                    }
                }
            }
        }
    }
}
