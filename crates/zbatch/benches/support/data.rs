//! What is compressed: records as programs have them, made by a seeded generator, so that everybody measures the same bytes;
//! and pieces of files, the ones named or what any Linux machine has, because generated data flatters.

use std::fs;
use std::path::{Path, PathBuf};
use zbatch::{Dictionary, Selection, TrainParameters};

/// SplitMix64: small, fast, and the same everywhere.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % limit as u64).expect("below a usize")
    }

    /// From 0 to 1.
    pub fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Of the normal distribution.
    pub fn normal(&mut self) -> f64 {
        (-2.0 * (1.0 - self.unit()).ln()).sqrt() * (std::f64::consts::TAU * self.unit()).cos()
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }
}

/// One batch.
pub struct Workload {
    pub name: String,
    data: Vec<u8>,
    ends: Vec<usize>,
}

/// All that are made by the generator, and what stands in the full ones.
pub const NAMES: [&str; 12] = [
    "log lines",        // 100,000 of about 140 bytes
    "documents",        // 20,000 of about 1.5 KB of JSON
    "1,000 documents",  // the first of them
    "pages",            // 8,000 of 4 KiB of a database
    "64 KiB chunks",    // 1,000 of text, columns of numbers, and pages
    "1 MiB chunks",     // 48 of the same
    "log-normal sizes", // 10,000 from 16 bytes to 2 MiB, half of them below 1.5 KB
    "one giant",        // 5,000 documents and 32 MiB
    "noise",            // 300 of 64 KiB that do not compress
    "files, 4 KiB",
    "files, 64 KiB",
    "files, 1 MiB",
];

/// Bytes of files, together.
const FILES: usize = 40 << 20;
const MOST_OF_ONE_FILE: usize = 2 << 20;

impl Workload {
    /// The workload of that name, about a twentieth of it when `quick`. `None` when the files do not suffice.
    pub fn make(name: &str, quick: bool, paths: &[PathBuf]) -> Option<Self> {
        let scaled = |count: usize| if quick { (count / 20).max(10) } else { count };
        // Targets are for batches of at least a thousand; small items are cheap enough to keep so many.
        let many = |count: usize| if quick { (count / 20).max(1000) } else { count };
        let mut maker = Maker::new();
        let mut workload = Self { name: name.to_owned(), data: Vec::new(), ends: Vec::new() };
        let chunks = |size: usize, count: usize, maker: &mut Maker, workload: &mut Self| {
            for _ in 0..count {
                maker.mixed(&mut workload.data, size);
                workload.ends.push(workload.data.len());
            }
        };
        match name {
            "log lines" => workload.fill(many(100_000), |data| maker.log_line(data)),
            "documents" => workload.fill(many(20_000), |data| maker.document(data)),
            "1,000 documents" => workload.fill(1000, |data| maker.document(data)),
            "pages" => workload.fill(many(8000), |data| maker.page(data)),
            "64 KiB chunks" => chunks(64 << 10, scaled(1000), &mut maker, &mut workload),
            "1 MiB chunks" => chunks(1 << 20, scaled(48), &mut maker, &mut workload),
            "log-normal sizes" => {
                for _ in 0..many(10_000) {
                    let size = (1500f64.ln() + 1.6 * maker.random.normal()).exp().clamp(16.0, 2_097_152.0);
                    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped above")]
                    chunks(size as usize, 1, &mut maker, &mut workload);
                }
            }
            "one giant" => {
                workload.fill(many(5000), |data| maker.document(data));
                chunks(if quick { 2 << 20 } else { 32 << 20 }, 1, &mut maker, &mut workload);
            }
            "noise" => workload.fill(scaled(300), |data| {
                data.extend((0..8192).flat_map(|_| maker.random.next().to_le_bytes()));
            }),
            _ => {
                let size = match name.strip_prefix("files, ")? {
                    "4 KiB" => 4096,
                    "64 KiB" => 64 << 10,
                    "1 MiB" => 1 << 20,
                    _ => return None,
                };
                let defaults = ["/usr/include", "/usr/share", "/usr/lib", "/usr/bin"].map(PathBuf::from);
                let budget = if quick { FILES / 20 } else { FILES };
                workload.data = read(if paths.is_empty() { &defaults } else { paths }, budget);
                let count = workload.data.len() / size;
                workload.data.truncate(count * size);
                workload.ends = (1..=count).map(|chunk| chunk * size).collect();
                return (count > 1).then_some(workload);
            }
        }
        Some(workload)
    }

    fn fill(&mut self, count: usize, mut append: impl FnMut(&mut Vec<u8>)) {
        for _ in 0..count {
            append(&mut self.data);
            self.ends.push(self.data.len());
        }
    }

    pub fn items(&self) -> Vec<&[u8]> {
        let starts = std::iter::once(&0).chain(&self.ends);
        starts.zip(&self.ends).map(|(&start, &end)| &self.data[start..end]).collect()
    }

    /// A dictionary of 16 KiB of some of the items.
    pub fn train(&self) -> Dictionary {
        let items = self.items();
        let budget = 4 << 20;
        let step = self.data.len().div_ceil(budget).max(1);
        let chosen: Vec<usize> = (0..items.len()).step_by(step).filter(|&item| items[item].len() <= 4096).collect();
        let samples = Selection::new(&items, &chosen).expect("indices of items");
        let parameters = TrainParameters { dict_size: 16 << 10, d: 8, steps: 4, ..Default::default() };
        Dictionary::train(&samples, &parameters).expect("a dictionary")
    }
}

const METHODS: [&str; 5] = ["GET", "GET", "GET", "POST", "PUT"];
const STATUSES: [&str; 8] = ["200", "200", "200", "200", "200", "304", "404", "500"];
const PARTS: [&str; 6] = ["orders", "users", "static", "search", "cart", "sessions"];
const CITIES: [&str; 8] = ["Oslo", "Lagos", "Lima", "Pune", "Osaka", "Quito", "Turin", "Perth"];

/// Makes records; each comes from the one stream of numbers.
struct Maker {
    random: Random,
    words: Vec<String>,
    clock: u64,
    key: u32,
}

impl Maker {
    fn new() -> Self {
        let mut random = Random::new(1);
        let syllables = ["ka", "ro", "min", "te", "sol", "va", "dor", "li", "pen", "us", "ga", "ther"];
        let words = (0..4000).map(|_| (0..1 + random.below(4)).map(|_| random.pick(&syllables)).collect());
        let words = words.collect();
        Self { random, words, clock: 1_700_000_000_000, key: 0 }
    }

    /// A few words are much more frequent than the rest.
    fn word(&mut self) -> &str {
        let count = self.words.len() as f64;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "below the number of words")]
        let index = (self.random.unit().powi(3) * count) as usize;
        &self.words[index]
    }

    fn text(&mut self, data: &mut Vec<u8>, until: usize) {
        while data.len() < until {
            data.extend_from_slice(self.word().as_bytes());
            data.push(b' ');
        }
    }

    fn append(data: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
        std::io::Write::write_fmt(data, text).expect("a vector takes everything");
    }

    fn log_line(&mut self, data: &mut Vec<u8>) {
        let random = &mut self.random;
        self.clock += random.below(400) as u64;
        let (seconds, millis) = (self.clock / 1000 % 86_400, self.clock % 1000);
        let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        let (method, part, status) = (random.pick(&METHODS), random.pick(&PARTS), random.pick(&STATUSES));
        let (host, id, size, client) =
            (random.below(40), random.below(300_000), random.below(60_000), random.below(3000));
        let (time, trace) = (random.unit().powi(4) * 900.0, random.next());
        Self::append(
            data,
            format_args!(
                "2026-03-14T{hours:02}:{minutes:02}:{seconds:02}.{millis:03}Z web-{host:02} {method} /api/v1/{part}/{id:06} \
                 {status} {size} {time:.1}ms 10.3.{}.{} \"Mozilla/5.0 (X11; Linux x86_64)\" trace={trace:016x}",
                client / 256,
                client % 256
            ),
        );
    }

    fn document(&mut self, data: &mut Vec<u8>) {
        let start = data.len();
        let random = &mut self.random;
        let (id, city, score) = (random.below(1 << 30), random.pick(&CITIES), random.unit());
        let (active, age) = (random.below(4) > 0, 18 + random.below(60));
        Self::append(
            data,
            format_args!("{{\"id\":{id},\"active\":{active},\"age\":{age},\"score\":{score:.4},\"name\":\""),
        );
        let until = data.len() + 12;
        self.text(data, until);
        Self::append(data, format_args!("\",\"address\":{{\"city\":\"{city}\",\"street\":\""));
        let until = data.len() + 15;
        self.text(data, until);
        Self::append(data, format_args!("\"}},\"orders\":["));
        for order in 0..2 + self.random.below(5) {
            let (sku, quantity, cents) =
                (self.random.below(100_000), 1 + self.random.below(9), self.random.below(100_000));
            let comma = if order == 0 { "" } else { "," };
            let price = cents as f64 / 100.0;
            let order = format_args!("{comma}{{\"sku\":\"A-{sku:05}\",\"quantity\":{quantity},\"price\":{price:.2}}}");
            Self::append(data, order);
        }
        Self::append(data, format_args!("],\"notes\":\""));
        let until = start + 1150 + self.random.below(700);
        self.text(data, until);
        data.extend_from_slice(b"\"}\n");
    }

    /// A leaf of a B-tree: a header, an array of places, free space, and from the end on rows in the order of their keys.
    fn page(&mut self, data: &mut Vec<u8>) {
        const PAGE: usize = 4096;
        let start = data.len();
        data.resize(start + PAGE, 0);
        let filled = PAGE * (60 + self.random.below(36)) / 100;
        let (mut low, mut high) = (24, PAGE);
        let mut row = Vec::new();
        loop {
            row.clear();
            self.key += 1 + u32::try_from(self.random.below(3)).expect("small");
            self.clock += self.random.below(5000) as u64;
            row.extend(self.key.to_le_bytes());
            row.extend(self.clock.to_le_bytes());
            row.extend((self.random.below(1_000_000) as u64).to_le_bytes());
            row.extend(self.random.unit().to_le_bytes());
            row.push(u8::try_from(self.random.below(5)).expect("small"));
            let until = row.len() + 20 + self.random.below(40);
            self.text(&mut row, until);
            if low + 2 + (PAGE - high) + row.len() > filled {
                break;
            }
            high -= row.len();
            let page = &mut data[start..];
            page[high..high + row.len()].copy_from_slice(&row);
            page[low..low + 2].copy_from_slice(&u16::try_from(high).expect("in a page").to_le_bytes());
            low += 2;
        }
        let page = &mut data[start..];
        page[..8].copy_from_slice(&self.random.next().to_le_bytes()); // a checksum
        page[8..16].copy_from_slice(&self.clock.to_le_bytes());
        page[16..18].copy_from_slice(&u16::try_from(low).expect("in a page").to_le_bytes());
        page[18..20].copy_from_slice(&u16::try_from(high).expect("in a page").to_le_bytes());
    }

    /// Two columns: times that rise almost evenly, and a measurement that wanders.
    fn columns(&mut self, data: &mut Vec<u8>, rows: usize) {
        for _ in 0..rows {
            self.clock += 1000 + self.random.below(4) as u64;
            data.extend(self.clock.to_le_bytes());
        }
        let mut value = 20.0;
        for _ in 0..rows {
            value += self.random.normal() / 50.0;
            data.extend(((value * 100.0_f64).round() / 100.0).to_le_bytes());
        }
    }

    /// `size` bytes of text, columns or pages, which change every 64 KiB.
    fn mixed(&mut self, data: &mut Vec<u8>, size: usize) {
        const PIECE: usize = 64 << 10;
        let end = data.len() + size;
        while data.len() < end {
            let piece = (data.len() + PIECE).min(end);
            match self.random.below(3) {
                0 => {
                    while data.len() < piece {
                        self.document(data)
                    }
                }
                1 => self.columns(data, (piece - data.len()).div_ceil(16)),
                _ => {
                    while data.len() < piece {
                        self.page(data)
                    }
                }
            }
            data.truncate(piece);
        }
    }
}

/// A mix of the files under `paths`: some of each, spread over all of them, `budget` bytes at most.
fn read(paths: &[PathBuf], budget: usize) -> Vec<u8> {
    let mut data = Vec::new();
    for path in paths {
        let mut files = Vec::new();
        find(path, &mut files);
        files.sort();
        let share = budget / paths.len();
        let total: usize = files.iter().map(|(_, size)| (*size).min(MOST_OF_ONE_FILE)).sum();
        let step = (total / share.max(1)).max(1);
        let mut left = share;
        for (file, _) in files.iter().step_by(step) {
            let Ok(bytes) = fs::read(file) else { continue };
            let taken = bytes.len().min(MOST_OF_ONE_FILE).min(left);
            data.extend_from_slice(&bytes[..taken]);
            left -= taken;
        }
    }
    data
}

fn find(path: &Path, files: &mut Vec<(PathBuf, usize)>) {
    let Ok(meta) = fs::symlink_metadata(path) else { return };
    if meta.is_file() {
        files.push((path.into(), usize::try_from(meta.len()).unwrap_or(usize::MAX)));
    } else if meta.is_dir() {
        let entries = fs::read_dir(path).into_iter().flatten().flatten();
        entries.for_each(|entry| find(&entry.path(), files));
    }
}

#[cfg(test)]
mod tests {
    use super::super::compressor;
    use super::*;
    use zbatch::RunOptions;

    fn mean(workload: &Workload) -> usize {
        workload.data.len() / workload.ends.len()
    }

    #[test]
    fn the_same_seed_gives_the_same_bytes() {
        for name in &NAMES[..9] {
            let (one, other) = (Workload::make(name, true, &[]), Workload::make(name, true, &[]));
            let (one, other) = (one.expect("generated"), other.expect("generated"));
            assert!(one.data == other.data && one.ends == other.ends, "{name}");
            assert_eq!(one.items().concat(), one.data);
        }
        // And on every machine.
        let first: Vec<u64> = {
            let mut random = Random::new(1);
            (0..2).map(|_| random.next()).collect()
        };
        assert_eq!(first, [0x910A_2DEC_8902_5CC1, 0xBEEB_8DA1_658E_EC67]);
    }

    #[test]
    fn items_are_of_the_size_that_their_name_says() {
        let of = |name: &str| Workload::make(name, true, &[]).expect("generated");
        let in_range = |name: &str, low, high| {
            let size = mean(&of(name));
            assert!((low..high).contains(&size), "{name}: {size}");
        };
        in_range("log lines", 130, 151);
        in_range("documents", 1400, 1600);
        for (name, size) in [("pages", 4096), ("64 KiB chunks", 65_536), ("1 MiB chunks", 1 << 20), ("noise", 65_536)] {
            assert!(of(name).items().iter().all(|item| item.len() == size), "{name}");
        }
        let mut sizes: Vec<usize> = of("log-normal sizes").items().iter().map(|item| item.len()).collect();
        sizes.sort_unstable();
        assert!((1200..1900).contains(&sizes[500]), "{}", sizes[500]);
        assert!(sizes[10] < 200 && sizes[990] > 20_000, "{} {}", sizes[10], sizes[990]);
        let giant = of("one giant");
        assert_eq!(giant.items().last().map(|item| item.len()), Some(2 << 20));
        assert!(giant.items().len() > 1000);
    }

    #[test]
    fn records_compress_as_records_do() {
        for (name, low, high) in [
            ("log lines", 1.02, 1.8),
            ("documents", 1.6, 3.0),
            ("pages", 1.3, 3.5),
            ("64 KiB chunks", 1.8, 4.0),
            ("noise", 0.99, 1.01),
        ] {
            let workload = Workload::make(name, true, &[]).expect("generated");
            let frames = compressor(3, None).multi_compress_to_buffer(&workload.items(), &RunOptions::default());
            let ratio = workload.data.len() as f64 / frames.expect("compresses").size() as f64;
            assert!((low..high).contains(&ratio), "{name}: {ratio}");
        }
    }

    #[test]
    fn files_are_cut_into_whole_pieces() {
        let here = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src");
        let workload = Workload::make("files, 4 KiB", true, &[here]).expect("our own source");
        assert!(workload.items().len() > 20);
        assert!(workload.items().iter().all(|item| item.len() == 4096));
        assert!(Workload::make("files, 1 MiB", true, &[PathBuf::from("/nowhere")]).is_none());
    }
}
