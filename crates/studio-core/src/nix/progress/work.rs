//! What Nix is at, put together from its events: what is under way and since when, what is done and left, and which words
//! are for the user. Plain values; moments are handed in. Not here: how that looks on a screen ([`super::picture`]).

use super::event::{Activity, Event, Id, Level, Progress, Total};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::Instant;

/// How many builds that ended are remembered with their lines: the failure of one is said soon after its end.
const REMEMBERED: usize = 64;

/// What is under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Active {
    /// What it is.
    pub what: Activity,
    /// Since when.
    pub since: Instant,
    /// The phase that it is in; builds have some.
    pub phase: Option<String>,
    /// How far it is.
    pub progress: Progress,
}

/// A line of text that came out of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// Without control characters.
    pub text: String,
    /// How important it is; lines of builds are [`Level::Verbose`].
    pub level: Level,
}

/// All that Nix is at.
#[derive(Debug)]
pub struct Work {
    /// Since when.
    pub since: Instant,
    /// What is under way, in the order in which it began.
    pub active: BTreeMap<Id, Active>,
    /// The file that was evaluated last, while something is evaluated.
    pub evaluated: Option<String>,
    /// The sums that Nix gives.
    sums: HashMap<Id, (Total, Progress)>,
    ended: HashMap<Total, Progress>,
    expected: HashMap<(Id, Total), u64>,
    lines: HashMap<String, VecDeque<String>>,
    /// How many lines of a build are kept for the case that it fails.
    kept: usize,
    /// Builds that ended, oldest first.
    finished: VecDeque<String>,
}

impl Work {
    /// Nothing yet; of a build that fails so many lines will be shown.
    pub fn new(now: Instant, kept: usize) -> Work {
        Work {
            since: now,
            active: BTreeMap::new(),
            evaluated: None,
            sums: HashMap::new(),
            ended: HashMap::new(),
            expected: HashMap::new(),
            lines: HashMap::new(),
            kept,
            finished: VecDeque::new(),
        }
    }

    /// Takes up an event; gives what it says in words.
    pub fn take(&mut self, event: Event, now: Instant) -> Vec<Said> {
        match event {
            Event::Start(id, activity) => return self.start(id, activity, now),
            Event::Stop(id) => self.stop(id),
            Event::Phase(id, phase) => {
                if let Some(active) = self.active.get_mut(&id) {
                    active.phase = Some(plain(&phase));
                }
            }
            Event::Line(id, line) => return self.line(id, &line),
            Event::Progress(id, progress) => {
                if let Some((_, sum)) = self.sums.get_mut(&id) {
                    *sum = progress;
                } else if let Some(active) = self.active.get_mut(&id) {
                    active.progress = progress;
                }
            }
            Event::Expected(id, total, number) => _ = self.expected.insert((id, total), number),
            Event::Message(level, text) => return self.message(level, &text),
        }
        vec![]
    }

    fn start(&mut self, id: Id, what: Activity, now: Instant) -> Vec<Said> {
        if let Activity::Sum(total) = what {
            // What is built was evaluated before.
            self.evaluated = None;
            self.sums.insert(id, (total, Progress::default()));
            return vec![];
        }
        let said = match &what {
            Activity::Build { derivation, machine } => {
                let place = machine.as_ref().map(|machine| format!(" on {}", plain(machine)));
                let text = format!("building {}{}", name_of(derivation), place.unwrap_or_default());
                Some((text, Level::Begun))
            }
            Activity::Copy(path) => Some((format!("copying {}", name_of(path)), Level::Begun)),
            Activity::Substitute(path) => {
                Some((format!("fetching {}", name_of(path)), Level::Begun))
            }
            Activity::Words(words) => Some((plain(words), Level::Verbose)),
            Activity::Transfer(_) | Activity::Sum(_) => None,
        };
        let active = Active { what, since: now, phase: None, progress: Progress::default() };
        self.active.insert(id, active);
        said.map(|(text, level)| Said { text, level }).into_iter().collect()
    }

    fn stop(&mut self, id: Id) {
        if let Some((total, progress)) = self.sums.remove(&id) {
            add(self.ended.entry(total).or_default(), progress);
        }
        self.expected.retain(|(of, _), _| *of != id);
        let Some(active) = self.active.remove(&id) else { return };
        match active.what {
            Activity::Transfer(_) => {
                // What was of unknown size is known now.
                let done = active.progress.done;
                let whole = Progress { done, expected: done, ..Progress::default() };
                add(self.ended.entry(Total::Transfers).or_default(), whole);
            }
            Activity::Build { derivation, .. } => {
                self.finished.push_back(derivation);
                if self.finished.len() > REMEMBERED
                    && let Some(oldest) = self.finished.pop_front()
                {
                    self.lines.remove(&oldest);
                }
            }
            Activity::Words(_) => self.evaluated = None,
            _ => {}
        }
    }

    fn line(&mut self, id: Id, line: &str) -> Vec<Said> {
        let line = plain(line);
        let Some(Active { what: Activity::Build { derivation, .. }, .. }) = self.active.get(&id)
        else {
            return vec![Said { text: line, level: Level::Verbose }];
        };
        let text = format!("{}> {line}", name_of(derivation));
        if !self.lines.contains_key(derivation) {
            self.lines.insert(derivation.clone(), VecDeque::new());
        }
        if let Some(kept) = self.lines.get_mut(derivation) {
            if kept.len() == self.kept {
                kept.pop_front();
            }
            kept.push_back(line);
        }
        vec![Said { text, level: Level::Verbose }]
    }

    fn message(&mut self, level: Level, text: &str) -> Vec<Said> {
        let text = plain(text);
        if level == Level::Verbose {
            if let Some(file) = quoted(&text, "evaluating file '") {
                self.evaluated = Some(file.to_owned());
            }
            return vec![];
        }
        let mut said = Vec::new();
        if level == Level::Error {
            // What a build said last stands right before the word of its failure, in one piece.
            let failed = self.lines.keys().find(|path| text.contains(path.as_str())).cloned();
            let lines = failed.and_then(|path| Some((self.lines.remove(&path)?, path)));
            if let Some((lines, path)) = lines {
                let name = name_of(&path).to_owned();
                let block = lines.iter().map(|line| format!("{name}> {line}"));
                said.extend(block.map(|text| Said { text, level: Level::Error }));
            }
        }
        said.push(Said { text, level });
        said
    }

    /// How far everything of one kind is, ended or under way.
    pub fn total(&self, total: Total) -> Progress {
        let mut sum = self.ended.get(&total).copied().unwrap_or_default();
        let sums = self.sums.values().filter(|(of, _)| *of == total);
        sums.for_each(|(_, progress)| add(&mut sum, *progress));
        if total == Total::Transfers {
            let transfers =
                self.active.values().filter(|active| matches!(active.what, Activity::Transfer(_)));
            transfers.for_each(|active| add(&mut sum, active.progress));
        }
        let expected = self.expected.iter().filter(|((_, of), _)| *of == total);
        sum.expected = sum.expected.max(expected.map(|(_, number)| number).sum()).max(sum.done);
        sum
    }
}

fn add(sum: &mut Progress, other: Progress) {
    sum.done = sum.done.saturating_add(other.done);
    sum.expected = sum.expected.saturating_add(other.expected);
    sum.running = sum.running.saturating_add(other.running);
    sum.failed = sum.failed.saturating_add(other.failed);
}

/// `hello-2.12` of `/nix/store/HASH-hello-2.12.drv`; a path that is not of that kind as it is.
pub fn name_of(path: &str) -> &str {
    let file = path.rsplit('/').next().unwrap_or(path);
    let name = file.split_once('-').map_or(file, |(_, name)| name);
    let name = name.strip_suffix(".drv").unwrap_or(name);
    if name.is_empty() { path } else { name }
}

fn quoted<'a>(text: &'a str, start: &str) -> Option<&'a str> {
    text.strip_prefix(start)?.strip_suffix('\'')
}

/// The text as a terminal may be given it: without escape sequences, and without what moves the cursor or rings.
///
/// A line that was written over several times is what it was at last.
pub fn plain(text: &str) -> String {
    // Most lines have nothing to take out, and a build may say thousands a second.
    if text.bytes().all(|byte| matches!(byte, b'\t' | b' '..=b'~')) {
        return text.to_owned();
    }
    let text = console::strip_ansi_codes(text);
    let line = |line: &str| {
        let last = line.trim_end_matches('\r').rsplit('\r').next().unwrap_or_default();
        let visible = |c: char| c == '\t' || !c.is_control();
        last.chars().filter(|c| visible(*c)).collect::<String>()
    };
    text.split('\n').map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nix::progress::event::parse;

    const BROKEN: &str = include_str!("fixtures/broken-2.34.log");
    const TOP: &str = include_str!("fixtures/top-2.26.log");

    fn play(log: &str) -> (Work, Vec<Said>) {
        let now = Instant::now();
        let mut work = Work::new(now, 25);
        let mut said = Vec::new();
        for line in log.lines() {
            if let Ok(Some(event)) = parse(line) {
                said.extend(work.take(event, now));
            }
        }
        (work, said)
    }

    #[test]
    fn everything_that_nix_began_is_over_in_the_end_and_counted() {
        let (work, said) = play(TOP);
        assert_eq!(work.active, BTreeMap::new());
        let builds = work.total(Total::Builds);
        assert_eq!((builds.done, builds.failed), (3, 0));
        let lines: Vec<&str> = said.iter().map(|said| said.text.as_str()).collect();
        assert!(lines.contains(&"base-1.0> configuring"), "{lines:?}");
        // The build wrote colours.
        let plain = |line: &&str| !line.contains(char::is_control);
        assert!(lines.iter().all(plain), "{lines:?}");
    }

    #[test]
    fn what_a_failed_build_said_stands_in_one_piece_before_its_failure() {
        let (work, said) = play(BROKEN);
        assert_eq!(work.total(Total::Builds).failed, 1);
        let errors = said.iter().filter(|said| said.level == Level::Error);
        let errors: Vec<&str> = errors.map(|said| said.text.as_str()).collect();
        let [lines @ .., failure] = errors.as_slice() else { panic!("{errors:?}") };
        assert_eq!(
            lines,
            [
                "broken-2.1> line 1",
                "broken-2.1> line 2",
                "broken-2.1> line 3",
                "broken-2.1> error: it is broken"
            ]
        );
        assert!(failure.starts_with("error: Cannot build '"), "{failure}");
    }

    #[test]
    fn nothing_in_a_text_moves_the_cursor() {
        assert_eq!(plain("a\x1b[31mb\x1b[m\x07\x08c\x1b]0;title\x07"), "abc");
        assert_eq!(plain("10%\r50%\r100%\r\nnext\r"), "100%\nnext");
    }

    #[test]
    fn names_are_without_what_only_a_machine_reads() {
        assert_eq!(name_of("/nix/store/x-hello-2.12.drv"), "hello-2.12");
        assert_eq!(name_of("/nix/store/x-hello"), "hello");
        assert_eq!(name_of("strange"), "strange");
        assert_eq!(name_of(""), "");
    }
}
