//! How long a chunk of a stream takes from each provider's dialect to each caller's: at most 3 µs
//! where it is translated, 1 µs where it passes as it is.
//!
//! `cargo bench -p dialect --bench chunks` shows the time of a hundred chunks; pairs of one dialect
//! are named `passes`.

#[path = "../tests/endpoint/mod.rs"]
mod endpoint;

use std::hint::black_box;

use bytes::Bytes;
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use dialect::door::Door;
use dialect::exchange::{Exchange, Stamp, Target};
use dialect::registry::{decode, exchange};
use domain::catalog::{Dialect, Endpoint};

/// As in the binary.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const CHUNKS: usize = 100;

/// A provider's dialect: how its streams begin, and a chunk of text.
struct Provider {
    name: &'static str,
    dialect: Dialect,
    begins: &'static str,
    chunk: &'static str,
}

impl Provider {
    /// Returns an event as it comes over the wire.
    fn framed(&self, event: &str) -> Vec<u8> {
        if self.dialect != Dialect::BedrockConverse || event.is_empty() {
            return event.as_bytes().to_vec();
        }
        let mut headers = Vec::new();
        for (name, value) in [
            (":event-type", "contentBlockDelta"),
            (":content-type", "application/json"),
            (":message-type", "event"),
        ] {
            headers.push(name.len() as u8);
            headers.extend_from_slice(name.as_bytes());
            headers.push(7);
            headers.extend_from_slice(&(value.len() as u16).to_be_bytes());
            headers.extend_from_slice(value.as_bytes());
        }
        let mut frame = ((headers.len() + event.len() + 16) as u32).to_be_bytes().to_vec();
        frame.extend_from_slice(&(headers.len() as u32).to_be_bytes());
        frame.extend_from_slice(&crc32fast::hash(&frame).to_be_bytes());
        frame.extend_from_slice(&headers);
        frame.extend_from_slice(event.as_bytes());
        frame.extend_from_slice(&crc32fast::hash(&frame).to_be_bytes());
        frame
    }
}

const PROVIDERS: [Provider; 7] = [
    Provider {
        name: "openai-chat",
        dialect: Dialect::OpenaiChat,
        begins: "",
        chunk: "data: {\"id\":\"chatcmpl-9f2c41d07b6e4f0d9a51c3\",\"object\":\"chat.completion.chunk\",\"created\":1787000124,\"model\":\"tiny-1\",\"system_fingerprint\":\"fp_44709d6fcb\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\" evening\"},\"logprobs\":null,\"finish_reason\":null}]}\n\n",
    },
    Provider {
        name: "openai-responses",
        dialect: Dialect::OpenaiResponses,
        begins: "event: response.created\ndata: {\"type\":\"response.created\",\"sequence_number\":0,\"response\":{\"id\":\"resp_1\",\"object\":\"response\",\"status\":\"in_progress\",\"output\":[]}}\n\n",
        chunk: "event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\",\"sequence_number\":7,\"item_id\":\"msg_68a1f0c2b7d0819ab3d0\",\"output_index\":0,\"content_index\":0,\"delta\":\" evening\",\"logprobs\":[],\"obfuscation\":\"x8Jq2\"}\n\n",
    },
    Provider {
        name: "anthropic",
        dialect: Dialect::AnthropicMessages,
        begins: "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"content\":[],\"usage\":{\"input_tokens\":9,\"output_tokens\":1}}}\n\nevent: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n",
        chunk: "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\" evening\"}}\n\n",
    },
    Provider {
        name: "gemini",
        dialect: Dialect::GoogleGemini,
        begins: "",
        chunk: "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\" evening\"}],\"role\":\"model\"},\"index\":0}],\"usageMetadata\":{\"promptTokenCount\":9,\"candidatesTokenCount\":4,\"totalTokenCount\":13},\"modelVersion\":\"gemini-x\",\"responseId\":\"r1\"}\r\n\r\n",
    },
    Provider {
        name: "ollama",
        dialect: Dialect::Ollama,
        begins: "",
        chunk: "{\"model\":\"tiny-1\",\"created_at\":\"2026-11-25T10:00:00.123456Z\",\"message\":{\"role\":\"assistant\",\"content\":\" evening\"},\"done\":false}\n",
    },
    Provider {
        name: "cohere",
        dialect: Dialect::Cohere,
        begins: "event: message-start\ndata: {\"type\":\"message-start\",\"id\":\"m1\",\"delta\":{\"message\":{\"role\":\"assistant\"}}}\n\n",
        chunk: "event: content-delta\ndata: {\"type\":\"content-delta\",\"index\":0,\"delta\":{\"message\":{\"content\":{\"text\":\" evening\"}}}}\n\n",
    },
    Provider {
        name: "bedrock",
        dialect: Dialect::BedrockConverse,
        begins: "",
        chunk: "{\"contentBlockIndex\":0,\"delta\":{\"text\":\" evening\"},\"p\":\"abcdefghijklmnop\"}",
    },
];

fn callers() -> [(&'static str, Dialect, Door, &'static str); 5] {
    let gemini = Door::Gemini { model: "a/b".to_owned(), streams: true, sse: true };
    let messages =
        r#"{"model":"a/b","max_tokens":99,"messages":[{"role":"user","content":"Why?"}]}"#;
    let contents = r#"{"contents":[{"role":"user","parts":[{"text":"Why?"}]}]}"#;
    let input = r#"{"model":"a/b","input":"Why?","stream":true}"#;
    [
        ("openai-chat", Dialect::OpenaiChat, Door::ChatCompletions, messages),
        ("openai-responses", Dialect::OpenaiResponses, Door::Responses, input),
        ("anthropic", Dialect::AnthropicMessages, Door::Messages, messages),
        ("gemini", Dialect::GoogleGemini, gemini, contents),
        ("ollama", Dialect::Ollama, Door::OllamaChat, messages),
    ]
}

fn attempt(door: &Door, body: &'static str, endpoint: &Endpoint) -> Box<dyn Exchange> {
    let request = decode(door, Bytes::from(body)).expect("the body is a request");
    let stamp = Stamp {
        id: "gen-1787000123-h2Kq81LmZx0TnB7cWvYd".to_owned(),
        created: 1_787_000_123,
        model: "acme/tiny".to_owned(),
        provider: "Acme".to_owned(),
    };
    exchange(&request, Target { endpoint, user_hash: None }, stamp).expect("it is taken")
}

fn chunks(criterion: &mut Criterion) {
    for provider in PROVIDERS {
        let Provider { name, dialect, begins, chunk } = provider;
        let (begins, chunk) = (provider.framed(begins), provider.framed(chunk));
        let mut group = criterion.benchmark_group(format!("from {name}"));
        group.throughput(Throughput::Elements(CHUNKS as u64));
        let endpoint = Endpoint { dialect, ..endpoint::endpoint() };
        for (caller, spoken, door, body) in callers() {
            let attempt = attempt(&door, body, &endpoint);
            let begun = || {
                let (mut stream, mut out) = (attempt.stream(), Vec::with_capacity(1 << 20));
                stream.push(&begins, &mut out).expect("a stream begins well");
                (stream, out)
            };
            let way =
                if spoken == dialect && dialect != Dialect::Ollama { "passes" } else { caller };
            group.bench_function(way, |bencher| {
                bencher.iter_batched(
                    begun,
                    |(mut stream, mut out)| {
                        for _ in 0..CHUNKS {
                            let step = stream.push(black_box(&chunk), &mut out);
                            step.expect("a chunk is read");
                        }
                        (stream, out)
                    },
                    BatchSize::LargeInput,
                );
            });
        }
        group.finish();
    }
}

criterion_group!(benches, chunks);
criterion_main!(benches);
