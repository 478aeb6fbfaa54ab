//! Batches that train their own dictionary: they come back, cost no more than without, and are the same on any number of
//! threads.
#![expect(clippy::unwrap_used, reason = "this is a test")]

mod common;

use common::{Cancelling, Random, content};
use zbatch::{
    CompressionParameters, Compressor, Control, Decompressor, Dictionary, Error, Format, Items, RunOptions, Status,
    TrainParameters, Trained, frame_info, multi_compress_trained, multi_compress_trained_partial,
};

/// Lines as a server writes them, about 130 bytes each.
fn lines(count: usize, seed: u64) -> Vec<Vec<u8>> {
    let mut random = Random::new(seed);
    let paths = ["/api/v1/users", "/api/v1/orders", "/static/app.js", "/healthz", "/login", "/search?q=lamp"];
    let agents = ["Mozilla/5.0 (X11; Linux x86_64)", "curl/8.5.0", "python-requests/2.31", "Go-http-client/2.0"];
    (0..count)
        .map(|line| {
            let (path, agent) = (paths[random.below(paths.len())], agents[random.below(agents.len())]);
            format!(
                "10.{}.{}.{} - - [{}.{:03}] \"GET {path} HTTP/1.1\" {} {} \"{agent}\" request={:016x}",
                random.below(256),
                random.below(256),
                random.below(256),
                1_700_000_000 + line / 50,
                random.below(1000),
                [200, 200, 304, 404][random.below(4)],
                random.below(90_000),
                random.number(),
            )
            .into_bytes()
        })
        .collect()
}

fn compress<I: Items + ?Sized>(items: &I, threads: i32) -> Trained {
    let (parameters, run) = (CompressionParameters::with_level(3), RunOptions::with_threads(threads));
    multi_compress_trained(items, &parameters, &TrainParameters::default(), &run).unwrap()
}

fn decompress(frames: &impl Items, dict: Option<&Dictionary>) -> Result<Vec<Vec<u8>>, Error> {
    let decompressor = Decompressor::new(&Default::default(), dict)?;
    let items = decompressor.multi_decompress_to_buffer(frames, None, &RunOptions::default())?;
    Ok(items.iter().map(<[u8]>::to_vec).collect())
}

fn size(trained: &Trained) -> usize {
    trained.frames.size() + trained.dict.as_ref().map_or(0, |dict| dict.data().len())
}

fn plain_size(items: &[Vec<u8>]) -> usize {
    let plain = Compressor::new(&CompressionParameters::with_level(3), None).unwrap();
    plain.multi_compress_to_buffer(items, &RunOptions::default()).unwrap().size()
}

#[test]
fn lines_become_half_as_large_and_their_frames_name_the_dictionary() {
    let items = lines(20_000, 1);
    let trained = compress(&items, 0);
    assert!(size(&trained) * 18 < plain_size(&items) * 10, "{} of {}", size(&trained), plain_size(&items));
    let dict = trained.dict.as_ref().unwrap();
    assert!(dict.id() != 0 && dict.data().len() <= 112_640);
    assert!(trained.frames.iter().all(|frame| frame_info(frame, Format::Zstd1).unwrap().dict_id == dict.id()));
    assert_eq!(decompress(&trained.frames, Some(dict)).unwrap(), items);

    let other = TrainParameters { dict_id: 7, ..TrainParameters::default() };
    let run = RunOptions::default();
    let other = multi_compress_trained(&items, &CompressionParameters::default(), &other, &run).unwrap().dict.unwrap();
    assert_eq!((other.id(), other.data().len()), (7, dict.data().len()));
    for wrong in [None, Some(&other)] {
        let error = decompress(&trained.frames, wrong).unwrap_err();
        assert_eq!((error.status(), error.item()), (Status::DictMismatch, Some(0)));
    }
}

#[test]
fn the_same_on_any_number_of_threads_and_in_every_run() {
    let items = lines(9_000, 2);
    let first = compress(&items, 1);
    for threads in [1, 2, 3, 8, -1, 0] {
        let again = compress(&items, threads);
        assert_eq!(again.dict.unwrap().data(), first.dict.as_ref().unwrap().data());
        assert!(again.frames.iter().eq(first.frames.iter()));
        assert_eq!(again.frames.buffers().len(), first.frames.buffers().len());
    }
}

#[test]
fn what_no_dictionary_helps_is_compressed_without() {
    let mut random = Random::new(3);
    let noise = |random: &mut Random, size: usize| (0..size).map(|_| random.number().to_le_bytes()[0]).collect();
    let noisy: Vec<Vec<u8>> = (0..2000).map(|_| noise(&mut random, 150)).collect();
    let mut mostly_empty = vec![Vec::new(); 5000];
    mostly_empty[17] = b"a line".repeat(20);
    let large: Vec<Vec<u8>> = (0..8).map(|seed| lines(900, seed).concat()).collect();
    assert!(large.iter().all(|item| item.len() > 64 << 10));
    for items in
        [Vec::new(), vec![Vec::new()], vec![Vec::new(); 3000], lines(1, 4), lines(4, 5), noisy, mostly_empty, large]
    {
        let trained = compress(&items, 2);
        assert!(trained.dict.is_none(), "{} items", items.len());
        assert_eq!(trained.frames.size(), plain_size(&items));
        assert_eq!(decompress(&trained.frames, None).unwrap(), items);
    }
}

#[test]
fn parameters_that_cannot_be_are_refused_whatever_the_items_are() {
    for items in [lines(2000, 12), lines(1, 12), Vec::new()] {
        for (k, d) in [(4, 0), (7, 0), (7, 8), (112_641, 0)] {
            let train = TrainParameters { k, d, ..TrainParameters::default() };
            let refused =
                multi_compress_trained(&items, &CompressionParameters::default(), &train, &Default::default());
            assert_eq!(refused.unwrap_err().status(), Status::InvalidArgument, "k {k}, d {d}");
        }
    }
}

#[test]
fn one_record_over_and_over_comes_back_at_no_greater_cost() {
    for count in [1, 2, 5, 10, 100, 5000] {
        for record in [&b"x"[..], b"0123456", &lines(1, 6)[0], &lines(20, 6).concat()] {
            let items = vec![record.to_vec(); count];
            let trained = compress(&items, 1);
            assert!(size(&trained) <= plain_size(&items), "{count} times {} bytes", record.len());
            assert_eq!(decompress(&trained.frames, trained.dict.as_ref()).unwrap(), items);
        }
    }
}

#[test]
fn whatever_the_items_are_they_come_back_and_cost_no_more_than_without() {
    let mut random = Random::new(7);
    let mut used = 0;
    for round in 0..60 {
        // The last rounds are sampled: what they save is guessed.
        let exact = round < 50;
        let (most, size_of) = if exact { (450, 1000) } else { (6000, 300) };
        let pool: Vec<Vec<u8>> = (0..4).map(|_| content(&mut random, 40_000)).collect();
        let items: Vec<Vec<u8>> = (0..random.below(most))
            .map(|_| {
                let (from, text) = (random.below(30_000), &pool[random.below(4)]);
                text[from..from + random.below(size_of)].to_vec()
            })
            .collect();
        let trained = compress(&items, 2);
        used += usize::from(trained.dict.is_some());
        let (with, without) = (size(&trained), plain_size(&items));
        assert!(with <= if exact { without } else { without + without / 50 }, "{with} against {without}");
        assert_eq!(decompress(&trained.frames, trained.dict.as_ref()).unwrap(), items);
    }
    assert!((10..60).contains(&used), "a dictionary in {used} rounds");
}

#[test]
fn the_caller_may_choose() {
    let items = lines(5000, 8);
    let with = |train: TrainParameters, level| {
        let parameters = CompressionParameters { write_checksum: true, ..CompressionParameters::with_level(level) };
        multi_compress_trained(&items, &parameters, &train, &RunOptions::default())
    };
    let small = TrainParameters { dict_size: 1024, dict_id: 99, k: 100, d: 6, ..TrainParameters::default() };
    let trained = with(small, 19).unwrap();
    let dict = trained.dict.as_ref().unwrap();
    assert!(dict.data().len() <= 1024 && dict.id() == 99 && (dict.k(), dict.d()) == (100, 6));
    assert!(frame_info(&trained.frames[7], Format::Zstd1).unwrap().has_checksum);
    assert_eq!(decompress(&trained.frames, trained.dict.as_ref()).unwrap(), items);
    let searched = with(TrainParameters { steps: 4, ..TrainParameters::default() }, 3).unwrap();
    assert_eq!(decompress(&searched.frames, searched.dict.as_ref()).unwrap(), items);
    assert_ne!(searched.dict.unwrap().data(), compress(&items, 1).dict.unwrap().data());

    let run = RunOptions::with_threads(2);
    let workers = CompressionParameters { workers: 2, omit_dict_id: true, ..CompressionParameters::with_level(3) };
    let unnamed = multi_compress_trained(&items, &workers, &TrainParameters::default(), &run).unwrap();
    assert_eq!(frame_info(&unnamed.frames[0], Format::Zstd1).unwrap().dict_id, 0);
    assert_eq!(decompress(&unnamed.frames, unnamed.dict.as_ref()).unwrap(), items);

    let threads = TrainParameters { threads: 2, ..TrainParameters::default() };
    let wrong = TrainParameters { d: 7, ..TrainParameters::default() };
    for (train, level, status) in [
        (threads, 3, Status::InvalidArgument),
        (wrong, 3, Status::InvalidArgument),
        (TrainParameters::default(), 23, Status::InvalidArgument),
    ] {
        assert_eq!(with(train, level).unwrap_err().status(), status);
    }
}

#[test]
fn bad_items_have_their_statuses_beside_the_good() {
    let items = lines(3000, 9);
    let (parameters, run) = (CompressionParameters::default(), RunOptions::with_threads(2));
    let mut statuses = vec![Status::Internal; items.len()];
    let trained =
        multi_compress_trained_partial(&items, &parameters, &Default::default(), &run, &mut statuses).unwrap();
    assert!(trained.error.is_none() && statuses.iter().all(|&status| status == Status::Ok));
    let Trained { frames, dict } = trained.value;
    let mut frames: Vec<Vec<u8>> = frames.iter().map(<[u8]>::to_vec).collect();
    frames[1234] = b"no frame".to_vec();
    let dict = dict.as_ref();
    let error = decompress(&frames, dict).unwrap_err();
    assert_eq!((error.status(), error.item()), (Status::NotAFrame, Some(1234)));
    let decompressor = Decompressor::new(&Default::default(), dict).unwrap();
    let back = decompressor.multi_decompress_to_buffer_partial(&frames, None, &run, &mut statuses).unwrap();
    assert_eq!((back.error.unwrap().item(), statuses[1234]), (Some(1234), Status::NotAFrame));
    assert!(back.value.iter().enumerate().all(|(i, item)| i == 1234 || item == items[i]));
    assert!(
        multi_compress_trained_partial(&items, &parameters, &Default::default(), &run, &mut statuses[1..]).is_err()
    );
}

#[test]
fn a_batch_is_cancelled_while_it_trains_and_after() {
    let items = lines(2000, 10);
    // Before all; among the samples; while both ways are tried; between the choice and the first frame.
    for looks in [1, 2010, 4500, 5200, 7000] {
        let control = Control::new();
        let cancelling = Cancelling::after(looks, &items, &control);
        let run = RunOptions { control: Some(&control), ..RunOptions::with_threads(1) };
        let (parameters, train) = (CompressionParameters::default(), TrainParameters::default());
        let error = multi_compress_trained(&cancelling, &parameters, &train, &run).unwrap_err();
        assert_eq!(error.status(), Status::Cancelled, "after {looks} looks");
        assert!(control.is_cancelled() && control.items_done() < 10, "{} done after {looks}", control.items_done());
        let mut statuses = vec![Status::Ok; items.len()];
        let none = multi_compress_trained_partial(&items, &parameters, &train, &run, &mut statuses).unwrap();
        assert!(none.value.dict.is_none() && statuses.iter().all(|&status| status == Status::Cancelled));
        assert_eq!(none.error.map(|error| (error.status(), error.item())), Some((Status::Cancelled, Some(0))));
    }
}
