//! `cargo xtask docs`: the documents that are written by the programs themselves, so that they
//! cannot drift.
//!
//! One page a program in `docs/commands/`, an index of them, the table of commands in the README,
//! and the templates of the flake. With `--check` nothing is written: it fails where a document is not what it would be.

use crate::error::{Error, Result};
use crate::run;
use crate::templates;
use crate::workspace::{Profile, Workspace, typed};
use camino::{Utf8Path, Utf8PathBuf};
use std::collections::BTreeMap;

/// Write the generated documents, or check them
#[derive(clap::Args)]
pub struct Docs {
    /// Write nothing; fail if a document is out of date
    #[arg(long)]
    pub check: bool,
}

const NOTE: &str = "<!-- Written by `cargo xtask docs`; do not edit. -->";

/// A program and its own description of itself.
struct Page {
    name: String,
    text: String,
}

impl Docs {
    /// Asks every program for its page.
    pub fn run(&self, workspace: &Workspace) -> Result<()> {
        let programs = workspace.build(Profile::Debug)?;
        let pages = workspace
            .programs
            .iter()
            .map(|name| page(&programs, name))
            .collect::<Result<Vec<Page>>>()?;
        let mut wanted = documents(workspace, &pages)?;
        wanted.extend(templates::wanted(workspace, &programs)?);
        let stale = stale(workspace, &wanted)?;
        if self.check {
            return compare(workspace, &wanted, &stale);
        }
        for (path, text) in &wanted {
            write(path, text)?;
        }
        for path in &stale {
            std::fs::remove_file(path).map_err(Error::io("remove", path))?;
        }
        eprintln!("wrote {} documents", wanted.len());
        Ok(())
    }
}

fn page(programs: &Utf8Path, name: &str) -> Result<Page> {
    let expression = duct::cmd!(programs.join(name).as_std_path(), "--generate", "markdown");
    let text = run::read(&expression, &format!("{name} --generate markdown"))?;
    Ok(Page { name: name.to_owned(), text })
}

impl Page {
    /// The first sentence under the title: what the program does, in one line.
    fn about(&self) -> &str {
        let about = self.text.lines().skip(1).find(|line| !line.trim().is_empty());
        about.unwrap_or_default().trim_end_matches('.')
    }
}

/// Every generated document: where it lies and what it holds.
fn documents(workspace: &Workspace, pages: &[Page]) -> Result<BTreeMap<Utf8PathBuf, String>> {
    let folder = workspace.root.join("docs/commands");
    let mut all = BTreeMap::new();
    for page in pages {
        let text = format!("{NOTE}\n\n{}\n", page.text.trim_end());
        all.insert(folder.join(format!("{}.md", page.name)), text);
    }
    let index = format!("{NOTE}\n\n# Commands\n\n{}", table(pages, ""));
    all.insert(folder.join("README.md"), index);
    let readme = workspace.root.join("README.md");
    let text = std::fs::read_to_string(&readme).map_err(Error::io("read", &readme))?;
    // The program that is run with privilege is nothing that a user types.
    let typed = pages.iter().filter(|page| page.name != "studio-activate");
    all.insert(readme, with_part(&text, "commands", &table(typed, "docs/commands/"))?);
    Ok(all)
}

fn table<'a>(pages: impl IntoIterator<Item = &'a Page>, folder: &str) -> String {
    let mut table = String::from("| command | what it does |\n|---|---|\n");
    for page in pages {
        let Page { name, .. } = page;
        table.push_str(&format!("| [`{}`]({folder}{name}.md) | {} |\n", typed(name), page.about()));
    }
    table
}

/// `text` with the part between `<!-- NAME -->` and `<!-- /NAME -->` replaced.
pub fn with_part(text: &str, name: &str, part: &str) -> Result<String> {
    let (open, close) = (format!("<!-- {name} -->\n"), format!("<!-- /{name} -->\n"));
    let missing = || {
        Error::new(format!(
            "README.md has no part between `{}` and `{}`",
            open.trim(),
            close.trim()
        ))
        .hint("put the two lines back where the part belongs")
    };
    let (before, rest) = text.split_once(&open).ok_or_else(missing)?;
    let (_, after) = rest.split_once(&close).ok_or_else(missing)?;
    Ok(format!("{before}{open}{part}{close}{after}"))
}

/// Pages of programs and files of templates that are no more.
fn stale(
    workspace: &Workspace,
    wanted: &BTreeMap<Utf8PathBuf, String>,
) -> Result<Vec<Utf8PathBuf>> {
    let mut stale = templates::files(&workspace.root.join("docs/commands"))?;
    stale.extend(templates::files(&templates::folder(workspace))?);
    stale.retain(|path| !wanted.contains_key(path));
    Ok(stale)
}

fn compare(
    workspace: &Workspace,
    wanted: &BTreeMap<Utf8PathBuf, String>,
    stale: &[Utf8PathBuf],
) -> Result<()> {
    let differs = |(path, text): &(&Utf8PathBuf, &String)| {
        std::fs::read_to_string(path).ok().as_ref() != Some(*text)
    };
    let old: Vec<&str> = wanted
        .iter()
        .filter(differs)
        .map(|(path, _)| path)
        .chain(stale)
        .filter_map(|path| path.strip_prefix(&workspace.root).ok())
        .map(Utf8Path::as_str)
        .collect();
    if old.is_empty() {
        return Ok(());
    }
    Err(Error::new(format!("out of date: {}", old.join(", ")))
        .hint("run `cargo xtask docs` and commit what it wrote"))
}

fn write(path: &Utf8Path, text: &str) -> Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(Error::io("make the folder", folder))?;
    }
    std::fs::write(path, text).map_err(Error::io("write", path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_replaced_and_all_else_stays() {
        let text = "a\n<!-- x -->\nold\n<!-- /x -->\nb\n";
        let new = with_part(text, "x", "new\n").expect("there");
        assert_eq!(new, "a\n<!-- x -->\nnew\n<!-- /x -->\nb\n");
        assert!(with_part(text, "y", "").is_err());
    }
}
