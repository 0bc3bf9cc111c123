//! The binary `interline`.
fn main() {}
