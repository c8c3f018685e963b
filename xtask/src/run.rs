//! Starting programs: shown as a line first, their output left alone, their failure an error of
//! ours.

use crate::error::{Error, Result};
use camino::Utf8Path;
use std::time::Instant;

/// The cargo that runs us, so that a toolchain chosen for `cargo xtask` holds for everything.
pub fn cargo() -> String {
    std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned())
}

/// Runs cargo in `dir`, showing the command line and what cargo says.
pub fn cargo_in(dir: &Utf8Path, args: &[&str], env: &[(&str, &str)]) -> Result<()> {
    eprintln!("$ cargo {}", args.join(" "));
    let mut expression = duct::cmd(cargo(), args).dir(dir).unchecked();
    for (name, value) in env {
        expression = expression.env(name, value);
    }
    let output =
        expression.run().map_err(|cause| Error::new(format!("cannot run cargo: {cause}")))?;
    if output.status.success() {
        return Ok(());
    }
    Err(Error::new(format!("`cargo {}` failed", args.join(" "))))
}

/// Runs a program silently and gives its stdout; what it said is in the error.
pub fn read(expression: &duct::Expression, line: &str) -> Result<String> {
    let output = expression
        .stdin_null()
        .stdout_capture()
        .stderr_capture()
        .unchecked()
        .run()
        .map_err(|cause| Error::new(format!("cannot run `{line}`: {cause}")))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr).trim_end().to_owned();
    Err(Error::new(format!("`{line}` failed ({})\n{said}", output.status)))
}

/// Does something and says how long it took.
pub fn timed<T>(name: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    let start = Instant::now();
    eprintln!("== {name}");
    let done = work();
    let verdict = if done.is_ok() { "done" } else { "failed" };
    eprintln!("== {name}: {verdict} after {:.1} s", start.elapsed().as_secs_f64());
    done
}
