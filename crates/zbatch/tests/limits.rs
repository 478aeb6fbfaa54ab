//! Limits over batches that mix sizes known beforehand, sizes found out, and items that fail: held against a plain sum in the
//! order of the items, on any number of threads and through every way of delivering.

mod common;

use common::{Random, content};
use std::iter;
use zbatch::{
    CompressionParameters, Compressor, Control, DecompressionParameters, Decompressor, Dictionary, Error, RunOptions,
    Segment, Stats, Status, TrainParameters, multi_compress_trained,
};

fn frame(item: &[u8], omit_content_size: bool) -> Vec<u8> {
    let parameters = CompressionParameters { omit_content_size, ..CompressionParameters::with_level(1) };
    Compressor::new(&parameters, None).expect("a compressor").compress(item).expect("compresses")
}

/// What the batch is, and what each item is to become: its content, or why not.
struct Mix {
    frames: Vec<Vec<u8>>,
    wanted: Vec<Result<Vec<u8>, Status>>,
}

impl Mix {
    fn new(random: &mut Random, item_limit: usize, total_limit: usize) -> Self {
        let (mut frames, mut wanted) = (Vec::new(), Vec::new());
        let mut total = 0;
        let mut beyond = false;
        for _ in 0..random.below(40) {
            let size = [0, 10, 500, 20_000, 150_000][random.below(5)];
            let size = random.below(size + 1);
            let item = content(random, size);
            let (bytes, mut result) = match random.below(10) {
                0 => (b"junk, not a frame".to_vec(), Err(Status::NotAFrame)),
                1 => (frame(&item, false)[..5].to_vec(), Err(Status::Truncated)),
                2..6 => (frame(&item, true), Ok(item)),
                _ => (frame(&item, false), Ok(item)),
            };
            // An item that exceeds the limit of the batch by itself is the batch's affair.
            if item_limit <= total_limit && result.as_ref().is_ok_and(|item| item.len() > item_limit) {
                result = Err(Status::Limit);
            }
            total += result.as_ref().map_or(0, Vec::len);
            beyond |= total > total_limit;
            frames.push(bytes);
            wanted.push(if beyond { Err(Status::Limit) } else { result });
        }
        Self { frames, wanted }
    }

    fn statuses(&self) -> Vec<Status> {
        self.wanted.iter().map(|item| item.as_ref().err().copied().unwrap_or(Status::Ok)).collect()
    }

    fn lowest(&self) -> Option<(usize, Status)> {
        self.statuses().into_iter().enumerate().find(|&(_, status)| status != Status::Ok)
    }
}

/// Who counts on every item, refused ones too, sees the end.
#[derive(Default)]
struct Counted {
    control: Control,
    stats: Stats,
}

impl Counted {
    fn run(&self, threads: i32) -> RunOptions<'_> {
        RunOptions { control: Some(&self.control), stats: Some(&self.stats), ..RunOptions::with_threads(threads) }
    }

    /// Holds the counts against the batch, and begins anew.
    fn check(&mut self, frames: &[Vec<u8>], whose: &str) {
        let Self { control, stats } = std::mem::take(self);
        let whole = (frames.len() as u64, frames.iter().map(|frame| frame.len() as u64).sum());
        assert_eq!((control.items_done(), control.bytes_done()), whole, "{whose}");
        assert_eq!((stats.items(), stats.bytes_in()), whole, "{whose}");
    }
}

fn told(error: Option<Error>) -> Option<(usize, Status)> {
    error.map(|error| (error.item().expect("an item"), error.status()))
}

#[test]
fn every_way_of_delivering_keeps_the_limits_in_the_order_of_the_items() {
    let mut random = Random::new(77);
    for round in 0..150 {
        let limits = [usize::MAX, 100_000, 15_000, 400];
        let (item_limit, total_limit) = (limits[random.below(4)], limits[random.below(4)].saturating_mul(3));
        let mix = Mix::new(&mut random, item_limit, total_limit);
        let parameters = DecompressionParameters {
            max_item_size: item_limit,
            max_total_size: total_limit,
            ..DecompressionParameters::default()
        };
        let decompressor = Decompressor::new(&parameters, None).expect("a decompressor");
        for threads in [1, 2, 8] {
            let mut counted = Counted::default();
            let whose = format!("round {round}, {threads} threads, limits {item_limit} and {total_limit}");

            let whole = decompressor.multi_decompress_to_buffer(&mix.frames, None, &RunOptions::with_threads(threads));
            assert_eq!(told(whole.err()), mix.lowest(), "{whose}");

            let mut statuses = vec![Status::Internal; mix.frames.len()];
            let all = decompressor.multi_decompress_to_buffer_partial(
                &mix.frames,
                None,
                &counted.run(threads),
                &mut statuses,
            );
            counted.check(&mix.frames, &whose);
            let all = all.expect("a partial result");
            assert_eq!(statuses, mix.statuses(), "{whose}");
            assert_eq!(told(all.error), mix.lowest(), "{whose}");
            assert_eq!(all.value.len(), mix.frames.len(), "{whose}");
            for (index, wanted) in mix.wanted.iter().enumerate() {
                assert_eq!(&all.value[index], wanted.as_deref().unwrap_or(&[]), "{whose}, item {index}");
            }

            let mut block = vec![7; 8 << 20];
            let mut segments = vec![Segment::default(); mix.frames.len()];
            let error = decompressor.multi_decompress_packed(
                &mix.frames,
                None,
                &mut block,
                &mut segments,
                &counted.run(threads),
                Some(&mut statuses),
            );
            counted.check(&mix.frames, &whose);
            assert_eq!(told(error.expect("a partial result")), mix.lowest(), "{whose}");
            assert_eq!(statuses, mix.statuses(), "{whose}");
            for (index, wanted) in mix.wanted.iter().enumerate() {
                assert_eq!(
                    segments[index].slice(&block),
                    Some(wanted.as_deref().unwrap_or(&[])),
                    "{whose}, item {index}"
                );
            }

            let mut spans = vec![vec![7; 160_000]; mix.frames.len()];
            let mut written = vec![7; mix.frames.len()];
            let error = decompressor.multi_decompress_into(
                &mix.frames,
                &mut spans,
                Some(&mut written),
                &counted.run(threads),
                Some(&mut statuses),
            );
            counted.check(&mix.frames, &whose);
            assert_eq!(told(error.expect("a partial result")), mix.lowest(), "{whose}");
            assert_eq!(statuses, mix.statuses(), "{whose}");
            for ((wanted, span), written) in mix.wanted.iter().zip(&spans).zip(written) {
                let wanted = wanted.as_deref().unwrap_or(&[]);
                assert_eq!((&span[..wanted.len()], written), (wanted, wanted.len()), "{whose}");
                assert!(span[written..].iter().all(|&byte| byte == 0), "{whose}");
            }
        }
    }
}

/// Whatever stands beside a frame that does not record its size, the item is held to the limit of such items.
#[test]
fn one_frame_without_a_size_is_enough_for_its_limit() {
    const SIZE: usize = 1000;
    let (sized, unsized_, nothing) = (frame(&[1; SIZE], false), frame(&[2; SIZE], true), frame(b"", false));
    let skippable = [&[0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0][..], b"abc"].concat();
    for (item, content, limited) in [
        (sized.clone(), SIZE, false),
        ([&skippable[..], &sized, &sized].concat(), 2 * SIZE, false),
        (unsized_.clone(), SIZE, true),
        ([&skippable[..], &unsized_].concat(), SIZE, true),
        ([&nothing[..], &unsized_].concat(), SIZE, true),
        ([&sized[..], &unsized_].concat(), 2 * SIZE, true),
        ([&unsized_[..], &sized].concat(), 2 * SIZE, true),
        ([&unsized_[..], &skippable, &unsized_].concat(), 2 * SIZE, true),
    ] {
        // The limit of such items and that of all, and whether both allow the content.
        for (max_unsized_item_size, max_item_size, good) in [
            (0, 0, true),
            (content, 0, true),
            (content - 1, 0, !limited),
            (content - 1, content, !limited),
            (content, content - 1, false),
            (usize::MAX, content, true),
            (1, content, !limited),
        ] {
            let parameters = DecompressionParameters { max_unsized_item_size, max_item_size, ..Default::default() };
            let decompressor = Decompressor::new(&parameters, None).expect("a decompressor");
            let wanted = if good { Ok(content) } else { Err(Status::Limit) };
            let whose = format!("{max_unsized_item_size} {max_item_size} {}", item.len());
            let told =
                |result: Result<usize, Error>| assert_eq!(result.map_err(|error| error.status()), wanted, "{whose}");
            told(decompressor.decompress(&item).map(|content| content.len()));
            told(decompressor.decompress_into(&item, &mut [0; 2 * SIZE]));
            let mut altered = parameters.clone();
            altered.max_unsized_item_size = 0;
            let altered = Decompressor::new(&altered, None).expect("a decompressor");
            let altered = altered.altered(|parameters| parameters.limit_unsized_items(max_unsized_item_size));
            told(altered.decompress(&item).map(|content| content.len()));
            assert!(decompressor.decompress_bound(&item).is_ok_and(|bound| bound >= content) || !good, "{whose}");
            let batch = [item.clone()];
            for sizes in [None, Some(&[content as u64][..])] {
                let run = RunOptions::default();
                told(decompressor.multi_decompress_to_buffer(&batch, sizes, &run).map(|all| all[0].len()));
                let (mut block, mut segments) = ([0; 2 * SIZE], [Segment::default()]);
                let done = decompressor.multi_decompress_packed(&batch, sizes, &mut block, &mut segments, &run, None);
                told(done.map(|_| usize::try_from(segments[0].length).expect("small")));
            }
            let (mut spans, mut written) = ([[0; 2 * SIZE]], [0]);
            let run = RunOptions::default();
            let done = decompressor.multi_decompress_into(&batch, &mut spans, Some(&mut written), &run, None);
            told(done.map(|_| written[0]));
        }
    }
}

#[test]
fn large_items_of_unknown_size_grow_to_any_size() {
    let decompressor = Decompressor::new(&Default::default(), None).expect("a decompressor");
    let mut random = Random::new(5);
    for tenths in [30, 39, 41, 45, 50, 79, 81, 90, 130, 170] {
        let item = content(&mut random, (tenths << 20) / 10);
        let all = decompressor.multi_decompress_to_buffer(&[frame(&item, true)], None, &RunOptions::default());
        assert!(all.expect("decompresses")[0] == item, "{tenths} tenths of a mebibyte");
    }
}

#[test]
fn a_limit_bounds_what_items_of_unknown_size_take() {
    // Repeated bytes: 8 MiB in a few hundred. Half of each block is honest, so that nothing can be refused beforehand.
    let bomb = frame(&vec![0; 8 << 20], true);
    let bombs = vec![bomb; 2000];
    let parameters = DecompressionParameters { max_total_size: 16 << 20, ..DecompressionParameters::default() };
    let decompressor = Decompressor::new(&parameters, None).expect("a decompressor");
    let before = peak_memory();
    let error =
        decompressor.multi_decompress_to_buffer(&bombs, None, &RunOptions::with_threads(2)).expect_err("a limit");
    assert_eq!((error.status(), error.item()), (Status::Limit, Some(2)));
    // Other tests of this process take some as well; without the limit it would be 16 GiB.
    if let (Some(before), Some(after)) = (before, peak_memory()) {
        assert!(after - before < 1 << 20, "{} KiB more", after - before);
    }
}

/// The most memory that this process had so far, in KiB, where the system tells.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.split_whitespace().next()?.parse().ok()
}

#[test]
fn estimates_are_from_above() {
    let item = vec![5; 64 << 20];
    for parameters in [
        CompressionParameters::default(),
        CompressionParameters::with_level(1),
        CompressionParameters { enable_ldm: 1, ..CompressionParameters::with_level(1) },
        CompressionParameters { enable_ldm: 1, ldm_hash_log: 20, window_log: 22, ..Default::default() },
        CompressionParameters { enable_ldm: 1, ldm_hash_rate_log: 5, ..Default::default() },
    ] {
        let estimate = parameters.estimate_memory().expect("an estimate");
        let compressor = Compressor::new(&parameters, None).expect("a compressor");
        compressor.compress(&item).expect("compresses");
        assert!(compressor.memory_size() <= estimate, "{parameters:?}: {} > {estimate}", compressor.memory_size());
    }
}

#[test]
fn training_refuses_what_libzstd_would_not_survive() {
    let samples: Vec<String> = (0..500).map(|i| format!("sample {i} says hello to {}", i * 7)).collect();
    let small = TrainParameters { dict_size: 2048, steps: 4, d: 8, ..Default::default() };
    assert!(Dictionary::train(&samples, &small).is_ok());
    for (wrong, status) in [
        (TrainParameters { f: 27, ..small.clone() }, Status::InvalidArgument),
        (TrainParameters { f: 64, ..small.clone() }, Status::InvalidArgument),
        (TrainParameters { k: u32::MAX, ..small.clone() }, Status::InvalidArgument),
        (TrainParameters { k: u32::MAX, dict_size: usize::MAX, ..small.clone() }, Status::InvalidArgument),
        (TrainParameters { steps: 2001, ..small.clone() }, Status::InvalidArgument),
        (TrainParameters { k: 4, ..small.clone() }, Status::InvalidArgument),
        (TrainParameters { d: 7, ..small.clone() }, Status::InvalidArgument),
        (TrainParameters { accel: 11, ..small.clone() }, Status::InvalidArgument),
        (TrainParameters { dict_size: 255, ..small.clone() }, Status::InvalidArgument),
        (TrainParameters { split_point: f64::NAN, ..small.clone() }, Status::InvalidArgument),
        (TrainParameters { split_point: 1.5, ..small.clone() }, Status::InvalidArgument),
        (TrainParameters { shrink: 5, ..small.clone() }, Status::Unsupported),
    ] {
        let error = Dictionary::train(&samples, &wrong).expect_err("a refusal");
        assert_eq!(error.status(), status, "{wrong:?}: {error}");
    }
    let error = Dictionary::train(&samples[..2], &small).expect_err("too few");
    assert_eq!(error.status(), Status::BadSamples);
}

#[test]
fn training_survives_samples_without_bytes() {
    let long = b"abcdefgh".repeat(50);
    let first = |first: &[u8], more: &[&[u8]], count: usize| -> Vec<Vec<u8>> {
        iter::repeat_n(first, count).chain(more.iter().copied()).map(<[u8]>::to_vec).collect()
    };
    let kinds = [
        first(b"", &[&long, &long, &long], 10),
        first(b"a", &[&long, &long], 7),
        first(b"x", &[], 8),
        first(b"x", &[], 10),
        first(b"x", &[], 11),
        first(b"1234567", &[b"", b"", b""], 20),
        first(&long, &[b"", b"", b""], 7),
        first(b"", &[&long], 40),
    ];
    for samples in &kinds {
        let parameters = [0.0, 0.1, 0.5, 0.75, 0.9, 0.999, 1.0].into_iter().flat_map(|split_point| {
            [(0, 0), (8, 6), (8, 8), (50, 6), (300, 8)].into_iter().flat_map(move |(k, d)| {
                [1, 10].map(|accel| TrainParameters {
                    dict_size: 300,
                    split_point,
                    k,
                    d,
                    accel,
                    steps: 2,
                    f: 10,
                    ..Default::default()
                })
            })
        });
        for parameters in parameters {
            let trained = Dictionary::train(samples, &parameters);
            let share = if parameters.split_point == 0.0 { 0.75 } else { parameters.split_point };
            let share = (0..samples.len()).take_while(|&i| (i + 1) as f64 <= samples.len() as f64 * share);
            let bytes: usize = share.map(|i| samples[i].len()).sum();
            match trained {
                Ok(dict) => assert!(bytes >= 8 && dict.data().len() <= 300),
                Err(error) if bytes < 8 => {
                    assert_eq!((error.status(), error.zstd_code()), (Status::BadSamples, 72));
                }
                Err(error) => assert_eq!(error.status(), Status::BadSamples),
            }
        }
        let (level, run) = (CompressionParameters::default(), RunOptions::default());
        for dict_size in [0, 256, 1000] {
            let train = TrainParameters { dict_size, ..Default::default() };
            assert_eq!(
                multi_compress_trained(samples, &level, &train, &run).expect("compresses").frames.len(),
                samples.len()
            );
        }
    }
}
