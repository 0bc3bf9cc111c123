//! The texts that a catalog is made of.

use include_dir::{Dir, include_dir};

static PROVIDERS: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../../catalog/providers");
static MODELS: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../../catalog/models");

/// A file of the catalog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// Its path, which faults show. The last part decides the order among its neighbours.
    pub path: String,
    /// What it says.
    pub text: String,
}

/// All files of a catalog: the base, and what is laid over it.
#[derive(Clone, Debug, Default)]
pub struct Layers {
    /// Provider files and model files.
    pub base: Vec<SourceFile>,
    /// Overlays, directory by directory; within one, files are merged in the order of their names.
    pub overlays: Vec<Vec<SourceFile>>,
}

impl Layers {
    /// Returns the files that are compiled in, with nothing laid over them.
    pub fn shipped() -> Layers {
        Layers { base: shipped(), overlays: Vec::new() }
    }
}

/// Returns the provider and model files that are compiled in.
pub fn shipped() -> Vec<SourceFile> {
    [("catalog/providers", &PROVIDERS), ("catalog/models", &MODELS)]
        .into_iter()
        .flat_map(|(folder, dir)| dir.files().map(move |file| (folder, file)))
        .filter(|(_, file)| file.path().extension().is_some_and(|extension| extension == "toml"))
        .filter_map(|(folder, file)| {
            let path = format!("{folder}/{}", file.path().display());
            Some(SourceFile { path, text: file.contents_utf8()?.to_owned() })
        })
        .collect()
}
