//! The C interface of zbatch.
//!
//! Each public module is a chapter of `include/zbatch.h`; its comments are the C manual, and
//! `crates/header` makes the header from them. The functions are thin: they convert
//! what C gave at the border, call the core, and hand the result out.

#![expect(non_camel_case_types, reason = "the types have the names that C knows them by")]
#![expect(clippy::missing_safety_doc, reason = "the top of the header is the contract of them all")]

mod apart;
mod border;
mod constants;
mod given;

pub mod arrow;
pub mod buffer;
pub mod bytes;
pub mod collection;
pub mod compress;
pub mod control;
pub mod decompress;
pub mod dict;
pub mod gather;
pub mod item;
pub mod method;
pub mod objects;
pub mod run;
pub mod status;
pub mod trained;
pub mod version;
