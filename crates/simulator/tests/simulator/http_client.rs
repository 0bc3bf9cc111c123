//! The simulator behind a client that holds servers to the letter of HTTP.
use crate::raw::{question, simulator};
use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::body::Bytes;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use simulator::{ContentLength, Fault, MalformedSse, Script, Simulator};

/// What the client makes of an answer: status and body, or that it could not.
async fn fetch(simulator: &Simulator, stream: bool) -> Result<(u16, Bytes), String> {
    let client = Client::builder(TokioExecutor::new()).build_http();
    let body = question(json!({ "stream": stream })).to_string();
    let request = Request::post(format!("{}/chat/completions", simulator.base_url("acme")))
        .header("content-type", "application/json")
        .body(Full::new(Bytes::from(body)))
        .unwrap();
    let response = client.request(request).await.map_err(|error| format!("{error:?}"))?;
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.map_err(|error| format!("{error:?}"))?;
    Ok((status, body.to_bytes()))
}

#[tokio::test]
async fn a_strict_client_reads_whole_answers_and_streams() {
    let simulator = simulator();
    for _ in 0..3 {
        let (status, body) = fetch(&simulator, false).await.unwrap();
        assert_eq!(status, 200);
        assert!(serde_json::from_slice::<Value>(&body).is_ok());
        let (_, body) = fetch(&simulator, true).await.unwrap();
        assert!(body.ends_with(b"data: [DONE]\n\n"));
    }
}

#[tokio::test]
async fn a_strict_client_stumbles_over_broken_http() {
    let simulator = simulator();
    for fault in [
        Fault::Reset { only_reused: false },
        Fault::Close { only_reused: false },
        Fault::Fin { after_chunks: 2, clean: false },
        Fault::ResetMid { after_chunks: 2 },
        Fault::BigHeader { bytes: 1 << 20 },
        Fault::InfiniteHeaders {},
        Fault::ContentLength { how: ContentLength::Long },
        Fault::ContentLength { how: ContentLength::Duplicate },
        Fault::ChunkOverflow {},
    ] {
        simulator.script("acme", Script::failing(fault.clone()));
        for stream in [false, true] {
            assert!(fetch(&simulator, stream).await.is_err(), "{fault:?}");
        }
    }
}

#[tokio::test]
async fn a_strict_client_takes_what_only_the_dialect_forbids() {
    let simulator = simulator();
    for fault in [
        Fault::status(503),
        Fault::EmptyBody {},
        Fault::Html { status: 200 },
        Fault::OtherShape {},
        Fault::FirstEventError { code: 503 },
        Fault::Fin { after_chunks: 2, clean: true },
        Fault::MalformedSse { how: MalformedSse::CrOnly, bytes: 0 },
        Fault::ManyInterim { count: 3 },
        Fault::NoFinishReason {},
    ] {
        simulator.script("acme", Script::failing(fault.clone()));
        for stream in [false, true] {
            fetch(&simulator, stream).await.unwrap();
        }
    }
}
