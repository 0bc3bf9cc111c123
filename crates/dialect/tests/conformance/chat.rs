//! What holds for chat completions beside the laws: thinking that is hidden, streams without end.

use dialect::exchange::Step;
use serde_json::json;

use crate::callers::CHAT;
use crate::endpoint::endpoint;
use crate::fixtures::ROWS;
use crate::seen::{gather, stream, told};

#[test]
fn a_caller_who_does_not_want_to_see_thinking_does_not() {
    let mut seen = 0;
    for fixture in ROWS.iter().flat_map(crate::fixtures::Row::streams) {
        if !fixture.name.contains("/reasoning") {
            continue;
        }
        let hidden = json!({"reasoning": {"exclude": true}});
        let exchange = CHAT.attempt_with(&fixture.endpoint, &hidden);
        let upstream = fixture.upstream.as_slice();
        for text in [told(&stream(&*exchange, [upstream])), gather(&*exchange, [upstream])] {
            assert!(!text.contains("\"reasoning\"") && !text.contains("Check"), "{text}");
            assert!(text.contains("Nine."), "{text}");
        }
        seen += 1;
    }
    assert!(6 <= seen, "{seen} answers that think");
}

#[test]
fn thinking_that_is_not_shown_is_no_content_yet() {
    let mut tagged = endpoint();
    tagged.quirks.content_may_be_parts = Some(true);
    let event = b"data: {\"choices\":[{\"index\":0,\"delta\":{\"reasoning\":\"hm\"}}]}\n\n";
    for endpoint in [endpoint(), tagged] {
        for (extra, expected) in
            [(json!({}), Step::Content), (json!({"include_reasoning": false}), Step::Quiet)]
        {
            let exchange = CHAT.attempt_with(&endpoint, &extra);
            let mut out = Vec::new();
            assert_eq!(exchange.stream().push(event, &mut out), Ok(expected));
            assert_eq!(out.is_empty(), expected == Step::Quiet);
            assert_eq!(exchange.collect().push(event), Ok(expected));
        }
    }
}

#[test]
fn a_stream_that_never_ends_is_not_gathered_for_ever() {
    let exchange = CHAT.attempt(&endpoint());
    let mut collector = exchange.collect();
    let comment = [b": ".as_slice(), &[b'x'; 1 << 19], b"\n"].concat();
    let taken = (0..100).take_while(|_| collector.push(&comment).is_ok()).count();
    assert!((60..65).contains(&taken), "{taken}");
}
