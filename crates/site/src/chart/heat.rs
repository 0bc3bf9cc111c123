//! A week of hours as a map: the stronger the colour, the cheaper.

use maud::{Markup, html};

/// An hour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shade {
    /// How strong, 1 to 7; `None` where too little is known.
    pub depth: Option<u8>,
    /// It is cheap for sure.
    pub marked: bool,
    /// What it is, in words.
    pub says: String,
}

const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/// Draws 168 hours from Monday 00:00 UTC.
pub fn heat(hours: &[Shade], title: &str) -> Markup {
    html! {
        figure.chart {
            figcaption { (title) }
            svg viewBox="0 0 720 190" role="img" aria-label=(title) {
                @for (day, word) in DAYS.iter().enumerate() {
                    text.tick x="34" y=(day * 23 + 17) text-anchor="end" { (word) }
                }
                @for hour in [0_usize, 6, 12, 18] {
                    text.tick x=(40 + hour * 28) y="182" { (hour) " h" }
                }
                @for (place, shade) in hours.iter().take(168).enumerate() {
                    rect class=(class(shade)) x=(40 + place % 24 * 28) y=(place / 24 * 23 + 2)
                        width="26" height="21" {
                        @if shade.depth.is_some() { title { (shade.says) } }
                    }
                }
            }
        }
    }
}

fn class(shade: &Shade) -> String {
    let depth = shade.depth.map_or_else(|| "none".to_owned(), |depth| format!("q{depth}"));
    if shade.marked { format!("{depth} marked") } else { depth }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_week_has_168_hours() {
        let shade = Shade { depth: None, marked: true, says: String::new() };
        let drawn = heat(&vec![shade; 168], "Hours").into_string();
        assert_eq!(drawn.matches("class=\"none marked\"").count(), 168);
    }
}
