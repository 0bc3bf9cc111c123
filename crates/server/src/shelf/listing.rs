//! A listing as JSON.

use serde::Serialize;
use serde_json::value::RawValue;

use super::order::sort;
use super::row::Row;
use super::wanted::Wanted;

/// Models, or a page of them.
#[derive(Serialize)]
pub(crate) struct Listing<'a> {
    data: Vec<&'a RawValue>,
    total_count: usize,
    links: Links,
}

/// Where the rest is.
#[derive(Serialize)]
struct Links {
    next: Option<String>,
}

/// Orders rows and takes the page that is wanted. `path` is where the listing stands, for the
/// address of the next page.
pub(crate) fn listing<'a>(
    mut rows: Vec<&'a Row>,
    wanted: &Wanted,
    path: &str,
    query: &str,
) -> Listing<'a> {
    sort(&mut rows, wanted.order);
    let total_count = rows.len();
    let shown = wanted.page.map_or(rows.as_slice(), |page| page.of(&rows));
    let next = wanted.page.and_then(|page| page.next(path, query, total_count));
    let data = shown.iter().map(|row| &*row.shown).collect();
    Listing { data, total_count, links: Links { next } }
}

#[cfg(test)]
mod tests {
    use domain::time::Timestamp;

    use serde_json::json;

    use super::super::query::Query;
    use super::super::samples::{NOON, sample};
    use super::*;

    #[test]
    fn a_listing_is_counted_before_it_is_paged() {
        let query = "available=all&limit=2&sort=newest";
        let pairs: Vec<(String, String)> = query
            .split('&')
            .filter_map(|field| field.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let wanted = Wanted::read(Query(&pairs)).unwrap();
        let (rows, now) = (sample().rows(), Timestamp::parse(NOON).unwrap());
        let admitted = rows.iter().filter(|row| wanted.admits(row, now)).collect();
        let listing =
            serde_json::to_value(listing(admitted, &wanted, "/api/v1/models", query)).unwrap();
        let ids: Vec<&str> =
            listing["data"].as_array().unwrap().iter().filter_map(|it| it["id"].as_str()).collect();
        assert_eq!(ids, ["acme/thinker", "acme/talker"]);
        assert_eq!(listing["total_count"], json!(3));
        let next = "/api/v1/models?available=all&sort=newest&offset=2&limit=2";
        assert_eq!(listing["links"], json!({ "next": next }));
    }
}
