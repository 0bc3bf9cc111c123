//! Charts, drawn as SVG: every colour is a class of the style sheet, every attribute is quoted by
//! `maud`, and every figure stands in a table beside its chart.

mod bars;
mod cloud;
mod columns;
mod heat;
mod lines;

pub use bars::{DayBar, Tier, uptime};
pub use cloud::{Dot, cloud};
pub use columns::{Columns, Stack, columns};
pub use heat::{Shade, heat};
pub use lines::{Course, Lines, lines};

/// Colours of a chart, beside the grey of what is left over.
pub const COLOURS: usize = 7;

/// Returns the round number at or above the largest value, for the end of an axis, and the step of
/// its ticks: at most five.
fn axis(largest: f64) -> (f64, f64) {
    if largest <= 0.0 || !largest.is_finite() {
        return (1.0, 1.0);
    }
    let rough = largest / 4.0;
    let power = 10_f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 2.5, 5.0, 10.0]
        .into_iter()
        .map(|factor| factor * power)
        .find(|step| rough <= *step * 1.000_001)
        .unwrap_or(10.0 * power);
    ((largest / step).ceil() * step, step)
}

/// Returns a place on the drawing, to a tenth.
fn at(place: f64) -> String {
    format!("{:.1}", place + 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_ends_on_a_round_number_above_the_data() {
        assert_eq!(axis(0.0), (1.0, 1.0));
        assert_eq!(axis(7.0), (8.0, 2.0));
        assert_eq!(axis(100.0), (100.0, 25.0));
        assert_eq!(axis(3_210.0), (4_000.0, 1_000.0));
        for largest in [0.3, 1.0, 12.0, 999.0, 1e12] {
            let (end, step) = axis(largest);
            assert!(largest <= end && end / step <= 5.001, "{largest}: {end} by {step}");
        }
    }
}
