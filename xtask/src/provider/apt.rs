//! Debian's packages without debian's package state: apt with every folder of its own.
//!
//! Apt resolves what a package needs as if nothing at all were installed, and downloads it into a
//! folder of ours. The lists, the status file and the cache of the machine are neither read nor
//! written, and the hooks of the machine's apt configuration (which would) are cleared. Its
//! settings for proxies and logins do apply.

use std::fs;

use camino::{Utf8Path, Utf8PathBuf};

use super::error::{Error, run};
use super::release::{Release, is_moving};
use super::sources::Source;

const ETC: &str = "/etc/apt";

/// One suite of the machine's distribution, with its index fetched.
pub struct Apt {
    dir: Utf8PathBuf,
    pub suite: String,
}

impl Apt {
    /// Fetches the index of `suite` into `dir`, from the first of the machine's sources that has
    /// it.
    pub fn open(dir: &Utf8Path, release: &Release, suite: &str) -> Result<Self, Error> {
        let sources = Source::of(release, ETC.into());
        let mut outcome =
            Err(Error::NoSources { distro: release.distro.name().to_owned(), looked: ETC.into() });
        for (number, source) in sources.iter().enumerate() {
            let apt = Self { dir: dir.join(format!("{suite}-{number}")), suite: suite.to_owned() };
            let stanza = source.stanza(suite, release.distro.components(), !is_moving(suite));
            outcome = apt.update(&stanza).map(|()| apt);
            if outcome.is_ok() {
                break;
            }
        }
        outcome
    }

    fn update(&self, stanza: &str) -> Result<(), Error> {
        for folder in ["state/lists/partial", "cache/archives/partial", "sources", "preferences"] {
            let path = self.dir.join(folder);
            fs::create_dir_all(&path).map_err(Error::io("make the folder", &path))?;
        }
        for (name, text) in
            [("status", ""), ("sources/suite.sources", stanza), ("apt.conf", &self.conf()?)]
        {
            let path = self.dir.join(name);
            fs::write(&path, text).map_err(Error::io("write", &path))?;
        }
        self.apt("apt-get", &["update"], &format!("the package index of {}", self.suite))?;
        Ok(())
    }

    /// Read after the machine's own configuration, so it has the last word.
    fn conf(&self) -> Result<String, Error> {
        let arch =
            run("the machine's architecture", &duct::cmd!("dpkg", "--print-architecture"), "dpkg")?;
        Ok(format!(
            "// hooks of the machine would clean its caches and tell its desktop\n\
             #clear APT::Update;\n\
             #clear DPkg;\n\
             #clear APT::Default-Release;\n\
             // Without this a failed download is only a warning\n\
             APT::Update::Error-Mode \"any\";\n\
             #clear APT::Architectures;\n\
             Dir::State \"{dir}/state\";\n\
             Dir::State::status \"{dir}/status\";\n\
             Dir::Cache \"{dir}/cache\";\n\
             Dir::Etc::sourcelist \"/dev/null\";\n\
             Dir::Etc::sourceparts \"{dir}/sources\";\n\
             Dir::Etc::preferences \"/dev/null\";\n\
             Dir::Etc::preferencesparts \"{dir}/preferences\";\n\
             APT::Architecture \"{arch}\";\n\
             APT::Install-Recommends \"false\";\n\
             Acquire::Languages \"none\";\n\
             Acquire::IndexTargets::deb::DEP-11::DefaultEnabled \"false\";\n\
             Acquire::Retries \"3\";\n",
            dir = self.dir,
            arch = arch.trim(),
        ))
    }

    fn apt(&self, program: &str, args: &[&str], what: &str) -> Result<String, Error> {
        let conf = self.dir.join("apt.conf");
        let args = ["-qq", "-c", conf.as_str()].into_iter().chain(args.iter().copied());
        let expression =
            duct::cmd(program, args).env("LC_ALL", "C").env("DEBIAN_FRONTEND", "noninteractive");
        run(what, &expression, &format!("{program} ({})", self.suite))
    }

    /// The version of a package in this suite.
    pub fn candidate(&self, package: &str) -> Result<Option<String>, Error> {
        let said = self.apt(
            "apt-cache",
            &["show", "--no-all-versions", package],
            &format!("what {package} is"),
        );
        match said {
            Ok(text) => {
                Ok(text.lines().find_map(|line| line.strip_prefix("Version: ").map(str::to_owned)))
            }
            // `apt-cache` fails for a package that is not there.
            Err(Error::Tool { tail, .. }) if tail.contains("No packages found") => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Downloads packages and all that they need; gives the folder they are unpacked in and
    /// the names of the files that they came in.
    pub fn unpacked(&self, packages: &[&str]) -> Result<(Utf8PathBuf, Vec<String>), Error> {
        let args: Vec<&str> =
            ["install", "--yes", "--download-only"].iter().chain(packages).copied().collect();
        self.apt("apt-get", &args, &packages.join(", "))?;
        self.unpack()
    }

    /// Downloads one package alone, for a file in it that needs nothing else.
    pub fn unpacked_alone(&self, package: &str) -> Result<Utf8PathBuf, Error> {
        let archives = self.dir.join("cache/archives");
        let conf = self.dir.join("apt.conf");
        let expression = duct::cmd!("apt-get", "-qq", "-c", conf, "download", package)
            .dir(archives)
            .env("LC_ALL", "C");
        run(package, &expression, &format!("apt-get download ({})", self.suite))?;
        Ok(self.unpack()?.0)
    }

    fn unpack(&self) -> Result<(Utf8PathBuf, Vec<String>), Error> {
        let archives = self.dir.join("cache/archives");
        let tree = self.dir.join("tree");
        fs::create_dir_all(&tree).map_err(Error::io("make the folder", &tree))?;
        let mut names = Vec::new();
        for entry in archives.read_dir_utf8().map_err(Error::io("list", &archives))? {
            let entry = entry.map_err(Error::io("list", &archives))?;
            if entry.path().extension() == Some("deb") {
                let expression = duct::cmd!("dpkg-deb", "-x", entry.path(), &tree);
                run(&format!("the files of {}", entry.file_name()), &expression, "dpkg-deb")?;
                names.push(entry.file_name().to_owned());
            }
        }
        names.sort();
        Ok((tree, names))
    }
}
