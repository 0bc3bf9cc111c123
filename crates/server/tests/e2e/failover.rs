//! A provider that is out of order is not noticed while another is well.

use serde_json::{Value, json};
use simulator::{mute, refusing};

use crate::client::Answer;
use crate::stand::{Offer, Stand};

/// What a provider does, and the status that tells it when nobody else can serve.
const FAULTS: [(&str, &str, u16); 25] = [
    ("status-401", r#"{"kind":"status","status":401,"message":"XUPSTREAMX"}"#, 502),
    ("status-402", r#"{"kind":"status","status":402,"message":"XUPSTREAMX"}"#, 502),
    ("status-403", r#"{"kind":"status","status":403,"message":"XUPSTREAMX"}"#, 502),
    ("status-404", r#"{"kind":"status","status":404,"message":"XUPSTREAMX"}"#, 404),
    ("status-408", r#"{"kind":"status","status":408,"message":"XUPSTREAMX"}"#, 503),
    ("status-425", r#"{"kind":"status","status":425,"message":"XUPSTREAMX"}"#, 503),
    ("status-429", r#"{"kind":"status","status":429,"message":"XUPSTREAMX"}"#, 429),
    ("status-500", r#"{"kind":"status","status":500,"message":"XUPSTREAMX"}"#, 502),
    ("status-502", r#"{"kind":"status","status":502,"message":"XUPSTREAMX"}"#, 502),
    ("status-503", r#"{"kind":"status","status":503,"message":"XUPSTREAMX"}"#, 503),
    ("status-504", r#"{"kind":"status","status":504,"message":"XUPSTREAMX"}"#, 0),
    ("status-529", r#"{"kind":"status","status":529,"message":"XUPSTREAMX"}"#, 503),
    ("redirect", r#"{"kind":"redirect"}"#, 502),
    ("empty-body", r#"{"kind":"empty_body"}"#, 502),
    ("html", r#"{"kind":"html"}"#, 502),
    ("broken-json", r#"{"kind":"broken_json"}"#, 502),
    ("error-in-body", r#"{"kind":"error_in_body"}"#, 0),
    ("first-event-error", r#"{"kind":"first_event_error"}"#, 0),
    ("reset", r#"{"kind":"reset"}"#, 502),
    ("close", r#"{"kind":"close"}"#, 502),
    ("silence", r#"{"kind":"silence"}"#, 504),
    ("headers-then-silence", r#"{"kind":"headers_then_silence"}"#, 504),
    ("header-drip", r#"{"kind":"header_drip"}"#, 504),
    ("infinite-headers", r#"{"kind":"infinite_headers"}"#, 502),
    ("big-header", r#"{"kind":"big_header"}"#, 502),
];

const WELL: &str = "All is well, and every word of this arrives.";

fn ask(model: &str, stream: bool) -> Value {
    json!({ "model": model, "stream": stream, "messages": [{ "role": "user", "content": "hi" }] })
}

fn whole_answer(answer: &Answer, case: &str) {
    assert_eq!(answer.status, 200, "{case}: {}", answer.text);
    assert_eq!(answer.content(), WELL, "{case}");
    assert!(!answer.text.contains("XUPSTREAMX"), "{case}: {}", answer.text);
    assert!(answer.text.contains("\"provider\":\"well\""), "{case}: {}", answer.text);
    assert!(answer.usage()["cost"].as_f64().is_some_and(|cost| 0.0 < cost), "{case}");
}

/// Each fault at a provider and a model of its own, which a well and dearer one serves too.
#[tokio::test(flavor = "multi_thread")]
async fn the_second_provider_answers_for_the_first() {
    let names: Vec<(String, String)> =
        FAULTS.iter().map(|(name, ..)| (format!("p-{name}"), format!("x/{name}"))).collect();
    let (refusing, mute) = (refusing().unwrap(), mute().unwrap());
    let mut offers: Vec<Offer<'_>> = Vec::new();
    for (provider, model) in &names {
        offers.push(Offer::of(provider, model, "1"));
        offers.push(Offer::of("well", model, "2"));
    }
    for (provider, model, url) in [
        ("p-refused", "x/refused", refusing.base_url("p")),
        ("p-mute", "x/mute", mute.base_url("p")),
    ] {
        offers.push(Offer { base_url: Some(url), ..Offer::of(provider, model, "1") });
        offers.push(Offer::of("well", model, "2"));
    }
    let stand = Stand::with(&offers).await;
    stand.script("well", &json!({ "text": WELL }).to_string());
    for ((provider, _), (_, fault, _)) in names.iter().zip(FAULTS) {
        stand.script(provider, &format!("{{\"fault\":{fault}}}"));
    }
    let models = names.iter().map(|(_, model)| model.as_str()).chain(["x/refused", "x/mute"]);
    for model in models {
        let whole = stand.caller.chat(&ask(model, false)).await;
        whole_answer(&whole, model);
    }
    for (provider, _) in &names {
        assert_eq!(stand.simulator.attempts(provider), 1, "{provider} is left alone afterwards");
    }
}

/// The same for streams, each with a fresh memory of who is well.
#[tokio::test(flavor = "multi_thread")]
async fn the_second_provider_streams_for_the_first() {
    let names: Vec<(String, String)> =
        FAULTS.iter().map(|(name, ..)| (format!("p-{name}"), format!("x/{name}"))).collect();
    let mut offers: Vec<Offer<'_>> = Vec::new();
    for (provider, model) in &names {
        offers.push(Offer::of(provider, model, "1"));
        offers.push(Offer::of("well", model, "2"));
    }
    let (refusing, mute) = (refusing().unwrap(), mute().unwrap());
    let unreached = [
        ("p-refused", "x/refused", refusing.base_url("p")),
        ("p-mute", "x/mute", mute.base_url("p")),
    ];
    for (provider, model, url) in unreached {
        offers.push(Offer { base_url: Some(url), ..Offer::of(provider, model, "1") });
        offers.push(Offer::of("well", model, "2"));
    }
    let stand = Stand::with(&offers).await;
    stand.script("well", &json!({ "text": WELL }).to_string());
    for ((provider, model), (_, fault, _)) in names.iter().zip(FAULTS) {
        stand.script(provider, &format!("{{\"fault\":{fault}}}"));
        let streamed = stand.caller.chat(&ask(model, true)).await;
        whole_answer(&streamed, model);
        assert_eq!(streamed.events().last().map(String::as_str), Some("[DONE]"), "{model}");
        assert_eq!(stand.simulator.attempts(provider), 1, "{model}");
    }
    for model in ["x/refused", "x/mute"] {
        let streamed = stand.caller.chat(&ask(model, true)).await;
        whole_answer(&streamed, model);
    }
}

/// With nobody left, the caller learns that in its own terms and in none of a provider's.
#[tokio::test(flavor = "multi_thread")]
async fn when_all_are_down_the_error_is_ours() {
    let names: Vec<(String, String)> =
        FAULTS.iter().map(|(name, ..)| (format!("p-{name}"), format!("x/{name}"))).collect();
    let offers: Vec<Offer<'_>> =
        names.iter().map(|(provider, model)| Offer::of(provider, model, "1")).collect();
    let stand = Stand::with(&offers).await;
    for ((provider, model), (name, fault, status)) in names.iter().zip(FAULTS) {
        stand.script(provider, &format!("{{\"fault\":{fault}}}"));
        for stream in [false, true] {
            let answer = stand.caller.chat(&ask(model, stream)).await;
            let told = if answer.status == 200 {
                // A comment had to keep the stream alive; the error is inside.
                assert!(stream, "{name}: {}", answer.text);
                answer.chunks().pop().expect("an error event")
            } else {
                answer.json()
            };
            let code = told["error"]["code"].as_u64().unwrap_or_default();
            let allowed = if status == 0 { vec![502, 503, 504] } else { vec![u64::from(status)] };
            assert!(allowed.contains(&code), "{name} stream={stream}: {code} {}", answer.text);
            assert!(!answer.text.contains("XUPSTREAMX"), "{name}: {}", answer.text);
            assert!(answer.headers.contains_key("x-generation-id"), "{name}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_hint_is_passed_on() {
    let stand = Stand::with(&[Offer::of("busy", "x/busy", "1")]).await;
    stand.script("busy", r#"{"fault":{"kind":"status","status":429,"retry_after":"7"}}"#);
    let answer = stand.caller.chat(&ask("x/busy", false)).await;
    assert_eq!(answer.status, 429, "{}", answer.text);
    assert_eq!(answer.headers["retry-after"], "7");
    let error = &answer.json()["error"];
    assert_eq!(error["availability"]["code"], "capacity_exhausted");
    assert_eq!(error["availability"]["retry_after"], 7);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_is_wrong_is_not_tried_elsewhere() {
    let offers = [Offer::of("strict", "x/m", "1"), Offer::of("well", "x/m", "2")];
    let stand = Stand::with(&offers).await;
    let fault = r#"{"fault":{"kind":"status","status":400,"message":"tools[0]: no such type"}}"#;
    stand.script("strict", fault);
    let answer = stand.caller.chat(&ask("x/m", false)).await;
    assert_eq!(answer.status, 400, "{}", answer.text);
    assert_eq!(stand.simulator.attempts("well"), 0);
}
