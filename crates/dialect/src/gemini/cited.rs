//! Sources of an answer, in Google's form, as citations that OpenAI writes.

use serde_json::{Map, Value, json};

/// Citations of one answer that are told, and places that are looked for, at most.
pub(super) const CITATIONS_MAX: usize = 256;
/// Bytes of a text in which places are looked for, at most.
const TEXT_BYTES_MAX: usize = 256 << 10;
/// Bytes between two places whose letters are counted: a place costs a walk of so many at most.
const STEP: usize = 1 << 10;

/// What an answer says, as far as places are looked for in it: a longer text is let go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Said {
    text: String,
    /// How many letters begin before the end of each step of the text.
    marks: Vec<usize>,
    is_long: bool,
}

impl Said {
    /// Returns what one text says.
    pub(super) fn of(text: &str) -> Said {
        let mut said = Said::default();
        said.push(text);
        said
    }

    /// Takes what is said next.
    pub(super) fn push(&mut self, text: &str) {
        if self.is_long || TEXT_BYTES_MAX < self.text.len() + text.len() {
            *self = Said { is_long: true, ..Said::default() };
            return;
        }
        self.text.push_str(text);
        let steps = self.text.as_bytes().chunks_exact(STEP).skip(self.marks.len());
        let mut before = self.marks.last().copied().unwrap_or_default();
        for step in steps {
            before += begun(step);
            self.marks.push(before);
        }
    }

    /// Returns how many letters begin before a byte.
    fn letters_before(&self, byte: usize) -> usize {
        let steps = (byte / STEP).min(self.marks.len());
        let before = steps.checked_sub(1).map_or(0, |last| self.marks[last]);
        before + begun(&self.text.as_bytes()[steps * STEP..byte])
    }

    /// Returns the byte at which a letter begins; the end of the text after the last one.
    fn byte_of(&self, letter: usize) -> Option<usize> {
        let steps = self.marks.partition_point(|before| *before <= letter);
        let before = steps.checked_sub(1).map_or(0, |last| self.marks[last]);
        let rest = &self.text.as_bytes()[steps * STEP..];
        let begins = rest.iter().enumerate().filter(|(_, byte)| is_first(**byte));
        let mut bytes = begins.map(|(place, _)| steps * STEP + place).chain([self.text.len()]);
        bytes.nth(letter - before)
    }
}

/// Returns how many letters begin in some bytes of a text.
fn begun(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| is_first(**byte)).count()
}

fn is_first(byte: u8) -> bool {
    byte & 0b1100_0000 != 0b1000_0000
}

/// Returns the citations that a candidate adds, who has `said` so much so far.
///
/// Google counts the bytes of a text, OpenAI its letters. A source without a place is told without
/// one. `room`: how much of [`CITATIONS_MAX`] is left of the answer.
pub(super) fn annotations(candidate: &Value, said: &Said, room: &mut usize) -> Vec<Value> {
    let grounding = &candidate["groundingMetadata"];
    let chunks = list(&grounding["groundingChunks"]);
    let web = |place: usize| chunks.get(place).map(|it| &it["web"]).filter(|it| it.is_object());
    let mut has_place = vec![false; chunks.len()];
    let mut found = Vec::new();
    let mut has_room = || {
        let is_left = *room != 0;
        *room = room.saturating_sub(1);
        is_left
    };
    for support in list(&grounding["groundingSupports"]) {
        if !has_room() {
            break;
        }
        let Some(letters) = letters(&support["segment"], said) else { continue };
        let places = list(&support["groundingChunkIndices"]).iter().filter_map(Value::as_u64);
        for place in places.filter_map(|it| usize::try_from(it).ok()) {
            let Some(web) = web(place).filter(|_| has_room()) else { continue };
            has_place[place] = true;
            found.push(citation(&web["uri"], &web["title"], Some(letters)));
        }
    }
    let loose = has_place.iter().enumerate().filter(|(_, has_place)| !**has_place);
    for web in loose.filter_map(|(place, _)| web(place)).take_while(|_| has_room()) {
        found.push(citation(&web["uri"], &web["title"], None));
    }
    let recited = &candidate["citationMetadata"];
    let sources = [&recited["citationSources"], &recited["citations"]].into_iter().flat_map(list);
    for source in sources.filter(|it| it["uri"].is_string()).take_while(|_| has_room()) {
        found.push(citation(&source["uri"], &source["title"], letters(source, said)));
    }
    found
}

fn citation(url: &Value, title: &Value, letters: Option<(usize, usize)>) -> Value {
    let mut cited = Map::from_iter([("url".to_owned(), url.clone())]);
    cited.insert("title".to_owned(), title.clone());
    if let Some((start, end)) = letters {
        cited.insert("start_index".to_owned(), json!(start));
        cited.insert("end_index".to_owned(), json!(end));
    }
    json!({"type": "url_citation", "url_citation": cited})
}

/// Returns which letters of a text a segment is: where it says, or else where its own text stands.
fn letters(segment: &Value, said: &Said) -> Option<(usize, usize)> {
    if said.is_long {
        return None;
    }
    let text = said.text.as_str();
    let byte = |name: &str| segment[name].as_u64().and_then(|it| usize::try_from(it).ok());
    let told = byte("startIndex").unwrap_or(0)..byte("endIndex")?;
    let own = segment["text"].as_str().filter(|own| !own.is_empty());
    let is_there = |it: &&str| own.is_none_or(|own| own == *it);
    let bytes = match text.get(told.clone()).filter(is_there) {
        Some(_) => told,
        None => {
            let start = text.find(own?)?;
            start..start + own?.len()
        }
    };
    Some((said.letters_before(bytes.start), said.letters_before(bytes.end)))
}

/// Returns citations as Google writes them: the sources, and where each is told, by the bytes of
/// what is `said`.
pub(super) fn grounding(annotations: &[Value], said: &Said) -> Option<Value> {
    let cited = annotations.iter().map(|it| &it["url_citation"]).filter(|it| it.is_object());
    let cited = cited.take(CITATIONS_MAX);
    let (mut chunks, mut supports) = (Vec::new(), Vec::new());
    for cited in cited {
        let chunk = json!({"web": {"uri": cited["url"], "title": cited["title"]}});
        let place = chunks.iter().position(|it| *it == chunk).unwrap_or(chunks.len());
        if place == chunks.len() {
            chunks.push(chunk);
        }
        if let Some(segment) = segment(cited, said) {
            supports.push(json!({"segment": segment, "groundingChunkIndices": [place]}));
        }
    }
    if chunks.is_empty() {
        return None;
    }
    let mut grounding = json!({"groundingChunks": chunks});
    if !supports.is_empty() {
        grounding["groundingSupports"] = Value::Array(supports);
    }
    Some(grounding)
}

fn segment(cited: &Value, said: &Said) -> Option<Value> {
    if said.is_long {
        return None;
    }
    let letter = |name: &str| cited[name].as_u64().and_then(|it| usize::try_from(it).ok());
    let start = said.byte_of(letter("start_index")?)?;
    let end = said.byte_of(letter("end_index")?)?;
    let own = said.text.get(start..end).filter(|own| !own.is_empty())?;
    Some(json!({"startIndex": start, "endIndex": end, "text": own}))
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TEXT: &str = "Süß. Blau.";

    fn candidate(segment: Value) -> Value {
        json!({"groundingMetadata": {
            "groundingChunks": [{"web": {"uri": "https://a", "title": "A"}},
                                {"web": {"uri": "https://b", "title": "B"}}, {"maps": {}}],
            "groundingSupports": [{"segment": segment, "groundingChunkIndices": [1, 2, 9]}]}})
    }

    fn at(url: &str, title: &str, start: u64, end: u64) -> Value {
        json!({"type": "url_citation", "url_citation":
            {"url": url, "title": title, "start_index": start, "end_index": end}})
    }

    #[test]
    fn bytes_become_letters_and_a_source_without_a_place_is_told_without_one() {
        let loose = json!({"type": "url_citation",
            "url_citation": {"url": "https://a", "title": "A"}});
        let segment = json!({"startIndex": 7, "endIndex": 12, "text": "Blau."});
        let found = annotations(&candidate(segment), &Said::of(TEXT), &mut 99);
        assert_eq!(found, [at("https://b", "B", 5, 10), loose]);
        let back = grounding(&found, &Said::of(TEXT)).unwrap();
        let segment = json!({"startIndex": 7, "endIndex": 12, "text": "Blau."});
        assert_eq!(
            back["groundingSupports"],
            json!([{"segment": segment, "groundingChunkIndices": [0]}])
        );
        assert_eq!(back["groundingChunks"][1]["web"]["uri"], "https://a");
    }

    #[test]
    fn a_segment_that_does_not_fit_the_text_is_looked_for_or_left() {
        for (segment, place) in [
            (json!({"endIndex": 6}), Some((0, 4))),
            (json!({"startIndex": 0, "endIndex": 5, "text": "Blau."}), Some((5, 10))),
            (json!({"startIndex": 2, "endIndex": 99}), None),
            (json!({"startIndex": 2, "endIndex": 3}), None),
            (json!({"startIndex": 9, "endIndex": 1}), None),
            (json!({"endIndex": 5, "text": "Rot."}), None),
            (json!({}), None),
        ] {
            assert_eq!(letters(&segment, &Said::of(TEXT)), place, "{segment}");
        }
        let recited = json!({"citationMetadata": {"citationSources": [
            {"startIndex": 7, "endIndex": 11, "uri": "https://c"}, {"license": "MIT"}]}});
        let found = annotations(&recited, &Said::of(TEXT), &mut 99);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0]["url_citation"]["start_index"], 5);
        assert!(annotations(&json!({}), &Said::default(), &mut 99).is_empty());
    }

    #[test]
    fn an_answer_has_so_many_citations_and_no_more() {
        let support = json!({"segment": {"endIndex": 3}, "groundingChunkIndices": [0, 0, 0]});
        let many = json!({"groundingMetadata": {
            "groundingChunks": vec![json!({"web": {"uri": "https://a"}}); 9],
            "groundingSupports": vec![support; 9]}});
        let (said, mut room) = (Said::of(TEXT), 10);
        assert_eq!(annotations(&many, &said, &mut room).len(), 7);
        assert_eq!((room, annotations(&many, &said, &mut room).len()), (0, 0));
    }

    proptest! {
        #[test]
        fn places_are_those_that_a_walk_from_the_beginning_finds(
            pieces in prop::collection::vec("[aßあ😀]{0,700}", 0..6),
            share in 0.0_f64..1.0,
        ) {
            let mut said = Said::default();
            pieces.iter().for_each(|piece| said.push(piece));
            let text = pieces.concat();
            let letter = (share * text.chars().count() as f64) as usize;
            let byte = text.char_indices().nth(letter).map_or(text.len(), |(byte, _)| byte);
            prop_assert_eq!(said.byte_of(letter), Some(byte));
            prop_assert_eq!(said.letters_before(byte), letter);
            prop_assert_eq!(said.byte_of(text.chars().count() + 1), None);
            prop_assert_eq!(said, Said::of(&text));
        }
    }

    #[test]
    fn a_text_in_which_no_place_is_looked_for_is_let_go() {
        let mut said = Said::of(&"a".repeat(TEXT_BYTES_MAX));
        let segment = json!({"startIndex": TEXT_BYTES_MAX - 1, "endIndex": TEXT_BYTES_MAX});
        assert_eq!(letters(&segment, &said), Some((TEXT_BYTES_MAX - 1, TEXT_BYTES_MAX)));
        said.push("a");
        assert_eq!((said.text.capacity(), said.marks.capacity()), (0, 0));
        said.push("a");
        assert_eq!(said.text, "");
        assert_eq!(letters(&json!({"endIndex": 1}), &said), None);
        assert_eq!(segment_of_first_letter(&said), None);
    }

    fn segment_of_first_letter(said: &Said) -> Option<Value> {
        segment(&json!({"start_index": 0, "end_index": 1}), said)
    }
}
