//! Dictionaries

use std::ffi::c_void;

use zbatch::{DictType, Dictionary, Error, Status, TrainParameters};

use crate::border::{Call, Grows, answer, take_back};
use crate::bytes::zbatch_view;
use crate::status::{zbatch_error, zbatch_status};

/// A trained dictionary when the bytes begin like one, else raw content.
pub const ZBATCH_DICT_TYPE_AUTO: i32 = 0;
/// Any bytes: what the items are likely to contain.  It has no ID for frames to
/// record: with write_checksum they find out a wrong dictionary all the same.
pub const ZBATCH_DICT_TYPE_RAWCONTENT: i32 = 1;
/// A trained dictionary, with its ID and tables.
pub const ZBATCH_DICT_TYPE_FULLDICT: i32 = 2;

/// A dictionary: ZstdCompressionDict.  It is digested once per set of
/// parameters, and all compressors and decompressors made with it share that.
/// Immutable; any number of threads may use one.
pub struct zbatch_dict {
    pub(crate) core: Dictionary,
}

/// How zbatch_dict_train() trains.  All zero is the default; see STRUCTS THAT
/// GROW above.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct zbatch_dict_train_options {
    /// sizeof(zbatch_dict_train_options).
    pub struct_size: usize,
    /// Most bytes in the dictionary, 256 or more.  0 means 112640.
    pub dict_size: usize,
    /// Share of the samples to train on, above 0 and up to 1; the rest tests
    /// the parameters.  1 trains and tests on all.  0 means 0.75.
    pub split_point: f64,
    /// Segment size: 16 to 2048 is reasonable.  0 tries several, 50 to 2000.
    pub k: u32,
    /// Size of the fragments that are counted: 6 or 8.  0 tries both.
    pub d: u32,
    /// Log2 of the size of the frequency table, up to 26: training takes 10
    /// bytes for each element.  0 means 20.
    pub f: u32,
    /// About how many values of k to try where it is 0, up to 2000.  0 means 40.
    pub steps: u32,
    /// 1, most accurate, to 10, fastest.  0 means 1.
    pub accel: u32,
    /// Must be 0: zstd 1.5.7 has the parameter, to accept a smaller dictionary
    /// that is this many percent worse, but ignores it.
    pub shrink: u32,
    /// Compression level to train for, or the nearest one.  0 means 3.
    pub level: i32,
    /// The dictionary's ID.  0 picks one by the content.
    pub dict_id: u32,
    /// Threads of zstd's own, as in zbatch_run_options, but 0 is the calling
    /// thread alone: on several, chance decides between parameters that do
    /// equally well, so that the dictionary may differ from run to run.
    pub threads: i32,
    /// Messages of zstd on standard error: 0, none, to 4 or more, all.
    pub notifications: u32,
}

// SAFETY: numbers without padding, struct_size first.
unsafe impl Grows for zbatch_dict_train_options {}

impl zbatch_dict_train_options {
    pub(crate) fn to_core(self) -> TrainParameters {
        TrainParameters {
            dict_size: self.dict_size,
            split_point: self.split_point,
            k: self.k,
            d: self.d,
            f: self.f,
            steps: self.steps,
            accel: self.accel,
            shrink: self.shrink,
            level: self.level,
            dict_id: self.dict_id,
            threads: self.threads,
            notifications: self.notifications,
        }
    }
}

const UNKNOWN_TYPE: Error = Error::new(Status::Unsupported, "'dict_type' is none of the ZBATCH_DICT_TYPE_ constants");

/// zbatch_dict_new() makes a dictionary from a copy of the 'size' bytes at
/// 'data'.  'dict_type' is one of the ZBATCH_DICT_TYPE_ constants.  0 bytes are
/// no full dictionary, but else one of nothing, which changes no frame.
///
/// Errors: ZBATCH_ERROR_BAD_DICT, ZBATCH_ERROR_UNSUPPORTED.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zbatch_dict_new(
    data: *const c_void,
    size: usize,
    dict_type: i32,
    out: *mut *mut zbatch_dict,
    error: *mut zbatch_error,
) -> zbatch_status {
    // SAFETY: ARRAYS and OUTPUTS.
    let call = unsafe { Call::new() };
    call.hand_out(out, error, || {
        let kind = match dict_type {
            ZBATCH_DICT_TYPE_AUTO => DictType::Auto,
            ZBATCH_DICT_TYPE_RAWCONTENT => DictType::RawContent,
            ZBATCH_DICT_TYPE_FULLDICT => DictType::FullDict,
            _ => return Err(UNKNOWN_TYPE),
        };
        Ok(zbatch_dict { core: Dictionary::new(call.bytes(data, size)?, kind)? })
    })
}

/// zbatch_dict_train_options_init() sets the 'struct_size' bytes at 'options'
/// to the defaults.  Call it with sizeof(zbatch_dict_train_options).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zbatch_dict_train_options_init(options: *mut zbatch_dict_train_options, struct_size: usize) {
    // SAFETY: OUTPUTS: 'struct_size' bytes.
    unsafe { Call::new() }.init(options, struct_size);
}

/// zbatch_dict_train() trains a dictionary on 'count' samples: items like those
/// that it is for, a hundred times its size in all.  'options' may be NULL.
///
/// It runs to its end, and no control stops it.  By default it trains up to 82
/// times, with 41 values of k and both of d, and compresses samples each time to
/// compare: all of that takes longer the more bytes they have.  With 'k' and 'd'
/// set it trains once.
///
/// Errors: ZBATCH_ERROR_BAD_SAMPLES, ZBATCH_ERROR_UNSUPPORTED.  The samples to
/// train on must be 5 at least, and 8 bytes in all, and one must be left to test
/// unless 'split_point' is 1: by default 7 samples are the least.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zbatch_dict_train(
    samples: *const zbatch_view,
    count: usize,
    options: *const zbatch_dict_train_options,
    out: *mut *mut zbatch_dict,
    error: *mut zbatch_error,
) -> zbatch_status {
    // SAFETY: ARRAYS and OUTPUTS.
    let call = unsafe { Call::new() };
    call.hand_out(out, error, || {
        let params = call.options(options)?.to_core();
        Ok(zbatch_dict { core: Dictionary::train(&call.items(samples, count)?, &params)? })
    })
}

/// zbatch_dict_id() returns the dictionary's ID, or 0 when it has none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zbatch_dict_id(dict: *const zbatch_dict) -> u32 {
    // SAFETY: OWNERSHIP.
    unsafe { answer(dict, |dict| dict.core.id()) }
}

/// zbatch_dict_data() returns the dictionary's bytes, zbatch_dict_size() of
/// them: what to store for zbatch_dict_new().  What was digested of them is not
/// among them.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zbatch_dict_data(dict: *const zbatch_dict) -> *const c_void {
    // SAFETY: OWNERSHIP.
    unsafe { answer(dict, |dict| dict.core.data().as_ptr().cast()) }
}

/// zbatch_dict_size() returns the number of bytes in the dictionary.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zbatch_dict_size(dict: *const zbatch_dict) -> usize {
    // SAFETY: OWNERSHIP.
    unsafe { answer(dict, |dict| dict.core.data().len()) }
}

/// zbatch_dict_k() returns the segment size that training chose, or 0 when the
/// dictionary was not trained here.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zbatch_dict_k(dict: *const zbatch_dict) -> u32 {
    // SAFETY: OWNERSHIP.
    unsafe { answer(dict, |dict| dict.core.k()) }
}

/// zbatch_dict_d() returns the fragment size that training chose, or 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zbatch_dict_d(dict: *const zbatch_dict) -> u32 {
    // SAFETY: OWNERSHIP.
    unsafe { answer(dict, |dict| dict.core.d()) }
}

/// zbatch_dict_free() frees the handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zbatch_dict_free(dict: *mut zbatch_dict) {
    // SAFETY: OWNERSHIP.
    unsafe { take_back(dict) }
}
