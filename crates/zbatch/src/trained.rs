//! Small items that are like each other gain most by a dictionary, but a caller must find samples, choose sizes, train, and
//! see whether all that paid. Here it is one call: the batch trains its own dictionary, and is compressed with it when the
//! dictionary and the frames are smaller together than frames without. What is chosen depends on the items alone: it is
//! done on the calling thread, before the others are asked to help.

use crate::batch::{Compressor, Partial};
use crate::collection::BufferWithSegmentsCollection;
use crate::dictionary::{Dictionary, TrainParameters};
use crate::error::{Error, Result, Status};
use crate::items::{Items, Selection};
use crate::libzstd::compress_bound;
use crate::memory::{self, Memory};
use crate::params::{CompressionParameters, RunOptions};

/// A compressed batch, and the dictionary that its frames need.
#[derive(Clone, Debug)]
pub struct Trained {
    /// The frames, in the order of the items.
    pub frames: BufferWithSegmentsCollection,
    /// The dictionary, or `None` when it would not have paid: the frames need none then.
    pub dict: Option<Dictionary>,
}

/// Items of more bytes gain little: they are neither trained on nor tried.
const LARGE: usize = 64 << 10;
/// Bytes to train on for each byte of the dictionary. Six times as many gain less than a hundredth.
const SAMPLE_PER_DICT: usize = 16;
/// Items that are compressed both ways to see whether the dictionary pays, ...
const TRIED: usize = 512;
/// ... unless they have more bytes than this, ...
const TRIED_BYTES: usize = 256 << 10;
/// ... but never fewer items.
const TRIED_AT_LEAST: usize = 64;

/// Trains a dictionary on a sample of `items` and compresses them with it, as
/// [`Compressor::multi_compress_to_buffer`] does; the dictionary stands beside the frames, for the
/// [`Decompressor`](crate::Decompressor) that takes them.
///
/// The sample is spread evenly over the batch: 16 times as many bytes as the dictionary may have, of items of up to 64 KiB.
/// Where `train` is 0, the dictionary may have 16 times the square root of what those items have in all, 112640 bytes at
/// most; `k` is twice the size of an average one, `d` 8, `f` 16, `accel` 2, and the level that of `parameters`; there is one
/// try, unless `steps` or `split_point` ask for a search. Then up to 512 items, spread likewise, are compressed with the
/// dictionary and without: it is used when what this saves, taken for the whole batch, is more than its own size. For a batch
/// of no more items than that, and of 256 KiB at most, this is exact, but for items of more than 64 KiB. Where no dictionary
/// can be trained, none is used.
///
/// ```
/// use zbatch::{CompressionParameters, Decompressor, RunOptions, multi_compress_trained};
///
/// let lines: Vec<String> = (0..1000).map(|i| format!("GET /items/{i} HTTP/1.1 200 \"Mozilla/5.0 (X11; Linux)\"")).collect();
/// let (level, run) = (CompressionParameters::with_level(3), RunOptions::default());
/// let made = multi_compress_trained(&lines, &level, &Default::default(), &run)?;
/// let decompressor = Decompressor::new(&Default::default(), made.dict.as_ref())?;
/// let back = decompressor.multi_decompress_to_buffer(&made.frames, None, &run)?;
/// assert!(back.iter().eq(lines.iter().map(String::as_bytes)));
/// # Ok::<(), zbatch::Error>(())
/// ```
pub fn multi_compress_trained<I: Items + ?Sized>(
    items: &I,
    parameters: &CompressionParameters,
    train: &TrainParameters,
    run: &RunOptions<'_>,
) -> Result<Trained> {
    let (compressor, dict) = chosen(items, parameters, train, run)?;
    Ok(Trained { frames: compressor.multi_compress_to_buffer(items, run)?, dict })
}

/// The same, but good frames are delivered even when items fail; `statuses` tells which is which.
pub fn multi_compress_trained_partial<I: Items + ?Sized>(
    items: &I,
    parameters: &CompressionParameters,
    train: &TrainParameters,
    run: &RunOptions<'_>,
    statuses: &mut [Status],
) -> Result<Partial<Trained>> {
    let (compressor, dict) = chosen(items, parameters, train, run)?;
    let Partial { value: frames, error } = compressor.multi_compress_to_buffer_partial(items, run, statuses)?;
    Ok(Partial { value: Trained { frames, dict }, error })
}

/// The compressor for a batch, and the dictionary that it has. A cancelled batch gets none: the batch itself will say so.
fn chosen<I: Items + ?Sized>(
    items: &I,
    parameters: &CompressionParameters,
    train: &TrainParameters,
    run: &RunOptions<'_>,
) -> Result<(Compressor, Option<Dictionary>)> {
    parameters.validate()?;
    let train = train.of_batch()?;
    let small = Small::of(items);
    let dict = match dictionary(items, &small, parameters, &train, run)? {
        Some(dict) if saved_by(&dict, items, &small, parameters, run)? > dict.data().len() as u64 => Some(dict),
        _ => None,
    };
    Ok((Compressor::new(parameters, dict.as_ref())?, dict))
}

/// The items of a batch that a dictionary is for.
struct Small {
    count: usize,
    bytes: usize,
}

impl Small {
    fn of<I: Items + ?Sized>(items: &I) -> Self {
        let sizes = (0..items.len()).map(|item| items.get(item).len()).filter(|size| (1..=LARGE).contains(size));
        sizes.fold(Self { count: 0, bytes: 0 }, |Self { count, bytes }, size| Self {
            count: count + 1,
            // The same bytes may be items many times over.
            bytes: bytes.saturating_add(size),
        })
    }

    /// How many items of `len` to look at, so that small ones of about `bytes` are among them.
    fn share(&self, len: usize, bytes: usize) -> usize {
        if bytes >= self.bytes {
            return len;
        }
        let share = len as u128 * bytes as u128 / self.bytes as u128;
        usize::try_from(share).unwrap_or(len)
    }
}

/// A dictionary trained on a sample of the batch, when one can be.
fn dictionary<I: Items + ?Sized>(
    items: &I,
    small: &Small,
    parameters: &CompressionParameters,
    train: &TrainParameters,
    run: &RunOptions<'_>,
) -> Result<Option<Dictionary>> {
    let Some(train) = train.for_items(small.count, small.bytes, parameters.level) else { return Ok(None) };
    let most = train.dict_size.saturating_mul(SAMPLE_PER_DICT);
    let count = small.share(items.len(), most);
    let mut indices = memory::reserved(count)?;
    let mut bytes = 0usize;
    for item in spread(items.len(), count, 0) {
        let size = items.get(item).len();
        if (1..=LARGE).contains(&size) && bytes.saturating_add(size) <= most {
            bytes += size;
            indices.push(item);
        }
    }
    if is_cancelled(run) {
        return Ok(None);
    }
    let sample = Selection::new(items, &indices)?;
    let searches = train.steps != 0 || train.split_point != 0.0;
    let trained = if searches { Dictionary::train(&sample, &train) } else { Dictionary::train_once(&sample, &train) };
    match trained {
        Ok(dict) => Ok(Some(dict)),
        // Too few samples, or samples that nothing can be made of: one record over and over, say.
        Err(error) if matches!(error.status(), Status::BadSamples | Status::BadDict) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Roughly how many bytes the dictionary saves in the frames of the batch.
fn saved_by<I: Items + ?Sized>(
    dict: &Dictionary,
    items: &I,
    small: &Small,
    parameters: &CompressionParameters,
    run: &RunOptions<'_>,
) -> Result<u64> {
    // A context with threads of libzstd's own would be made anew for each item.
    let alone = CompressionParameters { workers: 0, job_size: 0, overlap_log: 0, ..parameters.clone() };
    let (plain, with) = (Compressor::new(&alone, None)?, Compressor::new(&alone, Some(dict))?);
    let count = small.share(items.len(), TRIED_BYTES).clamp(TRIED_AT_LEAST, TRIED).min(items.len());
    let mut room = Memory::new(compress_bound(LARGE).ok_or(Error::no_memory())?)?;
    let mut saved = 0i128;
    for item in spread(items.len(), count, 1) {
        let item = items.get(item);
        if item.len() > LARGE {
            continue;
        }
        if is_cancelled(run) {
            return Ok(0);
        }
        saved += plain.compress_into(item, &mut room)? as i128;
        saved -= with.compress_into(item, &mut room)? as i128;
    }
    Ok(u64::try_from(saved * items.len() as i128 / count as i128).unwrap_or(0))
}

fn is_cancelled(run: &RunOptions<'_>) -> bool {
    run.control.is_some_and(|control| control.is_cancelled())
}

/// `count` numbers below `len`, rising: one of each of as many equal runs of neighbours. Which one of its run changes from
/// run to run, lest of items that recur all or none are taken.
fn spread(len: usize, count: usize, salt: u64) -> impl Iterator<Item = usize> {
    let start = move |run: usize| {
        let start = run as u128 * len as u128 / count as u128;
        usize::try_from(start).unwrap_or(len)
    };
    (0..count).map(move |run| {
        let (first, next) = (start(run), start(run + 1));
        let mixed = (2 * run as u64 + salt).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
        first + usize::try_from(mixed % (next - first) as u64).unwrap_or(0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_is_spread_over_the_batch_and_has_nothing_twice() {
        for (len, count) in [(0, 0), (1, 1), (7, 7), (1000, 999), (1_000_000, 1024), (100, 3)] {
            let taken: Vec<usize> = spread(len, count, 0).collect();
            assert_eq!(taken.len(), count);
            assert!(taken.windows(2).all(|pair| pair[0] < pair[1]) && taken.iter().all(|&item| item < len));
            for (run, item) in taken.iter().enumerate() {
                assert!((run * len / count..(run + 1) * len / count).contains(item));
            }
        }
        let of_a_period = spread(1 << 20, 1 << 10, 0).filter(|item| item % 16 == 0).count();
        assert!((32..=128).contains(&of_a_period), "{of_a_period} of 64");
        assert!(
            !spread(1 << 20, 1 << 10, 0).eq(spread(1 << 20, 1 << 10, 1)),
            "what was trained on is not what is tried"
        );
    }
}
