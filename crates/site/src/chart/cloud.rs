//! Dots between a price and a quality.

use maud::{Markup, html};

use super::at;

/// A dot.
#[derive(Clone, Debug, PartialEq)]
pub struct Dot {
    /// Its name.
    pub name: String,
    /// Its price; the scale is logarithmic, so above zero.
    pub price: f64,
    /// Its quality, 0 to 100.
    pub quality: f64,
    /// Nothing is both cheaper and better.
    pub leads: bool,
}

/// Draws dots; those that lead bear their names.
pub fn cloud(dots: &[Dot], title: &str, say: fn(f64) -> String) -> Markup {
    let known: Vec<&Dot> = dots.iter().filter(|dot| 0.0 < dot.price).collect();
    let logs = || known.iter().map(|dot| dot.price.log10());
    let low = logs().reduce(f64::min).unwrap_or_default().floor();
    let high = logs().reduce(f64::max).unwrap_or_default().ceil().max(low + 1.0);
    let x = |price: f64| 48.0 + (price.log10() - low) / (high - low) * 600.0;
    // The scale begins at a multiple of ten below the dots: they differ by little of a hundred.
    let least = known.iter().map(|dot| dot.quality).fold(100.0, f64::min).clamp(0.0, 100.0);
    let foot = ((least / 10.0).floor() * 10.0 - 10.0).clamp(0.0, 80.0);
    let y = |quality: f64| 208.0 - (quality.clamp(foot, 100.0) - foot) / (100.0 - foot) * 190.0;
    html! {
        figure.chart {
            figcaption { (title) }
            svg viewBox="0 0 720 240" role="img" aria-label=(title) {
                @for tick in [foot, (foot + 100.0) / 2.0, 100.0] {
                    line.grid x1="48" x2="720" y1=(at(y(tick))) y2=(at(y(tick))) {}
                    text.tick x="42" y=(at(y(tick) + 4.0)) text-anchor="end" { (tick) }
                }
                @for power in low.round() as i32..=high.round() as i32 {
                    text.tick x=(at(x(10_f64.powi(power)))) y="232" text-anchor="middle" {
                        (say(10_f64.powi(power))) }
                }
                @for dot in known {
                    circle class=(if dot.leads { "lead" } else { "rest" }) cx=(at(x(dot.price)))
                        cy=(at(y(dot.quality))) r="5" { title { (dot.name) } }
                    @if dot.leads {
                        text.mark x=(at(x(dot.price) + 8.0)) y=(at(y(dot.quality) - 6.0)) {
                            (dot.name) }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dot_without_a_price_has_no_place() {
        let dot = |name: &str, price| Dot {
            name: name.to_owned(),
            price,
            quality: 50.0,
            leads: 1.0 < price,
        };
        let dots = [dot("free", 0.0), dot("cheap", 0.001), dot("dear", 2.0)];
        let drawn = cloud(&dots, "Value", |price| format!("${price}")).into_string();
        assert_eq!(drawn.matches("<circle").count(), 2);
        assert_eq!(drawn.matches("dear</text>").count(), 1);
        assert!(!cloud(&[], "Value", |_| String::new()).into_string().contains("NaN"));
    }
}
