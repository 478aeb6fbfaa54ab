//! Dictionaries: bytes, and what was digested of them. A digestion for a level is made once and shared by every compressor
//! of that level; nothing that another thread may be waiting for is ever made under a lock, so a fork at any moment leaves
//! the child able to go on.

use crate::error::{Error, Result, Status, Subject};
use crate::items::Items;
use crate::libzstd::{self, Code, CompressionDictionary, Content, DecompressionDictionary, DictBytes, Training};
use crate::memory::{self, Memory};
use crate::params::CompressionParameters;
use crate::process;
use crate::workers;
use std::fmt;
use std::sync::{Arc, Mutex};

/// How the bytes of a dictionary are taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DictType {
    /// A trained dictionary when the bytes begin like one, else raw content.
    #[default]
    Auto,
    /// Any bytes: what the items are likely to contain.
    RawContent,
    /// A trained dictionary, with its ID and tables.
    FullDict,
}

/// A dictionary: python-zstandard's `ZstdCompressionDict`. Immutable, and cheap to clone.
#[derive(Clone)]
pub struct Dictionary {
    shared: Arc<Shared>,
}

struct Shared {
    bytes: DictBytes,
    kind: DictType,
    id: u32,
    k: u32,
    d: u32,
    /// Made by [`Dictionary::digest`]: compressors use this one, whatever their level.
    digested: Option<(Arc<CompressionDictionary>, CompressionParameters)>,
    for_decompression: Arc<DecompressionDictionary>,
    /// Digestions by level, as compressors asked for them.
    by_level: Mutex<Vec<(i32, Arc<CompressionDictionary>)>>,
}

/// Trains on samples that lie back to back, into the last argument.
type Trainer = fn(&[u8], &[usize], &mut Training, &mut [u8]) -> std::result::Result<usize, Code>;

/// Bytes that a trained dictionary begins with.
const MAGIC: [u8; 4] = [0x37, 0xa4, 0x30, 0xec];
const BAD_DICT: Error = Error::new(Status::BadDict, "the bytes are not a dictionary");

impl Dictionary {
    /// Makes a dictionary from a copy of `data`.
    pub fn new(data: &[u8], kind: DictType) -> Result<Self> {
        Self::of(memory::copied(data)?, kind, 0, 0)
    }

    fn of(bytes: Vec<u8>, kind: DictType, k: u32, d: u32) -> Result<Self> {
        if kind == DictType::FullDict && !is_trained(&bytes) {
            return Err(BAD_DICT);
        }
        let bytes = Arc::new(bytes);
        // Reads the tables of a trained dictionary, and so tells at once whether they are good.
        let for_decompression = DecompressionDictionary::new(&bytes, kind.content()).ok_or(BAD_DICT)?;
        let id = if kind == DictType::RawContent { 0 } else { libzstd::dict_id(&bytes) };
        let for_decompression = Arc::new(for_decompression);
        let by_level = Mutex::default();
        Ok(Self { shared: Arc::new(Shared { bytes, kind, id, k, d, digested: None, for_decompression, by_level }) })
    }

    /// Trains a dictionary on `samples`: items like those that it is for, a hundred times its size in all.
    pub fn train<I: Items + ?Sized>(samples: &I, parameters: &TrainParameters) -> Result<Self> {
        Self::train_by(samples, parameters, libzstd::train)
    }

    /// Trains with the `k` and `d` that `parameters` give.
    pub(crate) fn train_once<I: Items + ?Sized>(samples: &I, parameters: &TrainParameters) -> Result<Self> {
        Self::train_by(samples, parameters, |samples, sizes, training, room| {
            libzstd::train_once(samples, sizes, training, room)
        })
    }

    fn train_by<I: Items + ?Sized>(samples: &I, parameters: &TrainParameters, trainer: Trainer) -> Result<Self> {
        const TOO_FEW: &str = "the samples are too few or too small to train a dictionary on";
        parameters.validate()?;
        let (joined, sizes) = joined(samples)?;
        let mut training = parameters.training();
        let mut room = Memory::new(parameters.dict_size())?;
        let size = process::without_signals(|| trainer(&joined, &sizes, &mut training, &mut room));
        let size = size.map_err(|code| match code {
            Code::SRC_SIZE_WRONG | Code::GENERIC => Error::told(Status::BadSamples, code, TOO_FEW),
            Code::DST_SIZE_TOO_SMALL => Error::from(code).as_status(Status::InvalidArgument),
            code => code.into(),
        })?;
        let bytes = memory::copied(&room[..size])?;
        Self::of(bytes, DictType::FullDict, training.k, training.d)
    }

    /// Digests the dictionary once for all compressors to come: the peer's `precompute_compress`. Compressors made with the
    /// result use this digestion, and its level or parameters win over their own. A level alone stands for what zstd chooses
    /// for it and this dictionary; beside parameters that are not 0 it is what zstd chooses the others by.
    pub fn digest(&self, parameters: &CompressionParameters) -> Result<Self> {
        parameters.validate()?;
        let shared = &self.shared;
        let matching = match parameters.explicit() {
            [0, 0, 0, 0, 0, 0, 0] => CompressionParameters {
                level: 0,
                ..CompressionParameters::from_level(parameters.level, 0, shared.bytes.len() as u64)?
            },
            _ => parameters.clone(),
        };
        let set = matching.matching_set()?;
        let digested = CompressionDictionary::for_parameters(&shared.bytes, shared.kind.content(), &set);
        let digested = digested.ok_or_else(|| self.not_digested())?;
        Ok(Self {
            shared: Arc::new(Shared {
                bytes: Arc::clone(&shared.bytes),
                digested: Some((Arc::new(digested), matching)),
                for_decompression: Arc::clone(&shared.for_decompression),
                by_level: Mutex::default(),
                ..**shared
            }),
        })
    }

    /// The dictionary's ID, or 0 when it has none.
    pub fn id(&self) -> u32 {
        self.shared.id
    }

    /// The dictionary's bytes: what to store.
    pub fn data(&self) -> &[u8] {
        &self.shared.bytes
    }

    /// The segment size that training chose, or 0 when the dictionary was not trained here.
    pub fn k(&self) -> u32 {
        self.shared.k
    }

    /// The fragment size that training chose, or 0.
    pub fn d(&self) -> u32 {
        self.shared.d
    }

    /// Bytes that the dictionary and its digestions take.
    pub fn memory_size(&self) -> usize {
        let shared = &self.shared;
        let digested = shared.digested.as_ref().map_or(0, |(dict, _)| dict.size());
        let levels = shared.by_level.try_lock().map_or(0, |all| all.iter().map(|(_, dict)| dict.size()).sum());
        shared.bytes.len() + shared.for_decompression.size() + digested + levels
    }

    /// Why libzstd returned NULL: raw content has nothing that could be wrong with it.
    fn not_digested(&self) -> Error {
        if is_trained(&self.shared.bytes) { BAD_DICT } else { Error::no_memory() }
    }

    pub(crate) fn bytes(&self) -> &DictBytes {
        &self.shared.bytes
    }

    pub(crate) fn content(&self) -> Content {
        self.shared.kind.content()
    }

    pub(crate) fn digested(&self) -> Option<&Arc<CompressionDictionary>> {
        self.shared.digested.as_ref().map(|(dict, _)| dict)
    }

    /// What it was digested for.
    pub(crate) fn digested_for(&self) -> Option<&CompressionParameters> {
        self.shared.digested.as_ref().map(|(_, parameters)| parameters)
    }

    pub(crate) fn for_decompression(&self) -> &Arc<DecompressionDictionary> {
        &self.shared.for_decompression
    }

    /// The shared digestion for a level, or `None` when libzstd would take these bytes otherwise than as they are meant.
    pub(crate) fn for_level(&self, level: i32) -> Result<Option<Arc<CompressionDictionary>>> {
        let shared = &self.shared;
        // `ZSTD_createCDict` takes whatever begins with the magic for a trained dictionary.
        if shared.kind == DictType::RawContent && shared.bytes.starts_with(&MAGIC) {
            return Ok(None);
        }
        let find = |all: &Vec<(i32, Arc<CompressionDictionary>)>| {
            all.iter().find(|(l, _)| *l == level).map(|(_, dict)| Arc::clone(dict))
        };
        if let Some(dict) = shared.by_level.try_lock().ok().and_then(|all| find(&all)) {
            return Ok(Some(dict));
        }
        let made = Arc::new(CompressionDictionary::for_level(&shared.bytes, level).ok_or_else(|| self.not_digested())?);
        let Ok(mut all) = shared.by_level.try_lock() else { return Ok(Some(made)) };
        if let Some(dict) = find(&all) {
            return Ok(Some(dict));
        }
        if all.try_reserve(1).is_ok() {
            all.push((level, Arc::clone(&made)));
        }
        Ok(Some(made))
    }
}

/// Whether libzstd takes the bytes for a trained dictionary when it may choose.
fn is_trained(bytes: &[u8]) -> bool {
    bytes.len() >= 8 && bytes.starts_with(&MAGIC)
}

impl DictType {
    fn content(self) -> Content {
        match self {
            Self::Auto => Content::Auto,
            Self::RawContent => Content::Raw,
            Self::FullDict => Content::Full,
        }
    }
}

impl fmt::Debug for Dictionary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Dictionary(id {}, {} bytes)", self.id(), self.data().len())
    }
}

/// How a dictionary is trained; 0 is the default everywhere.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TrainParameters {
    /// Most bytes in the dictionary, at least 256. 0 means 112640.
    pub dict_size: usize,
    /// Share of the samples to train on, above 0 and up to 1; the rest tests the parameters. 0 means 0.75.
    pub split_point: f64,
    /// Segment size: 16 to 2048 is reasonable. 0 tries several.
    pub k: u32,
    /// Size of the fragments that are counted: 6 or 8. 0 tries both.
    pub d: u32,
    /// Log2 of the size of the frequency table, up to 26: training takes 10 bytes for each element. 0 means 20.
    pub f: u32,
    /// Number of values of `k` to try, up to 2000. 0 means 40.
    pub steps: u32,
    /// 1, most accurate, to 10, fastest. 0 means 1.
    pub accel: u32,
    /// Must be 0: zstd 1.5.7 has the parameter, which would accept a smaller dictionary that is this many percent worse, but
    /// ignores it.
    pub shrink: u32,
    /// Compression level to train for. 0 means 3.
    pub level: i32,
    /// The dictionary's ID. 0 picks one by the content.
    pub dict_id: u32,
    /// Threads of zstd's own, as in [`RunOptions`](crate::RunOptions), but that 0 is the calling thread alone: on several,
    /// chance decides between parameters that do equally well, and so may the dictionary differ from run to run.
    pub threads: i32,
    /// Messages of zstd on standard error: 0, none, to 4, all.
    pub notifications: u32,
}

const DEFAULT_DICT_SIZE: usize = 112_640;
const SMALLEST_DICT_SIZE: u32 = 256;
/// libzstd would take up to 31, which are 20 GiB to clear and copy for each `k`: minutes, where they are there at all.
const LARGEST_F: u32 = 26;
/// More values of `k` than this there are not.
const MOST_STEPS: u32 = 2000;

impl TrainParameters {
    /// What libzstd would answer with an error that does not name the parameter, or not check at all.
    fn validate(&self) -> Result<()> {
        if self.shrink != 0 {
            return Err(Error::new(Status::Unsupported, "this version of zstd does not shrink dictionaries"));
        }
        let dict_size = u32::try_from(self.dict_size()).unwrap_or(u32::MAX);
        // At the largest number of all, libzstd would count on from 0.
        let largest_k = dict_size.min(u32::MAX - 1);
        let wrong = if !matches!(self.d, 0 | 6 | 8) {
            (Code::GENERIC, "d is not 6 or 8")
        } else if dict_size < SMALLEST_DICT_SIZE {
            (Code::DST_SIZE_TOO_SMALL, "the dictionary is to have fewer than 256 bytes")
        } else if !(0.0..=1.0).contains(&self.split_point) {
            (Code::PARAMETER_OUT_OF_BOUND, "split_point is not between 0 and 1")
        } else if self.k != 0 && !(self.d..=largest_k).contains(&self.k) {
            (Code::PARAMETER_OUT_OF_BOUND, "k is below d or above the size of the dictionary")
        } else if self.f > LARGEST_F {
            (Code::PARAMETER_OUT_OF_BOUND, "f is above 26")
        } else if self.steps > MOST_STEPS {
            (Code::PARAMETER_OUT_OF_BOUND, "steps is above 2000")
        } else if self.accel > 10 {
            (Code::PARAMETER_OUT_OF_BOUND, "accel is above 10")
        } else {
            return Ok(());
        };
        Err(Error::told(Status::InvalidArgument, wrong.0, wrong.1))
    }

    /// The same, checked for a batch that trains its own dictionary, and with the `d` of one.
    pub(crate) fn of_batch(&self) -> Result<Self> {
        const THREADS: Error =
            Error::new(Status::InvalidArgument, "a batch trains its dictionary on the calling thread alone");
        let all = Self { d: if self.d == 0 { 8 } else { self.d }, ..self.clone() };
        all.validate()?;
        if matches!(self.threads, 0 | 1) { Ok(all) } else { Err(THREADS) }
    }

    /// The same with what suits `count` items of `bytes` in all where it is 0, or `None` when a dictionary would be as large
    /// as they are.
    pub(crate) fn for_items(&self, count: usize, bytes: usize, level: i32) -> Option<Self> {
        const SMALLEST: usize = SMALLEST_DICT_SIZE as usize;
        let or = |given: u32, default: u32| if given == 0 { default } else { given };
        let dict_size = match self.dict_size {
            // A tenth of the items needs a third of the dictionary: what it holds is what recurs most.
            0 => bytes.isqrt().saturating_mul(16).clamp(SMALLEST, DEFAULT_DICT_SIZE),
            given => given.min(bytes),
        };
        if dict_size < SMALLEST || dict_size >= bytes && self.dict_size == 0 {
            return None;
        }
        // Segments of a dictionary that are much smaller than an item lose what belongs together; larger ones bring along
        // what does not recur.
        let k = u32::try_from(2 * (bytes / count)).unwrap_or(u32::MAX).clamp(64, 512);
        let most = u32::try_from(dict_size).unwrap_or(u32::MAX);
        Some(Self {
            dict_size,
            k: or(self.k, if self.steps == 0 { k } else { 0 }).min(most),
            f: or(self.f, 16),
            accel: or(self.accel, 2),
            level: if self.level == 0 { level } else { self.level },
            ..self.clone()
        })
    }

    fn dict_size(&self) -> usize {
        if self.dict_size == 0 { DEFAULT_DICT_SIZE } else { self.dict_size }
    }

    fn training(&self) -> Training {
        let threads = match self.threads {
            0 => 1,
            threads => workers::wanted(threads, u64::MAX).min(workers::cpus()),
        };
        Training {
            k: self.k,
            d: self.d,
            f: self.f,
            steps: self.steps,
            threads: u32::try_from(threads).unwrap_or(1),
            split_point: self.split_point,
            accel: self.accel,
            shrink: self.shrink,
            level: self.level,
            notifications: self.notifications,
            dict_id: self.dict_id,
        }
    }
}

/// The samples back to back, as libzstd wants them, and their sizes.
fn joined<I: Items + ?Sized>(samples: &I) -> Result<(Vec<u8>, Vec<usize>)> {
    const TOO_LARGE: Error =
        Error::new(Status::InvalidArgument, "the samples are too large").about(Subject::Entry("sample"));
    let mut size = 0usize;
    for index in 0..samples.len() {
        size = size.checked_add(samples.get(index).len()).ok_or(TOO_LARGE.with_item(index))?;
    }
    let (mut bytes, mut sizes) = (memory::reserved(size)?, memory::reserved(samples.len())?);
    for index in 0..samples.len() {
        let sample = samples.get(index);
        bytes.extend_from_slice(sample);
        sizes.push(sample.len());
    }
    Ok((bytes, sizes))
}
