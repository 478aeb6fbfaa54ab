//! Large items that threads share: compressed to several frames where the compressor was told to, decompressed part by part
//! where an item is of several frames. Nothing but time tells the difference: bytes, layout, statuses, errors and counts are
//! held against those of a single thread and of the calls for one item, which share nothing.

mod common;

use common::{Cancelling, Random, content, record};
use std::thread;
use std::time::Duration;
use zbatch::{
    BufferWithSegmentsCollection, CompressionParameters, Compressor, Control, DecompressionParameters, Decompressor,
    DictType, Dictionary, Error, RunOptions, Segment, Stats, Status,
};

const MIB: usize = 1 << 20;
const THREADS: [i32; 4] = [1, 2, 3, 8];

fn compressor(max_frame_size: usize) -> Compressor {
    let parameters =
        CompressionParameters { max_frame_size, write_checksum: true, ..CompressionParameters::with_level(1) };
    Compressor::new(&parameters, None).expect("a compressor")
}

fn decompressor() -> Decompressor {
    Decompressor::new(&Default::default(), None).expect("a decompressor")
}

fn tables(all: &BufferWithSegmentsCollection) -> Vec<Vec<Segment>> {
    all.buffers().iter().map(|buffer| buffer.segments().to_vec()).collect()
}

/// Sizes around one, two and three frames, and small ones between them.
fn mixed(frame: usize) -> Vec<Vec<u8>> {
    let mut random = Random::new(7);
    let around = |size: usize| [size - 1, size, size + 1];
    let sizes = [&[0, 1, 1500][..], &around(frame), &[0, 70_000], &around(2 * frame), &around(3 * frame), &[900, 0]];
    sizes.concat().into_iter().map(|size| content(&mut random, size)).collect()
}

#[test]
fn an_item_is_the_frames_of_its_slices_on_any_number_of_threads() {
    for frame in [MIB, 3 * MIB / 2 + 17] {
        let (items, whole, split) = (mixed(frame), compressor(0), compressor(frame));
        let wanted: Vec<Vec<u8>> = items
            .iter()
            .map(|item| match item.len() {
                0 => whole.compress(item).expect("compresses"),
                _ => item.chunks(frame).flat_map(|slice| whole.compress(slice).expect("compresses")).collect(),
            })
            .collect();
        let mut layout = None;
        for threads in THREADS {
            for verify in [false, true] {
                let run = RunOptions { verify, ..RunOptions::with_threads(threads) };
                let all = split.multi_compress_to_buffer(&items, &run).expect("compresses");
                assert!(all.iter().eq(wanted.iter().map(Vec::as_slice)), "{threads} threads");
                assert_eq!(layout.get_or_insert_with(|| tables(&all)), &tables(&all), "{threads} threads");
                let back = decompressor().multi_decompress_to_buffer(&all, None, &run).expect("decompresses");
                assert!(back.iter().eq(items.iter().map(Vec::as_slice)), "{threads} threads");
                assert_eq!(back.buffers().len(), 1);
            }
        }
        for (item, wanted) in items.iter().zip(&wanted) {
            assert!(split.compress(item).expect("compresses") == *wanted);
            let mut exact = vec![0; wanted.len()];
            assert_eq!(split.compress_into(item, &mut exact), Ok(wanted.len()));
            assert!(exact == *wanted);
            let error = split.compress_into(item, &mut exact[1..]).expect_err("one byte short");
            assert_eq!(error.status(), Status::DstTooSmall);
            assert!(decompressor().decompress(wanted).expect("decompresses") == *item);
        }
    }
}

/// Content that does not compress takes the most room; it still fits what is promised.
#[test]
fn the_frames_of_noise_fit_the_bound() {
    let mut random = Random::new(3);
    let noise: Vec<u8> = (0..(3 * MIB + 5) / 8 + 1).flat_map(|_| random.number().to_le_bytes()).collect();
    let split = compressor(MIB);
    for size in [MIB + 1, 2 * MIB, 3 * MIB + 5] {
        let bound = zbatch::compress_bound(size).expect("a bound");
        let mut frames = vec![0; bound];
        let written = split.compress_into(&noise[..size], &mut frames).expect("fits");
        assert!(written > size);
        let batch =
            split.multi_compress_to_buffer(&[&noise[..size]], &RunOptions::with_threads(2)).expect("compresses");
        assert!(batch[0] == frames[..written]);
    }
}

#[test]
fn every_frame_uses_the_dictionary() {
    let mut random = Random::new(5);
    let bytes: Vec<u8> = (0..300).flat_map(|_| record(&mut random).into_bytes()).collect();
    let dict = Dictionary::new(&bytes, DictType::RawContent).expect("a dictionary");
    let digested = dict.digest(&CompressionParameters::with_level(1)).expect("a digestion");
    let item = content(&mut random, 2 * MIB + 100);
    for dict in [dict, digested] {
        let parameters = CompressionParameters { max_frame_size: MIB, ..CompressionParameters::with_level(1) };
        let split = Compressor::new(&parameters, Some(&dict)).expect("a compressor");
        let whole = Compressor::new(&CompressionParameters::with_level(1), Some(&dict)).expect("a compressor");
        let wanted: Vec<u8> = item.chunks(MIB).flat_map(|slice| whole.compress(slice).expect("compresses")).collect();
        let decompressor = Decompressor::new(&Default::default(), Some(&dict)).expect("a decompressor");
        for threads in [1, 2] {
            let run = RunOptions::with_threads(threads);
            let all = split.multi_compress_to_buffer(&[&item], &run).expect("compresses");
            assert!(all[0] == wanted);
            let back = decompressor.multi_decompress_to_buffer(&all, None, &run).expect("decompresses");
            assert!(back[0] == item);
        }
    }
}

/// The items, the error beside them, and the bytes that the statistics count.
type Outcome = (Vec<Result<Vec<u8>, Status>>, Option<Error>, u64);

/// What each way of decompressing a batch makes of each item.
fn outcomes(decompressor: &Decompressor, items: &[Vec<u8>], sizes: Option<&[u64]>, threads: i32) -> Vec<Outcome> {
    let mut all = Vec::new();
    for way in 0..4 {
        let (stats, control) = (Stats::default(), Control::new());
        let run = RunOptions { stats: Some(&stats), control: Some(&control), ..RunOptions::with_threads(threads) };
        let mut statuses = vec![Status::Internal; items.len()];
        let room = |item: &Vec<u8>| decompressor.decompress_bound(item).unwrap_or(10);
        let (contents, error): (Vec<Vec<u8>>, _) = match way {
            0 => {
                let some = decompressor.multi_decompress_to_buffer_partial(items, sizes, &run, &mut statuses);
                let some = some.expect("some are good");
                for buffer in some.value.buffers() {
                    let place = |at: u64| usize::try_from(at).expect("in memory");
                    let mut end = 0;
                    for segment in buffer.segments() {
                        let gap = &buffer.data()[end..place(segment.offset)];
                        assert!(gap.iter().all(|&byte| byte == 0), "failed items leave zeros");
                        end = place(segment.offset + segment.length);
                    }
                }
                (some.value.iter().map(<[u8]>::to_vec).collect(), some.error)
            }
            1 => {
                let (mut block, mut segments) = (vec![1; 16 * MIB], vec![Segment::default(); items.len()]);
                let statuses = Some(&mut statuses[..]);
                let error =
                    decompressor.multi_decompress_packed(items, sizes, &mut block, &mut segments, &run, statuses);
                let contents = segments.iter().map(|segment| segment.slice(&block).expect("inside").to_vec());
                (contents.collect(), error.expect("some are good"))
            }
            _ => {
                let mut spans: Vec<Vec<u8>> =
                    items.iter().map(|item| vec![1; room(item) + if way == 2 { 9 } else { 0 }]).collect();
                let mut written = vec![0; items.len()];
                let statuses = Some(&mut statuses[..]);
                let places = (way == 2).then_some(&mut written[..]);
                let error = decompressor.multi_decompress_into(items, &mut spans, places, &run, statuses);
                for (span, written) in spans.iter_mut().zip(written).filter(|_| way == 2) {
                    assert!(span[written..].iter().all(|&byte| byte == 0), "what no content fills is zero");
                    span.truncate(written);
                }
                (spans, error.expect("some are good"))
            }
        };
        assert_eq!((stats.items(), control.items_done()), (items.len() as u64, items.len() as u64));
        assert_eq!((stats.bytes_in(), control.items_running()), (control.bytes_done(), 0));
        let results = contents.into_iter().zip(statuses).map(|(content, status)| match status {
            Status::Ok => Ok(content),
            status => Err(status),
        });
        all.push((results.collect(), error, stats.bytes_out()));
    }
    all
}

/// Damage of every kind, in any part: whatever is wrong is told as if the item were decompressed by one thread in one go.
#[test]
fn damage_is_told_as_by_one_thread_in_one_go() {
    let mut random = Random::new(11);
    let item = content(&mut random, 3 * MIB + 1000);
    let good = compressor(MIB).compress(&item).expect("compresses");
    let small = compressor(0).compress(b"small").expect("compresses");
    let mut seen = Vec::new();
    for round in 0..15 {
        let mut bad = good.clone();
        for _ in 0..1 + random.below(2) {
            let at = random.below(bad.len());
            bad[at] ^= 1 << random.below(8);
        }
        if round % 5 == 0 {
            bad.truncate(random.below(bad.len()));
        } else if round % 5 == 1 {
            bad.extend(b"tail");
        }
        let items = [small.clone(), bad.clone(), good.clone(), small.clone()];
        for parameters in [
            DecompressionParameters::default(),
            DecompressionParameters { allow_extra_data: true, ..Default::default() },
            DecompressionParameters { single_frame: true, allow_extra_data: true, ..Default::default() },
        ] {
            let decompressor = Decompressor::new(&parameters, None).expect("a decompressor");
            let alone: Vec<Result<Vec<u8>, Error>> = items.iter().map(|item| decompressor.decompress(item)).collect();
            let lowest = alone.iter().position(Result::is_err);
            let told = lowest.map(|item| alone[item].as_ref().expect_err("it failed").with_item(item).to_string());
            let out: u64 = alone.iter().flatten().map(|content| content.len() as u64).sum();
            let wanted: Vec<_> = alone.iter().map(|one| one.clone().map_err(|error| error.status())).collect();
            seen.push(wanted[1].as_ref().err().copied());
            for threads in [1, 3] {
                for (results, error, bytes_out) in outcomes(&decompressor, &items, None, threads) {
                    assert!(results == wanted, "round {round}, {threads} threads");
                    assert_eq!(error.map(|error| error.to_string()), told, "round {round}, {threads} threads");
                    assert_eq!(bytes_out, out);
                }
                let whole = decompressor.multi_decompress_to_buffer(&items, None, &RunOptions::with_threads(threads));
                assert_eq!(whole.err().map(|error| error.to_string()), told, "round {round}, {threads} threads");
            }
        }
    }
    for status in [Some(Status::Corrupt), Some(Status::Checksum), Some(Status::Truncated), Some(Status::ExtraData)] {
        assert!(seen.contains(&status), "{status:?} never came");
    }
}

/// A frame that becomes more than it records would write over the next part's content, were it let.
#[test]
fn a_part_keeps_within_its_slot() {
    let item = content(&mut Random::new(13), 3 * MIB);
    let whole = compressor(0);
    let [a, b, c] = [0, 1, 2].map(|i| whole.compress(&item[i * MIB..(i + 1) * MIB]).expect("compresses"));
    let mut liar = whole.compress(&item[MIB..2 * MIB + 5000]).expect("compresses");
    // The four bytes of the content size, behind magic number and descriptor (and a window, unless it is one segment).
    let at = 5 + usize::from(liar[4] & 0x20 == 0);
    liar[at..at + 4].copy_from_slice(&(1u32 << 20).to_le_bytes());
    for (frames, good) in [([&a, &b, &c], true), ([&a, &liar, &c], false)] {
        let items = [frames.map(|frame| frame.as_slice()).concat()];
        let alone = decompressor().decompress(&items[0]);
        assert_eq!(alone.is_ok(), good);
        for threads in [1, 2] {
            for (results, error, _) in outcomes(&decompressor(), &items, Some(&[3 * MIB as u64]), threads) {
                assert_eq!(results[0].is_ok(), good);
                assert_eq!(error.map(|error| error.item()), if good { None } else { Some(Some(0)) });
            }
        }
    }
}

#[test]
fn limits_hold_for_items_in_parts() {
    let item = content(&mut Random::new(17), 2 * MIB + 10);
    let frames = compressor(MIB).compress(&item).expect("compresses");
    let size = item.len();
    for (max_item_size, max_total_size, wanted) in [
        (size, 0, [Status::Ok; 3]),
        (size - 1, 0, [Status::Limit; 3]),
        (0, 2 * size, [Status::Ok, Status::Ok, Status::Limit]),
        (0, 2 * size - 1, [Status::Ok, Status::Limit, Status::Limit]),
    ] {
        let parameters = DecompressionParameters { max_item_size, max_total_size, ..Default::default() };
        let decompressor = Decompressor::new(&parameters, None).expect("a decompressor");
        let items = [&frames, &frames, &frames];
        for threads in [1, 2] {
            let mut statuses = [Status::Internal; 3];
            let run = RunOptions::with_threads(threads);
            let some = decompressor.multi_decompress_to_buffer_partial(&items, None, &run, &mut statuses);
            let some = some.expect("some are good");
            assert_eq!(statuses, wanted);
            assert_eq!(some.error.and_then(|error| error.item()), wanted.iter().position(|&s| s != Status::Ok));
            assert!(some.value.iter().zip(wanted).all(|(got, s)| got == if s == Status::Ok { &item[..] } else { &[] }));
        }
    }
}

/// Frames that others wrote: skippable ones before and behind each, as pzstd and seekable files have them; some of no content;
/// many small ones.
#[test]
fn frames_of_other_writers_are_joined() {
    let item = content(&mut Random::new(19), 3 * MIB);
    let whole = compressor(0);
    let skip = [&[0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0][..], b"seek"].concat();
    let none = whole.compress(b"").expect("compresses");
    let frame = |slice: &[u8]| whole.compress(slice).expect("compresses");
    let like_pzstd: Vec<u8> = item.chunks(MIB).flat_map(|slice| [&skip[..], &frame(slice)].concat()).collect();
    let seekable: Vec<u8> = item.chunks(MIB / 3).flat_map(frame).chain(skip.clone()).collect();
    let empties: Vec<u8> = item.chunks(MIB).flat_map(|slice| [&none[..], &frame(slice), &none].concat()).collect();
    let items = [like_pzstd, seekable, empties];
    for threads in THREADS {
        for (results, error, _) in outcomes(&decompressor(), &items, None, threads) {
            assert_eq!(error, None);
            assert!(results.iter().all(|result| result.as_ref() == Ok(&item)));
        }
    }
}

#[test]
fn several_threads_work_on_one_item() {
    if thread::available_parallelism().map_or(1, |cpus| cpus.get()) < 2 {
        return;
    }
    let item = content(&mut Random::new(23), MIB).repeat(24);
    // Other tests use the threads of the pool too, so one try may find none idle.
    let shared = |batch: &dyn Fn(&RunOptions<'_>)| {
        (0..100).any(|_| {
            let (stats, control) = (Stats::default(), Control::new());
            batch(&RunOptions { stats: Some(&stats), control: Some(&control), ..RunOptions::with_threads(2) });
            assert_eq!((stats.items(), control.items_done(), control.items_running()), (1, 1, 0));
            assert_eq!(control.bytes_done(), stats.bytes_in());
            stats.workers() == 2
        })
    };
    let split = compressor(4 * MIB);
    let frames = split.compress(&item).expect("compresses");
    assert!(shared(&|run| {
        let all = split.multi_compress_to_buffer(&[&item], run).expect("compresses");
        assert!(all[0] == frames);
    }));
    assert!(shared(&|run| {
        let all = decompressor().multi_decompress_to_buffer(&[&frames], None, run).expect("decompresses");
        assert!(all[0] == item);
    }));
    let of = |compressor: &Compressor, threads| compressor.estimate(&[&item], threads, u64::MAX);
    assert!(of(&split, 2) <= of(&split, 1) * 6 / 10 && of(&compressor(0), 2) == of(&compressor(0), 1));
    let of = |threads| decompressor().estimate(&[&frames], threads, u64::MAX);
    assert!(of(2) <= of(1) * 6 / 10);
}

#[test]
fn an_estimate_counts_what_may_be_decompressed() {
    let of = |parameters: &DecompressionParameters, item: &[u8]| {
        let decompressor = Decompressor::new(parameters, None).expect("a decompressor");
        let estimate = |threads| decompressor.estimate(&[item], threads, u64::MAX);
        assert!(decompressor.decompress(item).is_ok() == (estimate(1) > 0));
        (estimate(1), estimate(2))
    };
    let mut random = Random::new(47);
    let noise: Vec<u8> = (0..MIB).flat_map(|_| random.number().to_le_bytes()).collect();
    let (one, many) = (compressor(0).compress(&noise).expect("compresses"), compressor(MIB));
    let many = many.compress(&noise).expect("compresses");
    let limited = |max_item_size| DecompressionParameters { max_item_size, ..Default::default() };
    let plain = of(&limited(0), &many).0;
    // The guess at what many frames become is beyond the limit, and the content is not.
    let near = of(&limited(8 * MIB), &many).0;
    assert!((plain / 8..=plain).contains(&near), "{near} of {plain}");
    // What the first frame records is no guess.
    assert_eq!(of(&limited(8 * MIB - 1), &one), (0, 0));
    // Of one frame alone what follows it does not count, and is nobody's share.
    let first = DecompressionParameters { single_frame: true, allow_extra_data: true, ..Default::default() };
    let followed = [&one[..], &one.repeat(3)].concat();
    assert_eq!(of(&first, &followed).0, of(&first, &followed).1);
    assert!(of(&first, &followed).0 <= 2 * of(&first, &one).0);
}

/// Cancelled while frames are made, the item is not done.
#[test]
fn a_cancel_stops_between_frames() {
    let item = content(&mut Random::new(29), MIB).repeat(48);
    let parameters = CompressionParameters { max_frame_size: MIB, ..CompressionParameters::with_level(6) };
    let split = Compressor::new(&parameters, None).expect("a compressor");
    for threads in [1, 2] {
        let (control, stats) = (Control::new(), Stats::default());
        let run = RunOptions { control: Some(&control), stats: Some(&stats), ..RunOptions::with_threads(threads) };
        let (whole, some, statuses) = thread::scope(|scope| {
            scope.spawn(|| {
                while control.items_running() == 0 {
                    thread::sleep(Duration::from_micros(50));
                }
                control.cancel();
            });
            let whole = split.multi_compress_to_buffer(&[&item], &run);
            let mut statuses = [Status::Ok];
            let some = split.multi_compress_to_buffer_partial(&[&item], &run, &mut statuses);
            (whole, some, statuses)
        });
        assert_eq!(whole.expect_err("cancelled").status(), Status::Cancelled);
        let some = some.expect("a result");
        assert_eq!((some.error.map(|error| error.status()), statuses[0]), (Some(Status::Cancelled), Status::Cancelled));
        assert_eq!((some.value.len(), &some.value[0]), (1, &b""[..]));
        assert_eq!((control.items_done(), control.bytes_done(), control.items_running(), stats.items()), (0, 0, 0, 0));
    }
}

#[test]
fn a_cancel_at_any_moment_leaves_nothing_half_done() {
    let item = content(&mut Random::new(31), MIB).repeat(8);
    let frames = [compressor(MIB).compress(&item).expect("compresses")];
    let (mut cancelled, mut done) = (0, 0);
    for moment in 1..40 {
        for threads in [1, 2] {
            let control = Control::new();
            let items = Cancelling::after(moment, &frames, &control);
            let run = RunOptions { control: Some(&control), ..RunOptions::with_threads(threads) };
            let mut statuses = [Status::Internal];
            let some = decompressor().multi_decompress_to_buffer_partial(&items, None, &run, &mut statuses);
            let some = some.expect("a result");
            match statuses[0] {
                Status::Ok => {
                    assert!(some.value[0] == item);
                    done += 1;
                }
                status => {
                    assert_eq!((status, control.items_done()), (Status::Cancelled, 0));
                    assert!(some.value[0].is_empty());
                    assert!(some.value.buffers().iter().all(|buffer| buffer.data().iter().all(|&byte| byte == 0)));
                    cancelled += 1;
                }
            }
            assert_eq!(control.items_running(), 0);
        }
    }
    assert!(cancelled > 10 && done > 10, "{cancelled} {done}");
}

#[test]
fn a_batch_that_is_cancelled_before_the_work_touches_no_destination() {
    let item = content(&mut Random::new(53), 3 * MIB);
    let frames = [compressor(MIB).compress(&item).expect("compresses")];
    // When it is measured, and when it is cut.
    for looks in [1, 2] {
        let control = Control::new();
        let items = Cancelling::after(looks, &frames, &control);
        let run = RunOptions { control: Some(&control), ..RunOptions::with_threads(1) };
        let mut room = vec![7; 4 * MIB];
        let refused = decompressor().multi_decompress_into(&items, &mut [&mut room[..]], Some(&mut [0]), &run, None);
        assert_eq!(refused.map_err(|error| error.status()), Err(Status::Cancelled));
        assert!(control.is_cancelled() && room.iter().all(|&byte| byte == 7), "{looks} looks");
    }
}
