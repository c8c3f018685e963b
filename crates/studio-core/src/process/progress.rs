//! Programs that say how far they are by writing over one line, as git does with `--progress`.

use super::{Failure, LONGEST, Program, Said, tail};
use std::io::{self, BufRead, BufReader};

impl Program {
    /// Runs it and keeps what it says; what it writes over, and so means to be seen for a moment only, goes to `each`.
    ///
    /// With a failure comes what it wrote to stay.
    pub fn run_with_progress(&self, each: &mut dyn FnMut(&str)) -> Result<Said, Failure> {
        let (mut stdout, mut stderr) = (Vec::new(), String::new());
        let status = std::thread::scope(|scope| {
            use std::process::Stdio;
            let mut child =
                self.command_with(Stdio::piped(), Stdio::piped()).stdin(Stdio::null()).spawn()?;
            let (out, err) = (child.stdout.take(), child.stderr.take());
            let reader = scope.spawn(move || {
                let mut all = Vec::new();
                if let Some(mut out) = out {
                    io::copy(&mut out, &mut all)?;
                }
                io::Result::Ok(all)
            });
            if let Some(err) = err {
                let mut last = String::new();
                pieces(BufReader::new(err), |piece| {
                    let text = String::from_utf8_lossy(piece).into_owned();
                    // The last word of something, too, is written over the ones before: `Receiving: 100%, done.`
                    if text.ends_with('\r') || !last.is_empty() && about(&text) == about(&last) {
                        each(text.trim());
                    } else {
                        stderr.push_str(&text);
                    }
                    last = if text.ends_with('\r') { text } else { String::new() };
                })?;
            }
            stdout = reader.join().map_err(|_| io::Error::other("a thread that reads died"))??;
            child.wait()
        });
        let status = status.map_err(|cause| self.not_started(cause))?;
        self.judge(status, || tail(&stderr))?;
        Ok(Said { stdout, stderr })
    }
}

/// What a word of progress is about: all before its first number.
fn about(text: &str) -> &str {
    let end = text.find(|c: char| c.is_ascii_digit()).unwrap_or(text.len());
    text[..end].trim_end()
}

/// Hands over what stands between two ends of lines, with its end.
fn pieces(mut source: impl BufRead, mut each: impl FnMut(&[u8])) -> io::Result<()> {
    let mut piece = Vec::new();
    loop {
        let ready = source.fill_buf()?;
        if ready.is_empty() {
            if !piece.is_empty() {
                each(&piece);
            }
            return Ok(());
        }
        let end = ready.iter().position(|byte| matches!(byte, b'\r' | b'\n'));
        let taken = end.map_or(ready.len(), |at| at + 1);
        piece.extend_from_slice(&ready[..taken]);
        source.consume(taken);
        if end.is_some() || piece.len() as u64 >= LONGEST {
            each(&piece);
            piece.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use camino::Utf8Path;

    #[test]
    fn what_is_written_over_is_told_from_what_stays() {
        let script = "printf 'Getting: 10%%\\rGetting: 20%%\\rGetting: 100%%, done.\\nfatal: no\\n' >&2; echo data; exit $1";
        let run = |status: &str, seen: &mut Vec<String>| {
            Program::new("sh", Utf8Path::new("/"))
                .args(["-c", script, "sh", status])
                .run_with_progress(&mut |text| seen.push(text.to_owned()))
        };
        let mut seen = vec![];
        let said = run("0", &mut seen).expect("it ends well");
        assert_eq!(said.text(), "data");
        assert_eq!(said.stderr, "fatal: no\n");
        assert_eq!(seen, ["Getting: 10%", "Getting: 20%", "Getting: 100%, done."]);
        let failure = run("3", &mut seen).expect_err("it fails");
        assert_eq!(failure.code(), Some(3));
        assert_eq!(failure.output(), "fatal: no");
    }

    #[test]
    fn a_program_that_is_not_there_is_said_to_be_missing() {
        let program = Program::new("no-such-program-at-all", Utf8Path::new("/"));
        let failure = program.run_with_progress(&mut |_| {}).expect_err("missing");
        assert!(matches!(failure, Failure::Missing { .. }), "{failure:?}");
    }
}
