//! One thing in the cache folder: made in a temporary folder beside its place, described by a
//! manifest, renamed into place under a lock. A kill at any point leaves the old state or the new
//! one, and the next call clears what was left behind.

use std::fs::{self, File};

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::Error;

pub const MANIFEST: &str = "manifest.json";

pub struct Place {
    /// Where the thing lies when it is there: absolute, as programs in it know their own place.
    pub dir: Utf8PathBuf,
    cache: Utf8PathBuf,
    name: String,
}

impl Place {
    pub fn new(cache: &Utf8Path, name: &str) -> Result<Self, Error> {
        fs::create_dir_all(cache).map_err(Error::io("make the cache folder", cache))?;
        let cache = cache.canonicalize_utf8().map_err(Error::io("find the cache folder", cache))?;
        Ok(Self { dir: cache.join(name), cache, name: name.to_owned() })
    }

    /// The version that lies here, if all that the manifest lists is there and as long as it was.
    /// A copy of the cache elsewhere is not ready: the programs in it point to the old place.
    pub fn ready(&self) -> Option<String> {
        let text = fs::read_to_string(self.dir.join(MANIFEST)).ok()?;
        let manifest: Value = serde_json::from_str(&text).ok()?;
        if manifest["place"].as_str()? != self.dir {
            return None;
        }
        let whole = manifest["files"].as_object()?.iter().all(|(path, size)| {
            fs::metadata(self.dir.join(path)).is_ok_and(|meta| Some(meta.len()) == size.as_u64())
        });
        whole.then(|| manifest["version"].as_str().map(str::to_owned))?
    }

    /// Waits until nobody else makes the same thing; held until dropped.
    pub fn lock(&self, say: &mut dyn FnMut(&str)) -> Result<File, Error> {
        let path = self.cache.join(format!(".{}.lock", self.name));
        let file = File::create(&path).map_err(Error::io("open the lock", &path))?;
        if file.try_lock().is_err() {
            say(&format!("waiting for another process that is making {}", self.dir));
            file.lock().map_err(Error::io("lock", &path))?;
        }
        self.sweep();
        Ok(file)
    }

    /// What a killed run left behind: only seen under the lock, so nobody uses it.
    fn sweep(&self) {
        let prefix = self.prefix();
        for entry in self.cache.read_dir_utf8().into_iter().flatten().flatten() {
            if entry.file_name().starts_with(&prefix) {
                // What cannot be removed now does no harm: every run has a new name.
                let _ = fs::remove_dir_all(entry.path());
            }
        }
    }

    fn prefix(&self) -> String {
        format!(".{}.making-", self.name)
    }

    /// A folder beside the place, gone when dropped.
    pub fn workshop(&self) -> Result<TempDir, Error> {
        tempfile::Builder::new()
            .prefix(&self.prefix())
            .tempdir_in(&self.cache)
            .map_err(Error::io("make a folder in", &self.cache))
    }

    /// Writes the manifest of `made` and renames it into place; what lay there goes to `workshop`.
    pub fn put(
        &self,
        workshop: &Utf8Path,
        made: &Utf8Path,
        version: &str,
        origin: &Value,
    ) -> Result<(), Error> {
        let mut files = serde_json::Map::new();
        list(made, made, &mut files)?;
        let manifest = json!({ "version": version, "place": self.dir.as_str(), "origin": origin, "files": files });
        let path = made.join(MANIFEST);
        fs::write(&path, format!("{manifest:#}\n")).map_err(Error::io("write", &path))?;
        if self.dir.symlink_metadata().is_ok() {
            fs::rename(&self.dir, workshop.join("old"))
                .map_err(Error::io("move away", &self.dir))?;
        }
        fs::rename(made, &self.dir).map_err(Error::io("move into", &self.dir))
    }
}

/// Every file below `dir` with its length, links followed.
fn list(
    root: &Utf8Path,
    dir: &Utf8Path,
    files: &mut serde_json::Map<String, Value>,
) -> Result<(), Error> {
    let failed = || Error::io("list", dir);
    for entry in dir.read_dir_utf8().map_err(failed())? {
        let entry = entry.map_err(failed())?;
        let meta = fs::metadata(entry.path()).map_err(failed())?;
        if meta.is_dir() {
            list(root, entry.path(), files)?;
        } else if let Ok(path) = entry.path().strip_prefix(root) {
            files.insert(path.to_string(), meta.len().into());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ready_only_when_whole_and_at_home() {
        let temp = tempfile::tempdir().expect("temp");
        let cache = Utf8Path::from_path(temp.path()).expect("utf8");
        let place = Place::new(cache, "thing-1").expect("place");
        assert_eq!(place.ready(), None);
        {
            let _lock = place.lock(&mut |_| ()).expect("lock");
            let workshop = place.workshop().expect("workshop");
            let shop = Utf8Path::from_path(workshop.path()).expect("utf8");
            fs::create_dir_all(shop.join("made/bin")).expect("mkdir");
            fs::write(shop.join("made/bin/thing"), "abc").expect("write");
            place.put(shop, &shop.join("made"), "1.2.3", &json!("here")).expect("put");
        }
        assert_eq!(place.ready().as_deref(), Some("1.2.3"));

        fs::write(place.dir.join("bin/thing"), "ab").expect("damage");
        assert_eq!(place.ready(), None);
        fs::write(place.dir.join("bin/thing"), "abc").expect("repair");
        fs::rename(&place.dir, cache.join("thing-2")).expect("move");
        assert_eq!(Place::new(cache, "thing-2").expect("place").ready(), None);
    }

    #[test]
    fn leftovers_go_under_the_lock() {
        let temp = tempfile::tempdir().expect("temp");
        let cache = Utf8Path::from_path(temp.path()).expect("utf8");
        let place = Place::new(cache, "thing-1").expect("place");
        fs::create_dir(cache.join(".thing-1.making-dead")).expect("mkdir");
        fs::create_dir(cache.join(".thing-10.making-alive")).expect("mkdir");
        drop(place.lock(&mut |_| ()).expect("lock"));
        assert!(!cache.join(".thing-1.making-dead").exists());
        assert!(cache.join(".thing-10.making-alive").exists());
    }
}
