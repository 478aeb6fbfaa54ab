//! The numbers of the header by name, for languages that do not read it.

use crate::arrow::{ArrowArray, ArrowSchema};
use crate::bytes::{zbatch_segment, zbatch_span, zbatch_view};
use crate::compress::*;
use crate::decompress::{ZBATCH_CONTENTSIZE_UNKNOWN, zbatch_decompressor_options, zbatch_frame};
use crate::dict::*;
use crate::method::zbatch_methods;
use crate::objects::{zbatch_object_batch, zbatch_object_layout};
use crate::run::{ZBATCH_RUN_VERIFY, zbatch_run_options, zbatch_run_stats};
use crate::status::*;
use crate::version::*;

/// The value of a constant, or the size of a struct.
pub(crate) fn value(name: &[u8]) -> Option<i64> {
    let ours = CONSTANTS.iter().chain(SIZES).find(|(known, _)| known.as_bytes() == name).map(|&(_, n)| n);
    ours.or_else(|| zbatch::zstd_constant(std::str::from_utf8(name).ok()?))
}

macro_rules! constants {
    ($($name:ident)*) => { &[$((stringify!($name), $name as i64)),*] };
}

macro_rules! sizes {
    ($($name:ident)*) => {
        &[$((concat!("sizeof(", stringify!($name), ")"), size_of::<$name>() as i64)),*]
    };
}

const CONSTANTS: &[(&str, i64)] = constants! {
    ZBATCH_VERSION_MAJOR ZBATCH_VERSION_MINOR ZBATCH_VERSION_PATCH ZBATCH_VERSION
    ZBATCH_OK ZBATCH_PARTIAL
    ZBATCH_ERROR_INVALID_ARGUMENT ZBATCH_ERROR_OUT_OF_RANGE ZBATCH_ERROR_UNSUPPORTED
    ZBATCH_ERROR_NO_MEMORY ZBATCH_ERROR_DST_TOO_SMALL ZBATCH_ERROR_LIMIT
    ZBATCH_ERROR_CANCELLED ZBATCH_ERROR_BUSY ZBATCH_ERROR_INTERNAL
    ZBATCH_ERROR_NOT_A_FRAME ZBATCH_ERROR_CORRUPT ZBATCH_ERROR_TRUNCATED
    ZBATCH_ERROR_EXTRA_DATA ZBATCH_ERROR_CHECKSUM ZBATCH_ERROR_SIZE_MISMATCH
    ZBATCH_ERROR_DICT_MISMATCH ZBATCH_ERROR_BAD_DICT ZBATCH_ERROR_BAD_SAMPLES
    ZBATCH_NO_ITEM
    ZBATCH_RUN_VERIFY
    ZBATCH_DICT_TYPE_AUTO ZBATCH_DICT_TYPE_RAWCONTENT ZBATCH_DICT_TYPE_FULLDICT
    ZBATCH_FORMAT_ZSTD1 ZBATCH_FORMAT_ZSTD1_MAGICLESS
    ZBATCH_LEVEL_MIN ZBATCH_LEVEL_DEFAULT ZBATCH_LEVEL_MAX
    ZBATCH_MAX_FRAME_SIZE_MIN
    ZBATCH_STRATEGY_FAST ZBATCH_STRATEGY_DFAST ZBATCH_STRATEGY_GREEDY ZBATCH_STRATEGY_LAZY
    ZBATCH_STRATEGY_LAZY2 ZBATCH_STRATEGY_BTLAZY2 ZBATCH_STRATEGY_BTOPT
    ZBATCH_STRATEGY_BTULTRA ZBATCH_STRATEGY_BTULTRA2
    ZBATCH_CONTENTSIZE_UNKNOWN
};

const SIZES: &[(&str, i64)] = sizes! {
    zbatch_error zbatch_view zbatch_span zbatch_segment
    zbatch_run_stats zbatch_run_options
    zbatch_dict_train_options zbatch_compressor_options zbatch_decompressor_options
    zbatch_frame zbatch_object_layout zbatch_object_batch zbatch_methods
    ArrowArray ArrowSchema
};

#[cfg(test)]
mod tests {
    use super::value;

    const HEADER: &str = include_str!("../../../include/zbatch.h");

    #[test]
    fn every_constant_of_the_header_is_answered() {
        let mut seen = 0;
        for line in HEADER.lines() {
            let Some((name, number)) = line.strip_prefix("#define ").and_then(|line| line.split_once(' ')) else {
                continue;
            };
            let expected = match number.trim_matches(['(', ')']) {
                "UINT64_MAX" => -1,
                number => match number.parse() {
                    Ok(number) => number,
                    Err(_) => continue,
                },
            };
            assert_eq!(value(name.as_bytes()), Some(expected), "{name}");
            seen += 1;
        }
        assert_eq!(seen, super::CONSTANTS.len());
    }

    #[test]
    fn every_struct_of_the_header_is_answered() {
        let structs = HEADER.lines().filter_map(|line| line.strip_prefix("} ")?.strip_suffix(';'));
        for name in structs {
            assert!(value(format!("sizeof({name})").as_bytes()).is_some(), "{name}");
        }
        assert_eq!(value(b"sizeof(zbatch_error)"), Some(256));
        assert_eq!(value(b"ZBATCH_"), None);
        assert_eq!(value(b"ZSTD_WINDOWLOG_MIN"), Some(10));
        assert_eq!(value(b"\xff"), None);
    }
}
