//! Templates: those that are built in, and the user's own, which are a file or a folder.
//!
//! A folder may have a `template.toml`, which says what the template is for and declares its placeholders:
//!
//! ```toml
//! about = "a development shell"
//! needs_config = false  # whether `config.toml` has to lie beside it
//!
//! [placeholders]
//! packages = { about = "what is in it", default = ["git"] }
//! ```
//!
//! Not here: what goes into the placeholders.

mod builtin;

pub use builtin::all as built_in;

use crate::values::{Declared, value_of};
use camino::Utf8Path;
use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use studio_core::error::OrSay;
use studio_core::generated::Kind;
use studio_core::names::nearest;
use studio_core::{Error, Exit, Result, fs};
use toml_edit::DocumentMut;

/// What a folder says about itself.
const DESCRIPTION: &str = "template.toml";

/// What makes a folder a flake.
const FLAKE: &str = "flake.nix";

/// A template.
#[derive(Debug, Default)]
pub struct Template {
    /// Its name, or where it lies.
    pub name: String,
    /// What it is for, in one line.
    pub about: String,
    /// Whether its files read the config that is put beside them.
    pub needs_config: bool,
    /// The placeholders that it says something about.
    pub declared: BTreeMap<String, Declared>,
    /// Its files.
    pub files: Vec<TemplateFile>,
}

/// A file of a template.
#[derive(Debug)]
pub struct TemplateFile {
    /// Where it goes.
    pub path: String,
    /// What it is called in messages.
    pub shown: String,
    /// What is in it.
    pub bytes: Vec<u8>,
    /// What it is.
    pub kind: Kind,
}

impl Template {
    /// The template of this name, or at this path: what has a slash, or ends in `.nix`, is one.
    pub fn find(wanted: &str, cwd: &Utf8Path) -> Result<Template> {
        let is_path = wanted.contains('/') || wanted.ends_with(".nix") || wanted == ".";
        if !is_path {
            let all = built_in();
            let names: Vec<&str> = all.iter().map(|(name, _)| *name).collect();
            let Some((name, files)) = all.iter().find(|(name, _)| *name == wanted) else {
                let error =
                    Error::new(format!("there is no template `{wanted}`")).exit(Exit::Usage);
                let error = match nearest(wanted, names.iter().copied()) {
                    Some(near) => error.hint(format!("did you mean `{near}`?")),
                    None => error.hint("see them all: `flake-template-generator --list-templates`"),
                };
                return Err(match cwd.join(wanted).exists() {
                    true => error.hint(format!("for the one that lies here, give `./{wanted}`")),
                    false => error,
                });
            };
            return Template::of(
                name,
                files.iter().map(|(path, text)| TemplateFile {
                    path: (*path).to_owned(),
                    shown: format!("{name}/{path}"),
                    bytes: text.as_bytes().to_vec(),
                    kind: Kind::Plain,
                }),
            );
        }
        let path = cwd.join(wanted);
        let meta = path
            .metadata()
            .map_err(|cause| fs::failed("read the template", wanted.into(), cause))?;
        let mut files = Vec::new();
        if meta.is_dir() {
            collect(&path, "", wanted.trim_end_matches('/'), &mut files)?;
        } else {
            files.push(file(&path, FLAKE.to_owned(), wanted.to_owned())?);
        }
        Template::of(wanted, files)
    }

    fn of(name: &str, files: impl IntoIterator<Item = TemplateFile>) -> Result<Template> {
        let mut template = Template { name: name.to_owned(), ..Template::default() };
        for file in files {
            match file.path.as_str() {
                DESCRIPTION => template.describe(&file)?,
                _ => template.files.push(file),
            }
        }
        if !template.files.iter().any(|file| file.path == FLAKE) {
            return Err(Error::new(format!("the template `{name}` has no `{FLAKE}`"))
                .hint("give a file that becomes one, or a folder that has one"));
        }
        Ok(template)
    }

    fn describe(&mut self, file: &TemplateFile) -> Result<()> {
        let bad = |why: String| Error::new(format!("`{}` cannot be used", file.shown)).because(why);
        let text = String::from_utf8_lossy(&file.bytes);
        let document: DocumentMut =
            text.parse().map_err(|cause: toml_edit::TomlError| bad(cause.to_string()))?;
        for (key, item) in document.iter() {
            match (key, item.as_str(), item.as_table_like()) {
                ("about", Some(about), _) => self.about = about.to_owned(),
                ("needs_config", ..) if item.as_bool().is_some() => {
                    self.needs_config = item.as_bool() == Some(true);
                }
                ("placeholders", _, Some(placeholders)) => {
                    for (name, item) in placeholders.iter() {
                        self.declared.insert(name.to_owned(), declared(name, item).map_err(&bad)?);
                    }
                }
                _ => {
                    return Err(bad(format!("`{key}` is not known there"))
                        .hint("it has `about`, `needs_config` and `[placeholders]`"));
                }
            }
        }
        Ok(())
    }
}

fn declared(name: &str, item: &toml_edit::Item) -> Result<Declared, String> {
    let mut declared = Declared::default();
    let table = item.as_table_like().ok_or_else(|| format!("`{name}` is no table"))?;
    for (key, item) in table.iter() {
        match (key, item.as_str(), value_of(item)) {
            ("about", Some(about), _) => declared.about = about.to_owned(),
            ("default", _, Some(value)) => declared.default = Some(value),
            _ => {
                return Err(format!(
                    "`{name}.{key}` is not known: there are `about` and `default`"
                ));
            }
        }
    }
    Ok(declared)
}

fn collect(
    folder: &Utf8Path,
    prefix: &str,
    shown: &str,
    files: &mut Vec<TemplateFile>,
) -> Result<()> {
    let say = || format!("the template `{folder}` cannot be read");
    let entries = folder.read_dir_utf8().or_say(say)?.collect::<Result<Vec<_>, _>>();
    let mut entries = entries.or_say(say)?;
    entries.sort_by(|a, b| a.file_name().cmp(b.file_name()));
    for entry in entries {
        let kind = entry.file_type().or_say(say)?;
        let path = format!("{prefix}{}", entry.file_name());
        if kind.is_dir() && entry.file_name() != ".git" {
            collect(entry.path(), &format!("{path}/"), shown, files)?;
        } else if kind.is_file() {
            files.push(file(entry.path(), path.clone(), format!("{shown}/{path}"))?);
        } else if kind.is_symlink() {
            return Err(Error::new(format!("`{shown}/{path}` is a symbolic link"))
                .hint("put the file itself into the template"));
        }
    }
    Ok(())
}

fn file(from: &Utf8Path, path: String, shown: String) -> Result<TemplateFile> {
    let meta = from.metadata().or_say(|| format!("`{shown}` cannot be read"))?;
    let kind = if meta.permissions().mode() & 0o100 != 0 { Kind::Executable } else { Kind::Plain };
    Ok(TemplateFile { path, shown, bytes: fs::read(from)?, kind })
}
