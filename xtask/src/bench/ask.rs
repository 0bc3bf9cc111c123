//! What is asked, and what a right answer to it is.

use std::net::SocketAddr;

use super::answer::Answer;

/// One request, which is sent again and again, and what must come back.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    pub(crate) address: SocketAddr,
    /// The request as it goes over the wire.
    pub(crate) bytes: Vec<u8>,
    pub(crate) expects: Expects,
}

/// What must come back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expects {
    /// A JSON body of so many bytes or more.
    Whole { bytes_min: usize },
    /// A stream of so many events or more, with its end.
    Stream { events_min: u64 },
}

/// What an error shows of a body that was not expected.
const SHOWN_BYTES: usize = 300;

impl Ask {
    /// Checks a whole answer.
    ///
    /// # Errors
    ///
    /// A sentence that says in what the answer is wrong.
    pub(crate) fn check(&self, answer: &Answer) -> Result<(), String> {
        if answer.status != 200 {
            let body = &answer.body[..answer.body.len().min(SHOWN_BYTES)];
            let body = String::from_utf8_lossy(body);
            return Err(format!("the answer is {}: {body}", answer.status));
        }
        match self.expects {
            Expects::Whole { bytes_min } => {
                let bytes = answer.body.len();
                if bytes < bytes_min {
                    return Err(format!("an answer has {bytes} bytes, not {bytes_min}"));
                }
                let is_json = answer.body.trim_ascii_end().ends_with(b"}");
                if is_json { Ok(()) } else { Err("an answer is no JSON".to_owned()) }
            }
            Expects::Stream { events_min } => {
                let events = answer.events;
                if events < events_min {
                    return Err(format!("a stream has {events} events, not {events_min}"));
                }
                if answer.is_done { Ok(()) } else { Err("a stream has no end".to_owned()) }
            }
        }
    }
}

/// Writes a request for a connection that is kept.
pub(crate) fn request(method: &str, path: &str, key: Option<&str>, body: &str) -> Vec<u8> {
    let key = key.map(|key| format!("Authorization: Bearer {key}\r\n")).unwrap_or_default();
    let length = body.len();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\n{key}Content-Type: application/json\r\n\
         Content-Length: {length}\r\n\r\n"
    );
    (head + body).into_bytes()
}

/// Writes the body of a chat completion that has exactly `bytes` bytes, or as few as it can.
///
/// Long ones are long conversations, as they are in life, not one long message.
pub(crate) fn chat_body(model: &str, is_stream: bool, bytes: usize) -> String {
    let options = if is_stream { r#","stream_options":{"include_usage":true}"# } else { "" };
    let head = format!(r#"{{"model":"{model}","stream":{is_stream}{options},"messages":["#);
    // Odd, for the first word and the last are the user's.
    let turns = bytes / TURN_BYTES / 2 * 2 + 1;
    let frames: Vec<&str> = (0..turns).map(|turn| FRAMES[turn % 2]).collect();
    let taken: usize = frames.iter().map(|frame| frame.len()).sum();
    let room = bytes.saturating_sub(head.len() + taken + turns - 1 + "]}".len() + 2 * turns);
    let mut text = WORDS.chars().cycle();
    let mut messages = Vec::with_capacity(turns);
    for (turn, frame) in frames.iter().enumerate() {
        let share = room / turns + if turn + 1 == turns { room % turns } else { 0 };
        let said: String = text.by_ref().take(share).collect();
        messages.push(format!("{frame}{said}\"}}"));
    }
    format!("{head}{}]}}", messages.join(","))
}

const TURN_BYTES: usize = 1_000;
const FRAMES: [&str; 2] = [r#"{"role":"user","content":""#, r#"{"role":"assistant","content":""#];
const WORDS: &str = "Trains of four lines meet here, and each of them must leave on time. ";

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn checked(expects: Expects, answer: &str) -> Result<(), String> {
        let address = SocketAddr::from(([127, 0, 0, 1], 1));
        let ask = Ask { address, bytes: Vec::new(), expects };
        let mut read = Answer::default();
        assert_eq!(read.feed(answer.as_bytes()), Ok(true));
        ask.check(&read)
    }

    #[test]
    fn a_body_has_the_bytes_that_were_ordered() {
        for (bytes, turns) in [(270, 1), (8 << 10, 9), (100 << 10, 103)] {
            for is_stream in [false, true] {
                let body = chat_body("bench/whole", is_stream, bytes);
                assert_eq!(body.len(), bytes);
                let body: Value = serde_json::from_str(&body).expect("it is JSON");
                let messages = body["messages"].as_array().expect("there are messages");
                assert_eq!((messages.len(), &body["stream"]), (turns, &Value::Bool(is_stream)));
                assert_eq!(messages[turns - 1]["role"], "user");
            }
        }
    }

    #[test]
    fn a_wrong_answer_is_told_from_a_right_one() {
        let whole = Expects::Whole { bytes_min: 2 };
        let sized = |status, body: &str| {
            format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\n\r\n{body}", body.len())
        };
        assert_eq!(checked(whole, &sized(200, "{}")), Ok(()));
        assert!(checked(whole, &sized(200, "}")).is_err());
        assert!(checked(whole, &sized(200, "{\"")).is_err());
        let refused = checked(whole, &sized(500, "{}"));
        assert_eq!(refused, Err("the answer is 500: {}".to_owned()));
    }

    #[test]
    fn a_stream_without_its_end_is_wrong() {
        let stream = Expects::Stream { events_min: 1 };
        let sent = |body: &str| {
            let length = body.len();
            let kind = "content-type: text/event-stream";
            format!("HTTP/1.1 200 OK\r\n{kind}\r\ncontent-length: {length}\r\n\r\n{body}")
        };
        assert_eq!(checked(stream, &sent("data: {}\n\ndata: [DONE]\n\n")), Ok(()));
        assert!(checked(stream, &sent("data: {}\n\n")).is_err());
        assert!(checked(stream, &sent("data: [DONE]\n\n")).is_err());
    }
}
