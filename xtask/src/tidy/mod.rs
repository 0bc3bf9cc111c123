//! `cargo xtask tidy`: the rules of the house that the compiler does not know.
//!
//! Each rule is one file with a `check(&Tree) -> Vec<Violation>` and a test for every sentence it
//! enforces. `check.rs` lists them.

mod calls;
mod check;
mod docs;
mod graph;
mod imports;
mod layers;
mod leftovers;
mod lex;
mod loops;
mod names;
mod size;
mod source;
mod tokens;
mod tree;
mod violation;
mod walls;

pub(crate) use check::check;
pub(crate) use tree::Tree;
