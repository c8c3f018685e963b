//! A terminal that a test holds: what is only asked where somebody can answer is seen and answered on it.
//!
//! What is written is kept as it came, with all that moves the cursor; [`Terminal::screen`] is what a person sees then.

use crate::{Sandbox, bin_dir};
use camino::Utf8Path;
use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// How long anything may take that is waited for.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long after a command's end what it wrote may still be on its way.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// A terminal and the command that runs on it.
pub struct Terminal {
    ours: File,
    child: Child,
    said: String,
    screen: vt100::Parser,
}

/// Rows and columns.
pub const SMALL: (u16, u16) = (24, 80);

impl Sandbox {
    /// Starts a command with its stdin and stderr on a new terminal of this size.
    pub fn start_on_terminal(
        &self,
        dir: impl AsRef<Utf8Path>,
        line: &str,
        size: (u16, u16),
    ) -> Terminal {
        Terminal::start_sized(&mut self.words_on_terminal(dir.as_ref(), &[], line), size)
    }

    /// The same in a session of its own whose terminal it is: what is typed may be a signal to all that runs there, and so
    /// is the end of the terminal.
    pub fn start_in_session(
        &self,
        dir: impl AsRef<Utf8Path>,
        line: &str,
        size: (u16, u16),
    ) -> Terminal {
        let before = ["setsid", "--ctty"];
        Terminal::start_sized(&mut self.words_on_terminal(dir.as_ref(), &before, line), size)
    }

    /// One of our programs with its arguments, behind these words.
    fn words_on_terminal(&self, dir: &Utf8Path, before: &[&str], line: &str) -> Command {
        let mut words = line.split(' ');
        let program = bin_dir().join(words.next().expect("a command"));
        let before = before.iter().map(|word| (*word).to_owned());
        let mut all = before.chain([program.into_string()]).chain(words.map(str::to_owned));
        let mut command = Command::new(all.next().expect("a program"));
        command.args(all).current_dir(dir).env_clear().envs(self.environment());
        command
    }
}

impl Terminal {
    /// Starts a command with its stdin and stderr on a new terminal.
    pub(crate) fn start(command: &mut Command) -> Terminal {
        Terminal::start_sized(command, SMALL)
    }

    fn start_sized(command: &mut Command, (rows, columns): (u16, u16)) -> Terminal {
        let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)
            .expect("a terminal");
        grantpt(&ours).and_then(|()| unlockpt(&ours)).expect("it can be used");
        let name = ptsname(&ours, Vec::new()).expect("it has a name");
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
        let theirs: File = rustix::fs::open(&name, flags, Mode::empty()).expect("opened").into();
        let size =
            rustix::termios::Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        rustix::termios::tcsetwinsize(&theirs, size).expect("it has a size");
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
        let screen = vt100::Parser::new(rows, columns, 0);
        Terminal { ours: ours.into(), child, said: String::new(), screen }
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

    /// What stands on the screen now, without what follows the last character of a line and empty lines at the end.
    pub fn screen(&self) -> String {
        let rows = self.screen.screen().rows(0, self.screen.screen().size().1);
        let rows: Vec<String> = rows.map(|row| row.trim_end().to_owned()).collect();
        rows.join("\n").trim_end().to_owned()
    }

    /// Waits until the screen is such that `wanted` says yes, and gives it.
    pub fn until_screen(&mut self, wanted: impl Fn(&str) -> bool) -> String {
        let began = Instant::now();
        loop {
            let screen = self.screen();
            if wanted(&screen) {
                return screen;
            }
            assert!(began.elapsed() < PATIENCE, "it never came to that:\n{screen}");
            self.listen();
        }
    }

    /// Gives it another size, as somebody does who draws at a corner of the window.
    pub fn resize(&mut self, (rows, columns): (u16, u16)) {
        let size =
            rustix::termios::Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        rustix::termios::tcsetwinsize(&self.ours, size).expect("it has another size");
        self.screen.screen_mut().set_size(rows, columns);
    }

    /// Types a line.
    pub fn line(&mut self, text: &str) {
        self.ours.write_all(format!("{text}\n").as_bytes()).expect("typed");
    }

    /// Types Ctrl-C.
    pub fn interrupt(&mut self) {
        self.ours.write_all(b"\x03").expect("typed");
    }

    /// Waits until the command ends; gives how it did and what stands on the screen then.
    pub fn end(mut self) -> (ExitStatus, String) {
        let status = self.wait();
        (status, self.screen())
    }

    /// Waits until the command ends; gives its exit status and all that was written.
    pub fn ends(mut self) -> (Option<i32>, String) {
        let status = self.wait();
        (status.code(), self.said)
    }

    fn wait(&mut self) -> ExitStatus {
        let began = Instant::now();
        loop {
            self.listen();
            if let Some(status) = self.child.try_wait().expect("it can be asked") {
                // The kernel may still be handing on what was written last. All was, once nobody has the other end; a
                // helper that was left behind may have it for long, with nothing to say.
                let ended = Instant::now();
                while self.listen() && ended.elapsed() < LAST_WORDS {}
                return status;
            }
            assert!(began.elapsed() < PATIENCE, "it never ended: {}", self.said);
        }
    }

    /// The number of the process that was started.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Takes the terminal away, as a connection does that is lost; the command goes on.
    pub fn hang_up(self) -> Child {
        self.child
    }

    /// Takes in what was written, or waits a moment; false when nobody has the other end any more.
    fn listen(&mut self) -> bool {
        let mut bytes = [0; 1 << 12];
        match self.ours.read(&mut bytes) {
            Ok(length) if length > 0 => {
                self.said.push_str(&String::from_utf8_lossy(&bytes[..length]));
                self.screen.process(&bytes[..length]);
                true
            }
            // To look without a pause while nothing changes would take the processor from those who write.
            rest => {
                std::thread::sleep(Duration::from_millis(5));
                rest.is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
            }
        }
    }
}
