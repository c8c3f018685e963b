//! A child that is started early and told later what to do: it has the user's terminal for its own questions, says a line
//! when it is ready, and reads its work from a pipe. Not here: what is said.

use super::{Failure, Program};
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

/// A child that waits for what it is told. Dropped, it hears the end of its input, and nothing else.
#[derive(Debug)]
pub struct Conversation {
    program: Program,
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
}

impl Program {
    /// Starts it, with pipes for stdin and stdout and our stderr for the rest.
    pub fn converse(&self) -> Result<Conversation, Failure> {
        let start = || -> std::io::Result<Conversation> {
            let mut command = self.command_with(Stdio::piped(), Stdio::inherit());
            let mut child = command.stdin(Stdio::piped()).spawn()?;
            let missing = || std::io::Error::other("a pipe is missing");
            Ok(Conversation {
                program: self.clone(),
                stdin: child.stdin.take(),
                stdout: BufReader::new(child.stdout.take().ok_or_else(missing)?),
                child,
            })
        };
        start().map_err(|cause| self.not_started(cause))
    }
}

impl Conversation {
    /// The next line that it says; `None` if it ended instead.
    pub fn hear(&mut self) -> Option<String> {
        let mut line = String::new();
        let read = self.stdout.read_line(&mut line).ok()?;
        (read > 0).then(|| line.trim_end_matches('\n').to_owned())
    }

    /// Tells it everything, and waits for its end.
    pub fn say(mut self, bytes: &[u8]) -> Result<(), Failure> {
        if let Some(mut stdin) = self.stdin.take() {
            // A child that does not listen any more says why by its exit status.
            let _ = stdin.write_all(bytes);
        }
        self.end()
    }

    /// Waits for its end, without telling it anything.
    pub fn end(&mut self) -> Result<(), Failure> {
        self.stdin = None;
        let status = self.child.wait().map_err(|cause| self.program.not_started(cause))?;
        // It said everything on our stderr already.
        self.program.judge(status, String::new)
    }
}

impl Drop for Conversation {
    fn drop(&mut self) {
        let _ = self.end();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use camino::Utf8Path;

    fn started(script: &str) -> Conversation {
        let program = Program::new("sh", Utf8Path::new("/")).args(["-c", script]);
        program.converse().expect("started")
    }

    #[test]
    fn it_is_told_once_it_is_ready() {
        let mut child = started("echo ready; read word; test \"$word\" = go");
        assert_eq!(child.hear().as_deref(), Some("ready"));
        child.say(b"go\n").expect("it heard");
        let failure = started("read word; exit 3").say(b"").expect_err("3");
        assert_eq!(failure.code(), Some(3));
    }

    #[test]
    fn one_that_ends_instead_says_no_line() {
        let mut child = started("exit 1");
        assert_eq!(child.hear(), None);
        assert_eq!(child.end().expect_err("1").code(), Some(1));
    }
}
