//! The one table of keys: flag, file key, variable, place in the file, kind, probe and default of each.
//!
//! Everything else asks this table: the command line, the reader of `--config-file`, the writer, `--explain` and the help.
//! Not here: how a value is found ([`crate::choice`]) or found out ([`crate::probe`]).

use crate::value::Kind;

/// Everything that can be said about a configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs, reason = "the table has a text for each")]
pub enum Key {
    ProjectRoot,
    System,
    NixpkgsPath,
    RustOverlayPath,
    RustBootstrapNixPath,
    ConfigurationNixPath,
    RustSrcFlakePath,
    RustBootstrapNixFlakeRef,
    RustSrcFlakeRef,
    Rustc,
    Cargo,
    Channel,
    DownloadRustc,
    ParallelCompiler,
    LlvmTools,
    DebugInfo,
    Stage,
    Target,
    BuildRustc,
    PatchBinaries,
    Vendor,
    BuildDir,
    Jobs,
    Home,
    CargoHome,
    Prefix,
    Sysconfdir,
    SignFolder,
    UploadAddr,
    DownloadLlvm,
    Ninja,
    TargetCc,
    TargetNdk,
    ChangeId,
    Output,
    DryRun,
    BuildRustcVersion,
    Architecture,
    Step,
}

/// Where a value goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Into the comment at the top, behind this label.
    Header(&'static str),
    /// To this key of this table; always there, an empty text where there is no value.
    Table(&'static str, &'static str),
    /// To this key of this table, but only where there is a value.
    TableIfAny(&'static str, &'static str),
    /// To this key of the table `[target.TRIPLE]` of the target, but only where there is a value.
    OfTarget(&'static str),
    /// Not into the file: it says what is to be done.
    Nowhere,
}

impl Place {
    /// The table that it goes to, unless that is one of a target.
    pub fn table(self) -> Option<&'static str> {
        match self {
            Place::Table(table, _) | Place::TableIfAny(table, _) => Some(table),
            _ => None,
        }
    }
}

/// How a value is found out where nobody says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Probe {
    /// The nearest folder above with a `flake.nix` or a `Cargo.toml`.
    ProjectRoot,
    /// The system that this program was built for.
    ThisMachine,
    /// What `flake.lock` has for the first of these inputs.
    Locked(&'static [&'static str]),
    /// A file of this name in the project.
    ProjectFile(&'static str),
    /// A rustc that answers: on PATH, else in the Nix store.
    Rustc,
    /// A cargo that answers.
    Cargo,
    /// The channel that the rustc comes from.
    RustcChannel,
    /// The machine that the rustc runs on.
    RustcHost,
    /// `.cargo` in the home folder, as cargo has it.
    CargoHome,
    /// The system.
    System,
}

/// What belongs to a key.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// Its flag, without dashes; also its name in `--config-file`, with dashes or underscores.
    pub flag: &'static str,
    /// Its flag of one letter.
    pub short: Option<char>,
    /// Where it goes.
    pub place: Place,
    /// What it can hold.
    pub kind: Kind,
    /// What stands for its value in the help.
    pub shown: &'static str,
    /// A variable that others use for it, asked after our own.
    pub usual: Option<&'static str>,
    /// How it is found out.
    pub probe: Option<Probe>,
    /// What holds where nobody says anything, as text.
    pub default: Option<&'static str>,
    /// What it is, for the help.
    pub help: &'static str,
}

impl Row {
    const fn probe(self, probe: Probe) -> Row {
        Row { probe: Some(probe), ..self }
    }

    const fn default(self, text: &'static str) -> Row {
        Row { default: Some(text), ..self }
    }

    const fn usual(self, variable: &'static str) -> Row {
        Row { usual: Some(variable), ..self }
    }

    const fn short(self, letter: char) -> Row {
        Row { short: Some(letter), ..self }
    }

    /// Our own variable for it: `BOOTSTRAP_RUST_CHANNEL`.
    pub fn variable(&self) -> String {
        format!("BOOTSTRAP_{}", self.flag.to_uppercase().replace('-', "_"))
    }

    /// Its heading in the help: the table that it goes to.
    pub fn heading(&self) -> Option<&'static str> {
        match self.place {
            Place::Table(table, _) | Place::TableIfAny(table, _) => Some(table),
            Place::OfTarget(_) => Some("target.TRIPLE"),
            Place::Header(_) | Place::Nowhere => None,
        }
    }
}

const fn row(
    flag: &'static str,
    place: Place,
    kind: Kind,
    shown: &'static str,
    help: &'static str,
) -> Row {
    Row { flag, short: None, place, kind, shown, usual: None, probe: None, default: None, help }
}

/// A key that is yes or no, and no by itself.
const fn switch(flag: &'static str, place: Place, help: &'static str) -> Row {
    row(flag, place, Kind::Switch, "BOOL", help).default("false")
}

impl Key {
    /// All keys, in the order in which they are written and shown; a probe may ask for what comes before it.
    pub const ALL: [Key; 39] = {
        use Key::*;
        [
            ProjectRoot,
            System,
            NixpkgsPath,
            RustOverlayPath,
            RustBootstrapNixPath,
            ConfigurationNixPath,
            RustSrcFlakePath,
            RustBootstrapNixFlakeRef,
            RustSrcFlakeRef,
            BuildRustcVersion,
            Rustc,
            Cargo,
            Channel,
            DownloadRustc,
            ParallelCompiler,
            LlvmTools,
            DebugInfo,
            Stage,
            Target,
            BuildRustc,
            PatchBinaries,
            Vendor,
            BuildDir,
            Jobs,
            Home,
            CargoHome,
            Prefix,
            Sysconfdir,
            SignFolder,
            UploadAddr,
            DownloadLlvm,
            Ninja,
            TargetCc,
            TargetNdk,
            ChangeId,
            Output,
            DryRun,
            Architecture,
            Step,
        ]
    };

    /// Its row.
    pub const fn row(self) -> Row {
        use Kind::{Path, Reference, Text};
        use Place::{Header, Nowhere, OfTarget, Table, TableIfAny};
        match self {
            Key::ProjectRoot => row(
                "project-root",
                Header("Project root"),
                Path,
                "DIR",
                "The project that the configuration is for",
            )
            .probe(Probe::ProjectRoot)
            .default("."),
            Key::System => row(
                "system",
                Header("System"),
                Kind::System,
                "SYSTEM",
                "On what is built, as Nix calls it",
            )
            .probe(Probe::ThisMachine),
            Key::NixpkgsPath => row(
                "nixpkgs-path",
                Table("nix", "nixpkgs_path"),
                Reference,
                "REF",
                "The nixpkgs that is used",
            )
            .probe(Probe::Locked(&["nixpkgs"])),
            Key::RustOverlayPath => row(
                "rust-overlay-path",
                Table("nix", "rust_overlay_path"),
                Reference,
                "REF",
                "The overlay with Rust toolchains",
            )
            .probe(Probe::Locked(&["rust-overlay"])),
            Key::RustBootstrapNixPath => row(
                "rust-bootstrap-nix-path",
                Table("nix", "rust_bootstrap_nix_path"),
                Path,
                "PATH",
                "A checkout of rust-bootstrap-nix",
            ),
            Key::ConfigurationNixPath => row(
                "configuration-nix-path",
                Table("nix", "configuration_nix_path"),
                Path,
                "PATH",
                "A `configuration.nix`",
            )
            .probe(Probe::ProjectFile("configuration.nix")),
            Key::RustSrcFlakePath => row(
                "rust-src-flake-path",
                Table("nix", "rust_src_flake_path"),
                Path,
                "PATH",
                "A source tree of Rust with a flake",
            ),
            Key::RustBootstrapNixFlakeRef => row(
                "rust-bootstrap-nix-flake-ref",
                Table("nix", "rust_bootstrap_nix_flake_ref"),
                Reference,
                "REF",
                "The flake of rust-bootstrap-nix",
            )
            .probe(Probe::Locked(&["rust-bootstrap-nix", "rustBootstrapNix"])),
            Key::RustSrcFlakeRef => row(
                "rust-src-flake-ref",
                Table("nix", "rust_src_flake_ref"),
                Reference,
                "REF",
                "The flake of Rust's source",
            )
            .probe(Probe::Locked(&["rustSrcFlake", "rust-src-flake", "rust-src"])),
            Key::Rustc => {
                row("rustc-path", Table("rust", "rustc"), Path, "PATH", "The rustc that builds")
                    .usual("RUSTC")
                    .probe(Probe::Rustc)
            }
            Key::Cargo => {
                row("cargo-path", Table("rust", "cargo"), Path, "PATH", "The cargo that builds")
                    .usual("CARGO")
                    .probe(Probe::Cargo)
            }
            Key::Channel => row(
                "rust-channel",
                Table("rust", "channel"),
                Kind::Channel,
                "CHANNEL",
                "Where toolchains come from",
            )
            .probe(Probe::RustcChannel)
            .default("stable"),
            Key::DownloadRustc => switch(
                "rust-download-rustc",
                Table("rust", "download-rustc"),
                "Whether rustc is downloaded instead of built",
            ),
            Key::ParallelCompiler => switch(
                "rust-parallel-compiler",
                Table("rust", "parallel-compiler"),
                "Whether the compiler that is built works on several threads",
            ),
            Key::LlvmTools => switch(
                "rust-llvm-tools",
                Table("rust", "llvm-tools"),
                "Whether LLVM's tools are built too",
            ),
            Key::DebugInfo => row(
                "rust-debuginfo-level",
                Table("rust", "debuginfo-level"),
                Kind::DebugInfo,
                "LEVEL",
                "How much debug information is built in: 0, 1 or 2",
            )
            .default("0"),
            Key::Stage => row(
                "stage",
                Table("build", "stage"),
                Kind::Stage,
                "STAGE",
                "The stage that is built: 0 to 3",
            )
            .short('s'),
            Key::Target => {
                row("target", Table("build", "target"), Kind::Target, "TRIPLE", "For what is built")
                    .short('t')
                    .usual("CARGO_BUILD_TARGET")
                    .probe(Probe::RustcHost)
            }
            Key::BuildRustc => row(
                "solana-rustc-path",
                TableIfAny("build", "rustc"),
                Path,
                "PATH",
                "A rustc that builds the first stage, if another one than that of `[rust]`",
            ),
            Key::PatchBinaries => switch(
                "patch-binaries-for-nix",
                Table("build", "patch-binaries-for-nix"),
                "Whether what is downloaded is patched to run on NixOS",
            ),
            Key::Vendor => switch(
                "vendor",
                Table("build", "vendor"),
                "Whether sources of dependencies are taken from `vendor`",
            ),
            Key::BuildDir => {
                row("build-dir", Table("build", "build-dir"), Path, "PATH", "Where is built")
            }
            Key::Jobs => row(
                "build-jobs",
                Table("build", "jobs"),
                Kind::Jobs,
                "JOBS",
                "How many jobs run at once, 0 for one on each core",
            )
            .default("0"),
            Key::Home => row("home-dir", Table("env", "HOME"), Path, "PATH", "HOME of the build")
                .usual("HOME"),
            Key::CargoHome => row(
                "cargo-home-dir",
                Table("env", "CARGO_HOME"),
                Path,
                "PATH",
                "CARGO_HOME of the build",
            )
            .usual("CARGO_HOME")
            .probe(Probe::CargoHome),
            Key::Prefix => row(
                "install-prefix",
                Table("install", "prefix"),
                Path,
                "PATH",
                "Where is installed",
            ),
            Key::Sysconfdir => row(
                "install-sysconfdir",
                Table("install", "sysconfdir"),
                Path,
                "PATH",
                "Where settings are installed",
            ),
            Key::SignFolder => row(
                "dist-sign-folder",
                Table("dist", "sign-folder"),
                Path,
                "PATH",
                "What is signed",
            ),
            Key::UploadAddr => row(
                "dist-upload-addr",
                Table("dist", "upload-addr"),
                Text,
                "URL",
                "Where it is uploaded to",
            ),
            Key::DownloadLlvm => switch(
                "llvm-download-ci-llvm",
                Table("llvm", "download-ci-llvm"),
                "Whether LLVM is downloaded instead of built",
            ),
            Key::Ninja => {
                switch("llvm-ninja", Table("llvm", "ninja"), "Whether LLVM is built by ninja")
            }
            Key::TargetCc => {
                row("target-cc", OfTarget("cc"), Path, "PATH", "The C compiler of the target")
                    .usual("TARGET_CC")
            }
            Key::TargetNdk => row(
                "target-android-ndk",
                OfTarget("android-ndk"),
                Path,
                "PATH",
                "The NDK of an Android target",
            )
            .usual("ANDROID_NDK_ROOT"),
            Key::ChangeId => row(
                "change-id",
                Table("change-id", "id"),
                Kind::Id,
                "ID",
                "The last change to Rust's build that was looked at",
            ),
            Key::Output => row("output", Nowhere, Path, "FILE", "The file to write")
                .short('o')
                .default("config.toml"),
            Key::DryRun => switch("dry-run", Nowhere, "Write to stdout and not to the file"),
            Key::BuildRustcVersion => row(
                "build-rustc-version",
                Nowhere,
                Kind::Version,
                "VERSION",
                "Write flakes/VERSION/SYSTEM/STAGE/STEP/config.toml in the project instead",
            ),
            Key::Architecture => {
                row("architecture", Nowhere, Kind::System, "SYSTEM", "The system of that node")
                    .probe(Probe::System)
            }
            Key::Step => row("step", Nowhere, Kind::Step, "NAME", "The step of that node")
                .default("step1-configure"),
        }
    }

    /// Its name in reports: where it stands in the file, else its flag.
    pub fn name(self) -> String {
        let row = self.row();
        match row.place {
            Place::Table(table, key) | Place::TableIfAny(table, key) => format!("{table}.{key}"),
            Place::OfTarget(key) => format!("target.TRIPLE.{key}"),
            Place::Header(_) | Place::Nowhere => row.flag.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn no_name_is_given_twice_and_every_default_is_a_value() {
        let all: BTreeSet<Key> = Key::ALL.into_iter().collect();
        assert_eq!(all.len(), Key::ALL.len());
        let rows = || Key::ALL.into_iter().map(Key::row);
        assert_eq!(rows().map(|row| row.flag).collect::<BTreeSet<_>>().len(), all.len());
        assert_eq!(Key::ALL.map(Key::name).into_iter().collect::<BTreeSet<_>>().len(), all.len());
        for row in rows() {
            if let Some(text) = row.default {
                assert!(matches!(row.kind.parse(text), Ok(Some(_))), "{}", row.flag);
            }
            // What is always in the file has a value there or is a text, which may be empty.
            let number = matches!(row.kind, Kind::Switch | Kind::Jobs | Kind::DebugInfo);
            assert!(!number || row.default.is_some(), "{}", row.flag);
        }
    }
}
