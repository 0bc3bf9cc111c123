//! What a provider answers, whatever the dialect it will be written in.
use crate::ask::{Ask, Output};
use crate::draw::{Draws, digest, mix};
use crate::fault::{Fault, OddUsage};
use crate::script::{OUTPUT_TOKENS_MAX, Script};
use crate::{schema, tools, words};
use serde_json::Value;

/// One whole answer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Answer {
    /// Unlike any other answer's of this simulator.
    pub(crate) number: u64,
    /// Seconds since 1970.
    pub(crate) created_s: u64,
    pub(crate) model: String,
    pub(crate) choices: Vec<Choice>,
    pub(crate) usage: Usage,
    /// As the request asks for it: see `Ask`.
    pub(crate) top_logprobs: Option<u32>,
    /// What a request that is no chat asks for: see `Ask`.
    pub(crate) about: Value,
    /// The way in which the usage is to be misreported.
    pub(crate) odd_usage: Option<OddUsage>,
}

/// One of the alternatives in an answer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Choice {
    pub(crate) reasoning: Text,
    pub(crate) text: Text,
    pub(crate) calls: Vec<ToolCall>,
    /// `None` where a fault takes the finish away.
    pub(crate) finish: Option<Finish>,
}

/// A text, and where its tokens end.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Text {
    pub(crate) whole: String,
    pub(crate) cut: Cut,
}

/// How a text falls into tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Cut {
    /// After each space.
    #[default]
    Words,
    /// After eight bytes or the first character end behind them: for JSON, which has few spaces.
    Bytes,
}

/// A call of a tool.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ToolCall {
    pub(crate) number: u64,
    pub(crate) name: String,
    /// JSON.
    pub(crate) arguments: Text,
    /// It is of a tool that takes free text instead of arguments.
    pub(crate) takes_text: bool,
}

/// Why the model stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Finish {
    Stop,
    Length,
    ToolCalls,
}

/// Tokens of an answer. `prompt` includes `cached`, `completion` includes `reasoning`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Usage {
    pub(crate) prompt: u64,
    pub(crate) cached: u64,
    pub(crate) completion: u64,
    pub(crate) reasoning: u64,
}

/// What an answer takes from outside.
pub(crate) struct Moment {
    /// Unlike any other answer's of this simulator.
    pub(crate) number: u64,
    /// Seconds since 1970.
    pub(crate) created_s: u64,
}

/// About what an answer's JSON takes apart from the text, in bytes.
const FRAME_BYTES: usize = 560;

/// Bounds what an echo of a large prompt, times the choices asked for, can take.
const TEXT_BYTES_MAX: usize = 64 << 20;

/// Decides what to answer. The same request and script give the same words.
pub(crate) fn compose(ask: &Ask, script: &Script, moment: &Moment) -> Answer {
    let draws = mix(script.seed ^ digest(ask.user_text.as_bytes()));
    let count = ask.choices.max(1);
    let choices: Vec<Choice> = (0..count)
        .map(|index| choice(ask, script, moment.number, draws ^ u64::from(index)))
        .collect();
    let prompt = script.prompt_tokens.map_or(ask.prompt_bytes as u64 / 4, u64::from).max(1);
    let completion = choices.iter().map(Choice::tokens).sum();
    let reasoning = choices.iter().map(|choice| choice.reasoning.tokens()).sum();
    let cached = u64::from(script.cached_tokens).min(prompt);
    Answer {
        number: moment.number,
        created_s: moment.created_s,
        model: ask.model.clone(),
        choices,
        usage: Usage { prompt, cached, completion, reasoning },
        top_logprobs: ask.top_logprobs,
        about: ask.about.clone(),
        odd_usage: None,
    }
}

impl Answer {
    /// Bends the answer to what `fault` does to its content; most faults do nothing to it.
    pub(crate) fn bend(&mut self, fault: &Fault) {
        match fault {
            Fault::Usage { how } => self.odd_usage = Some(*how),
            Fault::NoFinishReason {} => {
                for choice in &mut self.choices {
                    choice.finish = None;
                }
            }
            _ => {}
        }
    }
}

impl Choice {
    fn tokens(&self) -> u64 {
        let calls = self.calls.iter().map(|call| 1 + call.arguments.tokens());
        self.reasoning.tokens() + self.text.tokens() + calls.sum::<u64>()
    }
}

impl Text {
    /// The tokens, in order; together they are the text.
    pub(crate) fn pieces(&self) -> impl Iterator<Item = &str> {
        let mut rest = self.whole.as_str();
        std::iter::from_fn(move || {
            let (piece, after) = rest.split_at(self.cut.piece_bytes(rest));
            rest = after;
            Some(piece).filter(|piece| !piece.is_empty())
        })
    }

    pub(crate) fn tokens(&self) -> u64 {
        self.pieces().count() as u64
    }

    /// Drops what is beyond `tokens`; says whether anything was.
    fn truncate(&mut self, tokens: u64) -> bool {
        let tokens = usize::try_from(tokens).unwrap_or(usize::MAX);
        let bytes = self.pieces().take(tokens).map(str::len).sum();
        let cut = bytes < self.whole.len();
        self.whole.truncate(bytes);
        cut
    }
}

impl Cut {
    fn piece_bytes(self, rest: &str) -> usize {
        match self {
            Cut::Words => rest.find(' ').map_or(rest.len(), |space| space + 1),
            Cut::Bytes => {
                (8..rest.len()).find(|at| rest.is_char_boundary(*at)).unwrap_or(rest.len())
            }
        }
    }
}

fn choice(ask: &Ask, script: &Script, number: u64, draws: u64) -> Choice {
    let cap = ask.output_tokens_max.unwrap_or(OUTPUT_TOKENS_MAX);
    let cap = u64::from(cap.min(OUTPUT_TOKENS_MAX / ask.choices.max(1)));
    let mut draws = Draws::new(draws);
    let thought = words::text(&mut draws, script.reasoning_tokens);
    let mut reasoning = Text { whole: thought, cut: Cut::Words };
    let mut finish = Finish::Stop;
    if reasoning.truncate(cap) {
        finish = Finish::Length;
    }
    let left = cap - reasoning.tokens();
    let called = tools::calls(ask, script);
    if !called.is_empty() && finish == Finish::Stop {
        let calls = called.into_iter().enumerate().map(|(index, call)| ToolCall {
            number: mix(number ^ mix(index as u64 + 1)),
            name: call.name,
            arguments: Text { whole: call.arguments, cut: Cut::Bytes },
            takes_text: call.takes_text,
        });
        let calls = calls.collect();
        return Choice { reasoning, text: Text::default(), calls, finish: Some(Finish::ToolCalls) };
    }
    let mut text = text(ask, script, &mut draws);
    let stopped = stop_at(&mut text.whole, &ask.stop);
    if text.truncate(left) {
        finish = Finish::Length;
    } else if stopped {
        finish = Finish::Stop;
    }
    Choice { reasoning, text, calls: Vec::new(), finish: Some(finish) }
}

fn text(ask: &Ask, script: &Script, draws: &mut Draws) -> Text {
    let words = |whole| Text { whole, cut: Cut::Words };
    match &ask.output {
        Output::Schema(schema) => {
            return Text { whole: schema::example(schema).to_string(), cut: Cut::Bytes };
        }
        Output::Object => {
            let said = plain(ask, script, draws);
            return Text {
                whole: serde_json::json!({ "answer": said }).to_string(),
                cut: Cut::Bytes,
            };
        }
        Output::Text => {}
    }
    words(plain(ask, script, draws))
}

fn plain(ask: &Ask, script: &Script, draws: &mut Draws) -> String {
    let mut said = if let Some(text) = &script.text {
        text.clone()
    } else if let Some(result) = &ask.tool_result {
        format!("The tool returned: {result}")
    } else if script.echo {
        format!("echo: {}", ask.user_text)
    } else if script.body_bytes.is_some() {
        String::new()
    } else {
        words::text(draws, script.output_tokens)
    };
    let choices = ask.choices.max(1) as usize;
    if let Some(bytes) = script.body_bytes {
        words::pad(draws, &mut said, bytes.saturating_sub(FRAME_BYTES) / choices);
    }
    said.truncate(said.floor_char_boundary(TEXT_BYTES_MAX / choices));
    said
}

/// Ends `text` before the first stop sequence in it; says whether there was one.
fn stop_at(text: &mut String, stop: &[String]) -> bool {
    let found =
        stop.iter().filter(|stop| !stop.is_empty()).filter_map(|stop| text.find(stop.as_str()));
    let Some(at) = found.min() else {
        return false;
    };
    text.truncate(at);
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn composed(ask: &Ask, script: &Script) -> Answer {
        compose(ask, script, &Moment { number: 1, created_s: 0 })
    }

    fn said(answer: &Answer) -> (&str, Option<Finish>) {
        (&answer.choices[0].text.whole, answer.choices[0].finish)
    }

    #[test]
    fn the_same_request_gets_the_same_words_and_another_gets_others() {
        let hello = Ask { user_text: "hello".into(), ..Ask::default() };
        let bye = Ask { user_text: "bye".into(), ..Ask::default() };
        let script = Script::default();
        assert_eq!(composed(&hello, &script), composed(&hello, &script));
        assert_ne!(composed(&hello, &script).choices, composed(&bye, &script).choices);
    }

    #[test]
    fn the_requests_maximum_caps_reasoning_and_text_together() {
        let script = Script { output_tokens: 10, reasoning_tokens: 4, ..Script::default() };
        let ask = Ask { output_tokens_max: Some(6), ..Ask::default() };
        let answer = composed(&ask, &script);
        assert_eq!(answer.usage.completion, 6);
        assert_eq!(answer.usage.reasoning, 4);
        assert_eq!(answer.choices[0].finish, Some(Finish::Length));
        let enough = Ask { output_tokens_max: Some(14), ..Ask::default() };
        assert_eq!(composed(&enough, &script).choices[0].finish, Some(Finish::Stop));
    }

    #[test]
    fn a_stop_sequence_ends_the_text_before_itself() {
        let script = Script { text: Some("one two three".into()), ..Script::default() };
        let ask = Ask { stop: vec!["three".into(), "two".into()], ..Ask::default() };
        assert_eq!(said(&composed(&ask, &script)), ("one ", Some(Finish::Stop)));
    }

    #[test]
    fn pieces_are_the_text() {
        for cut in [Cut::Words, Cut::Bytes] {
            let text = Text { whole: "añb 🙂🙂🙂🙂 {\"k\": 1}  end ".into(), cut };
            let joined: String = text.pieces().collect();
            assert_eq!(joined, text.whole);
            assert!(3 < text.tokens(), "{cut:?}");
        }
    }

    #[test]
    fn every_choice_says_something_else_and_all_are_counted() {
        let ask = Ask { choices: 3, ..Ask::default() };
        let answer = composed(&ask, &Script::default());
        assert_eq!(answer.choices.len(), 3);
        assert_ne!(answer.choices[0].text, answer.choices[1].text);
        assert_eq!(answer.usage.completion, 48);
    }

    #[test]
    fn cached_tokens_never_exceed_the_prompt() {
        let script = Script { prompt_tokens: Some(5), cached_tokens: 9, ..Script::default() };
        assert_eq!(composed(&Ask::default(), &script).usage.cached, 5);
    }
}
