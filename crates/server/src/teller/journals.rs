//! The journals of an installation: one of this process, and those that others have left behind.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use domain::id::InstanceId;
use domain::insurance::Insurance;
use ledger::desk::{Desk, Setting};
use ledger::journal::{Damage, replay};

use super::disk::Folder;

/// The folder in which each instance has a folder of its own.
#[derive(Clone, Debug)]
pub struct Journals {
    path: PathBuf,
    syncs: bool,
}

/// Why a journal cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The disk or the file system does not let us.
    #[error("the journal in {} cannot be read or written: {error}", path.display())]
    Folder {
        /// Where.
        path: PathBuf,
        /// What it says.
        error: io::Error,
    },
    /// What is written there cannot be believed.
    #[error("the journal in {} cannot be used: {damage}", path.display())]
    Damaged {
        /// Where.
        path: PathBuf,
        /// What is wrong.
        damage: Damage,
    },
}

/// A journal in this process's hands, until this is dropped.
pub(super) struct Post {
    pub(super) desk: Desk,
    pub(super) folder: Folder,
    path: PathBuf,
    _lock: File,
}

/// A journal is this process's own while this lives.
pub(super) struct Lock {
    path: PathBuf,
    _lock: File,
}

const LOCK: &str = "lock";
/// What a folder's name ends with of whose journal nothing is left.
const SETTLED: &str = "settled";

/// Removes a journal of which nothing is left. It is renamed first: a process that is killed while
/// it removes files one by one must not leave a journal that seems to have lost its beginning.
fn remove(path: &Path) -> io::Result<()> {
    let settled = path.with_extension(SETTLED);
    std::fs::rename(path, &settled)?;
    sweep(&settled)
}

/// Removes what is left of such a journal, which another process may do at the same moment.
fn sweep(settled: &Path) -> io::Result<()> {
    match std::fs::remove_dir_all(settled) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        outcome => outcome,
    }
}

impl Journals {
    /// Takes the folder of all journals, and whether what is written has to survive a power cut.
    pub fn new(path: PathBuf, syncs: bool) -> Journals {
        Journals { path, syncs }
    }

    /// Returns whether what is written has to survive a power cut.
    pub(super) fn syncs(&self) -> bool {
        self.syncs
    }

    /// Opens the journal of a new instance.
    ///
    /// # Errors
    /// When its folder cannot be made.
    pub(super) fn open(
        &self,
        instance: InstanceId,
        insurance: Insurance,
    ) -> Result<Post, JournalError> {
        let path = self.path.join(instance.as_str());
        let failed = |error| JournalError::Folder { path: path.clone(), error };
        std::fs::create_dir_all(&path).map_err(failed)?;
        let lock = File::create(path.join(LOCK)).map_err(failed)?;
        lock.try_lock().map_err(|error| failed(error.into()))?;
        let folder = Folder::new(path.clone(), self.syncs);
        let setting = Setting { syncs: self.syncs, insurance, ..Setting::default() };
        let desk = Desk::new(instance, setting);
        Ok(Post { desk, folder, path, _lock: lock })
    }

    /// Takes over every journal whose process has ended.
    ///
    /// # Errors
    /// When one of them cannot be believed.
    pub(super) fn adopt(&self) -> Result<Vec<Post>, JournalError> {
        let failed = |error| JournalError::Folder { path: self.path.clone(), error };
        let entries = match std::fs::read_dir(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(failed)?,
        };
        let mut posts = Vec::new();
        for entry in entries {
            let path = entry.map_err(failed)?.path();
            posts.extend(self.adopt_one(&path)?);
        }
        Ok(posts)
    }

    fn adopt_one(&self, path: &Path) -> Result<Option<Post>, JournalError> {
        let failed = |error| JournalError::Folder { path: path.to_owned(), error };
        if path.extension().is_some_and(|it| it == SETTLED) {
            sweep(path).map_err(failed)?;
            return Ok(None);
        }
        let name = path.file_name().and_then(|name| name.to_str());
        let Some(name) = name.filter(|_| path.is_dir()) else { return Ok(None) };
        let lock = File::create(path.join(LOCK)).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => (),
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        let folder = Folder::new(path.to_owned(), false);
        let segments = folder.secured().map_err(failed)?;
        let read = replay(&segments)
            .map_err(|damage| JournalError::Damaged { path: path.to_owned(), damage })?;
        let desk = Desk::recover(InstanceId::new(name), read, Setting::default());
        Ok(Some(Post { desk, folder, path: path.to_owned(), _lock: lock }))
    }
}

impl Lock {
    /// Removes a journal of which nothing is left.
    ///
    /// # Errors
    /// What the operating system says.
    pub(super) fn remove(self) -> io::Result<()> {
        remove(&self.path)
    }
}

impl Post {
    /// Parts the desk from the folder, and both from what keeps the journal ours.
    pub(super) fn split(self) -> (Desk, Folder, Lock) {
        (self.desk, self.folder, Lock { path: self.path, _lock: self._lock })
    }

    /// Removes a journal of which nothing is left.
    ///
    /// # Errors
    /// What the operating system says.
    pub(super) fn remove(self) -> io::Result<()> {
        remove(&self.path)
    }

    /// Writes what is to be written, durably.
    ///
    /// # Errors
    /// What the operating system says.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        let flush = self.desk.take_flush();
        let mark = flush.write(&mut self.folder, ledger::mutant::Mutant::None)?;
        self.desk.synced(mark);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_of_a_settled_journal_is_swept_up_and_never_read() {
        let root = std::env::temp_dir().join(format!("interline-journals-{}", std::process::id()));
        let half_removed = root.join("one").with_extension(SETTLED);
        std::fs::create_dir_all(&half_removed).unwrap();
        std::fs::write(half_removed.join("000000000007.journal"), [7; 64]).unwrap();
        let journals = Journals::new(root.clone(), false);
        assert!(journals.adopt().unwrap().is_empty());
        assert!(!half_removed.exists());
        std::fs::remove_dir_all(&root).unwrap();
    }
}
