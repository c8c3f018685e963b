//! `STUDIO_HOME` on a small real file system of its own, which can be filled up or made read-only.
//!
//! It is mounted in a mount namespace that a process which does nothing keeps: with that it is gone, whatever a test dies
//! of. A loop device takes root; without that there is `tmpfs`, in a user namespace. Everything in the sandbox runs in
//! there.

use crate::Sandbox;
use camino::{Utf8Path, Utf8PathBuf};
use std::fmt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A kind of file system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileSystem {
    /// In memory, for everybody.
    Tmpfs,
    /// What most have.
    Ext4,
    /// With blocks that files can share.
    Btrfs,
    /// With files and what describes them in one room, as on small disks: so a full one takes no new name either.
    MixedBtrfs,
    /// With such blocks, and room that is set aside before it is used.
    Xfs,
}

impl FileSystem {
    /// All of them.
    pub const ALL: [FileSystem; 5] = [
        FileSystem::Tmpfs,
        FileSystem::Ext4,
        FileSystem::Btrfs,
        FileSystem::MixedBtrfs,
        FileSystem::Xfs,
    ];

    /// How it is made, but for the name of the image; in memory nothing has to be.
    fn making(self) -> Option<&'static str> {
        match self {
            FileSystem::Tmpfs => None,
            // Nothing is set aside for root, who may be the one to run this.
            FileSystem::Ext4 => Some("mkfs.ext4 -q -F -m 0"),
            FileSystem::Btrfs => Some("mkfs.btrfs -q"),
            FileSystem::MixedBtrfs => Some("mkfs.btrfs -q --mixed"),
            FileSystem::Xfs => Some("mkfs.xfs -q"),
        }
    }

    /// The MiB that are small and still enough for its maker.
    fn small(self) -> u32 {
        match self {
            FileSystem::Tmpfs | FileSystem::Ext4 => 24,
            FileSystem::Btrfs => 110,
            FileSystem::MixedBtrfs => 32,
            FileSystem::Xfs => 300,
        }
    }
}

impl fmt::Display for FileSystem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            FileSystem::Tmpfs => "tmpfs",
            FileSystem::Ext4 => "ext4",
            FileSystem::Btrfs => "btrfs",
            FileSystem::MixedBtrfs => "mixed btrfs",
            FileSystem::Xfs => "xfs",
        })
    }
}

pub(crate) struct Disk {
    keeper: Child,
    /// Whether its namespace is one of users, too.
    of_user: bool,
}

impl Disk {
    /// Where a path in there is seen from out here.
    pub fn seen(&self, path: &Utf8Path) -> Utf8PathBuf {
        format!("/proc/{}/root{path}", self.keeper.id()).into()
    }

    /// The words that run a command in there; the folder in which it starts follows them, then the command.
    pub fn enter(&self) -> Vec<String> {
        let mut words = vec!["--mount".to_owned(), format!("--target={}", self.keeper.id())];
        if self.of_user {
            words.extend(["--preserve-credentials".to_owned(), "--user".to_owned()]);
        }
        words.extend(["--", "sh", "-c", "cd \"$0\" && exec \"$@\""].map(str::to_owned));
        words
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = self.keeper.kill();
        let _ = self.keeper.wait();
    }
}

impl Sandbox {
    /// A new one whose `STUDIO_HOME` is a small file system of this kind, or the reason why there can be none on this
    /// machine.
    pub fn on_disk(kind: FileSystem) -> Result<Sandbox, String> {
        Sandbox::on_disk_of(kind, kind.small())
    }

    /// The same on one of so many MiB, which are not taken before they are written to.
    pub fn on_disk_of(kind: FileSystem, mib: u32) -> Result<Sandbox, String> {
        let mut sandbox = Sandbox::new();
        let (root, place) = (sandbox.root().to_owned(), sandbox.studio_home());
        let mount = match kind.making() {
            None => format!("mount -t tmpfs -o size={mib}m,nr_inodes=6000,mode=755 tmpfs {place}"),
            Some(mkfs) => format!(
                "truncate -s {mib}M {root}/disk; {mkfs} {root}/disk; mount -o loop {root}/disk {place}
                 chmod 755 {place}; rm -rf {place}/lost+found"
            ),
        };
        // The words of what fails are in the file; `mounted` says that nothing did.
        let script = format!(
            "exec 2>{root}/disk.log; set -eu; mkdir -p {place}; {mount}; touch {root}/mounted; exec sleep 100000"
        );
        let of_user = !rustix::process::geteuid().is_root();
        let mut command = Command::new("unshare");
        if of_user {
            command.args(["--user", "--map-root-user"]);
        }
        let keeper = command
            .args(["--mount", "--propagation=private", "sh", "-c", &script])
            .envs(sandbox.environment())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|cause| format!("unshare: {cause}"))?;
        let mut disk = Disk { keeper, of_user };
        let until = Instant::now() + Duration::from_secs(60);
        while !root.join("mounted").exists() {
            let ended = disk.keeper.try_wait().expect("the child is ours").is_some();
            if ended || Instant::now() > until {
                let log = std::fs::read_to_string(root.join("disk.log")).unwrap_or_default();
                return Err(format!("{kind} cannot be mounted here: {}", log.trim()));
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        sandbox.disk = Some(disk);
        Ok(sandbox)
    }

    /// Fills the disk until only so many KiB are left on it; 0 leaves no byte.
    pub fn leave(&self, kib: u64) {
        // What `df` says is not what can be written: the room is taken first, then all else, and then it is given back.
        let script = format!(
            "exec 2>/dev/null
            dd if=/dev/zero of=room bs=1k count={kib} || true
            sync; have=$(df -k --output=avail . | tail -n 1)
            fallocate -l ${{have}}K fill || true
            dd if=/dev/zero of=fill-more bs=64k || true
            dd if=/dev/zero of=fill-most bs=512 || true
            sync; rm room; sync"
        );
        self.sh(self.studio_home(), &script).ok();
    }

    /// Takes names on the disk until only so many more can be made; there is room for what they hold.
    pub fn leave_inodes(&self, number: u64) {
        let script = format!(
            "mkdir fill-names; cd fill-names; sync; have=$(df --output=iavail . | tail -n 1)
            test $have -le {number} || seq $((have - {number})) | xargs touch; sync
            test $(df --output=iavail . | tail -n 1) -eq {number}"
        );
        self.sh(self.studio_home(), &script).ok();
    }

    /// Makes room on the disk again.
    pub fn make_room(&self) {
        self.sh(self.studio_home(), "rm -rf fill fill-more fill-most fill-names; sync").ok();
    }

    /// Mounts the disk again as `ro` or `rw`.
    pub fn mount_as(&self, how: &str) {
        self.sh(self.root(), &format!("mount -o remount,{how} {}", self.studio_home())).ok();
    }
}
