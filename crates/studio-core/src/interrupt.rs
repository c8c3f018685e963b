//! What a signal does that asks this process to end: it ends, as it would by itself, but what is drawn at the foot of the
//! terminal goes first, so that the prompt of the shell does not come to stand behind it. Whoever has more to say about an
//! interrupt than that takes it.
//!
//! Not here: what is half done then. Nothing may depend on a signal that is heard, because `kill -9` is not.

use crate::error::{OrSay, Result};
use indicatif::ProgressBar;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;
use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, Once};
use std::time::{Duration, Instant};

/// What is drawn at the foot of the terminal, if there is something.
pub type Drawn = Arc<Mutex<Option<ProgressBar>>>;

/// How long it is waited for somebody who is just writing; the terminal may take nothing.
const PATIENCE: Duration = Duration::from_millis(300);

/// Whether an interrupt is somebody else's to answer.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// From now on nothing of `drawn` is left behind where this process is asked to end.
///
/// It stays so until the end of the process: a signal whose handler is taken away again is ignored, not deadly.
pub fn leave_nothing_of(drawn: &Drawn) {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // Where signals cannot be listened for they do what they always do.
        let Ok(mut signals) = Signals::new([SIGINT, SIGTERM, SIGHUP]) else { return };
        let drawn = Arc::clone(drawn);
        std::thread::spawn(move || {
            for signal in signals.forever() {
                if signal != SIGINT || !TAKEN.load(Ordering::SeqCst) {
                    end(&drawn, signal);
                }
            }
        });
    });
}

fn end(drawn: &Drawn, signal: i32) {
    let begin = Instant::now();
    let drawn = loop {
        match drawn.try_lock() {
            Ok(drawn) => break Some(drawn),
            Err(_) if begin.elapsed() > PATIENCE => break None,
            Err(_) => std::thread::sleep(Duration::from_millis(1)),
        }
    };
    if let Some(bar) = drawn.as_ref().and_then(|drawn| drawn.as_ref()) {
        if !bar.message().is_empty() {
            // The last line is drawn to its end, so a `^C` that the terminal has echoed stands in the next one. Another
            // character is there in either case; from it the way back to the last line is known.
            let _ = std::io::stderr().lock().write_all(b" \r\x1b[K\x1b[A");
        }
        bar.finish_and_clear();
    }
    // Nobody draws any more: the lock is held to the end.
    let _ = emulate_default_handler(signal);
}

/// Whether the user interrupts us, from now on; the process does not end by it.
///
/// # Errors
/// If signals cannot be listened for.
pub fn taken() -> Result<Arc<AtomicBool>> {
    let interrupted = Arc::new(AtomicBool::new(false));
    signal_hook::flag::register(SIGINT, Arc::clone(&interrupted))
        .or_say(|| "interrupts cannot be listened for")?;
    TAKEN.store(true, Ordering::SeqCst);
    Ok(interrupted)
}
