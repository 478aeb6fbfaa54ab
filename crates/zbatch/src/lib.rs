//! Compress or decompress a whole batch of items in one call, on every core, and get back a few buffers with a table of
//! segments.
//!
//! ```
//! use zbatch::{CompressionParameters, Compressor, Decompressor, RunOptions};
//!
//! let records: Vec<String> = (0..10_000).map(|i| format!("{{\"id\": {i}, \"city\": \"Oslo\"}}")).collect();
//! let compressor = Compressor::new(&CompressionParameters::with_level(3), None)?;
//! let frames = compressor.multi_compress_to_buffer(&records, &RunOptions::default())?;
//! assert_eq!(frames.len(), records.len());
//!
//! let decompressor = Decompressor::new(&Default::default(), None)?;
//! let items = decompressor.multi_decompress_to_buffer(&frames, None, &RunOptions::default())?;
//! assert!(items.iter().eq(records.iter().map(String::as_bytes)));
//! # Ok::<(), zbatch::Error>(())
//! ```
//!
//! The words are python-zstandard's. An *item* is one input of a batch, a *frame* its compressed form; a *worker* is a thread
//! that helps, a *chunk* a worker's run of neighbouring items.
//!
//! What holds everywhere:
//! - Results stand in the order of the items, as many as there are items.
//! - Frames are those of libzstd's `ZSTD_compress2` with the same settings, one for each item unless
//!   [`max_frame_size`](CompressionParameters::max_frame_size) is set. Bytes, buffers, offsets, statuses and errors
//!   depend on the input alone, never on the number of threads; what a cancel leaves undone is the one exception.
//! - Every codec is immutable once made: any number of threads may use one at once. All of it works in a forked child.
//! - Sizes that come from data are checked before memory is taken for them, and running out of it is an error.
#![deny(unsafe_code)]
#![warn(unreachable_pub)]

mod batch;
mod buffer;
mod collection;
mod constants;
mod contexts;
mod control;
mod cost;
mod dictionary;
mod error;
mod few;
mod frame;
mod guests;
mod items;
mod libzstd;
mod memory;
mod params;
mod process;
mod segment;
mod trained;
mod workers;

pub use batch::{Compressor, Decompressor, Partial};
pub use buffer::{BufferWithSegments, Owner};
pub use collection::BufferWithSegmentsCollection;
pub use constants::zstd_constant;
pub use control::{Control, Stats};
pub use dictionary::{DictType, Dictionary, TrainParameters};
pub use error::{Error, Result, Status};
pub use frame::{CONTENTSIZE_UNKNOWN, FrameInfo, frame_info, frame_info_wants};
pub use items::{Columns, Items, Selection};
pub use libzstd::{compress_bound, frame_header_size, zstd_error_message, zstd_version};
pub use memory::{release_retained, retained_size};
pub use params::{
    CompressionParameters, DecompressionParameters, Format, LEVEL_DEFAULT, LEVEL_MAX, LEVEL_MIN, MAX_FRAME_SIZE_MIN,
    RunOptions,
};
pub use segment::Segment;
pub use trained::{Trained, multi_compress_trained, multi_compress_trained_partial};
