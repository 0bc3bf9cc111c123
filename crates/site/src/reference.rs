//! The API, as people read it: its operations by heading, and what its bodies look like.

use std::fmt::Write as _;

use maud::{Markup, html};

use crate::parts::{Link, code, crumbs, head};

/// The API.
#[derive(Clone, Debug)]
pub struct Api {
    /// The address of the instance, without a slash at its end.
    pub site: String,
    /// Its operations.
    pub groups: Vec<Group>,
    /// Headers that requests may have.
    pub headers: Vec<Row>,
    /// What bodies look like that have names.
    pub objects: Vec<Object>,
}

/// Operations under a heading.
#[derive(Clone, Debug)]
pub struct Group {
    /// The heading.
    pub name: String,
    /// What stands under it.
    pub about: String,
    /// The operations.
    pub entries: Vec<Entry>,
}

/// An operation.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its name for programs.
    pub id: String,
    /// `GET`.
    pub method: String,
    /// Its address below the instance's.
    pub path: String,
    /// What it does.
    pub summary: String,
    /// What else is to be known.
    pub about: String,
    /// What is said in path and query.
    pub parameters: Vec<Row>,
    /// Whether it heeds headers.
    pub hears: bool,
    /// What it takes.
    pub bodies: Vec<Form>,
    /// What it answers where all is well.
    pub answers: Vec<Form>,
    /// What can go wrong: the status, and the word for it.
    pub failures: Vec<(u16, String)>,
    /// How it is called.
    pub example: String,
}

/// A form of a body.
#[derive(Clone, Debug)]
pub struct Form {
    /// Its media type, before it the status of an answer.
    pub label: String,
    /// What it is.
    pub kind: Kind,
    /// Its fields, where it has no name of its own.
    pub rows: Vec<Row>,
}

/// An object that has a name.
#[derive(Clone, Debug)]
pub struct Object {
    /// The name.
    pub name: String,
    /// What it is.
    pub about: String,
    /// Its fields.
    pub rows: Vec<Row>,
    /// What it is where it has no fields.
    pub kind: Kind,
}

/// A field, or a parameter.
#[derive(Clone, Debug)]
pub struct Row {
    /// Its name.
    pub name: String,
    /// What its value is.
    pub kind: Kind,
    /// Whether it has to be there.
    pub required: bool,
    /// What it means.
    pub about: String,
}

/// What a value is: words, some of which name objects.
pub type Kind = Vec<(String, bool)>;

impl Api {
    /// Writes the page.
    pub fn html(&self) -> Markup {
        let up = [Link { word: "Docs".to_owned(), href: "/docs".to_owned() }];
        html! {
            (crumbs(&up))
            (head("The API", "Every operation of this instance, with what it takes and what it \
                answers. Base URLs: /api/v1 for OpenAI's and OpenRouter's clients, /api for \
                Anthropic's, Google's and Ollama's."))
            p { a href="/api/v1/openapi.json" { "OpenAPI 3.1 document" } " · "
                a href="/docs/api.md" { "Markdown" } " · " a href="/docs/errors" { "Errors" } }
            nav aria-label="Headings" {
                ul.tags {
                    @for group in &self.groups {
                        li { a href={ "#" (anchor(&group.name)) } { (group.name) } }
                    }
                    li { a href="#headers" { "Headers" } }
                    li { a href="#objects" { "Objects" } }
                }
            }
            @for group in &self.groups { (self.group(group)) }
            section.card #headers aria-labelledby="headers-title" {
                header {
                    h2 #headers-title { "Headers" }
                    p.quiet { "What requests that run models may say besides." }
                }
                div.in {
                    (table("Headers of requests", &self.headers))
                }
            }
            section.card #objects aria-labelledby="objects-title" {
                header {
                    h2 #objects-title { "Objects" }
                    p.quiet { "Bodies, and parts of them, by the names that they have in the \
                        document." }
                }
                div.in {
                    @for object in &self.objects { (object.html()) }
                }
            }
        }
    }

    fn group(&self, group: &Group) -> Markup {
        let anchor = anchor(&group.name);
        html! {
            section.card id=(anchor) aria-labelledby={ (anchor) "-title" } {
                header {
                    h2 id={ (anchor) "-title" } { (group.name) }
                    p.quiet { (group.about) }
                }
                div.in {
                    @for entry in &group.entries { (entry.html()) }
                }
            }
        }
    }

    /// Writes the same as Markdown.
    pub fn markdown(&self) -> String {
        let mut text = format!(
            "# The API\n\nEvery operation of this instance, with what it takes and what it answers. \
             For programs: {}/api/v1/openapi.json (OpenAPI 3.1).\n",
            self.site
        );
        for group in &self.groups {
            let _ = write!(text, "\n## {}\n\n{}\n", group.name, group.about);
            for entry in &group.entries {
                entry.markdown(&mut text);
            }
        }
        text.push_str("\n## Headers\n\nWhat requests that run models may say besides.\n");
        rows(&mut text, &self.headers);
        text.push_str("\n## Objects\n");
        for object in &self.objects {
            let _ = write!(text, "\n### {}\n\n{}\n", object.name, object.about);
            match object.rows.is_empty() {
                true => {
                    let _ = write!(text, "\n{}\n", words(&object.kind));
                }
                false => rows(&mut text, &object.rows),
            }
        }
        text
    }
}

impl Entry {
    fn html(&self) -> Markup {
        html! {
            details.code {
                summary.named { code { b { (self.method) } " " (self.path) } br; span.said {
                    (self.summary) } }
                div.parts id=(self.id) {
                    @if !self.about.is_empty() { p { (told(&self.about)) } }
                    @if !self.parameters.is_empty() {
                        (table(&format!("Parameters of {}", self.id), &self.parameters))
                    }
                    @if self.hears { p.quiet { "It heeds " a href="#headers" { "headers" } "." } }
                    @for body in &self.bodies { (body.html("Takes", &self.id)) }
                    @for answer in &self.answers { (answer.html("Answers", &self.id)) }
                    p.quiet { "Fails with "
                        @for (place, (status, word)) in self.failures.iter().enumerate() {
                            @if place > 0 { ", " } (status) " " code { (word) }
                        } "." }
                    (code(&format!("curl for {}", self.id), &self.example))
                }
            }
        }
    }

    fn markdown(&self, text: &mut String) {
        let Entry { id, method, path, summary, about, .. } = self;
        let about = if about.is_empty() { String::new() } else { format!(" {about}") };
        let _ = write!(text, "\n### {method} {path}\n\n{summary}{about} (`{id}`)\n");
        rows(text, &self.parameters);
        let forms = self.bodies.iter().map(|it| ("Takes", it));
        for (word, form) in forms.chain(self.answers.iter().map(|it| ("Answers", it))) {
            let _ = write!(text, "\n{word} `{}`: {}\n", form.label, words(&form.kind));
            rows(text, &form.rows);
        }
        let failures: Vec<String> =
            self.failures.iter().map(|(status, word)| format!("{status} `{word}`")).collect();
        let _ = write!(text, "\nFails with {}.\n\n", failures.join(", "));
        let _ = write!(text, "```sh\n{}\n```\n", self.example);
    }
}

impl Form {
    fn html(&self, word: &str, id: &str) -> Markup {
        html! {
            p { (word) " " code { (self.label) } ": " (kind(&self.kind)) }
            @if !self.rows.is_empty() {
                (table(&format!("{word} of {id}, {}", self.label), &self.rows))
            }
        }
    }
}

impl Object {
    fn html(&self) -> Markup {
        html! {
            details.code {
                summary.named { code { (self.name) } br; span.said { (told(&self.about)) } }
                div.parts id=(self.name) {
                    @if self.rows.is_empty() { p { (kind(&self.kind)) } } @else {
                        (table(&format!("Fields of {}", self.name), &self.rows))
                    }
                }
            }
        }
    }
}

fn table(label: &str, rows: &[Row]) -> Markup {
    html! {
        table.api aria-label=(label) {
            thead { tr { th scope="col" { "Name" } th scope="col" { "Meaning and value" } } }
            tbody {
                @for row in rows {
                    tr {
                        th scope="row" { code { (row.name) } @if row.required { br; small {
                            "required" } } }
                        td { (told(&row.about)) @if !row.about.is_empty() { br; } span.quiet {
                            (kind(&row.kind)) } }
                    }
                }
            }
        }
    }
}

fn kind(kind: &Kind) -> Markup {
    html! {
        @for (word, is_object) in kind {
            @if *is_object { a href={ "#" (word) } { (word) } } @else { (word) }
        }
    }
}

/// Writes a sentence, with what stands between backticks as code.
fn told(text: &str) -> Markup {
    html! {
        @for (place, part) in text.split('`').enumerate() {
            @if place % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}

fn words(kind: &Kind) -> String {
    let word = |(word, is_object): &(String, bool)| match is_object {
        true => format!("[{word}](#{})", word.to_lowercase()),
        false => word.clone(),
    };
    kind.iter().map(word).collect()
}

fn rows(text: &mut String, rows: &[Row]) {
    if rows.is_empty() {
        return;
    }
    text.push_str("\n| name | value | required | meaning |\n| --- | --- | --- | --- |\n");
    for row in rows {
        let required = if row.required { "yes" } else { "" };
        let cells = [&*words(&row.kind), required, &row.about].map(|it| it.replace('|', "\\|"));
        let _ = writeln!(text, "| `{}` | {} |", row.name, cells.join(" | "));
    }
}

fn anchor(name: &str) -> String {
    name.to_lowercase().replace(' ', "-")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Api {
        let row = |name: &str, kind: Kind| Row {
            name: name.to_owned(),
            kind,
            required: true,
            about: "It <is> `this`.".to_owned(),
        };
        let thing = || vec![("list of ".to_owned(), false), ("Thing".to_owned(), true)];
        let entry = Entry {
            id: "getThings".to_owned(),
            method: "GET".to_owned(),
            path: "/api/v1/things".to_owned(),
            summary: "Lists things.".to_owned(),
            about: String::new(),
            parameters: vec![row("q", vec![("a|b".to_owned(), false)])],
            hears: false,
            bodies: Vec::new(),
            answers: vec![Form {
                label: "200 application/json".to_owned(),
                kind: thing(),
                rows: Vec::new(),
            }],
            failures: vec![(400, "invalid_request".to_owned())],
            example: "curl https://house.example.com/api/v1/things".to_owned(),
        };
        Api {
            site: "https://house.example.com".to_owned(),
            groups: vec![Group {
                name: "Odd Things".to_owned(),
                about: "Things.".to_owned(),
                entries: vec![entry],
            }],
            headers: Vec::new(),
            objects: vec![Object {
                name: "Thing".to_owned(),
                about: "A thing.".to_owned(),
                rows: vec![row("name", vec![("text".to_owned(), false)])],
                kind: Vec::new(),
            }],
        }
    }

    #[test]
    fn an_operation_leads_to_its_objects_and_no_text_is_markup() {
        let page = sample().html().into_string();
        assert!(page.contains("<a href=\"#Thing\">Thing</a>"), "{page}");
        assert!(page.contains("id=\"Thing\"") && page.contains("id=\"odd-things\""), "{page}");
        assert!(page.contains("It &lt;is&gt; <code>this</code>."), "{page}");
    }

    #[test]
    fn the_twin_says_the_same() {
        insta::assert_snapshot!(sample().markdown(), @r"
        # The API

        Every operation of this instance, with what it takes and what it answers. For programs: https://house.example.com/api/v1/openapi.json (OpenAPI 3.1).

        ## Odd Things

        Things.

        ### GET /api/v1/things

        Lists things. (`getThings`)

        | name | value | required | meaning |
        | --- | --- | --- | --- |
        | `q` | a\|b | yes | It <is> `this`. |

        Answers `200 application/json`: list of [Thing](#thing)

        Fails with 400 `invalid_request`.

        ```sh
        curl https://house.example.com/api/v1/things
        ```

        ## Headers

        What requests that run models may say besides.

        ## Objects

        ### Thing

        A thing.

        | name | value | required | meaning |
        | --- | --- | --- | --- |
        | `name` | text | yes | It <is> `this`. |
        ");
    }
}
