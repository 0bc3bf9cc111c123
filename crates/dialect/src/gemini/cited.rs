//! Sources of an answer, in Google's form, as citations that OpenAI writes.

use serde_json::{Map, Value, json};

/// Citations of one answer that are told, and places that are looked for, at most.
pub(super) const CITATIONS_MAX: usize = 256;
/// Bytes of a text in which places are looked for, at most.
const TEXT_BYTES_MAX: usize = 256 << 10;

/// Returns the citations that a candidate adds, whose text so far is `text`.
///
/// Google counts the bytes of a text, OpenAI its letters. A source without a place is told without
/// one. `room`: how much of [`CITATIONS_MAX`] is left of the answer.
pub(super) fn annotations(candidate: &Value, text: &str, room: &mut usize) -> Vec<Value> {
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
        let Some(letters) = letters(&support["segment"], text) else { continue };
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
        found.push(citation(&source["uri"], &source["title"], letters(source, text)));
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
fn letters(segment: &Value, text: &str) -> Option<(usize, usize)> {
    if TEXT_BYTES_MAX < text.len() {
        return None;
    }
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
    let start = text[..bytes.start].chars().count();
    Some((start, start + text[bytes].chars().count()))
}

/// Returns citations as Google writes them: the sources, and where each is told, by the bytes of
/// `text`.
pub(super) fn grounding(annotations: &[Value], text: &str) -> Option<Value> {
    let cited = annotations.iter().map(|it| &it["url_citation"]).filter(|it| it.is_object());
    let cited = cited.take(CITATIONS_MAX);
    let (mut chunks, mut supports) = (Vec::new(), Vec::new());
    for cited in cited {
        let chunk = json!({"web": {"uri": cited["url"], "title": cited["title"]}});
        let place = chunks.iter().position(|it| *it == chunk).unwrap_or(chunks.len());
        if place == chunks.len() {
            chunks.push(chunk);
        }
        if let Some(segment) = segment(cited, text) {
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

fn segment(cited: &Value, text: &str) -> Option<Value> {
    if TEXT_BYTES_MAX < text.len() {
        return None;
    }
    let letter = |name: &str| cited[name].as_u64().and_then(|it| usize::try_from(it).ok());
    let byte = |letter: usize| {
        let mut starts = text.char_indices().map(|(byte, _)| byte).chain([text.len()]);
        starts.nth(letter)
    };
    let (start, end) = (byte(letter("start_index")?)?, byte(letter("end_index")?)?);
    let own = text.get(start..end).filter(|own| !own.is_empty())?;
    Some(json!({"startIndex": start, "endIndex": end, "text": own}))
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let found = annotations(&candidate(segment), TEXT, &mut 99);
        assert_eq!(found, [at("https://b", "B", 5, 10), loose]);
        let back = grounding(&found, TEXT).unwrap();
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
            assert_eq!(letters(&segment, TEXT), place, "{segment}");
        }
        let recited = json!({"citationMetadata": {"citationSources": [
            {"startIndex": 7, "endIndex": 11, "uri": "https://c"}, {"license": "MIT"}]}});
        let found = annotations(&recited, TEXT, &mut 99);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0]["url_citation"]["start_index"], 5);
        assert!(annotations(&json!({}), "", &mut 99).is_empty());
    }

    #[test]
    fn an_answer_has_so_many_citations_and_no_more() {
        let support = json!({"segment": {"endIndex": 3}, "groundingChunkIndices": [0, 0, 0]});
        let many = json!({"groundingMetadata": {
            "groundingChunks": vec![json!({"web": {"uri": "https://a"}}); 9],
            "groundingSupports": vec![support; 9]}});
        let mut room = 10;
        assert_eq!(annotations(&many, TEXT, &mut room).len(), 7);
        assert_eq!((room, annotations(&many, TEXT, &mut room).len()), (0, 0));
    }
}
