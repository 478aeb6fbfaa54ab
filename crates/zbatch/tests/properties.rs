//! What every batch promises: order, the same outcome on any number of threads, errors that name the lowest item, statuses,
//! limits, progress, cancel.

mod common;

use common::{Random, content, record, trained};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::Duration;
use zbatch::{
    BufferWithSegments, BufferWithSegmentsCollection, Columns, CompressionParameters, Compressor, Control,
    DecompressionParameters, Decompressor, Dictionary, Items, RunOptions, Segment, Selection, Stats, Status,
    TrainParameters, compress_bound,
};

const THREADS: [i32; 5] = [1, 2, 4, 8, 0];

fn run(threads: i32) -> RunOptions<'static> {
    RunOptions::with_threads(threads)
}

fn compressor(level: i32) -> Compressor {
    let parameters = CompressionParameters { write_checksum: true, ..CompressionParameters::with_level(level) };
    Compressor::new(&parameters, None).expect("a compressor")
}

fn decompressor() -> Decompressor {
    Decompressor::new(&Default::default(), None).expect("a decompressor")
}

fn vectors(all: &BufferWithSegmentsCollection) -> Vec<Vec<u8>> {
    all.iter().map(<[u8]>::to_vec).collect()
}

fn tables(all: &BufferWithSegmentsCollection) -> Vec<Vec<Segment>> {
    all.buffers().iter().map(|buffer| buffer.segments().to_vec()).collect()
}

/// Batches of different shapes: many small items, few large ones, and both together in every order.
fn batches() -> Vec<Vec<Vec<u8>>> {
    let mut random = Random::new(11);
    let mut of_sizes = |sizes: &[usize]| sizes.iter().map(|&size| content(&mut random, size)).collect();
    let skewed = [vec![100; 50], vec![600_000], vec![100; 50]].concat();
    vec![
        of_sizes(&[1]),
        of_sizes(&[100; 3000]),
        of_sizes(&[70_000; 40]),
        of_sizes(&[1_500_000, 3, 2_500_000]),
        of_sizes(&skewed),
        of_sizes(&[vec![2_000_000], vec![10; 1000]].concat()),
        of_sizes(&[vec![10; 1000], vec![2_000_000]].concat()),
        of_sizes(&(0..300).map(|i| i * i % 5000).collect::<Vec<_>>()),
    ]
}

#[test]
fn frames_items_and_layout_are_the_same_on_any_number_of_threads() {
    for (number, items) in batches().iter().enumerate() {
        let compressor = compressor(1);
        let frames = compressor.multi_compress_to_buffer(items, &run(1)).unwrap();
        let expected_back = decompressor().multi_decompress_to_buffer(&frames, None, &run(1)).unwrap();
        assert!(vectors(&expected_back) == *items, "batch {number}");
        for (frame, item) in frames.iter().zip(items) {
            assert!(
                compressor.compress(item).unwrap() == frame,
                "batch {number}: a frame differs from that of one call"
            );
        }
        for threads in THREADS {
            let again = compressor.multi_compress_to_buffer(items, &run(threads)).unwrap();
            assert!(vectors(&again) == vectors(&frames), "batch {number}, {threads} threads");
            assert_eq!(tables(&again), tables(&frames), "batch {number}, {threads} threads");
            let back = decompressor().multi_decompress_to_buffer(&again, None, &run(threads)).unwrap();
            assert!(vectors(&back) == *items, "batch {number}, {threads} threads");
            assert_eq!(tables(&back), tables(&expected_back), "batch {number}, {threads} threads");
        }
    }
}

#[test]
fn the_layout_of_items_of_unknown_size_repeats_too() {
    for (number, items) in batches().iter().enumerate() {
        let parameters = CompressionParameters { omit_content_size: true, ..CompressionParameters::with_level(1) };
        let unknown = Compressor::new(&parameters, None).unwrap().multi_compress_to_buffer(items, &run(1)).unwrap();
        let known = compressor(1).multi_compress_to_buffer(items, &run(1)).unwrap();
        let mixed: Vec<&[u8]> = (0..items.len()).map(|i| if i % 7 == 3 { &unknown[i] } else { &known[i] }).collect();
        let layouts = THREADS.map(|threads| {
            let back = decompressor().multi_decompress_to_buffer(&unknown, None, &run(threads)).unwrap();
            let mixed = decompressor().multi_decompress_to_buffer(&mixed, None, &run(threads)).unwrap();
            assert!(vectors(&back) == *items && vectors(&mixed) == *items, "batch {number}, {threads} threads");
            (tables(&back), tables(&mixed))
        });
        assert!(layouts.iter().all(|layout| *layout == layouts[0]), "batch {number}");
    }
}

#[test]
fn a_bad_item_at_any_position_leaves_the_others_exact() {
    let items: Vec<Vec<u8>> = (0..24).map(|i| vec![i; 9000]).collect();
    let frames = vectors(&compressor(3).multi_compress_to_buffer(&items, &run(1)).unwrap());
    for bad in 0..frames.len() {
        let mut frames = frames.clone();
        *frames[bad].last_mut().unwrap() ^= 0x10;
        for threads in [1, 2, 4] {
            let error = decompressor().multi_decompress_to_buffer(&frames, None, &run(threads)).unwrap_err();
            assert_eq!((error.status(), error.item()), (Status::Checksum, Some(bad)), "{threads} threads");
            let mut statuses = [Status::Internal; 24];
            let all =
                decompressor().multi_decompress_to_buffer_partial(&frames, None, &run(threads), &mut statuses).unwrap();
            assert_eq!(all.error, Some(error));
            for (i, item) in items.iter().enumerate() {
                let expected = if i == bad { (Status::Checksum, &[][..]) } else { (Status::Ok, &item[..]) };
                assert_eq!((statuses[i], &all.value[i]), expected, "{threads} threads");
            }
        }
    }
}

#[test]
fn the_error_names_the_lowest_of_many_bad_items() {
    let mut random = Random::new(12);
    let items: Vec<Vec<u8>> = (0..500).map(|_| content(&mut random, 3000)).collect();
    let good = vectors(&compressor(1).multi_compress_to_buffer(&items, &run(1)).unwrap());
    for _ in 0..40 {
        let mut frames = good.clone();
        let bad: Vec<usize> = (0..1 + random.below(20)).map(|_| random.below(500)).collect();
        for &item in &bad {
            match random.below(3) {
                0 => frames[item] = b"not a frame".into(),
                1 => frames[item].truncate(7),
                _ => *frames[item].last_mut().unwrap() ^= 1,
            }
        }
        let errors = THREADS.map(|threads| {
            let error = decompressor().multi_decompress_to_buffer(&frames, None, &run(threads)).unwrap_err();
            assert_eq!(error.item(), bad.iter().min().copied());
            error
        });
        assert!(errors.iter().all(|error| *error == errors[0]));
    }
}

#[test]
fn each_kind_of_damage_has_its_status() {
    let frame = compressor(3).compress(b"an item of some bytes").unwrap();
    let mut wrong_sum = frame.clone();
    *wrong_sum.last_mut().unwrap() ^= 1;
    let dictionary = trained(13);
    let with_dict = Compressor::new(&Default::default(), Some(&dictionary)).unwrap().compress(b"item").unwrap();
    let cases = [
        (frame.clone(), Status::Ok),
        (wrong_sum, Status::Checksum),
        (b"these are no frames".to_vec(), Status::NotAFrame),
        (frame[..frame.len() - 1].to_vec(), Status::Truncated),
        (Vec::new(), Status::Truncated),
        ([&frame[..], b"more than that"].concat(), Status::ExtraData),
        (with_dict, Status::DictMismatch),
    ];
    let (frames, expected): (Vec<Vec<u8>>, Vec<Status>) = cases.into_iter().unzip();
    for threads in THREADS {
        let mut statuses = vec![Status::Internal; frames.len()];
        decompressor().multi_decompress_to_buffer_partial(&frames, None, &run(threads), &mut statuses).unwrap();
        assert_eq!(statuses, expected);
    }
    let sizes = [20, 0, 0, 0, 0, 0, 0];
    let mut statuses = expected.clone();
    decompressor().multi_decompress_to_buffer_partial(&frames, Some(&sizes), &run(1), &mut statuses).unwrap();
    assert_eq!(statuses[0], Status::SizeMismatch);
    let strict = DecompressionParameters { require_checksum: true, ..Default::default() };
    let unchecked = Compressor::new(&Default::default(), None).unwrap().compress(b"x").unwrap();
    let error = Decompressor::new(&strict, None).unwrap().decompress(&unchecked).unwrap_err();
    assert_eq!(error.status(), Status::Checksum);
}

#[test]
fn a_dictionary_serves_a_batch_of_many_threads() {
    let mut random = Random::new(14);
    let items: Vec<String> = (0..5000).map(|_| record(&mut random)).collect();
    let dictionary = trained(13);
    let plain = compressor(3).multi_compress_to_buffer(&items, &run(2)).unwrap();
    for dictionary in [&dictionary, &dictionary.digest(&CompressionParameters::with_level(5)).unwrap()] {
        let frames = Compressor::new(&Default::default(), Some(dictionary)).unwrap();
        let frames = frames.multi_compress_to_buffer(&items, &run(2)).unwrap();
        assert!(frames.size() * 3 < plain.size() * 2, "{} {}", frames.size(), plain.size());
        let decompressor = Decompressor::new(&Default::default(), Some(dictionary)).unwrap();
        let back = decompressor.multi_decompress_to_buffer(&frames, None, &run(2)).unwrap();
        assert!(back.iter().eq(items.iter().map(String::as_bytes)));
    }
}

#[test]
fn training_on_the_calling_thread_repeats_itself() {
    let mut random = Random::new(15);
    let samples: Vec<String> = (0..3000).map(|_| record(&mut random)).collect();
    let dictionaries = [0, 1].map(|threads| {
        let parameters = TrainParameters { dict_size: 2048, steps: 3, threads, ..Default::default() };
        Dictionary::train(&samples, &parameters).unwrap()
    });
    assert_eq!(dictionaries[0].data(), dictionaries[1].data());
    assert!(dictionaries[0].k() > 0 && [6, 8].contains(&dictionaries[0].d()));
    let error = Dictionary::train(&samples[..2], &TrainParameters::default()).unwrap_err();
    assert_eq!(error.status(), Status::BadSamples);
}

#[test]
fn limits_are_the_same_on_any_number_of_threads() {
    let mut random = Random::new(16);
    let items: Vec<Vec<u8>> = (0..300)
        .map(|_| {
            let size = random.below(9000);
            content(&mut random, size)
        })
        .collect();
    let known = compressor(1).multi_compress_to_buffer(&items, &run(1)).unwrap();
    let parameters = CompressionParameters { omit_content_size: true, ..Default::default() };
    let unknown = Compressor::new(&parameters, None).unwrap().multi_compress_to_buffer(&items, &run(1)).unwrap();
    let total: usize = items.iter().map(Vec::len).sum();
    for limit in [1, items[0].len(), total / 3, total - 1, total, total + 1] {
        let total_limit = DecompressionParameters { max_total_size: limit, ..Default::default() };
        let mut sum = 0;
        let first_over = items.iter().position(|item| {
            sum += item.len();
            sum > limit
        });
        for frames in [&known, &unknown] {
            for threads in [1, 2, 8] {
                let decompressor = Decompressor::new(&total_limit, None).unwrap();
                let mut statuses = vec![Status::Internal; 300];
                let all = decompressor
                    .multi_decompress_to_buffer_partial(frames, None, &run(threads), &mut statuses)
                    .unwrap();
                assert_eq!(all.error.and_then(|error| error.item()), first_over, "limit {limit}, {threads} threads");
                for (i, item) in items.iter().enumerate() {
                    let good = first_over.is_none_or(|over| i < over);
                    let expected = if good { (Status::Ok, &item[..]) } else { (Status::Limit, &[][..]) };
                    assert_eq!((statuses[i], &all.value[i]), expected, "limit {limit}, item {i}, {threads} threads");
                }
            }
        }
    }
    let item_limit = DecompressionParameters { max_item_size: 5000, ..Default::default() };
    let decompressor = Decompressor::new(&item_limit, None).unwrap();
    let over: Vec<Status> =
        items.iter().map(|item| if item.len() > 5000 { Status::Limit } else { Status::Ok }).collect();
    for frames in [&known, &unknown] {
        for threads in [1, 2, 8] {
            let mut statuses = vec![Status::Internal; 300];
            decompressor.multi_decompress_to_buffer_partial(frames, None, &run(threads), &mut statuses).unwrap();
            assert_eq!(statuses, over, "{threads} threads");
        }
    }
}

#[test]
fn items_are_decompressed_into_memory_of_the_caller() {
    let mut random = Random::new(17);
    let items: Vec<Vec<u8>> = (0..200).map(|i| content(&mut random, 31 * i)).collect();
    let known = compressor(1).multi_compress_to_buffer(&items, &run(1)).unwrap();
    let parameters = CompressionParameters { omit_content_size: true, ..Default::default() };
    let unknown = Compressor::new(&parameters, None).unwrap().multi_compress_to_buffer(&items, &run(1)).unwrap();
    let total: usize = items.iter().map(Vec::len).sum();
    for frames in [&known, &unknown] {
        for threads in THREADS {
            let mut exact: Vec<Vec<u8>> = items.iter().map(|item| vec![0xaa; item.len()]).collect();
            let error = decompressor().multi_decompress_into(frames, &mut exact, None, &run(threads), None).unwrap();
            assert_eq!(error, None);
            assert!(exact == items);

            let mut roomy = vec![vec![0xaa; 7000]; 200];
            let mut written = vec![0; 200];
            decompressor().multi_decompress_into(frames, &mut roomy, Some(&mut written), &run(threads), None).unwrap();
            for ((span, &written), item) in roomy.iter().zip(&written).zip(&items) {
                assert!(span[..written] == item[..] && span[written..].iter().all(|&byte| byte == 0));
            }

            let (mut block, mut places) = (vec![0xaa; total], vec![Segment::default(); 200]);
            let packed =
                decompressor().multi_decompress_packed(frames, None, &mut block, &mut places, &run(threads), None);
            assert_eq!(packed.unwrap(), None);
            let back = Columns::from_segments(&block, &places).unwrap();
            assert!((0..200).all(|i| back.get(i) == items[i]) && block == items.concat());
            let short = &mut block[..total - 1];
            let error = decompressor().multi_decompress_packed(frames, None, short, &mut places, &run(threads), None);
            assert_eq!(error.unwrap_err().status(), Status::DstTooSmall);
        }
    }
    // One that is too small fails alone.
    let mut spans: Vec<Vec<u8>> = items.iter().map(|item| vec![0xaa; item.len()]).collect();
    spans[150].pop();
    let (mut written, mut statuses) = (vec![0; 200], vec![Status::Internal; 200]);
    let error =
        decompressor().multi_decompress_into(&known, &mut spans, Some(&mut written), &run(2), Some(&mut statuses));
    let error = error.unwrap().unwrap();
    assert_eq!((error.status(), error.item()), (Status::DstTooSmall, Some(150)));
    assert!(statuses.iter().enumerate().all(|(i, status)| (*status != Status::Ok) == (i == 150)));
    assert!(spans[150].iter().all(|&byte| byte == 0) && spans[151] == items[151]);
}

#[test]
fn sizes_are_told_before_anything_is_decompressed() {
    let known = compressor(3).compress(&[1; 5000]).unwrap();
    let parameters = CompressionParameters { omit_content_size: true, ..Default::default() };
    let unknown = Compressor::new(&parameters, None).unwrap().compress(&[1; 5000]).unwrap();
    let mut sizes = [0; 2];
    assert_eq!(decompressor().decompressed_sizes(&[&known, &known], &mut sizes).unwrap(), Some(10_000));
    assert_eq!(sizes, [5000, 5000]);
    assert_eq!(decompressor().decompressed_sizes(&[&known, &unknown], &mut sizes).unwrap(), None);
    assert_eq!(sizes, [5000, zbatch::CONTENTSIZE_UNKNOWN]);
    assert_eq!(decompressor().decompress_bound(&known).unwrap(), 5000);
    assert!(decompressor().decompress_bound(&unknown).unwrap() >= 5000);
    let error = decompressor().decompressed_sizes(&[&known[..], b"no"], &mut sizes).unwrap_err();
    assert_eq!(error.item(), Some(1));
    let mut statuses = [Status::Ok; 2];
    let limit = DecompressionParameters { max_total_size: 7000, ..Default::default() };
    for (decompressor, items, told) in [
        (decompressor(), [&b"no"[..], &known], (Some(5000), Some(0), [0, 5000])),
        (Decompressor::new(&limit, None).unwrap(), [&known[..], &known], (Some(5000), Some(1), [5000, 0])),
        (decompressor(), [&known[..], &known], (Some(10_000), None, [5000, 5000])),
    ] {
        let some = decompressor.decompressed_sizes_partial(&items, &mut sizes, &mut statuses).unwrap();
        assert_eq!((some.value, some.error.and_then(|error| error.item()), sizes), told);
        assert!(statuses.iter().zip(sizes).all(|(&status, size)| (status == Status::Ok) == (size != 0)));
    }
    let error = decompressor().decompressed_sizes(&[&known], &mut sizes).unwrap_err();
    assert_eq!(error.status(), Status::InvalidArgument);
}

#[test]
fn every_kind_of_input_gives_the_same_frames() {
    let items: Vec<Vec<u8>> = (0..100).map(|i| format!("item {i}").repeat(i).into_bytes()).collect();
    let joined = items.concat();
    let ends = items.iter().scan(0, |end, item| {
        *end += item.len() as u64;
        Some(*end)
    });
    let offsets: Vec<u64> = std::iter::once(0).chain(ends).collect();
    let short_offsets: Vec<u32> = offsets.iter().map(|&offset| offset.try_into().unwrap()).collect();
    let table: Vec<Segment> =
        offsets.windows(2).map(|pair| Segment { offset: pair[0], length: pair[1] - pair[0] }).collect();
    let buffer = BufferWithSegments::copy_of(&joined, &table).unwrap();
    let halves = [&table[..50], &table[50..]].map(|half| BufferWithSegments::copy_of(&joined, half).unwrap());
    let collection = BufferWithSegmentsCollection::new(halves.into()).unwrap();
    let slices: Vec<&[u8]> = items.iter().map(Vec::as_slice).collect();
    let backwards: Vec<&[u8]> = slices.iter().rev().copied().collect();
    let indices: Vec<usize> = (0..100).rev().collect();

    let compressor = compressor(3);
    let expected = vectors(&compressor.multi_compress_to_buffer(&items, &run(2)).unwrap());
    fn check<I: Items + ?Sized>(compressor: &Compressor, items: &I, expected: &[Vec<u8>]) {
        assert_eq!(vectors(&compressor.multi_compress_to_buffer(items, &run(2)).unwrap()), expected);
    }
    check(&compressor, &slices[..], &expected);
    check(&compressor, &Columns::from_segments(&joined, &table).unwrap(), &expected);
    check(&compressor, &Columns::from_offsets_u64(&joined, &offsets).unwrap(), &expected);
    check(&compressor, &Columns::from_offsets_u32(&joined, &short_offsets).unwrap(), &expected);
    check(&compressor, &buffer, &expected);
    check(&compressor, &collection, &expected);
    check(&compressor, &Selection::new(&backwards, &indices).unwrap(), &expected);
}

#[test]
fn a_cancelled_batch_stops_and_what_it_delivers_is_exact() {
    let items = vec![content(&mut Random::new(18), 100_000); 400];
    let frames = compressor(1).multi_compress_to_buffer(&items, &run(0)).unwrap();
    for threads in [1, 2, 4] {
        let control = Control::new();
        let mut statuses = vec![Status::Internal; 400];
        let options = RunOptions { threads, control: Some(&control), ..Default::default() };
        let slow = compressor(19);
        let all = thread::scope(|scope| {
            scope.spawn(|| {
                while control.items_done() < 3 {
                    thread::sleep(Duration::from_micros(100));
                }
                control.cancel();
            });
            slow.multi_compress_to_buffer_partial(&items, &options, &mut statuses).unwrap()
        });
        assert_eq!(all.error.map(|error| error.status()), Some(Status::Cancelled));
        assert_eq!(all.value.len(), 400);
        let done = statuses.iter().filter(|&&status| status == Status::Ok).count();
        assert!((3..400).contains(&done), "{done}");
        for (status, frame) in statuses.iter().zip(all.value.iter()) {
            match status {
                Status::Ok => assert!(decompressor().decompress(frame).unwrap() == items[0]),
                other => assert_eq!((*other, frame.len()), (Status::Cancelled, 0)),
            }
        }
        // Without statuses, nothing but the word that it was cancelled; both directions.
        assert_eq!(slow.multi_compress_to_buffer(&items, &options).unwrap_err().status(), Status::Cancelled);
        let error = decompressor().multi_decompress_to_buffer(&frames, None, &options).unwrap_err();
        assert_eq!(error.status(), Status::Cancelled);
        control.reset();
        assert!(decompressor().multi_decompress_to_buffer(&frames, None, &options).is_ok());
    }
}

#[test]
fn progress_counts_items_and_bytes() {
    let items: Vec<Vec<u8>> = (0..500).map(|i| vec![7; i]).collect();
    let bytes: u64 = (0..500).sum();
    for threads in THREADS {
        let (control, stats) = (Control::new(), Stats::default());
        let options = RunOptions { threads, control: Some(&control), stats: Some(&stats), ..Default::default() };
        let frames = compressor(3).multi_compress_to_buffer(&items, &options).unwrap();
        assert_eq!((control.items_done(), control.bytes_done(), control.items_running()), (500, bytes, 0));
        assert_eq!((stats.items(), stats.bytes_in(), stats.bytes_out()), (500, bytes, frames.size() as u64));
        assert!(stats.codec_nanoseconds() > 0 && stats.workers() >= 1);
        control.reset();
        decompressor().multi_decompress_to_buffer(&frames, None, &options).unwrap();
        assert_eq!((control.items_done(), control.bytes_done()), (500, frames.size() as u64));
        // A second call adds up.
        assert_eq!((stats.items(), stats.bytes_out()), (1000, frames.size() as u64 + bytes));
    }
}

#[test]
fn a_large_batch_is_worked_on_by_several_threads() {
    if thread::available_parallelism().map_or(1, |cpus| cpus.get()) < 2 {
        println!("skipped: there is one CPU");
        return;
    }
    let items = vec![content(&mut Random::new(19), 100_000); 200];
    let (stats, none) = (Stats::default(), Stats::default());
    let frames = compressor(9)
        .multi_compress_to_buffer(&items, &RunOptions { threads: 2, stats: Some(&stats), ..Default::default() })
        .unwrap();
    assert_eq!(stats.workers(), 2);
    let stats = Stats::default();
    let options = RunOptions { threads: 2, stats: Some(&stats), ..Default::default() };
    decompressor().multi_decompress_to_buffer(&frames, None, &options).unwrap();
    assert_eq!(stats.workers(), 2);
    compressor(1)
        .multi_compress_to_buffer(&items, &RunOptions { threads: 1, stats: Some(&none), ..Default::default() })
        .unwrap();
    assert_eq!(none.workers(), 1);
}

#[test]
fn verifying_changes_nothing_about_good_frames() {
    let items: Vec<Vec<u8>> = batches().remove(7);
    let dictionary = trained(13);
    for dictionary in [None, Some(&dictionary)] {
        let compressor = Compressor::new(&Default::default(), dictionary).unwrap();
        let plain = compressor.multi_compress_to_buffer(&items, &run(2)).unwrap();
        let options = RunOptions { verify: true, threads: 2, ..Default::default() };
        let verified = compressor.multi_compress_to_buffer(&items, &options).unwrap();
        assert_eq!(vectors(&plain), vectors(&verified));
    }
}

#[test]
fn many_threads_share_one_handle() {
    let mut random = Random::new(20);
    let items: Vec<Vec<u8>> = (0..300).map(|_| content(&mut random, 2000)).collect();
    let (compressor, decompressor) = (compressor(1), decompressor());
    let expected = vectors(&compressor.multi_compress_to_buffer(&items, &run(1)).unwrap());
    let failed = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                for threads in [1, 2, 8, 0] {
                    let frames = compressor.multi_compress_to_buffer(&items, &run(threads)).unwrap();
                    let back = decompressor.multi_decompress_to_buffer(&frames, None, &run(threads)).unwrap();
                    if vectors(&frames) != expected || vectors(&back) != items {
                        failed.store(true, Relaxed);
                    }
                }
            });
        }
    });
    assert!(!failed.into_inner());
}

#[test]
fn a_million_items_of_no_byte_or_one_are_a_batch_like_any_other() {
    for size in [0, 1] {
        let (base, offsets) =
            (vec![b'x'; size * 1_000_000], (0..=1_000_000).map(|i| (i * size) as u64).collect::<Vec<_>>());
        let items = Columns::from_offsets_u64(&base, &offsets).unwrap();
        let frames = compressor(1).multi_compress_to_buffer(&items, &run(2)).unwrap();
        assert_eq!(frames.len(), 1_000_000);
        let back = decompressor().multi_decompress_to_buffer(&frames, None, &run(2)).unwrap();
        assert_eq!((back.len(), back.size()), (1_000_000, base.len()));
        assert!(back.iter().all(|item| item.len() == size));
    }
}

#[test]
fn arrays_must_have_an_entry_for_each_item() {
    let items = [b"a", b"b"];
    let frames = compressor(1).multi_compress_to_buffer(&items, &run(1)).unwrap();
    let (one, run) = (&mut [Status::Ok], &run(1));
    let decompressor = decompressor();
    let mut spans = [[0; 1]; 3];
    let errors = [
        compressor(1).multi_compress_to_buffer_partial(&items, run, one).map(drop).unwrap_err(),
        decompressor.multi_decompress_to_buffer_partial(&frames, None, run, one).map(drop).unwrap_err(),
        decompressor.multi_decompress_to_buffer(&frames, Some(&[1]), run).map(drop).unwrap_err(),
        decompressor.multi_decompress_into(&frames, &mut spans, None, run, None).unwrap_err(),
        decompressor.multi_decompress_into(&frames, &mut spans[..2], Some(&mut [0]), run, None).unwrap_err(),
        decompressor.multi_decompress_into(&frames, &mut spans[..2], None, run, Some(one)).unwrap_err(),
        decompressor
            .multi_decompress_packed(&frames, None, &mut [0; 2], &mut [Segment::default()], run, None)
            .unwrap_err(),
    ];
    assert!(errors.iter().all(|error| error.status() == Status::InvalidArgument), "{errors:?}");
}

#[test]
fn compress_bound_is_enough_for_noise() {
    let mut random = Random::new(21);
    for size in [0, 1, 100, 128 << 10, 1 << 20] {
        let noise: Vec<u8> = (0..size).map(|_| random.number().to_le_bytes()[0]).collect();
        let mut room = vec![0; compress_bound(size).unwrap()];
        assert!(compressor(1).compress_into(&noise, &mut room).unwrap() <= room.len());
    }
    assert_eq!(compress_bound(usize::MAX), None);
}
