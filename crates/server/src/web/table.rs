//! Every page, in one table.

use std::sync::Arc;

use axum::routing::{MethodRouter, get};

use super::{
    apps, compare, docs, front, machine, model, models, playground, providers, rankings, reference,
    reply, status,
};
use crate::app::App;

/// Every page, with what makes it.
pub(crate) fn routes() -> Vec<(&'static str, MethodRouter<Arc<App>>)> {
    vec![
        ("/", get(front::page)),
        ("/models", get(models::page)),
        ("/models.json", get(models::json)),
        ("/models.csv", get(models::csv)),
        ("/models.md", get(models::markdown)),
        ("/models/{author}", get(models::author)),
        ("/models/{author}/{slug}", get(model::page)),
        ("/compare", get(compare::page)),
        ("/providers", get(providers::page)),
        ("/providers.json", get(providers::json)),
        ("/providers.csv", get(providers::csv)),
        ("/providers.md", get(providers::markdown)),
        ("/providers/{slug}", get(providers::one)),
        ("/rankings", get(rankings::first)),
        ("/rankings/{name}", get(rankings::one)),
        ("/rankings/methodology", get(rankings::methodology)),
        ("/rankings.json", get(rankings::twin)),
        ("/rankings.csv", get(rankings::twin)),
        ("/rankings.md", get(rankings::twin)),
        ("/apps", get(rankings::apps)),
        ("/apps.json", get(rankings::twin)),
        ("/apps.csv", get(rankings::twin)),
        ("/apps.md", get(rankings::twin)),
        ("/apps/{*rest}", get(apps::one)),
        ("/status", get(status::page)),
        ("/status.json", get(status::json)),
        ("/status.csv", get(status::csv)),
        ("/status.md", get(status::markdown)),
        ("/playground", get(playground::page)),
        ("/docs", get(docs::index)),
        ("/docs/api", get(reference::page)),
        ("/docs/api.md", get(reference::markdown)),
        ("/docs/{page}", get(docs::page)),
        ("/changelog", get(docs::changelog)),
        ("/feeds/models.xml", get(machine::feed)),
        ("/feeds/rankings.xml", get(rankings::feed)),
        ("/llms.txt", get(machine::llms)),
        ("/sitemap.xml", get(machine::sitemap)),
        ("/robots.txt", get(machine::robots)),
        ("/assets/{hash}/{name}", get(reply::asset)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::page::PAGES;

    #[test]
    fn every_page_that_has_one_address_is_known_to_the_site_map() {
        let routes = routes();
        let paths = routes.iter().map(|(path, _)| *path);
        let pages: Vec<&str> = paths.filter(|it| !it.contains('{') && !it.contains('.')).collect();
        assert_eq!(pages, PAGES);
    }
}
