//! Input that nobody means well with: whatever it is, the answer is an error or the exact content, and the handles and the
//! other items of the batch are none the worse for it.

mod common;

use common::{Random, content};
use zbatch::{
    BufferWithSegments, CompressionParameters, Compressor, DecompressionParameters, Decompressor, DictType, Dictionary,
    Format, RunOptions, Segment, Status, frame_info,
};

const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

fn decompressor() -> Decompressor {
    Decompressor::new(&Default::default(), None).expect("a decompressor")
}

/// Frames with a checksum and what they hold: stored, repeated and entropy-coded blocks, with and without a content size.
fn checked_frames() -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut random = Random::new(31);
    let text = b"one two three, two three one, three one two; one, two, three! ".repeat(3);
    let noise: Vec<u8> = (0..40).map(|_| random.number().to_le_bytes()[0]).collect();
    let records: Vec<u8> = (0..4).flat_map(|_| common::record(&mut random).into_bytes()).collect();
    let items = [b"".to_vec(), b"x".to_vec(), text, noise, vec![0; 300], records];
    let compress = |(i, item): (usize, Vec<u8>)| {
        let parameters = CompressionParameters {
            write_checksum: true,
            omit_content_size: i % 2 == 1,
            ..CompressionParameters::with_level([1, 19][i % 2])
        };
        (Compressor::new(&parameters, None).expect("a compressor").compress(&item).expect("compresses"), item)
    };
    items.into_iter().enumerate().map(compress).collect()
}

#[test]
fn no_single_wrong_byte_gives_wrong_content() {
    let decompressor = decompressor();
    for (frame, item) in checked_frames() {
        for place in 0..frame.len() {
            // All wrong values of one byte are a batch, between two good neighbours.
            let mut batch = vec![frame.clone(); 257];
            for change in 1..=255 {
                batch[usize::from(change)][place] ^= change;
            }
            let mut statuses = vec![Status::Internal; batch.len()];
            let run = RunOptions::with_threads(2);
            let all = decompressor.multi_decompress_to_buffer_partial(&batch, None, &run, &mut statuses).unwrap();
            assert_eq!((statuses[0], statuses[256]), (Status::Ok, Status::Ok));
            for ((changed, status), content) in batch.iter().zip(&statuses).zip(all.value.iter()) {
                let expected = if *status == Status::Ok { &item[..] } else { &[] };
                assert_eq!(content, expected, "byte {place}: {status:?}");
                let single = decompressor.decompress(changed);
                assert_eq!(single.as_ref().err().map_or(Status::Ok, |error| error.status()), *status, "byte {place}");
                assert!(single.is_err() || single.as_deref() == Ok(&item));
            }
        }
    }
}

#[test]
fn every_truncation_is_an_error() {
    for (frame, item) in checked_frames() {
        for end in 0..frame.len() {
            let error = decompressor().decompress(&frame[..end]).unwrap_err();
            assert_eq!(error.status(), Status::Truncated, "{end} of {} bytes", frame.len());
            let twice = [&frame[..], &frame[..end]].concat();
            if end > 0 {
                let error = decompressor().decompress(&twice).unwrap_err();
                assert!(matches!(error.status(), Status::Truncated | Status::ExtraData), "{error}");
            }
        }
        assert_eq!(decompressor().decompress(&frame).unwrap(), item);
    }
}

/// A frame of `blocks` blocks that repeat one byte 128 KiB times.
fn bomb(blocks: usize, declared: Option<u64>) -> Vec<u8> {
    let header = match declared {
        Some(size) => [&MAGIC[..], &[0b1100_0000, 0x60], &size.to_le_bytes()].concat(),
        None => [&MAGIC[..], &[0, 0x60]].concat(),
    };
    let block = |last: u32| {
        let head: u32 = (128 << 10) << 3 | 1 << 1 | last;
        [&head.to_le_bytes()[..3], b"b"].concat()
    };
    [header, block(0).repeat(blocks - 1), block(1)].concat()
}

#[test]
fn bombs_meet_the_limits() {
    let blocks = 1 << 20; // 4 MiB that become 128 GiB
    let size = (blocks as u64) << 17;
    for frame in [bomb(blocks, None), bomb(blocks, Some(size))] {
        for parameters in [
            DecompressionParameters { max_item_size: 1 << 20, ..Default::default() },
            DecompressionParameters { max_total_size: 1 << 20, ..Default::default() },
        ] {
            let decompressor = Decompressor::new(&parameters, None).unwrap();
            assert_eq!(decompressor.decompress(&frame).unwrap_err().status(), Status::Limit);
            for threads in [1, 2] {
                let run = RunOptions::with_threads(threads);
                let error = decompressor.multi_decompress_to_buffer(&[&frame, &frame], None, &run).unwrap_err();
                assert_eq!((error.status(), error.item()), (Status::Limit, Some(0)));
            }
        }
    }
    // A small one is only a frame.
    let parameters = DecompressionParameters { max_item_size: 1 << 20, ..Default::default() };
    let content = Decompressor::new(&parameters, None).unwrap().decompress(&bomb(8, None)).unwrap();
    assert!(content.len() == 1 << 20 && content.iter().all(|&byte| byte == b'b'));
}

#[test]
fn a_lie_about_the_content_size_is_corrupt() {
    let truth = 4u64 << 17;
    for lie in [0, 1, truth - 1, truth + 1, 1 << 31, 1 << 32, 1 << 62, 1 << 63, u64::MAX - 2] {
        let error = decompressor().decompress(&bomb(4, Some(lie))).unwrap_err();
        assert_eq!(error.status(), Status::Corrupt, "{lie}");
    }
    assert_eq!(decompressor().decompress(&bomb(4, Some(truth))).unwrap().len() as u64, truth);
}

#[test]
fn sizes_that_the_caller_gives_are_not_believed_either() {
    let frame = bomb(4, None);
    let truth = 4u64 << 17;
    for lie in [1, truth - 1, truth + 1, 1 << 40, 1 << 63, u64::MAX - 1] {
        let run = RunOptions::default();
        let error = decompressor().multi_decompress_to_buffer(&[&frame], Some(&[lie]), &run).unwrap_err();
        assert_eq!(error.status(), Status::SizeMismatch, "{lie}");
    }
}

#[test]
fn a_million_tiny_frames_in_one_item_are_walked_without_recursion() {
    let skippable = [0x50, 0x2a, 0x4d, 0x18, 0, 0, 0, 0];
    let parameters = CompressionParameters { omit_content_size: true, ..Default::default() };
    let unknown = Compressor::new(&parameters, None).unwrap().compress(b"").unwrap();
    let item = [skippable.repeat(1_000_000), unknown.repeat(1_000_000)].concat();
    let decode = move || decompressor().decompress(&item).map(|content| content.len());
    let thread = std::thread::Builder::new().stack_size(256 << 10).spawn(decode).unwrap();
    assert_eq!(thread.join().unwrap(), Ok(0));
}

#[test]
fn garbage_is_refused_and_changes_nothing() {
    let mut random = Random::new(32);
    let decompressor = decompressor();
    let (good, item) = checked_frames().swap_remove(2);
    for _ in 0..20_000 {
        let size = random.below(80);
        let mut garbage: Vec<u8> = (0..size).map(|_| random.number().to_le_bytes()[0]).collect();
        if random.below(2) == 0 && size >= 4 {
            garbage[..4].copy_from_slice(&MAGIC);
        }
        for format in [Format::Zstd1, Format::Zstd1Magicless] {
            if let Ok(info) = frame_info(&garbage, format) {
                assert!(info.header_size as usize <= size);
            }
        }
        let single = decompressor.decompress(&garbage).map_err(|error| error.status());
        let mut statuses = [Status::Internal; 3];
        let run = RunOptions::with_threads(1);
        let batch = [&good, &garbage, &good];
        let all = decompressor.multi_decompress_to_buffer_partial(&batch, None, &run, &mut statuses).unwrap();
        assert_eq!([&all.value[0], &all.value[2]], [&item[..]; 2]);
        assert_eq!(single.clone().err().unwrap_or(Status::Ok), statuses[1], "{garbage:?}");
        assert_eq!(single.unwrap_or_default(), all.value[1]);
    }
}

#[test]
fn damaged_frames_without_checksum_give_the_same_answer_every_time() {
    let mut random = Random::new(33);
    let decompressor = decompressor();
    let compressor = Compressor::new(&CompressionParameters::with_level(5), None).unwrap();
    for _ in 0..300 {
        let size = random.below(40_000);
        let item = content(&mut random, size);
        let frame = compressor.compress(&item).unwrap();
        let damaged: Vec<Vec<u8>> = (0..8)
            .map(|_| {
                let mut frame = frame.clone();
                for _ in 0..1 + random.below(3) {
                    let place = random.below(frame.len());
                    frame[place] = random.number().to_le_bytes()[0];
                }
                frame
            })
            .collect();
        let answers = [1, 2, 3].map(|threads| {
            let mut statuses = [Status::Internal; 8];
            let run = RunOptions::with_threads(threads);
            let all = decompressor.multi_decompress_to_buffer_partial(&damaged, None, &run, &mut statuses).unwrap();
            (statuses, all.value.tobytes().unwrap(), all.error)
        });
        assert!(answers[0] == answers[1] && answers[0] == answers[2]);
        assert_eq!(decompressor.decompress(&frame).unwrap(), item);
    }
}

#[test]
fn dictionaries_of_garbage_are_refused_or_used_but_never_harm() {
    let mut random = Random::new(34);
    for _ in 0..2000 {
        let size = random.below(600);
        let mut bytes = content(&mut random, size);
        if size >= 4 && random.below(2) == 0 {
            bytes[..4].copy_from_slice(&[0x37, 0xa4, 0x30, 0xec]);
        }
        for kind in [DictType::Auto, DictType::RawContent, DictType::FullDict] {
            let Ok(dictionary) = Dictionary::new(&bytes, kind) else { continue };
            let Ok(compressor) = Compressor::new(&Default::default(), Some(&dictionary)) else { continue };
            let frame = compressor.compress(&bytes).unwrap();
            let decompressor = Decompressor::new(&Default::default(), Some(&dictionary)).unwrap();
            assert_eq!(decompressor.decompress(&frame).unwrap(), bytes);
        }
    }
}

#[test]
fn segment_tables_are_judged_as_exact_arithmetic_would() {
    let mut random = Random::new(35);
    let data = [0; 1000];
    let edges = [0, 1, 999, 1000, 1001, 1 << 32, (1 << 32) + 1, 1 << 63, u64::MAX - 1000, u64::MAX - 1, u64::MAX];
    for _ in 0..50_000 {
        let mut number = || match random.below(3) {
            0 => edges[random.below(edges.len())],
            1 => random.below(1100) as u64,
            _ => random.number(),
        };
        let segment = Segment { offset: number(), length: number() };
        let inside = u128::from(segment.offset) + u128::from(segment.length) <= data.len() as u128;
        let buffer = BufferWithSegments::new(data, &[segment]);
        assert_eq!(buffer.is_ok(), inside, "{segment:?}");
        if let Ok(buffer) = buffer {
            assert_eq!(buffer[0].len() as u64, segment.length);
        }
    }
}
