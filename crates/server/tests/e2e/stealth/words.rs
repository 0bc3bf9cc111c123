//! What the lab says in each dialect. `@` stands for its name.

use super::lab::Asked;

const JSON: &str = "application/json";
const EVENTS: &str = "text/event-stream";

/// The tokens that the lab says were used: no count of the house's.
pub const PROMPT: &str = "765432";
pub const COMPLETION: &str = "87654";

const CITED: &str = r#"[{"type":"url_citation","url_citation":{"url":"https://@.example/a","title":"@","start_index":0,"end_index":1}}]"#;

/// Returns an error in words that every dialect reads.
pub fn error(root: &str) -> String {
    r#"{"type":"error","error":{"type":"@_type","message":"@ says no: see https://@.example/docs","code":"@_code","param":"@_param","status":"@","details":[{"reason":"@"}]},"message":"@ says no","detail":"@","request_id":"@","@":"@"}"#
        .replace('@', root)
}

/// Returns the type and the bytes of an answer.
pub fn answer(asked: &Asked) -> (&'static str, Vec<u8>) {
    let calls = asked.scene == "tool";
    if asked.dialect == "bedrock-converse" && asked.streams {
        let frames = bedrock_frames(calls).into_iter();
        let bytes = frames
            .flat_map(|(kind, payload)| frame(kind, payload.replace('@', &asked.root).as_bytes()));
        return ("application/vnd.amazon.eventstream", bytes.collect());
    }
    let (kind, text) = match (asked.dialect.as_str(), asked.streams) {
        ("openai-chat" | "mistral", false) => (JSON, chat(calls)),
        ("openai-chat" | "mistral", true) => (EVENTS, chat_stream(calls)),
        ("anthropic-messages", false) => (JSON, messages(calls)),
        ("anthropic-messages", true) => (EVENTS, messages_stream(calls)),
        ("openai-responses", false) => (JSON, responses(calls)),
        ("openai-responses", true) => (EVENTS, responses_stream(calls)),
        ("google-gemini", false) => (JSON, gemini(calls)),
        ("google-gemini", true) => (EVENTS, format!("data: {}\n\n", gemini(calls))),
        ("bedrock-converse", _) => (JSON, converse(calls)),
        ("cohere", false) => (JSON, cohere(calls)),
        ("cohere", true) => (EVENTS, cohere_stream(calls)),
        ("ollama", streams) => ("application/x-ndjson", ollama(calls, streams)),
        (other, _) => panic!("the lab does not speak {other}"),
    };
    (kind, text.replace('@', &asked.root).into_bytes())
}

fn either(calls: bool, with: &str, without: &str) -> String {
    if calls { with.to_owned() } else { without.to_owned() }
}

fn chat_usage() -> String {
    format!(
        r#""usage":{{"prompt_tokens":{PROMPT},"completion_tokens":{COMPLETION},"total_tokens":853086,"@_tokens":5}}"#
    )
}

fn chat(calls: bool) -> String {
    let tools = either(
        calls,
        r#","tool_calls":[{"id":"call_@","type":"function","function":{"name":"weather","arguments":"{\"city\":\"Oslo\"}"}}]"#,
        "",
    );
    let end = either(calls, "tool_calls", "@_stop");
    format!(
        r#"{{"id":"chatcmpl-@","object":"chat.completion","created":1,"model":"@-model","system_fingerprint":"fp_@","service_tier":"@_tier","provider":"@","@_field":{{"a":"@"}},"citations":["https://@.example/b"],"choices":[{{"index":0,"message":{{"role":"assistant","content":"plain words","reasoning_content":"a thought","@_x":1,"annotations":{CITED},"images":[{{"type":"image_url","image_url":{{"url":"https://@.example/a.png"}}}}]{tools}}},"logprobs":{{"content":[{{"token":"@","logprob":-0.1,"bytes":null,"top_logprobs":[]}}]}},"finish_reason":"{end}"}}],{}}}"#,
        chat_usage()
    )
}

fn chat_stream(calls: bool) -> String {
    let head = r#""id":"chatcmpl-@","object":"chat.completion.chunk","created":1,"model":"@-model","system_fingerprint":"fp_@","service_tier":"@_tier","@_field":"@""#;
    let end = either(calls, "tool_calls", "@_stop");
    let mut deltas = vec![
        r#"{"role":"assistant","content":"","@_x":1}"#.to_owned(),
        r#"{"reasoning_content":"a thought"}"#.to_owned(),
        format!(r#"{{"content":"plain words","annotations":{CITED}}}"#),
    ];
    if calls {
        deltas.push(r#"{"tool_calls":[{"index":0,"id":"call_@","type":"function","function":{"name":"weather","arguments":"{\"city\":"}}]}"#.to_owned());
        deltas.push(
            r#"{"tool_calls":[{"index":0,"function":{"arguments":"\"Oslo\"}"}}]}"#.to_owned(),
        );
    }
    let mut text = ": @ is here\n\n".to_owned();
    for delta in deltas {
        text.push_str(&format!(
            "data: {{{head},\"choices\":[{{\"index\":0,\"delta\":{delta},\"logprobs\":{{\"content\":[{{\"token\":\"@\",\"logprob\":-0.1,\"bytes\":null,\"top_logprobs\":[]}}]}},\"finish_reason\":null}}]}}\n\n"
        ));
    }
    text.push_str(&format!(
        "data: {{{head},\"choices\":[{{\"index\":0,\"delta\":{{}},\"finish_reason\":\"{end}\"}}]}}\n\n\
         data: {{{head},\"choices\":[],{}}}\n\ndata: [DONE]\n\n",
        chat_usage()
    ));
    text
}

const MESSAGES_USAGE: &str =
    r#""usage":{"input_tokens":765432,"output_tokens":87654,"service_tier":"@_tier"}"#;

fn messages(calls: bool) -> String {
    let tools = either(
        calls,
        r#",{"type":"tool_use","id":"toolu_@","name":"weather","input":{"city":"Oslo"}}"#,
        "",
    );
    let end = either(calls, "tool_use", "@_end");
    format!(
        r#"{{"id":"msg_@","type":"message","role":"assistant","model":"@-model","content":[{{"type":"thinking","thinking":"a thought","signature":"@sig"}},{{"type":"redacted_thinking","data":"@data"}},{{"type":"text","text":"plain words","@":1}}{tools}],"stop_reason":"{end}","stop_sequence":"@","container":{{"id":"@"}},{MESSAGES_USAGE}}}"#
    )
}

fn named(events: &[(&str, String)]) -> String {
    events.iter().map(|(name, data)| format!("event: {name}\ndata: {data}\n\n")).collect()
}

fn block(events: &mut Vec<(&'static str, String)>, index: usize, begins: &str, deltas: &[&str]) {
    events.push((
        "content_block_start",
        format!(r#"{{"type":"content_block_start","index":{index},"content_block":{begins}}}"#),
    ));
    for delta in deltas {
        events.push((
            "content_block_delta",
            format!(r#"{{"type":"content_block_delta","index":{index},"delta":{delta}}}"#),
        ));
    }
    events.push((
        "content_block_stop",
        format!(r#"{{"type":"content_block_stop","index":{index}}}"#),
    ));
}

fn messages_stream(calls: bool) -> String {
    let end = either(calls, "tool_use", "@_end");
    let mut events = vec![
        (
            "message_start",
            format!(
                r#"{{"type":"message_start","message":{{"id":"msg_@","type":"message","role":"assistant","model":"@-model","content":[],"stop_reason":null,"stop_sequence":null,{MESSAGES_USAGE}}}}}"#
            ),
        ),
        ("ping", r#"{"type":"ping","@":"@"}"#.to_owned()),
    ];
    block(
        &mut events,
        0,
        r#"{"type":"thinking","thinking":"","signature":""}"#,
        &[
            r#"{"type":"thinking_delta","thinking":"a thought"}"#,
            r#"{"type":"signature_delta","signature":"@sig"}"#,
        ],
    );
    block(
        &mut events,
        1,
        r#"{"type":"text","text":""}"#,
        &[r#"{"type":"text_delta","text":"plain words"}"#],
    );
    if calls {
        block(
            &mut events,
            2,
            r#"{"type":"tool_use","id":"toolu_@","name":"weather","input":{}}"#,
            &[r#"{"type":"input_json_delta","partial_json":"{\"city\":\"Oslo\"}"}"#],
        );
    }
    events.push(("message_delta", format!(r#"{{"type":"message_delta","delta":{{"stop_reason":"{end}","stop_sequence":"@"}},{MESSAGES_USAGE}}}"#)));
    events.push(("message_stop", r#"{"type":"message_stop","@":"@"}"#.to_owned()));
    named(&events)
}

fn responses(calls: bool) -> String {
    let tools = either(
        calls,
        r#",{"type":"function_call","id":"fc_@","call_id":"call_@","name":"weather","arguments":"{\"city\":\"Oslo\"}","status":"completed"}"#,
        "",
    );
    format!(
        r#"{{"id":"resp_@","object":"response","created_at":1,"status":"completed","model":"@-model","output":[{{"type":"reasoning","id":"rs_@","summary":[{{"type":"summary_text","text":"a thought"}}],"encrypted_content":"@enc"}},{{"type":"message","id":"msg_@","role":"assistant","status":"completed","content":[{{"type":"output_text","text":"plain words","annotations":[{{"type":"url_citation","url":"https://@.example","title":"@","start_index":0,"end_index":1}}]}}]}}{tools}],"metadata":{{"@":"@"}},"service_tier":"@_tier","safety_identifier":"@","usage":{{"input_tokens":{PROMPT},"output_tokens":{COMPLETION},"total_tokens":853086}}}}"#
    )
}

fn responses_stream(calls: bool) -> String {
    let whole = responses(calls);
    let mut events = vec![
        ("response.created", r#"{"type":"response.created","sequence_number":0,"response":{"id":"resp_@","object":"response","status":"in_progress","model":"@-model","output":[]}}"#.to_owned()),
        ("response.output_item.added", r#"{"type":"response.output_item.added","output_index":0,"item":{"type":"reasoning","id":"rs_@","summary":[]}}"#.to_owned()),
        ("response.reasoning_summary_text.delta", r#"{"type":"response.reasoning_summary_text.delta","item_id":"rs_@","output_index":0,"summary_index":0,"delta":"a thought"}"#.to_owned()),
        ("response.output_item.done", r#"{"type":"response.output_item.done","output_index":0,"item":{"type":"reasoning","id":"rs_@","summary":[{"type":"summary_text","text":"a thought"}],"encrypted_content":"@enc"}}"#.to_owned()),
        ("response.output_item.added", r#"{"type":"response.output_item.added","output_index":1,"item":{"type":"message","id":"msg_@","role":"assistant","content":[]}}"#.to_owned()),
        ("response.output_text.delta", r#"{"type":"response.output_text.delta","item_id":"msg_@","output_index":1,"content_index":0,"delta":"plain words","obfuscation":"@"}"#.to_owned()),
        ("response.output_text.annotation.added", r#"{"type":"response.output_text.annotation.added","item_id":"msg_@","output_index":1,"content_index":0,"annotation":{"type":"url_citation","url":"https://@.example","title":"@","start_index":0,"end_index":1}}"#.to_owned()),
    ];
    if calls {
        events.push(("response.output_item.added", r#"{"type":"response.output_item.added","output_index":2,"item":{"type":"function_call","id":"fc_@","call_id":"call_@","name":"weather","arguments":""}}"#.to_owned()));
        events.push(("response.function_call_arguments.delta", r#"{"type":"response.function_call_arguments.delta","item_id":"fc_@","output_index":2,"delta":"{\"city\":\"Oslo\"}"}"#.to_owned()));
        events.push(("response.output_item.done", r#"{"type":"response.output_item.done","output_index":2,"item":{"type":"function_call","id":"fc_@","call_id":"call_@","name":"weather","arguments":"{\"city\":\"Oslo\"}","status":"completed"}}"#.to_owned()));
    }
    events.push(("response.@_event", r#"{"type":"response.@_event","@":"@"}"#.to_owned()));
    events.push((
        "response.completed",
        format!(r#"{{"type":"response.completed","response":{whole}}}"#),
    ));
    named(&events)
}

fn gemini(calls: bool) -> String {
    let tools = either(
        calls,
        r#",{"functionCall":{"id":"@","name":"weather","args":{"city":"Oslo"}},"thoughtSignature":"@sig"}"#,
        "",
    );
    format!(
        r#"{{"candidates":[{{"content":{{"role":"model","parts":[{{"text":"a thought","thought":true}},{{"text":"plain words","thoughtSignature":"@sig"}}{tools}]}},"finishReason":"STOP","finishMessage":"@","index":0,"citationMetadata":{{"citationSources":[{{"uri":"https://@.example"}}]}},"groundingMetadata":{{"webSearchQueries":["@"],"groundingChunks":[{{"web":{{"uri":"https://@.example","title":"@"}}}}]}}}}],"usageMetadata":{{"promptTokenCount":{PROMPT},"candidatesTokenCount":{COMPLETION},"totalTokenCount":853086,"@":1}},"modelVersion":"@-version","responseId":"@-response"}}"#
    )
}

fn converse(calls: bool) -> String {
    let tools = either(
        calls,
        r#",{"toolUse":{"toolUseId":"tooluse_@","name":"weather","input":{"city":"Oslo"}}}"#,
        "",
    );
    let end = either(calls, "tool_use", "@_end");
    format!(
        r#"{{"output":{{"message":{{"role":"assistant","content":[{{"reasoningContent":{{"reasoningText":{{"text":"a thought","signature":"@sig"}}}}}},{{"text":"plain words"}}{tools}]}}}},"stopReason":"{end}","usage":{{"inputTokens":{PROMPT},"outputTokens":{COMPLETION},"totalTokens":853086}},"metrics":{{"latencyMs":5}},"trace":{{"@":"@"}},"performanceConfig":{{"latency":"@"}}}}"#
    )
}

fn bedrock_frames(calls: bool) -> Vec<(&'static str, String)> {
    let end = either(calls, "tool_use", "@_end");
    let mut frames = vec![
        ("messageStart", r#"{"role":"assistant","p":"@"}"#.to_owned()),
        (
            "contentBlockDelta",
            r#"{"contentBlockIndex":0,"delta":{"reasoningContent":{"text":"a thought"}}}"#
                .to_owned(),
        ),
        (
            "contentBlockDelta",
            r#"{"contentBlockIndex":0,"delta":{"reasoningContent":{"signature":"@sig"}}}"#
                .to_owned(),
        ),
        ("contentBlockStop", r#"{"contentBlockIndex":0}"#.to_owned()),
        (
            "contentBlockDelta",
            r#"{"contentBlockIndex":1,"delta":{"text":"plain words"},"p":"@"}"#.to_owned(),
        ),
        ("contentBlockStop", r#"{"contentBlockIndex":1}"#.to_owned()),
    ];
    if calls {
        frames.push(("contentBlockStart", r#"{"contentBlockIndex":2,"start":{"toolUse":{"toolUseId":"tooluse_@","name":"weather"}}}"#.to_owned()));
        frames.push((
            "contentBlockDelta",
            r#"{"contentBlockIndex":2,"delta":{"toolUse":{"input":"{\"city\":\"Oslo\"}"}}}"#
                .to_owned(),
        ));
        frames.push(("contentBlockStop", r#"{"contentBlockIndex":2}"#.to_owned()));
    }
    frames.push(("messageStop", format!(r#"{{"stopReason":"{end}","p":"@"}}"#)));
    frames.push(("metadata", format!(r#"{{"usage":{{"inputTokens":{PROMPT},"outputTokens":{COMPLETION},"totalTokens":853086}},"metrics":{{"latencyMs":5}},"p":"@"}}"#)));
    frames
}

/// Returns a frame of AWS's event stream.
fn frame(kind: &str, payload: &[u8]) -> Vec<u8> {
    let mut headers = Vec::new();
    for (name, value) in
        [(":event-type", kind), (":content-type", JSON), (":message-type", "event")]
    {
        headers.push(name.len() as u8);
        headers.extend(name.as_bytes());
        headers.push(7);
        headers.extend((value.len() as u16).to_be_bytes());
        headers.extend(value.as_bytes());
    }
    let total = (16 + headers.len() + payload.len()) as u32;
    let mut out = Vec::new();
    out.extend(total.to_be_bytes());
    out.extend((headers.len() as u32).to_be_bytes());
    out.extend(crc32(&out).to_be_bytes());
    out.extend(headers);
    out.extend(payload);
    out.extend(crc32(&out).to_be_bytes());
    out
}

fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, byte: &u8| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 }
        })
    };
    !bytes.iter().fold(!0, step)
}

fn cohere(calls: bool) -> String {
    let tools = either(
        calls,
        r#","tool_plan":"a thought","tool_calls":[{"id":"weather_@","type":"function","function":{"name":"weather","arguments":"{\"city\":\"Oslo\"}"}}]"#,
        "",
    );
    let end = either(calls, "TOOL_CALL", "COMPLETE");
    format!(
        r#"{{"id":"@","finish_reason":"{end}","message":{{"role":"assistant","content":[{{"type":"thinking","thinking":"a thought"}},{{"type":"text","text":"plain words"}}],"citations":[{{"start":0,"end":1,"text":"p","sources":[{{"type":"document","id":"@"}}]}}]{tools}}},"usage":{{"billed_units":{{"input_tokens":{PROMPT},"output_tokens":{COMPLETION}}},"tokens":{{"input_tokens":{PROMPT},"output_tokens":{COMPLETION}}}}},"meta":{{"@":"@"}}}}"#
    )
}

fn cohere_stream(calls: bool) -> String {
    let end = either(calls, "TOOL_CALL", "COMPLETE");
    let mut events = vec![
        r#"{"type":"message-start","id":"@","delta":{"message":{"role":"assistant"}}}"#.to_owned(),
        r#"{"type":"content-start","index":0,"delta":{"message":{"content":{"type":"text","text":""}}},"p":"@"}"#.to_owned(),
        r#"{"type":"content-delta","index":0,"delta":{"message":{"content":{"text":"plain words"}}},"p":"@"}"#.to_owned(),
        r#"{"type":"content-end","index":0}"#.to_owned(),
        r#"{"type":"citation-start","index":0,"delta":{"message":{"citations":{"start":0,"end":1,"text":"p","sources":[{"type":"document","id":"@"}]}}}}"#.to_owned(),
    ];
    if calls {
        events.push(r#"{"type":"tool-call-start","index":0,"delta":{"message":{"tool_calls":{"id":"weather_@","type":"function","function":{"name":"weather","arguments":""}}}}}"#.to_owned());
        events.push(r#"{"type":"tool-call-delta","index":0,"delta":{"message":{"tool_calls":{"function":{"arguments":"{\"city\":\"Oslo\"}"}}}}}"#.to_owned());
        events.push(r#"{"type":"tool-call-end","index":0}"#.to_owned());
    }
    events.push(format!(r#"{{"type":"message-end","id":"@","delta":{{"finish_reason":"{end}","usage":{{"tokens":{{"input_tokens":{PROMPT},"output_tokens":{COMPLETION}}}}}}}}}"#));
    let said = events.iter().map(|data| {
        let name = data.split('"').nth(3).unwrap_or_default();
        format!("event: {name}\ndata: {data}\n\n")
    });
    said.collect()
}

fn ollama(calls: bool, streams: bool) -> String {
    let tools = either(
        calls,
        r#","tool_calls":[{"id":"call_@","function":{"name":"weather","arguments":{"city":"Oslo"}}}]"#,
        "",
    );
    let head = r#""model":"@-model","created_at":"2026-01-01T00:00:00Z","@":"@""#;
    let message = format!(
        r#""message":{{"role":"assistant","content":"plain words","thinking":"a thought"{tools}}}"#
    );
    let end = format!(
        r#""done":true,"done_reason":"@_stop","context":[1],"prompt_eval_count":{PROMPT},"eval_count":{COMPLETION}"#
    );
    match streams {
        false => format!("{{{head},{message},{end}}}"),
        true => format!(
            "{{{head},{message},\"done\":false}}\n{{{head},\"message\":{{\"role\":\"assistant\",\"content\":\"\"}},{end}}}\n"
        ),
    }
}
