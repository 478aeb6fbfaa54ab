//! `zbatch bench`: a batch through zbatch, and the same items through a plain loop over libzstd, in turns, so that a change of
//! the machine's mood meets both.

use crate::input::{self, Batch, Cut};
use crate::plain;
use crate::progress;
use crate::report::{Direction, Report};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};
use zbatch::{
    BufferWithSegmentsCollection, CompressionParameters, Compressor, Decompressor, Dictionary, Error, Items, LEVEL_MAX,
    LEVEL_MIN, RunOptions, Selection, Stats, TrainParameters, compress_bound,
};

/// Measure compression and decompression of files as one batch, beside a plain loop over libzstd
///
/// Every file is one item, unless --lines or --chunk says otherwise. Every item is compressed, decompressed and compared byte
/// for byte with the original.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Files, and folders with all files in them
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Make every line an item
    #[arg(long, conflicts_with = "chunk")]
    lines: bool,
    /// Cut the files into items of this size, such as 64K
    #[arg(long, value_name = "SIZE", value_parser = input::size)]
    chunk: Option<usize>,
    /// Compression level, from -131072 to 22
    #[arg(long, default_value_t = 3, allow_negative_numbers = true,
        value_parser = clap::value_parser!(i32).range(i64::from(LEVEL_MIN)..=i64::from(LEVEL_MAX)))]
    level: i32,
    /// Threads at most; 0 lets zbatch choose, negative is every CPU
    #[arg(long, default_value_t = 0, allow_negative_numbers = true)]
    threads: i32,
    /// Train a dictionary of this size on the items and use it
    #[arg(long, value_name = "SIZE", value_parser = input::size)]
    dict: Option<usize>,
    /// Measure so many times and take the medians; unless given 5 times, and up to 101 times when there is little data
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    repeat: Option<u32>,
    /// Print JSON instead of a table
    #[arg(long)]
    json: bool,
}

/// Does what the arguments say and returns what is to be printed.
pub(crate) fn run(arguments: &Arguments) -> Result<String, String> {
    let cut = match arguments.chunk {
        Some(size) => Cut::Chunks(size),
        None if arguments.lines => Cut::Lines,
        None => Cut::Whole,
    };
    let batch = Batch::read(&arguments.paths, cut)?;
    let dict = arguments.dict.map(|size| train(&batch, size, arguments)).transpose()?;
    let repeat = arguments.repeat.unwrap_or_else(|| repeats(batch.bytes()));
    // The two that are not timed are turns as well.
    let turns = repeat as usize + 2;
    let report = progress::watch(turns * PASSES, |done| measure(&batch, dict.as_ref(), arguments, repeat, done))?;
    Ok(if arguments.json { report.json() } else { report.table() })
}

/// A median of a few milliseconds' work needs more than a few turns.
fn repeats(bytes: usize) -> u32 {
    const WORTH_OF_TURNS: usize = 128 << 20;
    u32::try_from((WORTH_OF_TURNS / bytes.max(1)).clamp(5, 101)).unwrap_or(5)
}

/// More samples than this make training slow and dictionaries no better.
const MOST_SAMPLES: usize = 64 << 20;

fn train(batch: &Batch, size: usize, arguments: &Arguments) -> Result<Dictionary, String> {
    let step = batch.bytes().div_ceil(MOST_SAMPLES).max(1);
    let chosen: Vec<usize> = (0..batch.len()).step_by(step).collect();
    // What the zstd program tries; trying more takes minutes for a percent.
    let parameters = TrainParameters {
        dict_size: size,
        level: arguments.level,
        threads: arguments.threads,
        d: 8,
        steps: 4,
        ..Default::default()
    };
    Selection::new(batch, &chosen)
        .and_then(|samples| Dictionary::train(&samples, &parameters))
        .map_err(|error| format!("cannot train a dictionary of {size} bytes on {} items: {error}", chosen.len()))
}

/// Compression and decompression, by zbatch and by the plain loop.
const PASSES: usize = 4;

struct Contestants<'a> {
    batch: &'a Batch,
    threads: i32,
    compressor: Compressor,
    decompressor: Decompressor,
    plain_compression: plain::Compression<'a>,
    plain_decompression: plain::Decompression<'a>,
    /// Where the plain loop writes; touched before it is timed.
    frame_room: Vec<u8>,
    content_room: Vec<u8>,
}

fn measure(
    batch: &Batch,
    dict: Option<&Dictionary>,
    arguments: &Arguments,
    repeat: u32,
    passes_done: &AtomicUsize,
) -> Result<Report, String> {
    let dict_bytes = dict.map_or(&[][..], Dictionary::data);
    let parameters = CompressionParameters::with_level(arguments.level);
    let room = (0..batch.len())
        .try_fold(0usize, |room, item| room.checked_add(compress_bound(batch.get(item).len())?))
        .ok_or("the items are larger than frames can be")?;
    let mut contestants = Contestants {
        batch,
        threads: arguments.threads,
        compressor: Compressor::new(&parameters, dict).map_err(|error| error.to_string())?,
        decompressor: Decompressor::new(&Default::default(), dict).map_err(|error| error.to_string())?,
        plain_compression: plain::Compression::new(arguments.level, dict_bytes)?,
        plain_decompression: plain::Decompression::new(dict_bytes)?,
        frame_room: touched(room)?,
        content_room: touched(batch.bytes())?,
    };

    // The first turn fills contexts and caches, and wakes helpers. It and the last are not timed: they count threads, which
    // takes time.
    let (compressing, decompressing) = (Stats::default(), Stats::default());
    let (_, frames) = contestants.turn(0, Some([&compressing, &decompressing]), passes_done)?;
    let mut times: [Vec<Duration>; PASSES] = Default::default();
    for turn in 1..=repeat {
        let (turn_times, _) = contestants.turn(turn, None, passes_done)?;
        times.iter_mut().zip(turn_times).for_each(|(all, time)| all.push(time));
    }
    contestants.turn(0, Some([&compressing, &decompressing]), passes_done)?;
    let [compress, plain_compress, decompress, plain_decompress] = times.map(median);
    Ok(Report {
        items: batch.len(),
        bytes: batch.bytes(),
        frame_bytes: frames.size(),
        level: arguments.level,
        threads: arguments.threads,
        repeat,
        dict_bytes: dict_bytes.len(),
        compress: Direction { zbatch: compress, plain: plain_compress, workers: compressing.workers() },
        decompress: Direction { zbatch: decompress, plain: plain_decompress, workers: decompressing.workers() },
    })
}

impl Contestants<'_> {
    /// Each pass once, in an order that changes from turn to turn, and all results compared, outside of the time that counts.
    fn turn(
        &mut self,
        turn: u32,
        stats: Option<[&Stats; 2]>,
        passes_done: &AtomicUsize,
    ) -> Result<([Duration; PASSES], BufferWithSegmentsCollection), String> {
        let mut times = [Duration::ZERO; PASSES];
        let plain_first = turn.is_multiple_of(2);
        let done = || passes_done.fetch_add(1, Relaxed);

        let mut frame_sizes = Vec::new();
        if plain_first {
            times[1] = self.plain_compress(&mut frame_sizes)?;
            done();
        }
        let start = Instant::now();
        let frames =
            self.compressor.multi_compress_to_buffer(self.batch, &self.run_options(stats.map(|[stats, _]| stats)));
        times[0] = start.elapsed();
        let frames = frames.map_err(|error| self.blame(error))?;
        done();
        if !plain_first {
            times[1] = self.plain_compress(&mut frame_sizes)?;
            done();
        }
        self.compare("frame differs from libzstd's own", &frames, pieces(&self.frame_room, &frame_sizes))?;

        if plain_first {
            times[3] = self.plain_decompress(&frames)?;
            done();
        }
        let start = Instant::now();
        let run = self.run_options(stats.map(|[_, stats]| stats));
        let items = self.decompressor.multi_decompress_to_buffer(&frames, None, &run);
        times[2] = start.elapsed();
        let items = items.map_err(|error| self.blame(error))?;
        done();
        if !plain_first {
            times[3] = self.plain_decompress(&frames)?;
            done();
        }
        let originals = || (0..self.batch.len()).map(|item| self.batch.get(item));
        self.compare("content is not what went in", &items, originals())?;
        let sizes: Vec<usize> = originals().map(<[u8]>::len).collect();
        self.compare("content differs from libzstd's own", &items, pieces(&self.content_room, &sizes))?;
        Ok((times, frames))
    }

    fn run_options<'s>(&self, stats: Option<&'s Stats>) -> RunOptions<'s> {
        RunOptions { threads: self.threads, stats, ..Default::default() }
    }

    fn plain_compress(&mut self, sizes: &mut Vec<usize>) -> Result<Duration, String> {
        sizes.reserve(self.batch.len());
        let start = Instant::now();
        let mut end = 0;
        for item in 0..self.batch.len() {
            let compressed = self.plain_compression.compress(self.batch.get(item), &mut self.frame_room[end..]);
            let size = compressed.map_err(|problem| format!("{}: {problem}", self.batch.name(item)))?;
            sizes.push(size);
            end += size;
        }
        Ok(start.elapsed())
    }

    fn plain_decompress(&mut self, frames: &BufferWithSegmentsCollection) -> Result<Duration, String> {
        let start = Instant::now();
        let mut end = 0;
        for (item, frame) in frames.iter().enumerate() {
            let decompressed = self.plain_decompression.decompress(frame, &mut self.content_room[end..]);
            end += decompressed.map_err(|problem| format!("{}: {problem}", self.batch.name(item)))?;
        }
        Ok(start.elapsed())
    }

    fn compare<'x>(
        &self,
        problem: &str,
        ours: &BufferWithSegmentsCollection,
        theirs: impl Iterator<Item = &'x [u8]>,
    ) -> Result<(), String> {
        if ours.len() != self.batch.len() {
            return Err(format!("{} items became {}", self.batch.len(), ours.len()));
        }
        match ours.iter().zip(theirs).position(|(ours, theirs)| ours != theirs) {
            Some(item) => Err(format!("{}: the {problem}", self.batch.name(item))),
            None => Ok(()),
        }
    }

    fn blame(&self, error: Error) -> String {
        match error.item() {
            Some(item) => format!("{}: {error}", self.batch.name(item)),
            None => error.to_string(),
        }
    }
}

/// `bytes` cut into pieces of these sizes.
fn pieces<'b>(bytes: &'b [u8], sizes: &[usize]) -> impl Iterator<Item = &'b [u8]> {
    let mut rest = bytes;
    sizes.iter().map(move |&size| {
        let (piece, others) = rest.split_at(size);
        rest = others;
        piece
    })
}

fn touched(size: usize) -> Result<Vec<u8>, String> {
    let mut memory = Vec::new();
    memory.try_reserve_exact(size).map_err(|_| "not enough memory to measure so many items".to_owned())?;
    memory.resize(size, 1);
    Ok(memory)
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}
