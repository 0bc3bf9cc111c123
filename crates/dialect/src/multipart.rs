//! `multipart/form-data` (RFC 7578): read from callers, written for providers.

use bytes::Bytes;
use domain::failure::Failure;

/// Parts of one body, at most.
const PARTS_MAX: usize = 64;
/// Bytes of the head of a part, at most.
const HEAD_BYTES_MAX: usize = 4096;
/// Bytes of a boundary, at most (RFC 2046).
const BOUNDARY_MAX: usize = 70;

/// A part of a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    /// The name of its field.
    pub(crate) name: String,
    /// The name of its file, where it is one.
    pub(crate) file_name: Option<String>,
    /// What it claims to be.
    pub(crate) content_type: Option<String>,
    /// What it holds.
    pub(crate) body: Bytes,
}

impl Part {
    /// Returns a field that is a text.
    pub(crate) fn text(name: &str, text: impl Into<String>) -> Part {
        let body = Bytes::from(text.into());
        Part { name: name.to_owned(), file_name: None, content_type: None, body }
    }
}

/// Returns the boundary that a content type names, where it is one of a form.
pub(crate) fn boundary(content_type: &str) -> Option<String> {
    let (kind, parameters) = content_type.split_once(';')?;
    if !kind.trim().eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    let named = parameters.split(';').find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("boundary").then_some(value.trim().trim_matches('"'))
    })?;
    (!named.is_empty() && named.len() <= BOUNDARY_MAX).then(|| named.to_owned())
}

/// Reads a form. The parts share the body's memory.
///
/// # Errors
/// The caller's, when the body does not keep to the form.
pub(crate) fn parse(body: &Bytes, boundary: &str) -> Result<Vec<Part>, Failure> {
    let wrong = |why: &str| Failure::invalid(format!("The form {why}."));
    let mark = format!("--{boundary}");
    let line = format!("\r\n{mark}");
    let opening = memchr::memmem::find(body, mark.as_bytes());
    let mut at = opening.ok_or_else(|| wrong("does not hold its boundary"))? + mark.len();
    let mut parts = Vec::new();
    loop {
        if body[at..].starts_with(b"--") {
            return Ok(parts);
        }
        if PARTS_MAX <= parts.len() {
            return Err(wrong("holds too many parts"));
        }
        let rest = body[at..].strip_prefix(b"\r\n").ok_or_else(|| wrong("has a torn boundary"))?;
        let start = body.len() - rest.len();
        let window = &rest[..rest.len().min(HEAD_BYTES_MAX)];
        let head = memchr::memmem::find(window, b"\r\n\r\n");
        let head =
            head.ok_or_else(|| wrong("has a part without a head, or with too long a one"))?;
        let from = start + head + 4;
        let length = memchr::memmem::find(&body[from - 2..], line.as_bytes());
        // An empty part's end shares the line's end with its head.
        let end = length.ok_or_else(|| wrong("has a part without an end"))? + from - 2;
        let content = body.slice(from.min(end.max(from))..end.max(from));
        parts.push(part(&rest[..head], content).ok_or_else(|| wrong("has a part without a name"))?);
        at = end + line.len();
    }
}

fn part(head: &[u8], body: Bytes) -> Option<Part> {
    let head = std::str::from_utf8(head).ok()?;
    let header = |name: &str| {
        head.split("\r\n").find_map(|line| {
            let (held, value) = line.split_once(':')?;
            held.trim().eq_ignore_ascii_case(name).then_some(value.trim())
        })
    };
    let disposition = header("content-disposition")?;
    let name = parameter(disposition, "name")?;
    let file_name = parameter(disposition, "filename");
    Some(Part { name, file_name, content_type: header("content-type").map(str::to_owned), body })
}

/// Returns a parameter of a header: a quoted text, or a word.
fn parameter(header: &str, wanted: &str) -> Option<String> {
    let mut rest = header.split_once(';')?.1;
    loop {
        let (name, after) = rest.split_once('=')?;
        let (value, tail) = match after.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => after.split_once(';').unwrap_or((after, "")),
        };
        if name.trim_start_matches([';', ' ']).trim().eq_ignore_ascii_case(wanted) {
            return Some(value.trim().to_owned());
        }
        rest = tail;
    }
}

/// Writes a form. Returns its content type and its body; `seed` makes the boundary one that nothing
/// in the parts was made for.
pub(crate) fn write(parts: &[Part], seed: &str) -> (String, Bytes) {
    let mut boundary = format!("interline-{}", clean(seed));
    boundary.truncate(BOUNDARY_MAX - 8);
    while parts.iter().any(|it| memchr::memmem::find(&it.body, boundary.as_bytes()).is_some()) {
        boundary.push('x');
    }
    let bytes = parts.iter().map(|it| it.body.len() + 256).sum();
    let mut out: Vec<u8> = Vec::with_capacity(bytes);
    for Part { name, file_name, content_type, body } in parts {
        let name = quoted(name);
        out.extend(
            format!("--{boundary}\r\ncontent-disposition: form-data; name=\"{name}\"").bytes(),
        );
        if let Some(file_name) = file_name {
            out.extend(format!("; filename=\"{}\"", quoted(file_name)).bytes());
        }
        if let Some(content_type) = content_type {
            out.extend(format!("\r\ncontent-type: {}", quoted(content_type)).bytes());
        }
        out.extend(b"\r\n\r\n");
        out.extend_from_slice(body);
        out.extend(b"\r\n");
    }
    out.extend(format!("--{boundary}--\r\n").bytes());
    (format!("multipart/form-data; boundary={boundary}"), Bytes::from(out))
}

fn clean(seed: &str) -> String {
    seed.chars().filter(|it| it.is_ascii_alphanumeric() || *it == '-').collect()
}

/// Returns a text without what would end the header or the quotes that it stands in.
fn quoted(text: &str) -> String {
    text.chars().filter(|it| !it.is_control() && *it != '"' && *it != '\\').take(256).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn file(body: &'static [u8]) -> Part {
        Part {
            name: "file".to_owned(),
            file_name: Some("a b.wav".to_owned()),
            content_type: Some("audio/wav".to_owned()),
            body: Bytes::from_static(body),
        }
    }

    #[test]
    fn a_form_of_a_client_is_read() {
        let body = "preamble\r\n--XX\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nacme/ear\r\n\
            --XX\r\nContent-Disposition: form-data; name=\"empty\"\r\n\r\n\r\n\
            --XX\r\ncontent-disposition: form-data; filename=\"x;y.wav\"; name=file\r\n\
            Content-Type: audio/wav\r\n\r\nRI\r\n--X\r\n\r\n--XX--\r\nepilogue";
        let parts = parse(&Bytes::from(body), "XX").unwrap();
        assert_eq!(parts[0], Part::text("model", "acme/ear"));
        assert_eq!(parts[1], Part::text("empty", ""));
        assert_eq!(parts[2].file_name.as_deref(), Some("x;y.wav"));
        assert_eq!(parts[2].body, "RI\r\n--X\r\n");
    }

    #[test]
    fn a_boundary_is_found_in_its_header() {
        let of = |text| boundary(text);
        assert_eq!(of("Multipart/Form-Data; charset=x; boundary=\"a b\"").as_deref(), Some("a b"));
        assert_eq!(of("multipart/form-data; Boundary=abc").as_deref(), Some("abc"));
        for none in ["application/json", "multipart/form-data", "multipart/mixed; boundary=a"] {
            assert_eq!(of(none), None, "{none}");
        }
    }

    #[test]
    fn what_is_torn_is_told() {
        for body in [
            "",
            "--X",
            "--X\r\n",
            "--Xy",
            "--X\r\ncontent-disposition: form-data; name=\"a\"\r\n\r\nno end",
            "--X\r\nno-name: 1\r\n\r\nb\r\n--X--",
        ] {
            assert!(parse(&Bytes::from(body), "X").is_err(), "{body:?}");
        }
        let many = "--X\r\ncontent-disposition: form-data; name=a\r\n\r\nb\r\n".repeat(65);
        assert!(parse(&Bytes::from(format!("{many}--X--")), "X").is_err());
    }

    #[test]
    fn a_boundary_is_never_in_a_part() {
        let (kind, body) = write(&[file(b"interline-gen-1 interline-gen-1x")], "gen-1");
        assert_eq!(boundary(&kind).as_deref(), Some("interline-gen-1xx"));
        assert_eq!(parse(&body, "interline-gen-1xx").unwrap().len(), 1);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(bodies in prop::collection::vec(any::<Vec<u8>>(), 0..4)) {
            let parts: Vec<Part> = bodies
                .into_iter()
                .map(|body| Part { body: Bytes::from(body), ..file(b"") })
                .collect();
            let (kind, body) = write(&parts, "gen-1");
            if parts.is_empty() {
                prop_assert!(parse(&body, &boundary(&kind).unwrap()).unwrap().is_empty());
            } else {
                prop_assert_eq!(parse(&body, &boundary(&kind).unwrap()).unwrap(), parts);
            }
        }

        #[test]
        fn no_body_makes_reading_panic(body in any::<Vec<u8>>()) {
            let hostile = [b"--X\r\n".as_slice(), &body, b"\r\n--X"].concat();
            let _ = parse(&Bytes::from(hostile), "X");
        }
    }
}
