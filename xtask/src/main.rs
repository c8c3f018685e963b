//! The workshop of this repository: demo, tests, generated documents, packaging.

fn main() {}
