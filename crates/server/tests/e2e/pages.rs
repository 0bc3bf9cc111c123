//! Pages for people, as they come over the wire.

use crate::stand::{Offer, Stand};
use sqlx::{Connection as _, Row as _};

/// Every kind of page, and the twins that are made like it.
const PAGES: [&str; 32] = [
    "/",
    "/models",
    "/models?supported_parameters=tools&available=all&sort=newest",
    "/models.json",
    "/models.csv",
    "/models.md",
    "/models/openai",
    "/models/openai/gpt-4o-mini",
    "/models/openai/gpt-4o-mini.json",
    "/models/openai/gpt-4o-mini.csv",
    "/compare?m=openai/gpt-4o-mini,openai/gpt-4o",
    "/providers",
    "/providers.csv",
    "/providers/openai",
    "/rankings",
    "/rankings/rising",
    "/rankings/models.json",
    "/rankings/methodology",
    "/apps.json",
    "/apps",
    "/status",
    "/status.json",
    "/status.csv",
    "/playground",
    "/docs",
    "/docs/errors",
    "/docs/api",
    "/docs/api.md",
    "/openapi.json",
    "/feeds/models.xml",
    "/feeds/rankings.xml",
    "/sitemap.xml",
];

#[tokio::test]
async fn a_page_needs_no_database() {
    let stand = Stand::with(&[Offer::of("alpha", "acme/talker", "1")]).await;
    let front = stand.front();
    let mut before = Vec::new();
    for page in PAGES {
        let answer = front.get(page).await;
        assert_eq!(answer.status, 200, "{page}");
        before.push(answer.text);
    }
    take_tables_away(&stand).await;
    let keys = stand.operator.get("/keys").await;
    assert_eq!(keys.status / 100, 5, "what needs the database cannot do without: {}", keys.text);
    for (page, before) in PAGES.iter().zip(before) {
        let answer = front.get(page).await;
        assert_eq!((answer.status, answer.text == before), (200, true), "{page}");
    }
}

#[tokio::test]
async fn what_a_private_instance_did_is_shown_to_nobody_without_a_word_from_its_operator() {
    let stand = Stand::with(&[Offer::of("alpha", "acme/talker", "1")]).await;
    let front = stand.front();
    for page in ["/rankings", "/rankings/rising", "/apps"] {
        let text = front.get(page).await.text;
        assert!(text.contains("not shown to everybody"), "{page}: {text}");
    }
    assert_eq!(front.get("/apps/code.example.com").await.status, 404);
    assert!(!front.get("/").await.text.contains("What the traffic says"));
}

/// Renames every table of the stand's database, so that a query of any of them fails.
async fn take_tables_away(stand: &Stand) {
    let file = format!("sqlite:{}", stand.folder.join("data/interline.db").display());
    let mut database = sqlx::SqliteConnection::connect(&file).await.unwrap();
    sqlx::query("PRAGMA legacy_alter_table = ON").execute(&mut database).await.unwrap();
    let tables = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
    let tables = sqlx::query(tables).fetch_all(&mut database).await.unwrap();
    assert!(!tables.is_empty());
    for table in tables {
        let name: String = table.get(0);
        let rename = format!("ALTER TABLE \"{name}\" RENAME TO \"gone_{name}\"");
        sqlx::query(sqlx::AssertSqlSafe(rename)).execute(&mut database).await.unwrap();
    }
}
