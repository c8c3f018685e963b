//! The quick comparison, gix's and git's own give the same on work trees of every kind.

use super::*;
use camino::Utf8PathBuf;
use testkit::Sandbox;

/// What every scene begins with: committed, and older than its index, so that stats prove something.
const BASE: &str = r#"
git init -q . && git config core.autocrlf false
mkdir -p deep/er/and/er sub/one sub/two keep/ignored swap.d
echo a >a; echo b >b; echo x >run; chmod +x run; ln -s a link; echo deep >deep/er/and/er/file
echo one >sub/one/f; echo two >sub/two/f; echo t >keep/ignored/tracked; echo s >swap.d/s; echo f >swap.f
printf '*.log\n/keep/ignored/\nbuild/\n!important.log\n' >.gitignore
printf 'nothing\n' >sub/.gitignore
: >empty; echo z >'z z'; printf 'n' >"$(printf 'na\377me')"; echo u >grün; echo c >Case; echo c >case
echo dot >a.b; mkdir a-b; echo q >a-b/q; echo 'new
line' >'new
line'
git add -A -f . && git commit -qm base
find . -path ./.git -prune -o -exec touch -h -d '2026-01-01 00:00:00' {} +
git update-index -q --refresh; touch -d '2026-01-01 01:00:00' .git/index
"#;

/// A repository at `repo` of a sandbox, after the script.
pub(in crate::git) fn scene(script: &str) -> (Sandbox, Utf8PathBuf) {
    let sandbox = Sandbox::new();
    let top = sandbox.root().join("repo");
    std::fs::create_dir(&top).expect("a folder");
    sandbox.sh("repo", &format!("set -e\n{BASE}")).ok();
    sandbox.sh("repo", &format!("set -e\n{script}")).ok();
    (sandbox, top)
}

fn told(changes: &Changes) -> String {
    let staged = |one: &(BString, Option<(gix::ObjectId, EntryKind)>)| format!("{one:?}");
    let mut staged: Vec<String> = changes.staged.iter().map(staged).collect();
    staged.sort();
    format!("{:#?}\n{:#?}\n{staged:#?}", changes.list, changes.sources)
}

/// Compares quickly and thoroughly; the quick way must be able to do it if `quick`.
fn both_agree(name: &str, script: &str, quick: bool) -> (Sandbox, Repo, Changes) {
    let (sandbox, top) = scene(script);
    let repo = Repo::open(&top).expect("a repository");
    let index = repo.gix.index_or_empty().expect("an index");
    let head = repo.gix.head_tree_id().expect("a tree").detach();
    let thorough = repo.thorough_comparison().expect("gix compares");
    let thorough = repo.changes_of(&index, head, thorough).expect("changes");
    let found = repo.quick_comparison(&index, head).expect("a comparison");
    assert_eq!(found.is_some(), quick, "{name}: whether it is quick");
    let changes = repo.changes().expect("changes");
    assert_eq!(told(&changes), told(&thorough), "{name}: quick and thorough differ");
    assert_eq!(
        repo.untrackable(&changes).expect("names"),
        repo.untrackable(&thorough).expect("names"),
        "{name}: what git cannot hold"
    );
    (sandbox, repo, changes)
}

/// And git itself.
fn all_agree(name: &str, script: &str, quick: bool) {
    let (sandbox, repo, changes) = both_agree(name, script, quick);
    let tree = repo.write_worktree_tree(&changes, &|_| false).expect("a tree");
    let git = "cp -p .git/index .git/i && GIT_INDEX_FILE=.git/i git add -A --ignore-errors >/dev/null 2>&1; \
               GIT_INDEX_FILE=.git/i git write-tree";
    assert_eq!(tree.to_string(), sandbox.sh("repo", git).ok(), "{name}: git's tree differs");
    let status = sandbox.sh("repo", "git status --porcelain -uall --ignore-submodules=dirty").ok();
    assert_eq!(changes.is_empty(), status.is_empty(), "{name}: git status says\n{status}");
    index_agrees(name, &sandbox, &repo, tree, changes.stale(), quick);
}

/// The index that is made for a tree is the one that git makes of it, and git finds nothing to look at in it.
fn index_agrees(
    name: &str,
    sandbox: &Sandbox,
    repo: &Repo,
    tree: Tree,
    stale: &Stale,
    quick: bool,
) {
    let from = repo.index_bytes().expect("an index");
    let bytes = repo.rewritten_index(&from, tree, &stale.0).expect("an index");
    assert!(bytes.is_some() || !quick, "{name}: whether the index is rewritten here");
    let Some(bytes) = bytes else { return };
    sandbox.write("repo/.git/ours", bytes);
    sandbox
        .sh(
            "repo",
            &format!(
                "cp -p .git/index .git/gits; export GIT_INDEX_FILE=.git/gits; git read-tree -m {tree} 2>/dev/null || git read-tree --reset {tree}; git update-index -q --refresh >/dev/null || true"
            ),
        )
        .ok();
    let of = |index: &str, ask: &str| {
        sandbox.sh("repo", &format!("GIT_INDEX_FILE=.git/{index} git {ask}")).ok()
    };
    let list = "ls-files -s -v -z";
    assert_eq!(of("ours", list), of("gits", list), "{name}: entries");
    assert_eq!(of("ours", "write-tree"), tree.to_string(), "{name}: remembered trees");
    let dirty = "diff-files --ignore-submodules=dirty";
    assert_eq!(of("ours", dirty), of("gits", dirty), "{name}: stats");
    let file = gix::index::File::at(
        repo.git_dir().join("ours"),
        gix::hash::Kind::Sha1,
        false,
        Default::default(),
    )
    .expect("gix reads it");
    file.verify_integrity().expect("the sum is right");
    let remembered = file.tree().expect("trees are remembered");
    assert_eq!(remembered.id, tree.0, "{name}");
    assert_eq!(remembered.num_entries, u32::try_from(file.entries().len()).ok(), "{name}");
}

#[test]
fn every_way_of_comparing_gives_the_same() {
    for (name, script) in [
        ("nothing", ""),
        ("one edited", "echo more >>deep/er/and/er/file"),
        ("same size, other time", "echo B >b"),
        ("same size and time in seconds", "sed -i s/one/eno/ sub/one/f; touch -d '2026-01-01' sub/one/f"),
        ("touched only", "touch a b run link sub/one/f"),
        ("modes", "chmod -x run; chmod +x a"),
        ("links", "ln -sfn b link; rm b; ln -s nowhere b; rm run; ln -s a run"),
        ("link to a file of the same bytes", "rm link; printf a >link"),
        ("deleted", "rm a; rm -r sub/one deep"),
        ("file to folder and back", "rm swap.f; mkdir swap.f; echo i >swap.f/i; rm -r swap.d; echo d >swap.d"),
        ("a folder becomes a link", "mv sub moved; ln -s moved sub"),
        ("a link to a folder beside it", "ln -s sub other"),
        ("new", "echo n >new; mkdir -p fresh/er; echo n >fresh/er/n; echo n >sub/n; mkdir void void/void"),
        ("ignored", "echo l >x.log; mkdir -p build/b; echo o >build/b/o; echo i >important.log; echo i >keep/ignored/i"),
        ("tracked and changed in an ignored folder", "echo more >>keep/ignored/tracked"),
        ("own rules of a folder", "echo hidden >sub/.gitignore; echo h >sub/hidden; echo h >sub/one/hidden; echo h >hidden"),
        ("rules of the repository", "echo '*.secret' >>.git/info/exclude; echo s >x.secret; echo s >sub/y.secret"),
        ("rules of the user", "echo '*.mine' >../mine; git config core.excludesFile ../mine; git config core.excludesFile \"$PWD/../mine\"; echo s >x.mine"),
        ("a rule for what is a folder only", "echo 'only/' >>.gitignore; echo f >only; mkdir sub/only; echo f >sub/only/f"),
        ("a rule taken back below", "printf '*\\n!*/\\n!*.keep\\n' >fresh.rules; mkdir z; mv fresh.rules z/.gitignore; mkdir z/y; echo k >z/y/a.keep; echo n >z/y/a.not"),
        ("what git cannot hold", "mkfifo pipe sub/pipe; mkfifo x.log"),
        ("names", "echo n >\"$(printf 'x\\377\\376')\"; mkdir \"$(printf 'd\\377')\"; echo n >\"$(printf 'd\\377')/f\"; echo n >' lead'; echo n >'a
b'; echo n >CASE; echo n >été; rm \"$(printf 'na\\377me')\""),
        ("names that sort around a slash", "echo 1 >sub.x; echo 1 >sub-; echo 1 >sub0; echo 1 >sub/onex; echo 1 >sub/one.x"),
        ("racily clean", "echo R >a; git add a; git commit -qm r; touch -d '2026-01-01 02:00:00' a; git update-index -q --refresh; printf 'S\\n' >a; touch -d '2026-01-01 02:00:00' a .git/index"),
        ("all racy", "touch -d '2026-01-01' .git/index; echo A >a; touch -d '2026-01-01' a"),
        ("assumed unchanged", "git update-index --assume-unchanged a b; echo other >a; rm b"),
        ("staged", "echo s >a; git add a; echo t >>a; echo n >n; git add n; git rm -q b"),
        ("staged and taken away", "echo n >n; git add n; rm n; git rm -q --cached sub/one/f"),
        ("staged is what HEAD has again", "echo s >a; git add a; git checkout -q HEAD -- a; git add a"),
        ("staged folders", "rm -r sub; git add -A; mkdir sub; echo o >sub/o; git add sub/o; mkdir -p neu/er; echo n >neu/er/n; git add neu"),
        ("without a remembered tree", "rm .git/index; git read-tree HEAD; git rm -q --cached a"),
        ("filters", "git config filter.up.clean 'tr a-z A-Z'; git config filter.up.smudge 'tr A-Z a-z'; echo '*.up filter=up' >.gitattributes; echo abc >f.up; git add -A; git commit -qm f; echo abd >f.up; touch a"),
        ("line ends", "echo '*.txt text eol=crlf' >.gitattributes; printf 'a\\r\\n' >f.txt; printf 'a\\r\\n' >g.txt; git add -A; git commit -qm f; printf 'a\\n' >f.txt; printf 'b\\r\\n' >g.txt"),
        ("line ends by themselves", "git config core.autocrlf true; printf 'a\\r\\n' >f.txt; git add -A; git commit -qm f; touch f.txt a; printf 'a\\r\\nb\\r\\n' >>b"),
        ("a submodule", "git init -q ../m; git -C ../m commit -q --allow-empty -m m; git -c protocol.file.allow=always submodule -q add ../m m; git commit -qm m; echo in >m/in"),
        ("a submodule that is gone", "git init -q ../m; git -C ../m commit -q --allow-empty -m m; git -c protocol.file.allow=always submodule -q add ../m m; git commit -qm m; rm -rf m"),
        ("an ignored repository", "mkdir build; git init -q build/r; echo x >build/r/x"),
        ("a folder with nothing but ignored files", "mkdir -p logs/er; echo l >logs/er/x.log"),
        ("no check of ctime", "git config core.trustCtime false; chmod 600 a; echo n >n"),
        (
            "many doubtful files",
            "mkdir many; for i in $(seq 1100); do echo $i >many/$i; done; git add -A; git commit -qm many; touch -d '2026-02-02' many/*; echo x >many/7",
        ),
        ("very deep", "p=d; for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do p=$p/ddddddddddddddd; done; mkdir -p $p; echo f >$p/f; git add -A; git commit -qm d; echo g >$p/f; echo h >$p/h"),
    ] {
        all_agree(name, script, true);
    }
}

#[test]
fn a_file_that_became_what_git_cannot_hold_is_gone() {
    // git refuses to look at it and keeps what it had; a snapshot must not say that it is still there.
    let (_sandbox, repo, changes) = both_agree("a pipe", "rm a; mkfifo a", true);
    let tree = repo.write_worktree_tree(&changes, &|_| false).expect("a tree");
    assert!(repo.file_in(tree, "a").expect("a tree").is_none());
}

#[test]
fn what_is_unusual_is_left_to_gix() {
    for (name, script) in [
        ("intent to add", "echo n >n; git add -N n"),
        ("skipped", "git update-index --skip-worktree a; echo other >a; rm b"),
        (
            "unmerged",
            "git switch -qc o; echo o >a; git commit -qam o; git switch -q -; echo m >a; git commit -qam m; git merge o >/dev/null 2>&1 || true",
        ),
        (
            "a nested repository with a commit",
            "git init -q nest; git -C nest commit -q --allow-empty -m n; echo f >nest/f",
        ),
        ("no modes", "git config core.fileMode false; chmod +x a; echo n >n"),
        ("stats that say little", "git config core.checkStat minimal; echo n >n; touch a"),
    ] {
        all_agree(name, script, false);
    }
}

#[test]
fn what_was_racy_is_made_sure_of_before_git_stops_suspecting_it() {
    // The same size and times as recorded, and another content; only that the index is no younger gives it away.
    let script = "git config core.trustCtime false; printf 'S\\n' >a; touch -d '2026-01-01 00:00:00' a .git/index";
    let (sandbox, top) = scene(script);
    let repo = Repo::open(&top).expect("a repository");
    let head = Tree(repo.gix.head_tree_id().expect("a tree").detach());
    let index = repo.prepare_index(head, &Stale::default()).expect("an index");
    repo.install_index(&index).expect("put in place");
    assert_eq!(sandbox.sh("repo", "git diff-files --name-only").ok(), "a");
    let changes = Repo::open(&top).expect("a repository").changes().expect("changes");
    assert_eq!(changes.list.len(), 1);
}

#[test]
fn an_index_whose_stats_are_stale_is_refreshed_and_keeps_what_is_in_it() {
    let (sandbox, top) = scene("git update-index --assume-unchanged run; touch a b sub/one/f");
    let open = || Repo::open(&top).expect("a repository");
    let stale = || open().changes().expect("changes").stale().clone();
    let before = sandbox.sh("repo", "git ls-files -s -v").ok();
    assert_eq!(stale().len(), 3);
    open().refresh_index(&stale()).expect("refreshed");
    assert_eq!(sandbox.sh("repo", "git ls-files -s -v; git diff-files").ok(), before);
    // What is as young as the index itself may have to be looked at again.
    sandbox.sh("repo", "touch -d 2040-01-01 .git/index").ok();
    assert!(stale().is_empty());
    // What is staged is nobody's to take away.
    sandbox.sh("repo", "echo s >n; git add n; git rm -q --cached b; touch a").ok();
    let staged = sandbox.sh("repo", "git ls-files -s").ok();
    open().refresh_index(&stale()).expect("left as it is");
    assert_eq!(sandbox.sh("repo", "git ls-files -s").ok(), staged);
}
