//! How things are compressed, decompressed and run: plain structs whose default is zstd's, and the one place where they are
//! turned into libzstd's parameters.

use crate::control::{Control, Stats};
use crate::error::{Error, Result, Status};
use crate::libzstd::{self, Parameter, ParameterSet};
use crate::workers;

/// The fastest level.
pub const LEVEL_MIN: i32 = -131_072;
/// The level that 0 stands for.
pub const LEVEL_DEFAULT: i32 = 3;
/// The strongest level.
pub const LEVEL_MAX: i32 = 22;

/// The form of a frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// Ordinary frames, with their magic number.
    #[default]
    Zstd1,
    /// Frames without the magic number, four bytes shorter.
    Zstd1Magicless,
}

/// How a compressor compresses: python-zstandard's `ZstdCompressionParameters`. Names and ranges are zstd's, and 0 is the
/// default everywhere: the choice of the level, or of zstd itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CompressionParameters {
    /// [`LEVEL_MIN`], fastest, to [`LEVEL_MAX`], strongest.
    pub level: i32,
    /// The form of the frames.
    pub format: Format,
    /// End each frame with a checksum of its content.
    pub write_checksum: bool,
    /// Do not record the size of the content.
    pub omit_content_size: bool,
    /// Do not record the dictionary's ID.
    pub omit_dict_id: bool,
    /// Log2 of the largest distance of a match, 10 to 31 (30 on 32 bits).
    pub window_log: i32,
    /// Log2 of the size of the first table, 6 to 30.
    pub hash_log: i32,
    /// Log2 of the size of the search table, 6 to 30 (29 on 32 bits).
    pub chain_log: i32,
    /// Log2 of the number of searches, 1 to 30.
    pub search_log: i32,
    /// Length of the shortest match, 3 to 7.
    pub min_match: i32,
    /// A match of this length is good enough, up to 131072.
    pub target_length: i32,
    /// The match finder: 1, fastest, to 9, strongest.
    pub strategy: i32,
    /// Keep matches within the window also where they reach into the dictionary.
    pub force_max_window: bool,
    /// Long-distance matching: 1 on, 2 off.
    pub enable_ldm: i32,
    /// Log2 of the size of its table, 6 to 30.
    pub ldm_hash_log: i32,
    /// Length of its shortest match, 4 to 4096.
    pub ldm_min_match: i32,
    /// Log2 of the size of its buckets, 1 to 8.
    pub ldm_bucket_size_log: i32,
    /// Log2 of how rarely it looks up, 0 to 25. Above the log of the window, libzstd takes its largest table, 8 GiB, unless
    /// `ldm_hash_log` is set.
    pub ldm_hash_rate_log: i32,
    /// Threads of zstd's own inside each frame. Negative: one for every CPU that this process may use.
    pub workers: i32,
    /// Bytes that each of those takes at a time.
    pub job_size: i32,
    /// How much of the window it reloads: 1, nothing, to 9, all.
    pub overlap_log: i32,
    /// Bytes that a compressed block should have, 1340 to 131072.
    pub target_block_size: i32,
    /// Bytes of content that a frame has at most, [`MAX_FRAME_SIZE_MIN`] or more. A larger item becomes several frames back to
    /// back, each of this much content but the last, which the threads of a batch share. 0: one frame for each item.
    pub max_frame_size: usize,
}

/// The least [`max_frame_size`](CompressionParameters::max_frame_size): smaller frames would cost bytes and gain no time.
pub const MAX_FRAME_SIZE_MIN: usize = 1 << 20;

impl CompressionParameters {
    /// The parameters of a level and otherwise the defaults.
    pub fn with_level(level: i32) -> Self {
        Self { level, ..Self::default() }
    }

    /// What zstd chooses for `level`, content of `source_size` bytes (0 if unknown) and a dictionary of `dict_size` bytes (0
    /// if none), written out from `window_log` to `strategy`.
    pub fn from_level(level: i32, source_size: u64, dict_size: u64) -> Result<Self> {
        let mut parameters = Self::with_level(level);
        parameters.validate()?;
        let dict_size = usize::try_from(dict_size).unwrap_or(usize::MAX);
        let chosen = libzstd::level_parameters(level, source_size, dict_size);
        for (place, (_, value)) in parameters.explicit_mut().into_iter().zip(chosen) {
            *place = value;
        }
        Ok(parameters)
    }

    /// Checks every value against zstd's own bounds.
    pub fn validate(&self) -> Result<()> {
        self.parameter_set().map(drop)
    }

    /// What zstd makes of values that it bends instead of refusing: a level, `workers`, `job_size` or `overlap_log` out of
    /// range becomes the nearest that is possible, as does a `target_block_size` below it, and level 0 becomes
    /// [`LEVEL_DEFAULT`]. Every other value out of range is an error.
    pub fn clamped(&self) -> Result<Self> {
        use Parameter as P;
        let set = self.bent_set()?;
        Ok(Self {
            level: set.get(P::ZSTD_c_compressionLevel)?,
            workers: set.get(P::ZSTD_c_nbWorkers)?,
            job_size: set.get(P::ZSTD_c_jobSize)?,
            overlap_log: set.get(P::ZSTD_c_overlapLog)?,
            target_block_size: set.get(P::ZSTD_c_targetCBlockSize)?,
            ..self.clone()
        })
    }

    /// Bytes that one thread needs to compress, an estimate from above for content of any size.
    pub fn estimate_memory(&self) -> Result<usize> {
        if self.workers != 0 {
            return Err(Error::new(
                Status::Unsupported,
                "zstd cannot estimate the memory of contexts with workers of its own",
            ));
        }
        let mut set = self.parameter_set()?;
        if self.enable_ldm == 1 {
            // libzstd 1.5.7 divides by some of these, and forgets others, before it fills in its own defaults.
            for (parameter, value) in self.long_distance_defaults() {
                set.set(parameter, value)?;
            }
        }
        Ok(set.context_size()?)
    }

    /// What libzstd makes of the knobs of long-distance matching that are 0, for content of any size (libzstd 1.5.7,
    /// `ZSTD_ldm_adjustParameters`).
    fn long_distance_defaults(&self) -> [(Parameter, i32); 4] {
        const WINDOW_LOG: i32 = 27;
        let or = |given: i32, default: i32| if given == 0 { default } else { given };
        let strategy = or(self.strategy, libzstd::level_parameters(self.level, 0, 0)[6].1);
        let window = or(self.window_log, WINDOW_LOG);
        let rate = match (self.ldm_hash_rate_log, self.ldm_hash_log) {
            (0, 0) => 7 - strategy / 3,
            (0, hash) => (window - hash).max(0),
            (rate, _) => rate,
        };
        // Its subtraction is unsigned: a rate above the window asks for the largest table.
        let table = if rate > window { 30 } else { (window - rate).clamp(6, 30) };
        let hash = or(self.ldm_hash_log, table);
        [
            (Parameter::ZSTD_c_ldmHashRateLog, rate),
            (Parameter::ZSTD_c_ldmHashLog, hash),
            (Parameter::ZSTD_c_ldmMinMatch, or(self.ldm_min_match, if strategy >= 8 { 32 } else { 64 })),
            (Parameter::ZSTD_c_ldmBucketSizeLog, or(self.ldm_bucket_size_log, strategy.clamp(4, 8)).min(hash)),
        ]
    }

    fn parameter_set(&self) -> Result<ParameterSet> {
        if !(LEVEL_MIN..=LEVEL_MAX).contains(&self.level) {
            return Err(Error::new(Status::InvalidArgument, "the level is not between -131072 and 22"));
        }
        self.bent_set()
    }

    /// The parameters as zstd takes them, a level out of range too.
    fn bent_set(&self) -> Result<ParameterSet> {
        if (1..MAX_FRAME_SIZE_MIN).contains(&self.max_frame_size) {
            return Err(Error::new(Status::InvalidArgument, "'max_frame_size' is neither 0 nor at least 1048576"));
        }
        let mut set = ParameterSet::new()?;
        for (parameter, value) in self.settings() {
            set.set(parameter, value).map_err(|code| Error::from(code).with_field(field_of(parameter)))?;
        }
        Ok(set)
    }

    /// The level and the parameters from `window_log` to `strategy` alone.
    pub(crate) fn matching_set(&self) -> Result<ParameterSet> {
        let Self { level, window_log, hash_log, chain_log, search_log, min_match, target_length, strategy, .. } = *self;
        let default = Self::default();
        Self { level, window_log, hash_log, chain_log, search_log, min_match, target_length, strategy, ..default }
            .parameter_set()
    }

    fn worker_count(&self) -> i32 {
        if self.workers < 0 { i32::try_from(workers::cpus()).unwrap_or(i32::MAX) } else { self.workers }
    }

    /// The parameters from `window_log` to `strategy`, in the order of [`libzstd::level_parameters`].
    pub(crate) fn explicit(&self) -> [i32; 7] {
        let Self { window_log, chain_log, hash_log, search_log, min_match, target_length, strategy, .. } = *self;
        [window_log, chain_log, hash_log, search_log, min_match, target_length, strategy]
    }

    fn explicit_mut(&mut self) -> [&mut i32; 7] {
        let Self { window_log, chain_log, hash_log, search_log, min_match, target_length, strategy, .. } = self;
        [window_log, chain_log, hash_log, search_log, min_match, target_length, strategy]
    }

    /// Whether the level alone, with flags and long-distance matching, decides how matches are found.
    pub(crate) fn is_plain_level(&self) -> bool {
        self.explicit() == [0; 7] && !self.force_max_window && self.workers == 0 && self.target_block_size == 0
    }

    /// The most content that one frame may have, and how many frames an item of `size` bytes becomes.
    pub(crate) fn frames(&self, size: usize) -> (usize, usize) {
        match self.max_frame_size {
            most if most != 0 && size > most => (most, size.div_ceil(most)),
            _ => (size, 1),
        }
    }

    /// What to set in a context, defaults left out.
    pub(crate) fn settings(&self) -> impl Iterator<Item = (Parameter, i32)> {
        use Parameter as P;
        let explicit = self.explicit();
        [
            (P::ZSTD_c_compressionLevel, self.level),
            (P::ZSTD_c_windowLog, explicit[0]),
            (P::ZSTD_c_chainLog, explicit[1]),
            (P::ZSTD_c_hashLog, explicit[2]),
            (P::ZSTD_c_searchLog, explicit[3]),
            (P::ZSTD_c_minMatch, explicit[4]),
            (P::ZSTD_c_targetLength, explicit[5]),
            (P::ZSTD_c_strategy, explicit[6]),
            (P::ZSTD_c_targetCBlockSize, self.target_block_size),
            (P::ZSTD_c_enableLongDistanceMatching, self.enable_ldm),
            (P::ZSTD_c_ldmHashLog, self.ldm_hash_log),
            (P::ZSTD_c_ldmMinMatch, self.ldm_min_match),
            (P::ZSTD_c_ldmBucketSizeLog, self.ldm_bucket_size_log),
            (P::ZSTD_c_ldmHashRateLog, self.ldm_hash_rate_log),
            (P::ZSTD_c_nbWorkers, self.worker_count()),
            (P::ZSTD_c_jobSize, self.job_size),
            (P::ZSTD_c_overlapLog, self.overlap_log),
            (libzstd::MAGICLESS, (self.format == Format::Zstd1Magicless).into()),
            (libzstd::FORCE_MAX_WINDOW, self.force_max_window.into()),
            (P::ZSTD_c_checksumFlag, self.write_checksum.into()),
        ]
        .into_iter()
        .filter(|&(_, value)| value != 0)
        .chain(self.omit_content_size.then_some((P::ZSTD_c_contentSizeFlag, 0)))
        .chain(self.omit_dict_id.then_some((P::ZSTD_c_dictIDFlag, 0)))
    }
}

/// The field that a parameter is set by, of those that zstd can refuse.
fn field_of(parameter: Parameter) -> &'static str {
    use Parameter as P;
    match parameter {
        P::ZSTD_c_windowLog => "window_log",
        P::ZSTD_c_chainLog => "chain_log",
        P::ZSTD_c_hashLog => "hash_log",
        P::ZSTD_c_searchLog => "search_log",
        P::ZSTD_c_minMatch => "min_match",
        P::ZSTD_c_targetLength => "target_length",
        P::ZSTD_c_strategy => "strategy",
        P::ZSTD_c_targetCBlockSize => "target_block_size",
        P::ZSTD_c_enableLongDistanceMatching => "enable_ldm",
        P::ZSTD_c_ldmHashLog => "ldm_hash_log",
        P::ZSTD_c_ldmMinMatch => "ldm_min_match",
        P::ZSTD_c_ldmBucketSizeLog => "ldm_bucket_size_log",
        P::ZSTD_c_ldmHashRateLog => "ldm_hash_rate_log",
        P::ZSTD_c_nbWorkers => "workers",
        P::ZSTD_c_jobSize => "job_size",
        P::ZSTD_c_overlapLog => "overlap_log",
        _ => "level",
    }
}

/// How a decompressor decompresses, and what it refuses. Limits hold for every call and are checked before memory is taken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DecompressionParameters {
    /// The form of the frames.
    pub format: Format,
    /// An item is its first frame. Otherwise it is all of its frames, joined, and skippable frames count for nothing.
    pub single_frame: bool,
    /// Ignore bytes after the last frame. Otherwise they are an error.
    pub allow_extra_data: bool,
    /// Refuse frames without a checksum. One that is there is verified in any case.
    pub require_checksum: bool,
    /// Largest window of a frame, in bytes. 0 means 128 MiB.
    pub max_window_size: usize,
    /// Most bytes that one item may become. 0 means no limit.
    pub max_item_size: usize,
    /// Most bytes that an item may become whose frames do not all record their size. 0 means no limit beside that of any item.
    pub max_unsized_item_size: usize,
    /// Most bytes that one batch may become. 0 means no limit.
    pub max_total_size: usize,
}

impl DecompressionParameters {
    const DEFAULT_WINDOW: u64 = 128 << 20;

    /// Bytes that one thread needs to decompress, beside the window of a frame whose content is of unknown size and large.
    pub fn estimate_memory(&self) -> usize {
        libzstd::decompression_context_size()
    }

    pub(crate) fn window_limit(&self) -> u64 {
        if self.max_window_size == 0 { Self::DEFAULT_WINDOW } else { self.max_window_size as u64 }
    }

    /// Lowers the limit of items that do not record their size to `limit`; 0 leaves it alone.
    pub fn limit_unsized_items(&mut self, limit: usize) {
        self.max_unsized_item_size = lower(self.max_unsized_item_size, limit);
    }

    /// The limit of one item; `u64::MAX` also when that of the batch is met first.
    pub(crate) fn item_limit(&self) -> u64 {
        self.before_total(self.max_item_size)
    }

    /// The same for one whose frames do not all record their size.
    pub(crate) fn unsized_item_limit(&self) -> u64 {
        self.before_total(lower(self.max_item_size, self.max_unsized_item_size))
    }

    fn before_total(&self, limit: usize) -> u64 {
        let limit = limit as u64;
        if limit == 0 || limit > self.total_limit() { u64::MAX } else { limit }
    }

    pub(crate) fn total_limit(&self) -> u64 {
        if self.max_total_size == 0 { u64::MAX } else { self.max_total_size as u64 }
    }
}

/// The lower of two limits, of which 0 is none.
fn lower(a: usize, b: usize) -> usize {
    if a == 0 || b == 0 { a.max(b) } else { a.min(b) }
}

/// How one batch call runs.
#[derive(Clone, Copy, Debug, Default)]
pub struct RunOptions<'a> {
    /// Threads that may work, the calling one among them. 0: zbatch chooses, and a small batch stays on the calling thread.
    /// 1: the calling thread alone. n: at most n. Negative: one for every CPU that this process may use, by its affinity and
    /// its cgroup's quota at its first batch.
    pub threads: i32,
    /// Decompress and compare every frame just made.
    pub verify: bool,
    /// Where to report progress and look for a cancel.
    pub control: Option<&'a Control>,
    /// Where to add up what was done.
    pub stats: Option<&'a Stats>,
}

impl RunOptions<'_> {
    /// The defaults with a number of threads.
    pub fn with_threads(threads: i32) -> Self {
        Self { threads, ..Self::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_out_of_bounds_are_refused() {
        for level in [LEVEL_MIN - 1, LEVEL_MAX + 1] {
            assert_eq!(
                CompressionParameters::with_level(level).validate().unwrap_err().status(),
                Status::InvalidArgument
            );
        }
        let parameters = CompressionParameters { window_log: 9, ..Default::default() };
        let error = parameters.validate().unwrap_err();
        assert_eq!(error.status(), Status::InvalidArgument);
        assert!(error.to_string().starts_with("'window_log': "), "{error}");
        assert_eq!(CompressionParameters::default().validate(), Ok(()));
        for (max_frame_size, good) in [(1, false), (MAX_FRAME_SIZE_MIN - 1, false), (MAX_FRAME_SIZE_MIN, true)] {
            let parameters = CompressionParameters { max_frame_size, ..Default::default() };
            assert_eq!((parameters.validate().is_ok(), parameters.clamped().is_ok()), (good, good));
        }
    }

    #[test]
    fn zstd_bends_some_values_and_refuses_the_others() {
        let bent = |given: CompressionParameters| given.clamped().unwrap();
        assert_eq!(bent(CompressionParameters::default()), CompressionParameters::with_level(LEVEL_DEFAULT));
        assert_eq!(bent(CompressionParameters::with_level(100)).level, LEVEL_MAX);
        assert_eq!(bent(CompressionParameters::with_level(i32::MIN)).level, LEVEL_MIN);
        let kept = CompressionParameters { level: -7, window_log: 20, write_checksum: true, ..Default::default() };
        assert_eq!(bent(kept.clone()), kept);
        let odd = CompressionParameters {
            workers: 1 << 20,
            job_size: 1,
            overlap_log: 100,
            target_block_size: 1,
            ..CompressionParameters::with_level(1)
        };
        let CompressionParameters { workers, job_size, overlap_log, target_block_size, .. } = bent(odd);
        assert_eq!((workers, job_size, overlap_log, target_block_size), (256, 512 << 10, 9, 1340));
        let every_cpu = bent(CompressionParameters { workers: -1, ..Default::default() }).workers;
        assert_eq!(usize::try_from(every_cpu), Ok(workers::cpus()));
        let refused = CompressionParameters { level: 100, window_log: 9, ..Default::default() };
        assert_eq!(
            refused.clamped().unwrap_err(),
            CompressionParameters { level: 1, ..refused }.validate().unwrap_err()
        );
    }

    #[test]
    fn memory_is_estimated_with_long_distance_matching_too() {
        let plain = CompressionParameters::default().estimate_memory().unwrap();
        let ldm =
            CompressionParameters { enable_ldm: 1, window_log: 24, ..Default::default() }.estimate_memory().unwrap();
        assert!(ldm > plain && plain > 1 << 20, "{plain} {ldm}");
        let often = CompressionParameters { enable_ldm: 1, ldm_hash_rate_log: 1, ..Default::default() };
        assert!(often.estimate_memory().unwrap() > 512 << 20);
    }
}
