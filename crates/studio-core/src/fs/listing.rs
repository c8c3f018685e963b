//! The names in an open folder, from the kernel's own list of them where it gives one: a folder costs two calls and no
//! second open of it. Not here: what lies behind the names.

use rustix::fs::FileType;
use std::ffi::CStr;
use std::io;
use std::os::fd::BorrowedFd;

/// Room for the names that one call brings; most folders of sources need one call, and one that says that this was all.
#[cfg(target_os = "linux")]
const ROOM: usize = 16 << 10;

/// Calls `visit` with each name but `.` and `..`, and what kind of file has it as far as the folder tells; in no order.
///
/// To be called once for each time that the folder was opened: what was listed before is not listed again.
#[cfg(target_os = "linux")]
pub fn each_name(
    folder: BorrowedFd<'_>,
    mut visit: impl FnMut(&CStr, FileType) -> io::Result<()>,
) -> io::Result<()> {
    use rustix::fs::RawDir;
    use std::mem::MaybeUninit;
    let mut room = [const { MaybeUninit::uninit() }; ROOM];
    let mut entries = RawDir::new(folder, &mut room);
    while let Some(entry) = entries.next() {
        let entry = entry?;
        if !is_itself_or_above(entry.file_name()) {
            visit(entry.file_name(), entry.file_type())?;
        }
    }
    Ok(())
}

/// The same by what every Unix has.
#[cfg(not(target_os = "linux"))]
pub fn each_name(
    folder: BorrowedFd<'_>,
    mut visit: impl FnMut(&CStr, FileType) -> io::Result<()>,
) -> io::Result<()> {
    for entry in rustix::fs::Dir::read_from(folder)? {
        let entry = entry?;
        if !is_itself_or_above(entry.file_name()) {
            visit(entry.file_name(), entry.file_type())?;
        }
    }
    Ok(())
}

fn is_itself_or_above(name: &CStr) -> bool {
    matches!(name.to_bytes(), b"." | b"..")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::AsFd;

    #[test]
    fn more_names_than_one_call_brings_are_all_listed() {
        let dir = tempfile::tempdir().expect("temp dir");
        let mut wanted: Vec<(String, FileType)> = Vec::new();
        for number in 0..500 {
            let name = format!("{number:03}{}", "x".repeat(200));
            std::fs::write(dir.path().join(&name), "").expect("written");
            wanted.push((name, FileType::RegularFile));
        }
        std::fs::create_dir(dir.path().join("folder")).expect("made");
        wanted.push(("folder".to_owned(), FileType::Directory));
        let folder = std::fs::File::open(dir.path()).expect("opened");
        let mut found = Vec::new();
        each_name(folder.as_fd(), |name, kind| {
            found.push((name.to_str().expect("utf-8").to_owned(), kind));
            Ok(())
        })
        .expect("listed");
        found.sort_by(|a, b| a.0.cmp(&b.0));
        assert_eq!(found, wanted);
    }
}
