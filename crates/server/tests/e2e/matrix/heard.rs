//! What callers say and hear, in no dialect: what the cells of the matrix are compared by.

use serde_json::{Value, json};

/// A request.
#[derive(Clone, Debug, Default)]
pub struct Ask {
    pub turns: Vec<Turn>,
    /// A tool `weather` that takes a city is offered.
    pub tool: bool,
    /// The answer has to keep to this schema.
    pub schema: Option<Value>,
    pub tokens_max: u32,
    /// The model is to think.
    pub thinks: bool,
    pub stream: bool,
}

/// One turn of a conversation.
#[derive(Clone, Debug)]
pub enum Turn {
    User(String),
    /// A picture, as PNG in base64, and a question.
    Shows(String, String),
    /// What was heard before, sent back as its dialect wants it.
    Heard(Value),
    /// What the tool said, by the id and the name of the call.
    Result(String, String, String),
}

/// An answer.
#[derive(Clone, Debug, Default)]
pub struct Heard {
    pub text: String,
    pub thought: String,
    pub calls: Vec<Call>,
    pub end: Option<End>,
    /// Dollars.
    pub cost: Option<f64>,
    pub output_tokens: u64,
    /// The turn as it has to be sent back.
    pub turn: Value,
}

/// A call of a tool.
#[derive(Clone, Debug, Default)]
pub struct Call {
    pub id: String,
    pub name: String,
    pub arguments: Value,
}

/// Why an answer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Stop,
    Length,
    Tools,
}

/// What is offered as the tool's arguments.
pub fn parameters() -> Value {
    json!({
        "type": "object",
        "properties": { "city": { "type": "string" } },
        "required": ["city"],
        "additionalProperties": false
    })
}

/// A dialect on the side of callers.
pub trait Caller: Sync {
    fn name(&self) -> &'static str;
    /// Where the request goes, below the server's address.
    fn path(&self, model: &str, ask: &Ask) -> String;
    fn body(&self, model: &str, ask: &Ask) -> Value;
    /// Reads a whole answer. Panics where it is not as the dialect prescribes.
    fn whole(&self, body: &Value) -> Heard;
    /// Reads a stream. Panics where it is not as the dialect prescribes.
    fn stream(&self, text: &str) -> Heard;
    /// Reads the body of an error response and returns its message.
    fn error(&self, status: u16, body: &Value) -> String;
    /// Returns the message of the error that ends a stream, if one does.
    fn stream_error(&self, text: &str) -> Option<String>;
}

/// Returns the events of a stream as names and payloads, comments left out.
pub fn events(text: &str) -> Vec<(String, String)> {
    text.replace("\r\n", "\n")
        .split("\n\n")
        .filter(|block| !block.trim().is_empty())
        .filter_map(|block| {
            let field = |name: &str| {
                block
                    .lines()
                    .find_map(|line| line.strip_prefix(name))
                    .map(|it| it.trim().to_owned())
            };
            Some((field("event:").unwrap_or_default(), field("data:")?))
        })
        .collect()
}

/// Reads a payload, which has to be JSON.
pub fn json_of(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("no JSON ({error}): {text}"))
}

/// Returns a member's text, empty where it has none.
pub fn text_of(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
