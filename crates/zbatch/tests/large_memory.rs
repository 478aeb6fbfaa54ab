//! The frames of a large item are brought together without a second copy of them: the memory beside the result stays that of
//! the threads. A program of its own, for the system counts whole processes.
#![cfg(target_os = "linux")]

mod common;

use common::{Random, content};
use std::fs;
use zbatch::{CompressionParameters, Compressor, Decompressor, RunOptions};

const MIB: usize = 1 << 20;

/// A figure of `/proc/self/status`, in bytes.
fn figure(name: &str) -> usize {
    let status = fs::read_to_string("/proc/self/status").expect("Linux has it");
    let line = status.lines().find_map(|line| line.strip_prefix(name)).expect("the figure");
    line.trim_matches(|c: char| !c.is_ascii_digit()).parse::<usize>().expect("a number") * 1024
}

/// How much more memory `body` has in use at its height than before.
fn height<R>(body: impl FnOnce() -> R) -> (R, usize) {
    zbatch::release_retained();
    let before = figure("VmRSS:");
    // Sets the height back to what is in use.
    fs::write("/proc/self/clear_refs", "5").expect("Linux takes it");
    let result = body();
    (result, figure("VmHWM:").saturating_sub(before))
}

#[test]
fn beside_the_result_there_is_what_the_threads_need() {
    // Half of it is noise, so that the frames are large.
    let mut random = Random::new(41);
    let noise: Vec<u8> = (0..MIB / 16).flat_map(|_| random.number().to_le_bytes()).collect();
    let item = [noise, content(&mut random, MIB / 2)].concat().repeat(64);
    for threads in [1, 2] {
        let run = RunOptions::with_threads(threads);
        // The windows of frames of a MiB do not reach from one noise to the next.
        let parameters = CompressionParameters { max_frame_size: MIB, ..CompressionParameters::with_level(1) };
        let split = Compressor::new(&parameters, None).expect("a compressor");
        let (frames, most) = height(|| split.multi_compress_to_buffer(&[&item], &run).expect("compresses"));
        assert!(frames.size() > item.len() / 2, "{}", frames.size());
        println!("{threads} threads: {} MiB of frames, {} MiB at the height", frames.size() / MIB, most / MIB);
        assert!(most < frames.size() + 16 * MIB, "{most} for {}", frames.size());
        let decompressor = Decompressor::new(&Default::default(), None).expect("a decompressor");
        let (back, most) =
            height(|| decompressor.multi_decompress_to_buffer(&frames, None, &run).expect("decompresses"));
        println!("{threads} threads: {} MiB of content, {} MiB at the height", back.size() / MIB, most / MIB);
        assert!(back[0] == item);
        assert!(most < item.len() + 8 * MIB, "{most}");
    }
}
