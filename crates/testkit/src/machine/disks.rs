//! Small real file systems below a machine, which can be filled up or made read-only while it works.
//!
//! They are mounted in a user and mount namespace of their own, which needs no privilege; a process that does nothing
//! keeps it. Everything of the machine runs in there.

use super::Machine;
use camino::{Utf8Path, Utf8PathBuf};
use std::process::{Child, Command, Stdio};

pub(super) struct Disks {
    keeper: Child,
}

impl Disks {
    pub fn keeper(&self) -> i32 {
        i32::try_from(self.keeper.id()).expect("a process number")
    }

    /// How a path in there is called out here.
    pub fn seen(&self, path: &Utf8Path) -> Utf8PathBuf {
        format!("/proc/{}/root{path}", self.keeper.id()).into()
    }

    /// The words that run a command in there.
    pub fn enter(&self) -> Vec<String> {
        let words = ["nsenter", "--preserve-credentials", "-U", "-m", "-t"];
        let mut words: Vec<String> = words.map(str::to_owned).into();
        words.extend([self.keeper.id().to_string(), "--".to_owned()]);
        words
    }
}

impl Drop for Disks {
    fn drop(&mut self) {
        let _ = self.keeper.kill();
        let _ = self.keeper.wait();
    }
}

impl Machine {
    /// A new machine with these folders of it on small disks of their own.
    #[must_use]
    pub fn with_disks(folders: &[&str]) -> Machine {
        let mut machine = Machine::new();
        let mut script = String::from("set -eu\n");
        for folder in folders {
            let path = machine.root().join(folder);
            script += &format!(
                "mkdir -p {path}; mount -t tmpfs -o size=256k,nr_inodes=200,mode=755 tmpfs {path}\n"
            );
        }
        script += &format!("touch {}/mounted; exec sleep 100000\n", machine.sandbox.root());
        let keeper = Command::new("unshare")
            .args(["--user", "--map-root-user", "--mount", "sh", "-c", &script])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .expect("unshare is there");
        machine.disks = Some(Disks { keeper });
        super::wait("its disks are there", || machine.sandbox.root().join("mounted").exists());
        machine
    }

    /// Fills the disk that a folder lies on to its last byte and its last name.
    pub fn fill(&self, folder: &str) {
        let script = format!(
            "mkdir -p {folder}/fill; cd {folder}/fill
            dd if=/dev/zero of=bytes bs=4k 2> /dev/null || true
            n=0; while : 2> /dev/null > $n; do n=$((n + 1)); done 2> /dev/null || true"
        );
        let _ = self.sh(&script);
    }

    /// Makes room on that disk again.
    pub fn make_room(&self, folder: &str) {
        self.sh(&format!("rm -rf {folder}/fill")).ok();
    }

    /// Makes the disk that a folder lies on read-only, or writable again.
    pub fn mount_as(&self, folder: &str, how: &str) {
        self.sh(&format!("mount -o remount,{how} {}", self.root().join(folder))).ok();
    }
}
