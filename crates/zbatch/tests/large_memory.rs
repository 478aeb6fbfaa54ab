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

/// How much more address space `body` has at its height than before, or the process had at any time.
fn address_space(body: impl FnOnce()) -> usize {
    let before = figure("VmSize:");
    body();
    figure("VmPeak:").saturating_sub(before)
}

#[test]
fn large_items_take_no_more_than_they_need() {
    // The height of the address space is never set back: what takes least of it comes first.
    rooms_are_given_back();
    frames_that_come_early_are_as_large_as_they_are();
    beside_the_result_there_is_what_the_threads_need();
}

fn rooms_are_given_back() {
    let parameters = CompressionParameters { max_frame_size: MIB, ..CompressionParameters::with_level(1) };
    let split = Compressor::new(&parameters, None).expect("a compressor");
    let item = vec![0; 40 * MIB];
    let most = address_space(|| {
        // The arena of a small item is as large as that.
        let items = [vec![&item[..100]], vec![&item[..]; 16]].concat();
        split.multi_compress_to_buffer(&items, &RunOptions::with_threads(1)).expect("compresses");
    });
    println!("{} MiB of address space for sixteen times {}", most / MIB, item.len() / MIB);
    assert!(most < item.len() + 24 * MIB, "{most}");
}

fn frames_that_come_early_are_as_large_as_they_are() {
    // The first frame takes as long as all others, which come before it and are small.
    let mut item = content(&mut Random::new(43), 4 * MIB);
    item.resize(160 * MIB, 0);
    let parameters = CompressionParameters { max_frame_size: 4 * MIB, ..CompressionParameters::with_level(13) };
    let split = Compressor::new(&parameters, None).expect("a compressor");
    let run = RunOptions::with_threads(2);
    // Leaves contexts, and threads, behind.
    split.multi_compress_to_buffer(&[&item[..12 * MIB], &item[..12 * MIB]], &run).expect("compresses");
    let most = address_space(|| _ = split.multi_compress_to_buffer(&[&item], &run).expect("compresses"));
    println!("{} MiB of address space for {} in frames that came early", most / MIB, item.len() / MIB);
    assert!(most < item.len() + 24 * MIB, "{most}");
}

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
