//! Cases in which batch compressors have lost data, crashed, read out of bounds, ignored an option or depended on the number
//! of threads. One test each; what it demands is in its name.

mod common;

use common::{Random, content, record, trained};
use std::thread;
use zbatch::{
    BufferWithSegments, BufferWithSegmentsCollection, Columns, CompressionParameters, Compressor, Control,
    DecompressionParameters, Decompressor, DictType, Dictionary, Format, Items, RunOptions, Segment, Status,
    frame_info,
};

const THREADS: [i32; 4] = [1, 2, 3, 8];
const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

fn compressor(parameters: &CompressionParameters) -> Compressor {
    Compressor::new(parameters, None).expect("a compressor")
}

fn decompressor(parameters: &DecompressionParameters) -> Decompressor {
    Decompressor::new(parameters, None).expect("a decompressor")
}

fn run(threads: i32) -> RunOptions<'static> {
    RunOptions::with_threads(threads)
}

fn compress(item: &[u8]) -> Vec<u8> {
    compressor(&Default::default()).compress(item).expect("compresses")
}

fn compress_without_size(item: &[u8]) -> Vec<u8> {
    compressor(&CompressionParameters { omit_content_size: true, ..Default::default() })
        .compress(item)
        .expect("compresses")
}

/// The items of a batch as vectors, to be compared.
fn vectors(all: &BufferWithSegmentsCollection) -> Vec<Vec<u8>> {
    all.iter().map(<[u8]>::to_vec).collect()
}

fn decompress(frames: &impl Items, threads: i32) -> Vec<Vec<u8>> {
    let all = decompressor(&Default::default()).multi_decompress_to_buffer(frames, None, &run(threads));
    vectors(&all.expect("decompresses"))
}

/// The status with which a batch of this one item fails, and the decompression of it alone too.
fn refusal(parameters: &DecompressionParameters, frame: &[u8]) -> Status {
    let decompressor = decompressor(parameters);
    let batch = decompressor.multi_decompress_to_buffer(&[frame], None, &run(1)).expect_err("it must be refused");
    let single = decompressor.decompress(frame).expect_err("it must be refused");
    assert_eq!((batch.status(), batch.item()), (single.status(), Some(0)));
    batch.status()
}

fn skippable(payload: &[u8]) -> Vec<u8> {
    let size = u32::try_from(payload.len()).expect("a small payload");
    [&[0x5a, 0x2a, 0x4d, 0x18][..], &size.to_le_bytes(), payload].concat()
}

/// A frame of one stored block that declares `size` bytes of content.
fn declaring(size: u64, block: &[u8]) -> Vec<u8> {
    let header = u32::try_from(block.len()).expect("a small block") << 3 | 1;
    [&MAGIC[..], &[0b1110_0000], &size.to_le_bytes(), &header.to_le_bytes()[..3], block].concat()
}

/// A frame of one stored block whose header asks for a window of `1 << log` bytes.
fn with_window(log: u8, block: &[u8]) -> Vec<u8> {
    let header = u32::try_from(block.len()).expect("a small block") << 3 | 1;
    [&MAGIC[..], &[0, (log - 10) << 3], &header.to_le_bytes()[..3], block].concat()
}

#[test]
fn segments_that_pass_2_to_the_64_or_lie_outside_are_refused() {
    let bad =
        [(u64::MAX, 1), (1, u64::MAX), (u64::MAX, u64::MAX), (u64::MAX - 3, 5), (9, 2), (0, 11), (11, 0), (1 << 32, 1)];
    let data = [7u8; 10];
    for (offset, length) in bad {
        let segments = [Segment { offset: 0, length: 10 }, Segment { offset, length }];
        for error in [
            BufferWithSegments::new(data, &segments).map(drop),
            BufferWithSegments::copy_of(&data, &segments).map(drop),
            Columns::from_segments(&data, &segments).map(drop),
        ] {
            let error = error.expect_err("the second segment lies outside");
            assert_eq!((error.status(), error.item()), (Status::OutOfRange, Some(1)), "{offset} {length}");
        }
    }
    let at_the_end = [Segment { offset: 10, length: 0 }, Segment { offset: 0, length: 10 }];
    assert_eq!(BufferWithSegments::new(data, &at_the_end).unwrap().get(0), Some(&[][..]));
}

#[test]
fn empty_items_come_back_wherever_they_stand() {
    let (empty, full) = (Vec::new(), b"something".repeat(5000));
    let layouts: [&[&Vec<u8>]; 6] = [
        &[&empty],
        &[&empty, &full],
        &[&full, &empty],
        &[&empty, &empty, &empty],
        &[&full, &empty, &full],
        &[&empty; 300],
    ];
    for items in layouts {
        for threads in THREADS {
            let frames = compressor(&Default::default()).multi_compress_to_buffer(items, &run(threads)).unwrap();
            assert_eq!(frames.len(), items.len());
            let back = decompress(&frames, threads);
            assert!(back.iter().eq(items.iter().copied()), "{} items, {threads} threads", items.len());
        }
    }
}

#[test]
fn an_empty_batch_is_an_empty_collection() {
    let none: [&[u8]; 0] = [];
    for threads in THREADS {
        assert_eq!(compressor(&Default::default()).multi_compress_to_buffer(&none, &run(threads)).unwrap().len(), 0);
        assert_eq!(decompress(&none, threads).len(), 0);
    }
}

#[test]
fn a_batch_of_only_empty_items_gives_valid_frames() {
    let items = [&b""[..]; 5];
    let frames = compressor(&Default::default()).multi_compress_to_buffer(&items, &run(0)).unwrap();
    for frame in frames.iter() {
        assert_eq!(frame_info(frame, Format::Zstd1).unwrap().content_size, Some(0));
    }
    assert_eq!(decompress(&frames, 0), vec![Vec::<u8>::new(); 5]);
}

#[test]
fn empty_items_at_the_end_are_never_dropped() {
    let mut random = Random::new(2);
    let mut items: Vec<Vec<u8>> = (0..200).map(|_| content(&mut random, 5000)).collect();
    items.extend(vec![Vec::new(); 500]);
    for threads in THREADS {
        let frames = compressor(&Default::default()).multi_compress_to_buffer(&items, &run(threads)).unwrap();
        assert_eq!(frames.len(), 700);
        assert_eq!(decompress(&frames, threads), items);
    }
}

#[test]
fn a_size_that_the_frame_cannot_reach_is_corrupt_before_memory_is_taken() {
    // Of the largest, nothing could be taken; the smaller ones would be, if they were believed.
    for lie in [4, 1000, 1 << 17, 1 << 31, 1 << 33, 1 << 40, 1 << 62, 1 << 63, u64::MAX - 2] {
        let frame = declaring(lie, b"abc");
        let unlimited_window = DecompressionParameters { max_window_size: usize::MAX, ..Default::default() };
        assert_eq!(refusal(&unlimited_window, &frame), Status::Corrupt, "{lie}");
        let error = decompressor(&unlimited_window).decompressed_sizes(&[&frame], &mut [0]).unwrap_err();
        assert_eq!(error.status(), Status::Corrupt);
    }
    assert_eq!(decompress(&[declaring(3, b"abc")], 1), [b"abc"]);
    assert_eq!(refusal(&Default::default(), &declaring(2, b"abc")), Status::Corrupt);
}

#[test]
fn sizes_given_beforehand_work_for_every_kind_of_input() {
    let items: Vec<Vec<u8>> = (0..300).map(|i| format!("item number {i}").into_bytes()).collect();
    let parameters = CompressionParameters { omit_content_size: true, ..Default::default() };
    let collection = compressor(&parameters).multi_compress_to_buffer(&items, &run(1)).unwrap();
    let joined = collection.tobytes().unwrap();
    let mut end = 0;
    let table: Vec<Segment> = collection
        .iter()
        .map(|frame| {
            end += frame.len() as u64;
            Segment { offset: end - frame.len() as u64, length: frame.len() as u64 }
        })
        .collect();
    let list = vectors(&collection);
    let buffer = BufferWithSegments::new(joined, &table).unwrap();
    let sizes: Vec<u64> = items.iter().map(|item| item.len() as u64).collect();
    let decompressor = decompressor(&Default::default());
    let with = |input: &dyn Fn(&[u64]) -> zbatch::Result<BufferWithSegmentsCollection>| {
        let all = input(&sizes).unwrap();
        assert_eq!(all.buffers().len(), 1, "the layout is known beforehand");
        assert_eq!(vectors(&all), items);
        assert_eq!(input(&sizes[1..]).unwrap_err().status(), Status::InvalidArgument);
        for wrong in [1, 100, u64::MAX - 1] {
            let mut sizes = sizes.clone();
            sizes[17] = wrong;
            let error = input(&sizes).unwrap_err();
            assert_eq!((error.status(), error.item()), (Status::SizeMismatch, Some(17)), "{wrong}");
        }
    };
    with(&|sizes| decompressor.multi_decompress_to_buffer(&list, Some(sizes), &run(2)));
    with(&|sizes| decompressor.multi_decompress_to_buffer(&buffer, Some(sizes), &run(2)));
    with(&|sizes| decompressor.multi_decompress_to_buffer(&collection, Some(sizes), &run(2)));
}

#[test]
fn frames_without_content_size_are_decoded() {
    let mut random = Random::new(3);
    let sizes = [0, 1, 100, 70_000, 200_000, 3_000_000, 9_000_000];
    let items: Vec<Vec<u8>> = sizes.iter().map(|&size| content(&mut random, size)).collect();
    let frames: Vec<Vec<u8>> = items.iter().map(|item| compress_without_size(item)).collect();
    for frame in &frames {
        assert_eq!(frame_info(frame, Format::Zstd1).unwrap().content_size, None);
    }
    for threads in THREADS {
        assert!(decompress(&frames, threads) == items, "{threads}");
    }
}

#[test]
fn all_frames_of_an_item_are_joined_and_skippable_ones_count_for_nothing() {
    let (a, b, c) = (compress(b"first "), compress_without_size(b"second "), compress(b"third"));
    let (skip, empty) = (skippable(b"to be skipped"), compress(b""));
    let item = [&skip, &a, &skip, &skip, &b, &empty, &c, &skip].map(Vec::as_slice).concat();
    let known = [&skip[..], &a, &skip, &c].concat();
    for threads in [1, 2] {
        assert_eq!(decompress(&[item.clone(), known.clone()], threads), [&b"first second third"[..], b"first third"]);
    }
    let single = DecompressionParameters { single_frame: true, allow_extra_data: true, ..Default::default() };
    assert_eq!(decompressor(&single).decompress(&item).unwrap(), b"first ");
}

#[test]
fn a_million_empty_frames_in_one_item_need_no_stack() {
    let item = compress(b"").repeat(1_000_000);
    let work = move || assert_eq!(decompress(&[&item, &item], 1), [b"", b""]);
    thread::Builder::new().stack_size(256 << 10).spawn(work).unwrap().join().unwrap();
}

#[test]
fn bytes_after_the_last_frame_are_an_error_that_names_the_item() {
    let good = compress(b"good");
    for tail in [&b"x"[..], b"garbage after it", &[0; 100]] {
        let bad = [&good, tail].concat();
        for threads in THREADS {
            let frames = [&good, &good, &bad, &good];
            let error =
                decompressor(&Default::default()).multi_decompress_to_buffer(&frames, None, &run(threads)).unwrap_err();
            assert_eq!(error.item(), Some(2));
            // So short a tail may also be the beginning of a frame that was cut.
            assert!(matches!(error.status(), Status::ExtraData | Status::Truncated), "{error}");
        }
        let lenient = DecompressionParameters { allow_extra_data: true, single_frame: true, ..Default::default() };
        assert_eq!(decompressor(&lenient).decompress(&bad).unwrap(), b"good");
    }
}

#[test]
fn batches_obey_the_format_of_the_decompressor() {
    let mut random = Random::new(4);
    let items: Vec<Vec<u8>> = (0..50).map(|i| content(&mut random, i * 400)).collect();
    let magicless = CompressionParameters { format: Format::Zstd1Magicless, ..Default::default() };
    let frames = compressor(&magicless).multi_compress_to_buffer(&items, &run(2)).unwrap();
    let parameters = DecompressionParameters { format: Format::Zstd1Magicless, ..Default::default() };
    let all = decompressor(&parameters).multi_decompress_to_buffer(&frames, None, &run(2)).unwrap();
    assert_eq!(vectors(&all), items);
    let error = decompressor(&Default::default()).multi_decompress_to_buffer(&frames, None, &run(2)).unwrap_err();
    assert_eq!(error.item(), Some(0));
}

#[test]
fn magicless_frames_are_planned_by_our_own_walk() {
    let make = |omit_content_size| {
        compressor(&CompressionParameters { format: Format::Zstd1Magicless, omit_content_size, ..Default::default() })
    };
    let (known, unknown) = (make(false).compress(b"one ").unwrap(), make(true).compress(b"two").unwrap());
    let decompressor = decompressor(&DecompressionParameters { format: Format::Zstd1Magicless, ..Default::default() });
    let items = [known.clone(), [&known[..], &known].concat(), [&known[..], &unknown].concat()];
    let mut sizes = [0; 3];
    assert_eq!(decompressor.decompressed_sizes(&items, &mut sizes).unwrap(), None);
    assert_eq!(sizes, [4, 8, u64::MAX]);
    let all = decompressor.multi_decompress_to_buffer(&items, None, &run(2)).unwrap();
    assert_eq!(vectors(&all), [&b"one "[..], b"one one ", b"one two"]);
}

#[test]
fn batches_obey_the_window_limit_in_every_header() {
    let (small, large) = (with_window(20, b"small"), with_window(28, b"large"));
    assert_eq!(refusal(&Default::default(), &large), Status::Limit);
    assert_eq!(refusal(&Default::default(), &[&small[..], &large].concat()), Status::Limit);
    let tight = DecompressionParameters { max_window_size: 1 << 19, ..Default::default() };
    assert_eq!(refusal(&tight, &small), Status::Limit);
    let wide = DecompressionParameters { max_window_size: 1 << 28, ..Default::default() };
    let both = decompressor(&wide).multi_decompress_to_buffer(&[[&small[..], &large].concat()], None, &run(1)).unwrap();
    assert_eq!(&both[0], b"smalllarge");
}

#[test]
fn a_bad_item_is_told_alike_on_any_number_of_threads_and_the_others_are_delivered() {
    let items: Vec<Vec<u8>> = (0..400).map(|i| format!("item {i} ").repeat(100).into_bytes()).collect();
    let checked = compressor(&CompressionParameters { write_checksum: true, ..Default::default() });
    let mut frames = vectors(&checked.multi_compress_to_buffer(&items, &run(1)).unwrap());
    *frames[300].last_mut().unwrap() ^= 1;
    frames[350] = b"no frame".into();
    frames[399].truncate(9);
    let told = THREADS.map(|threads| {
        let decompressor = decompressor(&Default::default());
        let error = decompressor.multi_decompress_to_buffer(&frames, None, &run(threads)).unwrap_err();
        let mut statuses = vec![Status::Ok; frames.len()];
        let all = decompressor.multi_decompress_to_buffer_partial(&frames, None, &run(threads), &mut statuses).unwrap();
        assert_eq!(all.error, Some(error));
        for (i, item) in items.iter().enumerate() {
            let expected = match i {
                300 => (Status::Checksum, &b""[..]),
                350 => (Status::NotAFrame, &b""[..]),
                399 => (Status::Truncated, &b""[..]),
                _ => (Status::Ok, &item[..]),
            };
            assert_eq!((statuses[i], &all.value[i]), expected, "item {i}, {threads} threads");
        }
        error.to_string()
    });
    assert!(told.iter().all(|text| *text == told[0] && text.contains("item 300")), "{told:?}");
}

#[test]
fn limits_hold_on_every_path_before_memory_is_taken() {
    let bomb = compress(&vec![0; 8 << 20]);
    let blind_bomb = compress_without_size(&vec![0; 8 << 20]);
    for parameters in [
        DecompressionParameters { max_item_size: 1 << 20, ..Default::default() },
        DecompressionParameters { max_total_size: 1 << 20, ..Default::default() },
    ] {
        for frame in [&bomb, &blind_bomb] {
            assert_eq!(refusal(&parameters, frame), Status::Limit);
            let decompressor = decompressor(&parameters);
            let mut large = vec![0; 8 << 20];
            assert_eq!(decompressor.decompress_into(frame, &mut large).unwrap_err().status(), Status::Limit);
            let into = decompressor.multi_decompress_into(&[frame], &mut [&mut large[..]], None, &run(1), None);
            assert_eq!(into.unwrap_err().status(), Status::Limit);
            let mut places = [Segment::default()];
            let packed = decompressor.multi_decompress_packed(&[frame], None, &mut large, &mut places, &run(1), None);
            assert_eq!(packed.unwrap_err().status(), Status::Limit);
        }
    }
}

#[test]
fn a_dictionary_that_cannot_be_digested_is_an_error_and_no_more() {
    let trained = trained(1);
    let mut damaged = trained.data().to_vec();
    damaged[8..200].fill(0xff);
    for kind in [DictType::Auto, DictType::FullDict] {
        assert_eq!(Dictionary::new(&damaged, kind).unwrap_err().status(), Status::BadDict);
    }
    assert_eq!(Dictionary::new(b"anything at all", DictType::FullDict).unwrap_err().status(), Status::BadDict);
    // As raw content the same bytes are as good as any.
    let raw = Dictionary::new(&damaged, DictType::RawContent).unwrap();
    let compressor = Compressor::new(&Default::default(), Some(&raw)).unwrap();
    let frame = compressor.compress(b"still alive").unwrap();
    let decompressor = Decompressor::new(&Default::default(), Some(&raw)).unwrap();
    assert_eq!(decompressor.decompress(&frame).unwrap(), b"still alive");
}

#[test]
fn digesting_a_dictionary_does_not_touch_the_compressors_that_use_it() {
    let dictionary = trained(1);
    let item = record(&mut Random::new(9)).repeat(3);
    let compressor = Compressor::new(&CompressionParameters::with_level(19), Some(&dictionary)).unwrap();
    let before = compressor.compress(item.as_bytes()).unwrap();
    let digested = dictionary.digest(&CompressionParameters::with_level(1)).unwrap();
    assert_eq!(compressor.compress(item.as_bytes()).unwrap(), before);
    drop(dictionary);
    let other = Compressor::new(&CompressionParameters::with_level(19), Some(&digested)).unwrap();
    drop(digested);
    assert_eq!(compressor.compress(item.as_bytes()).unwrap(), before);
    assert!(!other.compress(item.as_bytes()).unwrap().is_empty());
}

#[test]
fn the_estimate_of_memory_is_a_number_or_an_error() {
    let plain = CompressionParameters::default().estimate_memory().unwrap();
    let matching = CompressionParameters { enable_ldm: 1, ..Default::default() }.estimate_memory().unwrap();
    assert!((1 << 20..1 << 30).contains(&plain) && matching > plain && matching < 1 << 30, "{plain} {matching}");
    let threads = CompressionParameters { workers: 2, ..Default::default() };
    assert_eq!(threads.estimate_memory().unwrap_err().status(), Status::Unsupported);
}

#[test]
fn an_item_of_no_bytes_is_a_truncated_frame() {
    assert_eq!(refusal(&Default::default(), b""), Status::Truncated);
    let magicless = DecompressionParameters { format: Format::Zstd1Magicless, ..Default::default() };
    assert_eq!(refusal(&magicless, b""), Status::Truncated);
}

#[test]
fn a_destination_that_the_frame_just_fits_is_enough() {
    let mut random = Random::new(5);
    for size in [0, 1, 500, 100_000, 300_000] {
        let item = content(&mut random, size);
        let frame = compress(&item);
        let mut exact = vec![0; frame.len()];
        let compressor = compressor(&Default::default());
        assert_eq!(compressor.compress_into(&item, &mut exact), Ok(frame.len()));
        assert_eq!(exact, frame);
        let error = compressor.compress_into(&item, &mut exact[1..]).unwrap_err();
        assert_eq!(error.status(), Status::DstTooSmall);
    }
}

#[test]
fn the_slot_of_a_failed_item_is_zeroed() {
    let mut random = Random::new(6);
    let secret = content(&mut random, 200_000);
    let checked = compressor(&CompressionParameters { write_checksum: true, ..Default::default() });
    let mut frame = checked.compress(&secret).unwrap();
    *frame.last_mut().unwrap() ^= 1;
    let decompressor = decompressor(&Default::default());
    for threads in [1, 2] {
        // What an earlier batch wrote to the same memory must not shine through either.
        drop(decompressor.multi_decompress_to_buffer(&vec![compress(&secret); 8], None, &run(threads)).unwrap());
        let frames = [&compress(b"good")[..], &frame, &frame, &compress(b"good")];
        let mut statuses = [Status::Ok; 4];
        let all =
            decompressor.multi_decompress_to_buffer_partial(&frames, None, &run(threads), &mut statuses).unwrap().value;
        assert_eq!(statuses, [Status::Ok, Status::Checksum, Status::Checksum, Status::Ok]);
        let outside: usize =
            all.buffers().iter().map(|buffer| buffer.data().iter().filter(|&&byte| byte != 0).count()).sum();
        assert_eq!(outside, 8, "only the two good items are not zero");

        let mut spans = vec![vec![0xaa; 200_000]; 4];
        let mut written = [0; 4];
        let into = decompressor.multi_decompress_into(
            &frames,
            &mut spans,
            Some(&mut written),
            &run(threads),
            Some(&mut statuses),
        );
        assert_eq!(into.unwrap().unwrap().item(), Some(1));
        assert_eq!(written, [4, 0, 0, 4]);
        assert!(spans[1..3].iter().all(|span| span.iter().all(|&byte| byte == 0)));

        let (mut block, mut places) = (vec![0xaa; 500_000], [Segment::default(); 4]);
        let packed = decompressor.multi_decompress_packed(
            &frames,
            None,
            &mut block,
            &mut places,
            &run(threads),
            Some(&mut statuses),
        );
        assert_eq!(packed.unwrap().unwrap().item(), Some(1));
        assert_eq!(places.map(|place| place.length), [4, 0, 0, 4]);
        assert_eq!(block[..400_008].iter().filter(|&&byte| byte != 0).count(), 8);
    }
}

#[test]
fn room_behind_an_item_is_nobodys_to_see() {
    let text = b"strides of sixteen bytes, ".repeat(20);
    let good = compress(&text);
    let checked = compressor(&CompressionParameters { write_checksum: true, ..Default::default() });
    let mut bad = checked.compress(&text).unwrap();
    *bad.last_mut().unwrap() ^= 1;
    let frames = [&good, &bad, &good, &good, &bad, &bad, &good, &bad];
    let decompressor = decompressor(&Default::default());
    let (mut block, mut places) = (vec![0xaa; 8 * text.len() + 100], [Segment::default(); 8]);
    let mut statuses = [Status::Ok; 8];
    let packed =
        decompressor.multi_decompress_packed(&frames, None, &mut block, &mut places, &run(1), Some(&mut statuses));
    assert_eq!(packed.unwrap().unwrap().item(), Some(1));
    for (frame, slot) in frames.iter().zip(block.chunks_exact(text.len())) {
        assert!(if *frame == &good { *slot == text } else { slot.iter().all(|&byte| byte == 0) });
    }
    assert!(block[8 * text.len()..].iter().all(|&byte| byte == 0xaa));
    // A size that is wrong by less than the room is as wrong as any, wherever the item stands.
    let unsized_frames = vec![compress_without_size(&text); 3];
    for wrong in [text.len() as u64 - 1, text.len() as u64 - 64, text.len() as u64 + 1] {
        for item in 0..3 {
            let mut sizes = [text.len() as u64; 3];
            sizes[item] = wrong;
            let error = decompressor.multi_decompress_to_buffer(&unsized_frames, Some(&sizes), &run(1)).unwrap_err();
            assert_eq!((error.status(), error.item()), (Status::SizeMismatch, Some(item)));
        }
    }
}

#[test]
fn the_slot_of_a_cancelled_item_is_zeroed() {
    let frames = vec![compress(&[7; 10_000]); 100];
    let control = Control::new();
    control.cancel();
    let run = RunOptions { control: Some(&control), ..Default::default() };
    let mut statuses = vec![Status::Ok; 100];
    let mut spans = vec![vec![0xaa; 10_000]; 100];
    let written = &mut [1; 100];
    let decompressor = decompressor(&Default::default());
    let error =
        decompressor.multi_decompress_into(&frames, &mut spans, Some(written), &run, Some(&mut statuses)).unwrap();
    assert_eq!(error.unwrap().status(), Status::Cancelled);
    assert_eq!((statuses, *written), (vec![Status::Cancelled; 100], [0; 100]));
    assert!(spans.iter().flatten().all(|&byte| byte == 0));
}

#[test]
fn unknown_sizes_are_charged_to_the_total_in_the_order_of_the_items() {
    let sizes = [1000, 500_000, 10, 300_000, 300_000, 10, 10];
    let items: Vec<Vec<u8>> = sizes.iter().map(|&size| vec![b'u'; size]).collect();
    // 801,010 bytes are within the limit, and what comes next is not.
    let parameters = DecompressionParameters { max_total_size: 900_000, ..Default::default() };
    let known_at: [fn(usize) -> bool; 4] = [|_| false, |_| true, |item| item % 2 == 0, |item| item >= 4];
    for (kind, known_at) in known_at.into_iter().enumerate() {
        let make =
            |(i, item): (usize, &Vec<u8>)| if known_at(i) { compress(item) } else { compress_without_size(item) };
        let frames: Vec<Vec<u8>> = items.iter().enumerate().map(make).collect();
        for threads in [1, 2, 8] {
            let decompressor = decompressor(&parameters);
            let mut statuses = [Status::Ok; 7];
            let all =
                decompressor.multi_decompress_to_buffer_partial(&frames, None, &run(threads), &mut statuses).unwrap();
            let (ok, over) = (Status::Ok, Status::Limit);
            assert_eq!(statuses, [ok, ok, ok, ok, over, over, over], "{kind}, {threads} threads");
            assert_eq!(all.error.unwrap().item(), Some(4));
            assert!(vectors(&all.value)[..4] == items[..4] && all.value.iter().skip(4).all(<[u8]>::is_empty));
            let error = decompressor.multi_decompress_to_buffer(&frames, None, &run(threads)).unwrap_err();
            assert_eq!((error.status(), error.item()), (Status::Limit, Some(4)));
        }
    }
}

#[test]
fn the_dictionary_id_is_written_unless_it_is_to_be_left_out() {
    let dictionary = trained(1);
    assert_ne!(dictionary.id(), 0);
    for (omit_dict_id, expected) in [(false, dictionary.id()), (true, 0)] {
        let parameters = CompressionParameters { omit_dict_id, ..Default::default() };
        let frame = Compressor::new(&parameters, Some(&dictionary)).unwrap().compress(b"an item").unwrap();
        assert_eq!(frame_info(&frame, Format::Zstd1).unwrap().dict_id, expected);
    }
}
