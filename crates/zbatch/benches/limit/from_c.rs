//! The same distance for programs in C: they call the shared library, and what its border costs comes on top.

use super::support::bare::Loop;
use super::support::c::{Library, RunOptions, Segment, View};
use super::support::consume;
use super::support::machine::{Evictor, touched};
use super::support::rows::Rows;
use super::support::turns::{Pass, race, timed};
use super::{Case, add};
use std::hint::black_box;

/// The workloads that are measured: many small items, where a border costs most, few of them, and large ones.
pub const NAMES: [&str; 4] = ["log lines", "documents", "1,000 documents", "64 KiB chunks"];

const FRAMES: &str = "zbatch from C";
const OWN: &str = "zbatch from C into own memory";
const KEPT: &str = "zbatch from C into kept memory";
const BARE: &str = "bare libzstd";

impl Case<'_> {
    /// Both directions, of level 3 and without a dictionary.
    pub fn measure_from_c(&self, rows: &mut Rows, quick: bool, library: &Library) {
        let (effort, evictor) = (self.effort(quick, true), Evictor::new());
        let run = RunOptions::with_threads(i32::try_from(self.threads).expect("one or two"));
        let items: Vec<View<'_>> = self.items.iter().map(|item| View::of(item)).collect();
        let compressor = library.compressor();
        let frames = compressor.multi_compress_to_buffer(&items, &run);
        let mut bare = Loop::compressing(self.items, self.level, None, self.threads, false);
        bare.pass();
        assert!(bare.outputs().eq(frames.iter()), "{}: frames from C differ from libzstd's", self.name);
        let mut contestants: Vec<(String, Pass<'_>)> = Vec::new();
        add(&mut contestants, FRAMES, || {
            evictor.evict();
            timed(|| {
                let frames = compressor.multi_compress_to_buffer(&items, &run);
                black_box(consume(frames.iter()));
                frames
            })
        });
        add(&mut contestants, BARE, || {
            evictor.evict();
            bare.pass()
        });
        let times = race(contestants, effort);
        let least = if self.threads == 1 { 0.98 } else { 0.95 };
        rows.put(&self.row("compress").speed(&times, FRAMES, BARE, self.target(least)));

        let sizes: Vec<usize> = self.items.iter().map(|item| item.len()).collect();
        let bytes: usize = sizes.iter().sum();
        let slices: Vec<&[u8]> = frames.iter().collect();
        let frames = frames.views();
        let mut bare = Loop::decompressing(&slices, &sizes, None, self.threads, false);
        bare.pass();
        let decompressor = library.decompressor();
        let result = decompressor.multi_decompress_to_buffer(frames, &run);
        assert!(bare.outputs().eq(result.iter()), "{}: items from C differ from libzstd's", self.name);
        drop(result);
        let is_kept = library.retained_size() >= bytes;
        let (mut own, mut table) = (touched(bytes), vec![Segment { offset: 1, length: 1 }; frames.len()]);
        decompressor.multi_decompress_packed(frames, &mut own, &mut table, &run);
        let results = table.iter().map(|segment| segment.slice(&own).expect("in the block"));
        assert!(bare.outputs().eq(results), "{}: packed items from C differ from libzstd's", self.name);
        let mut contestants: Vec<(String, Pass<'_>)> = Vec::new();
        add(&mut contestants, OWN, || {
            evictor.evict();
            timed(|| {
                decompressor.multi_decompress_packed(frames, &mut own, &mut table, &run);
                let results = table.iter().map(|segment| segment.slice(&own).expect("in the block"));
                black_box(consume(results));
            })
        });
        add(&mut contestants, BARE, || {
            evictor.evict();
            bare.pass()
        });
        if is_kept {
            add(&mut contestants, KEPT, || {
                evictor.evict();
                timed(|| {
                    let items = decompressor.multi_decompress_to_buffer(frames, &run);
                    black_box(consume(items.iter()));
                    items
                })
            });
        }
        let times = race(contestants, effort);
        for ours in [OWN, KEPT].into_iter().filter(|ours| times.has(ours)) {
            rows.put(&self.row("decompress").speed(&times, ours, BARE, self.target(0.95)));
        }
    }
}
