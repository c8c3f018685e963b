//! A real database of a real Nix: read while nobody, or somebody, writes to it, and broken in the ways that happen.

use camino::Utf8PathBuf;
use rusqlite::Connection;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use studio_core::closure::database::{Unread, read};
use studio_core::closure::{Graph, Node};
use studio_core::fs;
use studio_core::store_path::StorePath;
use testkit::{RealNix, Sandbox};

/// A store in which `a` needs itself, `b` and `c`, and `c` needs `b`; `d` needs nothing.
struct Store {
    sandbox: Sandbox,
}

impl Store {
    fn new() -> Store {
        let sandbox = Sandbox::new().with_nix(&RealNix::find());
        let store = Store { sandbox };
        let path = |letter| store.path(letter);
        let mut registrations = String::new();
        for (letter, references) in [('a', "abc"), ('b', ""), ('c', "b"), ('d', "")] {
            let deriver = if letter == 'c' { format!("{}.drv", path('c')) } else { String::new() };
            let (hash, size) = ("0".repeat(64), u32::from(letter));
            registrations.push_str(&format!(
                "{}\n{hash}\n{size}\n{deriver}\n{}\n",
                path(letter),
                references.len()
            ));
            for reference in references.chars() {
                registrations.push_str(&format!("{}\n", path(reference)));
            }
        }
        store.sandbox.write("registrations", registrations);
        store.sandbox.sh("", "nix-store --load-db < registrations").ok();
        store
    }

    fn path(&self, letter: char) -> StorePath {
        let name = format!("{}-{letter}-1.0", letter.to_string().repeat(32));
        StorePath::new(self.sandbox.root().join("nix/store").join(name)).expect("a store path")
    }

    fn folder(&self) -> Utf8PathBuf {
        self.sandbox.root().join("nix/var/nix/db")
    }

    fn read(&self, roots: &[char]) -> Result<Graph, Unread> {
        let roots: Vec<StorePath> = roots.iter().map(|letter| self.path(*letter)).collect();
        read(&self.folder(), &roots.iter().collect::<Vec<_>>())
    }

    /// The paths that were read, by their letters, with sizes and references.
    fn told(&self, roots: &[char]) -> Vec<String> {
        let graph = self.read(roots).expect("read");
        let letter = |node: &Node| node.name()[..1].to_owned();
        let mut told: Vec<String> = graph
            .nodes
            .iter()
            .map(|node| {
                let mut references: Vec<String> =
                    node.references.iter().map(|at| letter(&graph.nodes[*at])).collect();
                references.sort();
                let derivation = node.derivation().unwrap_or("-");
                format!("{} {} [{}] {derivation}", letter(node), node.size, references.concat())
            })
            .collect();
        told.sort();
        told
    }

    #[expect(clippy::disallowed_methods, reason = "the tests play Nix")]
    fn writer(&self) -> Connection {
        Connection::open(self.folder().join("db.sqlite")).expect("the database opens")
    }

    fn files(&self) -> Vec<String> {
        let mut files: Vec<String> = self
            .folder()
            .read_dir_utf8()
            .expect("a folder")
            .map(|entry| entry.expect("an entry").file_name().to_owned())
            .collect();
        files.sort();
        files
    }
}

#[test]
fn what_is_read_is_what_nix_wrote_and_nothing_is_left_behind() {
    let store = Store::new();
    let files = store.files();
    assert_eq!(store.told(&['a']), ["a 97 [abc] -", "b 98 [] -", "c 99 [b] c-1.0"]);
    assert_eq!(store.told(&['c', 'd']), ["b 98 [] -", "c 99 [b] c-1.0", "d 100 [] -"]);
    assert_eq!(store.files(), files);
    // The same as nix itself says of it.
    let needed =
        store.sandbox.run("", &format!("nix-store --query --requisites {}", store.path('a')));
    let mut needed: Vec<String> = needed.ok().lines().map(str::to_owned).collect();
    needed.sort();
    let graph = store.read(&['a']).expect("read");
    let mut read: Vec<String> = graph.nodes.into_iter().map(|node| node.path).collect();
    read.sort();
    assert_eq!(read, needed);
}

#[test]
fn what_somebody_writes_is_seen_once_it_is_committed() {
    let store = Store::new();
    let writer = store.writer();
    writer.execute_batch("begin immediate; update ValidPaths set narSize = 7;").expect("an update");
    assert_eq!(store.told(&['b']), ["b 98 [] -"]);
    writer.execute_batch("commit;").expect("a commit");
    // It is in the log alone.
    assert!(store.files().contains(&"db.sqlite-wal".to_owned()), "{:?}", store.files());
    assert_eq!(store.told(&['b']), ["b 7 [] -"]);
    drop(writer);
    assert_eq!(store.told(&['b']), ["b 7 [] -"]);
}

/// Says to stop when it goes.
struct OnDrop<'a>(&'a AtomicBool);

impl Drop for OnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn while_others_write_what_is_read_is_one_state() {
    let store = Store::new();
    let root = store.path('a');
    // So many paths that they lie on many pages, which are read one by one.
    let many = format!(
        "insert into ValidPaths (path, hash, registrationTime)
             with recursive numbers(n) as (select 1 union all select n + 1 from numbers where n < 3000)
             select 'path ' || n, 'x', 0 from numbers;
         insert into Refs select a.id, b.id from ValidPaths a, ValidPaths b
             where a.path = '{root}' and b.path like 'path %';
         update ValidPaths set narSize = 0;"
    );
    store.writer().execute_batch(&many).expect("many paths");
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        // Also where what was read is wrong.
        let _stop = OnDrop(&stop);
        scope.spawn(|| {
            let mut number = 0_u32;
            while !stop.load(Ordering::Relaxed) {
                number += 1;
                // Its end empties the log into the file, as that of a process of Nix does.
                let writer = store.writer();
                writer.busy_timeout(Duration::from_secs(5)).expect("patience");
                writer.execute("update ValidPaths set narSize = ?1", [number]).expect("an update");
                drop(writer);
                std::thread::sleep(Duration::from_millis(u64::from(number % 40)));
            }
        });
        let mut times = 0;
        for _ in 0..100 {
            match read(&store.folder(), &[&root]) {
                Ok(graph) => {
                    times += 1;
                    let sizes: BTreeSet<u64> = graph.nodes.iter().map(|node| node.size).collect();
                    assert!(graph.nodes.len() > 3000 && sizes.len() == 1, "{sizes:?}");
                }
                Err(Unread::Changed | Unread::Locked) => {}
                Err(other) => panic!("{other:?}"),
            }
        }
        assert!(times > 0, "nothing was read in all that time");
    });
}

#[test]
fn a_database_that_cannot_be_read_is_told_why() {
    let store = Store::new();
    let why = |store: &Store| store.read(&['a']).expect_err("it is not read").to_string();
    {
        let writer = store.writer();
        let lock =
            "pragma locking_mode = exclusive; begin exclusive; update ValidPaths set narSize = 7;";
        writer.execute_batch(lock).expect("a lock");
        // What it wrote is still with the writer; what it commits is in the log.
        writer.execute_batch("commit; begin exclusive;").expect("another one");
        assert_eq!(why(&store), "it is locked");
    }
    let unknown = store.path('f');
    assert_eq!(
        read(&store.folder(), &[&unknown]).expect_err("it is not there").to_string(),
        format!("it does not have `{unknown}`")
    );
    store.sandbox.write("nix/var/nix/db/schema", "11");
    assert_eq!(why(&store), "its schema is `11`, and 10 is the one that is known");
    store.sandbox.write("nix/var/nix/db/schema", "10\n");
    store
        .writer()
        .execute_batch("alter table ValidPaths rename column narSize to size;")
        .expect("altered");
    assert!(why(&store).contains("no such column: narSize"), "{}", why(&store));
    store.sandbox.write(
        "nix/var/nix/db/db.sqlite",
        "no database at all, but long enough for one: ".repeat(20),
    );
    assert_eq!(why(&store), "file is not a database");
    let file = store.folder().join("db.sqlite");
    fs::remove_file(&file).expect("removed");
    assert_eq!(why(&store), format!("there is no `{file}`"));
    let schema = store.folder().join("schema");
    fs::remove_file(&schema).expect("removed");
    assert_eq!(why(&store), format!("there is no `{schema}`"));
}

#[test]
fn paths_that_nix_would_not_make_are_read_all_the_same() {
    let store = Store::new();
    let root = store.sandbox.root().join("nix/store");
    let nameless = format!("{root}/{}", "e".repeat(32));
    store
        .writer()
        .execute_batch(&format!(
            "insert into ValidPaths (path, hash, registrationTime) values ('{nameless}', 'x', 0);
             insert into Refs (referrer, reference)
                 select a.id, e.id from ValidPaths a, ValidPaths e where a.path = '{}' and e.path = '{nameless}';",
            store.path('a')
        ))
        .expect("inserted");
    let graph = store.read(&['a']).expect("read");
    let node = graph.nodes.iter().find(|node| node.path == nameless).expect("it is there");
    assert_eq!((node.name(), node.size), ("eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee", 0));
}

#[test]
fn any_folder_is_opened_as_it_is_called() {
    let store = Store::new();
    let odd = store.sandbox.root().join("a b%41?mode=rw#x");
    store.sandbox.sh("", &format!("cp -r nix/var/nix/db '{odd}'")).ok();
    let root = store.path('d');
    assert_eq!(read(&odd, &[&root]).expect("read").nodes.len(), 1);
}
