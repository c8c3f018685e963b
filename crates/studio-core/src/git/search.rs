//! Which lines of a folder hold a text, and which rule keeps a file out of it. Only looks; where git fails, nothing is
//! found.

use super::git;
use camino::Utf8Path;

/// How many lines are found at most.
const MOST: usize = 20;

/// File, line and text of all lines below `folder` that hold one of `texts`, in the order of their files.
///
/// The folder need not be a repository; what is ignored is looked through too. These are for hints, so a folder that
/// cannot be read has no such lines.
pub fn lines_with(folder: &Utf8Path, texts: &[&str]) -> Vec<(String, usize, String)> {
    let mut program = git(folder, ["grep", "--no-index", "--no-color", "--full-name"]).args([
        "--fixed-strings",
        "--line-number",
        "--null",
        "-I",
    ]);
    for text in texts {
        program = program.args(["-e", text]);
    }
    let Ok(said) = program.args(["--", "."]).run() else { return vec![] };
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    let found = said.lines().filter_map(|line| {
        let mut parts = line.splitn(3, '\0');
        let (file, number, text) = (parts.next()?, parts.next()?, parts.next()?);
        Some((file.to_owned(), number.parse().ok()?, text.to_owned()))
    });
    found.take(MOST).collect()
}

/// The rule that ignores `path`, as `` `*.key` in `.gitignore:3` ``, if one does.
pub fn ignored_by(folder: &Utf8Path, path: &str) -> Option<String> {
    let program = git(folder, ["check-ignore", "--verbose", "--no-index", "-z", "--stdin"]);
    let said = program.stdin(format!("{path}\0")).run().ok()?;
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    let mut fields = said.split('\0');
    let (file, line, rule) = (fields.next()?, fields.next()?, fields.next()?);
    // A rule that takes back another one is no reason.
    (!file.is_empty() && !rule.starts_with('!')).then(|| format!("`{rule}` in `{file}:{line}`"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fs;

    #[test]
    fn lines_and_rules_are_found() {
        let dir = tempfile::tempdir().expect("temp dir");
        let folder = fs::utf8(dir.path()).expect("utf-8");
        fs::create_dir_all(&folder.join("a b")).expect("mkdir");
        fs::write_new(&folder.join("a b/c.nix"), b"x\n y = \"12:34\";\n").expect("write");
        fs::write_new(&folder.join("d.nix"), b"\n34\n").expect("write");
        assert_eq!(
            lines_with(&folder, &["12:34", "y ="]),
            [("a b/c.nix".to_owned(), 2, " y = \"12:34\";".to_owned())]
        );
        assert_eq!(lines_with(&folder, &["34"]).len(), 2);
        assert_eq!(lines_with(&folder, &["nothing"]), []);
        assert_eq!(ignored_by(&folder, "x.key"), None);
        git(&folder, ["init", "--quiet"]).run().expect("a repository");
        fs::write_new(&folder.join(".gitignore"), b"*.log\n*.key\n!good.key\n").expect("write");
        assert_eq!(ignored_by(&folder, "k/x.key").as_deref(), Some("`*.key` in `.gitignore:2`"));
        assert_eq!(ignored_by(&folder, "good.key"), None);
        assert_eq!(ignored_by(&folder, "d.nix"), None);
    }
}
