//! Where a machine keeps what runs, its generations and our records.

use super::{Profile, linked_store_path};
use crate::config::Environment;
use crate::error::{Error, Exit, Result};
use crate::home::Home;
use crate::names::ConfigName;
use crate::store_path::StorePath;
use crate::target::{Kind, Target};
use camino::{Utf8Path, Utf8PathBuf};

/// The machine that is switched: its root folder, and the store that it uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Machine {
    root: Utf8PathBuf,
    /// What Nix is told by `--store`; its own default if nothing.
    pub store: Option<String>,
}

impl Machine {
    /// The machine whose root folder is `root`, by default this one; a relative folder is below `cwd`.
    pub fn new(root: Option<&Utf8Path>, store: Option<&str>, cwd: &Utf8Path) -> Result<Machine> {
        let given = cwd.join(root.unwrap_or(Utf8Path::new("/")));
        // `..` and links are resolved where they exist; the folder itself may be made later.
        let root = given.canonicalize_utf8().unwrap_or(given);
        if root.components().any(|part| part.as_str() == "..") || root.as_str().contains('\n') {
            return Err(Error::new(format!(
                "`{}` cannot be a root folder",
                root.as_str().escape_debug()
            ))
            .hint("use an absolute path without `..`")
            .exit(Exit::Usage));
        }
        if root.exists() && !root.is_dir() {
            return Err(Error::new(format!("`{root}` is not a folder")).exit(Exit::Usage));
        }
        Ok(Machine { root, store: store.map(str::to_owned) })
    }

    /// The root folder.
    pub fn root(&self) -> &Utf8Path {
        &self.root
    }

    /// Whether this is the machine that we run on.
    pub fn is_this_one(&self) -> bool {
        self.root == "/"
    }

    /// Where a target has its things on this machine.
    pub fn place(&self, target: &Target, env: &Environment, home: &Home) -> Result<Place> {
        if target.kind.privileged() {
            return Ok(Place::of_system(target.kind, &self.root));
        }
        if !self.is_this_one() {
            return Err(Error::new(format!(
                "a `{}` target belongs to a user, not to the machine under `{}`",
                target.kind, self.root
            ))
            .hint("leave `--root` out, or choose a system: `--target nixos`")
            .exit(Exit::Usage));
        }
        Place::of_user(target.kind, &target.name, env, home)
    }
}

/// Where one target has its things.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// The kind of the target.
    pub kind: Kind,
    /// The root folder of the machine.
    pub root: Utf8PathBuf,
    /// The profile, whose links beside it are the generations.
    pub profile: Utf8PathBuf,
    /// The link to what runs now.
    pub running: Utf8PathBuf,
    /// Where the records of attempts lie.
    pub records: Utf8PathBuf,
    /// What only one attempt at a time may hold.
    pub lock: Utf8PathBuf,
}

impl Place {
    /// The place of a system: it follows from the root folder alone, so nobody can talk root into another one.
    pub fn of_system(kind: Kind, root: &Utf8Path) -> Place {
        Place {
            kind,
            root: root.to_owned(),
            profile: root.join("nix/var/nix/profiles/system"),
            running: root.join("run/current-system"),
            records: root.join("var/lib/studio/transactions"),
            lock: root.join("run/studio/switch.lock"),
        }
    }

    /// The place of a target that belongs to a user, from its parts.
    pub fn from_parts(
        kind: Kind,
        profile: Utf8PathBuf,
        running: Utf8PathBuf,
        records: Utf8PathBuf,
    ) -> Place {
        // Nix itself locks `PROFILE.lock`.
        let lock = profile
            .with_file_name(format!(".studio-{}.lock", profile.file_name().unwrap_or("profile")));
        Place { kind, root: "/".into(), profile, running, records, lock }
    }

    fn of_user(kind: Kind, name: &ConfigName, env: &Environment, home: &Home) -> Result<Place> {
        let state = env.state_home()?;
        let (profile, running) = match kind {
            Kind::Home => (
                profiles_of_user(&state, env).join("home-manager"),
                state.join("home-manager/gcroots/current-home"),
            ),
            _ => {
                let profile = state.join(format!("nix/profiles/studio-{name}"));
                let running = match env.runtime_dir() {
                    Some(runtime) => runtime.join("studio").join(name.as_str()),
                    // Without such a folder nothing can be tried until a reboot; `test` refuses, the rest works.
                    None => profile.clone(),
                };
                (profile, running)
            }
        };
        Ok(Place::from_parts(kind, profile, running, home.transactions()))
    }

    /// The profile.
    pub fn profile(&self) -> Profile {
        Profile::at(&self.profile)
    }

    /// What runs now, if anything does.
    pub fn runs(&self) -> Option<StorePath> {
        linked_store_path(&self.running).or_else(|| match self.kind {
            // A system that has a profile and no `current-system` was installed and never started.
            Kind::Nixos | Kind::Darwin => None,
            Kind::Home | Kind::Profile => linked_store_path(&self.profile),
        })
    }

    /// Whether there is no folder in which a package can be tried until the next reboot.
    pub fn nothing_goes_at_reboot(&self) -> bool {
        self.kind == Kind::Profile && self.running == self.profile
    }

    /// What was started at boot, if the kind has such a thing.
    pub fn booted(&self) -> Option<StorePath> {
        match self.kind {
            Kind::Nixos => linked_store_path(&self.root.join("run/booted-system")),
            Kind::Darwin | Kind::Home | Kind::Profile => None,
        }
    }
}

/// Where Nix keeps the profiles of the user, by the rule of home-manager: the older place only where the newer is not.
fn profiles_of_user(state: &Utf8Path, env: &Environment) -> Utf8PathBuf {
    let newer = state.join("nix/profiles");
    let older =
        env.get("USER").map(|user| Utf8Path::new("/nix/var/nix/profiles/per-user").join(user));
    match older {
        Some(older) if !newer.is_dir() && older.is_dir() => older,
        _ => newer,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_of_a_system_lies_below_its_root() {
        let machine = Machine::new(Some(Utf8Path::new("vm")), None, Utf8Path::new("/empty"))
            .expect("machine");
        let place = Place::of_system(Kind::Nixos, machine.root());
        for path in [&place.profile, &place.running, &place.records, &place.lock] {
            assert!(path.starts_with("/empty/vm"), "{path}");
        }
        assert_eq!(place.runs(), None);
    }

    #[test]
    fn a_root_with_dots_or_that_is_a_file_is_refused() {
        let new = |root: &str| Machine::new(Some(Utf8Path::new(root)), None, Utf8Path::new("/"));
        assert!(new("/nowhere/../x").is_err());
        assert!(new("/etc/passwd").is_err());
        assert!(new("/").expect("this one").is_this_one());
    }
}
