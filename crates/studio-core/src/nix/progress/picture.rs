//! What Nix is at as a few lines for a terminal: one that says how much is done and left, and one for each thing that is
//! under way, the longest first. Not here: putting them on the screen.

use super::event::{Activity, Total};
use super::work::{Active, Work, name_of, plain};
use crate::ui::clock;
use bytesize::ByteSize;
use std::time::Instant;

/// The lines, at most `height` of them. Where there is more under way, the last line says how much.
pub fn lines(work: &Work, now: Instant, height: usize) -> Vec<String> {
    let mut rows: Vec<String> =
        work.active.values().filter_map(|active| row(work, active, now)).collect();
    let most = height.saturating_sub(1);
    if rows.len() > most {
        let more = rows.len() - most.saturating_sub(1);
        rows.truncate(most.saturating_sub(1));
        rows.push(format!("  and {more} more"));
    }
    rows.truncate(most);
    rows.insert(0, summary(work, now));
    rows.truncate(height);
    rows
}

/// What is done and left, and what takes longest: `built 3 of 12  1:05; building hello-2.12  build  40s`
pub fn in_a_line(work: &Work, now: Instant) -> String {
    // That checks run is known of a build that is one of them.
    let words = |active: &&Active| matches!(active.what, Activity::Words(_));
    let (words, others): (Vec<&Active>, Vec<&Active>) = work.active.values().partition(words);
    let longest = others.into_iter().chain(words).find_map(|active| row(work, active, now));
    let longest = longest.map(|row| format!("; {}", row.trim_start()));
    format!("{}{}", summary(work, now), longest.unwrap_or_default())
}

/// What is done and left: `built 3 of 12, 1 failed, fetched 4 of 9 (12.3 MB of 40.1 MB)  1:05`
pub fn summary(work: &Work, now: Instant) -> String {
    let mut parts = Vec::new();
    let builds = work.total(Total::Builds);
    if builds.expected > 0 {
        parts.push(format!("built {} of {}", builds.done, builds.expected));
    }
    if builds.failed > 0 {
        parts.push(format!("{} failed", builds.failed));
    }
    let (copies, bytes) = (work.total(Total::Copies), work.total(Total::Transfers));
    let size = |bytes| ByteSize::b(bytes).display().si();
    let of = if bytes.expected > 0 {
        format!("{} of {}", size(bytes.done), size(bytes.expected))
    } else {
        String::new()
    };
    match (copies.expected, of.is_empty()) {
        (0, true) => {}
        (0, false) => parts.push(format!("fetched {of}")),
        (expected, true) => parts.push(format!("fetched {} of {expected}", copies.done)),
        (expected, false) => {
            parts.push(format!("fetched {} of {expected} ({of})", copies.done));
        }
    }
    if parts.is_empty() {
        let builds = |active: &Active| matches!(active.what, Activity::Build { .. });
        let what = if work.active.values().any(builds) { "building" } else { "evaluating" };
        parts.push(what.to_owned());
    }
    format!("{}  {}", parts.join(", "), clock(now.duration_since(work.since)))
}

/// What one thing looks like; nothing, if it is part of another one.
fn row(work: &Work, active: &Active, now: Instant) -> Option<String> {
    let what = match &active.what {
        Activity::Build { derivation, machine } => {
            let mut text = format!("building {}", name_of(derivation));
            if let Some(machine) = machine {
                text.push_str(&format!(" on {}", plain(machine)));
            }
            if let Some(phase) = &active.phase {
                text.push_str(&format!("  {}", phase.trim_end_matches("Phase")));
            }
            text
        }
        Activity::Substitute(path) => format!("fetching {}", name_of(path)),
        Activity::Copy(path) => format!("copying {}", name_of(path)),
        Activity::Words(words) => {
            let words = plain(words);
            match work.evaluated.as_deref().filter(|_| words.starts_with("evaluating")) {
                Some(file) => format!("evaluating {}", short(file)),
                None => words,
            }
        }
        Activity::Transfer(_) | Activity::Sum(_) => return None,
    };
    Some(format!("  {what}  {}", clock(now.duration_since(active.since))))
}

/// A file without the folder of its source in the store: `lib/systems.nix`; of others the end.
fn short(file: &str) -> String {
    let in_source = file.split_once("/store/").and_then(|(_, path)| path.split_once('/'));
    if let Some((_, path)) = in_source {
        return plain(path);
    }
    let mut parts: Vec<&str> = file.rsplit('/').take(3).collect();
    parts.reverse();
    plain(&parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::super::event::parse;
    use super::*;
    use insta::assert_snapshot;
    use std::time::Duration;

    fn at(log: &str, lines_of_it: usize, after: u64, height: usize) -> String {
        let begin = Instant::now();
        let mut work = Work::new(begin, 25);
        for line in log.lines().take(lines_of_it) {
            if let Ok(Some(event)) = parse(line) {
                work.take(event, begin);
            }
        }
        lines(&work, begin + Duration::from_secs(after), height).join("\n")
    }

    const TOP: &str = include_str!("fixtures/top-2.26.log");

    #[test]
    fn it_is_seen_what_is_evaluated_and_what_is_built() {
        let evaluating =
            TOP.lines().position(|line| line.contains("flake.nix'")).expect("there") + 1;
        assert_snapshot!(at(TOP, evaluating, 3, 10), @"
        evaluating  3s
          evaluating flake.nix  3s
        ");
        let building = TOP.lines().position(|line| line.contains("buildPhase")).expect("there") + 1;
        assert_snapshot!(at(TOP, building, 65, 10), @"
        built 0 of 3  1:05
          building base-1.0  build  1:05
        ");
        assert_snapshot!(at(TOP, usize::MAX, 3700, 10), @"built 3 of 3  1:01:40");
    }

    #[test]
    fn where_there_are_only_lines_one_has_it_all() {
        let begin = Instant::now();
        let mut work = Work::new(begin, 25);
        let until = TOP.lines().position(|line| line.contains("buildPhase")).expect("there") + 1;
        for event in TOP.lines().take(until).filter_map(|line| parse(line).ok().flatten()) {
            work.take(event, begin);
        }
        let line = in_a_line(&work, begin + Duration::from_secs(65));
        assert_snapshot!(line, @"built 0 of 3  1:05; building base-1.0  build  1:05");
    }

    #[test]
    fn what_has_no_room_is_counted() {
        let start = |id: u64| {
            format!(
                r#"@nix {{"action":"start","fields":["/nix/store/x-p{id}.drv","",1,1],"id":{id},"level":3,"text":"","type":105}}"#
            )
        };
        let log: Vec<String> = (1..=9).map(start).collect();
        assert_snapshot!(at(&log.join("\n"), 9, 1, 5), @"
        building  1s
          building p1  1s
          building p2  1s
          building p3  1s
          and 6 more
        ");
        assert_snapshot!(at(&log.join("\n"), 9, 1, 1), @"building  1s");
        assert_eq!(at(&log.join("\n"), 9, 1, 0), "");
    }

    #[test]
    fn bytes_that_come_over_the_network_are_counted() {
        let log = r#"
@nix {"action":"start","id":1,"level":0,"parent":0,"text":"","type":103}
@nix {"action":"result","fields":[1,3,1,0],"id":1,"type":105}
@nix {"action":"start","fields":["/nix/store/x-hello-2.12","https://cache"],"id":2,"level":3,"text":"","type":108}
@nix {"action":"start","fields":["https://cache/nar/x.nar"],"id":3,"level":3,"text":"","type":101}
@nix {"action":"result","fields":[1500000,4000000,0,0],"id":3,"type":105}
@nix {"action":"result","fields":[101,9000000],"id":2,"type":106}"#;
        assert_snapshot!(at(log, 99, 2, 10), @"
        fetched 1 of 3 (1.5 MB of 9.0 MB)  2s
          fetching hello-2.12  2s
        ");
    }
}
