//! Which machine this is, and since which start it has been running. Not here: what follows from another one.

use crate::error::Result;
use crate::fs;
use camino::Utf8Path;

/// The `machine-id` of the machine under `root` (machine-id(5)); `None` where there is none yet.
pub fn machine_id(root: &Utf8Path) -> Option<String> {
    let text = fs::read_optional(&root.join("etc/machine-id")).ok()??;
    let id = text.trim();
    (id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit())).then(|| id.to_owned())
}

/// A name for the time from one start of the machine under `root` to its end.
///
/// On this machine the kernel has one (random(4)). Under another root folder it is made on first use and kept in `run`,
/// which a start empties.
pub fn boot_id(root: &Utf8Path) -> Result<String> {
    let random = |name: &str| {
        let path = Utf8Path::new("/proc/sys/kernel/random").join(name);
        Ok(fs::read_optional(&path)?.unwrap_or_default().trim().to_owned())
    };
    if root == "/" {
        return random("boot_id");
    }
    let path = root.join("run/studio/boot-id");
    if let Some(known) = fs::read_optional(&path)? {
        return Ok(known.trim().to_owned());
    }
    let id = random("uuid")?;
    fs::write_atomic(&path, format!("{id}\n").as_bytes())?;
    Ok(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_is_another_one_once_run_was_emptied() {
        let dir = tempfile::tempdir().expect("temp dir");
        let root = fs::utf8(dir.path()).expect("utf-8");
        let first = boot_id(&root).expect("id");
        assert_eq!(boot_id(&root).expect("id"), first);
        fs::remove_tree(&root.join("run")).expect("emptied");
        assert_ne!(boot_id(&root).expect("id"), first);
        assert_eq!(machine_id(&root), None);
        fs::create_dir_all(&root.join("etc")).expect("folder");
        fs::write_new(&root.join("etc/machine-id"), b"uninitialized\n").expect("write");
        assert_eq!(machine_id(&root), None);
        let id = "0123456789abcdef0123456789abcdef";
        fs::write_new(&root.join("etc/machine-id"), format!("{id}\n").as_bytes()).expect("write");
        assert_eq!(machine_id(&root).as_deref(), Some(id));
    }
}
