//! Every call into libzstd, and nothing else: owned contexts and digested dictionaries with safe methods. What to do with
//! them is decided elsewhere.
#![expect(unsafe_code, reason = "this is the border to libzstd; every call is made here")]

use std::ffi::{CStr, c_void};
use std::ptr::{self, NonNull};
use std::sync::Arc;
use zstd_sys as sys;

pub(crate) use sys::ZSTD_cParameter as Parameter;

pub(crate) const MAGICLESS: Parameter = Parameter::ZSTD_c_experimentalParam2;
pub(crate) const FORCE_MAX_WINDOW: Parameter = Parameter::ZSTD_c_experimentalParam3;

/// An error of libzstd, by its `ZSTD_ErrorCode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Code(u16);

impl Code {
    pub(crate) const GENERIC: Self = Self(1);
    pub(crate) const PREFIX_UNKNOWN: Self = Self(10);
    pub(crate) const VERSION_UNSUPPORTED: Self = Self(12);
    pub(crate) const FRAME_PARAMETER_UNSUPPORTED: Self = Self(14);
    pub(crate) const WINDOW_TOO_LARGE: Self = Self(16);
    pub(crate) const CORRUPTION_DETECTED: Self = Self(20);
    pub(crate) const CHECKSUM_WRONG: Self = Self(22);
    pub(crate) const LITERALS_HEADER_WRONG: Self = Self(24);
    pub(crate) const DICTIONARY_CORRUPTED: Self = Self(30);
    pub(crate) const DICTIONARY_WRONG: Self = Self(32);
    pub(crate) const DICTIONARY_CREATION_FAILED: Self = Self(34);
    pub(crate) const PARAMETER_UNSUPPORTED: Self = Self(40);
    pub(crate) const PARAMETER_COMBINATION_UNSUPPORTED: Self = Self(41);
    pub(crate) const PARAMETER_OUT_OF_BOUND: Self = Self(42);
    pub(crate) const MEMORY_ALLOCATION: Self = Self(64);
    pub(crate) const DST_SIZE_TOO_SMALL: Self = Self(70);
    pub(crate) const SRC_SIZE_WRONG: Self = Self(72);

    pub(crate) fn number(self) -> i32 {
        self.0.into()
    }

    /// libzstd's own sentence for it.
    pub(crate) fn text(self) -> &'static str {
        zstd_error_message(self.number()).to_str().unwrap_or("unknown error")
    }
}

/// libzstd's own sentence for an error code (a `ZSTD_ErrorCode`).
pub fn zstd_error_message(code: i32) -> &'static CStr {
    let last = sys::ZSTD_ErrorCode::ZSTD_error_maxCode;
    let text = match usize::try_from(code) {
        // SAFETY: takes a number, returns a static NUL-terminated string for any.
        Ok(code) if code < last as usize => unsafe { sys::ZSTD_getErrorName(code.wrapping_neg()) },
        // SAFETY: as above; this one is no error's.
        _ => unsafe { sys::ZSTD_getErrorString(last) },
    };
    // SAFETY: as above.
    unsafe { CStr::from_ptr(text) }
}

type Result<T> = std::result::Result<T, Code>;

/// libzstd returns errors as the negated code in a `size_t`.
fn check(result: usize) -> Result<usize> {
    match u16::try_from(result.wrapping_neg()) {
        Ok(code) if code != 0 && i32::from(code) < sys::ZSTD_ErrorCode::ZSTD_error_maxCode as i32 => Err(Code(code)),
        _ => Ok(result),
    }
}

/// The version of the libzstd inside: 10507 is 1.5.7.
pub fn zstd_version() -> u32 {
    // SAFETY: takes nothing.
    unsafe { sys::ZSTD_versionNumber() }
}

/// The most bytes that the frame of `size` bytes of content can have; `None` when libzstd cannot hold that much.
pub fn compress_bound(size: usize) -> Option<usize> {
    // SAFETY: takes a number.
    check(unsafe { sys::ZSTD_compressBound(size) }).ok()
}

/// The seven numbers that libzstd chooses for a level, a size of content (0: unknown) and a size of dictionary (0: none).
pub(crate) fn level_parameters(level: i32, source_size: u64, dict_size: usize) -> [(Parameter, i32); 7] {
    // SAFETY: takes numbers.
    let chosen = unsafe { sys::ZSTD_getCParams(level, source_size, dict_size) };
    let int = |value: u32| i32::try_from(value).unwrap_or(i32::MAX);
    [
        (Parameter::ZSTD_c_windowLog, int(chosen.windowLog)),
        (Parameter::ZSTD_c_chainLog, int(chosen.chainLog)),
        (Parameter::ZSTD_c_hashLog, int(chosen.hashLog)),
        (Parameter::ZSTD_c_searchLog, int(chosen.searchLog)),
        (Parameter::ZSTD_c_minMatch, int(chosen.minMatch)),
        (Parameter::ZSTD_c_targetLength, int(chosen.targetLength)),
        (Parameter::ZSTD_c_strategy, chosen.strategy as i32),
    ]
}

/// A set of compression parameters, for questions about them that need no context.
pub(crate) struct ParameterSet(NonNull<sys::ZSTD_CCtx_params>);

impl ParameterSet {
    pub(crate) fn new() -> Result<Self> {
        // SAFETY: takes nothing; NULL means that there is no memory.
        let raw = unsafe { sys::ZSTD_createCCtxParams() };
        NonNull::new(raw).map(Self).ok_or(Code::MEMORY_ALLOCATION)
    }

    pub(crate) fn set(&mut self, parameter: Parameter, value: i32) -> Result<()> {
        // SAFETY: the parameters are ours and live.
        check(unsafe { sys::ZSTD_CCtxParams_setParameter(self.0.as_ptr(), parameter, value) }).map(drop)
    }

    pub(crate) fn get(&self, parameter: Parameter) -> Result<i32> {
        let mut value = 0;
        // SAFETY: the parameters are ours and live; libzstd writes one number.
        check(unsafe { sys::ZSTD_CCtxParams_getParameter(self.0.as_ptr(), parameter, &mut value) })?;
        Ok(value)
    }

    /// Bytes that a context with these parameters takes, for content of any size.
    pub(crate) fn context_size(&self) -> Result<usize> {
        // SAFETY: the parameters are ours and live.
        check(unsafe { sys::ZSTD_estimateCCtxSize_usingCCtxParams(self.0.as_ptr()) })
    }
}

impl Drop for ParameterSet {
    fn drop(&mut self) {
        // SAFETY: the parameters are ours, and freed once.
        unsafe { sys::ZSTD_freeCCtxParams(self.0.as_ptr()) };
    }
}

/// How libzstd is to take the bytes of a dictionary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    Auto,
    Raw,
    Full,
}

impl Content {
    fn raw(self) -> sys::ZSTD_dictContentType_e {
        match self {
            Self::Auto => sys::ZSTD_dictContentType_e::ZSTD_dct_auto,
            Self::Raw => sys::ZSTD_dictContentType_e::ZSTD_dct_rawContent,
            Self::Full => sys::ZSTD_dictContentType_e::ZSTD_dct_fullDict,
        }
    }
}

/// The bytes of a dictionary, shared by whatever refers to them.
pub(crate) type DictBytes = Arc<Vec<u8>>;

/// The ID in a trained dictionary, or 0.
pub(crate) fn dict_id(dict: &[u8]) -> u32 {
    // SAFETY: reads 'dict.len()' bytes at most.
    unsafe { sys::ZSTD_getDictID_fromDict(dict.as_ptr().cast(), dict.len()) }
}

/// A dictionary digested for compression. libzstd reads it from any number of threads.
pub(crate) struct CompressionDictionary {
    raw: NonNull<sys::ZSTD_CDict>,
    _bytes: DictBytes,
}

// SAFETY: a CDict is never written after its creation (zstd.h, "ZSTD_createCDict").
unsafe impl Send for CompressionDictionary {}
// SAFETY: as above.
unsafe impl Sync for CompressionDictionary {}

impl CompressionDictionary {
    /// What `ZSTD_createCDict()` makes for a level; `Content::Auto` is implied.
    pub(crate) fn for_level(bytes: &DictBytes, level: i32) -> Option<Self> {
        // SAFETY: the bytes are kept alive and unchanged by '_bytes'.
        let raw = unsafe { sys::ZSTD_createCDict_byReference(bytes.as_ptr().cast(), bytes.len(), level) };
        Some(Self { raw: NonNull::new(raw)?, _bytes: Arc::clone(bytes) })
    }

    /// What `ZSTD_createCDict_advanced()` makes for a set of parameters, the rest as libzstd chooses for dictionaries.
    pub(crate) fn for_parameters(bytes: &DictBytes, content: Content, parameters: &ParameterSet) -> Option<Self> {
        // SAFETY: the bytes are kept alive and unchanged by '_bytes', the parameters are live, and all-NULL customMem is
        // libzstd's default memory.
        let raw = unsafe {
            sys::ZSTD_createCDict_advanced2(
                bytes.as_ptr().cast(),
                bytes.len(),
                sys::ZSTD_dictLoadMethod_e::ZSTD_dlm_byRef,
                content.raw(),
                parameters.0.as_ptr(),
                DEFAULT_MEMORY,
            )
        };
        Some(Self { raw: NonNull::new(raw)?, _bytes: Arc::clone(bytes) })
    }

    pub(crate) fn size(&self) -> usize {
        // SAFETY: the dictionary is ours and live.
        unsafe { sys::ZSTD_sizeof_CDict(self.raw.as_ptr()) }
    }
}

impl Drop for CompressionDictionary {
    fn drop(&mut self) {
        // SAFETY: the dictionary is ours, and freed once; contexts that refer to it hold an Arc of it.
        unsafe { sys::ZSTD_freeCDict(self.raw.as_ptr()) };
    }
}

const DEFAULT_MEMORY: sys::ZSTD_customMem =
    sys::ZSTD_customMem { customAlloc: None, customFree: None, opaque: ptr::null_mut() };

/// A dictionary digested for decompression. libzstd reads it from any number of threads.
pub(crate) struct DecompressionDictionary {
    raw: NonNull<sys::ZSTD_DDict>,
    _bytes: DictBytes,
}

// SAFETY: a DDict is never written after its creation (zstd.h, "ZSTD_createDDict").
unsafe impl Send for DecompressionDictionary {}
// SAFETY: as above.
unsafe impl Sync for DecompressionDictionary {}

impl DecompressionDictionary {
    pub(crate) fn new(bytes: &DictBytes, content: Content) -> Option<Self> {
        // SAFETY: the bytes are kept alive and unchanged by '_bytes'; all-NULL customMem is libzstd's default memory.
        let raw = unsafe {
            sys::ZSTD_createDDict_advanced(
                bytes.as_ptr().cast(),
                bytes.len(),
                sys::ZSTD_dictLoadMethod_e::ZSTD_dlm_byRef,
                content.raw(),
                DEFAULT_MEMORY,
            )
        };
        Some(Self { raw: NonNull::new(raw)?, _bytes: Arc::clone(bytes) })
    }

    pub(crate) fn size(&self) -> usize {
        // SAFETY: the dictionary is ours and live.
        unsafe { sys::ZSTD_sizeof_DDict(self.raw.as_ptr()) }
    }
}

impl Drop for DecompressionDictionary {
    fn drop(&mut self) {
        // SAFETY: the dictionary is ours, and freed once; contexts that refer to it hold an Arc of it.
        unsafe { sys::ZSTD_freeDDict(self.raw.as_ptr()) };
    }
}

/// What a compression context refers to and must outlive it.
enum Held {
    Nothing,
    Bytes { _bytes: DictBytes },
    Digested { _dict: Arc<CompressionDictionary> },
}

/// A compression context.
pub(crate) struct CompressionContext {
    raw: NonNull<sys::ZSTD_CCtx>,
    _held: Held,
}

// SAFETY: a context may move between threads; `&mut self` keeps it to one at a time.
unsafe impl Send for CompressionContext {}

impl CompressionContext {
    pub(crate) fn new() -> Result<Self> {
        // SAFETY: takes nothing; NULL means that there is no memory.
        let raw = unsafe { sys::ZSTD_createCCtx() };
        let raw = NonNull::new(raw).ok_or(Code::MEMORY_ALLOCATION)?;
        Ok(Self { raw, _held: Held::Nothing })
    }

    pub(crate) fn set(&mut self, parameter: Parameter, value: i32) -> Result<()> {
        // SAFETY: the context is ours and live.
        check(unsafe { sys::ZSTD_CCtx_setParameter(self.raw.as_ptr(), parameter, value) }).map(drop)
    }

    /// Loads a dictionary by reference; the first frame digests it, for the rest of the context's life.
    pub(crate) fn load_dictionary(&mut self, bytes: &DictBytes, content: Content) -> Result<()> {
        // SAFETY: the context is ours and live; '_held' keeps the bytes alive and unchanged for as long.
        let loaded = unsafe {
            sys::ZSTD_CCtx_loadDictionary_advanced(
                self.raw.as_ptr(),
                bytes.as_ptr().cast(),
                bytes.len(),
                sys::ZSTD_dictLoadMethod_e::ZSTD_dlm_byRef,
                content.raw(),
            )
        };
        check(loaded)?;
        self._held = Held::Bytes { _bytes: Arc::clone(bytes) };
        Ok(())
    }

    pub(crate) fn refer_to(&mut self, dict: &Arc<CompressionDictionary>) -> Result<()> {
        // SAFETY: the context is ours and live; '_held' keeps the dictionary alive for as long.
        check(unsafe { sys::ZSTD_CCtx_refCDict(self.raw.as_ptr(), dict.raw.as_ptr()) })?;
        self._held = Held::Digested { _dict: Arc::clone(dict) };
        Ok(())
    }

    /// Compresses `src` to one frame at the start of `dst` and returns the frame's size.
    pub(crate) fn compress(&mut self, src: &[u8], dst: &mut [u8]) -> Result<usize> {
        let (to, room) = (dst.as_mut_ptr().cast::<c_void>(), dst.len());
        // SAFETY: the context is ours; libzstd reads 'src' and writes within 'dst', which do not overlap.
        let size = unsafe { sys::ZSTD_compress2(self.raw.as_ptr(), to, room, src.as_ptr().cast(), src.len()) };
        check(size).inspect_err(|_| {
            // SAFETY: the context is ours and live; parameters and dictionary stay.
            unsafe { sys::ZSTD_CCtx_reset(self.raw.as_ptr(), sys::ZSTD_ResetDirective::ZSTD_reset_session_only) };
        })
    }

    pub(crate) fn size(&self) -> usize {
        // SAFETY: the context is ours and live.
        unsafe { sys::ZSTD_sizeof_CCtx(self.raw.as_ptr()) }
    }
}

impl Drop for CompressionContext {
    fn drop(&mut self) {
        // SAFETY: the context is ours, and freed once.
        unsafe { sys::ZSTD_freeCCtx(self.raw.as_ptr()) };
    }
}

/// A decompression context.
pub(crate) struct DecompressionContext {
    raw: NonNull<sys::ZSTD_DCtx>,
    _dict: Option<Arc<DecompressionDictionary>>,
}

// SAFETY: a context may move between threads; `&mut self` keeps it to one at a time.
unsafe impl Send for DecompressionContext {}

impl DecompressionContext {
    /// A context for frames with or without the magic number. It refuses no window: headers are checked before it is asked.
    pub(crate) fn new(magicless: bool, dict: Option<&Arc<DecompressionDictionary>>) -> Result<Self> {
        // SAFETY: takes nothing; NULL means that there is no memory.
        let raw = unsafe { sys::ZSTD_createDCtx() };
        let raw = NonNull::new(raw).ok_or(Code::MEMORY_ALLOCATION)?;
        let context = Self { raw, _dict: dict.cloned() };
        let window_log_max = if cfg!(target_pointer_width = "32") { 30 } else { 31 };
        context.set(sys::ZSTD_dParameter::ZSTD_d_windowLogMax, window_log_max)?;
        context.set(sys::ZSTD_dParameter::ZSTD_d_experimentalParam1, magicless.into())?;
        if let Some(dict) = dict {
            // SAFETY: the context is ours and live; '_dict' keeps the dictionary alive for as long.
            check(unsafe { sys::ZSTD_DCtx_refDDict(context.raw.as_ptr(), dict.raw.as_ptr()) })?;
        }
        Ok(context)
    }

    fn set(&self, parameter: sys::ZSTD_dParameter, value: i32) -> Result<()> {
        // SAFETY: the context is ours and live.
        check(unsafe { sys::ZSTD_DCtx_setParameter(self.raw.as_ptr(), parameter, value) }).map(drop)
    }

    fn reset(&mut self) {
        // SAFETY: the context is ours and live; parameters and dictionary stay.
        unsafe { sys::ZSTD_DCtx_reset(self.raw.as_ptr(), sys::ZSTD_ResetDirective::ZSTD_reset_session_only) };
    }

    /// Decompresses all frames in `src` to the start of `dst` and returns the size of their content.
    pub(crate) fn decompress(&mut self, src: &[u8], dst: &mut [u8]) -> Result<usize> {
        let (to, room) = (dst.as_mut_ptr().cast::<c_void>(), dst.len());
        // SAFETY: the context is ours; libzstd reads 'src' and writes within 'dst', which do not overlap.
        let size = unsafe { sys::ZSTD_decompressDCtx(self.raw.as_ptr(), to, room, src.as_ptr().cast(), src.len()) };
        check(size).inspect_err(|_| self.reset())
    }

    /// Begins a stream of frames, to be decoded by [`step`](Self::step).
    pub(crate) fn begin(&mut self) {
        self.reset();
    }

    /// Decodes as much of `src` as fits `dst`. Returns the bytes read, the bytes written, and whether a frame just ended.
    pub(crate) fn step(&mut self, src: &[u8], dst: &mut [u8]) -> Result<(usize, usize, bool)> {
        let mut input = sys::ZSTD_inBuffer { src: src.as_ptr().cast(), size: src.len(), pos: 0 };
        let mut output = sys::ZSTD_outBuffer { dst: dst.as_mut_ptr().cast(), size: dst.len(), pos: 0 };
        // SAFETY: the context is ours; libzstd reads within 'src' and writes within 'dst', which do not overlap.
        let hint = unsafe { sys::ZSTD_decompressStream(self.raw.as_ptr(), &mut output, &mut input) };
        let hint = check(hint).inspect_err(|_| self.reset())?;
        Ok((input.pos, output.pos, hint == 0))
    }

    pub(crate) fn size(&self) -> usize {
        // SAFETY: the context is ours and live.
        unsafe { sys::ZSTD_sizeof_DCtx(self.raw.as_ptr()) }
    }
}

impl Drop for DecompressionContext {
    fn drop(&mut self) {
        // SAFETY: the context is ours, and freed once.
        unsafe { sys::ZSTD_freeDCtx(self.raw.as_ptr()) };
    }
}

/// Bytes that a decompression context takes before it has streamed anything.
pub(crate) fn decompression_context_size() -> usize {
    // SAFETY: takes nothing.
    unsafe { sys::ZSTD_estimateDCtxSize() }
}

/// What the header of a frame says, as libzstd reads it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Header {
    /// `u64::MAX` when the frame does not record it; of a skippable frame, the bytes to skip.
    pub content_size: u64,
    pub window_size: u64,
    pub block_size_max: u64,
    pub dict_id: u32,
    pub header_size: u32,
    pub has_checksum: bool,
    pub is_skippable: bool,
}

/// Reads the header that `src` begins with; `None` when it is cut short.
pub(crate) fn frame_header(src: &[u8], magicless: bool) -> Result<Option<Header>> {
    let (raw, wanted) = read_header(src, magicless)?;
    if wanted > 0 {
        return Ok(None);
    }
    Ok(Some(Header {
        content_size: raw.frameContentSize,
        window_size: raw.windowSize,
        block_size_max: raw.blockSizeMax.into(),
        dict_id: raw.dictID,
        header_size: raw.headerSize,
        has_checksum: raw.checksumFlag != 0,
        is_skippable: raw.frameType == sys::ZSTD_FrameType_e::ZSTD_skippableFrame,
    }))
}

/// How many bytes of the frame that `src` begins are needed for its header, as far as `src` tells; 0 when they are there.
pub(crate) fn frame_header_wanted(src: &[u8], magicless: bool) -> Result<usize> {
    read_header(src, magicless).map(|(_, wanted)| wanted)
}

fn read_header(src: &[u8], magicless: bool) -> Result<(sys::ZSTD_FrameHeader, usize)> {
    let format = match magicless {
        false => sys::ZSTD_format_e::ZSTD_f_zstd1,
        true => sys::ZSTD_format_e::ZSTD_f_zstd1_magicless,
    };
    let mut raw = sys::ZSTD_FrameHeader {
        frameContentSize: 0,
        windowSize: 0,
        blockSizeMax: 0,
        frameType: sys::ZSTD_FrameType_e::ZSTD_frame,
        headerSize: 0,
        dictID: 0,
        checksumFlag: 0,
        _reserved1: 0,
        _reserved2: 0,
    };
    // SAFETY: libzstd reads within 'src' and writes 'raw'.
    let wanted = unsafe { sys::ZSTD_getFrameHeader_advanced(&mut raw, src.as_ptr().cast(), src.len(), format) };
    Ok((raw, check(wanted)?))
}

/// The size of the header of a frame, of which only the fifth byte is looked at; `None` when it is not there.
pub fn frame_header_size(frame: &[u8]) -> Option<usize> {
    // SAFETY: libzstd reads within 'frame'.
    check(unsafe { sys::ZSTD_frameHeaderSize(frame.as_ptr().cast(), frame.len()) }).ok()
}

/// The smallest and the largest value of a compression parameter.
pub(crate) fn bounds(parameter: Parameter) -> (i32, i32) {
    // SAFETY: takes a number.
    let bounds = unsafe { sys::ZSTD_cParam_getBounds(parameter) };
    (bounds.lowerBound, bounds.upperBound)
}

/// What libzstd recommends for the buffers of streams: in and out to compress, in and out to decompress.
pub(crate) fn stream_sizes() -> [usize; 4] {
    let ask: [unsafe extern "C" fn() -> usize; 4] =
        [sys::ZSTD_CStreamInSize, sys::ZSTD_CStreamOutSize, sys::ZSTD_DStreamInSize, sys::ZSTD_DStreamOutSize];
    // SAFETY: each takes nothing.
    ask.map(|size| unsafe { size() })
}

/// How `ZDICT_optimizeTrainFromBuffer_fastCover()` is to train, and on success what it chose for `k` and `d`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Training {
    pub k: u32,
    pub d: u32,
    pub f: u32,
    pub steps: u32,
    pub threads: u32,
    pub split_point: f64,
    pub accel: u32,
    pub shrink: u32,
    pub level: i32,
    pub notifications: u32,
    pub dict_id: u32,
}

/// Trains a dictionary into `dst` and returns its size. `samples` are the samples back to back, `sizes` their sizes.
pub(crate) fn train(samples: &[u8], sizes: &[usize], training: &mut Training, dst: &mut [u8]) -> Result<usize> {
    let count = sample_count(samples, sizes, training.split_point)?;
    let mut raw = training.raw();
    // SAFETY: libzstd reads 'count' sizes and as many bytes of samples as they add up to, and writes within 'dst'.
    let size = unsafe {
        sys::ZDICT_optimizeTrainFromBuffer_fastCover(
            dst.as_mut_ptr().cast(),
            dst.len(),
            samples.as_ptr().cast(),
            sizes.as_ptr(),
            count,
            &mut raw,
        )
    };
    let size = check(size)?;
    (training.k, training.d) = (raw.k, raw.d);
    Ok(size)
}

/// The same with the `k` and `d` that are given, and all samples: no search, and no test.
pub(crate) fn train_once(samples: &[u8], sizes: &[usize], training: &Training, dst: &mut [u8]) -> Result<usize> {
    let count = sample_count(samples, sizes, 1.0)?;
    // SAFETY: as above.
    check(unsafe {
        sys::ZDICT_trainFromBuffer_fastCover(
            dst.as_mut_ptr().cast(),
            dst.len(),
            samples.as_ptr().cast(),
            sizes.as_ptr(),
            count,
            training.raw(),
        )
    })
}

/// The number of samples, when libzstd can train on the share of them that it will. It refuses fewer than 8 bytes of all
/// samples, but takes 7 from the bytes of those that it trains on without a look: they must have 8 as well, lest it read
/// what lies behind them, or divide by 0.
fn sample_count(samples: &[u8], sizes: &[usize], split_point: f64) -> Result<u32> {
    assert_eq!(sizes.iter().sum::<usize>(), samples.len(), "libzstd reads what the sizes add up to");
    let count = u32::try_from(sizes.len()).map_err(|_| Code::SRC_SIZE_WRONG)?;
    let split_point = if split_point <= 0.0 { 0.75 } else { split_point };
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "from 0 to 'count', rounded as libzstd does"
    )]
    let trained_on = if split_point < 1.0 { (f64::from(count) * split_point) as usize } else { sizes.len() };
    let bytes: usize = sizes[..trained_on].iter().sum();
    if bytes < 8 { Err(Code::SRC_SIZE_WRONG) } else { Ok(count) }
}

impl Training {
    fn raw(&self) -> sys::ZDICT_fastCover_params_t {
        sys::ZDICT_fastCover_params_t {
            k: self.k,
            d: self.d,
            f: self.f,
            steps: self.steps,
            nbThreads: self.threads,
            splitPoint: self.split_point,
            accel: self.accel,
            shrinkDict: u32::from(self.shrink > 0),
            shrinkDictMaxRegression: self.shrink,
            zParams: sys::ZDICT_params_t {
                compressionLevel: self.level,
                notificationLevel: self.notifications,
                dictID: self.dict_id,
            },
        }
    }
}
