//! How long items take, very roughly: to tell work that is worth a second thread, or a thread of its own, from work that is
//! not. The figures are measured ones, of content that compresses as text, records and programs do; what does not compress
//! is done sooner than this says.

use crate::dictionary::Dictionary;
use crate::libzstd;
use crate::params::CompressionParameters;
use crate::workers;

/// How long an item takes to compress.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Compressing {
    /// Picoseconds for each byte, by the sizes for which zstd has other parameters.
    byte: [u64; 4],
    /// Picoseconds for each of the first bytes, which pay for the tables of the frame.
    first_byte: u64,
}

/// Up to these sizes zstd has parameters of their own (libzstd 1.5.7, `ZSTD_defaultCParameters`).
const SIZES: [u64; 3] = [16 << 10, 128 << 10, 256 << 10];

/// Bytes that pay for the tables of a frame.
const FIRST: u64 = 256;

/// Nanoseconds for an item of no bytes.
const COMPRESSING: u64 = 600;

impl Compressing {
    pub(crate) fn of(parameters: &CompressionParameters, dict: Option<&Dictionary>) -> Self {
        let parameters = dict.and_then(Dictionary::digested_for).unwrap_or(parameters);
        let chosen = |size| {
            // A dictionary is digested for its own size, whatever is compressed with it.
            let (size, dict_size) = dict.map_or((size, 0), |dict| (0, dict.data().len()));
            let of_level = libzstd::level_parameters(parameters.level, size, dict_size);
            let mut all = parameters.explicit();
            for (given, (_, of_level)) in all.iter_mut().zip(of_level) {
                *given = if *given == 0 { of_level } else { *given };
            }
            all
        };
        let [a, b, c] = SIZES.map(chosen);
        let large = chosen(0);
        let makes_tables = dict.is_none() && (large[6] > 1 || large[5] == 0);
        Self { byte: [a, b, c, large].map(picoseconds), first_byte: if makes_tables { 8_000 } else { 0 } }
    }

    /// For `count` items, at least one, that have `size` bytes together and are taken for alike.
    pub(crate) fn nanoseconds(&self, count: usize, size: u64) -> u64 {
        let count = count as u64;
        let tier = SIZES.iter().filter(|&&limit| size / count > limit).count();
        let first = size.min(FIRST * count) * self.first_byte;
        COMPRESSING * count + size.saturating_mul(self.byte[tier]).saturating_add(first) / 1000
    }
}

/// Picoseconds to compress a byte with these parameters, in the order of [`libzstd::level_parameters`].
fn picoseconds([window_log, _, _, search_log, _, target_length, strategy]: [i32; 7]) -> u64 {
    // The trees of a large window do not fit the processor's caches.
    let by_window = |small, medium, large| match window_log {
        ..=14 => small,
        15..=18 => medium,
        _ => large,
    };
    let (with_fewest, searches) = match strategy {
        ..=1 => {
            let skipped = u64::try_from(target_length).unwrap_or(0);
            return (2_800 * 16 / (16 + skipped)).max(150);
        }
        2 => return 3_800,
        3 => (8_000, 3..6),
        4 => (11_000, 3..6),
        5 => (15_000, 4..6),
        6 => (by_window(23_000, 35_000, 80_000), 3..12),
        7 => (by_window(52_000, 70_000, 160_000), 3..12),
        8 => (by_window(80_000, 110_000, 200_000), 3..12),
        _ => (by_window(110_000, 170_000, 250_000), 3..12),
    };
    let one_more = |time: u64, _| if strategy < 6 { time * 5 / 4 } else { time * 8 / 7 };
    searches.filter(|&searches| searches < search_log).fold(with_fewest, one_more)
}

/// How long an item takes to decompress.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Decompressing {
    /// Nanoseconds for the tables of a frame, which a dictionary has ready.
    tables: u64,
}

/// How a frame holds its content, as far as its beginning shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Coding {
    /// As it is.
    Stored,
    /// As matches, and literals as they are.
    Matches,
    /// As matches, and literals in Huffman codes.
    Codes,
}

impl Decompressing {
    pub(crate) fn with(dict: Option<&Dictionary>) -> Self {
        Self { tables: if dict.is_some() { 200 } else { 1_200 } }
    }

    /// For `count` items that have `size` bytes together, and `content` bytes of content.
    pub(crate) fn nanoseconds(self, count: usize, size: u64, content: u64, coding: Coding) -> u64 {
        // Long matches are copied fast.
        let content_up_to = |hundredths: u64| {
            content.saturating_mul(hundredths).min(content.saturating_mul(15).saturating_add(size.saturating_mul(1500)))
        };
        let (fixed, hundredths) = match coding {
            Coding::Stored => (60, content.saturating_mul(25)),
            Coding::Matches => (150, content_up_to(25).saturating_add(size.saturating_mul(70))),
            Coding::Codes => (100 + self.tables, content_up_to(45).saturating_add(size.saturating_mul(150))),
        };
        fixed * count as u64 + hundredths / 100
    }
}

/// An item: how long it takes, and how many pieces of about the same size its workers may share.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Item {
    pub(crate) nanoseconds: u64,
    pub(crate) pieces: u64,
}

/// How long a batch of `count` items takes on `threads` threads, in nanoseconds. It looks at no more items than it takes to
/// know that the answer is `enough`, unless that is 0.
pub(crate) fn of_batch(count: usize, threads: i32, enough: u64, item: impl Fn(usize) -> Item) -> u64 {
    let enough = if enough == 0 { u64::MAX } else { enough };
    let most = workers::wanted(threads, u64::MAX).min(workers::cpus()) as u64;
    let plenty = enough.saturating_mul(most);
    let (mut all, mut pieces, mut longest) = (0u64, 0u64, 0);
    for index in 0..count {
        let item = item(index);
        all = all.saturating_add(item.nanoseconds);
        pieces = pieces.saturating_add(item.pieces);
        longest = longest.max(item.nanoseconds / item.pieces.max(1));
        if longest >= enough || all >= plenty {
            break;
        }
    }
    let threads = most.min(workers::wanted(threads, all) as u64).min(pieces).max(1);
    longest.max(all / threads)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    #[test]
    fn a_stronger_level_takes_longer() {
        for size in [100, 10_000, 100_000, 10_000_000] {
            let of = |level| Compressing::of(&CompressionParameters::with_level(level), None).nanoseconds(1, size);
            let times = [-100, -5, 1, 3, 5, 9, 13, 19].map(of);
            assert!(times.is_sorted(), "{size}: {times:?}");
            assert!(times[7] > 10 * times[3]);
        }
        let of = |parameters| Compressing::of(&parameters, None).nanoseconds(1, 1 << 20);
        let strong = CompressionParameters { strategy: 9, search_log: 7, ..Default::default() };
        assert!(of(strong) > 10 * of(CompressionParameters::default()));
        assert!(of(CompressionParameters::with_level(i32::MIN)) > 0);
        assert!(Compressing::of(&CompressionParameters::with_level(22), None).nanoseconds(1, u64::MAX) > 1 << 50);
    }

    #[test]
    fn items_alike_take_as_long_together_as_one_by_one() {
        for (size, content) in [(0, 0), (100, 200), (20_000, 1 << 20), (1 << 30, 1 << 30)] {
            let compressing = Compressing::of(&CompressionParameters::default(), None);
            let decompressing = Decompressing::with(None);
            let (one, ten) = (compressing.nanoseconds(1, content), compressing.nanoseconds(10, 10 * content));
            assert!(ten.abs_diff(10 * one) < 10);
            for coding in [Coding::Stored, Coding::Matches, Coding::Codes] {
                let of = |count| decompressing.nanoseconds(count, count as u64 * size, count as u64 * content, coding);
                assert!(of(10).abs_diff(10 * of(1)) < 10);
            }
        }
    }

    #[test]
    fn threads_share_what_is_worth_it_and_one_item_is_one_threads() {
        let cpus = workers::cpus() as u64;
        let whole = |nanoseconds| Item { nanoseconds, pieces: 1 };
        let of = |count, threads| of_batch(count, threads, u64::MAX, |_| whole(1_000_000));
        assert_eq!((of(0, -1), of(1, -1), of(10, 1)), (0, 1_000_000, 10_000_000));
        assert_eq!(of(1000, -1), 1_000_000_000 / cpus.min(1000));
        assert_eq!(of(1000, 1_000_000), of(1000, 0));
        let one_is_long = |item| whole(if item == 3 { 1 << 40 } else { 1 });
        assert!(of_batch(10, -1, u64::MAX, one_is_long) >= 1 << 40);
        assert_eq!(of_batch(10, -1, u64::MAX, |_| whole(100)), 1000);
    }

    #[test]
    fn one_item_in_pieces_is_shared() {
        let cpus = workers::cpus() as u64;
        let of = |pieces, threads| of_batch(1, threads, u64::MAX, |_| Item { nanoseconds: 1 << 30, pieces });
        assert_eq!((of(1, -1), of(64, 1)), (1 << 30, 1 << 30));
        assert_eq!(of(1 << 20, -1), (1 << 30) / cpus);
        assert_eq!(of(2, -1), (1 << 30) / cpus.min(2));
    }

    #[test]
    fn it_stops_where_the_answer_is_sure() {
        let looks = Cell::new(0);
        let look = |_| {
            looks.set(looks.get() + 1);
            Item { nanoseconds: 10, pieces: 1 }
        };
        assert!(of_batch(1_000_000, 1, 95, look) >= 95);
        assert_eq!(looks.get(), 10);
        assert_eq!((of_batch(50, 1, 0, look), looks.get()), (500, 60));
    }
}
