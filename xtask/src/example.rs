//! The example flake of `examples/`, made in a folder whose Nix store is its own: what the demo
//! walks through and the bench measures. Not here: what is done with it.

use crate::error::{Error, Result};
use crate::run;
use crate::test::Tools;
use crate::workspace::Workspace;
use camino::{Utf8Path, Utf8PathBuf};
use std::collections::HashMap;

/// A folder in which a user could live: a home, a Nix store and a server with two repositories.
pub struct Place {
    /// The folder.
    pub dir: Utf8PathBuf,
    environment: Vec<(String, String)>,
}

impl Place {
    /// Makes `dir` anew: what an earlier run left there is removed.
    pub fn new(dir: &Utf8Path, tools: &Tools, programs: &Utf8Path) -> Result<Place> {
        let nix = tools.nix.environment(dir).into_iter();
        let nix = nix.map(|(name, value)| (name.to_owned(), value)).collect();
        Place::with(dir, nix, &format!("{programs}:{}", tools.nix.bin))
    }

    /// The same for work in which nothing is evaluated or built.
    pub fn without_nix(dir: &Utf8Path, programs: &Utf8Path) -> Result<Place> {
        let home = ("HOME".to_owned(), dir.join("home").into_string());
        Place::with(dir, vec![home], programs.as_str())
    }

    fn with(
        dir: &Utf8Path,
        mut environment: Vec<(String, String)>,
        programs: &str,
    ) -> Result<Place> {
        clear(dir)?;
        let path = std::env::var("PATH").unwrap_or_default();
        for (name, value) in [
            ("PATH", format!("{programs}:{path}")),
            ("USER", "ada".to_owned()),
            ("TZ", "UTC".to_owned()),
            ("GIT_CONFIG_NOSYSTEM", "1".to_owned()),
        ] {
            environment.push((name.to_owned(), value));
        }
        let place = Place { dir: dir.to_owned(), environment };
        let machine = place.home().join("machine");
        std::fs::create_dir_all(&machine).map_err(Error::io("make the folder", &machine))?;
        let config = "[user]\n\tname = Ada\n\temail = ada@example.org\n[init]\n\tdefaultBranch = main\n\
                      [protocol \"file\"]\n\tallow = always\n[advice]\n\tdetachedHead = false\n";
        let path = place.home().join(".gitconfig");
        std::fs::write(&path, config).map_err(Error::io("write", &path))?;
        Ok(place)
    }

    /// The home folder; `machine` in it stands for the machine that is switched.
    pub fn home(&self) -> Utf8PathBuf {
        self.dir.join("home")
    }

    /// Makes `server/motd.git` and `server/upstream.git` in the home folder out of `examples/`.
    pub fn with_example(self, workspace: &Workspace, tools: &Tools) -> Result<Place> {
        let script = workspace.root.join("examples/make.sh");
        let expression = self.command(
            "sh",
            &[script.as_str(), self.home().join("server").as_str(), tools.busybox.as_str()],
        );
        run::read(&expression, "examples/make.sh")?;
        Ok(self)
    }

    /// Sets a variable for everything that runs here from now on.
    pub fn set(&mut self, name: &str, value: &str) {
        self.environment.push((name.to_owned(), value.to_owned()));
    }

    /// Puts a folder before all others on PATH.
    pub fn before_path(&mut self, folder: &Utf8Path) {
        let path = self.environment.iter().rev().find(|(name, _)| name == "PATH");
        let path = path.map(|(_, path)| format!("{folder}:{path}")).unwrap_or_default();
        self.set("PATH", &path);
    }

    /// A command in the folder, with nothing of the caller's environment that could change what it
    /// does.
    pub fn command(&self, program: &str, args: &[&str]) -> duct::Expression {
        duct::cmd(program, args).dir(&self.dir).full_env(self.environment())
    }

    /// All variables of a command.
    pub fn environment(&self) -> HashMap<String, String> {
        // The terminal is the user's; all else is the place's.
        let kept = ["TERM", "COLORTERM", "LANG", "LC_ALL"]
            .into_iter()
            .filter_map(|name| Some((name.to_owned(), std::env::var(name).ok()?)));
        kept.chain(self.environment.iter().cloned()).collect()
    }
}

/// Removes a folder in which snapshots and a Nix store may lie, whose folders cannot be written to.
pub fn clear(dir: &Utf8Path) -> Result<()> {
    if dir.symlink_metadata().is_err() {
        return Ok(());
    }
    unseal(dir)?;
    std::fs::remove_dir_all(dir).map_err(Error::io("remove", dir))
}

fn unseal(dir: &Utf8Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let failed = || Error::io("read", dir);
    std::fs::set_permissions(dir, PermissionsExt::from_mode(0o755)).map_err(failed())?;
    for entry in dir.as_std_path().read_dir().map_err(failed())? {
        let entry = entry.map_err(failed())?;
        if entry.file_type().map_err(failed())?.is_dir()
            && let Ok(path) = Utf8PathBuf::from_path_buf(entry.path())
        {
            unseal(&path)?;
        }
    }
    Ok(())
}
