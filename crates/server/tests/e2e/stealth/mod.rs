//! A lab that does not tell its name, and says it wherever it can: nothing of it is found in what
//! callers, readers and the operator see, in the log and in what is kept. Beside it stands the same
//! lab under another name that is told, and is found.

mod lab;
mod search;
mod words;

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};
use simulator::{Simulator, SimulatorOptions};
use tokio::task::JoinSet;

use self::lab::Lab;
use self::search::Seen;
use crate::client::{Answer, Client};
use crate::stand::{CONFIG, Stand};

/// The name of the lab that is not told, and of the one that is: no word that is anywhere else.
const HIDDEN: &str = "kestrelzq";
const TOLD: &str = "ospreyzq";

/// A dialect, what a base URL ends in, how a credential is shown, and what its endpoint says.
const DIALECTS: [(&str, &str, &str, &str); 8] = [
    ("openai-chat", "/v1", "bearer", "reasoning_controls = { efforts = [\"low\"] }"),
    ("openai-responses", "/v1", "bearer", "reasoning_controls = { efforts = [\"low\"] }"),
    ("anthropic-messages", "/v1", "x-api-key", "reasoning_controls = { budget = [1024] }"),
    ("google-gemini", "/v1beta", "x-goog-api-key", "reasoning_controls = { budget = [128] }"),
    ("bedrock-converse", "", "aws", "reasoning_controls = { budget = [1024] }"),
    ("cohere", "/v2", "bearer", "reasoning_controls = { budget = [1] }"),
    ("ollama", "/api", "bearer", "reasoning_controls = { toggle = true }"),
    ("mistral", "/v1", "bearer", "reasoning_controls = { efforts = [\"high\"] }"),
];

/// What the lab does: the last part of the names of its models.
const SCENES: [&str; 15] = [
    "text", "tool", "400", "401", "403", "404", "413", "429", "500", "529", "html", "broken",
    "refused", "reset", "stall",
];

/// Those in which it answers.
const ANSWERS: [&str; 2] = ["text", "tool"];

/// How long the lab asks to be left alone.
const RETRY_AFTER: &str = "5432189";

/// How callers ask.
const CALLERS: [&str; 6] = ["chat", "completions", "responses", "messages", "gemini", "ollama"];

/// The catalog's rows of one of the two labs.
fn rows(root: &str, author: &str, address: &str) -> String {
    let shout = root.to_uppercase();
    let mut text = String::new();
    for (dialect, base, auth, row) in DIALECTS {
        let variable = dialect.to_uppercase().replace('-', "_");
        text.push_str(&format!(
            "[provider.{root}-{dialect}]\nname = \"{root} name\"\nopenrouter_name = \"{root} shown\"\n\
             operator = \"{root} operator\"\nclass = \"lab\"\nhq = \"SE\"\ndatacenters = [\"SE\"]\n\
             dialect = \"{dialect}\"\nbase_url = \"http://{address}/{root}/{dialect}{base}\"\n\
             auth = \"{auth}\"\nkey_env = [\"{shout}_{variable}\"]\n\
             docs = \"https://{root}.example/docs\"\nstatus_page = \"https://{root}.example/status\"\n\
             privacy_policy = \"https://{root}.example/privacy\"\n\
             terms_of_service = \"https://{root}.example/terms\"\nnotes = [\"{root} note\"]\n\
             data = {{ train = \"yes\", retention_days = 30, conf = \"high\", note = \"{root} data\" }}\n\
             quirks = {{ extra_fields = [\"{root}_field\", \"citations\", \"service_tier\"] }}\n"
        ));
        for scene in SCENES {
            let id = format!("{author}/{dialect}-{scene}");
            let stealth = match author {
                "stealth" => "stealth = true\nterms = \"Whoever made this reads along.\"\n",
                _ => "",
            };
            text.push_str(&format!(
                "[[model]]\nid = \"{id}\"\nname = \"Model {dialect} {scene}\"\n{stealth}\
                 context = 100000\nmax_output = 8000\ntools = true\nreasoning = true\n\
                 structured_output = true\noutput_modalities = [\"text\", \"image\"]\n\
                 [[endpoint]]\nprovider = \"{root}-{dialect}\"\nmodel = \"{id}\"\n\
                 id = \"{root}-model-{scene}\"\naliases = [\"{root}-alias-{scene}\"]\n\
                 region = \"{root}-region\"\nquantization = \"{root}-bits\"\n\
                 price = {{ input = \"1\", output = \"2\", cache_read = \"0.5\" }}\n\
                 body = {{ {root}_body = \"{root}\" }}\nheaders = {{ x-{root} = \"{root}\" }}\n\
                 note = \"{root} endpoint note\"\n{row}\n"
            ));
        }
    }
    text
}

/// What the operator's configuration says of them.
fn keys(root: &str) -> String {
    let said = DIALECTS.map(|(dialect, ..)| match dialect {
        "bedrock-converse" => format!(
            "[providers.{root}-{dialect}]\nkey = \"AKID{root}:{root}-secret\"\n\
             placeholders = {{ region = \"{root}-east\" }}\n"
        ),
        _ => format!("[providers.{root}-{dialect}]\nkey = \"{root}-secret\"\n"),
    });
    said.concat()
}

/// The path and the body of a request by one of [`CALLERS`].
fn request(caller: &str, model: &str, streams: bool) -> (String, Value) {
    let said = json!([{ "role": "user", "content": "How is the weather?" }]);
    let schema = json!({ "type": "object", "properties": { "city": { "type": "string" } } });
    let function = json!({ "name": "weather", "description": "It", "parameters": schema });
    let chat = json!({
        "model": model, "messages": said, "stream": streams, "max_tokens": 400,
        "tools": [{ "type": "function", "function": function }],
        "logprobs": true, "seed": 7, "top_k": 3, "user": "someone"
    });
    match caller {
        "chat" => ("/api/v1/chat/completions".to_owned(), chat),
        "completions" => (
            "/api/v1/completions".to_owned(),
            json!({ "model": model, "prompt": "Say.", "stream": streams, "max_tokens": 400 }),
        ),
        "responses" => (
            "/api/v1/responses".to_owned(),
            json!({
                "model": model, "input": said, "stream": streams, "max_output_tokens": 400,
                "include": ["reasoning.encrypted_content"],
                "tools": [{ "type": "function", "name": "weather", "parameters": schema }]
            }),
        ),
        "messages" => (
            "/api/v1/messages".to_owned(),
            json!({
                "model": model, "messages": said, "stream": streams, "max_tokens": 4000,
                "tools": [{ "name": "weather", "input_schema": schema }]
            }),
        ),
        "gemini" => {
            let verb = if streams { "streamGenerateContent?alt=sse" } else { "generateContent" };
            let body = json!({
                "contents": [{ "role": "user", "parts": [{ "text": "How is the weather?" }] }],
                "tools": [{ "functionDeclarations": [function] }]
            });
            (format!("/v1beta/models/{model}:{verb}"), body)
        }
        _ => (
            "/api/chat".to_owned(),
            json!({
                "model": model, "messages": said, "stream": streams,
                "tools": [{ "type": "function", "function": function }]
            }),
        ),
    }
}

/// Asks the models of one dialect of one lab everything, and returns what was answered.
async fn ask(front: Client, author: &'static str, at: usize) -> Answers {
    let dialect = DIALECTS[at].0;
    let mut answers = Vec::new();
    for (number, scene) in SCENES.into_iter().enumerate() {
        let model = format!("{author}/{dialect}-{scene}");
        for (turn, caller) in CALLERS.into_iter().enumerate() {
            // Where it answers, everybody asks; where it fails, two of them, each in one way.
            let is_asked = ANSWERS.contains(&scene) || (at + number + turn).is_multiple_of(3);
            for streams in [false, true] {
                let is_turn = (at + number + turn / 3) % 2 == usize::from(streams);
                if !is_asked || !(ANSWERS.contains(&scene) || is_turn) {
                    continue;
                }
                let (path, body) = request(caller, &model, streams);
                let answer = front.curious().send(Method::POST, &path, &body).await;
                let place =
                    format!("{caller} → {model}, {}", if streams { "stream" } else { "whole" });
                if ANSWERS.contains(&scene) {
                    assert_eq!(answer.status, 200, "{place}: {}", answer.text);
                    assert!(answer.text.contains("plain words"), "{place}: {}", answer.text);
                }
                answers.push((place, scene.to_owned(), answer));
            }
        }
    }
    answers
}

/// What was asked, what was to be done, and what was answered.
type Answers = Vec<(String, String, Answer)>;

/// Asks everything of both labs, all dialects at once.
async fn ask_all(front: &Client) -> [Answers; 2] {
    let mut asked = JoinSet::new();
    for at in 0..DIALECTS.len() {
        for (lab, author) in ["stealth", "open"].into_iter().enumerate() {
            let front = front.at(front.base().to_owned());
            asked.spawn(async move { (at, lab, ask(front, author, at).await) });
        }
    }
    let mut done = asked.join_all().await;
    done.sort_by_key(|(at, lab, _)| (*lab, *at));
    let mut answers = [Vec::new(), Vec::new()];
    done.into_iter().for_each(|(_, lab, of_dialect)| answers[lab].extend(of_dialect));
    answers
}

/// Where the house shows something to readers, callers and its operator.
const SHOWN: [&str; 66] = [
    "/",
    "/models",
    "/models.json",
    "/models.csv",
    "/models.md",
    "/models?q=openai-chat",
    "/providers",
    "/providers.json",
    "/providers.csv",
    "/providers/stealth",
    "/rankings",
    "/rankings/models",
    "/rankings/models.json",
    "/rankings/models.csv",
    "/rankings/authors",
    "/rankings/stable",
    "/rankings/stability",
    "/rankings/value",
    "/rankings/hours",
    "/apps",
    "/status",
    "/status.json",
    "/status.csv",
    "/playground",
    "/compare",
    "/docs",
    "/docs/api",
    "/openapi.json",
    "/changelog",
    "/llms.txt",
    "/llms-full.txt",
    "/sitemap.xml",
    "/robots.txt",
    "/feeds/models.xml",
    "/feeds/changes.xml",
    "/metrics",
    "/stealth",
    "/authors/stealth",
    "/healthz",
    "/api/v1",
    "/api/v1/models",
    "/api/v1/models/count",
    "/api/v1/models/user",
    "/api/v1/providers",
    "/api/v1/endpoints/zdr",
    "/api/v1/endpoints/zdr?all=true",
    "/api/v1/images/models",
    "/api/v1/rankings",
    "/api/v1/rankings/models",
    "/api/v1/rankings/providers",
    "/api/v1/rankings/stability",
    "/api/v1/rankings/value",
    "/api/v1/rankings/hours",
    "/api/v1/datasets/rankings-daily",
    "/api/v1/datasets/app-rankings",
    "/api/v1/classifications/task",
    "/api/v1/routing/endpoints",
    "/api/v1/key",
    "/api/v1/keys",
    "/api/v1/credits",
    "/v1beta/models",
    "/api/tags",
    "/api",
    "/api/v1/models?all=true",
    "/nothing",
    "/kestrel",
];

/// Reads what is shown, follows every link to a model or a provider of the test, and looks each
/// model up in every way.
async fn read(stand: &Stand, seen: &mut Seen) {
    let front = stand.front();
    let operator = stand.operator.at(front.base().to_owned());
    let mut paths: Vec<String> = SHOWN.iter().map(|path| (*path).to_owned()).collect();
    for author in ["stealth", "open"] {
        for (dialect, ..) in DIALECTS {
            let id = format!("{author}/{dialect}-text");
            for path in ["/api/v1/models/@/endpoints", "/api/v1/models/@", "/api/v1/model/@"] {
                paths.push(path.replace('@', &id));
                paths.push(format!("{}?all=true", path.replace('@', &id)));
            }
            for ending in ["", ".json", ".md", ".csv", "/llms.txt"] {
                paths.push(format!("/{id}{ending}"));
                paths.push(format!("/models/{id}{ending}"));
            }
            paths.push(format!("/v1beta/models/{id}"));
            paths.push(format!("/compare?m={id}"));
            paths.push(format!("/playground?model={id}"));
            paths.push(format!("/api/v1/routing/endpoints?model={id}"));
        }
    }
    paths.push(format!("/providers/{TOLD}-openai-chat"));
    let mut at = 0;
    while at < paths.len() {
        let path = paths[at].clone();
        at += 1;
        for (who, client) in [("caller", &front), ("operator", &operator)] {
            // A page is the same to everybody.
            if who == "operator" && !(path.starts_with("/api") || path == "/metrics") {
                continue;
            }
            let answer = client.get(&path).await;
            if who == "caller" {
                let ours = ["stealth", "open/", TOLD, HIDDEN, "feed", "rankings"];
                for link in answer.text.split("href=\"").skip(1) {
                    let link = link.split(['"', '#']).next().unwrap_or_default();
                    let is_ours = link.starts_with('/') && ours.iter().any(|it| link.contains(it));
                    let link = link.replace("&amp;", "&");
                    if is_ours && !paths.contains(&link) && paths.len() < 400 {
                        paths.push(link);
                    }
                }
            }
            seen.answer(&format!("GET {path} as {who}"), &answer);
        }
    }
}

/// Reads the records of the generations that answers name.
async fn records(stand: &Stand, answers: &[(String, String, Answer)], seen: &mut Seen) {
    for (place, _, answer) in answers {
        let Some(id) = answer.headers.get("x-generation-id") else { continue };
        let id = id.to_str().unwrap();
        for path in ["generation", "generation/receipt"] {
            let record = stand.operator.get(&format!("/{path}?id={id}")).await;
            seen.answer(&format!("{path} of {place}"), &record);
        }
        if place.starts_with("chat") && place.ends_with("whole") {
            let told = stand.run(&["explain", id]);
            seen.text(&format!("explain of {place}"), [told.stdout, told.stderr].concat());
        }
    }
}

/// Waits until the traffic is counted.
async fn counted(stand: &Stand) {
    for _ in 0..240 {
        let board = stand.operator.get("/rankings/providers").await;
        if board.text.contains(TOLD) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    panic!("nothing is counted");
}

/// Sees that what is told of a veiled generation is what it may be.
async fn check_record(stand: &Stand, answer: &Answer) {
    let id = answer.headers["x-generation-id"].to_str().unwrap();
    let record = stand.caller.get(&format!("/generation?id={id}")).await.json()["data"].clone();
    for name in ["upstream_id", "latency", "generation_time"] {
        assert_eq!(record[name], Value::Null, "{name}: {record:#}");
    }
    assert_eq!(record["provider_name"], "Stealth", "{record:#}");
    assert_eq!(record["tokens_estimated"], true, "{record:#}");
    assert_eq!(record["provider_responses"][0]["status"], Value::Null, "{record:#}");
    assert_eq!(record["provider_responses"][0]["latency"], Value::Null, "{record:#}");
}

/// What the counts of the lab look like in an answer.
fn counts() -> [String; 2] {
    [words::PROMPT.to_owned(), words::COMPLETION.to_owned()]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_tells_the_lab_behind_a_veil_and_everything_tells_its_twin() {
    let [of_hidden, of_told] = [Lab::start(), Lab::start()].map(|lab| lab.address.to_string());
    let rows = rows(HIDDEN, "stealth", &of_hidden) + &rows(TOLD, "open", &of_told);
    let config = CONFIG.replace("filter = \"info\"", "filter = \"trace\"");
    let config = config + &keys(HIDDEN) + &keys(TOLD);
    let simulator = Simulator::start(SimulatorOptions::default()).expect("a simulator");
    let mut stand = Stand::of(simulator, &rows, &config, Vec::new()).await;
    accept(&stand).await;
    let front = stand.front();
    let [hidden, told] = ask_all(&front).await;
    let mut seen = Seen::default();
    for (place, _, answer) in &hidden {
        seen.answer(place, answer);
        for count in counts() {
            assert!(!answer.text.contains(&count), "{place}: {}", answer.text);
        }
    }
    check_record(&stand, &hidden[0].2).await;
    records(&stand, &hidden, &mut seen).await;
    let mut seen_told = Seen::default();
    told.iter().for_each(|(place, _, answer)| seen_told.answer(place, answer));
    records(&stand, &told[..24], &mut seen_told).await;
    counted(&stand).await;
    read(&stand, &mut seen).await;
    stand.signal("-TERM");
    stand.ended().await;
    seen.text("log", std::fs::read(stand.folder.join("log")).unwrap());
    seen.folder(&stand.folder.join("data"));

    let found = seen.places(&[HIDDEN, RETRY_AFTER, &of_hidden]);
    assert!(found.is_empty(), "{} of {}:\n{}", found.len(), seen.len(), found.join("\n"));
    assert_told(&seen, &seen_told);
}

/// The twin that is told is found where it says its name: the search finds what there is.
fn assert_told(seen: &Seen, answers: &Seen) {
    let places = seen.places(&[TOLD]).join("\n");
    for place in [
        "GET /providers as caller",
        "GET /metrics as operator",
        "GET /api/v1/providers as caller",
        "GET /api/v1/models/open/openai-chat-text/endpoints as caller",
        "GET /api/v1/routing/endpoints as operator",
        "GET /status as caller",
        "log: ",
        "interline.db",
    ] {
        assert!(places.contains(place), "{place} is not in:\n{places}");
    }
    let places = answers.places(&[TOLD]).join("\n");
    for place in [
        "chat → open/openai-chat-text, whole",
        "chat → open/openai-chat-tool, stream",
        "messages → open/anthropic-messages-text, whole",
        "gemini → open/google-gemini-tool, stream",
        "responses → open/openai-responses-tool, whole",
        "chat → open/bedrock-converse-tool, stream",
        "generation of chat → open/openai-chat-text, whole",
        "explain of chat → open/openai-chat-text, whole",
    ] {
        assert!(places.contains(place), "{place} is not in:\n{places}");
    }
}

/// Accepts what has to be accepted of the models that are not told.
async fn accept(stand: &Stand) {
    for (dialect, ..) in DIALECTS {
        for scene in SCENES {
            let path = format!("/models/stealth/{dialect}-{scene}/terms");
            let terms = stand.caller.get(&path).await;
            if terms.status == 200 {
                let hash = terms.json()["data"]["terms_hash"].clone();
                let accepted = stand.caller.post(&path, &json!({ "accept": hash })).await;
                assert_eq!(accepted.status, 200, "{}", accepted.text);
            }
        }
    }
}
