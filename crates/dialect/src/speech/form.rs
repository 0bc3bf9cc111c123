//! The forms in which endpoints are asked for speech.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use domain::catalog::Dialect;
use domain::failure::Failure;
use domain::usage::Usage;
use serde_json::{Map, Value, json};

use super::ask::{Ask, Format};
use super::spoken::{Sound, Spoken, push_end, push_sound};
use crate::error;
use crate::exchange::{Exchange, Target, Wire};
use crate::once::{Once, Whole};
use crate::task::{bills_tokens, cannot, count, fitted, length, own_options, wire};
use crate::tokens::of_text;

/// Returns whether endpoints of a dialect can be asked for speech.
pub(crate) fn is_spoken(dialect: Dialect) -> bool {
    matches!(
        dialect,
        Dialect::OpenaiSpeech
            | Dialect::OpenaiChat
            | Dialect::Mistral
            | Dialect::AzureOpenai
            | Dialect::Elevenlabs
            | Dialect::GoogleGemini
            | Dialect::GoogleVertex
    )
}

/// Returns how an endpoint is asked.
///
/// # Errors
/// When its form has no way to say what the request insists on.
pub(super) fn exchange(ask: &Ask, target: Target<'_>) -> Result<Box<dyn Exchange>, Failure> {
    match target.endpoint.dialect {
        Dialect::Elevenlabs => elevenlabs(ask, target),
        Dialect::GoogleGemini | Dialect::GoogleVertex => gemini(ask, target),
        dialect if is_spoken(dialect) => Ok(openai(ask, target)),
        _ => Err(cannot("model", "Its endpoint has no form for speech.")),
    }
}

/// What OpenAI's form knows.
const KNOWN: [&str; 5] = ["input", "voice", "response_format", "speed", "instructions"];
/// A voice that OpenAI's documentation begins with, for callers who name none.
const OPENAI_VOICE: &str = "alloy";
/// The same of ElevenLabs: Rachel.
const ELEVENLABS_VOICE: &str = "21m00Tcm4TlvDq8ikWAM";
/// The same of Gemini.
const GEMINI_VOICE: &str = "Kore";

fn openai(ask: &Ask, target: Target<'_>) -> Box<dyn Exchange> {
    let mut fields = ask.fields.clone();
    fields.insert("response_format".to_owned(), json!(ask.format.word()));
    fields.entry("voice").or_insert_with(|| json!(OPENAI_VOICE));
    let mut dropped = Vec::new();
    let body = fitted(&fields, &ask.options, target, &KNOWN, &mut dropped);
    let wire = streamed(wire("/audio/speech", &body, target, dropped));
    Box::new(Spoken { wire, sound: sound(ask, target) })
}

/// Returns what has to be known to count what was spoken.
fn sound(ask: &Ask, target: Target<'_>) -> Sound {
    let tokens = bills_tokens(target).then(|| of_text(&ask.text, None));
    let characters = length(ask.text.chars().count());
    Sound { characters, tokens, format: ask.format, in_events: ask.in_events }
}

/// Returns the same request for an answer that comes as it is made.
fn streamed(mut wire: Wire) -> Wire {
    wire.streams = true;
    wire.headers.push(("accept".into(), "*/*".to_owned()));
    wire
}

/// Returns the voice that was asked for, where it can stand in an address.
fn voice<'a>(ask: &'a Ask, default: &'a str) -> Result<&'a str, Failure> {
    let asked = ask.fields.get("voice").filter(|it| !it.is_null());
    let Some(asked) = asked else { return Ok(default) };
    let plain = |it: &&str| {
        !it.is_empty()
            && it.len() <= 128
            && it.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    };
    let voice = asked.as_str().or_else(|| asked["id"].as_str()).filter(plain);
    voice.ok_or_else(|| cannot("voice", "`voice` has to be the name of one of the model's voices."))
}

fn elevenlabs(ask: &Ask, target: Target<'_>) -> Result<Box<dyn Exchange>, Failure> {
    let format = match ask.format {
        Format::Mp3 => "mp3_44100_128",
        Format::Pcm => "pcm_24000",
        Format::Opus => "opus_48000_64",
        Format::Wav | Format::Aac | Format::Flac => {
            let detail = "This model's provider speaks mp3, pcm and opus.";
            return Err(cannot("response_format", detail));
        }
    };
    let mut body = Map::from_iter([
        ("text".to_owned(), json!(ask.text)),
        ("model_id".to_owned(), json!(target.endpoint.upstream_model)),
    ]);
    if let Some(speed) = ask.fields.get("speed").filter(|it| it.is_number()) {
        body.insert("voice_settings".to_owned(), json!({"speed": speed}));
    }
    body.extend(own_options(&ask.options, target).cloned().unwrap_or_default());
    let voice = voice(ask, ELEVENLABS_VOICE)?;
    let path = format!("/text-to-speech/{voice}/stream?output_format={format}");
    let dropped = unsaid(ask, &["speed", "voice", "input", "response_format"]);
    let wire = streamed(wire(path, &body, target, dropped));
    Ok(Box::new(Spoken { wire, sound: sound(ask, target) }))
}

fn gemini(ask: &Ask, target: Target<'_>) -> Result<Box<dyn Exchange>, Failure> {
    if !matches!(ask.format, Format::Pcm | Format::Wav) {
        return Err(cannot("response_format", "This model's provider speaks pcm and wav."));
    }
    let voice = voice(ask, GEMINI_VOICE)?;
    let said = match ask.fields.get("instructions").and_then(Value::as_str) {
        Some(how) => format!("{how}: {}", ask.text),
        None => ask.text.clone(),
    };
    let named = json!({"prebuiltVoiceConfig": {"voiceName": voice}});
    let config = json!({
        "responseModalities": ["AUDIO"],
        "speechConfig": {"voiceConfig": named},
    });
    let mut body = Map::from_iter([
        ("contents".to_owned(), json!([{"role": "user", "parts": [{"text": said}]}])),
        ("generationConfig".to_owned(), config),
    ]);
    body.extend(own_options(&ask.options, target).cloned().unwrap_or_default());
    let model = &target.endpoint.upstream_model;
    let path = match target.endpoint.dialect {
        Dialect::GoogleVertex => format!("/publishers/google/models/{model}:generateContent"),
        _ => format!("/models/{model}:generateContent"),
    };
    let dropped = unsaid(ask, &["voice", "input", "response_format", "instructions"]);
    let (sound, is_wav) = (sound(ask, target), ask.format == Format::Wav);
    let wire = wire(path, &body, target, dropped);
    Ok(Once::exchange(wire, move |body| heard(body, &sound, is_wav)))
}

fn unsaid(ask: &Ask, said: &[&str]) -> Vec<String> {
    let sent = ask.fields.iter().filter(|(_, value)| !value.is_null()).map(|(name, _)| name);
    sent.filter(|it| !said.contains(&it.as_str())).map(|it| crate::preferences::shown(it)).collect()
}

/// Samples of Gemini's speech in a second, where it does not say.
const GEMINI_RATE: u32 = 24_000;

/// Reads Gemini's answer: samples in base64, and the tokens that they took.
fn heard(body: &Bytes, sound: &Sound, is_wav: bool) -> Result<Whole, Failure> {
    let answer: Value =
        serde_json::from_slice(body).map_err(|_| error::nonsense("holds what cannot be read"))?;
    let parts = answer["candidates"][0]["content"]["parts"].as_array();
    let data = parts.into_iter().flatten().find_map(|part| {
        let inline = part.get("inlineData")?;
        let bytes = STANDARD.decode(inline["data"].as_str()?).ok()?;
        let kind = inline["mimeType"].as_str().unwrap_or_default();
        let rate = kind.split("rate=").nth(1).and_then(|it| it.split(';').next()?.parse().ok());
        Some((bytes, rate.unwrap_or(GEMINI_RATE)))
    });
    let Some((samples, rate)) = data.filter(|(samples, _)| !samples.is_empty()) else {
        return Err(match error::is_one(&answer) {
            true => error::inside(&answer),
            false => error::nonsense("holds no sound"),
        });
    };
    let told = &answer["usageMetadata"];
    let tokens = count(&told["promptTokenCount"]).zip(count(&told["candidatesTokenCount"]));
    let used = match tokens {
        Some((input, output)) => {
            let characters = sound.characters;
            Usage { input, output, output_audio: output, characters, ..Usage::default() }
        }
        None => sound.usage(samples.len() as u64),
    };
    let id = answer["responseId"].as_str().map(str::to_owned);
    let head = if is_wav { wav_head(length(samples.len()), rate) } else { Vec::new() };
    let in_events = sound.in_events;
    Ok(Whole::new(used, id, move |receipt, _| {
        let sound = [head, samples].concat();
        if !in_events {
            return sound;
        }
        let mut out = Vec::new();
        push_sound(&mut out, &sound);
        push_end(&mut out, receipt);
        out
    }))
}

/// Returns what stands before 16-bit samples of one channel in a WAV file.
fn wav_head(bytes: u32, rate: u32) -> Vec<u8> {
    const HEAD_BYTES: u32 = 36;
    let mut head = Vec::with_capacity(44);
    head.extend(b"RIFF");
    head.extend((HEAD_BYTES.saturating_add(bytes)).to_le_bytes());
    head.extend(b"WAVEfmt ");
    head.extend(16_u32.to_le_bytes());
    head.extend(1_u16.to_le_bytes());
    head.extend(1_u16.to_le_bytes());
    head.extend(rate.to_le_bytes());
    head.extend((rate.saturating_mul(2)).to_le_bytes());
    head.extend(2_u16.to_le_bytes());
    head.extend(16_u16.to_le_bytes());
    head.extend(b"data");
    head.extend(bytes.to_le_bytes());
    head
}
