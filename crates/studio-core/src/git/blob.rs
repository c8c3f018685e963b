//! The content of blobs and files: in memory as a rule, piece by piece where it is too large for that.
//!
//! gix gives an object as a whole. git itself streams large ones, so it is asked for those; a process for each is nothing
//! beside unpacking them. Not here: where content is written to.

use super::{Any, git, path_of};
use crate::error::{Error, OrSay, Result};
use crate::process::Stream;
use camino::Utf8Path;
use gix::bstr::BStr;
use gix::filter::plumbing::pipeline::convert::ToGitOutcome;
use gix::objs::tree::EntryKind;
use gix::objs::{Kind, Write, compute_hash, compute_stream_hash};
use gix::{ObjectId, Repository};
use std::fs::File;
use std::io::{self, Read, Seek};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// From so many bytes on, content is not held as a whole, if git has not been told less (`core.bigFileThreshold`).
const LARGE: u64 = 16 << 20;

/// What a blob holds.
pub(super) enum Content<'a> {
    /// All of it.
    Whole(&'a [u8]),
    /// As it comes, so many bytes.
    Streamed(Stream, u64),
}

impl Content<'_> {
    /// All of it, for what is small for another reason.
    pub(super) fn whole(self, room: &mut Vec<u8>) -> io::Result<()> {
        room.clear();
        match self {
            Content::Whole(bytes) => room.extend_from_slice(bytes),
            Content::Streamed(mut stream, _) => {
                stream.read_to_end(room)?;
            }
        }
        Ok(())
    }

    /// Writes all of it.
    pub(super) fn write_to(self, to: &mut impl io::Write) -> io::Result<()> {
        match self {
            Content::Whole(bytes) => to.write_all(bytes),
            Content::Streamed(stream, size) => {
                io::copy(&mut Exactly { from: stream, left: size }, to).map(drop)
            }
        }
    }

    /// The id of what it really holds.
    pub(super) fn id(self) -> Any<ObjectId> {
        Ok(match self {
            Content::Whole(bytes) => compute_hash(gix::hash::Kind::Sha1, Kind::Blob, bytes)?,
            Content::Streamed(stream, size) => id_of_stream(stream, size)?,
        })
    }
}

/// From so many bytes on, content is streamed in this repository.
pub(super) fn large(repo: &Repository) -> u64 {
    let said = repo.config_snapshot().integer("core.bigFileThreshold");
    said.and_then(|bytes| u64::try_from(bytes).ok()).map_or(LARGE, |bytes| bytes.min(LARGE))
}

/// The content of a blob; `large` is that of the repository, `room` is used for what is held as a whole.
pub(super) fn content<'a>(
    repo: &Repository,
    id: ObjectId,
    large: u64,
    room: &'a mut Vec<u8>,
) -> Result<Content<'a>> {
    use gix::prelude::FindExt;
    let missing = || format!("the object {id} is not here");
    let size = repo.find_header(id).or_say(missing)?.size();
    if size < large {
        return Ok(Content::Whole(repo.objects.find_blob(&id, room).or_say(missing)?.data));
    }
    let folder = repo.path();
    let folder = Utf8Path::from_path(folder)
        .ok_or_else(|| Error::new(format!("the path `{}` is not UTF-8", folder.display())))?;
    let stream = git(folder, ["-c", &format!("core.bigFileThreshold={large}")])
        .args(["cat-file", "blob", &id.to_string()])
        .env("GIT_DIR", folder.as_str())
        .stream()
        .or_say(missing)?;
    Ok(Content::Streamed(stream, size))
}

/// The id of what is read, which must be so many bytes.
pub(super) fn id_of_stream(from: impl Read, size: u64) -> Any<ObjectId> {
    let mut from = Exactly { from, left: size };
    let (mut nobody, never) = (gix::progress::Discard, Default::default());
    let kind = gix::hash::Kind::Sha1;
    Ok(compute_stream_hash(kind, Kind::Blob, &mut from, size, &mut nobody, &never)?)
}

/// The id that git gives to a file of so many bytes at `path`, by its filters.
pub(super) fn id_of_file(
    pipeline: &mut gix::filter::Pipeline<'_>,
    index: &gix::index::State,
    path: &BStr,
    file: File,
    size: u64,
) -> Any<ObjectId> {
    let kind = gix::hash::Kind::Sha1;
    Ok(match pipeline.convert_to_git(file, path_of(path), index)? {
        ToGitOutcome::Unchanged(file) => id_of_stream(file, size)?,
        ToGitOutcome::Buffer(bytes) => compute_hash(kind, Kind::Blob, bytes)?,
        ToGitOutcome::Process(mut said) => {
            let mut bytes = Vec::new();
            said.read_to_end(&mut bytes)?;
            compute_hash(kind, Kind::Blob, &bytes)?
        }
    })
}

/// Writes a regular file of so many bytes as a blob, by git's filters; gives its id and kind.
pub(super) fn write_file(
    repo: &Repository,
    pipeline: &mut gix::filter::Pipeline<'_>,
    index: &gix::index::State,
    path: &BStr,
    (file, size): (&Path, u64),
) -> Any<(ObjectId, EntryKind)> {
    let open = File::open(file)?;
    let kind = match open.metadata()?.mode() & 0o100 {
        0 => EntryKind::Blob,
        _ => EntryKind::BlobExecutable,
    };
    let id = match pipeline.convert_to_git(open, path_of(path), index)? {
        ToGitOutcome::Unchanged(mut file) => {
            // Hashing is quick, packing is not: one that is there already is not packed again.
            let id = id_of_stream(&file, size)?;
            if !repo.has_object(id) {
                file.rewind()?;
                let mut from = Exactly { from: file, left: size };
                if repo.objects.write_stream(Kind::Blob, size, &mut from)? != id {
                    return Err("it changes while it is read".into());
                }
            }
            id
        }
        ToGitOutcome::Buffer(bytes) => repo.write_blob(bytes)?.detach(),
        ToGitOutcome::Process(mut said) => repo.write_blob_stream(&mut said)?.detach(),
    };
    Ok((id, kind))
}

/// So many bytes: fewer are an error, and more are not read. What a file holds must fit the length that git writes before it.
pub(super) struct Exactly<R> {
    /// Where they come from.
    pub(super) from: R,
    /// How many are still to come.
    pub(super) left: u64,
}

impl<R: Read> Read for Exactly<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(into.len());
        if most == 0 && !into.is_empty() {
            // The end of a child is heard only by who reads up to it.
            return match self.from.read(&mut [0; 1])? {
                0 => Ok(0),
                _ => Err(io::Error::other("there is more of it than its size says")),
            };
        }
        let read = self.from.read(&mut into[..most])?;
        if read == 0 && most > 0 {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "it is cut short"));
        }
        self.left -= read as u64;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_other_number_of_bytes_passes() {
        let read = |bytes: &[u8], left| {
            let mut all = Vec::new();
            Exactly { from: bytes, left }.read_to_end(&mut all).map(|_| all.len()).ok()
        };
        assert_eq!(read(b"abc", 3), Some(3));
        assert_eq!(read(b"", 0), Some(0));
        assert_eq!(read(b"abc", 4), None);
        assert_eq!(read(b"abc", 2), None);
    }
}
