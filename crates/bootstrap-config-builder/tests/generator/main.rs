//! `bootstrap-config-generator` as a user sees it: what it writes, where values come from, what it refuses, and what a
//! kill, a full disk or another run beside it can do to a file.

mod existing;
mod faults;
mod lattice;
mod precedence;
mod probes;
mod refusals;
mod roundtrip;
mod scene;
mod shape;
