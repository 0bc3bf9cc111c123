//! `/docs` and `/changelog`: the repository's own documents.

use axum::extract::{Path, State};
use axum::response::Response;
use http::HeaderMap;
use include_dir::{Dir, include_dir};
use site::Section;
use site::docs::{self, Document};

use super::missing::missing;
use super::page::{MARKDOWN, Shared, frame, markdown_twin};
use super::{linked, links, reply};

static FOLDER: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../../docs");
const CATALOG: &str = include_str!("../../../../catalog/README.md");
const CHANGELOG: &str = include_str!("../../../../CHANGELOG.md");

/// Every document, by name.
pub(super) fn documents() -> Vec<Document<'static>> {
    let files = FOLDER.files().filter_map(|file| {
        let name = file.path().to_str()?.strip_suffix(".md")?;
        Some(Document { name, text: file.contents_utf8()? })
    });
    let mut all: Vec<Document<'static>> = files.collect();
    all.push(Document { name: "catalog", text: CATALOG });
    all.sort_unstable_by_key(|document| document.name);
    all
}

/// Returns the document of a name that the repository has.
pub(super) fn named(name: &'static str) -> Document<'static> {
    let text = FOLDER.get_file(format!("{name}.md")).and_then(|file| file.contents_utf8());
    Document { name, text: text.unwrap_or_default() }
}

/// `GET /docs`.
pub(super) async fn index(State(app): Shared, headers: HeaderMap) -> Response {
    let frame = frame(
        &app,
        Section::Docs,
        "/docs",
        "Documentation",
        "How Interline is used and what it promises.",
    );
    reply::html(&headers, frame.page(&docs::index(&documents())))
}

/// `GET /docs/{page}`, and with `.md` at its end as it was written.
pub(super) async fn page(
    State(app): Shared,
    headers: HeaderMap,
    Path(name): Path<String>,
) -> Response {
    let documents = documents();
    let find = |name: &str| documents.iter().find(|document| document.name == name);
    if let Some(document) = find(&name) {
        let path = format!("/docs/{name}");
        let mut frame = frame(&app, Section::Docs, &path, &document.title(), &document.summary());
        if name == "rankings" {
            frame.path = links::METHODOLOGY.to_owned();
        }
        frame.twins = vec![markdown_twin(&path)];
        let (title, summary) = (document.title(), document.summary());
        frame.linked = Some(linked::article(&app.public_url, &frame.path, &title, &summary));
        return reply::html(&headers, frame.page(&document.html()));
    }
    match name.strip_suffix(".md").and_then(find) {
        Some(document) => reply::text(&headers, MARKDOWN, document.text.to_owned()),
        None => missing(&app, &headers, &format!("/docs/{name}")),
    }
}

/// `GET /changelog`.
pub(super) async fn changelog(State(app): Shared, headers: HeaderMap) -> Response {
    let document = Document { name: "changelog", text: CHANGELOG };
    let frame = frame(&app, Section::None, "/changelog", "Changelog", &document.summary());
    reply::html(&headers, frame.page(&document.alone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_document_has_a_title_and_says_what_it_is_about() {
        for document in documents() {
            assert!(
                !document.title().is_empty() && !document.summary().is_empty(),
                "{}",
                document.name
            );
        }
    }

    #[test]
    fn the_address_in_errors_leads_to_the_page_and_each_of_its_codes() {
        let name = dialect::registry::DOCS.strip_prefix("/docs/").unwrap();
        let all = documents();
        let errors = all.iter().find(|document| document.name == name).unwrap();
        assert!(named("rankings").title().contains("rk-1"));
        assert!(errors.has_anchor("model_not_found") && errors.has_anchor("constraint_filtered"));
    }
}
