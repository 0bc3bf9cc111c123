//! A chunk that carries one piece of text and counts, read where it stands: nearly every chunk is
//! one, and it passes without being taken apart.

use crate::json::{Broken, Cursor, Kind, Span};

/// Where what matters of such a chunk stands in it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Plain {
    /// The text of its part, as a JSON string.
    pub(super) text: Option<Span>,
    /// The value of `usageMetadata`.
    pub(super) usage: Option<Span>,
    /// The values of the members of an [identity](super::answer::identity), in its order.
    pub(super) identity: [Option<Span>; 3],
    /// The bracket that closes it.
    pub(super) end: usize,
}

/// Why a chunk has to be read in full: it is not JSON, or tells more than this.
struct Other;

impl From<Broken> for Other {
    fn from(_: Broken) -> Other {
        Other
    }
}

/// Finds what matters of a chunk; `None` where it has to be read in full.
pub(super) fn plain(data: &[u8]) -> Option<Plain> {
    read(data).ok()
}

fn read(data: &[u8]) -> Result<Plain, Other> {
    let mut cursor = Cursor::new(data)?;
    let (mut plain, mut first, mut told) = (Plain::default(), true, false);
    enter(&mut cursor, Kind::Object)?;
    while let Some(name) = cursor.member(&mut first)? {
        match name.inside().of(data) {
            b"candidates" if !told => {
                told = true;
                plain.text = candidates(data, &mut cursor)?;
            }
            b"usageMetadata" if cursor.kind()? == Kind::Object => {
                once(&mut plain.usage, &mut cursor)?;
            }
            b"modelVersion" => once(&mut plain.identity[0], &mut cursor)?,
            b"responseId" => once(&mut plain.identity[1], &mut cursor)?,
            b"provider" => once(&mut plain.identity[2], &mut cursor)?,
            b"candidates" | b"error" | b"promptFeedback" | b"usageMetadata" => return Err(Other),
            name => aside(name, &mut cursor)?,
        }
    }
    plain.end = cursor.at() - 1;
    cursor.end()?;
    if told { Ok(plain) } else { Err(Other) }
}

/// Reads the list of candidates, which has to hold one that does not end. Returns its text.
fn candidates(data: &[u8], cursor: &mut Cursor<'_>) -> Result<Option<Span>, Other> {
    let (mut first, mut text, mut has_content) = (true, None, false);
    enter(cursor, Kind::List)?;
    if !cursor.item(&mut first)? {
        return Err(Other);
    }
    let mut first_member = true;
    enter(cursor, Kind::Object)?;
    while let Some(name) = cursor.member(&mut first_member)? {
        match name.inside().of(data) {
            b"content" if !has_content => {
                has_content = true;
                text = content(data, cursor)?;
            }
            b"content" | b"finishReason" | b"groundingMetadata" | b"citationMetadata"
            | b"logprobsResult" => return Err(Other),
            name => aside(name, cursor)?,
        }
    }
    if cursor.item(&mut first)? { Err(Other) } else { Ok(text) }
}

fn content(data: &[u8], cursor: &mut Cursor<'_>) -> Result<Option<Span>, Other> {
    let (mut first, mut text, mut has_parts) = (true, None, false);
    enter(cursor, Kind::Object)?;
    while let Some(name) = cursor.member(&mut first)? {
        match name.inside().of(data) {
            b"parts" if !has_parts => {
                has_parts = true;
                text = parts(data, cursor)?;
            }
            b"parts" => return Err(Other),
            name => aside(name, cursor)?,
        }
    }
    Ok(text)
}

/// Reads the list of parts, which has to hold one that is text.
fn parts(data: &[u8], cursor: &mut Cursor<'_>) -> Result<Option<Span>, Other> {
    let (mut first, mut text) = (true, None);
    enter(cursor, Kind::List)?;
    if !cursor.item(&mut first)? {
        return Ok(None);
    }
    let mut first_member = true;
    enter(cursor, Kind::Object)?;
    while let Some(name) = cursor.member(&mut first_member)? {
        match name.inside().of(data) {
            b"text" if cursor.kind()? == Kind::String => once(&mut text, cursor)?,
            b"thought" => {
                cursor.skip()?;
            }
            _ => return Err(Other),
        }
    }
    if cursor.item(&mut first)? { Err(Other) } else { Ok(text) }
}

fn enter(cursor: &mut Cursor<'_>, kind: Kind) -> Result<(), Other> {
    if cursor.kind()? != kind {
        return Err(Other);
    }
    Ok(cursor.enter()?)
}

/// Takes note of the next value, unless the same name stood before.
fn once(place: &mut Option<Span>, cursor: &mut Cursor<'_>) -> Result<(), Other> {
    match place.replace(cursor.skip()?) {
        None => Ok(()),
        Some(_) => Err(Other),
    }
}

/// Passes over a member that is not read, unless its name is written in a way that hides it.
fn aside(name: &[u8], cursor: &mut Cursor<'_>) -> Result<(), Other> {
    if name.contains(&b'\\') {
        return Err(Other);
    }
    cursor.skip()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_counts_and_identity_stand_where_they_stand() {
        let data = br#"{"candidates":[{"content":{"parts":[{"text":" a"}],"role":"model"},"index":0}],"usageMetadata":{"promptTokenCount":9},"responseId":"r","x":[1]}"#;
        let found = plain(data).unwrap();
        assert_eq!(found.text.unwrap().of(data), b"\" a\"");
        assert_eq!(found.usage.unwrap().of(data), br#"{"promptTokenCount":9}"#);
        assert_eq!(found.identity[1].unwrap().of(data), b"\"r\"");
        assert_eq!((found.identity[0], found.identity[2]), (None, None));
        assert_eq!(found.end, data.len() - 1);
    }

    #[test]
    fn whatever_tells_more_is_read_in_full() {
        for data in [
            "{}",
            "[]",
            r#"{"candidates":[]}"#,
            r#"{"candidates":[{},{}]}"#,
            r#"{"candidates":[{"finishReason":"STOP"}]}"#,
            r#"{"candidates":[{"\u0066inishReason":"STOP"}]}"#,
            r#"{"candidates":[{"groundingMetadata":{}}]}"#,
            r#"{"candidates":[{"citationMetadata":{}}]}"#,
            r#"{"candidates":[{}],"usageMetadata":[]}"#,
            r#"{"candidates":[{"content":{"parts":[{"text":"a"},{"text":"b"}]}}]}"#,
            r#"{"candidates":[{"content":{"parts":[{"text":"a","thoughtSignature":"s"}]}}]}"#,
            r#"{"candidates":[{"content":{"parts":[{"text":"a","text":"b"}]}}]}"#,
            r#"{"candidates":[{"content":{"parts":[{"text":1}]}}]}"#,
            r#"{"candidates":[{"content":{"parts":[{"functionCall":{}}]}}]}"#,
            r#"{"candidates":[{"content":{"parts":[]},"content":{"parts":[{"text":"a"}]}}]}"#,
            r#"{"candidates":[{}],"candidates":[{}]}"#,
            r#"{"candidates":[{}],"error":{"code":500}}"#,
            r#"{"candidates":[{}],"promptFeedback":{"blockReason":"SAFETY"}}"#,
            r#"{"candidates":[{}],"responseId":"a","responseId":"b"}"#,
            r#"{"candidates":[{}]}x"#,
        ] {
            assert_eq!(plain(data.as_bytes()), None, "{data}");
        }
        assert!(plain(br#"{"candidates":[{}]}"#).is_some());
    }
}
