//! Requests, drawn by lot: conversations in which every dialect's rules of order hold.

use domain::answer::ToolCall;
use domain::chat::{
    ChatRequest, FileSource, Format, Message, Output, Part, Role, Sampling, Tool, ToolChoice,
};
use domain::request::{Effort, ReasoningAsk};
use proptest::prelude::*;
use serde_json::json;

const PNG: &str = "data:image/png;base64,iVBORw0KGgo=";
const PDF: &str = "data:application/pdf;base64,JVBERi0=";

/// Words with what is hard to carry: quotes, letters beyond ASCII, line feeds.
fn words() -> impl Strategy<Value = String> {
    "[a-zü\"\\\\🙂][a-z ü\"{}\n\\\\]{0,12}[a-z.]"
}

fn text() -> impl Strategy<Value = Part> {
    words().prop_map(|text| Part::Text { text, cache: None })
}

fn user() -> impl Strategy<Value = Message> {
    let image = Part::Image { url: PNG.to_owned(), detail: None, cache: None };
    (text(), prop::option::of(Just(image))).prop_map(|(text, image)| {
        let parts = [Some(text), image].into_iter().flatten().collect();
        Message { role: Role::User, name: None, parts }
    })
}

/// A turn of the model's: words, or calls that are answered at once.
fn turn(number: usize) -> impl Strategy<Value = Vec<Message>> {
    let calls = prop::collection::vec((words(), words()), 0..3);
    (text(), calls, text()).prop_map(move |(said, calls, last)| {
        let mut parts = vec![said];
        let mut results = Vec::new();
        for (place, (city, result)) in calls.into_iter().enumerate() {
            let id = format!("call_{number}_{place}");
            parts.push(Part::ToolCall(ToolCall {
                id: id.clone(),
                name: format!("look_{place}"),
                arguments: json!({"city": city, "days": place}).to_string(),
            }));
            results.push(Message {
                role: Role::Tool,
                name: None,
                parts: vec![Part::ToolResult {
                    call_id: id,
                    parts: vec![Part::Text { text: result, cache: None }],
                    failed: false,
                }],
            });
        }
        let mut turn = vec![Message { role: Role::Assistant, name: None, parts }];
        if !results.is_empty() {
            turn.extend(results);
            turn.push(Message { role: Role::Assistant, name: None, parts: vec![last] });
        }
        turn
    })
}

fn messages() -> impl Strategy<Value = Vec<Message>> {
    let system = prop::option::of(text());
    let turns = prop::collection::vec((user(), turn(0), turn(1)), 0..3);
    (system, turns, user()).prop_map(|(system, turns, last)| {
        let mut messages: Vec<Message> = Vec::new();
        messages.extend(system.map(|text| Message {
            role: Role::System,
            name: None,
            parts: vec![text],
        }));
        for (place, (user, first, second)) in turns.into_iter().enumerate() {
            messages.push(user);
            messages.extend(if place % 2 == 0 { first } else { second });
        }
        messages.push(last);
        messages
    })
}

fn tenths(max: u32) -> impl Strategy<Value = Option<f64>> {
    prop::option::of((0..=max).prop_map(|tenth| f64::from(tenth) / 10.0))
}

fn sampling() -> impl Strategy<Value = Sampling> {
    (
        tenths(10),
        tenths(10),
        prop::option::of(1_i64..100),
        prop::option::of(0_i64..1_000_000),
        prop::collection::vec("[A-Z]{1,4}", 0..3),
        tenths(20),
        tenths(9),
    )
        .prop_map(|(temperature, top_p, top_k, seed, stop, penalty, min_p)| Sampling {
            temperature,
            // Claude takes one of the two.
            top_p: top_p.filter(|_| temperature.is_none()),
            top_k,
            seed,
            stop,
            presence_penalty: penalty,
            frequency_penalty: penalty,
            min_p,
            ..Sampling::default()
        })
}

fn tools() -> impl Strategy<Value = (Vec<Tool>, Option<ToolChoice>)> {
    let tool = |place: usize| Tool {
        name: format!("look_{place}"),
        description: Some("Looks.".to_owned()),
        parameters: Some(json!({
            "type": "object", "required": ["city"],
            "properties": {"city": {"type": "string"}, "a": {"type": "integer"}}
        })),
        strict: None,
        cache: None,
    };
    let choice = prop::option::of(prop_oneof![
        Just(ToolChoice::Auto),
        Just(ToolChoice::None),
        Just(ToolChoice::Required),
        Just(ToolChoice::Function("look_0".to_owned())),
    ]);
    (0_usize..4, choice).prop_map(move |(count, choice)| {
        let tools: Vec<Tool> = (0..count).map(tool).collect();
        let choice = choice.filter(|_| !tools.is_empty());
        (tools, choice)
    })
}

fn output() -> impl Strategy<Value = Output> {
    let schema = json!({"type": "object", "properties": {"mood": {"type": "string"}}});
    let schema = Format::JsonSchema {
        name: "answer".to_owned(),
        description: None,
        strict: Some(true),
        schema,
    };
    (5000_u32..9000, prop::option::of(Just(schema))).prop_map(|(tokens_max, format)| Output {
        tokens_max: Some(tokens_max),
        format,
        ..Output::default()
    })
}

/// Returns a request. One that thinks neither sets how words are drawn nor forces a call, which
/// Claude's do not take together.
pub(super) fn request() -> impl Strategy<Value = ChatRequest> {
    let effort = prop_oneof![Just(Effort::Low), Just(Effort::Medium), Just(Effort::High)];
    let ask = effort.prop_map(|effort| ReasoningAsk { effort: Some(effort), ..Default::default() });
    let file = prop::bool::ANY;
    (messages(), tools(), sampling(), output(), prop::option::of(ask), file).prop_map(
        |(mut messages, (tools, tool_choice), sampling, output, reasoning, file)| {
            let thinks = reasoning.is_some();
            if let Some(last) = messages.last_mut().filter(|_| file) {
                let (name, source) = (Some("a.pdf".to_owned()), FileSource::Url(PDF.to_owned()));
                last.parts.push(Part::File { name, source, cache: None });
            }
            ChatRequest {
                messages,
                tools,
                tool_choice: tool_choice.filter(|_| !thinks),
                sampling: if thinks { Sampling::default() } else { sampling },
                output,
                reasoning,
                ..ChatRequest::default()
            }
        },
    )
}
