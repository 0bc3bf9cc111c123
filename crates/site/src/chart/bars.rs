//! Days of service as bars: how high and of which colour says how good a day was.

use std::fmt::Write as _;

use maud::{Markup, html};

use super::at;

/// A day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DayBar {
    /// How good it was.
    pub tier: Tier,
    /// What it was, in words: `2026-11-25: 98.94 % of 1,204`. Of a day that was not good.
    pub says: String,
}

/// How good a day was. Height tells it beside the colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tier {
    /// At least 99.5 %.
    Good,
    /// At least 97 %.
    Fair,
    /// Less.
    Bad,
    /// Nothing was asked of it.
    Unknown,
}

impl Tier {
    /// Returns the tier of a share, which is rounded down and never up.
    pub fn of(share: Option<f64>) -> Tier {
        match share {
            None => Tier::Unknown,
            Some(share) if 0.995 <= share => Tier::Good,
            Some(share) if 0.97 <= share => Tier::Fair,
            Some(_) => Tier::Bad,
        }
    }

    /// Returns whether a day is told in words. A good one says so by its height.
    pub fn is_told(self) -> bool {
        matches!(self, Tier::Fair | Tier::Bad)
    }

    fn drawn(self) -> (&'static str, f64) {
        match self {
            Tier::Good => ("up", 24.0),
            Tier::Fair => ("fair", 17.0),
            Tier::Bad => ("down", 10.0),
            Tier::Unknown => ("none", 3.0),
        }
    }
}

/// Draws days, the oldest first. `says` is what they tell together, for those who do not see them.
pub fn uptime(days: &[DayBar], says: &str) -> Markup {
    let wide = 270.0 / days.len().max(1) as f64;
    html! {
        svg.days viewBox="0 0 270 24" role="img" aria-label=(says) preserveAspectRatio="none" {
            // Days of which nothing is told are drawn at once: a page has thousands of them.
            @for tier in [Tier::Good, Tier::Unknown] {
                @let outline = outline(days, tier, wide);
                @if !outline.is_empty() { path class=(tier.drawn().0) d=(outline) {} }
            }
            @for (place, day) in days.iter().enumerate().filter(|(_, day)| day.tier.is_told()) {
                @let (class, tall) = day.tier.drawn();
                rect class=(class) x=(at(place as f64 * wide)) y=(at(24.0 - tall))
                    width=(at(wide - 0.8)) height=(at(tall)) { title { (day.says) } }
            }
        }
    }
}

/// Returns the outline of all days of a tier.
fn outline(days: &[DayBar], tier: Tier, wide: f64) -> String {
    let (_, tall) = tier.drawn();
    let (top, bar) = (at(24.0 - tall), at(wide - 0.8));
    let mut outline = String::new();
    for (place, _) in days.iter().enumerate().filter(|(_, day)| day.tier == tier) {
        let left = at(place as f64 * wide);
        // Writing to a string does not fail.
        let _ = write!(outline, "M{left} {top}h{bar}v{}h-{bar}z", at(tall));
    }
    outline
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_judged_by_its_share_and_none_is_not_zero() {
        let tiers = [None, Some(1.0), Some(0.9949), Some(0.5)].map(Tier::of);
        assert_eq!(tiers, [Tier::Unknown, Tier::Good, Tier::Fair, Tier::Bad]);
        let bar = |tier| DayBar { tier, says: "a day".to_owned() };
        let drawn = uptime(&tiers.map(bar), "four days").into_string();
        assert_eq!(drawn.matches("<rect").count(), 2);
        assert_eq!(drawn.matches("<title").count(), 2);
        assert!(drawn.contains(r#"<path class="up" d="M67.5 0.0h66.7v24.0h-66.7z">"#), "{drawn}");
        assert!(drawn.contains(r#"<path class="none" d="M0.0 21.0h66.7v3.0h-66.7z">"#), "{drawn}");
    }
}
