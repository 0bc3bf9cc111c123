//! Builds the crate again when a file joins or leaves the catalog that is compiled in.

fn main() {
    for folder in ["providers", "models"] {
        println!("cargo::rerun-if-changed=../../catalog/{folder}");
    }
}
