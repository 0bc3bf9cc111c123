//! From a request to what is done about it.
use crate::answer::{Moment, compose};
use crate::ask::Refusal;
use crate::play::{Play, Scene, json_reply, refused, stage};
use crate::provider::{Cue, Provider};
use crate::record::{Ending, RecordedRequest};
use crate::request::Request;
use crate::script::Script;
use crate::wire::{Route, Wire, default_wire, route};
use crate::world::World;
use crate::{control, directive};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What is to be done with the connection, and whom to tell of the end.
pub(crate) struct Exchange {
    pub(crate) play: Play,
    witness: Option<Witness>,
}

/// Those who keep count of one request.
struct Witness {
    provider: Arc<Provider>,
    is_attempt: bool,
    /// Under what number it is remembered, if it is.
    number: Option<u64>,
}

/// On what connection a request came.
#[derive(Clone, Copy)]
pub(crate) struct Line {
    /// Unlike any other connection's of this simulator.
    pub(crate) number: u64,
    /// It has served a request before.
    pub(crate) reused: bool,
}

/// Decides about `request`, which came on `line`.
pub(crate) fn respond(world: &World, request: &Request, line: Line) -> Exchange {
    let path = request.path();
    let (name, below) = path.strip_prefix('/').and_then(split_name).unwrap_or(("", path));
    if name == "_sim" {
        let (status, document) = control::reply(world, request, below);
        return unseen(json_reply(status, &document, request.keep_alive));
    }
    let Some(provider) = world.provider(name) else {
        let refusal = Refusal::new(404, "Paths begin with a provider's name: /{provider}/v1/….");
        return unseen(refused(default_wire(), &refusal, &BTreeMap::new(), request.keep_alive));
    };
    let route = route(request.method(), below);
    let mut note = world
        .record
        .then(|| RecordedRequest::new(request, below, line.number, world.clock.now_ms()));
    let is_attempt = matches!(route, Ok(Route::Generate(_)));
    let play = match route {
        Ok(Route::Generate(wire)) => {
            let attempt = Attempt { world, provider: &provider, wire, request, line };
            attempt.play(note.as_mut())
        }
        Ok(Route::Token) => token(&provider.script(), request),
        Ok(Route::Models) => models(&provider.script(), world, name, request),
        Err(refusal) => {
            let headers = &provider.script().headers;
            refused(default_wire(), &refusal, headers, request.keep_alive)
        }
    };
    let number = note.map(|note| provider.record().begin(note));
    Exchange { play, witness: Some(Witness { provider, is_attempt, number }) }
}

impl Exchange {
    /// Notes how it ended, after so many chunks with content.
    pub(crate) fn close(self, world: &World, ending: Ending, chunks: u64) {
        let Some(witness) = self.witness else {
            return;
        };
        if witness.is_attempt {
            witness.provider.note_ending(ending);
        }
        if let Some(number) = witness.number {
            witness.provider.record().end(number, ending, chunks, world.clock.now_ms());
        }
    }
}

/// One request for a generation.
struct Attempt<'a> {
    world: &'a World,
    provider: &'a Provider,
    wire: &'static dyn Wire,
    request: &'a Request,
    line: Line,
}

impl Attempt<'_> {
    fn play(&self, note: Option<&mut RecordedRequest>) -> Play {
        let cue = self.provider.attempt(&self.world.clock);
        match self.staged(&cue, note) {
            Ok(play) => play,
            Err(refusal) => {
                refused(self.wire, &refusal, &cue.script.headers, self.request.keep_alive)
            }
        }
    }

    fn staged(&self, cue: &Cue, note: Option<&mut RecordedRequest>) -> Result<Play, Refusal> {
        authorize(&cue.script, self.wire, self.request)?;
        let path = self.request.path();
        let mut ask = self.wire.read_at(path, &self.request.body)?;
        let merged = directive::overlay(&cue.script, self.request, &mut ask)?;
        let script = merged.as_ref().unwrap_or(&cue.script);
        let fault = cue.fault(script, self.line.reused);
        if fault.is_some() {
            self.provider.note_fault();
        }
        if let Some(note) = note {
            note.model = Some(ask.model.clone());
            note.stream = ask.stream;
            note.fault = fault.map(|fault| fault.kind());
        }
        let number = self.world.next_number();
        let moment = Moment { number, created_s: self.world.clock.unix_s() };
        let scene = Scene {
            wire: self.wire,
            answer: compose(&ask, script, &moment),
            ask: &ask,
            script,
            keep_alive: self.request.keep_alive,
            takes_chunks: self.request.takes_chunks,
        };
        Ok(stage(scene, fault))
    }
}

fn split_name(path: &str) -> Option<(&str, &str)> {
    let slash = path.find('/')?;
    Some(path.split_at(slash))
}

fn unseen(play: Play) -> Exchange {
    Exchange { play, witness: None }
}

fn authorize(script: &Script, wire: &dyn Wire, request: &Request) -> Result<(), Refusal> {
    match &script.auth {
        Some(wanted) if !wire.admits(wanted, request) => {
            Err(Refusal::new(401, "Incorrect API key provided."))
        }
        _ => Ok(()),
    }
}

/// Gives the script's credential as a token, to whoever asks in one of the usual ways.
fn token(script: &Script, request: &Request) -> Play {
    let form = String::from_utf8_lossy(&request.body);
    let says = |start: &str| form.split('&').any(|field| field.starts_with(start));
    let is_basic = request.header("authorization").is_some_and(|it| it.starts_with("Basic "));
    let signed = says("grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer")
        && form.split("assertion=").nth(1).is_some_and(|it| it.split('.').count() == 3);
    let known = signed || (says("grant_type=client_credentials") && is_basic);
    if !known {
        return json_reply(400, &json!({ "error": "invalid_grant" }), request.keep_alive);
    }
    let token = script.auth.as_deref().unwrap_or("sim-token");
    let answer = json!({ "access_token": token, "token_type": "Bearer", "expires_in": 3600 });
    json_reply(200, &answer, request.keep_alive)
}

fn models(script: &Script, world: &World, provider: &str, request: &Request) -> Play {
    if let Err(refusal) = authorize(script, default_wire(), request) {
        return refused(default_wire(), &refusal, &script.headers, request.keep_alive);
    }
    let created = world.clock.unix_s();
    let model =
        |id| json!({ "id": id, "object": "model", "created": created, "owned_by": provider });
    let data: Vec<Value> = script.models.iter().map(model).collect();
    json_reply(200, &json!({ "object": "list", "data": data }), request.keep_alive)
}
