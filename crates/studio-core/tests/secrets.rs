//! What a look at the files of a commit reads, and how long it takes.

use camino::Utf8Path;
use std::fmt::Write;
use std::time::Instant;
use studio_core::git::Repo;
use studio_core::home::Home;
use studio_core::names::CommitId;
use studio_core::secrets::{Part, look};
use testkit::Sandbox;

/// `FILE:LINE: WHAT`, with a mark behind what is history.
fn looked(home: &Home, top: &Utf8Path, commit: &str, before: Option<&str>) -> Vec<String> {
    let repo = Repo::open(top).expect("a repository");
    let id = |id: &str| CommitId::new(id).expect("an id");
    let part =
        Part { repo: &repo, commit: id(commit), before: before.map(id), prefix: "sub/".into() };
    let places = look(home, &[part]).expect("readable");
    let shown = places.iter().map(|place| {
        let history = if place.in_history { " (history)" } else { "" };
        format!("{}:{}: {}{history}", place.path, place.finding.line, place.finding.what)
    });
    shown.collect()
}

#[test]
fn what_was_looked_at_is_not_read_again() {
    let sandbox = Sandbox::new();
    let home = Home::at(sandbox.studio_home());
    let top = sandbox.root().join("flake");
    let commit = |script: &str| {
        let script = format!("{script}; git add -A; git commit -qm x; git rev-parse HEAD");
        sandbox.sh(&top, &script).ok()
    };
    sandbox.sh("", "git init -q flake").ok();
    sandbox.write(top.join("a/b/c.nix"), "{ password = \"hunter2\"; }\n");
    sandbox.write(top.join("a/plain.nix"), "{ }\n");
    // The same content is read as Nix only where it is.
    sandbox.write(top.join("a/b/c.txt"), "{ password = \"hunter2\"; }\n");
    let first = commit("for n in 1 2 3 4 5; do mkdir d$n; echo $n >d$n/file; done");
    let found = ["sub/a/b/c.nix:1: a password (history)"];
    assert_eq!(looked(&home, &top, &first, None), found);

    // Whatever it read is away: trees are read again only above what changed, files not at all.
    let blobs = "git cat-file --batch-all-objects --batch-check | grep ' blob ' | cut -d' ' -f1";
    let hide = format!(
        "mkdir -p ../hidden; for id in $({blobs}); do mv .git/objects/$(echo $id | sed 's|..|&/|') ../hidden/$id; done"
    );
    sandbox.sh(&top, &hide).ok();
    assert_eq!(looked(&home, &top, &first, None), found);
    let back = "for id in $(ls ../hidden); do mv ../hidden/$id .git/objects/$(echo $id | sed 's|..|&/|'); done";
    sandbox.sh(&top, back).ok();
    sandbox.write(top.join("a/plain.nix"), "{ psk = \"of the house\"; }\n");
    let second = commit("true");
    let new =
        sandbox.sh(&top, "git rev-parse HEAD:a/plain.nix HEAD~1:a/plain.nix HEAD:a/b/c.nix").ok();
    sandbox.sh(&top, &hide).ok();
    for id in new.lines() {
        let back = format!("mv ../hidden/{id} .git/objects/$(echo {id} | sed 's|..|&/|')");
        sandbox.sh(&top, &back).ok();
    }
    assert_eq!(
        looked(&home, &top, &second, Some(&first)),
        ["sub/a/b/c.nix:1: a password (history)", "sub/a/plain.nix:1: a password"]
    );

    // Without the cache, or with a damaged one, all of it is read; and then it cannot be.
    let cache = sandbox.studio_home().join("cache/secrets");
    sandbox.write(&cache, "damaged");
    let repo = Repo::open(&top).expect("a repository");
    let id = CommitId::new(&second).expect("an id");
    let part = Part { repo: &repo, commit: id, before: None, prefix: String::new() };
    let error = look(&home, &[part]).expect_err("hidden");
    assert!(error.message().contains("cannot be read"), "{error:?}");
}

#[test]
fn large_files_links_and_submodules_are_passed_over() {
    let sandbox = Sandbox::new();
    let home = Home::at(sandbox.studio_home());
    let script = "git init -q flake && cd flake
        { echo '{ password = \"hunter2\"; }'; head -c 2000000 /dev/zero | tr '\\0' ' '; } >large.nix
        ln -s '{ password = \"hunter2\"; }' link.nix
        git init -q in && git -C in commit -q --allow-empty -m x
        git -c advice.addEmbeddedRepo=false add -A && git commit -qm x && git rev-parse HEAD";
    let commit = sandbox.sh("", script).ok();
    assert_eq!(looked(&home, &sandbox.root().join("flake"), &commit, None), [""; 0]);
}

#[test]
#[expect(clippy::print_stdout, reason = "the times are for people")]
fn a_look_at_many_files_finds_nothing_and_tells_its_times() {
    let files = testkit::rounds(3_000, 100_000);
    let sandbox = Sandbox::new();
    let home = Home::at(sandbox.studio_home());
    let top = sandbox.root().join("flake");
    sandbox.sh("", "git init -q flake").ok();
    // As nixpkgs has them: a few hundred bytes to a few thousand, many in a folder of its own.
    let mut stream =
        String::from("commit refs/heads/main\ncommitter A <a@b.c> 0 +0000\ndata 1\nx\n");
    for n in 0..files {
        let hash = format!("{:x}", n.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let mut text =
            format!("{{ lib, fetchurl, stdenv }}:\nstdenv.mkDerivation {{\n  pname = \"p{n}\";\n");
        for line in 0..n % 40 {
            let _ = writeln!(
                text,
                "  option{line} = [ \"{hash}-{line}\" ./patch-{line}.patch ]; # as it is"
            );
        }
        let _ = writeln!(text, "  src = fetchurl {{ hash = \"sha256-{hash}\"; }};\n}}");
        if n % 1000 == 7 {
            text.push_str("# the secret of a token is not the password\n");
        }
        let _ = write!(
            stream,
            "M 644 inline pkgs/{:02x}/{n}/default.nix\ndata {}\n{text}\n",
            n % 251,
            text.len()
        );
    }
    sandbox.write("stream", stream);
    let commit = sandbox
        .sh(&top, "git fast-import --quiet <../stream && git repack -adq && git rev-parse main")
        .ok();
    let reading = Instant::now();
    sandbox.sh(&top, "git cat-file --batch-all-objects --batch >/dev/null").ok();
    let reading = reading.elapsed();
    let mut report = format!("{files} files: reading by git {reading:.2?}");
    for what in ["first look", "again"] {
        let start = Instant::now();
        assert_eq!(looked(&home, &top, &commit, None), [""; 0]);
        let _ = write!(report, ", {what} {:.2?}", start.elapsed());
    }
    let script = "git checkout -q main -- pkgs/07/7/default.nix && git read-tree main
        echo '{ token = 1; }' >pkgs/07/7/default.nix && git update-index pkgs/07/7/default.nix
        echo x | git commit-tree $(git write-tree) -p main";
    let next = sandbox.sh(&top, script).ok();
    let start = Instant::now();
    assert_eq!(looked(&home, &top, &next, Some(&commit)), [""; 0]);
    let _ = write!(report, ", after a change {:.2?}", start.elapsed());
    testkit::report("secrets.md", &format!("{report}\n"));
    println!("{report}");
}
