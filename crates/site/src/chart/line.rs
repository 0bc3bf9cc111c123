//! A line over days.

use maud::{Markup, html};

use super::{at, axis};

/// A line over days. Days of which nothing is known are gaps.
#[derive(Clone, Debug, Default)]
pub struct Line {
    /// What is seen, in a sentence.
    pub title: String,
    /// The first and the last day.
    pub ends: [String; 2],
    /// The values, the oldest first.
    pub values: Vec<Option<f64>>,
    /// Says a value: `3.2M`.
    pub say: Option<fn(f64) -> String>,
}

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 180.0;
const LEFT: f64 = 48.0;
const BOTTOM: f64 = 24.0;
const TOP: f64 = 8.0;

/// Draws a line.
pub fn line(chart: &Line) -> Markup {
    let (end, step) = axis(chart.values.iter().flatten().copied().fold(0.0, f64::max));
    let say = |value: f64| chart.say.map_or_else(|| format!("{value}"), |say| say(value));
    let plot = HEIGHT - BOTTOM - TOP;
    let y = |value: f64| TOP + plot - value / end * plot;
    let ticks = (0..=(end / step).round() as u32).map(|tick| f64::from(tick) * step);
    html! {
        figure.chart {
            figcaption { (chart.title) }
            svg viewBox="0 0 720 180" role="img" aria-label=(chart.title) {
                @for tick in ticks {
                    line.grid x1=(at(LEFT)) x2=(at(WIDTH)) y1=(at(y(tick))) y2=(at(y(tick))) {}
                    text.tick x=(at(LEFT - 6.0)) y=(at(y(tick) + 4.0)) text-anchor="end" {
                        (say(tick)) }
                }
                @for piece in pieces(chart, &y) { polyline.stroke points=(piece) {} }
                text.tick x=(at(LEFT)) y=(at(HEIGHT - 6.0)) { (chart.ends[0]) }
                text.tick x=(at(WIDTH)) y=(at(HEIGHT - 6.0)) text-anchor="end" { (chart.ends[1]) }
            }
        }
    }
}

fn pieces(chart: &Line, y: &impl Fn(f64) -> f64) -> Vec<String> {
    let wide = (WIDTH - LEFT) / chart.values.len().saturating_sub(1).max(1) as f64;
    let mut pieces = vec![String::new()];
    for (place, value) in chart.values.iter().enumerate() {
        match (value, pieces.last_mut()) {
            (Some(value), Some(piece)) => {
                let x = LEFT + place as f64 * wide;
                piece.push_str(&format!("{},{} ", at(x), at(y(*value))));
            }
            _ => pieces.push(String::new()),
        }
    }
    pieces.retain(|piece| !piece.is_empty());
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_is_a_gap() {
        let values = [Some(1.0), Some(2.0), None, Some(0.0)].to_vec();
        let drawn = line(&Line { values, ..Line::default() }).into_string();
        assert_eq!(drawn.matches("<polyline").count(), 2);
    }
}
