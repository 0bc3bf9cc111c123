//! A transcript as subtitles: SubRip and WebVTT.

use std::fmt::Write;

use serde_json::Value;

/// Writes the segments of a transcript as SubRip.
pub(super) fn srt(answer: &Value) -> String {
    let mut out = String::new();
    for (place, (from, to, text)) in segments(answer).enumerate() {
        let (from, to) = (time(from, ','), time(to, ','));
        let _ = write!(out, "{}\n{from} --> {to}\n{text}\n\n", place + 1);
    }
    out
}

/// Writes the segments of a transcript as WebVTT.
pub(super) fn vtt(answer: &Value) -> String {
    let mut out = "WEBVTT\n\n".to_owned();
    for (from, to, text) in segments(answer) {
        let (from, to) = (time(from, '.'), time(to, '.'));
        let _ = write!(out, "{from} --> {to}\n{text}\n\n");
    }
    out
}

fn segments(answer: &Value) -> impl Iterator<Item = (f64, f64, &str)> {
    answer["segments"].as_array().into_iter().flatten().filter_map(|segment| {
        let text = segment["text"].as_str()?.trim();
        Some((segment["start"].as_f64()?, segment["end"].as_f64()?, text))
    })
}

fn time(seconds: f64, point: char) -> String {
    let ms = (seconds.max(0.0) * 1_000.0).round() as u64;
    let (hours, minutes, seconds) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1_000 % 60);
    format!("{hours:02}:{minutes:02}:{seconds:02}{point}{:03}", ms % 1_000)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn segments_become_subtitles() {
        let answer = json!({"text": "Hello. Bye.", "segments": [
            {"start": 0.0, "end": 1.5, "text": " Hello."},
            {"start": 3661.5, "end": 3662.25, "text": " Bye."},
        ]});
        insta::assert_snapshot!(srt(&answer), @r"
        1
        00:00:00,000 --> 00:00:01,500
        Hello.

        2
        01:01:01,500 --> 01:01:02,250
        Bye.
        ");
        insta::assert_snapshot!(vtt(&answer), @r"
        WEBVTT

        00:00:00.000 --> 00:00:01.500
        Hello.

        01:01:01.500 --> 01:01:02.250
        Bye.
        ");
    }
}
