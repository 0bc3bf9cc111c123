//! A small HTTP client, and answers as tests look at them.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Request};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client as HyperClient;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

/// Longer than anything may take.
const PATIENCE: Duration = Duration::from_secs(20);

pub struct Client {
    inner: HyperClient<HttpConnector, Full<Bytes>>,
    base: String,
    key: String,
    /// The `Idempotency-Key` of every request.
    named: Option<String>,
    /// Whether it asks how its requests were routed.
    is_curious: bool,
    /// The `Stripe-Signature` of every request.
    signature: Option<String>,
    /// The terms that every request accepts for itself.
    terms: Option<String>,
}

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
}

impl Client {
    pub fn new(base: String, key: &str) -> Client {
        let inner = HyperClient::builder(TokioExecutor::new()).build_http();
        let key = key.to_owned();
        let is_curious = false;
        Client { inner, base, key, named: None, is_curious, signature: None, terms: None }
    }

    pub fn with_key(&self, key: &str) -> Client {
        Client {
            inner: self.inner.clone(),
            base: self.base.clone(),
            key: key.to_owned(),
            named: None,
            is_curious: self.is_curious,
            signature: None,
            terms: None,
        }
    }

    /// The same caller, whose requests accept these terms.
    pub fn accepting(&self, hash: &str) -> Client {
        Client { terms: Some(hash.to_owned()), ..self.with_key(&self.key) }
    }

    /// The same caller, whose requests carry this `Idempotency-Key`.
    pub fn named(&self, name: &str) -> Client {
        Client { named: Some(name.to_owned()), ..self.with_key(&self.key) }
    }

    /// The same caller, who asks how its requests were routed.
    pub fn curious(&self) -> Client {
        Client { is_curious: true, ..self.with_key(&self.key) }
    }

    /// A processor of payments, whose requests carry this signature.
    pub fn signed(&self, signature: &str) -> Client {
        Client { signature: Some(signature.to_owned()), ..self.with_key("") }
    }

    /// The same caller at another address.
    pub fn at(&self, base: String) -> Client {
        Client {
            base,
            named: self.named.clone(),
            signature: self.signature.clone(),
            terms: self.terms.clone(),
            ..self.with_key(&self.key)
        }
    }

    pub fn base(&self) -> &str {
        &self.base
    }

    /// Begins a request and returns the head of its response with the body to come.
    pub async fn open(&self, method: Method, path: &str, body: String) -> http::Response<Incoming> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base))
            .header("authorization", format!("Bearer {}", self.key))
            .header("content-type", "application/json");
        if let Some(signature) = &self.signature {
            request = request.header("stripe-signature", signature);
        }
        if let Some(name) = &self.named {
            request = request.header("idempotency-key", name);
        }
        if let Some(terms) = &self.terms {
            request = request.header("x-interline-accept-terms", terms);
        }
        if self.is_curious {
            request = request.header("x-openrouter-metadata", "enabled");
        }
        let request = request.body(Full::new(Bytes::from(body))).unwrap();
        tokio::time::timeout(PATIENCE, self.inner.request(request)).await.expect("a head").unwrap()
    }

    pub async fn send(&self, method: Method, path: &str, body: &Value) -> Answer {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.send_text(method, path, body).await
    }

    pub async fn send_text(&self, method: Method, path: &str, body: String) -> Answer {
        Answer::read(self.open(method, path, body).await).await
    }

    /// Sends a form: each field with its name, the name of its file where it is one, and its bytes.
    pub async fn form(&self, path: &str, parts: &[(&str, Option<&str>, &[u8])]) -> Answer {
        let mut body = Vec::new();
        for (name, file, bytes) in parts {
            let file = file.map(|it| format!("; filename=\"{it}\"")).unwrap_or_default();
            let head =
                format!("--FORM\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n");
            body.extend([head.as_bytes(), bytes, b"\r\n"].concat());
        }
        body.extend(b"--FORM--\r\n");
        let request = Request::builder()
            .method(Method::POST)
            .uri(format!("{}{path}", self.base))
            .header("authorization", format!("Bearer {}", self.key))
            .header("content-type", "multipart/form-data; boundary=FORM")
            .body(Full::new(Bytes::from(body)))
            .unwrap();
        let sent = tokio::time::timeout(PATIENCE, self.inner.request(request)).await;
        Answer::read(sent.expect("a head").unwrap()).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, &Value::Null).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(Method::POST, path, body).await
    }

    pub async fn chat(&self, body: &Value) -> Answer {
        self.post("/chat/completions", body).await
    }
}

impl Answer {
    async fn read(response: http::Response<Incoming>) -> Answer {
        let (head, body) = response.into_parts();
        let body = tokio::time::timeout(PATIENCE, body.collect()).await.expect("a body").unwrap();
        let body = body.to_bytes().to_vec();
        let kind = head.headers.get("content-type").map_or(&b""[..], |it| it.as_bytes());
        let text = match kind.starts_with(b"audio/") {
            true => String::from_utf8_lossy(&body).into_owned(),
            false => String::from_utf8(body).expect("UTF-8"),
        };
        Answer { status: head.status.as_u16(), headers: head.headers, text }
    }

    /// A header, which has to be there.
    pub fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().expect("the header is a text")
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {}", self.text))
    }

    /// The payloads of an event stream, `[DONE]` among them, comments left out.
    pub fn events(&self) -> Vec<String> {
        self.text
            .split("\n\n")
            .filter_map(|event| event.strip_prefix("data: "))
            .map(str::to_owned)
            .collect()
    }

    /// The events that are chunks.
    pub fn chunks(&self) -> Vec<Value> {
        let events = self.events();
        let chunks = events.iter().filter(|event| *event != "[DONE]");
        chunks.map(|event| serde_json::from_str(event).expect("every event is JSON")).collect()
    }

    /// The text of a whole or a streamed answer.
    pub fn content(&self) -> String {
        if !self.text.starts_with('{') {
            let chunks = self.chunks();
            let deltas =
                chunks.iter().filter_map(|it| it["choices"][0]["delta"]["content"].as_str());
            return deltas.collect();
        }
        self.json()["choices"][0]["message"]["content"].as_str().unwrap_or_default().to_owned()
    }

    /// What it used and cost, from wherever the answer says so; exactly one place does.
    pub fn usage(&self) -> Value {
        if self.text.starts_with('{') {
            return self.json()["usage"].clone();
        }
        let mut told: Vec<Value> =
            self.chunks().into_iter().map(|it| it["usage"].clone()).collect();
        told.retain(|usage| !usage.is_null());
        assert_eq!(told.len(), 1, "usage is told once: {}", self.text);
        told.remove(0)
    }
}
