//! What a folder is before and after, with the inode and time of each file.

use super::*;
use std::os::unix::fs::MetadataExt;

const TOOL: &str = "some-tool";

struct Scene {
    _keep: tempfile::TempDir,
    place: Utf8PathBuf,
}

impl Scene {
    fn new() -> Scene {
        let dir = tempfile::tempdir().expect("temp dir");
        let root = fs::utf8(dir.path()).expect("utf-8");
        Scene { _keep: dir, place: root.join("above/out") }
    }

    fn write(&self, files: &[(&str, &str)]) -> Result<Written> {
        write(&self.place, &tree(files), TOOL, Overwrite::OnlyGenerated)
    }

    fn force(&self, files: &[(&str, &str)]) -> Written {
        write(&self.place, &tree(files), TOOL, Overwrite::Anything).expect("forced")
    }

    fn put(&self, path: &str, text: &str) {
        let path = self.place.join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("mkdir");
        let _ = fs::remove_file(&path);
        fs::write_new(&path, text.as_bytes()).expect("write");
    }

    fn text(&self, path: &str) -> String {
        String::from_utf8(fs::read(&self.place.join(path)).expect(path)).expect("text")
    }

    /// Everything above the place, folders by their names only.
    fn all(&self) -> Vec<String> {
        fn list(folder: &Utf8Path, prefix: &str, names: &mut Vec<String>) {
            for entry in folder.read_dir_utf8().expect("list").flatten() {
                let path = format!("{prefix}{}", entry.file_name());
                if entry.file_type().expect("type").is_dir() {
                    list(entry.path(), &format!("{path}/"), names);
                } else {
                    names.push(path);
                }
            }
        }
        let mut names = Vec::new();
        list(self.place.parent().expect("above"), "", &mut names);
        names.sort();
        names
    }

    fn stat(&self, path: &str) -> (u64, i64, i64) {
        let meta = self.place.join(path).symlink_metadata().expect(path);
        (meta.ino(), meta.mtime(), meta.mtime_nsec())
    }
}

fn tree(files: &[(&str, &str)]) -> Tree {
    let mut tree = Tree::new();
    for (path, text) in files {
        let kind = if path.ends_with(".sh") { Kind::Executable } else { Kind::Plain };
        tree.add(path, *text, kind).expect("path");
    }
    tree
}

fn shown(error: &Error) -> String {
    let mut lines = vec![error.message().to_owned()];
    lines.extend(error.causes().iter().map(|cause| format!("  {cause}")));
    lines.join("\n")
}

#[test]
fn the_same_again_touches_nothing_and_little_changes_little() {
    let scene = Scene::new();
    let one =
        [("flake.nix", "{ }\n"), ("src/a.rs", "a"), ("src/b.rs", "b"), ("run.sh", "#!/bin/sh\n")];
    let written = scene.write(&one).expect("written");
    let changes: Vec<String> = written.changes.iter().map(Change::to_string).collect();
    assert_eq!(changes, ["add flake.nix", "add run.sh", "add src/a.rs", "add src/b.rs"]);
    let files =
        ["out/.generated.json", "out/flake.nix", "out/run.sh", "out/src/a.rs", "out/src/b.rs"];
    assert_eq!(scene.all(), files);
    assert_eq!(scene.place.join("run.sh").metadata().expect("stat").mode() & 0o100, 0o100);

    let stats =
        || [".", ".generated.json", "flake.nix", "src", "src/a.rs"].map(|path| scene.stat(path));
    let before = stats();
    assert_eq!(scene.write(&one).expect("written").changes, []);
    assert_eq!(stats(), before);

    let two =
        [("flake.nix", "{ }\n"), ("src/a.rs", "A"), ("src/c.rs", "c"), ("run.sh", "#!/bin/sh\n")];
    let kept = ["flake.nix", "run.sh"].map(|path| scene.stat(path));
    let comparison = compare(&scene.place, &tree(&two), TOOL).expect("compared");
    let written = scene.write(&two).expect("written");
    assert_eq!(comparison.changes(), written.changes);
    let changes: Vec<String> = written.changes.iter().map(Change::to_string).collect();
    assert_eq!(changes, ["change src/a.rs", "remove src/b.rs", "add src/c.rs"]);
    assert_eq!(["flake.nix", "run.sh"].map(|path| scene.stat(path)), kept);
    assert_eq!(scene.text("src/a.rs"), "A");
    let files =
        ["out/.generated.json", "out/flake.nix", "out/run.sh", "out/src/a.rs", "out/src/c.rs"];
    assert_eq!(scene.all(), files);
}

#[test]
fn what_was_done_by_hand_is_refused_by_name_and_kept_when_forced() {
    let scene = Scene::new();
    let files = [("a", "1"), ("b", "2"), ("c/d", "3"), ("e", "5")];
    scene.write(&files).expect("written");
    // The same length, and the time of before: only the mark tells.
    scene.put("a", "9");
    fs::remove_file(&scene.place.join("b")).expect("removed");
    scene.put("c/mine", "4");
    // Written again with what it has to have: nobody's edit.
    scene.put("e", "5");
    for files in [&files[..], &[("a", "2")]] {
        let error = scene.write(files).expect_err("refused");
        let b = if files.len() > 1 { "\n  `b` was removed" } else { "" };
        assert_eq!(
            shown(&error),
            format!(
                "`{}` was changed by hand since it was generated\n  `a` was edited{b}\n  `c/mine` was added",
                scene.place
            )
        );
        assert_eq!(scene.text("a"), "9");
    }
    let written = scene.force(&files);
    let kept = written.kept.expect("kept");
    assert_eq!(kept.file_name(), Some("out.kept-1"));
    let all = [
        "out.kept-1/a",
        "out.kept-1/c/mine",
        "out/.generated.json",
        "out/a",
        "out/b",
        "out/c/d",
        "out/e",
    ];
    assert_eq!(scene.all(), all);
    assert_eq!(fs::read(&kept.join("a")).expect("read"), b"9");
    assert_eq!(scene.text("a"), "1");
    assert_eq!(scene.write(&files).expect("ours again").changes, []);
}

#[test]
fn a_folder_of_somebody_else_is_refused() {
    let scene = Scene::new();
    scene.put("notes", "mine");
    let error = scene.write(&[("a", "1")]).expect_err("refused");
    let message =
        format!("`{}` is not empty, and `some-tool` did not generate it\n  `notes`", scene.place);
    assert_eq!(shown(&error), message);
    assert_eq!(scene.all(), ["out/notes"]);
    scene.force(&[("a", "1")]);
    assert_eq!(scene.all(), ["out.kept-1/notes", "out/.generated.json", "out/a"]);

    let other = write(&scene.place, &tree(&[("a", "1")]), "other-tool", Overwrite::OnlyGenerated);
    let message = format!("`{}` was generated by `some-tool`, not by `other-tool`", scene.place);
    assert_eq!(shown(&other.expect_err("refused")), message);

    scene.put(MANIFEST, "<<<<<<< HEAD\n");
    let error = scene.write(&[("a", "2")]).expect_err("refused");
    let message = format!("`{}/.generated.json` cannot be used", scene.place);
    assert!(shown(&error).starts_with(&message), "{}", shown(&error));

    let file = scene.place.join("a");
    let error = write(&file, &tree(&[]), TOOL, Overwrite::Anything).expect_err("a file");
    assert_eq!(error.message(), format!("`{file}` is a file, and a folder is wanted"));
    let link = scene.place.with_file_name("link");
    fs::symlink_atomic(&scene.place, &link).expect("link");
    let error = write(&link, &tree(&[]), TOOL, Overwrite::Anything).expect_err("a link");
    assert_eq!(error.message(), format!("`{link}` is a symbolic link, and a folder is wanted"));
    assert!(error.hints()[0].contains(scene.place.as_str()), "{:?}", error.hints());
}

#[test]
fn what_other_programs_leave_is_nobodys_edit_and_stays() {
    let scene = Scene::new();
    scene
        .write(&[("flake.nix", "1"), ("sub/flake.nix", "1"), ("gone/flake.nix", "1")])
        .expect("written");
    for (path, text) in [
        (".git/HEAD", "ref"),
        ("flake.lock", "{}"),
        ("sub/flake.lock", "{}"),
        ("gone/flake.lock", "{}"),
        ("sub/target/debug/x", "built"),
    ] {
        scene.put(path, text);
    }
    fs::symlink_atomic("/nix/store/x".into(), &scene.place.join("result")).expect("link");
    assert_eq!(
        scene.write(&[("flake.nix", "2"), ("sub/flake.nix", "1")]).expect("written").changes.len(),
        2
    );
    let all = [
        "out/.generated.json",
        "out/.git/HEAD",
        "out/flake.lock",
        "out/flake.nix",
        "out/result",
        "out/sub/flake.lock",
        "out/sub/flake.nix",
        "out/sub/target/debug/x",
    ];
    assert_eq!(scene.all(), all);
    // A file of that name that is no link is one like any other.
    scene.put("sub/result", "mine");
    assert!(scene.write(&[("flake.nix", "3")]).is_err());
}

#[test]
fn remains_of_a_killed_run_go_and_a_repository_in_them_comes_back() {
    let scene = Scene::new();
    let files = [("a", "1")];
    scene.write(&files).expect("written");
    let beside = |name: &str| scene.place.with_file_name(name);
    fs::create_dir_all(&beside(".tmp-out-1-0/half")).expect("mkdir");
    fs::create_dir_all(&beside(".tmp-out-2-0/.git")).expect("mkdir");
    fs::write_new(&beside(".tmp-out-2-0/.git/HEAD"), b"ref").expect("write");
    fs::create_dir_all(&beside(".tmp-mine")).expect("mkdir");
    fs::write_new(&beside(".tmp-mine/x"), b"x").expect("write");
    assert_eq!(scene.write(&files).expect("written").changes, []);
    assert_eq!(scene.all(), [".tmp-mine/x", "out/.generated.json", "out/.git/HEAD", "out/a"]);
    // Between the two renames of a file system that cannot exchange.
    fs::rename(&scene.place, &beside(".was-out")).expect("rename");
    assert_eq!(scene.write(&files).expect("written").changes, []);
    assert_eq!(scene.all(), [".tmp-mine/x", "out/.generated.json", "out/.git/HEAD", "out/a"]);
}

#[test]
fn what_is_not_approved_leaves_nothing_and_what_is_there_is_not_asked_about() {
    let scene = Scene::new();
    let files = tree(&[("a", "1")]);
    let asked =
        |answer: Result<()>| write_if(&scene.place, &files, TOOL, Overwrite::Anything, || answer);
    let error = asked(Err(Error::new("no"))).expect_err("not approved");
    assert_eq!(error.message(), "no");
    assert!(!scene.place.with_file_name("").exists(), "the folder above is left");
    asked(Ok(())).expect("approved");
    assert_eq!(asked(Err(Error::new("no"))).expect("not asked").changes, []);
}

#[test]
fn an_empty_folder_is_taken_and_keeps_its_permissions() {
    let scene = Scene::new();
    fs::create_dir_all(&scene.place).expect("mkdir");
    fs::set_mode(scene.place.as_std_path(), 0o700).expect("chmod");
    scene.write(&[("a", "1")]).expect("written");
    assert_eq!(scene.place.metadata().expect("stat").mode() & 0o777, 0o700);
    // A mode is no work of anybody: it is put right without a word.
    fs::set_mode(scene.place.join("a").as_std_path(), 0o755).expect("chmod");
    let written = scene.write(&[("a", "1")]).expect("written");
    assert_eq!(written.changes[0].to_string(), "change a");
    assert_eq!(scene.place.join("a").metadata().expect("stat").mode() & 0o100, 0);
}

#[test]
fn a_link_in_the_place_of_a_folder_is_an_edit() {
    let scene = Scene::new();
    let files = [("src/a", "1")];
    scene.write(&files).expect("written");
    fs::rename(&scene.place.join("src"), &scene.place.with_file_name("elsewhere")).expect("rename");
    fs::symlink_atomic("../elsewhere".into(), &scene.place.join("src")).expect("link");
    let error = scene.write(&[("src/a", "2")]).expect_err("refused");
    assert!(
        shown(&error).ends_with("`src` was added\n  `src/a` was removed")
            || shown(&error).ends_with("`src` was added"),
        "{}",
        shown(&error)
    );
    scene.force(&[("src/a", "2")]);
    assert_eq!(scene.all(), ["elsewhere/a", "out.kept-1/src", "out/.generated.json", "out/src/a"]);
}

#[test]
fn what_was_done_by_hand_is_seen_without_knowing_what_is_to_be() {
    let scene = Scene::new();
    let seen = || {
        let (files, by_hand) = by_hand(&scene.place, TOOL).expect("generated");
        (files, by_hand.iter().map(ToString::to_string).collect::<Vec<_>>())
    };
    let error = by_hand(&scene.place, TOOL).expect_err("nothing is there");
    assert!(error.message().ends_with("was not generated by `some-tool`"), "{error}");
    scene.write(&[("a", "1"), ("b/c", "2"), ("b/d", "3")]).expect("written");
    assert_eq!(seen(), (3, vec![]));
    scene.put("b/c", "other");
    scene.put("b/e", "new");
    scene.put("flake.lock", "left by nix");
    fs::remove_file(&scene.place.join("a")).expect("removed");
    assert_eq!(seen().1, ["`a` was removed", "`b/c` was edited", "`b/e` was added"]);
    let error = by_hand(&scene.place, "other-tool").expect_err("not its own");
    assert!(error.message().ends_with("was generated by `some-tool`"), "{error}");
}
