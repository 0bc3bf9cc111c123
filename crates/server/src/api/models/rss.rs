//! New models as a feed (RSS 2.0).

use jiff::tz::TimeZone;

use crate::shelf::order::{Order, sort};
use crate::shelf::row::Row;

/// The most entries of a feed.
const ENTRIES_MAX: usize = 100;

/// Writes a feed of the models that were released last. `site` is the address of this instance,
/// without a slash at its end.
pub(super) fn feed(mut rows: Vec<&Row>, site: &str) -> String {
    sort(&mut rows, Order::Newest);
    rows.truncate(ENTRIES_MAX);
    let mut feed = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<rss version=\"2.0\">\n<channel>\n",
    );
    element(&mut feed, "title", "Interline models");
    element(&mut feed, "link", &format!("{site}/api/v1/models"));
    element(&mut feed, "description", "Models that can be called here, the newest first.");
    for row in rows {
        feed.push_str("<item>\n");
        element(&mut feed, "title", &row.name);
        element(&mut feed, "link", &format!("{site}/api/v1/models/{}/endpoints", row.id));
        element(&mut feed, "description", &row.description);
        feed.push_str("<guid isPermaLink=\"false\">");
        feed.push_str(&escape(&row.id));
        feed.push_str("</guid>\n");
        if let Some(date) = row.created.and_then(mail_date) {
            element(&mut feed, "pubDate", &date);
        }
        feed.push_str("</item>\n");
    }
    feed.push_str("</channel>\n</rss>\n");
    feed
}

fn element(feed: &mut String, name: &str, text: &str) {
    feed.push_str(&format!("<{name}>{}</{name}>\n", escape(text)));
}

/// Makes a text harmless in XML, where most control characters cannot be written at all.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&apos;"),
            '\u{fffe}' | '\u{ffff}' => (),
            _ if letter.is_control() && !matches!(letter, '\n' | '\t') => (),
            _ => escaped.push(letter),
        }
    }
    escaped
}

/// Writes an instant as mails do, which is what feeds want.
fn mail_date(seconds: i64) -> Option<String> {
    let instant = jiff::Timestamp::from_second(seconds).ok()?;
    jiff::fmt::rfc2822::to_string(&instant.to_zoned_datetime(TimeZone::UTC)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shelf::samples::sample;

    #[test]
    fn a_feed_names_the_newest_first() {
        let rows = sample().rows();
        let some = rows.iter().filter(|row| !row.id.ends_with("guard")).take(3).collect();
        insta::assert_snapshot!(feed(some, "https://house.example.com"), @r#"
        <?xml version="1.0" encoding="UTF-8"?>
        <rss version="2.0">
        <channel>
        <title>Interline models</title>
        <link>https://house.example.com/api/v1/models</link>
        <description>Models that can be called here, the newest first.</description>
        <item>
        <title>Thinker</title>
        <link>https://house.example.com/api/v1/models/acme/thinker/endpoints</link>
        <description></description>
        <guid isPermaLink="false">acme/thinker</guid>
        <pubDate>Tue, 1 Sep 2026 00:00:00 +0000</pubDate>
        </item>
        <item>
        <title>Talker &lt;1&gt;</title>
        <link>https://house.example.com/api/v1/models/acme/talker/endpoints</link>
        <description>Talks &amp; listens.</description>
        <guid isPermaLink="false">acme/talker</guid>
        <pubDate>Fri, 1 May 2026 00:00:00 +0000</pubDate>
        </item>
        <item>
        <title>Vector</title>
        <link>https://house.example.com/api/v1/models/acme/vector/endpoints</link>
        <description></description>
        <guid isPermaLink="false">acme/vector</guid>
        <pubDate>Wed, 1 Jan 2025 00:00:00 +0000</pubDate>
        </item>
        </channel>
        </rss>
        "#);
    }

    #[test]
    fn nothing_breaks_out_of_an_element() {
        assert_eq!(
            escape("</title>&\"'\u{0}\u{1b}\u{ffff}\n\u{e9}"),
            "&lt;/title&gt;&amp;&quot;&apos;\n\u{e9}"
        );
    }
}
