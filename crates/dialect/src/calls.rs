//! Tool calls one after the other, for dialects that cannot tell two at once.

use std::collections::BTreeMap;

use domain::event::Delta;
use serde::de::IgnoredAny;

/// Puts the steps of interleaved calls in order: a call that begins before the one ahead of it is
/// whole waits for it.
#[derive(Debug, Default)]
pub(crate) struct InTurn {
    open: Option<Call>,
    waiting: BTreeMap<u32, Call>,
}

#[derive(Debug, Default)]
struct Call {
    index: u32,
    id: String,
    name: String,
    arguments: String,
}

impl InTurn {
    /// Takes a step and gives those that may be told now to `tell`. Steps that are of no call pass.
    pub(crate) fn push(&mut self, delta: &Delta, tell: &mut dyn FnMut(&Delta)) {
        match delta {
            Delta::ToolCallStart { index, id, name } => {
                let (id, name) = (id.clone(), name.clone());
                let call = Call { index: *index, id, name, arguments: String::new() };
                self.waiting.insert(*index, call);
                if self.open.as_ref().is_none_or(Call::is_whole) {
                    self.next(tell);
                }
            }
            Delta::ToolCallArgs { index, json } => match &mut self.open {
                Some(open) if open.index == *index => {
                    open.arguments.push_str(json);
                    tell(delta);
                    while !self.waiting.is_empty() && self.open.as_ref().is_some_and(Call::is_whole)
                    {
                        self.next(tell);
                    }
                }
                _ => {
                    if let Some(call) = self.waiting.get_mut(index) {
                        call.arguments.push_str(json);
                    }
                }
            },
            other => tell(other),
        }
    }

    /// Tells what still waits.
    pub(crate) fn end(&mut self, tell: &mut dyn FnMut(&Delta)) {
        while !self.waiting.is_empty() {
            self.next(tell);
        }
    }

    fn next(&mut self, tell: &mut dyn FnMut(&Delta)) {
        let Some((index, call)) = self.waiting.pop_first() else { return };
        tell(&Delta::ToolCallStart { index, id: call.id.clone(), name: call.name.clone() });
        if !call.arguments.is_empty() {
            tell(&Delta::ToolCallArgs { index, json: call.arguments.clone() });
        }
        self.open = Some(call);
    }
}

impl Call {
    /// Returns whether its arguments are a whole object.
    fn is_whole(&self) -> bool {
        self.arguments.ends_with('}') && serde_json::from_str::<IgnoredAny>(&self.arguments).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interleaved_calls_are_told_one_after_the_other() {
        let start = |index| Delta::ToolCallStart {
            index,
            id: format!("c{index}"),
            name: "look".to_owned(),
        };
        let args = |index, json: &str| Delta::ToolCallArgs { index, json: json.to_owned() };
        let steps = [
            start(0),
            args(0, "{\"a\""),
            start(1),
            args(1, "{\"b\":"),
            args(0, ":1}"),
            args(1, "2}"),
        ];
        let mut told = Vec::new();
        let mut turn = InTurn::default();
        for step in &steps {
            turn.push(step, &mut |delta| told.push(delta.clone()));
        }
        turn.end(&mut |delta| told.push(delta.clone()));
        let expected = [
            start(0),
            args(0, "{\"a\""),
            args(0, ":1}"),
            start(1),
            args(1, "{\"b\":"),
            args(1, "2}"),
        ];
        assert_eq!(told, expected);
    }
}
