//! A terminal that a test holds: what is only asked where somebody can answer is seen and answered on it.
//!
//! What is written is kept as it came, with all that moves the cursor. Not here: what a screen would make of it.

use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use std::fs::File;
use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long anything may take that is waited for.
const PATIENCE: Duration = Duration::from_secs(60);

/// A terminal and the command that runs on it.
pub struct Terminal {
    ours: File,
    child: Child,
    said: String,
}

impl Terminal {
    /// Starts a command with its stdin and stderr on a new terminal.
    pub(crate) fn start(command: &mut Command) -> Terminal {
        let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)
            .expect("a terminal");
        grantpt(&ours).and_then(|()| unlockpt(&ours)).expect("it can be used");
        let name = ptsname(&ours, Vec::new()).expect("it has a name");
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
        let theirs: File = rustix::fs::open(&name, flags, Mode::empty()).expect("opened").into();
        // A test that waits must also be able to see that the command has ended.
        rustix::fs::fcntl_setfl(&ours, OFlags::NONBLOCK).expect("it need not wait");
        let child = command
            .env("TERM", "xterm")
            .stdin(Stdio::from(theirs.try_clone().expect("a second end")))
            .stderr(Stdio::from(theirs))
            .stdout(Stdio::null())
            .spawn()
            .expect("it starts");
        // The command still holds the other end of the terminal, and so do we.
        command.stdin(Stdio::null()).stderr(Stdio::null());
        Terminal { ours: ours.into(), child, said: String::new() }
    }

    /// Waits until a text was written, and gives all that was.
    pub fn until(&mut self, text: &str) -> &str {
        let began = Instant::now();
        while !self.said.contains(text) {
            assert!(began.elapsed() < PATIENCE, "nobody wrote `{text}`: {}", self.said);
            self.listen();
        }
        &self.said
    }

    /// Types a line.
    pub fn line(&mut self, text: &str) {
        self.ours.write_all(format!("{text}\n").as_bytes()).expect("typed");
    }

    /// Waits until the command ends; gives its exit status and all that was written.
    pub fn ends(mut self) -> (Option<i32>, String) {
        let began = Instant::now();
        loop {
            self.listen();
            if let Some(status) = self.child.try_wait().expect("it can be asked") {
                self.listen();
                return (status.code(), self.said);
            }
            assert!(began.elapsed() < PATIENCE, "it never ended: {}", self.said);
        }
    }

    /// Takes the terminal away, as a connection does that is lost; the command goes on.
    pub fn hang_up(self) -> Child {
        self.child
    }

    fn listen(&mut self) {
        let mut bytes = [0; 1 << 12];
        match self.ours.read(&mut bytes) {
            Ok(length) if length > 0 => {
                self.said.push_str(&String::from_utf8_lossy(&bytes[..length]));
            }
            // Nothing yet, or nobody is there any more.
            _ => std::thread::sleep(Duration::from_millis(5)),
        }
    }
}
