//! What is measured: each piece of work with its goal, our command for it, what a user would type
//! instead, and jj's word for it where it has one. `ground` says what lies where.
//!
//! What is read in a measured line is read by the shell itself, which starts nothing for it.

use crate::bench::cost::Way;

/// One row of the table.
pub struct Row {
    /// What is done.
    pub work: &'static str,
    /// The promise: the most that ours may take of the time of what stands beside it.
    pub goal: f64,
    /// Our way.
    pub ours: Way,
    /// What a user would type instead.
    pub beside: Way,
    /// The nearest that jj has.
    pub jj: Option<Way>,
    /// A flag of `studio` that it needs.
    pub needs: Option<&'static str>,
}

const NOTHING: Way = Way { shown: "", prepare: "", before: "", line: "", after: "" };

const NEW_STUDIO: Way = Way {
    shown: "`studio NAME`",
    line: "studio \"new-$1\"",
    after: "studio --remove \"new-$1\" --force",
    ..NOTHING
};

const ADD_WORKTREE: Way = Way {
    shown: "`git worktree add`",
    line: "cd ~/plain; git worktree add --quiet --detach ~/tree-$1",
    after: "cd ~/plain; git worktree remove --force ~/tree-$1",
    ..NOTHING
};

const ADD_WORKSPACE: Way = Way {
    shown: "`jj workspace add`",
    line: "cd ~/jj; jj workspace add --quiet ~/jj-tree-$1",
    after: "cd ~/jj; jj workspace forget --quiet jj-tree-$1; rm -r ~/jj-tree-$1",
    ..NOTHING
};

/// A snapshot of the studio, after which there is nothing left to commit.
const SNAPSHOT: &str = "read -r at < ~/studio; cd \"$at\"; git mutable-snapshot --no-push";

/// A snapshot after a change of one file.
const SNAPSHOT_OF_A_CHANGE: Way = Way {
    shown: "`git mutable-snapshot`",
    prepare: SNAPSHOT,
    before: "read -r at < ~/studio; cd \"$at\"; echo \"# $1\" >> \"$2\"",
    line: SNAPSHOT,
    ..NOTHING
};

/// To a commit that is ten away, and back.
const HYDRATE: Way = Way {
    shown: "`git mutable-hydrate`, there and back",
    prepare: "studio hydrate > ~/hydrate",
    line: "read -r at < ~/hydrate; read -r ten < ~/ten; read -r tip < ~/tip; cd \"$at\"; \
           git mutable-hydrate \"$ten\"; git mutable-hydrate \"$tip\"",
    ..NOTHING
};

/// What is measured on one repository, in this order.
pub const ALL: &[Row] = &[
    Row {
        work: "new studio, mirror warm",
        goal: 0.8,
        ours: NEW_STUDIO,
        beside: ADD_WORKTREE,
        jj: Some(ADD_WORKSPACE),
        needs: None,
    },
    Row {
        work: "first snapshot",
        goal: 1.0,
        ours: Way {
            shown: "`git mutable-snapshot`, pool empty",
            // All that an earlier one could be made from. Folders of snapshots are sealed.
            before: "cd \"$STUDIO_HOME\"
                     if [ -d snapshots ]; then find snapshots -type d -exec chmod u+w {} +; fi
                     rm -rf snapshots pool cache",
            line: SNAPSHOT,
            ..NOTHING
        },
        beside: ADD_WORKTREE,
        jj: Some(ADD_WORKSPACE),
        needs: None,
    },
    Row {
        work: "snapshot after a one-file change",
        goal: 0.2,
        ours: SNAPSHOT_OF_A_CHANGE,
        beside: Way {
            shown: "`git add -A && git commit && git worktree add`",
            before: "cd ~/plain; echo \"# $1\" >> \"$2\"",
            line: "cd ~/plain; git add -A; git commit --quiet --message again; \
                   git worktree add --quiet --detach ~/tree-$1",
            after: ADD_WORKTREE.after,
            ..NOTHING
        },
        jj: Some(Way {
            shown: "`jj commit && jj workspace add`",
            before: "cd ~/jj; echo \"# $1\" >> \"$2\"",
            line: "cd ~/jj; jj commit --quiet --message again; \
                   jj workspace add --quiet --revision @- ~/jj-tree-$1",
            after: ADD_WORKSPACE.after,
            ..NOTHING
        }),
        needs: None,
    },
    Row {
        work: "snapshot with no change",
        goal: 1.2,
        ours: Way { shown: "`git mutable-snapshot`", prepare: SNAPSHOT, line: SNAPSHOT, ..NOTHING },
        // In the clone, because git would refresh the studio's index for us.
        beside: Way { shown: "`git status`", line: "cd ~/plain; git status", ..NOTHING },
        jj: Some(Way { shown: "`jj status`", line: "cd ~/jj; jj status", ..NOTHING }),
        needs: None,
    },
    Row {
        work: "hydrate to a commit ten commits away",
        goal: 1.2,
        ours: HYDRATE,
        beside: Way {
            shown: "`git checkout`, there and back",
            prepare: "cd ~/plain; git checkout --quiet --detach \"$(cat ~/tip)\"",
            line: "read -r ten < ~/ten; read -r tip < ~/tip; cd ~/plain; \
                   git checkout --quiet \"$ten\"; git checkout --quiet \"$tip\"",
            ..NOTHING
        },
        jj: Some(Way {
            shown: "`jj edit`, there and back",
            // Commits of upstream's main branch are not to be edited; looking at them is asked for.
            prepare: "cd ~/jj; jj edit --quiet --ignore-immutable \"$(cat ~/tip)\"",
            line: "read -r ten < ~/ten; read -r tip < ~/tip; cd ~/jj; \
                   jj edit --quiet --ignore-immutable \"$ten\"; \
                   jj edit --quiet --ignore-immutable \"$tip\"",
            ..NOTHING
        }),
        needs: None,
    },
    Row {
        work: "verify an untouched snapshot",
        goal: 1.0,
        ours: Way {
            shown: "`studio --verify`",
            prepare: "read -r at < ~/studio; cd \"$at\"; git mutable-snapshot --no-push > ~/snapshot; \
                      basename \"$(cat ~/snapshot)\" > ~/id",
            line: "read -r id < ~/id; studio --verify \"$id\"",
            ..NOTHING
        },
        beside: Way {
            shown: "`git status` in it",
            // For root the index is not read-only, and git would freshen it.
            line: "read -r at < ~/snapshot; cd \"$at\"; git --no-optional-locks status",
            ..NOTHING
        },
        jj: None,
        needs: Some("--verify"),
    },
];

/// What is measured on an upstream with a long history.
pub const CLONE: Row = Row {
    work: "new studio, mirror warm",
    goal: 0.1,
    ours: NEW_STUDIO,
    beside: Way {
        shown: "`git clone --no-local`",
        line: "git clone --quiet --no-local \"$UPSTREAM\" ~/clone-$1",
        after: "rm -r ~/clone-$1",
        ..NOTHING
    },
    jj: Some(Way {
        shown: "`jj git clone`",
        line: "jj git clone --quiet \"$UPSTREAM\" ~/jj-clone-$1",
        after: "rm -r ~/jj-clone-$1",
        ..NOTHING
    }),
    needs: None,
};

/// What must not take longer where history is longer.
pub const OVER_HISTORY: &[(&str, Way)] = &[
    ("new studio", NEW_STUDIO),
    ("snapshot after a one-file change", SNAPSHOT_OF_A_CHANGE),
    ("hydrate to a commit ten commits away", HYDRATE),
];
