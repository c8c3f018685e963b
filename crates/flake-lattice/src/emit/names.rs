//! A package that depends on what the crate depends on, for one question to cargo: by which names code knows it.

use super::manifest::{self, Manifest};
use super::{Externals, Files};
use toml_edit::{Item, Table};

/// The files of the package.
pub fn asking(externals: &Externals) -> Files {
    let manifest = Manifest {
        name: "names",
        version: "0.0.0",
        edition: "2021",
        root: "lib.rs",
        externals: manifest::entries(externals, &externals.keys()),
        ..Manifest::default()
    };
    let mut document = manifest.document();
    document["workspace"] = Item::Table(Table::new());
    Files::from([
        ("lib.rs".to_owned(), vec![]),
        ("Cargo.toml".to_owned(), document.to_string().into_bytes()),
    ])
}
