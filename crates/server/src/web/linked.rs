//! What search engines are told of pages, in the words of schema.org.

use serde_json::{Value, json};
use site::Link;
use site::model::ModelPage;
use traffic::figures::{Figures, date};

use super::links::METHODOLOGY;

/// Rows of a list that are told.
const ROWS: usize = 60;

fn told(kind: &str, mut rest: Value) -> String {
    if let Value::Object(fields) = &mut rest {
        fields.insert("@context".to_owned(), json!("https://schema.org"));
        fields.insert("@type".to_owned(), json!(kind));
    }
    rest.to_string()
}

/// The whole site, with its search.
pub(super) fn website(site: &str) -> String {
    let target = format!("{site}/models?q={{query}}");
    told(
        "WebSite",
        json!({
            "name": "Interline",
            "url": site,
            "potentialAction": {
                "@type": "SearchAction",
                "target": { "@type": "EntryPoint", "urlTemplate": target },
                "query-input": "required name=query",
            },
        }),
    )
}

/// A list of pages.
pub(super) fn list<'a>(site: &str, links: impl Iterator<Item = &'a Link>) -> String {
    let item = |(place, link): (usize, &Link)| {
        json!({ "@type": "ListItem", "position": place, "name": link.word,
                "url": format!("{site}{}", link.href) })
    };
    let items: Vec<Value> = (1..).zip(links.take(ROWS)).map(item).collect();
    told("ItemList", json!({ "itemListElement": items }))
}

/// A model, with what each provider asks for a million tokens of a prompt.
pub(super) fn model(site: &str, path: &str, page: &ModelPage) -> String {
    let offer = |offer: &site::model::Offer| {
        let price = offer.input.strip_prefix('$')?;
        Some(json!({
            "@type": "Offer",
            "seller": { "@type": "Organization", "name": offer.provider.word },
            "price": price,
            "priceCurrency": "USD",
            "description": "a million tokens of a prompt",
        }))
    };
    let offers: Vec<Value> = page.offers.iter().filter_map(offer).collect();
    told(
        "SoftwareApplication",
        json!({
            "name": page.name,
            "url": format!("{site}{path}"),
            "applicationCategory": "Large language model",
            "operatingSystem": "any",
            "author": { "@type": "Organization", "name": page.author.word },
            "description": page.description,
            "offers": offers,
        }),
    )
}

/// A provider.
pub(super) fn organization(site: &str, path: &str, name: &str) -> String {
    told("Organization", json!({ "name": name, "url": format!("{site}{path}") }))
}

/// A document.
pub(super) fn article(site: &str, path: &str, title: &str, summary: &str) -> String {
    let url = format!("{site}{path}");
    told("TechArticle", json!({ "headline": title, "description": summary, "url": url }))
}

/// A ranking: a data set with its forms.
pub(super) fn dataset(site: &str, name: &str, said: (&str, &str), figures: &Figures) -> String {
    let form = |ending: &str, media: &str| {
        let url = format!("{site}/rankings/{name}.{ending}");
        json!({ "@type": "DataDownload", "encodingFormat": media, "contentUrl": url })
    };
    let first = date(figures.first_day.unwrap_or(figures.last_day));
    told(
        "Dataset",
        json!({
            "name": said.0,
            "description": said.1,
            "url": format!("{site}/rankings/{name}"),
            "temporalCoverage": format!("{first}/{}", date(figures.last_day)),
            "isBasedOn": format!("{site}{METHODOLOGY}"),
            "version": figures.methodology,
            "distribution": [form("json", "application/json"), form("csv", "text/csv")],
        }),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_told_in_its_order_and_a_search_by_its_address() {
        let link = |word: &str| Link { word: word.to_owned(), href: format!("/models/a/{word}") };
        let links = [link("x"), link("y\"")];
        let told: Value = serde_json::from_str(&list("http://s", links.iter())).unwrap();
        assert_eq!(told["@type"], "ItemList");
        assert_eq!(told["itemListElement"][1]["position"], 2);
        assert_eq!(told["itemListElement"][1]["name"], "y\"");
        assert_eq!(told["itemListElement"][0]["url"], "http://s/models/a/x");
        let site: Value = serde_json::from_str(&website("http://s")).unwrap();
        let target = &site["potentialAction"]["target"]["urlTemplate"];
        assert_eq!(target, "http://s/models?q={query}");
    }
}
