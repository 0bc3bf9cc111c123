//! A folder that is gone when its owner is.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::{env, fs, io, process};

static NEXT: AtomicU32 = AtomicU32::new(0);

/// A temporary folder, removed with all it holds on drop.
pub(crate) struct TempDir(PathBuf);

impl TempDir {
    /// Makes an empty folder under the system's temporary one.
    ///
    /// # Errors
    ///
    /// When the folder cannot be made, or is there already.
    pub(crate) fn new(name: &str) -> io::Result<TempDir> {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let folder = format!("interline-{}-{number}-{name}", process::id());
        let path = env::temp_dir().join(folder);
        fs::create_dir(&path)?;
        Ok(TempDir(path))
    }

    /// Where the folder is.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        // Nothing is lost but disk space if this fails, and a drop has nobody to tell.
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_temporary_folder_goes_with_its_owner() {
        let folder = TempDir::new("gone").expect("the temporary folder can be written");
        let path = folder.path().to_path_buf();
        fs::write(path.join("file"), "text").expect("the folder is there");
        drop(folder);
        assert!(!path.exists());
    }
}
