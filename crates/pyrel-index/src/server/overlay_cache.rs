//! What the other index had, on disk: pages as they were last seen, and files by their hash. The files together stay
//! within a limit; the one that nobody has asked for longest goes first. Fetches nothing.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use fs_err as fs;
use pyrel_model::Sha256;
use serde_json::Value;

/// The directory of a cache.
#[derive(Debug)]
pub(super) struct OverlayCache {
    dir: PathBuf,
    /// The most that all files may have together, in bytes.
    limit: u64,
    next: AtomicU64,
    /// When each file was last asked for, counted in uses of this process. Who holds this alone makes room.
    uses: Mutex<HashMap<PathBuf, u64>>,
}

/// A file on its way into the cache; dropped before [`OverlayCache::keep`], it leaves nothing.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) path: PathBuf,
}

impl Drop for Pending {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_file(&self.path)
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(%error, "a file that was not fetched whole could not be removed");
        }
    }
}

impl OverlayCache {
    /// Opens a directory, made when absent; what was not fetched whole is dropped.
    pub(super) fn open(dir: &Path, limit: u64) -> io::Result<Self> {
        for name in ["files", "pages", "incoming"] {
            fs::create_dir_all(dir.join(name))?;
        }
        for entry in fs::read_dir(dir.join("incoming"))? {
            fs::remove_file(entry?.path())?;
        }
        let cache = Self { dir: dir.to_path_buf(), limit, next: AtomicU64::new(0), uses: Mutex::default() };
        cache.make_room(&mut HashMap::new(), 0)?;
        Ok(cache)
    }

    /// Returns the most that all files may have together, in bytes.
    pub(super) fn limit(&self) -> u64 {
        self.limit
    }

    /// Returns a file that is there, and notes that it was asked for.
    pub(super) fn file(&self, sha256: &Sha256) -> Option<PathBuf> {
        let path = self.path_of(sha256);
        if !path.is_file() {
            return None;
        }
        let number = self.next.fetch_add(1, Ordering::Relaxed) + 1;
        self.uses.lock().unwrap_or_else(PoisonError::into_inner).insert(path.clone(), number);
        Some(path)
    }

    /// Names a file that is to be fetched.
    pub(super) fn pending(&self) -> Pending {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        Pending { path: self.dir.join("incoming").join(number.to_string()) }
    }

    /// Takes a file that is whole and has this hash; others go until it fits.
    pub(super) fn keep(&self, pending: &Pending, sha256: &Sha256) -> io::Result<()> {
        let size = fs::metadata(&pending.path)?.len();
        if size > self.limit {
            return Ok(());
        }
        let path = self.path_of(sha256);
        let mut uses = self.uses.lock().unwrap_or_else(PoisonError::into_inner);
        self.make_room(&mut uses, size)?;
        fs::rename(&pending.path, &path)?;
        uses.insert(path, self.next.fetch_add(1, Ordering::Relaxed) + 1);
        Ok(())
    }

    /// Reads the page of a project as it was last seen.
    pub(super) fn page(&self, normal: &str) -> Option<Value> {
        let text = fs::read(self.page_path(normal)).ok()?;
        serde_json::from_slice(&text).ok()
    }

    /// Replaces the page of a project.
    pub(super) fn keep_page(&self, normal: &str, page: &Value) -> io::Result<()> {
        let pending = self.pending();
        fs::write(&pending.path, page.to_string())?;
        fs::rename(&pending.path, self.page_path(normal))
    }

    fn path_of(&self, sha256: &Sha256) -> PathBuf {
        self.dir.join("files").join(sha256.to_hex())
    }

    fn page_path(&self, normal: &str) -> PathBuf {
        self.dir.join("pages").join(format!("{normal}.json"))
    }

    /// Removes what was asked for longest ago until so many bytes fit. What this process was never asked for goes before
    /// the rest, what was fetched first at first.
    fn make_room(&self, uses: &mut HashMap<PathBuf, u64>, size: u64) -> io::Result<()> {
        let mut files = Vec::new();
        for entry in fs::read_dir(self.dir.join("files"))? {
            let entry = entry?;
            let (facts, path) = (entry.metadata()?, entry.path());
            files.push((uses.get(&path).copied().unwrap_or(0), facts.modified()?, facts.len(), path));
        }
        files.sort();
        let mut total: u64 = files.iter().map(|(_, _, size, _)| size).sum();
        for (_, _, held, path) in files {
            if total.saturating_add(size) <= self.limit {
                break;
            }
            fs::remove_file(&path)?;
            uses.remove(&path);
            total -= held;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(cache: &OverlayCache, byte: u8, size: usize) -> Sha256 {
        let pending = cache.pending();
        fs::write(&pending.path, vec![byte; size]).unwrap();
        let hash = Sha256::new([byte; 32]);
        cache.keep(&pending, &hash).unwrap();
        hash
    }

    #[test]
    fn the_file_that_nobody_asked_for_longest_goes_first() {
        let dir = tempfile::tempdir().unwrap();
        let cache = OverlayCache::open(dir.path(), 100).unwrap();
        let (first, second) = (put(&cache, 1, 40), put(&cache, 2, 40));
        assert!(cache.file(&first).is_some(), "asking makes it young");
        let third = put(&cache, 3, 40);
        assert!(cache.file(&second).is_none());
        assert!(cache.file(&first).is_some() && cache.file(&third).is_some());
        let large = put(&cache, 4, 101);
        assert!(
            cache.file(&large).is_none() && cache.file(&first).is_some(),
            "what never fits displaces nothing"
        );
        drop(cache);
        let smaller = OverlayCache::open(dir.path(), 50).unwrap();
        assert_eq!([first, third].iter().filter(|hash| smaller.file(hash).is_some()).count(), 1);
    }

    #[test]
    fn what_is_not_kept_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let cache = OverlayCache::open(dir.path(), 100).unwrap();
        let pending = cache.pending();
        fs::write(&pending.path, "half").unwrap();
        drop(pending);
        assert_eq!(fs::read_dir(dir.path().join("incoming")).unwrap().count(), 0);
        assert_eq!(cache.page("demo"), None);
        cache.keep_page("demo", &serde_json::json!({"name": "demo"})).unwrap();
        assert_eq!(cache.page("demo").unwrap()["name"], "demo");
    }
}
