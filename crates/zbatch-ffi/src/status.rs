//! Statuses and errors

use std::ffi::c_char;

use zbatch::{Error, Status};

use crate::border::Call;
use crate::constants;

/// How a call, or one item of it, ended: ZBATCH_OK, ZBATCH_PARTIAL or one of
/// the negative ZBATCH_ERROR_ values below.  A value never changes its meaning
/// and is never used again; new ones may be added, so treat an unknown negative
/// value as an error.
pub type zbatch_status = i32;

/// Success.
pub const ZBATCH_OK: zbatch_status = 0;

/// At least one item failed, perhaps all: the good ones are delivered, the
/// others are empty, and 'item_status' says which is which.  Only a call that
/// was given an 'item_status' array returns it, and it is never the status of
/// an item.
pub const ZBATCH_PARTIAL: zbatch_status = 1;

/// The caller's mistake: a NULL, misaligned or out-of-bounds argument.
pub const ZBATCH_ERROR_INVALID_ARGUMENT: zbatch_status = -1;
/// An index is not below the length, or a segment lies outside its buffer.
pub const ZBATCH_ERROR_OUT_OF_RANGE: zbatch_status = -2;
/// A newer option than this version knows, or a frame format it does not read.
pub const ZBATCH_ERROR_UNSUPPORTED: zbatch_status = -3;
/// Memory ran out.  The handles remain usable.
pub const ZBATCH_ERROR_NO_MEMORY: zbatch_status = -4;
/// The caller's memory is too small for the result.
pub const ZBATCH_ERROR_DST_TOO_SMALL: zbatch_status = -5;
/// The result, or the frame's window, would exceed a limit of the decompressor.
pub const ZBATCH_ERROR_LIMIT: zbatch_status = -6;
/// zbatch_control_cancel() was called before the work was done.
pub const ZBATCH_ERROR_CANCELLED: zbatch_status = -7;
/// Another thread is inside a call on this handle.  Reserved for streams.
pub const ZBATCH_ERROR_BUSY: zbatch_status = -8;
/// A bug inside zbatch, caught.  Please report it.
pub const ZBATCH_ERROR_INTERNAL: zbatch_status = -9;
/// The item does not begin with a frame of the decompressor's format.
pub const ZBATCH_ERROR_NOT_A_FRAME: zbatch_status = -20;
/// The frame is damaged, or declares what its bytes cannot hold.
pub const ZBATCH_ERROR_CORRUPT: zbatch_status = -21;
/// The item ends in the middle of a frame, or has no bytes at all.
pub const ZBATCH_ERROR_TRUNCATED: zbatch_status = -22;
/// Bytes that are not a frame follow the last frame.
pub const ZBATCH_ERROR_EXTRA_DATA: zbatch_status = -23;
/// The checksum does not match, or is required and missing.
pub const ZBATCH_ERROR_CHECKSUM: zbatch_status = -24;
/// The content does not have the size that the caller gave for it.
pub const ZBATCH_ERROR_SIZE_MISMATCH: zbatch_status = -25;

/// The frame needs a dictionary with another ID than the decompressor's, or it
/// needs one and the decompressor has none.  zbatch_frame_info() tells the ID.
/// A frame that records no ID cannot tell: a wrong dictionary makes it
/// ZBATCH_ERROR_CORRUPT or wrong bytes, so give such frames a checksum.
pub const ZBATCH_ERROR_DICT_MISMATCH: zbatch_status = -26;

/// The bytes are not a dictionary.
pub const ZBATCH_ERROR_BAD_DICT: zbatch_status = -27;
/// The samples are too few or too small to train a dictionary on.
pub const ZBATCH_ERROR_BAD_SAMPLES: zbatch_status = -28;

/// The 'item' of a zbatch_error that is not about one item.
pub const ZBATCH_NO_ITEM: u64 = u64::MAX;

/// What went wrong, in memory of the caller, who need not initialise or free
/// it.  It is filled when the status is not ZBATCH_OK, else left alone.  The
/// layout never changes.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct zbatch_error {
    /// Index of the lowest item that failed, or ZBATCH_NO_ITEM.
    pub item: u64,
    /// The status of that item, or of the call when 'item' is ZBATCH_NO_ITEM.
    /// Never ZBATCH_PARTIAL.
    pub status: zbatch_status,
    /// libzstd's error code when it had one, else 0.
    pub zstd_error: i32,
    /// errno when the system had one, else 0.
    pub os_error: i32,
    /// 0.
    pub reserved: i32,
    /// A sentence for people, in UTF-8, NUL-terminated; it names the item.
    pub message: [c_char; 232],
}

/// zbatch_status_name() returns the name of a status as it stands in this
/// header, "ZBATCH_ERROR_CORRUPT", or "unknown status".  Static; never NULL.
#[unsafe(no_mangle)]
pub extern "C" fn zbatch_status_name(status: zbatch_status) -> *const c_char {
    let name = match status {
        ZBATCH_OK => c"ZBATCH_OK",
        ZBATCH_PARTIAL => c"ZBATCH_PARTIAL",
        ZBATCH_ERROR_INVALID_ARGUMENT => c"ZBATCH_ERROR_INVALID_ARGUMENT",
        ZBATCH_ERROR_OUT_OF_RANGE => c"ZBATCH_ERROR_OUT_OF_RANGE",
        ZBATCH_ERROR_UNSUPPORTED => c"ZBATCH_ERROR_UNSUPPORTED",
        ZBATCH_ERROR_NO_MEMORY => c"ZBATCH_ERROR_NO_MEMORY",
        ZBATCH_ERROR_DST_TOO_SMALL => c"ZBATCH_ERROR_DST_TOO_SMALL",
        ZBATCH_ERROR_LIMIT => c"ZBATCH_ERROR_LIMIT",
        ZBATCH_ERROR_CANCELLED => c"ZBATCH_ERROR_CANCELLED",
        ZBATCH_ERROR_BUSY => c"ZBATCH_ERROR_BUSY",
        ZBATCH_ERROR_INTERNAL => c"ZBATCH_ERROR_INTERNAL",
        ZBATCH_ERROR_NOT_A_FRAME => c"ZBATCH_ERROR_NOT_A_FRAME",
        ZBATCH_ERROR_CORRUPT => c"ZBATCH_ERROR_CORRUPT",
        ZBATCH_ERROR_TRUNCATED => c"ZBATCH_ERROR_TRUNCATED",
        ZBATCH_ERROR_EXTRA_DATA => c"ZBATCH_ERROR_EXTRA_DATA",
        ZBATCH_ERROR_CHECKSUM => c"ZBATCH_ERROR_CHECKSUM",
        ZBATCH_ERROR_SIZE_MISMATCH => c"ZBATCH_ERROR_SIZE_MISMATCH",
        ZBATCH_ERROR_DICT_MISMATCH => c"ZBATCH_ERROR_DICT_MISMATCH",
        ZBATCH_ERROR_BAD_DICT => c"ZBATCH_ERROR_BAD_DICT",
        ZBATCH_ERROR_BAD_SAMPLES => c"ZBATCH_ERROR_BAD_SAMPLES",
        _ => c"unknown status",
    };
    name.as_ptr()
}

/// zbatch_status_message() returns a sentence for people about a status, "the
/// frame is damaged": for the statuses of items, which have no zbatch_error.
/// Static; never NULL.
#[unsafe(no_mangle)]
pub extern "C" fn zbatch_status_message(status: zbatch_status) -> *const c_char {
    let message = match status {
        ZBATCH_OK => c"success",
        ZBATCH_PARTIAL => c"at least one item failed",
        ZBATCH_ERROR_INVALID_ARGUMENT => c"an argument is NULL, misaligned or out of bounds",
        ZBATCH_ERROR_OUT_OF_RANGE => c"an index is not below the length, or a segment lies outside its buffer",
        ZBATCH_ERROR_UNSUPPORTED => c"this version does not know such an option or format",
        ZBATCH_ERROR_NO_MEMORY => c"memory ran out",
        ZBATCH_ERROR_DST_TOO_SMALL => c"the destination is too small for the result",
        ZBATCH_ERROR_LIMIT => c"the result, or the window of the frame, exceeds a limit of the decompressor",
        ZBATCH_ERROR_CANCELLED => c"cancelled before the work was done",
        ZBATCH_ERROR_BUSY => c"another thread is inside a call on this handle",
        ZBATCH_ERROR_INTERNAL => c"a fault inside zbatch, please report it",
        ZBATCH_ERROR_NOT_A_FRAME => c"the item does not begin with a frame",
        ZBATCH_ERROR_CORRUPT => c"the frame is damaged",
        ZBATCH_ERROR_TRUNCATED => c"the item ends in the middle of a frame",
        ZBATCH_ERROR_EXTRA_DATA => c"bytes that are not a frame follow the last frame",
        ZBATCH_ERROR_CHECKSUM => c"the checksum does not match, or is required and missing",
        ZBATCH_ERROR_SIZE_MISMATCH => c"the content does not have the size that was given for it",
        ZBATCH_ERROR_DICT_MISMATCH => c"the frame needs another dictionary",
        ZBATCH_ERROR_BAD_DICT => c"the bytes are not a dictionary",
        ZBATCH_ERROR_BAD_SAMPLES => c"the samples are too few or too small to train a dictionary on",
        _ => c"unknown status",
    };
    message.as_ptr()
}

/// zbatch_zstd_error_message() returns libzstd's own text for the 'zstd_error'
/// of a zbatch_error.  Static; never NULL.
#[unsafe(no_mangle)]
pub extern "C" fn zbatch_zstd_error_message(zstd_error: i32) -> *const c_char {
    zbatch::zstd_error_message(zstd_error).as_ptr()
}

/// zbatch_constant() looks up a number of this header by name, for languages
/// that see the library's symbols but not its header: the value of any ZBATCH_
/// constant, or "sizeof(T)" for any struct T.  Unsigned values above INT64_MAX
/// arrive as negative numbers.
///
/// Of zstd.h it knows, as the libzstd inside has them: ZSTD_MAGICNUMBER,
/// ZSTD_BLOCKSIZELOG_MAX, ZSTD_BLOCKSIZE_MAX, ZSTD_CONTENTSIZE_ERROR, the _MIN
/// and _MAX of ZSTD_WINDOWLOG, HASHLOG, CHAINLOG, SEARCHLOG, MINMATCH,
/// TARGETLENGTH, LDM_MINMATCH and LDM_BUCKETSIZELOG, the three parts of
/// ZSTD_VERSION, and the answers of ZSTD_CStreamInSize, ZSTD_CStreamOutSize,
/// ZSTD_DStreamInSize and ZSTD_DStreamOutSize.
///
/// Errors: ZBATCH_ERROR_UNSUPPORTED, this version has nothing of that name.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zbatch_constant(
    name: *const c_char,
    out: *mut i64,
    error: *mut zbatch_error,
) -> zbatch_status {
    // SAFETY: ARRAYS and OUTPUTS; 'name' is a C string.
    let call = unsafe { Call::new() };
    call.write(out, error, || constants::value(call.text(name)?.to_bytes()).ok_or(UNKNOWN_NAME))
}

const UNKNOWN_NAME: Error = Error::new(Status::Unsupported, "this version of zbatch has no constant of that name");

/// The core's status of a number that [`Call::guard`] made from one.
pub(crate) fn from_code(status: zbatch_status) -> Status {
    ALL.into_iter().find(|&known| known as zbatch_status == status).unwrap_or(Status::Internal)
}

const ALL: [Status; 19] = [
    Status::Ok,
    Status::InvalidArgument,
    Status::OutOfRange,
    Status::Unsupported,
    Status::NoMemory,
    Status::DstTooSmall,
    Status::Limit,
    Status::Cancelled,
    Status::Busy,
    Status::Internal,
    Status::NotAFrame,
    Status::Corrupt,
    Status::Truncated,
    Status::ExtraData,
    Status::Checksum,
    Status::SizeMismatch,
    Status::DictMismatch,
    Status::BadDict,
    Status::BadSamples,
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::CStr;

    fn name(status: zbatch_status) -> &'static str {
        // SAFETY: "Static; never NULL."
        unsafe { CStr::from_ptr(zbatch_status_name(status)) }.to_str().unwrap()
    }

    #[test]
    fn a_status_of_the_core_has_the_number_and_name_of_the_header() {
        for status in ALL {
            let code = status as zbatch_status;
            let named = name(code);
            assert_eq!(constants::value(named.as_bytes()), Some(i64::from(code)), "{named}");
            let said = named.trim_start_matches("ZBATCH_").trim_start_matches("ERROR_");
            assert_eq!(said.replace('_', ""), format!("{status:?}").to_uppercase());
            assert_eq!(from_code(code), status);
        }
        assert_eq!(name(-1000), "unknown status");
    }
}
