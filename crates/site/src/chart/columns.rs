//! Stacked columns: how much of a whole each part is, over time.

use maud::{Markup, html};

use super::{COLOURS, at, axis};

/// Stacked columns.
#[derive(Clone, Debug, Default)]
pub struct Columns {
    /// What is seen, in a sentence.
    pub title: String,
    /// The column's words, the oldest first.
    pub labels: Vec<String>,
    /// The parts, the largest first: it stands at the bottom. At most seven have a colour; what
    /// follows is grey.
    pub stacks: Vec<Stack>,
    /// Says a value: `3.2M`.
    pub say: Option<fn(f64) -> String>,
}

/// A part of every column.
#[derive(Clone, Debug, Default)]
pub struct Stack {
    /// Its name.
    pub name: String,
    /// Its value in each column.
    pub values: Vec<f64>,
}

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 280.0;
const LEFT: f64 = 48.0;
const BOTTOM: f64 = 24.0;
const TOP: f64 = 8.0;

/// Draws stacked columns with a legend, and their figures as a table below.
pub fn columns(chart: &Columns) -> Markup {
    let totals: Vec<f64> = (0..chart.labels.len())
        .map(|place| chart.stacks.iter().filter_map(|stack| stack.values.get(place)).sum())
        .collect();
    let (end, step) = axis(totals.iter().copied().fold(0.0, f64::max));
    let say = |value: f64| chart.say.map_or_else(|| format!("{value}"), |say| say(value));
    let plot = HEIGHT - BOTTOM - TOP;
    let y = |value: f64| TOP + plot - value / end * plot;
    let wide = (WIDTH - LEFT) / chart.labels.len().max(1) as f64;
    let ticks = (0..=(end / step).round() as u32).map(|tick| f64::from(tick) * step);
    html! {
        figure.chart {
            figcaption { (chart.title) }
            svg viewBox="0 0 720 280" role="img" aria-label=(chart.title) {
                @for tick in ticks {
                    line.grid x1=(at(LEFT)) x2=(at(WIDTH)) y1=(at(y(tick))) y2=(at(y(tick))) {}
                    text.tick x=(at(LEFT - 6.0)) y=(at(y(tick) + 4.0)) text-anchor="end" {
                        (say(tick)) }
                }
                @for place in 0..chart.labels.len() { (column(chart, place, wide, &y)) }
                @for (place, label) in chart.labels.iter().enumerate() {
                    @if place % chart.labels.len().div_ceil(6).max(1) == 0 {
                        text.tick x=(at(LEFT + (place as f64 + 0.5) * wide)) y=(at(HEIGHT - 6.0))
                            text-anchor="middle" { (label) }
                    }
                }
            }
            ul.legend {
                @for (place, stack) in chart.stacks.iter().enumerate() {
                    li { span class={ "key " (colour(place)) } {} (stack.name) }
                }
            }
            details {
                summary { "The figures" }
                div.scroll tabindex="0" role="region" aria-label={ "Figures: " (chart.title) } {
                    table {
                        thead { tr { th scope="col" { "From" } @for stack in &chart.stacks {
                            th.num scope="col" { (stack.name) } } } }
                        tbody { @for (place, label) in chart.labels.iter().enumerate() { tr {
                            th scope="row" { (label) }
                            @for stack in &chart.stacks { td.num { (say(stack.values.get(place)
                                .copied().unwrap_or_default())) } }
                        } } }
                    }
                }
            }
        }
    }
}

fn column(chart: &Columns, place: usize, wide: f64, y: &impl Fn(f64) -> f64) -> Markup {
    let mut below = 0.0;
    let mut pieces = Vec::new();
    for (part, stack) in chart.stacks.iter().enumerate() {
        let value = stack.values.get(place).copied().unwrap_or_default();
        if 0.0 < value {
            let (top, foot) = (y(below + value), y(below));
            // A pixel of surface parts the pieces.
            pieces.push((colour(part), top, (foot - top - 1.0).max(0.5)));
        }
        below += value;
    }
    let x = LEFT + place as f64 * wide + wide * 0.12;
    html! {
        @for (class, top, tall) in pieces {
            rect class=(class) x=(at(x)) y=(at(top)) width=(at(wide * 0.76)) height=(at(tall)) {}
        }
    }
}

fn colour(place: usize) -> String {
    if place < COLOURS { format!("s{}", place + 1) } else { "s0".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_of_every_column_is_a_mark_and_a_cell() {
        let stack =
            |name: &str, values: [f64; 2]| Stack { name: name.to_owned(), values: values.to_vec() };
        let chart = Columns {
            title: "Tokens <by> week".to_owned(),
            labels: vec!["1 Jun".to_owned(), "8 Jun".to_owned()],
            stacks: vec![stack("a\"b", [3.0, 4.0]), stack("c", [1.0, 0.0])],
            say: None,
        };
        let drawn = columns(&chart).into_string();
        assert_eq!(drawn.matches("<rect").count(), 3);
        assert_eq!(drawn.matches("<td").count(), 4);
        assert!(drawn.contains("Tokens &lt;by&gt; week") && drawn.contains("a&quot;b"), "{drawn}");
    }
}
