//! The tests of what the benches share: a bench that measures wrongly looks like any other.

#[path = "../benches/support/mod.rs"]
mod support;
