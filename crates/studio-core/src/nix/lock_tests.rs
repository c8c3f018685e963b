//! Tests of the JSON part of `flake.lock`.

use super::*;

fn git(rev: &str, url: &str, extra: &str) -> String {
    format!(
        r#""locked": {{
        "lastModified": 1700000000,
        "narHash": "sha256-{rev}",
        "ref": "main",
        "rev": "{rev}",
        "revCount": 2,
        "type": "git",
        "url": "{url}"
      }},
      "original": {{
        "ref": "main",
        "type": "git",
        "url": "{url}"
      }}{extra}"#
    )
}

/// A lock as Nix writes it: `dep` with an input of its own, `other` that follows into it, and `nixpkgs` of both.
fn lock(dep_rev: &str, dep_url: &str) -> String {
    let dep = git(dep_rev, dep_url, "");
    let other = git("bbbb", "https://x/other", "");
    let pkgs = git("cccc", "https://x/nixpkgs", "");
    let pkgs_2 = git("dddd", "https://x/nixpkgs", "");
    format!(
        r#"{{
  "nodes": {{
    "dep": {{
      "inputs": {{
        "nixpkgs": "nixpkgs"
      }},
      {dep}
    }},
    "nixpkgs": {{
      {pkgs}
    }},
    "nixpkgs_2": {{
      {pkgs_2}
    }},
    "other": {{
      "inputs": {{
        "lib": [
          "dep",
          "nixpkgs"
        ]
      }},
      {other}
    }},
    "root": {{
      "inputs": {{
        "dep": "dep",
        "nixpkgs": "nixpkgs_2",
        "other": "other"
      }}
    }}
  }},
  "root": "root",
  "version": 7
}}
"#
    )
}

#[test]
fn what_nix_wrote_is_written_back_to_the_letter() {
    let text = lock("aaaa", "https://x/dep");
    assert_eq!(LockFile::parse(&text).expect("lock").to_text(), text);
}

#[test]
fn only_the_commit_of_the_one_input_changes() {
    let old = LockFile::parse(&lock("aaaa", "https://x/dep")).expect("lock");
    let answer = LockFile::parse(&lock("eeee", "file:///studio/inputs/dep")).expect("lock");
    let new = old.graft("dep", &answer).expect("grafted").to_text();
    assert_eq!(new, lock("aaaa", "https://x/dep").replace("aaaa", "eeee"));
}

#[test]
fn an_entry_that_changed_elsewhere_in_the_answer_is_not_taken() {
    let old = LockFile::parse(&lock("aaaa", "https://x/dep")).expect("lock");
    let moved = lock("eeee", "file:///studio/inputs/dep").replace("bbbb", "ffff");
    let new = old.graft("dep", &LockFile::parse(&moved).expect("lock")).expect("grafted").to_text();
    assert!(new.contains("bbbb") && !new.contains("ffff"), "{new}");
}

#[test]
fn new_inputs_of_the_input_get_free_names_and_lost_ones_go() {
    let old = LockFile::parse(&lock("aaaa", "https://x/dep")).expect("lock");
    // The new commit of `dep` needs `other` instead of `nixpkgs`; that name is taken by another node.
    let text = format!(
        r#"{{"nodes":{{"root":{{"inputs":{{"dep":"dep"}}}},
             "dep":{{"inputs":{{"other":"other"}},{}}},
             "other":{{{}}}}},"root":"root","version":7}}"#,
        git("eeee", "file:///s", ""),
        git("1111", "https://x/unrelated", "")
    );
    let new = old.graft("dep", &LockFile::parse(&text).expect("lock")).expect("grafted");
    let names: Vec<&String> = new.nodes().map(|(name, _)| name).collect();
    assert_eq!(names, ["dep", "nixpkgs_2", "other", "other_2", "root"]);
    let dep = new.node("dep").expect("dep");
    assert_eq!(dep["inputs"]["other"], "other_2");
    assert_eq!(dep["locked"]["url"], "https://x/dep");
    assert_eq!(new.node("other"), old.node("other"));
}

#[test]
fn what_has_no_commit_is_left_alone() {
    let path = lock("aaaa", "https://x/dep").replacen("\"git\"", "\"path\"", 1);
    assert!(LockFile::parse(&path).expect("lock").commit_of("dep").is_none());
    let lock = LockFile::parse(&lock("aaaa", "https://x/dep")).expect("lock");
    assert!(lock.commit_of("dep").is_some());
    assert!(lock.commit_of("absent").is_none());
}

#[test]
fn the_folder_is_named_so_that_nix_reads_the_same_files() {
    let rev = CommitId::new(&"a".repeat(40)).expect("id");
    let of = |json: &str| {
        query(&serde_json::from_str(json).expect("json"), &rev, true).replace(rev.as_str(), "A")
    };
    assert_eq!(of(r#"{"type":"git","revCount":3}"#), "ref=HEAD&rev=A");
    assert_eq!(of(r#"{"type":"github"}"#), "ref=HEAD&rev=A&shallow=1&exportIgnore=1");
    assert_eq!(
        of(r#"{"type":"git","revCount":3,"submodules":true,"dir":"a b"}"#),
        "ref=HEAD&rev=A&submodules=1&dir=a%20b"
    );
}

#[test]
fn inputs_are_listed_for_people() {
    let lock = LockFile::parse(&lock("aaaa", "https://x/dep")).expect("lock");
    let shown: Vec<String> =
        lock.inputs().iter().map(|input| format!("{} {}", input.name, input.source)).collect();
    assert_eq!(shown, ["dep https://x/dep", "nixpkgs https://x/nixpkgs", "other https://x/other"]);
}

#[test]
fn what_is_no_lock_is_refused() {
    for (bad, why) in [
        ("not json", "it is not JSON: expected ident at line 1 column 2"),
        ("{}", "its version is none, and 5 to 7 are known"),
        (r#"{"version": 8}"#, "its version is 8, and 5 to 7 are known"),
        (r#"{"version": 7, "root": "root", "nodes": {}}"#, "it has no root node"),
        (
            r#"{"version": 7, "root": "r", "nodes": {"r": {"inputs": {"x": "y"}}}}"#,
            "its node `r` names `y`, which is not there",
        ),
    ] {
        assert_eq!(LockFile::parse(bad).expect_err(bad).causes(), [why]);
    }
}
