//! Frames are those that libzstd makes with the same settings, byte for byte, on any number of threads. The judge is
//! `ctests/reference.c`: a program of its own, linked to libzstd and to nothing of ours. The `zstd` program, where it is
//! installed, reads them too.

mod common;

use common::{Random, content, record};
use std::env;
use std::fs;
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::OnceLock;
use std::thread;
use zbatch::{
    CompressionParameters, Compressor, DecompressionParameters, Decompressor, DictType, Dictionary, Error, Format,
    RunOptions, Segment, TrainParameters,
};

const SEED: u64 = 20_240_607;
const CONFIGURATIONS: usize = 2000;
const THREADS: [i32; 4] = [1, 2, 3, 8];
const MIB: usize = 1 << 20;

#[test]
fn two_thousand_random_configurations_equal_libzstd() {
    println!("seed {SEED}");
    let dictionaries = Dictionaries::new();
    let seen = thread::scope(|scope| {
        let judges = [0, 1].map(|first| {
            let dictionaries = &dictionaries;
            scope.spawn(move || {
                let mut judge = Judge::new();
                for number in (first..CONFIGURATIONS).step_by(2) {
                    let mut random = Random::new(SEED + number as u64);
                    judge.check(&Configuration::random(&mut random, dictionaries), number);
                }
                judge.seen
            })
        });
        judges.map(|judge| judge.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    });
    let total = |count: fn(&Seen) -> usize| seen.iter().map(count).sum::<usize>();
    let (equal, refused, by_program) = (total(|s| s.equal), total(|s| s.refused), total(|s| s.read_by_program));
    println!(
        "{equal} equal in {} items, {refused} refused by both, {by_program} read by the zstd program",
        total(|s| s.items)
    );
    assert_eq!(equal + refused, CONFIGURATIONS);
    assert!(refused > CONFIGURATIONS / 100 && refused < CONFIGURATIONS / 5, "{refused}");
    assert!(by_program > CONFIGURATIONS / 2 || zstd_program().is_none(), "{by_program}");
}

/// One side of the size up to which a digestion shared by all threads gives the bytes of a loaded dictionary is not like the
/// other, and neither is any parameter that is set explicitly.
#[test]
fn dictionaries_equal_libzstd_on_both_sides_of_every_threshold() {
    let dictionaries = Dictionaries::new();
    let mut judge = Judge::new();
    let mut random = Random::new(SEED);
    let explicit: [fn(&mut CompressionParameters); 9] = [
        |_| {},
        |p| p.window_log = 17,
        |p| p.hash_log = 12,
        |p| p.chain_log = 13,
        |p| p.search_log = 2,
        |p| p.min_match = 4,
        |p| p.target_length = 16,
        |p| p.strategy = 2,
        |p| (p.enable_ldm, p.write_checksum) = (1, true),
    ];
    for (number, set) in explicit.into_iter().enumerate() {
        for (bytes, kind) in
            [(&dictionaries.trained[1], DictType::Auto), (&dictionaries.trained[2], DictType::RawContent)]
        {
            for digest_level in [None, Some(1), Some(9)] {
                let mut parameters = CompressionParameters::with_level(3);
                set(&mut parameters);
                let around = |size: usize| [size - 1, size, size + 1];
                let sizes = [around(128 << 10), around((6 * bytes.len()).min(MIB)), [0, 1, 500]].concat();
                let items = sizes.iter().map(|&size| content(&mut random, size)).collect();
                let dict = Some(Choice { bytes: bytes.clone(), kind, digest_level });
                judge.check(&Configuration { parameters, dict, items }, number);
            }
        }
    }
    assert_eq!(judge.seen.refused, 0);
}

/// What libzstd does with dictionaries too short to be any differs between the two modes.
#[test]
fn the_shortest_dictionaries_equal_libzstd() {
    let mut judge = Judge::new();
    let mut random = Random::new(SEED);
    for size in [0, 1, 7, 8, 9] {
        let bytes = content(&mut random, size);
        for kind in [DictType::Auto, DictType::RawContent] {
            for (level, digest_level) in [(1, None), (6, None), (1, Some(19)), (19, Some(1))] {
                let items = [0, 10, 1000, 50_000, 200_000].map(|size| content(&mut random, size)).into();
                let dict = Some(Choice { bytes: bytes.clone(), kind, digest_level });
                judge.check(&Configuration { parameters: CompressionParameters::with_level(level), dict, items }, size);
            }
        }
    }
    assert_eq!(judge.seen.refused, 0);
}

/// A digestion's level wins over that of the compressor, and so it does in libzstd.
#[test]
fn a_digestion_keeps_its_level() {
    let dictionaries = Dictionaries::new();
    let mut judge = Judge::new();
    let mut random = Random::new(SEED);
    let bytes = &dictionaries.trained[1];
    let items: Vec<Vec<u8>> = (0..50).map(|_| record(&mut random).repeat(9).into_bytes()).collect();
    let frames: Vec<_> = [1, 19]
        .map(|level| {
            let dict = Some(Choice { bytes: bytes.clone(), kind: DictType::Auto, digest_level: Some(12) });
            let parameters = CompressionParameters::with_level(level);
            let configuration = Configuration { parameters, dict, items: items.clone() };
            judge.check(&configuration, 0);
            configuration.compress(1).expect("compresses").frames
        })
        .into();
    assert_eq!(frames[0], frames[1]);
}

/// Of an item of several frames each is the one that libzstd makes of that slice.
#[test]
fn each_frame_of_a_large_item_equals_libzstd() {
    let dictionaries = Dictionaries::new();
    let mut reference = Reference::start();
    let mut random = Random::new(SEED);
    for round in 0..12 {
        let max_frame_size = MIB + [0, 1, 70_000][round % 3];
        let size = (1 + random.below(3)) * max_frame_size + [0, 1, 5000][random.below(3)];
        let item = content(&mut random, size);
        let slices = item.chunks(max_frame_size).map(<[u8]>::to_vec).collect();
        let (bytes, kind) = (dictionaries.trained[round % 3].clone(), DictType::Auto);
        let dict = || (round % 2 == 0).then(|| Choice { bytes: bytes.clone(), kind, digest_level: None });
        let parameters = CompressionParameters {
            write_checksum: round % 4 < 2,
            omit_dict_id: round % 5 == 0,
            ..CompressionParameters::with_level([1, 3, -5][round % 3])
        };
        let slices = Configuration { parameters: parameters.clone(), dict: dict(), items: slices };
        let expected: Vec<u8> =
            reference.compress(&slices).into_iter().flat_map(|frame| frame.expect("compresses")).collect();
        let parameters = CompressionParameters { max_frame_size, ..parameters };
        let whole = Configuration { parameters, dict: dict(), items: vec![item] };
        for threads in THREADS {
            let ours = whole.compress(threads).expect("compresses");
            assert!(ours.frames == [&expected[..]], "round {round}, {threads} threads");
            assert!(whole.decompress(&ours.frames, threads).expect("decompresses") == whole.items);
        }
        if let Some(read) = read_with_program(&whole, &[expected], round) {
            assert!(read == whole.items[0], "the zstd program reads something else");
        }
    }
}

struct Configuration {
    parameters: CompressionParameters,
    dict: Option<Choice>,
    items: Vec<Vec<u8>>,
}

struct Choice {
    bytes: Vec<u8>,
    kind: DictType,
    /// The level of the digestion, or `None` for a dictionary that is loaded.
    digest_level: Option<i32>,
}

/// Our frames, and the tables of the buffers they are in.
struct Frames {
    frames: Vec<Vec<u8>>,
    tables: Vec<Vec<Segment>>,
}

/// Bytes of dictionaries to choose from.
struct Dictionaries {
    trained: [Vec<u8>; 3],
}

impl Dictionaries {
    fn new() -> Self {
        let mut random = Random::new(SEED);
        let samples: Vec<String> = (0..8000).map(|_| record(&mut random)).collect();
        Self {
            trained: [1 << 10, 16 << 10, 110 << 10].map(|dict_size| {
                let parameters = TrainParameters { dict_size, d: 8, steps: 2, f: 16, ..Default::default() };
                Dictionary::train(&samples, &parameters).expect("trains").data().to_vec()
            }),
        }
    }

    fn choose(&self, random: &mut Random) -> (Vec<u8>, DictType) {
        let trained = self.trained[random.below(3)].clone();
        let size = [random.below(16), random.below(4096), random.below(112 << 10)][random.below(3)];
        let raw = content(random, size);
        let damaged = [&trained[..8], &raw].concat();
        match random.below(20) {
            0..5 => (trained, DictType::Auto),
            5..7 => (trained, DictType::FullDict),
            7..10 => (trained, DictType::RawContent),
            10..14 => (raw, DictType::Auto),
            14..17 => (raw, DictType::RawContent),
            17 => (damaged, DictType::RawContent),
            // Refused, by libzstd at the latest when a frame is to be made.
            18 => (damaged, DictType::Auto),
            _ => ([&b"no dictionary"[..], &raw].concat(), DictType::FullDict),
        }
    }
}

impl Configuration {
    fn random(random: &mut Random, dictionaries: &Dictionaries) -> Self {
        let parameters = random_parameters(random);
        let dict = (random.below(2) == 0).then(|| {
            let (bytes, kind) = dictionaries.choose(random);
            let digest_level = (random.below(3) == 0).then(|| random_level(random));
            Choice { bytes, kind, digest_level }
        });
        // What makes libzstd slow gets less to do.
        let level = dict.as_ref().and_then(|dict| dict.digest_level).unwrap_or(0).max(parameters.level);
        let slow = level > 12 || parameters.strategy > 5 || parameters.search_log > 7;
        let mut budget = if slow { 64 << 10 } else { [5 * MIB / 4, 256 << 10][usize::from(level > 5)] };
        if slow && random.below(12) == 0 {
            budget = 140 << 10;
        }
        let mut items = Vec::new();
        let most = 1 + random.below(12);
        while items.len() < most && budget > 0 {
            let size = random_size(random, dict.as_ref().map_or(0, |dict| dict.bytes.len())).min(budget);
            budget -= size;
            items.push(content(random, size));
        }
        Self { parameters, dict, items }
    }

    fn dictionary(&self) -> Result<Option<Dictionary>, Error> {
        self.dict.as_ref().map(|dict| Dictionary::new(&dict.bytes, dict.kind)).transpose()
    }

    fn compress(&self, threads: i32) -> Result<Frames, Error> {
        let mut dictionary = self.dictionary()?;
        if let (Some(dict), Some(level)) = (&mut dictionary, self.dict.as_ref().and_then(|dict| dict.digest_level)) {
            *dict = dict.digest(&CompressionParameters::with_level(level))?;
        }
        let compressor = Compressor::new(&self.parameters, dictionary.as_ref())?;
        let all = compressor.multi_compress_to_buffer(&self.items, &RunOptions::with_threads(threads))?;
        let tables = all.buffers().iter().map(|buffer| buffer.segments().to_vec()).collect();
        Ok(Frames { frames: all.iter().map(<[u8]>::to_vec).collect(), tables })
    }

    fn decompress(&self, frames: &[Vec<u8>], threads: i32) -> Result<Vec<Vec<u8>>, Error> {
        let max_window_size = 1 << 31;
        let parameters =
            DecompressionParameters { format: self.parameters.format, max_window_size, ..Default::default() };
        let decompressor = Decompressor::new(&parameters, self.dictionary()?.as_ref())?;
        let all = decompressor.multi_decompress_to_buffer(frames, None, &RunOptions::with_threads(threads))?;
        Ok(all.iter().map(<[u8]>::to_vec).collect())
    }

    /// Whether the zstd program can read the frames: it knows no other format, and takes dictionaries as they look.
    fn suits_program(&self) -> bool {
        let looks_trained = |bytes: &[u8]| bytes.starts_with(&[0x37, 0xa4, 0x30, 0xec]);
        self.parameters.format == Format::Zstd1
            && self.dict.as_ref().is_none_or(|dict| dict.kind != DictType::RawContent || !looks_trained(&dict.bytes))
    }
}

fn random_level(random: &mut Random) -> i32 {
    let between = |random: &mut Random, low: i32, high: i32| {
        low + int(random.below(usize::try_from(high - low + 1).unwrap_or(1)))
    };
    match random.below(100) {
        0..60 => between(random, 0, 6),
        60..75 => between(random, -50, -1),
        75..78 => between(random, -131_072, -1000),
        78..93 => between(random, 7, 15),
        _ => between(random, 16, 22),
    }
}

fn random_parameters(random: &mut Random) -> CompressionParameters {
    let mut p = CompressionParameters::with_level(random_level(random));
    p.write_checksum = random.below(3) == 0;
    p.omit_content_size = random.below(5) == 0;
    p.omit_dict_id = random.below(5) == 0;
    if random.below(8) == 0 {
        p.format = Format::Zstd1Magicless;
    }
    if random.below(2) == 0 {
        return p;
    }
    let between = |low: usize, high: usize, random: &mut Random| match random.below(4) {
        0 => int(low + random.below(high - low + 1)),
        _ => 0,
    };
    p.window_log = between(10, 27, random);
    p.hash_log = between(6, 20, random);
    p.chain_log = between(6, 20, random);
    p.search_log = between(1, 9, random);
    p.min_match = between(3, 7, random);
    p.target_length = between(0, if random.below(4) == 0 { 131_072 } else { 200 }, random);
    p.strategy = between(1, 9, random);
    p.force_max_window = random.below(6) == 0;
    p.overlap_log = between(0, 9, random);
    p.target_block_size = between(1340, 131_072, random);
    if random.below(3) == 0 {
        p.enable_ldm = 1 + int(random.below(2));
        p.ldm_hash_log = between(6, 20, random);
        p.ldm_min_match = between(4, 4096, random);
        p.ldm_bucket_size_log = between(1, 8, random);
        // Where the rate exceeds the window and no table size is given, libzstd takes a table of 8 GiB.
        p.ldm_hash_rate_log = between(0, if p.ldm_hash_log == 0 { 4 } else { 25 }, random);
    }
    if random.below(4) == 0 {
        p.workers = 1 + int(random.below(2));
        p.job_size = between(0, MIB, random);
    }
    if random.below(12) == 0 {
        let beyond: [fn(&mut CompressionParameters); 8] = [
            |p| p.window_log = 9,
            |p| p.hash_log = 31,
            |p| p.chain_log = 5,
            |p| p.search_log = 31,
            |p| p.min_match = 8,
            |p| p.strategy = 10,
            |p| p.ldm_min_match = 3,
            |p| p.target_block_size = 131_073,
        ];
        beyond[random.below(beyond.len())](&mut p);
    }
    p
}

fn random_size(random: &mut Random, dict_size: usize) -> usize {
    match random.below(12) {
        0 => random.below(16),
        1..6 => random.below(3000),
        6..8 => random.below(70_000),
        8 => (128 << 10) - 1 + random.below(3),
        9 if dict_size > 0 => (6 * dict_size - 1 + random.below(3)).min(MIB),
        10 => random.below(300_000),
        _ => random.below(MIB + 1),
    }
}

fn int(number: usize) -> i32 {
    i32::try_from(number).expect("a small number")
}

/// What a judge has found.
#[derive(Default)]
struct Seen {
    equal: usize,
    refused: usize,
    items: usize,
    read_by_program: usize,
}

struct Judge {
    reference: Reference,
    seen: Seen,
}

impl Judge {
    fn new() -> Self {
        Self { reference: Reference::start(), seen: Seen::default() }
    }

    fn check(&mut self, configuration: &Configuration, number: usize) {
        let dict = configuration.dict.as_ref().map(|dict| (dict.bytes.len(), dict.kind, dict.digest_level));
        let sizes: Vec<usize> = configuration.items.iter().map(Vec::len).collect();
        let name =
            format!("configuration {number}: {:?}, dictionary {dict:?}, sizes {sizes:?}", configuration.parameters);

        let expected = self.reference.compress(configuration);
        let lowest_refused = expected.iter().position(Result::is_err);
        let mut layout = None;
        for threads in THREADS {
            let ours = configuration.compress(threads);
            match (lowest_refused, ours) {
                (Some(lowest), Err(error)) => {
                    // Found before the batch began, or blamed on the same item.
                    assert!(error.item().is_none_or(|item| item == lowest), "{name}, {threads} threads: {error}");
                }
                (None, Ok(Frames { frames, tables })) => {
                    let differs = |item: &usize| Ok(&frames[*item]) != expected[*item].as_ref();
                    assert_eq!(frames.len(), expected.len(), "{name}, {threads} threads");
                    assert_eq!((0..frames.len()).find(differs), None, "{name}, {threads} threads: a frame differs");
                    assert_eq!(layout.get_or_insert_with(|| tables.clone()), &tables, "{name}, {threads} threads");
                }
                (Some(_), Ok(_)) => panic!("{name}, {threads} threads: libzstd refuses it, {expected:?}"),
                (None, Err(error)) => panic!("{name}, {threads} threads: libzstd does it, we say {error}"),
            }
        }
        if lowest_refused.is_some() {
            self.seen.refused += 1;
            return;
        }
        let frames: Vec<Vec<u8>> = expected.into_iter().flatten().collect();
        assert_eq!(
            self.reference.decompress(configuration, &frames),
            vec![0; frames.len()],
            "{name}: libzstd cannot read it"
        );
        for threads in [1, 2] {
            let items = configuration.decompress(&frames, threads).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert!(items == configuration.items, "{name}: does not come back");
        }
        if let Some(content) =
            configuration.suits_program().then(|| read_with_program(configuration, &frames, number)).flatten()
        {
            assert!(content == configuration.items.concat(), "{name}: the zstd program reads something else");
            self.seen.read_by_program += 1;
        }
        self.seen.equal += 1;
        self.seen.items += frames.len();
    }
}

/// The name of the zstd program, where it is installed.
fn zstd_program() -> Option<&'static str> {
    static FOUND: OnceLock<bool> = OnceLock::new();
    let runs = || Command::new("zstd").arg("--version").output().is_ok_and(|output| output.status.success());
    FOUND.get_or_init(runs).then_some("zstd")
}

/// What the zstd program makes of all frames in one file; `None` where it is not installed.
fn read_with_program(configuration: &Configuration, frames: &[Vec<u8>], number: usize) -> Option<Vec<u8>> {
    let mut program = Command::new(zstd_program()?);
    let file = |kind: &str| {
        let name = format!("identical-{}-{number}-{:?}.{kind}", std::process::id(), thread::current().id());
        Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
    };
    let (frames_file, dict_file) = (file("zst"), file("dict"));
    fs::write(&frames_file, frames.concat()).expect("a file of frames");
    program.args(["-dcq", "--long=31"]).arg(&frames_file);
    // The program refuses an empty dictionary, which is none.
    if let Some(dict) = configuration.dict.as_ref().filter(|dict| !dict.bytes.is_empty()) {
        fs::write(&dict_file, &dict.bytes).expect("a file of a dictionary");
        program.arg("-D").arg(&dict_file);
    }
    let output = program.output().expect("the zstd program runs");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "configuration {number}: the zstd program says {complaint}");
    for file in [frames_file, dict_file] {
        let _ = fs::remove_file(file);
    }
    Some(output.stdout)
}

/// The reference program, running.
struct Reference {
    child: Child,
    jobs: Option<BufWriter<ChildStdin>>,
    answers: BufReader<ChildStdout>,
}

impl Reference {
    fn start() -> Self {
        static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
        let mut program = Command::new(PROGRAM.get_or_init(build_reference));
        let mut child = program.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the reference starts");
        let jobs = child.stdin.take().map(BufWriter::new);
        let answers = BufReader::new(child.stdout.take().expect("its answers"));
        Self { child, jobs, answers }
    }

    /// The frames of the reference, or libzstd's error codes.
    fn compress(&mut self, configuration: &Configuration) -> Vec<Result<Vec<u8>, i64>> {
        let p = &configuration.parameters;
        let settings: [i32; 22] = [
            p.level,
            p.window_log,
            p.hash_log,
            p.chain_log,
            p.search_log,
            p.min_match,
            p.target_length,
            p.strategy,
            p.force_max_window.into(),
            p.enable_ldm,
            p.ldm_hash_log,
            p.ldm_min_match,
            p.ldm_bucket_size_log,
            p.ldm_hash_rate_log,
            p.workers,
            p.job_size,
            p.overlap_log,
            p.target_block_size,
            (p.format == Format::Zstd1Magicless).into(),
            p.write_checksum.into(),
            p.omit_content_size.into(),
            p.omit_dict_id.into(),
        ];
        let dict = configuration.dict.as_ref();
        let mode: u32 = dict.map_or(0, |dict| if dict.digest_level.is_some() { 2 } else { 1 });
        self.put(&1u32.to_ne_bytes());
        settings.iter().for_each(|setting| self.put(&setting.to_ne_bytes()));
        self.put(&mode.to_ne_bytes());
        self.put(&content_type(dict).to_ne_bytes());
        self.put(&dict.and_then(|dict| dict.digest_level).unwrap_or(0).to_ne_bytes());
        self.put_blob(dict.map_or(&[], |dict| &dict.bytes));
        self.put(&(configuration.items.len() as u64).to_ne_bytes());
        configuration.items.iter().for_each(|item| self.put_blob(item));
        self.send();
        let answer = |_: &Vec<u8>| match self.result() {
            0 => Ok(self.blob()),
            code => Err(code),
        };
        configuration.items.iter().map(answer).collect()
    }

    /// For each frame 0 when it decompresses to its item, or else what is wrong.
    fn decompress(&mut self, configuration: &Configuration, frames: &[Vec<u8>]) -> Vec<i64> {
        let dict = configuration.dict.as_ref();
        self.put(&2u32.to_ne_bytes());
        self.put(&u32::from(configuration.parameters.format == Format::Zstd1Magicless).to_ne_bytes());
        self.put(&content_type(dict).to_ne_bytes());
        self.put_blob(dict.map_or(&[], |dict| &dict.bytes));
        self.put(&(frames.len() as u64).to_ne_bytes());
        for (frame, item) in frames.iter().zip(&configuration.items) {
            self.put_blob(frame);
            self.put_blob(item);
        }
        self.send();
        frames.iter().map(|_| self.result()).collect()
    }

    fn put(&mut self, bytes: &[u8]) {
        self.jobs.as_mut().expect("open until the end").write_all(bytes).expect("the reference reads");
    }

    fn put_blob(&mut self, bytes: &[u8]) {
        self.put(&(bytes.len() as u64).to_ne_bytes());
        self.put(bytes);
    }

    fn send(&mut self) {
        self.jobs.as_mut().expect("open until the end").flush().expect("the reference reads");
    }

    fn result(&mut self) -> i64 {
        let mut bytes = [0; 8];
        self.answers.read_exact(&mut bytes).expect("the reference answers");
        i64::from_ne_bytes(bytes)
    }

    fn blob(&mut self) -> Vec<u8> {
        let size = usize::try_from(self.result()).expect("a size");
        let mut bytes = vec![0; size];
        self.answers.read_exact(&mut bytes).expect("the reference answers");
        bytes
    }
}

impl Drop for Reference {
    fn drop(&mut self) {
        // It ends when its input does.
        self.jobs = None;
        let _ = self.child.wait();
    }
}

fn content_type(dict: Option<&Choice>) -> u32 {
    match dict.map_or(DictType::Auto, |dict| dict.kind) {
        DictType::Auto => 0,
        DictType::RawContent => 1,
        DictType::FullDict => 2,
    }
}

/// Builds the reference program from `ctests/reference.c` and the sources of libzstd that zstd-sys brings along. libzstd takes
/// a while, so its object files are kept.
fn build_reference() -> PathBuf {
    let sources = zstd_sources();
    let version = sources.ancestors().nth(2).and_then(Path::file_name).expect("the folder of the package");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("reference").join(version);
    fs::create_dir_all(&folder).expect("a folder for the reference program");
    let complete = folder.join("complete");
    if !complete.exists() {
        compile_zstd(&sources, &folder);
        fs::write(&complete, "").expect("a note that libzstd is compiled");
    }
    let program = folder.join("program");
    let main = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../ctests/reference.c");
    let mut link = compiler();
    link.arg("-I").arg(&sources).arg(main).args(files(&folder, "o")).args(["-lpthread", "-o"]).arg(&program);
    run(&mut link);
    program
}

fn zstd_sources() -> PathBuf {
    let version = run(Command::new("rustc").arg("-vV"));
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).expect("rustc names its host");
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
    let mut metadata = Command::new(env!("CARGO"));
    // Without the filter it downloads what only other systems need.
    metadata.args(["metadata", "--format-version", "1", "--locked", "--filter-platform", host, "--manifest-path"]);
    let text = run(metadata.arg(manifest));
    let manifests = text.split("\"manifest_path\":\"").skip(1).filter_map(|rest| rest.split('"').next());
    let mut folders = manifests.filter_map(|manifest| Path::new(manifest).parent());
    let is_zstd =
        |folder: &&Path| folder.file_name().is_some_and(|name| name.to_string_lossy().starts_with("zstd-sys"));
    folders.find(is_zstd).expect("zstd-sys is among the packages").join("zstd/lib")
}

fn compile_zstd(sources: &Path, folder: &Path) {
    let all: Vec<PathBuf> =
        ["common", "compress", "decompress"].iter().flat_map(|part| files(&sources.join(part), "c")).collect();
    let processes = thread::available_parallelism().map_or(1, |cpus| cpus.get());
    thread::scope(|scope| {
        for first in 0..processes {
            let share = all.iter().skip(first).step_by(processes);
            let mut compile = compiler();
            compile.current_dir(folder).args(["-c", "-DZSTD_MULTITHREAD", "-DZSTD_DISABLE_ASM=1"]).args(share);
            scope.spawn(move || run(&mut compile));
        }
    });
}

fn compiler() -> Command {
    let mut compiler = Command::new(env::var_os("CC").unwrap_or("cc".into()));
    compiler.arg("-O2");
    compiler
}

/// Runs a command that must succeed and returns what it prints.
fn run(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("it prints UTF-8")
}

fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    entries.filter(|path| path.extension().is_some_and(|found| found == extension)).collect()
}
