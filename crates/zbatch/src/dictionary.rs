//! Dictionaries: bytes, and what was digested of them. A digestion for a level is made once and shared by every compressor
//! of that level; nothing that another thread may be waiting for is ever made under a lock, so a fork at any moment leaves
//! the child able to go on.

use crate::error::{Error, Result, Status, Subject};
use crate::items::Items;
use crate::libzstd::{self, Code, CompressionDictionary, Content, DecompressionDictionary, DictBytes, Training};
use crate::params::CompressionParameters;
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
    digested: Option<Arc<CompressionDictionary>>,
    for_decompression: Arc<DecompressionDictionary>,
    /// Digestions by level, as compressors asked for them.
    by_level: Mutex<Vec<(i32, Arc<CompressionDictionary>)>>,
}

/// Bytes that a trained dictionary begins with.
const MAGIC: [u8; 4] = [0x37, 0xa4, 0x30, 0xec];
const BAD_DICT: Error = Error::new(Status::BadDict, "the bytes are not a dictionary");

impl Dictionary {
    /// Makes a dictionary from a copy of `data`.
    pub fn new(data: &[u8], kind: DictType) -> Result<Self> {
        let mut bytes = Vec::new();
        bytes.try_reserve_exact(data.len()).map_err(|_| Error::no_memory())?;
        bytes.extend_from_slice(data);
        Self::of(bytes, kind, 0, 0)
    }

    fn of(bytes: Vec<u8>, kind: DictType, k: u32, d: u32) -> Result<Self> {
        let trained = bytes.len() >= 8 && bytes.starts_with(&MAGIC);
        if kind == DictType::FullDict && !trained {
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
        const TOO_FEW: &str = "the samples are too few or too small to train a dictionary on";
        parameters.validate()?;
        let (joined, sizes) = joined(samples)?;
        let mut training = parameters.training();
        let size = if parameters.dict_size == 0 { DEFAULT_DICT_SIZE } else { parameters.dict_size };
        let mut bytes = Vec::new();
        bytes.try_reserve_exact(size).map_err(|_| Error::no_memory())?;
        bytes.resize(size, 0);
        let size = libzstd::train(&joined, &sizes, &mut training, &mut bytes).map_err(|code| match code {
            Code::SRC_SIZE_WRONG | Code::GENERIC => Error::told(Status::BadSamples, code, TOO_FEW),
            Code::DST_SIZE_TOO_SMALL => Error::from(code).as_status(Status::InvalidArgument),
            code => code.into(),
        })?;
        bytes.truncate(size);
        bytes.shrink_to_fit();
        Self::of(bytes, DictType::FullDict, training.k, training.d)
    }

    /// Digests the dictionary once for all compressors to come: the peer's `precompute_compress`. Compressors made with the
    /// result use this digestion, and its level or parameters win over their own. With only a level, the parameters are
    /// zstd's for that level and this dictionary; explicit ones are taken as they are, the rest as for the level, or as zstd
    /// chooses when the level is 0.
    pub fn digest(&self, parameters: &CompressionParameters) -> Result<Self> {
        parameters.validate()?;
        let shared = &self.shared;
        let explicit = parameters.explicit();
        let mut chosen = libzstd::level_parameters(parameters.level, 0, shared.bytes.len()).map(|(_, value)| value);
        for (place, given) in chosen.iter_mut().zip(explicit).filter(|(_, given)| *given != 0) {
            *place = given;
        }
        let digested =
            CompressionDictionary::for_parameters(&shared.bytes, shared.kind.content(), chosen).ok_or(BAD_DICT)?;
        Ok(Self {
            shared: Arc::new(Shared {
                bytes: Arc::clone(&shared.bytes),
                digested: Some(Arc::new(digested)),
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
        let digested = shared.digested.as_ref().map_or(0, |dict| dict.size());
        let levels = shared.by_level.try_lock().map_or(0, |all| all.iter().map(|(_, dict)| dict.size()).sum());
        shared.bytes.len() + shared.for_decompression.size() + digested + levels
    }

    pub(crate) fn bytes(&self) -> &DictBytes {
        &self.shared.bytes
    }

    pub(crate) fn content(&self) -> Content {
        self.shared.kind.content()
    }

    pub(crate) fn digested(&self) -> Option<&Arc<CompressionDictionary>> {
        self.shared.digested.as_ref()
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
        let made = Arc::new(CompressionDictionary::for_level(&shared.bytes, level).ok_or(BAD_DICT)?);
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
    /// Log2 of the size of the frequency table, up to 31. 0 means 20.
    pub f: u32,
    /// Number of values of `k` to try. 0 means 40.
    pub steps: u32,
    /// 1, most accurate, to 10, fastest. 0 means 1.
    pub accel: u32,
    /// Accept a smaller dictionary whose result is at most this many percent larger. 0 always takes the best.
    pub shrink: u32,
    /// Compression level to train for. 0 means 3.
    pub level: i32,
    /// The dictionary's ID. 0 picks one from the content.
    pub dict_id: u32,
    /// Threads, as in [`RunOptions`](crate::RunOptions). The dictionary does not depend on them.
    pub threads: i32,
    /// Messages of zstd on standard error: 0, none, to 4, all.
    pub notifications: u32,
}

const DEFAULT_DICT_SIZE: usize = 112_640;
const SMALLEST_DICT_SIZE: usize = 256;

impl TrainParameters {
    /// What libzstd would answer with an error that does not name the parameter.
    fn validate(&self) -> Result<()> {
        let wrong = if !matches!(self.d, 0 | 6 | 8) {
            (Code::GENERIC, "d is not 6 or 8")
        } else if self.dict_size != 0 && self.dict_size < SMALLEST_DICT_SIZE {
            (Code::DST_SIZE_TOO_SMALL, "the dictionary is to have fewer than 256 bytes")
        } else if !(0.0..=1.0).contains(&self.split_point) {
            (Code::PARAMETER_OUT_OF_BOUND, "split_point is not between 0 and 1")
        } else {
            return Ok(());
        };
        Err(Error::told(Status::InvalidArgument, wrong.0, wrong.1))
    }

    fn training(&self) -> Training {
        let threads = workers::wanted(self.threads, u64::MAX);
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
    let (mut bytes, mut sizes) = (Vec::new(), Vec::new());
    bytes.try_reserve_exact(size).map_err(|_| Error::no_memory())?;
    sizes.try_reserve_exact(samples.len()).map_err(|_| Error::no_memory())?;
    for index in 0..samples.len() {
        let sample = samples.get(index);
        bytes.extend_from_slice(sample);
        sizes.push(sample.len());
    }
    Ok((bytes, sizes))
}
