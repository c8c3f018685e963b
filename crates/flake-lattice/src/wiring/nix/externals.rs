//! Builds the crates that a lattice names from outside of it, by cargo, and keeps what the compiler of nodes needs of them.
//!
//! It runs where Nix builds, so there is nothing but the standard library. It is two programs in one: started by
//! externals.sh, it calls cargo for the package in `externals`, which depends on all of them as the lattice's crate does;
//! started by cargo, as the compiler, it calls the compiler and notes what that was told about this package: by which
//! names it knows which files. Not here: a build script of the lattice's own crate, which compile.sh runs.

use std::collections::BTreeSet;
use std::env;
use std::error::Error;
use std::fs;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// The variable with the folder for notes. Where it is set, cargo started this.
const NOTES: &str = "EXTERNALS_NOTES";

fn main() -> ExitCode {
    let done = match env::var_os(NOTES) {
        Some(notes) => compile(Path::new(&notes)),
        None => build(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// What offline.nix says.
fn said(name: &str) -> Result<String> {
    env::var(name).map_err(|cause| format!("`{name}`: {cause}").into())
}

/// An error that says what could not be done to which file.
fn at<'p>(what: &'p str, path: &'p Path) -> impl FnOnce(io::Error) -> String + 'p {
    move |cause| format!("cannot {what} `{}`: {cause}", path.display())
}

/// What follows an argument.
fn after<'a>(args: &'a [String], wanted: &'a str) -> impl Iterator<Item = &'a str> {
    args.windows(2).filter(move |pair| pair[0] == wanted).map(|pair| pair[1].as_str())
}

/// Calls the compiler in place of this.
fn compile(notes: &Path) -> Result<()> {
    let mut args = env::args().skip(1);
    let rustc = args.next().ok_or("cargo named no compiler")?;
    let args: Vec<String> = args.collect();
    let mut command = Command::new(rustc);
    if let Some(name) = after(&args, "--crate-name").next() {
        // https://doc.rust-lang.org/cargo/reference/environment-variables.html: of the package that was asked for.
        if env::var_os("CARGO_PRIMARY_PACKAGE").is_some() {
            let note = notes.join(name);
            fs::write(&note, args.join("\n")).map_err(at("write", &note))?;
        }
        // As it is for what comes from a registry: another compiler may warn of more.
        if !args.iter().any(|one| one == "--cap-lints") {
            command.arg("--cap-lints=allow");
        }
        // Where it was built, and where its source lay, is no part of what it is.
        for (folder, shown) in [(said("here")?, "build"), (said("src")?, "externals")] {
            command.arg(format!("--remap-path-prefix={folder}={shown}"));
        }
    }
    Err(command.args(&args).exec().into())
}

/// Where things lie while cargo builds.
struct Places {
    target: PathBuf,
    notes: PathBuf,
    out: PathBuf,
}

/// Calls cargo, and puts what comes of it into `$out`.
fn build() -> Result<()> {
    let here = env::current_dir()?;
    let places =
        Places { target: here.join("target"), notes: here.join("notes"), out: said("out")?.into() };
    let host = said("host")?;
    let src = PathBuf::from(said("src")?);
    // Where libraries are written, git is often told to.
    if !src.join("Cargo.lock").is_file() {
        return Err("there is no `externals/Cargo.lock`; if git leaves it out: `git add --force externals`".into());
    }
    let lists = places.out.join("externals");
    for folder in [&places.notes, &places.out, &lists] {
        fs::create_dir(folder).map_err(at("make", folder))?;
    }
    let mut cargo = Command::new(said("cargo")?);
    cargo
        .args(["build", "--locked", "--offline", "--target", &host])
        .arg("--config")
        .arg(format!("target.{host}.linker={:?}", said("linker")?))
        .current_dir(&src)
        .env(NOTES, &places.notes)
        .env("here", &here)
        .env("RUSTC_WRAPPER", env::current_exe()?)
        .env("RUSTC", said("rustc")?)
        .env("CARGO_HOME", here.join("cargo"))
        .env("CARGO_TARGET_DIR", &places.target)
        .env("CARGO_INCREMENTAL", "0")
        .env("CARGO_PROFILE_DEV_DEBUG", "0")
        .env("CARGO_TERM_COLOR", "never");
    if said("release")? == "true" {
        cargo.arg("--release");
    }
    let with_tests = src.join("tests.rs").is_file();
    if with_tests {
        cargo.args(["--lib", "--tests"]);
    }
    match said("NIX_BUILD_CORES").unwrap_or_default().parse::<usize>() {
        Ok(cores @ 1..) => cargo.env("CARGO_BUILD_JOBS", cores.to_string()),
        _ => &mut cargo,
    };
    let status = cargo.status().map_err(|cause| format!("cannot start cargo: {cause}"))?;
    if !status.success() {
        return Err("cargo could not build the crates from outside of the lattice".into());
    }
    // What the machine runs lies beside what is for the target; of that, macros alone are wanted.
    let library = places.kept("externals", &places.out, &[&host])?;
    write(&lists.join("flags"), &library)?;
    write(&places.out.join("libexternals.dependencies"), "")?;
    if with_tests {
        let tests = places.kept("externals_tests", &places.out, &[&host])?;
        write(&lists.join("test-flags"), &tests)?;
    }
    if places.notes.join("environment").is_file() {
        let folder = lists.join("script");
        fs::create_dir(&folder).map_err(at("make", &folder))?;
        let mut script = places.kept("build_script_build", &folder, &[])?;
        script.push_str(&format!("-Ldependency={}\n", folder.display()));
        write(&lists.join("script-flags"), &script)?;
        write(&lists.join("environment"), &places.environment(&lists.join("out"))?)?;
    }
    Ok(())
}

impl Places {
    /// What cargo tells a build script. What it names of that other build scripts made is copied to `folder`, and named
    /// there: headers, for one.
    fn environment(&self, folder: &Path) -> Result<String> {
        let note = self.notes.join("environment");
        let mut text = fs::read_to_string(&note).map_err(at("read", &note))?;
        for script in folders_called("build", &self.target)?.iter().flat_map(|at| fs::read_dir(at)) {
            for package in script {
                let package = package?;
                let made = package.path().join("out");
                let shown = made.display().to_string();
                if text.contains(&shown) {
                    let kept = folder.join(package.file_name());
                    copy_all(&made, &kept)?;
                    text = text.replace(&shown, &kept.display().to_string());
                }
            }
        }
        Ok(text)
    }

    /// The file of the package's own library, which is empty.
    fn library(&self) -> Result<String> {
        let note = self.notes.join("externals");
        let text = fs::read_to_string(&note).map_err(at("read", &note))?;
        let args: Vec<String> = text.lines().map(str::to_owned).collect();
        let end = after(&args, "-C").find_map(|option| option.strip_prefix("extra-filename="));
        Ok(format!("libexternals{}.rlib", end.unwrap_or_default()))
    }

    /// Copies what a crate of the package was compiled with to `folder`, and returns what tells the compiler so, a line for
    /// each flag. Libraries are taken out of folders that have all of `names` in their path, macros out of any.
    fn kept(&self, krate: &str, folder: &Path, names: &[&str]) -> Result<String> {
        let note = self.notes.join(krate);
        let text = fs::read_to_string(&note).map_err(at("read", &note))?;
        let args: Vec<String> = text.lines().map(str::to_owned).collect();
        // The package itself may lie among them.
        let own = self.library()?;
        let mut copied = BTreeSet::new();
        let mut flags = String::new();
        for search in after(&args, "-L") {
            let (kind, path) = search.split_once('=').unwrap_or(("all", search));
            let path = Path::new(path);
            if kind != "dependency" {
                // What a build script made is a part of its library by now; what lies on the machine is still there.
                if !path.starts_with(&self.target) {
                    flags.push_str(&format!("-L{search}\n"));
                }
                continue;
            }
            let is_in = |name: &&str| path.iter().any(|part| part == *name);
            let with_libraries = names.iter().all(is_in);
            for entry in fs::read_dir(path).map_err(at("read", path))? {
                let file = entry.map_err(at("read", path))?.path();
                let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
                let wanted = match file.extension().and_then(|end| end.to_str()) {
                    Some("rlib") => with_libraries && name != own,
                    Some("so" | "dylib") => true,
                    _ => false,
                };
                if wanted && copied.insert(name.to_owned()) {
                    copy(&file, &folder.join(name))?;
                }
            }
        }
        for named in after(&args, "--extern") {
            // Such as `proc_macro`, which the compiler has.
            let Some((name, path)) = named.split_once('=') else { continue };
            // To begin with, cargo hands on what is known of a library before all of it is there.
            let file = Path::new(path).with_extension(match path.strip_suffix(".rmeta") {
                Some(_) => "rlib",
                None => {
                    Path::new(path).extension().and_then(|end| end.to_str()).unwrap_or_default()
                }
            });
            let file = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if file == own {
                continue;
            }
            if !copied.contains(file) {
                return Err(format!("cargo made no `{file}` for `{name}`").into());
            }
            flags.push_str(&format!("--extern={name}={}\n", folder.join(file).display()));
        }
        Ok(flags)
    }
}

fn write(path: &Path, text: &str) -> Result<()> {
    Ok(fs::write(path, text).map_err(at("write", path))?)
}

/// The folders of this name in `target/PROFILE` and `target/TRIPLE/PROFILE`.
fn folders_called(name: &str, target: &Path) -> Result<Vec<PathBuf>> {
    let mut found = vec![];
    let mut todo = vec![(target.to_owned(), 0)];
    while let Some((at, depth)) = todo.pop() {
        for entry in fs::read_dir(&at).map_err(self::at("read", &at))? {
            let path = entry?.path();
            if !path.is_dir() {
                continue;
            }
            match path.file_name().is_some_and(|last| last == name) {
                true => found.push(path),
                false if depth < 2 => todo.push((path, depth + 1)),
                false => {}
            }
        }
    }
    found.sort();
    Ok(found)
}

fn copy_all(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to).map_err(at("make", to))?;
    for entry in fs::read_dir(from).map_err(at("read", from))? {
        let entry = entry?;
        let (path, to) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() { copy_all(&path, &to)? } else { copy(&path, &to)? }
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::copy(from, to).map(drop).map_err(at("copy", from))?;
    Ok(())
}
