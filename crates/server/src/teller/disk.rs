//! A journal's segments as files of a folder.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use ledger::journal::{Disk, SEGMENT_BYTES};

/// Zeros are written in pieces of this size.
const PIECE: usize = 1 << 20;
const SUFFIX: &str = ".journal";

/// The folder of one journal.
pub(super) struct Folder {
    path: PathBuf,
    /// Segments are made whole, so that a sync has no size to write down.
    is_whole: bool,
    open: BTreeMap<u64, File>,
}

impl Folder {
    /// Takes a folder that exists.
    pub(super) fn new(path: PathBuf, is_whole: bool) -> Folder {
        Folder { path, is_whole, open: BTreeMap::new() }
    }

    /// Returns the bytes of every segment, as they are on the disk.
    ///
    /// Where an earlier process could not sync them, the kernel may show what it has dropped, and
    /// say of the next sync that all is well. So they are written once more before they are synced.
    ///
    /// # Errors
    /// When one cannot be read, or not be made durable.
    pub(super) fn secured(&self) -> io::Result<BTreeMap<u64, Vec<u8>>> {
        let mut segments = BTreeMap::new();
        for entry in std::fs::read_dir(&self.path)? {
            let path = entry?.path();
            if let Some(number) = number(&path) {
                let bytes = std::fs::read(&path)?;
                let end = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
                let file = OpenOptions::new().write(true).open(&path)?;
                file.write_all_at(&bytes[..end], 0)?;
                file.sync_all()?;
                segments.insert(number, bytes);
            }
        }
        Ok(segments)
    }

    /// Makes everything durable that is there, whoever wrote it.
    ///
    /// # Errors
    /// What the operating system says.
    pub(super) fn sync_all(&mut self) -> io::Result<()> {
        for entry in std::fs::read_dir(&self.path)? {
            let path = entry?.path();
            if number(&path).is_some() {
                File::open(&path)?.sync_all()?;
            }
        }
        Ok(())
    }

    fn file(&mut self, segment: u64) -> io::Result<&File> {
        if !self.open.contains_key(&segment) {
            // Only the last segment is written to.
            self.open.clear();
            let path = self.path.join(format!("{segment:012}{SUFFIX}"));
            let is_new = !path.exists();
            let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path)?;
            if is_new {
                self.prepare(&file)?;
            }
            self.open.insert(segment, file);
        }
        self.open.get(&segment).ok_or_else(|| io::Error::other("the segment is not open"))
    }

    fn prepare(&self, file: &File) -> io::Result<()> {
        if !self.is_whole {
            return file.set_len(SEGMENT_BYTES as u64);
        }
        let zeros = vec![0; PIECE];
        for offset in (0..SEGMENT_BYTES).step_by(PIECE) {
            file.write_all_at(&zeros, offset as u64)?;
        }
        file.sync_all()?;
        File::open(&self.path)?.sync_all()
    }
}

fn number(path: &Path) -> Option<u64> {
    path.file_name()?.to_str()?.strip_suffix(SUFFIX)?.parse().ok()
}

impl Disk for Folder {
    fn write(&mut self, segment: u64, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.file(segment)?.write_all_at(bytes, offset)
    }

    fn sync(&mut self, segment: u64) -> io::Result<()> {
        self.file(segment)?.sync_data()
    }

    fn remove(&mut self, segment: u64) -> io::Result<()> {
        self.open.remove(&segment);
        match std::fs::remove_file(self.path.join(format!("{segment:012}{SUFFIX}"))) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}
