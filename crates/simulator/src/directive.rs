//! Scripts that travel inside a request: in a header, or in the caller's own words.
use crate::ask::{Ask, Refusal};
use crate::bounds::ScriptError;
use crate::request::Request;
use crate::script::Script;
use serde_json::value::RawValue;

const HEADER: &str = "x-sim-script";
const OPENING: &str = "[[sim ";
const CLOSING: &str = "]]";

/// Lays the request's directives over `script`, the words over the header; `None` without any.
///
/// What is found in the caller's text is taken out of it.
///
/// # Errors
/// 400 with what is wrong in the directive.
pub(crate) fn overlay(
    script: &Script,
    request: &Request,
    ask: &mut Ask,
) -> Result<Option<Script>, Refusal> {
    let mut merged = None;
    if let Some(json) = request.header(HEADER) {
        merged = Some(script.overlaid(json.as_bytes()).map_err(refused)?);
    }
    while let Some(start) = ask.user_text.find(OPENING) {
        let (json, bytes) = directive(&ask.user_text[start..])?;
        merged =
            Some(merged.as_ref().unwrap_or(script).overlaid(json.as_bytes()).map_err(refused)?);
        ask.user_text.replace_range(start..start + bytes, "");
    }
    Ok(merged)
}

/// The JSON of the directive that `text` begins with, and the bytes it takes.
fn directive(text: &str) -> Result<(String, usize), Refusal> {
    let rest = &text[OPENING.len()..];
    let mut documents = serde_json::Deserializer::from_str(rest).into_iter::<&RawValue>();
    let json = match documents.next() {
        Some(Ok(json)) => json.get().to_owned(),
        Some(Err(error)) => return Err(refused(error.into())),
        None => String::new(),
    };
    let after = &rest[documents.byte_offset()..];
    let blank = after.len() - after.trim_start().len();
    if !after[blank..].starts_with(CLOSING) {
        return Err(Refusal::new(400, "A directive `[[sim {…}]]` is not closed by `]]`."));
    }
    let bytes = OPENING.len() + documents.byte_offset() + blank + CLOSING.len();
    Ok((json, bytes))
}

fn refused(error: ScriptError) -> Refusal {
    Refusal::new(400, format!("Simulator directive: {error}."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::Fault;
    use crate::request::{Reading, take};

    fn overlaid(header: &str, text: &str) -> Result<(Option<Script>, String), Refusal> {
        let head = format!("GET / HTTP/1.1\r\nx-y: z{header}\r\n\r\n");
        let Ok(Reading::Whole(request)) = take(&mut head.as_str().into()) else {
            panic!("{head}");
        };
        let mut ask = Ask { user_text: text.into(), ..Ask::default() };
        let merged = overlay(&Script { seed: 7, ..Script::default() }, &request, &mut ask)?;
        Ok((merged, ask.user_text))
    }

    #[test]
    fn a_directive_is_laid_over_the_script_and_leaves_the_text() {
        let text = r#"hi [[sim {"fault": {"kind": "stall", "after_chunks": 1}} ]]there"#;
        let (script, left) = overlaid("", text).unwrap();
        let script = script.unwrap();
        assert_eq!((script.seed, script.fault), (7, Some(Fault::Stall { after_chunks: 1 })));
        assert_eq!(left, "hi there");
    }

    #[test]
    fn words_go_over_the_header() {
        let header = "\r\nx-sim-script: {\"chunk_ms\": 1, \"seed\": 1}";
        let script = overlaid(header, r#"[[sim {"seed": 2}]]"#).unwrap().0.unwrap();
        assert_eq!((script.chunk_ms, script.seed), (1, 2));
    }

    #[test]
    fn without_a_directive_nothing_is_merged() {
        assert_eq!(overlaid("", "[[simple]]").unwrap(), (None, "[[simple]]".to_owned()));
    }

    #[test]
    fn what_is_wrong_in_a_directive_is_said() {
        for (text, says) in [
            ("[[sim {\"seeds\": 1}]]", "unknown field `seeds`"),
            ("[[sim {\"seed\": 1}", "not closed"),
            ("[[sim {", "not a script"),
            ("[[sim ", "not closed"),
            ("[[sim 3]]", "not a script"),
        ] {
            let refusal = overlaid("", text).unwrap_err();
            assert!(refusal.message.contains(says), "{}", refusal.message);
        }
    }
}
