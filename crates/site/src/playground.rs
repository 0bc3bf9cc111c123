//! Where models are tried.

use maud::{Markup, html};

use crate::parts::{code, head};

/// The most models that answer side by side.
pub const MODELS_MAX: usize = 4;

/// Where models are tried.
#[derive(Clone, Debug)]
pub struct Playground {
    /// The models that are chosen, by id.
    pub chosen: Vec<String>,
    /// The models that may be: id and name.
    pub models: Vec<(String, String)>,
    /// How the same is done without a browser.
    pub curl: String,
    /// A key that everybody may have.
    pub key: Option<String>,
    /// Where a key comes from.
    pub key_hint: String,
}

impl Playground {
    /// Writes it.
    pub fn html(&self) -> Markup {
        html! {
            (head("Playground", "Ask up to four models at a time, and see what each answer cost. \
                Requests go through this instance like any other and are charged to the key."))
            noscript {
                p.note { "Streaming needs JavaScript, which is off. The same request from a \
                    terminal:" }
                (code("the request", &self.curl))
            }
            form #play.card {
                div.in {
                    div.fields {
                        label.field {
                            span { "Key" }
                            input #key type="password" value=[&self.key] autocomplete="off" spellcheck="false"
                                placeholder="sk-il-v1-…" aria-describedby="key-hint";
                        }
                        button #forget type="button" { "Forget the key" }
                    }
                    p #key-hint.quiet { "The key stays in this tab of the browser. "
                        (self.key_hint) }
                    div.fields {
                        @for place in 0..MODELS_MAX {
                            label.field {
                                span { "Model " (place + 1) }
                                input name="m" list="models" value=[self.chosen.get(place)]
                                    placeholder=(if place == 0 { "author/model" } else { "none"
                                        }) autocomplete="off" spellcheck="false";
                            }
                        }
                    }
                    datalist #models { @for (id, name) in &self.models { option value=(id) {
                        (name) } } }
                    label.field { span { "Instructions (system)" } textarea name="system"
                        rows="2" {} }
                    label.field { span { "Question" } textarea name="prompt" rows="4" required {
                        "Say hello in one sentence." } }
                    p.row {
                        button.first { "Ask" }
                        button #stop type="button" disabled { "Stop" }
                        span #play-status.quiet role="status" {}
                    }
                }
            }
            div #answers.answers aria-label="Answers" role="region" {}
        }
    }
}
