//! Everything that could tell a secret, and where it does.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

use crate::client::Answer;

/// What was seen, each with where.
#[derive(Default)]
pub struct Seen(Vec<(String, Vec<u8>)>);

impl Seen {
    pub fn answer(&mut self, place: &str, answer: &Answer) {
        let mut head = String::new();
        for (name, value) in &answer.headers {
            head.push_str(&format!("{name}: {}\n", String::from_utf8_lossy(value.as_bytes())));
        }
        self.0.push((format!("{place} (headers)"), head.into_bytes()));
        self.0.push((place.to_owned(), answer.text.clone().into_bytes()));
    }

    pub fn text(&mut self, place: &str, bytes: Vec<u8>) {
        self.0.push((place.to_owned(), bytes));
    }

    /// Every file of a folder, and of those in it.
    pub fn folder(&mut self, folder: &Path) {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                self.folder(&path);
            } else if let Ok(bytes) = std::fs::read(&path) {
                self.text(&format!("file {}", path.display()), bytes);
            }
        }
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The places where one of the needles is found, as it is, in capitals, or in base64.
    pub fn places(&self, needles: &[&str]) -> Vec<String> {
        let forms: Vec<Vec<u8>> = needles.iter().flat_map(|needle| forms(needle)).collect();
        let mut places: Vec<String> = Vec::new();
        for (place, bytes) in &self.0 {
            let found = forms.iter().find_map(|form| position(bytes, form).map(|at| (form, at)));
            if let Some((form, at)) = found {
                let around = &bytes[at.saturating_sub(80)..bytes.len().min(at + form.len() + 40)];
                places.push(format!("{place}: …{}…", String::from_utf8_lossy(around)));
            }
        }
        places
    }
}

fn forms(needle: &str) -> Vec<Vec<u8>> {
    let mut forms = vec![needle.as_bytes().to_vec(), needle.to_ascii_uppercase().into_bytes()];
    let mut capital = needle.as_bytes().to_vec();
    capital[0] = capital[0].to_ascii_uppercase();
    forms.push(capital);
    // Inside a longer text, base64 shows a word in one of three ways, but for its ends.
    for shift in 0..3 {
        let padded = [vec![b'x'; shift], needle.as_bytes().to_vec()].concat();
        for engine in [&STANDARD_NO_PAD, &URL_SAFE_NO_PAD] {
            let coded = engine.encode(&padded).into_bytes();
            let (from, until) = ((shift * 8).div_ceil(6), padded.len() * 8 / 6);
            forms.push(coded[from..until].to_vec());
        }
    }
    forms
}

fn position(bytes: &[u8], needle: &[u8]) -> Option<usize> {
    memchr::memmem::find(bytes, needle)
}

#[test]
fn a_word_is_found_in_every_form_and_only_where_it_is() {
    let mut seen = Seen::default();
    seen.text("plain", b"a kestrelzq here".to_vec());
    seen.text("capitals", b"KESTRELZQ_KEY".to_vec());
    for before in ["", "a", "ab"] {
        let coded = STANDARD_NO_PAD.encode(format!("{before}kestrelzq and more"));
        seen.text("base64", coded.into_bytes());
    }
    seen.text("nothing", b"a kestrel".to_vec());
    assert_eq!(seen.places(&["kestrelzq"]).len(), 5);
}
