//! Prompts that are too long, shortened.

use domain::chat::{Message, Part, Role};
use proptest::prelude::*;

use super::*;

fn said(role: Role, text: &str) -> Message {
    let parts = vec![Part::Text { text: text.to_owned(), cache: None }];
    Message { role, name: None, parts }
}

fn words(messages: &[Message]) -> Vec<String> {
    let text = |part: &Part| match part {
        Part::Text { text, .. } => text.clone(),
        other => format!("{other:?}"),
    };
    messages.iter().flat_map(|message| message.parts.iter().map(text)).collect()
}

#[test]
fn what_goes_first_stands_in_the_middle_and_the_ends_stay() {
    let mut messages = vec![said(Role::System, "rules")];
    messages.extend((1..=6).map(|number| said(Role::User, &number.to_string())));
    keep_ends(&mut messages, 5);
    assert_eq!(words(&messages), ["rules", "1", "4", "5", "6"]);
    keep_ends(&mut messages, 1);
    assert_eq!(words(&messages), ["rules", "6"], "instructions and the last turn never go");
}

#[test]
fn a_call_goes_together_with_its_results() {
    let result = |id: &str| {
        let parts = vec![Part::Text { text: "found".to_owned(), cache: None }];
        let part = Part::ToolResult { call_id: id.to_owned(), parts, failed: false };
        Message { role: Role::Tool, name: None, parts: vec![part] }
    };
    let mut messages = vec![
        said(Role::User, "first"),
        said(Role::Assistant, "calls"),
        result("a"),
        result("b"),
        said(Role::User, "last"),
    ];
    let turns: Vec<(usize, usize)> = turns(&messages).iter().map(|it| (it.from, it.to)).collect();
    assert_eq!(turns, [(0, 1), (1, 4), (4, 5)]);
    keep_ends(&mut messages, 4);
    assert_eq!(words(&messages), ["first", "last"]);
}

proptest! {
    #[test]
    fn a_text_without_its_middle_keeps_both_ends_and_its_letters(
        text in "[a-zé😀]{20,200}",
        bytes in 0_usize..400,
    ) {
        let shorter = without_middle(&text, bytes);
        let (head, tail) = shorter.split_once(GAP).unwrap();
        prop_assert!(text.starts_with(head) && text.ends_with(tail));
        prop_assert!(shorter.len() <= bytes.max(GAP.len()));
    }

    #[test]
    fn a_message_that_is_cut_loses_at_least_what_is_too_much(excess in 1_u32..120) {
        let mut message = said(Role::User, &"one word after another ".repeat(40));
        let before = tokens::of_messages(std::slice::from_ref(&message), Some("GPT"));
        let gone = cut(&mut message, excess, Some("GPT"));
        let after = tokens::of_messages(std::slice::from_ref(&message), Some("GPT"));
        prop_assert!(excess <= gone);
        prop_assert_eq!(before - after, gone);
    }
}
