//! What can go wrong, told without allocating: an error must also be possible when memory is what ran out.

use crate::libzstd::Code;
use std::fmt;

/// How a call, or one item of it, ended. The numbers are those of the C interface and never change.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// Success.
    Ok = 0,
    /// The caller's mistake.
    InvalidArgument = -1,
    /// An index is not below the length, or a segment lies outside its buffer.
    OutOfRange = -2,
    /// A newer option than this version knows, or a frame format it does not read.
    Unsupported = -3,
    /// Memory ran out. Everything remains usable.
    NoMemory = -4,
    /// The caller's memory is too small for the result.
    DstTooSmall = -5,
    /// The result, or the frame's window, would exceed a limit of the decompressor.
    Limit = -6,
    /// The work was cancelled before it was done.
    Cancelled = -7,
    /// Another thread is inside a call on this handle (streams only).
    Busy = -8,
    /// A bug inside zbatch.
    Internal = -9,
    /// The item does not begin with a frame of the decompressor's format.
    NotAFrame = -20,
    /// The frame is damaged, or declares what its bytes cannot hold.
    Corrupt = -21,
    /// The item ends in the middle of a frame.
    Truncated = -22,
    /// Bytes that are not a frame follow the last frame.
    ExtraData = -23,
    /// The checksum does not match, or is required and missing.
    Checksum = -24,
    /// The content does not have the size that the caller gave for it.
    SizeMismatch = -25,
    /// The frame needs another dictionary than the decompressor's.
    DictMismatch = -26,
    /// The bytes are not a dictionary.
    BadDict = -27,
    /// The samples are too few or too small to train a dictionary on.
    BadSamples = -28,
}

/// What an error is about; decides how its sentence begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    Call,
    Compressing,
    Decompressing,
    Entry(&'static str),
    Field(&'static str),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Why {
    Text(&'static str),
    Zstd(Code),
    Told(Code, &'static str),
    Size { got: u64, expected: u64 },
    Limit { what: &'static str, limit: u64 },
    Window { limit: u64 },
}

/// Why a call failed: a status, the item at fault where there is one, and a sentence for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Error {
    status: Status,
    subject: Subject,
    item: Option<usize>,
    why: Why,
}

/// The result of everything that can fail.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// An error of the whole call with a fixed sentence.
    pub const fn new(status: Status, message: &'static str) -> Self {
        Self { status, subject: Subject::Call, item: None, why: Why::Text(message) }
    }

    /// The same error, blamed on item `item`.
    #[must_use]
    pub const fn with_item(mut self, item: usize) -> Self {
        self.item = Some(item);
        self
    }

    /// The same error, blamed on a field of options.
    #[must_use]
    pub const fn with_field(self, name: &'static str) -> Self {
        self.about(Subject::Field(name))
    }

    pub(crate) const fn about(mut self, subject: Subject) -> Self {
        self.subject = subject;
        self
    }

    pub(crate) const fn size_mismatch(got: u64, expected: u64) -> Self {
        Self { why: Why::Size { got, expected }, ..Self::new(Status::SizeMismatch, "") }
    }

    pub(crate) const fn limit(what: &'static str, limit: u64) -> Self {
        Self { why: Why::Limit { what, limit }, ..Self::new(Status::Limit, "") }
    }

    pub(crate) const fn window(limit: u64) -> Self {
        Self { why: Why::Window { limit }, ..Self::new(Status::Limit, "") }
    }

    pub(crate) const fn no_memory() -> Self {
        Self::new(Status::NoMemory, "not enough memory")
    }

    pub(crate) const fn lengths_differ() -> Self {
        Self::new(Status::InvalidArgument, "an array does not have one entry for each item")
    }

    pub(crate) const fn cancelled() -> Self {
        Self::new(Status::Cancelled, "cancelled before the work was done")
    }

    /// The status of the call that returned this error.
    pub fn status(&self) -> Status {
        self.status
    }

    /// The lowest item (or segment, or sample) that failed, when one is at fault.
    pub fn item(&self) -> Option<usize> {
        self.item
    }

    /// libzstd's error code (a `ZSTD_ErrorCode`), or 0 when it had no part in this.
    pub fn zstd_code(&self) -> i32 {
        match self.why {
            Why::Zstd(code) | Why::Told(code, _) => code.number(),
            Why::Window { .. } => Code::WINDOW_TOO_LARGE.number(),
            _ => 0,
        }
    }

    /// The system's `errno`, or 0 when it had no part in this.
    pub fn os_code(&self) -> i32 {
        0
    }
}

/// libzstd's codes in the words of this crate; `zstd_errors.h` pins the numbers below 100.
impl From<Code> for Error {
    fn from(code: Code) -> Self {
        let status = match code {
            Code::PREFIX_UNKNOWN => Status::NotAFrame,
            Code::VERSION_UNSUPPORTED | Code::FRAME_PARAMETER_UNSUPPORTED => Status::Unsupported,
            Code::WINDOW_TOO_LARGE => Status::Limit,
            Code::CHECKSUM_WRONG => Status::Checksum,
            Code::DICTIONARY_CORRUPTED | Code::DICTIONARY_CREATION_FAILED => Status::BadDict,
            Code::DICTIONARY_WRONG => Status::DictMismatch,
            Code::PARAMETER_UNSUPPORTED | Code::PARAMETER_COMBINATION_UNSUPPORTED => Status::Unsupported,
            Code::PARAMETER_OUT_OF_BOUND => Status::InvalidArgument,
            Code::MEMORY_ALLOCATION => Status::NoMemory,
            Code::DST_SIZE_TOO_SMALL => Status::DstTooSmall,
            Code::SRC_SIZE_WRONG => Status::Truncated,
            Code::CORRUPTION_DETECTED | Code::LITERALS_HEADER_WRONG => Status::Corrupt,
            _ => Status::Internal,
        };
        Self { why: Why::Zstd(code), ..Self::new(status, "") }
    }
}

impl Error {
    /// A code of libzstd whose own sentence would not tell the caller what to do.
    pub(crate) const fn told(status: Status, code: Code, message: &'static str) -> Self {
        Self { why: Why::Told(code, message), ..Self::new(status, "") }
    }

    /// The same cause under another status: what a code means can depend on who asked.
    pub(crate) const fn as_status(mut self, status: Status) -> Self {
        self.status = status;
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.subject, self.item) {
            (Subject::Compressing, Some(item)) => write!(f, "error compressing item {item}: ")?,
            (Subject::Decompressing, Some(item)) => write!(f, "error decompressing item {item}: ")?,
            (Subject::Compressing, None) => f.write_str("error compressing: ")?,
            (Subject::Decompressing, None) => f.write_str("error decompressing: ")?,
            (Subject::Entry(noun), Some(item)) => write!(f, "{noun} {item}: ")?,
            (Subject::Field(name), _) => write!(f, "'{name}': ")?,
            (Subject::Call, Some(item)) => write!(f, "item {item}: ")?,
            (Subject::Call | Subject::Entry(_), None) => {}
        }
        match self.why {
            Why::Text(text) | Why::Told(_, text) => f.write_str(text),
            Why::Zstd(code) => f.write_str(code.text()),
            Why::Size { got, expected } => write!(f, "decompressed {got} bytes; expected {expected}"),
            Why::Window { limit } => write!(f, "the window of the frame exceeds the limit of {limit} bytes"),
            Why::Limit { what, limit } => write!(f, "{what} exceeds the limit of {limit} bytes"),
        }
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_names_the_item_and_the_cause() {
        let error = Error::size_mismatch(18, 19).about(Subject::Decompressing).with_item(1);
        assert_eq!(error.to_string(), "error decompressing item 1: decompressed 18 bytes; expected 19");
        let error = Error::from(Code::CHECKSUM_WRONG).about(Subject::Decompressing).with_item(0);
        assert_eq!(error.to_string(), "error decompressing item 0: Restored data doesn't match checksum");
        assert_eq!((error.status(), error.zstd_code()), (Status::Checksum, 22));
    }
}
