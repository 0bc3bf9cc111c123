//! Lines over days.

use maud::{Markup, html};

use super::{COLOURS, at, axis};

/// Lines over days. Days of which nothing is known are gaps.
#[derive(Clone, Debug, Default)]
pub struct Lines {
    /// What is seen, in a sentence.
    pub title: String,
    /// The days, the oldest first: `2026-11-25`.
    pub days: Vec<String>,
    /// The lines, the first with the strongest colour. At most seven have one.
    pub courses: Vec<Course>,
    /// Says a value: `3.2M`.
    pub say: Option<fn(f64) -> String>,
    /// A value holds until the next one, as prices do.
    pub is_stepped: bool,
    /// Its figures stand in a table of the page already.
    pub is_told: bool,
}

/// A line.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Course {
    /// What it is of.
    pub name: String,
    /// Its value on each day.
    pub values: Vec<Option<f64>>,
}

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 240.0;
const LEFT: f64 = 64.0;
const BOTTOM: f64 = 26.0;
const TOP: f64 = 10.0;
/// Days that are named below the plot.
const NAMED: usize = 4;

/// Draws lines with a legend, and their figures as a table below.
pub fn lines(chart: &Lines) -> Markup {
    let largest = chart.courses.iter().flat_map(|it| it.values.iter().flatten().copied());
    let (end, step) = axis(largest.fold(0.0, f64::max));
    let plot = HEIGHT - BOTTOM - TOP;
    let y = |value: f64| TOP + plot - value / end * plot;
    let gaps = chart.days.len().saturating_sub(1).max(1);
    let x = |place: usize| LEFT + place as f64 * (WIDTH - LEFT) / gaps as f64;
    let ticks = (0..=(end / step).round() as u32).map(|tick| f64::from(tick) * step);
    html! {
        figure.chart {
            figcaption { (chart.title) }
            svg viewBox="0 0 720 240" role="img" aria-label=(chart.title) {
                @for tick in ticks {
                    line.grid x1=(at(LEFT)) x2=(at(WIDTH)) y1=(at(y(tick))) y2=(at(y(tick))) {}
                    text.tick x=(at(LEFT - 8.0)) y=(at(y(tick) + 4.0)) text-anchor="end" {
                        (chart.said(tick)) }
                }
                @for (place, course) in chart.courses.iter().enumerate() {
                    @for piece in pieces(course, chart.is_stepped, &x, &y) {
                        polyline class={ "stroke " (colour(place)) } points=(piece) {}
                    }
                }
                @for (place, anchor) in named(chart.days.len()) {
                    text.tick x=(at(x(place))) y=(at(HEIGHT - 6.0)) text-anchor=(anchor) {
                        (short(&chart.days[place])) }
                }
            }
            @if 1 < chart.courses.len() { (legend(chart)) }
            @if !chart.is_told { (chart.table()) }
        }
    }
}

impl Lines {
    fn said(&self, value: f64) -> String {
        self.say.map_or_else(|| format!("{value}"), |say| say(value))
    }

    /// The days with their figures, the newest first.
    fn table(&self) -> Markup {
        html! {
            details {
                summary { "The figures" }
                div.scroll tabindex="0" role="region" aria-label={ "Figures: " (self.title) } {
                    table {
                        thead { tr { th scope="col" { "Day" } @for course in &self.courses {
                            th.num scope="col" { (course.name) } } } }
                        tbody { @for (place, day) in self.days.iter().enumerate().rev() { tr {
                            th scope="row" { (day) }
                            @for course in &self.courses { td.num {
                                @match course.values.get(place).copied().flatten() {
                                    Some(value) => (self.said(value)),
                                    None => "–",
                                }
                            } }
                        } } }
                    }
                }
            }
        }
    }
}

fn legend(chart: &Lines) -> Markup {
    html! {
        ul.legend {
            @for (place, course) in chart.courses.iter().enumerate() {
                li {
                    svg.dash viewBox="0 0 22 8" aria-hidden="true" {
                        line class={ "stroke " (colour(place)) } x1="1" x2="21" y1="4" y2="4" {}
                    }
                    (course.name)
                }
            }
        }
    }
}

/// The days that are named, and how each name stands to its day.
fn named(days: usize) -> Vec<(usize, &'static str)> {
    let last = match days {
        0 => return Vec::new(),
        1 => return vec![(0, "start")],
        days => days - 1,
    };
    let steps = NAMED.min(last);
    let anchor = |step| match step {
        0 => "start",
        step if step == steps => "end",
        _ => "middle",
    };
    (0..=steps).map(|step| (step * last / steps, anchor(step))).collect()
}

/// Returns month and day of a date.
fn short(date: &str) -> &str {
    date.get(5..).unwrap_or(date)
}

fn colour(place: usize) -> String {
    if place < COLOURS { format!("l{}", place + 1) } else { "l0".to_owned() }
}

/// The pieces between gaps, as points.
fn pieces(
    course: &Course,
    is_stepped: bool,
    x: &impl Fn(usize) -> f64,
    y: &impl Fn(f64) -> f64,
) -> Vec<String> {
    let mut pieces: Vec<Vec<(f64, f64)>> = vec![Vec::new()];
    for (place, value) in course.values.iter().enumerate() {
        match (value, pieces.last_mut()) {
            (Some(value), Some(piece)) => put(piece, (x(place), y(*value)), is_stepped),
            _ => pieces.push(Vec::new()),
        }
    }
    let point = |(x, y): &(f64, f64)| format!("{x:.0},{}", at(*y));
    let written = |piece: &Vec<(f64, f64)>| {
        let points: Vec<String> = piece.iter().map(point).collect();
        // A day alone is a dot: a line from it to itself, with round ends.
        match points.as_slice() {
            [point] => format!("{point} {point}"),
            points => points.join(" "),
        }
    };
    pieces.iter().filter(|piece| !piece.is_empty()).map(written).collect()
}

/// Adds a point. A step goes along before it goes up, and a level stretch has two ends and no more.
fn put(piece: &mut Vec<(f64, f64)>, (x, y): (f64, f64), is_stepped: bool) {
    if is_stepped && let [.., (_, before)] = piece[..] {
        if let [.., (_, first), (last_x, second)] = &mut piece[..]
            && *first == before
            && *second == before
        {
            *last_x = x;
        } else {
            piece.push((x, before));
        }
        if before == y {
            return;
        }
    }
    piece.push((x, y));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(values: &[Option<f64>], is_stepped: bool) -> Lines {
        let day = |place| format!("2026-11-{:02}", place + 1);
        let course = Course { name: "p50".to_owned(), values: values.to_vec() };
        let (days, courses) = ((0..values.len()).map(day).collect(), vec![course]);
        Lines { days, courses, is_stepped, ..Lines::default() }
    }

    #[test]
    fn what_is_not_known_is_a_gap_and_not_zero() {
        let drawn = lines(&chart(&[Some(1.0), Some(2.0), None, Some(0.0)], false)).into_string();
        assert_eq!(drawn.matches("<polyline").count(), 2);
        assert!(drawn.contains("<th scope=\"row\">2026-11-03</th><td class=\"num\">–</td>"));
    }

    #[test]
    fn a_price_goes_along_before_it_goes_up() {
        let values = [2.0, 2.0, 2.0, 1.0, 1.0].map(Some);
        let drawn = lines(&chart(&values, true)).into_string();
        let points = drawn.split("points=\"").nth(1).and_then(|rest| rest.split('"').next());
        assert_eq!(points, Some("64,10.0 556,10.0 556,112.0 720,112.0"));
    }

    #[test]
    fn a_chart_of_nothing_is_drawn_all_the_same() {
        assert!(!lines(&Lines::default()).into_string().contains("NaN"));
        assert_eq!(named(1), [(0, "start")]);
        assert_eq!(named(3), [(0, "start"), (1, "middle"), (2, "end")]);
        assert_eq!(named(90).first(), Some(&(0, "start")));
        assert_eq!(named(90).last(), Some(&(89, "end")));
    }
}
