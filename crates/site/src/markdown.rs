//! Markdown made into HTML. The documents are ours, and still no HTML of theirs passes.

use maud::{Markup, PreEscaped};
use pulldown_cmark::{CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd, html};

/// Makes a document into HTML. Headings can be linked to; links to other documents of the folder
/// lead to their pages.
pub(crate) fn rendered(text: &str) -> Markup {
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH;
    let mut events: Vec<Event<'_>> = Parser::new_ext(text, options).map(tamed).collect();
    name_headings(&mut events);
    let mut written = String::with_capacity(text.len() * 2);
    html::push_html(&mut written, events.into_iter());
    PreEscaped(
        written
            .replace("<pre>", "<pre tabindex=\"0\">")
            .replace("<table>", "<table tabindex=\"0\">"),
    )
}

/// Returns the text of the first heading.
pub(crate) fn title(text: &str) -> String {
    let line = text.lines().find_map(|line| line.strip_prefix("# "));
    line.unwrap_or_default().replace('`', "")
}

/// Returns the first paragraph as plain text.
pub(crate) fn summary(text: &str) -> String {
    let mut said = String::new();
    let mut inside = false;
    for event in Parser::new(text) {
        match event {
            Event::Start(Tag::Paragraph) => inside = true,
            Event::End(TagEnd::Paragraph) => break,
            Event::Text(text) | Event::Code(text) if inside => said.push_str(&text),
            Event::SoftBreak if inside => said.push(' '),
            _ => (),
        }
    }
    said
}

/// Lets no HTML pass, and points links at pages.
fn tamed(event: Event<'_>) -> Event<'_> {
    match event {
        Event::Html(text) | Event::InlineHtml(text) => Event::Text(text),
        Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
            let dest_url = CowStr::from(page_of(&dest_url));
            Event::Start(Tag::Link { link_type, dest_url, title, id })
        }
        other => other,
    }
}

/// Returns where a link of a document leads on the site.
fn page_of(link: &str) -> String {
    let scheme = link.split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase());
    match scheme.as_deref() {
        Some("http" | "https" | "mailto") => link.to_owned(),
        // Whatever else a browser might run.
        Some(_) => "#".to_owned(),
        None => {
            let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
            let Some(stem) = path.strip_suffix(".md") else { return link.to_owned() };
            let name = stem.rsplit('/').next().unwrap_or(stem);
            let hash = if anchor.is_empty() { "" } else { "#" };
            format!("/docs/{name}{hash}{anchor}")
        }
    }
}

fn name_headings(events: &mut [Event<'_>]) {
    let mut open: Option<(usize, String)> = None;
    for place in 0..events.len() {
        match &events[place] {
            Event::Start(Tag::Heading { .. }) => open = Some((place, String::new())),
            Event::Text(text) | Event::Code(text) => {
                if let Some((_, said)) = &mut open {
                    said.push_str(text);
                }
            }
            Event::End(TagEnd::Heading(_)) => {
                let Some((start, said)) = open.take() else { continue };
                if let Event::Start(Tag::Heading { id, level, .. }) = &mut events[start] {
                    *id = Some(CowStr::from(anchor(&said)));
                    // A page has one first heading.
                    debug_assert!(*level >= HeadingLevel::H1);
                }
            }
            _ => (),
        }
    }
}

/// Returns the anchor of a heading: lower case, hyphens for spaces, as code hosts make them.
pub(crate) fn anchor(heading: &str) -> String {
    let kept = heading.trim().to_lowercase();
    kept.chars()
        .filter(|letter| letter.is_alphanumeric() || matches!(letter, ' ' | '-' | '_'))
        .map(|letter| if letter == ' ' { '-' } else { letter })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_can_be_linked_to_and_documents_lead_to_pages() {
        let text = "# A `b` c\n\nSee [routing](routing.md#balancing) and [it](https://a.b/c.md).\n";
        insta::assert_snapshot!(rendered(text).into_string(), @r##"
        <h1 id="a-b-c">A <code>b</code> c</h1>
        <p>See <a href="/docs/routing#balancing">routing</a> and <a href="https://a.b/c.md">it</a>.</p>
        "##);
        assert_eq!(
            (title(text), summary(text)),
            ("A b c".to_owned(), "See routing and it.".to_owned())
        );
    }

    #[test]
    fn no_html_and_no_script_link_passes() {
        let text = "<script>alert(1)</script>\n\n[x](javascript:alert(1)) <img src=x onerror=y>\n";
        let html = rendered(text).into_string();
        assert!(!html.contains("<script") && !html.contains("<img"), "{html}");
        assert!(!html.contains("href=\"javascript"), "{html}");
    }
}
