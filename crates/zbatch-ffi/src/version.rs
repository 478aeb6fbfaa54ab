//! The library

use std::ffi::c_char;

/// First part of the version of this header.
pub const ZBATCH_VERSION_MAJOR: u32 = 0;
/// Second part of the version.
pub const ZBATCH_VERSION_MINOR: u32 = 1;
/// Third part of the version.
pub const ZBATCH_VERSION_PATCH: u32 = 0;
/// The three in one number, for '#if': 10203 is 1.2.3.
pub const ZBATCH_VERSION: u32 = 100;

const _: () = assert!(
    ZBATCH_VERSION == ZBATCH_VERSION_MAJOR * 10000 + ZBATCH_VERSION_MINOR * 100 + ZBATCH_VERSION_PATCH,
    "ZBATCH_VERSION is not made of its parts"
);

/// zbatch_version() returns the version of the library that is running, in the
/// form of ZBATCH_VERSION.
#[unsafe(no_mangle)]
pub extern "C" fn zbatch_version() -> u32 {
    ZBATCH_VERSION
}

/// zbatch_version_string() returns the same as text, "0.1.0".  Static; never
/// NULL.
#[unsafe(no_mangle)]
pub extern "C" fn zbatch_version_string() -> *const c_char {
    concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()
}

/// zbatch_zstd_version() returns the version of the libzstd inside, as zstd
/// writes it: 10507 is 1.5.7.
#[unsafe(no_mangle)]
pub extern "C" fn zbatch_zstd_version() -> u32 {
    zbatch::zstd_version()
}

/// zbatch_retained_size() returns the number of bytes of freed results that
/// the library keeps for the next ones: 64 MiB at most.
#[unsafe(no_mangle)]
pub extern "C" fn zbatch_retained_size() -> usize {
    zbatch::retained_size()
}

/// zbatch_release_retained() gives those bytes back to the system.
#[unsafe(no_mangle)]
pub extern "C" fn zbatch_release_retained() {
    zbatch::release_retained();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_has_the_version_of_the_package() {
        let parts = [ZBATCH_VERSION_MAJOR, ZBATCH_VERSION_MINOR, ZBATCH_VERSION_PATCH];
        assert_eq!(parts.map(|part| part.to_string()).join("."), env!("CARGO_PKG_VERSION"));
    }
}
