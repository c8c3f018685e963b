//! What lies in a snapshot is what git's own checkout writes, byte for byte, for whatever a repository may hold.

use camino::Utf8Path;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use testkit::Sandbox;

/// Small and the same everywhere: xorshift.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % sides as u64).expect("small")
    }

    fn one<'a, T: ?Sized>(&mut self, of: &[&'a T]) -> &'a T {
        of[self.roll(of.len())]
    }
}

const NAMES: [&[u8]; 14] = [
    b"a",
    b"b.txt",
    b"c.nix",
    b"d.bin",
    b"e.crlf",
    b"f.id",
    b"g.u16",
    b"h.rot",
    b"with space",
    b"new\nline",
    b"\xff\xfe-no-utf8",
    "größe.nix".as_bytes(),
    b"-dash",
    b"q\"uote\\",
];

const FOLDERS: [&str; 6] =
    ["", "sub", "sub/deep/er", "inputs", "a-b", "d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d"];

const ATTRIBUTES: [&str; 12] = [
    "* text=auto",
    "*.txt text",
    "*.txt eol=crlf",
    "*.crlf -text",
    "*.crlf eol=lf",
    "*.id ident",
    "*.u16 working-tree-encoding=UTF-16LE text",
    "*.rot filter=rot13",
    "*.nix export-subst",
    "*.bin binary",
    "c* text=auto eol=crlf",
    "*.txt !text",
];

fn content(dice: &mut Dice, name: &[u8]) -> Vec<u8> {
    if name.ends_with(b".u16") {
        // git refuses what is no UTF-16 where it is said to be.
        return "zwölf\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    }
    match dice.roll(7) {
        0 => vec![],
        1 => b"one\ntwo\nthree\n".to_vec(),
        2 => b"one\r\ntwo\r\n".to_vec(),
        3 => b"mixed\r\nand\nlone\r\n\n".to_vec(),
        4 => b"$Id$ and $Format:%H$\n".to_vec(),
        5 => (0..=255u8).cycle().take(2000 + dice.roll(3000)).collect(),
        _ => format!("line {}\n", dice.roll(5)).repeat(dice.roll(200)).into_bytes(),
    }
}

/// Everything below a folder but `.git`: what kind it is and what it holds.
fn tree(top: &Utf8Path) -> Tree {
    fn walk(top: &Path, folder: &Path, into: &mut BTreeMap<PathBuf, (String, Vec<u8>)>) {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            let below = path.strip_prefix(top).expect("below").to_owned();
            let meta = path.symlink_metadata().expect("there");
            if below == Path::new(".git") {
                continue;
            }
            if meta.is_symlink() {
                let target = path.read_link().expect("a link").into_os_string().into_vec();
                into.insert(below, ("link".to_owned(), target));
            } else if meta.is_dir() {
                into.insert(below, ("folder".to_owned(), vec![]));
                walk(top, &path, into);
            } else {
                let program = meta.permissions().mode() & 0o100 != 0;
                let kind = if program { "program" } else { "file" };
                into.insert(below, (kind.to_owned(), std::fs::read(&path).expect("readable")));
            }
        }
    }
    let mut found = BTreeMap::new();
    walk(top.as_std_path(), top.as_std_path(), &mut found);
    found
}

type Tree = BTreeMap<PathBuf, (String, Vec<u8>)>;

/// The first ways in which two trees differ, each in a line.
fn differences(found: &Tree, expected: &Tree) -> String {
    let shown = |one: Option<&(String, Vec<u8>)>| {
        one.map_or("nothing".to_owned(), |(kind, bytes)| {
            format!("{kind} of {} bytes: {:.60}", bytes.len(), bytes.escape_ascii().to_string())
        })
    };
    let mut lines = vec![];
    for path in found.keys().chain(expected.keys().filter(|path| !found.contains_key(*path))) {
        if found.get(path) != expected.get(path) {
            let (own, gits) = (shown(found.get(path)), shown(expected.get(path)));
            lines.push(format!("{path:?}: {own}; git's: {gits}"));
        }
    }
    lines.truncate(5);
    lines.join("\n")
}

#[expect(clippy::disallowed_methods, reason = "the test sets the scene itself")]
fn fill(dice: &mut Dice, top: &Utf8Path) {
    for folder in FOLDERS {
        let folder = top.join(folder);
        std::fs::create_dir_all(&folder).expect("mkdir");
        for name in NAMES {
            let path = folder.as_std_path().join(OsString::from_vec(name.to_vec()));
            match dice.roll(8) {
                0 => {}
                1 => {
                    let target = dice.one(&["a", "nowhere", "..", "/etc/hostname", "sub/deep"]);
                    std::os::unix::fs::symlink(target, &path).expect("symlink");
                }
                roll => {
                    std::fs::write(&path, content(dice, name)).expect("write");
                    if roll == 2 {
                        let mode = std::fs::Permissions::from_mode(0o755);
                        std::fs::set_permissions(&path, mode).expect("chmod");
                    }
                }
            }
        }
        if dice.roll(2) == 0 {
            let lines: Vec<&str> = (0..dice.roll(5)).map(|_| dice.one(&ATTRIBUTES)).collect();
            std::fs::write(folder.join(".gitattributes"), lines.join("\n") + "\n").expect("write");
        }
    }
    std::fs::write(top.join("flake.nix"), "{ outputs = _: { }; }\n").expect("write");
}

#[test]
fn a_snapshot_and_a_studio_hold_what_a_checkout_of_git_holds() {
    for seed in 1..=testkit::rounds(12, 150) {
        let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let sandbox = Sandbox::new();
        let top = sandbox.root().join("server");
        sandbox.sh(sandbox.root(), "git init --quiet server").ok();
        let lines = dice.one(&[
            "",
            "git config --global core.autocrlf input",
            "git config --global core.autocrlf true; git config --global core.safecrlf false",
            "git config --global core.eol crlf; git config --global core.safecrlf false",
            "git config --global core.attributesFile ~/attributes; echo '*.b* -text' >~/attributes",
        ]);
        let rot13 = "git config --global filter.rot13.smudge 'tr a-z n-za-m'
             git config --global filter.rot13.clean 'tr a-z n-za-m'";
        sandbox.sh(&top, &format!("{rot13}\n{lines}")).ok();
        for message in ["before", "all"] {
            sandbox.sh(&top, "git ls-files -z | xargs -0r rm -f --").ok();
            fill(&mut dice, &top);
            let commit = "git add --all 2>/dev/null; git commit --quiet --allow-empty -m";
            sandbox.sh(&top, &format!("{commit} {message}")).ok();
        }
        sandbox.sh(&top, "git worktree add --quiet --detach ../plain").ok();
        let expected = tree(&sandbox.root().join("plain"));

        let studio = sandbox.run(&top, "studio one --upstream .").ok();
        let in_studio = tree(Utf8Path::new(&studio));
        assert_eq!(differences(&in_studio, &expected), "", "seed {seed}: the studio");
        assert_eq!(sandbox.run(&studio, "git status --porcelain").ok(), "", "seed {seed}");
        let snapshot = sandbox.run(&studio, "git mutable-snapshot").ok();
        let in_snapshot = tree(Utf8Path::new(&snapshot));
        assert_eq!(differences(&in_snapshot, &expected), "", "seed {seed}: the snapshot");
        for said in ["git status --porcelain --ignored", "git diff HEAD", "git fsck --strict"] {
            assert_eq!(sandbox.run(&snapshot, said).ok(), "", "seed {seed}: {said}");
        }
        let head = sandbox.run(&top, "git rev-parse HEAD").ok();
        assert_eq!(sandbox.run(&snapshot, "git rev-parse HEAD").ok(), head);

        // Once more with one change: from the pool this time.
        sandbox.sh(&studio, "echo >>flake.nix").ok();
        let next = sandbox.run(&studio, "git mutable-snapshot").ok();
        sandbox.sh(&studio, "git clone --quiet . ../../again").ok();
        let now = tree(&sandbox.studio_home().join("again"));
        let in_next = tree(Utf8Path::new(&next));
        assert_eq!(differences(&in_next, &now), "", "seed {seed}: the next");
        assert_eq!(sandbox.run(&next, "git status --porcelain").ok(), "", "seed {seed}");
        sandbox.run(&studio, "git mutable-hydrate HEAD~2").ok();
        // From the same commit: where attributes change, git leaves files as they are whose blobs do not.
        let checkout = "git checkout --quiet HEAD~2 || git checkout --quiet --force HEAD~2";
        sandbox.sh(sandbox.studio_home().join("again"), checkout).ok();
        let before = tree(&sandbox.studio_home().join("again"));
        let hydrated = tree(Utf8Path::new(&studio));
        assert_eq!(differences(&hydrated, &before), "", "seed {seed}: hydrated");
        assert_eq!(sandbox.run(&studio, "git status --porcelain").ok(), "", "seed {seed}");
        // The first one does not notice that it shares its files now.
        assert_eq!(sandbox.run(&snapshot, "git status --porcelain").ok(), "", "seed {seed}");
    }
}
