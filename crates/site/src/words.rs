//! Figures as readers see them.

use domain::money::Money;
use domain::price::Rate;

const MILLION: u64 = 1_000_000;

/// Returns a rate as exact dollars per million units, with at least two decimals: `$0.55`.
pub fn per_million(rate: Rate) -> String {
    dollars_text(&rate.dollars_per(MILLION))
}

/// Returns a rate as exact dollars a unit: `$0.0025`.
pub fn per_unit(rate: Rate) -> String {
    dollars_text(&rate.dollars_per(1))
}

fn dollars_text(exact: &str) -> String {
    let decimals = exact.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    let (point, zeros) = (if decimals == 0 { "." } else { "" }, 2_usize.saturating_sub(decimals));
    format!("${exact}{point}{}", "0".repeat(zeros))
}

/// Returns money rounded to the cent from a dollar on, and to two figures that count below:
/// `$212.40`, `$0.0032`.
pub fn money(money: Money) -> String {
    let nanos = money.nanos().max(0).unsigned_abs();
    if nanos == 0 {
        return "$0".to_owned();
    }
    let figures = nanos.ilog10();
    let unit =
        if nanos >= 1_000_000_000 { 10_000_000 } else { 10_u64.pow(figures.saturating_sub(1)) };
    let rounded = (nanos + unit / 2) / unit * unit;
    let (whole, rest) = (rounded / 1_000_000_000, rounded % 1_000_000_000);
    let digits = format!("{rest:09}");
    let kept = digits.trim_end_matches('0').len().max(2);
    format!("${}.{}", grouped(whole), &digits[..kept])
}

/// Returns a count of tokens in few letters: `131K`, `1.05M`.
pub fn tokens(count: u32) -> String {
    match count {
        0..1_000 => count.to_string(),
        1_000..999_500 => format!("{}K", (u64::from(count) + 500) / 1_000),
        _ => {
            let hundredths = (u64::from(count) + 5_000) / 10_000;
            let text = format!("{}.{:02}", hundredths / 100, hundredths % 100);
            format!("{}M", text.trim_end_matches('0').trim_end_matches('.'))
        }
    }
}

/// Returns a large number in few letters: `842`, `3.2M`, `1.05T`.
pub fn large(number: f64) -> String {
    let units = [(1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "K")];
    match units.into_iter().find(|(unit, _)| 0.9995 * unit <= number) {
        None if number == 0.0 || 1.0 <= number => format!("{number:.0}"),
        None => format!("{number:.2}"),
        Some((unit, letter)) => {
            let digits =
                format!("{:.1$}", number / unit, if number < 9.995 * unit { 2 } else { 1 });
            format!("{}{letter}", digits.trim_end_matches('0').trim_end_matches('.'))
        }
    }
}

/// Returns a share as percent to two decimals, rounded down: what failed once is not 100 %.
pub fn floored_percent(share: f64) -> String {
    format!("{:.2} %", (share * 10_000.0 + 1e-6).floor() / 100.0)
}

/// Returns a share as percent to one decimal.
pub fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

/// Returns a change as percent with its sign: `+6 %`, `−12 %`.
pub fn change(growth: f64) -> String {
    let percent = (growth * 100.0).round();
    if percent < 0.0 { format!("−{:.0} %", -percent) } else { format!("+{percent:.0} %") }
}

/// Returns a whole number with its thousands apart: `128,000`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Returns a number with the word for it: `1 provider`, `9 providers`.
pub fn count(number: usize, one: &str) -> String {
    let number = number as u64;
    if number == 1 { format!("1 {one}") } else { format!("{} {one}s", grouped(number)) }
}

/// Returns milliseconds: `612 ms`, `1.3 s`.
pub fn duration(ms: u32) -> String {
    if ms < 1_000 {
        return format!("{ms} ms");
    }
    let tenths = (u64::from(ms) + 50) / 100;
    format!("{}.{} s", tenths / 10, tenths % 10)
}

/// Returns a minute of the day as clocks show it: `16:30`.
pub fn clock(minute: u16) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_are_exact_and_have_two_decimals_at_least() {
        let shown = ["0.5", "3", "0.075", "0"]
            .map(|text| per_million(Rate::parse(text, MILLION).expect("a rate")));
        assert_eq!(shown, ["$0.50", "$3.00", "$0.075", "$0.00"]);
    }

    #[test]
    fn money_is_rounded_to_what_a_reader_compares() {
        let shown = [0, 42, 3_249_000, 999_600_000, 212_404_000_000, 1_234_567_890_000]
            .map(|nanos| money(Money::from_nanos(nanos)));
        assert_eq!(shown, ["$0", "$0.000000042", "$0.0032", "$1.00", "$212.40", "$1,234.57"]);
    }

    #[test]
    fn tokens_are_short() {
        let shown = [512, 8_192, 131_072, 999_999, 1_047_576, 2_000_000].map(tokens);
        assert_eq!(shown, ["512", "8K", "131K", "1M", "1.05M", "2M"]);
    }

    #[test]
    fn large_numbers_are_short_and_shares_of_service_never_rounded_up() {
        let shown = [0.0, 842.0, 999.6, 3_214_000.0, 1.05e12, 12.34e9].map(large);
        assert_eq!(shown, ["0", "842", "1K", "3.21M", "1.05T", "12.3B"]);
        let shown = [1.0, 0.999_99, 0.9995].map(floored_percent);
        assert_eq!(shown, ["100.00 %", "99.99 %", "99.95 %"]);
        assert_eq!([change(0.061), change(-0.117), change(0.0)], ["+6 %", "−12 %", "+0 %"]);
    }

    #[test]
    fn counts_and_times_read_as_words() {
        assert_eq!([count(1, "model"), count(1_702, "endpoint")], ["1 model", "1,702 endpoints"]);
        assert_eq!([duration(612), duration(1_260)], ["612 ms", "1.3 s"]);
        assert_eq!(clock(990), "16:30");
    }
}
