//! A part of a listing, and where the next one is.

use domain::failure::Failure;

use super::query::Query;

/// A part of a listing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Page {
    /// Rows before it.
    pub offset: usize,
    /// Rows in it, at most.
    pub limit: usize,
}

const LIMIT: usize = 500;
const LIMIT_MAX: usize = 1000;
/// More rows than there will ever be, and few enough to add to.
const OFFSET_MAX: usize = 1_000_000_000;

impl Page {
    /// Reads `offset` and `limit`; `None` where neither is given, which means everything.
    ///
    /// # Errors
    /// `InvalidRequest` when one is no number, or out of bounds.
    pub(crate) fn read(query: Query<'_>) -> Result<Option<Page>, Failure> {
        let offset = query.number("offset", 0..=OFFSET_MAX)?;
        let limit = query.number("limit", 1..=LIMIT_MAX)?;
        let given = offset.is_some() || limit.is_some();
        let page = Page { offset: offset.unwrap_or(0), limit: limit.unwrap_or(LIMIT) };
        Ok(given.then_some(page))
    }

    /// Returns the page's part of all rows.
    pub(crate) fn of<T>(self, rows: &[T]) -> &[T] {
        let start = self.offset.min(rows.len());
        let end = self.end().min(rows.len());
        &rows[start..end]
    }

    /// Returns the address of the page after this one, with the rest of the query as it was; `None`
    /// on the last page.
    pub(crate) fn next(self, path: &str, query: &str, total: usize) -> Option<String> {
        if total <= self.end() {
            return None;
        }
        let mut address = format!("{path}?");
        for field in query.split('&').filter(|field| !field.is_empty()) {
            let name = field.split('=').next().unwrap_or_default();
            if !matches!(name, "offset" | "limit") {
                address.push_str(field);
                address.push('&');
            }
        }
        Some(format!("{address}offset={}&limit={}", self.end(), self.limit))
    }

    fn end(self) -> usize {
        self.offset.saturating_add(self.limit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(offset: usize, limit: usize) -> Page {
        Page { offset, limit }
    }

    #[test]
    fn pages_follow_one_another_to_the_end() {
        let rows: Vec<u32> = (0..5).collect();
        assert_eq!(page(0, 2).of(&rows), [0, 1]);
        assert_eq!(page(4, 2).of(&rows), [4]);
        assert!(page(9, 2).of(&rows).is_empty());
        assert_eq!(page(3, 2).next("/m", "", 5), None);
        assert_eq!(page(0, 2).next("/m", "", 5).unwrap(), "/m?offset=2&limit=2");
    }

    #[test]
    fn the_next_page_asks_the_same_question() {
        let next = page(2, 2).next("/m", "q=a%26b&offset=2&&limit=2&sort=newest", 5);
        assert_eq!(next.unwrap(), "/m?q=a%26b&sort=newest&offset=4&limit=2");
    }

    #[test]
    fn either_number_makes_pages() {
        let read = |name: &str| Page::read(Query(&[(name.to_owned(), "7".to_owned())])).unwrap();
        assert_eq!(read("offset"), Some(page(7, 500)));
        assert_eq!(read("limit"), Some(page(0, 7)));
        assert_eq!(read("neither"), None);
    }
}
