//! The numbers of zstd.h by name, for interfaces that show them: what they are is asked of the libzstd inside, and written
//! down nowhere.

use crate::libzstd::{self, Parameter as P};
use zstd_sys as sys;

/// The value of a constant of zstd.h, or what a function returns that takes nothing, by its name there: those that
/// python-zstandard shows.
pub fn zstd_constant(name: &str) -> Option<i64> {
    let [compress_in, compress_out, decompress_in, decompress_out] = libzstd::stream_sizes();
    let number = |n: usize| i64::try_from(n).ok();
    match name {
        "ZSTD_MAGICNUMBER" => Some(sys::ZSTD_MAGICNUMBER.into()),
        "ZSTD_BLOCKSIZELOG_MAX" => Some(sys::ZSTD_BLOCKSIZELOG_MAX.into()),
        "ZSTD_BLOCKSIZE_MAX" => Some(sys::ZSTD_BLOCKSIZE_MAX.into()),
        "ZSTD_CONTENTSIZE_ERROR" => Some(sys::ZSTD_CONTENTSIZE_ERROR.into()),
        "ZSTD_VERSION_MAJOR" => Some(sys::ZSTD_VERSION_MAJOR.into()),
        "ZSTD_VERSION_MINOR" => Some(sys::ZSTD_VERSION_MINOR.into()),
        "ZSTD_VERSION_RELEASE" => Some(sys::ZSTD_VERSION_RELEASE.into()),
        "ZSTD_CStreamInSize" => number(compress_in),
        "ZSTD_CStreamOutSize" => number(compress_out),
        "ZSTD_DStreamInSize" => number(decompress_in),
        "ZSTD_DStreamOutSize" => number(decompress_out),
        _ => bound(name.strip_prefix("ZSTD_")?).map(i64::from),
    }
}

/// `WINDOWLOG_MIN` and the like.
fn bound(name: &str) -> Option<i32> {
    let (name, end) = name.rsplit_once('_')?;
    let parameter = match name {
        "WINDOWLOG" => P::ZSTD_c_windowLog,
        "HASHLOG" => P::ZSTD_c_hashLog,
        "CHAINLOG" => P::ZSTD_c_chainLog,
        "SEARCHLOG" => P::ZSTD_c_searchLog,
        "MINMATCH" => P::ZSTD_c_minMatch,
        "TARGETLENGTH" => P::ZSTD_c_targetLength,
        "LDM_MINMATCH" => P::ZSTD_c_ldmMinMatch,
        "LDM_BUCKETSIZELOG" => P::ZSTD_c_ldmBucketSizeLog,
        _ => return None,
    };
    let (smallest, largest) = libzstd::bounds(parameter);
    match end {
        "MIN" => Some(smallest),
        "MAX" => Some(largest),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_those_of_zstd_h() {
        let known = [
            ("ZSTD_MAGICNUMBER", 0xfd2f_b528),
            ("ZSTD_BLOCKSIZE_MAX", 128 << 10),
            ("ZSTD_CONTENTSIZE_ERROR", -2),
            ("ZSTD_WINDOWLOG_MIN", 10),
            ("ZSTD_TARGETLENGTH_MIN", 0),
            ("ZSTD_TARGETLENGTH_MAX", 128 << 10),
            ("ZSTD_LDM_MINMATCH_MAX", 4096),
            ("ZSTD_CStreamOutSize", 131_591),
        ];
        for (name, value) in known {
            assert_eq!(zstd_constant(name), Some(value), "{name}");
        }
        for name in ["", "ZSTD_", "ZSTD_WINDOWLOG", "ZSTD_WINDOWLOG_MEAN", "WINDOWLOG_MIN", "ZBATCH_OK"] {
            assert_eq!(zstd_constant(name), None, "{name}");
        }
    }
}
