//! How the model is made: softmax regression by stochastic gradient descent, the same from the same
//! texts always.

use crate::model::{CONCEPT_SHARE, HEAD, LANES, ROWS, Seen};
use crate::tag::Tag;

/// A text whose task is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Labelled {
    /// Its task.
    pub tag: Tag,
    /// The language it is written in.
    pub language: String,
    /// The text.
    pub text: String,
}

/// The texts that the model is made from and judged by.
const SOURCES: [&str; 3] = [
    include_str!("../texts/code.tsv"),
    include_str!("../texts/data_agent.tsv"),
    include_str!("../texts/general.tsv"),
];

/// Returns the labelled texts: those that train, and the third that only judges.
///
/// Of each task and language every third text is held back.
pub fn texts() -> (Vec<Labelled>, Vec<Labelled>) {
    let (mut train, mut judge) = (Vec::new(), Vec::new());
    let mut last = (Tag::OTHER, String::new());
    let mut place = 0;
    for line in SOURCES.iter().flat_map(|source| source.lines()) {
        let mut cells = line.splitn(3, '\t');
        let (Some(tag), Some(language), Some(text)) = (cells.next(), cells.next(), cells.next())
        else {
            continue;
        };
        let Some(tag) = Tag::parse(tag) else { continue };
        let group = (tag, language.to_owned());
        place = if group == last { place + 1 } else { 0 };
        last = group;
        let one = Labelled { tag, language: language.to_owned(), text: text.to_owned() };
        if place % 3 == 2 { judge.push(one) } else { train.push(one) }
    }
    (train, judge)
}

const ROUNDS: u32 = 60;
const RATE: f32 = 0.6;
/// What every weight loses in a round, so that rare pieces do not decide.
const DECAY: f32 = 0.000_6;

/// Makes a model from texts, in the form that [`crate::evaluate`] reads.
pub fn train(texts: &[Labelled]) -> Vec<u8> {
    let examples: Vec<(usize, Seen)> =
        texts.iter().map(|one| (one.tag.place(), Seen::of(&one.text))).collect();
    let mut model = Growing { weights: vec![0.0; ROWS * LANES], biases: [0.0; LANES] };
    for round in 0..ROUNDS {
        let rate = RATE / (1.0 + 0.1 * round as f32);
        for step in 0..examples.len() {
            // A stride that shares no factor with the count visits each example once, tasks mixed.
            let place = (step * 7_919 + round as usize * 31) % examples.len();
            let (class, seen) = &examples[place];
            model.learn(*class, seen, rate);
        }
        model.weights.iter_mut().for_each(|weight| *weight *= 1.0 - DECAY);
    }
    pack(&model.weights, &model.biases)
}

struct Growing {
    weights: Vec<f32>,
    biases: [f32; LANES],
}

impl Growing {
    /// One step down the slope of the cross entropy.
    fn learn(&mut self, class: usize, seen: &Seen, rate: f32) {
        let share = seen.share();
        let parts: Vec<(usize, f32)> = (seen.features.iter().map(|row| (*row, share)))
            .chain(seen.concepts.iter().map(|row| (*row, CONCEPT_SHARE)))
            .collect();
        let mut scores = self.biases;
        for (row, part) in &parts {
            let weights = &self.weights[row * LANES..(row + 1) * LANES];
            scores.iter_mut().zip(weights).for_each(|(score, weight)| *score += weight * part);
        }
        let known = &scores[..Tag::CLASSES];
        let most = known.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let sum: f32 = known.iter().map(|score| (score - most).exp()).sum();
        let mut slope = [0_f32; LANES];
        for (place, value) in slope.iter_mut().enumerate().take(Tag::CLASSES) {
            let chance = (scores[place] - most).exp() / sum;
            *value = rate * (f32::from(u8::from(place == class)) - chance);
        }
        for (row, part) in &parts {
            let weights = &mut self.weights[row * LANES..(row + 1) * LANES];
            weights.iter_mut().zip(&slope).for_each(|(weight, slope)| *weight += slope * part);
        }
        self.biases.iter_mut().zip(&slope).for_each(|(bias, slope)| *bias += slope * 0.1);
    }
}

/// Writes weights as single bytes: a step for each of 127 parts of the largest.
fn pack(weights: &[f32], biases: &[f32; LANES]) -> Vec<u8> {
    let mut sizes: Vec<f32> = weights.iter().map(|weight| weight.abs()).collect();
    sizes.sort_unstable_by(f32::total_cmp);
    // The few largest are cut, so that the many small ones keep their differences.
    let most = sizes[sizes.len() - 1 - sizes.len() / 20_000].max(f32::MIN_POSITIVE);
    let step = most / 127.0;
    let mut out = Vec::with_capacity(HEAD + weights.len());
    out.extend(step.to_le_bytes());
    biases.iter().for_each(|bias| out.extend(bias.to_le_bytes()));
    out.extend(
        weights.iter().map(|weight| (weight / step).round().clamp(-127.0, 127.0) as i8 as u8),
    );
    out
}

/// Returns how the compiled model does on the texts held back: by true task, how many texts it
/// sorted into each, `other` last.
pub fn confusion() -> Vec<Vec<u32>> {
    let mut counts = vec![vec![0; Tag::COUNT]; Tag::CLASSES];
    for one in texts().1 {
        counts[one.tag.place()][crate::classify(&one.text).tag.place()] += 1;
    }
    counts
}
