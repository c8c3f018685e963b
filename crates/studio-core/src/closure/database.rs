//! Nix's database, read where it lies: `db.sqlite`, tables `ValidPaths` and `Refs`. It is never written to, and neither
//! is anything beside it.
//!
//! Nix keeps it with a write-ahead log, as long as somebody writes. While there is such a log it is read as any other
//! process of Nix would, with locks. When there is none, opening it so would put files beside it, or fail for want of the
//! right to do that; so it is taken for a file that nobody changes (`immutable`), and looked at before and after: what was
//! read while somebody began to write counts for nothing, and is read once more, with locks.
//! Not here: what to do about a database that cannot be read.

use super::graph::{Graph, Node};
use crate::fs;
use crate::store_path::StorePath;
use camino::{Utf8Path, Utf8PathBuf};
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension};
use std::collections::HashMap;
use std::os::unix::fs::MetadataExt;
use std::time::Duration;

/// What the file `schema` says of a database with tables as they are read here. It has been this number since Nix 2.0, and
/// Nix itself refuses a database with a greater one.
const SCHEMA: &str = "10";

/// How long somebody else's lock is waited for, who has it for one transaction as a rule; nix waits as long as it takes.
const PATIENCE: Duration = Duration::from_millis(50);

/// How many KiB of the database are kept at most, of what was read: what a closure needs lies all over the file, and
/// SQLite's own 2 MiB would have most pages read again and again.
const CACHE: i64 = 64 << 10;

/// How often a database that changes while it is read is read again.
const TRIES: usize = 3;

/// Why a database was not read.
#[derive(Debug, thiserror::Error)]
pub enum Unread {
    /// It is that of another machine, or in a place that only nix knows.
    #[error("it is not on this machine")]
    Elsewhere,
    /// There is none.
    #[error("there is no `{0}`")]
    Absent(Utf8PathBuf),
    /// It belongs to a Nix whose tables are not known here.
    #[error("its schema is `{0}`, and {SCHEMA} is the one that is known")]
    Schema(String),
    /// Somebody has it for themselves.
    #[error("it is locked")]
    Locked,
    /// It was written to while it was read.
    #[error("it was written to meanwhile")]
    Changed,
    /// It does not have a path that was asked for.
    #[error("it does not have `{0}`")]
    Unregistered(StorePath),
    /// SQLite says no.
    #[error("{0}")]
    Sqlite(rusqlite::Error),
    /// A file beside it cannot be read.
    #[error("{0}")]
    File(crate::Error),
}

impl From<rusqlite::Error> for Unread {
    fn from(error: rusqlite::Error) -> Unread {
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Unread::Locked,
            _ => Unread::Sqlite(error),
        }
    }
}

/// How a database is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Opened {
    /// As one that others may write to.
    WithLocks,
    /// As a file that nobody changes.
    AsItLies,
}

/// All that the roots need, from the database in this folder.
pub fn read(folder: &Utf8Path, roots: &[&StorePath]) -> Result<Graph, Unread> {
    let file = folder.join("db.sqlite");
    let schema = fs::read_optional(&folder.join("schema")).map_err(Unread::File)?;
    match schema.as_deref().map(str::trim_ascii) {
        Some(SCHEMA) => {}
        Some(other) => return Err(Unread::Schema(other.escape_debug().take(20).collect())),
        None => return Err(Unread::Absent(folder.join("schema"))),
    }
    for _ in 0..TRIES {
        let before = State::of(&file).ok_or_else(|| Unread::Absent(file.clone()))?;
        if before.log > 0 {
            return closures(&file, Opened::WithLocks, roots);
        }
        let graph = closures(&file, Opened::AsItLies, roots);
        if State::of(&file) == Some(before) {
            return graph;
        }
    }
    Err(Unread::Changed)
}

/// What tells that a database was written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct State {
    /// Device and number of the file, its length, and when its content and its entry changed, in nanoseconds.
    file: [i128; 5],
    /// Bytes in logs beside it: what was written and is not in the file yet, or what has to be put back.
    log: u64,
}

impl State {
    fn of(file: &Utf8Path) -> Option<State> {
        let meta = file.metadata().ok()?;
        let moment = |seconds: i64, nanoseconds: i64| {
            i128::from(seconds) * 1_000_000_000 + i128::from(nanoseconds)
        };
        let log = ["-wal", "-journal"]
            .iter()
            .filter_map(|suffix| Utf8PathBuf::from(format!("{file}{suffix}")).metadata().ok())
            .map(|meta| meta.len())
            .sum();
        Some(State {
            file: [
                meta.dev().into(),
                meta.ino().into(),
                meta.len().into(),
                moment(meta.mtime(), meta.mtime_nsec()),
                moment(meta.ctime(), meta.ctime_nsec()),
            ],
            log,
        })
    }
}

fn closures(file: &Utf8Path, opened: Opened, roots: &[&StorePath]) -> Result<Graph, Unread> {
    let connection = open(file, opened)?;
    // One transaction: what is read belongs together.
    let transaction = connection.unchecked_transaction()?;
    let graph = walk(&transaction, roots)?;
    transaction.finish()?;
    Ok(graph)
}

#[expect(clippy::disallowed_methods, reason = "this is the door")]
fn open(file: &Utf8Path, opened: Opened) -> Result<Connection, Unread> {
    // What means something in an address of a file would be taken for that.
    let path = file.as_str().replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    let how = match opened {
        Opened::WithLocks => "mode=ro",
        Opened::AsItLies => "mode=ro&immutable=1",
    };
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_URI
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(format!("file:{path}?{how}"), flags)?;
    connection.busy_timeout(PATIENCE)?;
    connection.pragma_update(None, "cache_size", -CACHE)?;
    Ok(connection)
}

/// All that the roots need. Each path is looked up once, however many need it; a question to the tables that follows
/// references by itself (`with recursive`) would do that for each root, and sort besides.
fn walk(connection: &Connection, roots: &[&StorePath]) -> Result<Graph, Unread> {
    let mut find = connection.prepare("select id from ValidPaths where path = ?1")?;
    let mut look =
        connection.prepare("select path, deriver, narSize from ValidPaths where id = ?1")?;
    let mut refer = connection.prepare("select reference from Refs where referrer = ?1")?;
    let mut ids: Vec<i64> = vec![];
    let mut places: HashMap<i64, usize> = HashMap::new();
    let mut place = |id: i64, ids: &mut Vec<i64>| {
        *places.entry(id).or_insert_with(|| {
            ids.push(id);
            ids.len() - 1
        })
    };
    for root in roots {
        let id = find.query_row([root.path().as_str()], |row| row.get(0)).optional()?;
        place(id.ok_or_else(|| Unread::Unregistered((*root).clone()))?, &mut ids);
    }
    let mut nodes: Vec<Node> = vec![];
    while let Some(&id) = ids.get(nodes.len()) {
        let (path, deriver, size) = look.query_row([id], |row| {
            let size: Option<i64> = row.get(2)?;
            Ok((row.get(0)?, row.get(1)?, size.unwrap_or_default()))
        })?;
        let mut references = vec![];
        let mut rows = refer.query([id])?;
        while let Some(row) = rows.next()? {
            references.push(place(row.get(0)?, &mut ids));
        }
        nodes.push(Node {
            path,
            deriver,
            size: u64::try_from(size).unwrap_or_default(),
            references,
        });
    }
    Ok(Graph { nodes })
}
