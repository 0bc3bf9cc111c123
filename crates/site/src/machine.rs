//! Pages for machines: the feed, the site map, and what is said to crawlers and language models.

use std::fmt::Write as _;

use crate::parts::Link;

/// A model in the feed.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What it is.
    pub description: String,
    /// When it was released: `2026-09-01T00:00:00Z`.
    pub released: String,
}

/// Writes an Atom feed of models, the newest first. `site` is the address without a slash at its
/// end.
pub fn atom(site: &str, entries: &[Entry]) -> String {
    let mut feed = String::from(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\">\n",
    );
    let updated = entries.first().map_or("1970-01-01T00:00:00Z", |entry| &entry.released);
    let site = escaped(site);
    let _ = write!(
        feed,
        "<title>Interline: new models</title>\n<id>{site}/feeds/models.xml</id>\n\
         <link rel=\"self\" href=\"{site}/feeds/models.xml\"/>\n<link href=\"{site}/models?sort=newest\"/>\n\
         <author><name>Interline</name></author>\n<updated>{}</updated>\n",
        escaped(updated)
    );
    for entry in entries {
        let (id, name) = (escaped(&entry.id), escaped(&entry.name));
        let (released, text) = (escaped(&entry.released), escaped(&entry.description));
        let _ = write!(
            feed,
            "<entry>\n<title>{name}</title>\n<id>{site}/models/{id}</id>\n\
             <link href=\"{site}/models/{id}\"/>\n<updated>{released}</updated>\n\
             <summary>{text}</summary>\n</entry>\n"
        );
    }
    feed.push_str("</feed>\n");
    feed
}

/// An answer to a question, in the feed of rankings.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Its page.
    pub path: String,
    /// The day that it is of: `2026-11-24`.
    pub day: String,
    /// What is asked.
    pub question: String,
    /// The answer, in a sentence.
    pub answer: String,
}

/// Writes an Atom feed of what rankings say: an entry by question and day, so that a reader is told
/// once a day.
pub fn answers(site: &str, entries: &[Answer]) -> String {
    let mut feed = String::from(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\">\n",
    );
    let site = escaped(site);
    let updated = entries.first().map_or("1970-01-01", |entry| &entry.day);
    let _ = write!(
        feed,
        "<title>Interline: rankings</title>\n<id>{site}/feeds/rankings.xml</id>\n\
         <link rel=\"self\" href=\"{site}/feeds/rankings.xml\"/>\n<link href=\"{site}/rankings\"/>\n\
         <author><name>Interline</name></author>\n<updated>{}T00:00:00Z</updated>\n",
        escaped(updated)
    );
    for entry in entries {
        let (path, day) = (escaped(&entry.path), escaped(&entry.day));
        let (question, answer) = (escaped(&entry.question), escaped(&entry.answer));
        let _ = write!(
            feed,
            "<entry>\n<title>{question}</title>\n<id>{site}{path}#{day}</id>\n\
             <link href=\"{site}{path}\"/>\n<updated>{day}T00:00:00Z</updated>\n\
             <summary>{answer}</summary>\n</entry>\n"
        );
    }
    feed.push_str("</feed>\n");
    feed
}

/// Writes the site map. `paths` begin with a slash.
pub fn sitemap(site: &str, paths: &[String]) -> String {
    let mut map = String::from(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n",
    );
    for path in paths {
        let _ = writeln!(map, "<url><loc>{}{}</loc></url>", escaped(site), escaped(path));
    }
    map.push_str("</urlset>\n");
    map
}

/// Writes what crawlers are told: pages are open, and filtered lists are not worth a visit.
pub fn robots(site: &str) -> String {
    format!(
        "User-agent: *\nDisallow: /api/\nDisallow: /v1/\nDisallow: /v1beta/\nDisallow: /*?\n\nSitemap: {site}/sitemap.xml\n"
    )
}

/// Writes what language models are told: which pages are worth reading.
pub fn llms(site: &str, documents: &[(Link, String)], figures: &str) -> String {
    let mut text = format!(
        "# Interline\n\n> One API over every model. {figures}\n\n## How to call it\n\n\
         - Base URL for OpenAI's clients: {site}/api/v1\n- Base URL for Anthropic's clients: {site}/api\n\
         - A model is named `author/model`; every page of a model has `.json` and `.md` twins.\n\
         - Every operation, for programs: {site}/api/v1/openapi.json (OpenAPI 3.1)\n\n\
         ## Catalog\n\n- [Models as JSON]({site}/models.json): what can be called here\n\
         - [Models as Markdown]({site}/models.md)\n- [Providers]({site}/providers.md)\n\n## What traffic told\n\n\
         - [Models by use]({site}/rankings/models.md): also `authors`, `providers`, `apps`, `tasks`, `rising`, \
         `stable`, `value` and `hours`, each as `.md`, `.csv` and `.json`\n\n## Documentation\n\n"
    );
    for (link, summary) in documents {
        let _ = writeln!(text, "- [{}]({site}{}.md): {summary}", link.word, link.href);
    }
    text
}

/// A table in Markdown; what would end a cell is written so that it does not.
pub fn markdown_table<Name: AsRef<str>>(head: &[Name], rows: &[Vec<String>]) -> String {
    let head: Vec<&str> = head.iter().map(AsRef::as_ref).collect();
    let mut text = format!("| {} |\n|{}\n", head.join(" | "), " --- |".repeat(head.len()));
    for row in rows {
        let cells: Vec<String> = row.iter().map(|cell| plain(cell)).collect();
        let _ = writeln!(text, "| {} |", cells.join(" | "));
    }
    text
}

/// A text on one line of Markdown, without what would be read as its signs.
pub fn plain(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\\' | '|' | '`' | '[' | ']' | '*' | '_' | '#' => {
                written.push('\\');
                written.push(letter);
            }
            '<' => written.push_str("&lt;"),
            '&' => written.push_str("&amp;"),
            _ if letter.is_control() => written.push(' '),
            _ => written.push(letter),
        }
    }
    written
}

/// A text as XML takes it, which knows no control characters.
fn escaped(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => written.push_str("&amp;"),
            '<' => written.push_str("&lt;"),
            '>' => written.push_str("&gt;"),
            '"' => written.push_str("&quot;"),
            '\u{fffe}' | '\u{ffff}' => (),
            _ if letter.is_control() => written.push(' '),
            _ => written.push(letter),
        }
    }
    written
}
