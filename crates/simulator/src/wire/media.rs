//! Small files that stand for what a model makes, and forms that callers send.
use super::dialect::StreamWriter;
use crate::event::Event;

/// A PNG of one pixel, in base64.
pub(super) const PNG: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
/// Eight samples of sound, in base64.
pub(super) const SAMPLES: &str = "AAABAAIAAwAEAAUABgAHAA==";

/// Writes nothing: for what is never streamed.
pub(super) struct Mute;

impl StreamWriter for Mute {
    fn write(&mut self, _: &Event, _: &mut Vec<u8>) {}
}

/// A part of a form: the name of its field, and what it holds.
pub(super) type Part<'a> = (&'a str, &'a [u8]);

/// Reads a form as its first line delimits it; what is none has no parts.
pub(super) fn form(body: &[u8]) -> Vec<Part<'_>> {
    let Some(line) = find(body, b"\r\n") else { return Vec::new() };
    let delimiter = &body[..line];
    let mut parts = Vec::new();
    let mut rest = &body[line..];
    while let Some(end) = find(rest, delimiter) {
        parts.extend(part(&rest[..end]));
        rest = &rest[end + delimiter.len()..];
    }
    parts
}

fn part(bytes: &[u8]) -> Option<Part<'_>> {
    let bytes = bytes.strip_prefix(b"\r\n")?.strip_suffix(b"\r\n")?;
    let at = find(bytes, b"\r\n\r\n")?;
    let head = std::str::from_utf8(&bytes[..at]).ok()?;
    let name = head.split_once("name=\"")?.1.split_once('"')?.0;
    Some((name, &bytes[at + 4..]))
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len().max(1)).position(|it| it == wanted)
}

/// Returns the text of a field of a form.
pub(super) fn field<'a>(parts: &[Part<'a>], name: &str) -> Option<&'a str> {
    let (_, body) = parts.iter().find(|(held, _)| *held == name)?;
    std::str::from_utf8(body).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_read_part_by_part() {
        let body = b"--X\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--X\r\n\
            Content-Disposition: form-data; name=\"file\"; filename=\"f\"\r\n\r\n\x00\r\n\r\n--X--\r\n";
        let parts = form(body);
        assert_eq!(parts, [("a", &b"1"[..]), ("file", &b"\0\r\n"[..])]);
        assert_eq!(field(&parts, "a"), Some("1"));
        assert_eq!(form(b"no form"), []);
    }
}
