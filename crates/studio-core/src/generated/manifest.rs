//! The list of generated files, which lies in their folder: which tool made it, and what each file held.
//!
//! It is the same on every machine and at every time, so that it can be committed, and a second run changes nothing.

use super::tree::{Kind, Tree, TreePath};
use crate::error::{Error, OrSay, Result};
use std::collections::BTreeMap;

/// Its name.
pub const MANIFEST: &str = ".generated.json";

/// The version of its format.
const FORMAT: u32 = 1;

/// What was generated.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(super) struct Manifest {
    format: u32,
    /// The command that made the folder.
    pub tool: String,
    /// Every file but this one.
    pub files: BTreeMap<TreePath, Made>,
}

/// What a file held when it was generated.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(super) struct Made {
    /// What `git hash-object` says of it.
    pub id: String,
    /// Bytes.
    pub size: u64,
    #[serde(default, skip_serializing_if = "is_plain")]
    pub kind: Kind,
}

fn is_plain(kind: &Kind) -> bool {
    *kind == Kind::Plain
}

impl Manifest {
    /// That of a folder which `tool` fills with `tree`.
    pub fn of(tree: &Tree, tool: &str) -> Manifest {
        let made = |(path, file): (&TreePath, &super::tree::File)| {
            let size = file.bytes.len() as u64;
            (path.clone(), Made { id: file.id(), size, kind: file.kind })
        };
        Manifest { format: FORMAT, tool: tool.to_owned(), files: tree.files().map(made).collect() }
    }

    /// Its text.
    pub fn text(&self) -> Result<String> {
        let text = serde_json::to_string_pretty(self);
        Ok(text.or_say(|| "the list of generated files cannot be written")? + "\n")
    }

    /// Reads its text.
    pub fn parse(text: &str) -> Result<Manifest> {
        // The format first: a newer one may have anything else.
        #[derive(serde::Deserialize)]
        struct Format {
            format: u32,
        }
        let said = |cause: serde_json::Error| {
            Error::new("it is no list of generated files").because(cause)
        };
        let Format { format } = serde_json::from_str(text).map_err(said)?;
        if format != FORMAT {
            return Err(Error::new(format!(
                "it has the format {format}, and {FORMAT} is known here"
            ))
            .hint("use the newer version of the command that wrote it"));
        }
        serde_json::from_str(text).map_err(said)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_comes_back_and_a_newer_one_is_refused() {
        let mut tree = Tree::new();
        tree.add("bin/x", "#!/bin/sh\n", Kind::Executable).expect("path");
        tree.add("a", "", Kind::Plain).expect("path");
        let manifest = Manifest::of(&tree, "some-tool");
        let text = manifest.text().expect("JSON");
        // The id of nothing is known to everybody who has used git.
        assert!(text.contains("e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"), "{text}");
        assert_eq!(Manifest::parse(&text).expect("own text"), manifest);
        let newer = r#"{ "format": 2, "other": true }"#;
        let error = Manifest::parse(newer).expect_err("newer");
        assert_eq!(error.message(), "it has the format 2, and 1 is known here");
        assert!(Manifest::parse("<<<<<<< HEAD").is_err());
        let outside = text.replace("bin/x", "../x");
        assert!(Manifest::parse(&outside).is_err());
    }
}
