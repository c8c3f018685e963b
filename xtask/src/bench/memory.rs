//! How much memory of its own a command takes: what the kernel counts as anonymous in `/proc`, looked
//! up again and again while it runs. The peak that the kernel itself keeps (see `cost`) is exact, but
//! contains the pages of mapped files: a pack of git that is read through is in it as a whole,
//! although it takes no memory that anybody else would miss.

use std::process::Child;
use std::time::Duration;

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(1);

/// Waits for the child; gives the most bytes that were seen in any one process of it. The sum of
/// processes would count twice what one has in common with its parent just after its start.
pub fn watch(child: &mut Child) -> std::io::Result<u64> {
    let mut most = 0;
    while child.try_wait()?.is_none() {
        most = most.max(largest(&child.id().to_string()));
        std::thread::sleep(PAUSE);
    }
    Ok(most)
}

/// Bytes of the largest of a process and all that descend from it. What has ended meanwhile has
/// none.
fn largest(process: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let mut most = anonymous(&status);
    let Ok(threads) = std::fs::read_dir(format!("/proc/{process}/task")) else { return most };
    for thread in threads.flatten() {
        let children = std::fs::read_to_string(thread.path().join("children")).unwrap_or_default();
        for child in children.split_whitespace() {
            most = most.max(largest(child));
        }
    }
    most
}

/// `RssAnon:      1234 kB`
fn anonymous(status: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap_or_default();
    let kilobytes = line.trim().strip_suffix(" kB").and_then(|number| number.parse::<u64>().ok());
    kilobytes.unwrap_or_default() * 1024
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::{Command, Stdio};

    #[test]
    fn what_a_grandchild_takes_is_seen() {
        let line = "sh -c 'dd if=/dev/zero bs=50000000 count=20 of=/dev/null; true'; true";
        let mut child =
            Command::new("sh").args(["-c", line]).stderr(Stdio::null()).spawn().unwrap();
        let most = watch(&mut child).unwrap();
        assert!((50_000_000..60_000_000).contains(&most), "{most}");
    }

    #[test]
    fn the_kernel_is_understood() {
        assert_eq!(anonymous("VmRSS:\t    2000 kB\nRssAnon:\t    1000 kB\n"), 1_024_000);
        assert_eq!(anonymous("State:\tZ (zombie)\n"), 0);
    }
}
