//! The pages for people: what came in, made into what a reader is to see. `site` renders it.
//!
//! Pages are made from the catalog and the health that are in memory, without a look into the
//! database, and show the same rows as the API, through the same filters.

mod apps;
mod compare;
mod docs;
mod front;
mod health;
mod linked;
mod links;
mod listed;
mod machine;
mod missing;
mod model;
mod models;
mod offer;
mod pace;
mod page;
mod plain;
mod playground;
mod providers;
mod rankings;
mod reference;
mod reply;
mod snippets;
mod status;
mod table;
mod uptime;

pub(crate) use missing::{is_for_people, missing};
pub(crate) use table::routes;
