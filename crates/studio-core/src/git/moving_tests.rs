//! A work tree that is moved here is the one that git would have made; what is not plain is not touched.

use super::*;
use crate::git::changes::tests::scene;
use testkit::Sandbox;

/// A repository whose HEAD is what the scene begins with, and whose branch `to` has what `script` makes of it.
fn two_states(script: &str) -> (Sandbox, Repo, Tree, Tree) {
    let (sandbox, top) = scene(&format!(
        "git switch -q -c to; {script}\ngit add -A -f . ':!*.ign'; git commit -q --allow-empty -m to; git switch -q -"
    ));
    let repo = Repo::open(&top).expect("a repository");
    let tree = |name: &str| repo.tree_of(&repo.resolve(name).expect("a commit")).expect("a tree");
    let (from, to) = (tree("HEAD"), tree("to"));
    (sandbox, repo, from, to)
}

/// All of the work tree: names, modes and content.
fn picture(sandbox: &Sandbox, folder: &str) -> String {
    sandbox
        .sh(folder, "find . -path ./.git -prune -o -printf '%p %y %m %l\\n' | LC_ALL=C sort; \
                     find . -path ./.git -prune -o -type f -print0 | LC_ALL=C sort -z | xargs -0 sha1sum")
        .ok()
}

#[test]
fn what_is_moved_is_what_git_checks_out() {
    for (name, script) in [
        ("nothing", ""),
        ("content", "echo other >a; echo more >>deep/er/and/er/file; : >b; echo full >empty"),
        (
            "modes and kinds",
            "chmod -x run; chmod +x a; ln -sfn b link; rm b; ln -s nowhere b; rm 'z z'; ln -s a 'z z'",
        ),
        ("links become files", "rm link; echo was >link"),
        ("gone with their folders", "git rm -qr deep sub/one swap.d; git rm -q a"),
        (
            "new with their folders",
            "mkdir -p fresh/er/est; echo n >fresh/er/est/n; echo m >sub/one/m; echo x >x; chmod +x x; ln -s x fresh/l",
        ),
        ("a folder goes and comes", "git rm -qr sub/one; mkdir sub/three; echo 3 >sub/three/f"),
        (
            "names",
            "echo n >\"$(printf 'x\\377\\376')\"; echo n >\"$(printf 'na\\377me')\"; echo n >' lead'; echo n >'a\nb'; git rm -q grün; git rm -q Case",
        ),
        (
            "names that sort around a slash",
            "echo 1 >sub.x; echo 1 >sub-; echo 1 >sub0; echo 1 >sub/onex; git rm -q a-b/q",
        ),
    ] {
        let (sandbox, repo, from, to) = two_states(script);
        sandbox.sh("repo", "mkdir -p build void; echo kept >build/kept; echo kept >x.log; echo kept >deep/x.log").ok();
        let index = repo
            .move_quickly(from, to)
            .expect("moved")
            .unwrap_or_else(|| panic!("{name}: not plain"));
        // What git makes of the same.
        sandbox
            .sh("repo", "git worktree add -q --detach ../theirs to; cd ../theirs; mkdir -p build void; echo kept >build/kept; \
                 echo kept >x.log; mkdir -p deep; echo kept >deep/x.log; rm .git")
            .ok();
        assert_eq!(picture(&sandbox, "repo"), picture(&sandbox, "theirs"), "{name}");
        sandbox.sh("repo", "git symbolic-ref HEAD refs/heads/to").ok();
        repo.install_index(&index.index).expect("put in place");
        assert_eq!(sandbox.sh("repo", "git status --porcelain -uno").ok(), "", "{name}");
        assert_eq!(sandbox.sh("repo", "git diff-files").ok(), "", "{name}: stats");
        assert_eq!(sandbox.sh("repo", "git write-tree").ok(), to.to_string(), "{name}: remembered");
        assert!(
            !sandbox.sh("repo", "ls .git/studio").ok().contains("incoming"),
            "{name}: left over"
        );
    }
}

#[test]
fn what_git_converts_is_left_to_git() {
    let (sandbox, top) = scene(
        "git config filter.up.clean 'tr a-z A-Z'; git config filter.up.smudge 'tr A-Z a-z'; \
         printf '*.up filter=up\\n*.txt text eol=crlf\\n' >.gitattributes; git add .gitattributes; git commit -qm rules; \
         git switch -qc to; echo abc >f.up; printf 'a\\r\\nb\\r\\n' >f.txt; git add -A; git commit -qm to; git switch -q -",
    );
    let repo = Repo::open(&top).expect("a repository");
    let tree = |name: &str| repo.tree_of(&repo.resolve(name).expect("a commit")).expect("a tree");
    let before = picture(&sandbox, "repo");
    assert!(repo.move_quickly(tree("HEAD"), tree("to")).expect("looked").is_none());
    assert_eq!(picture(&sandbox, "repo"), before);
}

#[test]
fn what_is_not_plain_is_left_to_git_untouched() {
    for (name, other, here) in [
        ("an untracked file in the way", "echo n >new", "echo mine >new"),
        ("an ignored file in the way", "echo n >new.log", "echo mine >new.log"),
        ("an untracked folder in the way", "echo n >new", "mkdir new; echo mine >new/f"),
        (
            "an ignored file where a folder comes",
            "mkdir build; echo n >build/n",
            "echo mine >build",
        ),
        ("a link where a folder comes", "mkdir new; echo n >new/n", "ln -s sub new"),
        ("a file becomes a folder", "git rm -q swap.f; mkdir swap.f; echo n >swap.f/n", ""),
        ("a folder becomes a file", "git rm -qr swap.d; echo n >swap.d", ""),
        ("attributes", "echo '* text=auto' >.gitattributes", ""),
        (
            "ident",
            "printf '$Id$\\n' >.git/info/id; cp .git/info/id f.id; echo '*.id ident' >.git/info/attributes",
            "",
        ),
        ("changed since", "echo n >a", "echo mine >a"),
        ("changed since, and goes", "git rm -q a", "echo mine >a"),
        ("gone since", "echo n >a", "rm a"),
        ("staged since", "echo n >a", "echo mine >b; git add b"),
        (
            "a submodule",
            "git init -q ../m; git -C ../m commit -q --allow-empty -m m; git -c protocol.file.allow=always submodule -q add ../m m",
            "",
        ),
    ] {
        let (sandbox, repo, from, to) = two_states(other);
        sandbox.sh("repo", &format!("{here}\ntrue")).ok();
        let before = picture(&sandbox, "repo");
        assert!(repo.move_quickly(from, to).expect("looked at").is_none(), "{name}");
        assert_eq!(picture(&sandbox, "repo"), before, "{name}");
    }
}

#[test]
fn an_exchange_that_stops_half_way_is_taken_back() {
    let (sandbox, repo, from, to) = two_states(
        "echo other >a; git rm -q b; mkdir -p fresh/er; echo n >fresh/er/n; echo z >zz; echo s >sub/one/f",
    );
    let before = picture(&sandbox, "repo");
    let folder = repo.git_dir().join("studio/incoming-test");
    fs::create_dir_all(&folder).expect("a folder");
    let mut plan = repo.plan(from, to).expect("looked at").expect("plain");
    repo.bring(&plan, &folder).expect("brought");
    // The last that comes in is lost on the way.
    let last = plan.come.last().expect("files come in");
    fs::remove_file(&incoming(&folder, last)).expect("removed");
    assert!(repo.exchange(&plan, &folder).is_err());
    assert_ne!(picture(&sandbox, "repo"), before);
    repo.put_back(&plan).expect("put back");
    assert_eq!(picture(&sandbox, "repo"), before);
    assert_eq!(sandbox.sh("repo", "git status --porcelain; git diff-files").ok(), "");
    // A second time, all the way through `carry_out`, where no folder is to bring it to.
    fs::remove_tree(&folder).expect("removed");
    plan = repo.plan(from, to).expect("looked at").expect("plain");
    assert!(repo.carry_out(&mut plan, &folder).expect("left to git").is_none());
    assert_eq!(picture(&sandbox, "repo"), before);
}
