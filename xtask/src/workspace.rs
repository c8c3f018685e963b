//! What this repository consists of, asked of cargo, so that no list has to be kept by hand.

use crate::error::{Error, Result};
use crate::run;
use camino::{Utf8Path, Utf8PathBuf};
use serde_json::Value;

/// The workspace that `cargo xtask` was called in.
pub struct Workspace {
    /// Its top folder.
    pub root: Utf8PathBuf,
    /// Cargo's target folder.
    pub target: Utf8PathBuf,
    /// The version that everything in it has.
    pub version: String,
    /// The programs that ship, by name.
    pub programs: Vec<String>,
}

/// How a program is built.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// Fast to build.
    Debug,
    /// As it ships.
    Release,
}

impl Workspace {
    /// Asks cargo. Works without network, as nothing is resolved.
    pub fn load() -> Result<Workspace> {
        let manifest = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("Cargo.toml");
        let line = "cargo metadata";
        let expression = duct::cmd!(
            run::cargo(),
            "metadata",
            "--format-version=1",
            "--no-deps",
            "--manifest-path",
            &manifest
        );
        let said = run::read(&expression, line)?;
        let metadata: Value = serde_json::from_str(&said)
            .map_err(|cause| Error::new(format!("`{line}` did not write JSON: {cause}")))?;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let packages = metadata["packages"].as_array().cloned().unwrap_or_default();
        let mut programs: Vec<String> = packages
            .iter()
            .filter(|package| package["name"] != "xtask")
            .flat_map(|package| package["targets"].as_array().cloned().unwrap_or_default())
            .filter(|target| target["kind"][0] == "bin")
            .map(|target| text(&target["name"]))
            .collect();
        programs.sort();
        let own = packages.iter().find(|package| package["name"] == "xtask");
        Ok(Workspace {
            root: text(&metadata["workspace_root"]).into(),
            target: text(&metadata["target_directory"]).into(),
            version: own.map(|package| text(&package["version"])).unwrap_or_default(),
            programs,
        })
    }

    /// Builds all programs; gives the folder that they are in.
    pub fn build(&self, profile: Profile) -> Result<Utf8PathBuf> {
        self.build_these(&["--workspace"], profile)
    }

    /// Builds the programs of one package; gives the folder that they are in.
    pub fn build_one(&self, package: &str, profile: Profile) -> Result<Utf8PathBuf> {
        self.build_these(&["--package", package], profile)
    }

    fn build_these(&self, which: &[&str], profile: Profile) -> Result<Utf8PathBuf> {
        let mut args = [&["build", "--bins"], which].concat();
        if profile == Profile::Release {
            args.push("--release");
        }
        run::cargo_in(&self.root, &args, &[])?;
        Ok(self.bin_dir(profile))
    }

    /// The folder that [`Workspace::build`] puts programs into.
    pub fn bin_dir(&self, profile: Profile) -> Utf8PathBuf {
        self.target.join(match profile {
            Profile::Debug => "debug",
            Profile::Release => "release",
        })
    }

    /// Where what is fetched is kept: `XTASK_CACHE`, or a folder that `cargo clean` clears.
    pub fn cache(&self) -> Utf8PathBuf {
        match std::env::var("XTASK_CACHE") {
            Ok(folder) if !folder.is_empty() => self.root.join(folder),
            _ => self.target.join("nix"),
        }
    }
}

/// Whether git runs a program of this name as `git NAME`.
pub fn is_git_command(name: &str) -> bool {
    name.starts_with("mutable-") || name.starts_with("flake-")
}

/// A program as the user types it.
pub fn typed(name: &str) -> String {
    if is_git_command(name) { format!("git {name}") } else { name.to_owned() }
}
