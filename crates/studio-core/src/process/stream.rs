//! A child whose output is read while it comes, because it may be more than should be held.

use super::{Failure, Program, tail};
use std::io::{self, Read};
use std::process::{Child, ChildStdout, Stdio};

/// The output of a child; at its end stands an error if the child failed. Dropped, it ends the child.
#[derive(Debug)]
pub struct Stream {
    program: Program,
    child: Child,
    stdout: ChildStdout,
}

impl Program {
    /// Starts it and gives its output.
    pub fn stream(&self) -> Result<Stream, Failure> {
        let start = || -> io::Result<Stream> {
            let mut command = self.command_with(Stdio::piped(), Stdio::piped());
            let mut child = command.stdin(Stdio::null()).spawn()?;
            let stdout =
                child.stdout.take().ok_or_else(|| io::Error::other("a pipe is missing"))?;
            Ok(Stream { program: self.clone(), child, stdout })
        };
        start().map_err(|cause| self.not_started(cause))
    }
}

impl Read for Stream {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.stdout.read(into)?;
        if read == 0 && !into.is_empty() {
            let mut said = String::new();
            if let Some(stderr) = &mut self.child.stderr {
                // What it could not say as text is of no use to anybody.
                let _ = stderr.read_to_string(&mut said);
            }
            let status = self.child.wait()?;
            self.program.judge(status, || tail(&said)).map_err(io::Error::other)?;
        }
        Ok(read)
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use camino::Utf8Path;

    fn all(script: &str) -> io::Result<Vec<u8>> {
        let mut all = Vec::new();
        let program = Program::new("sh", Utf8Path::new("/")).args(["-c", script]);
        program.stream().expect("sh is there").read_to_end(&mut all)?;
        Ok(all)
    }

    #[test]
    fn all_of_it_is_read_and_a_failure_at_its_end_is_heard() {
        let much = all("head -c 1000000 /dev/zero; echo a word >&2").expect("it worked");
        assert_eq!(much.len(), 1_000_000);
        let failed = all("echo half; echo why >&2; exit 3").expect_err("it failed");
        assert!(failed.to_string().contains("failed with exit status 3"), "{failed}");
    }

    #[test]
    fn who_stops_reading_ends_it() {
        let mut stream = Program::new("yes", Utf8Path::new("/")).stream().expect("yes is there");
        stream.read_exact(&mut [0; 100]).expect("it says something");
        drop(stream);
    }
}
