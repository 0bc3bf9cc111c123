//! Builds the crate again when a file joins or leaves the catalog that is compiled in.

#[expect(clippy::print_stdout, reason = "this is how a build script speaks to cargo")]
fn main() {
    for folder in ["providers", "models"] {
        println!("cargo::rerun-if-changed=../../catalog/{folder}");
    }
}
