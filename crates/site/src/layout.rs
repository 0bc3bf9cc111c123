//! What stands around every page.

use std::borrow::Cow;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::assets::{Asset, ICON, SCRIPT, STYLE};

/// What stands around a page, and what machines are told of it.
#[derive(Clone, Debug)]
pub struct Frame {
    /// The title, with the fact first.
    pub title: String,
    /// One sentence for search results.
    pub description: String,
    /// The address that counts, below the site: `/models`.
    pub path: String,
    /// The address of the site, without a slash at its end.
    pub site: String,
    /// Where in the site the page stands.
    pub section: Section,
    /// The same in other forms.
    pub twins: Vec<Twin>,
    /// What search engines are told of it: an object of schema.org, as JSON.
    pub linked: Option<String>,
    /// A script that only this page needs.
    pub script: Option<Asset>,
    /// Whether search engines are welcome.
    pub indexed: bool,
    /// Whether the models are simulated, which every page then says.
    pub demo: bool,
    /// Whether traffic was made up for the demo, which every page then says too.
    pub made_up: bool,
}

/// A part of the site that the bar leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the word in the bar")]
pub enum Section {
    Home,
    Models,
    Compare,
    Providers,
    Rankings,
    Apps,
    Status,
    Playground,
    Docs,
    None,
}

/// A page in another form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Twin {
    /// The word for it: `JSON`.
    pub word: &'static str,
    /// Its media type.
    pub content_type: &'static str,
    /// Where it is.
    pub href: String,
}

const BAR: [(Section, &str, &str); 8] = [
    (Section::Models, "Models", "/models"),
    (Section::Compare, "Compare", "/compare"),
    (Section::Providers, "Providers", "/providers"),
    (Section::Rankings, "Rankings", "/rankings"),
    (Section::Apps, "Apps", "/apps"),
    (Section::Playground, "Playground", "/playground"),
    (Section::Status, "Status", "/status"),
    (Section::Docs, "Docs", "/docs"),
];

/// Letters of a title: search engines show no more.
const TITLE_MAX: usize = 60;
/// Letters of a description.
const DESCRIPTION_MAX: usize = 160;

/// What the footer leads to.
const FOOT: [(&str, &str); 7] = [
    ("Changelog", "/changelog"),
    ("New models (Atom)", "/feeds/models.xml"),
    ("Rankings (Atom)", "/feeds/rankings.xml"),
    ("For language models", "/llms.txt"),
    ("Catalog as JSON", "/models.json?available=all"),
    ("API", "/docs/api"),
    ("Errors", "/docs/errors"),
];

impl Frame {
    /// Writes a page.
    pub fn page(&self, main: &Markup) -> String {
        html! {
            (DOCTYPE)
            html lang="en" {
                (self.head())
                body {
                    a.skip href="#main" { "Skip to the content" }
                    (self.bar())
                    main #main tabindex="-1" {
                        @if self.demo {
                            p.note.warned.slim { "A demo: its providers are simulated"
                                @if self.made_up { ", and its traffic is made up: no figure here \
                                    says anything of the world." } @else { "." } }
                        }
                        (main)
                    }
                    (self.foot())
                }
            }
        }
        .into_string()
    }

    fn head(&self) -> Markup {
        html! {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (titled(&self.title)) }
                meta name="description" content=(cut(&self.description, DESCRIPTION_MAX));
                meta property="og:site_name" content="Interline";
                meta property="og:type" content="website";
                meta property="og:title" content=(cut(&self.title, TITLE_MAX));
                meta property="og:description" content=(cut(&self.description, DESCRIPTION_MAX));
                meta property="og:url" content={ (self.site) (self.path) };
                meta name="twitter:card" content="summary";
                meta name="color-scheme" content="light dark";
                @if !self.indexed { meta name="robots" content="noindex"; }
                link rel="canonical" href={ (self.site) (self.path) };
                link rel="icon" type="image/svg+xml" href=(ICON.address());
                link rel="stylesheet" href=(STYLE.address());
                link rel="alternate" type="application/atom+xml" title="New models"
                    href="/feeds/models.xml";
                @for twin in &self.twins {
                    link rel="alternate" type=(twin.content_type) href=(twin.href);
                }
                script type="module" src=(SCRIPT.address()) {}
                @if let Some(script) = &self.script { script type="module" src=(script.address())
                    {} }
                @if let Some(linked) = &self.linked { script type="application/ld+json" {
                    (inert(linked)) } }
            }
        }
    }

    fn bar(&self) -> Markup {
        html! {
            header.bar {
                div {
                    a.brand href="/" aria-current=[(self.section ==
                        Section::Home).then_some("page")] { "Interline" }
                    nav aria-label="Main" {
                        @for (section, word, href) in BAR {
                            a href=(href) aria-current=[(self.section ==
                                section).then_some("true")] { (word) }
                        }
                    }
                    form action="/models" role="search" {
                        input #search name="q" type="search" aria-label="Search models"
                            placeholder="Search models  /" autocomplete="off";
                    }
                }
            }
        }
    }

    fn foot(&self) -> Markup {
        html! {
            footer {
                div {
                    @for (word, href) in FOOT { a href=(href) { (word) } }
                    @if !self.twins.is_empty() {
                        span {
                            "This page as "
                            @for (place, twin) in self.twins.iter().enumerate() {
                                @if place > 0 { " · " }
                                a href=(twin.href) { (twin.word) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Returns a title with the site's name behind it, where both fit.
fn titled(title: &str) -> String {
    let whole = format!("{title} · Interline");
    if whole.chars().count() <= TITLE_MAX { whole } else { cut(title, TITLE_MAX).into_owned() }
}

/// Cuts a text to so many letters, between words where one ends near the place.
fn cut(text: &str, letters: usize) -> Cow<'_, str> {
    if text.chars().count() <= letters {
        return Cow::Borrowed(text);
    }
    let kept: String = text.chars().take(letters - 1).collect();
    let end = kept.rfind(' ').filter(|end| kept.len() / 2 < *end).unwrap_or(kept.len());
    Cow::Owned(format!("{}…", kept[..end].trim_end_matches([',', ':', ' '])))
}

/// Writes JSON so that no text in it can end the element that it stands in.
fn inert(json: &str) -> Markup {
    let written = json.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026");
    PreEscaped(written)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_has_sixty_letters_at_most() {
        assert_eq!(titled("Models"), "Models · Interline");
        let long = titled("A model with a name so long: $0.55 in, $2.19 out, 14 endpoints there");
        assert!(long.chars().count() <= 60 && long.starts_with("A model") && long.ends_with('…'));
        assert_eq!(cut(&"ü".repeat(70), 60).chars().count(), 60);
    }

    #[test]
    fn what_search_engines_are_told_cannot_become_a_script() {
        let shown = inert(r#"{"name":"</script><script>alert(1)</script>&"}"#).into_string();
        assert!(!shown.contains('<') && !shown.contains('&'), "{shown}");
        assert!(shown.contains(r"\u003c/script\u003e"), "{shown}");
    }
}
