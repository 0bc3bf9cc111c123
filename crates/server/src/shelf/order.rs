//! The order of a listing.

use std::cmp::Reverse;

use domain::price::Rate;

use super::row::Row;

/// The order of a listing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Order {
    /// The catalog's.
    #[default]
    Catalog,
    /// The latest release first.
    Newest,
    /// Cheap before dear, by the mean of a prompt token and a completion token.
    Cheapest,
    /// Dear before cheap.
    Dearest,
    /// The longest context first.
    Longest,
}

/// OpenRouter's words. Orders by use, speed and benchmarks keep the catalog's until there are
/// figures to go by.
pub(crate) const WORDS: [(&str, Order); 12] = [
    ("newest", Order::Newest),
    ("pricing-low-to-high", Order::Cheapest),
    ("pricing-high-to-low", Order::Dearest),
    ("context-high-to-low", Order::Longest),
    ("most-popular", Order::Catalog),
    ("top-weekly", Order::Catalog),
    ("throughput-high-to-low", Order::Catalog),
    ("latency-low-to-high", Order::Catalog),
    ("intelligence-high-to-low", Order::Catalog),
    ("coding-high-to-low", Order::Catalog),
    ("agentic-high-to-low", Order::Catalog),
    ("design-arena-elo-high-to-low", Order::Catalog),
];

/// Puts rows in order. Those of which the figure is unknown come last; equals stay as they were.
pub(crate) fn sort(rows: &mut [&Row], order: Order) {
    match order {
        Order::Catalog => (),
        Order::Newest => rows.sort_by_key(|row| Reverse(row.created)),
        Order::Cheapest => rows.sort_by_key(|row| (cost(row).is_none(), cost(row))),
        Order::Dearest => rows.sort_by_key(|row| Reverse(cost(row))),
        Order::Longest => rows.sort_by_key(|row| Reverse(row.context)),
    }
}

/// Returns what a prompt token and a completion token cost together. What answers no chat requests
/// may have no completion to bill.
fn cost(row: &Row) -> Option<u64> {
    let completion = row.completion.or((!row.chats).then_some(Rate::FREE))?;
    Some(row.prompt?.picos().saturating_add(completion.picos()))
}

#[cfg(test)]
mod tests {
    use super::super::samples::sample;
    use super::*;

    #[test]
    fn what_is_unknown_comes_last_in_every_order() {
        let rows = sample().rows();
        let sorted = |order: Order| -> String {
            let mut rows: Vec<&Row> = rows.iter().collect();
            sort(&mut rows, order);
            rows.iter().map(|row| &row.id["acme/".len()..]).collect::<Vec<_>>().join(" ")
        };
        let table: Vec<String> = [Order::Newest, Order::Cheapest, Order::Dearest, Order::Longest]
            .map(|order| format!("{order:?}: {}", sorted(order)))
            .into();
        insta::assert_snapshot!(table.join("\n"), @r"
        Newest: thinker talker vector guard riddle
        Cheapest: vector guard talker thinker riddle
        Dearest: thinker talker guard vector riddle
        Longest: thinker talker vector guard riddle
        ");
    }
}
