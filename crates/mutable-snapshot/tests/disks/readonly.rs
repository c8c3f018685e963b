//! A disk that cannot be written to, for a while.

use crate::stage::{Command, Stage};

#[test]
fn read_only_it_is_said_and_nothing_changes_and_writable_again_it_works() {
    for kind in crate::kinds() {
        for command in Command::ALL {
            let mut stage = Stage::new(kind, command);
            stage.prepare();
            let before = stage.picture();
            stage.sandbox.mount_as("ro");
            let outcome = stage.run();
            let told = format!("{kind}, {command:?}:\n{outcome}");
            assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(1), ""), "{told}");
            assert!(outcome.stderr.contains("read-only file system"), "{told}");
            assert!(
                outcome.stderr.contains("\nhint: the file system is mounted read-only"),
                "{told}"
            );
            assert_eq!(stage.picture(), before, "{told}");
            stage.sandbox.mount_as("rw");
            stage.look_at_result(&stage.run());
        }
    }
}
