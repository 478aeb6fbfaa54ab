//! A place in a buffer, and the one check that every table of such places passes.

use crate::error::{Error, Result, Status, Subject};

/// A run of bytes in a buffer. Tables of segments are packed pairs of native 64-bit integers.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Segment {
    /// Bytes between the start of the buffer and the segment.
    pub offset: u64,
    /// Number of bytes.
    pub length: u64,
}

impl Segment {
    /// The bytes of this segment in `block`, or `None` when it lies outside.
    pub fn slice<'a>(&self, block: &'a [u8]) -> Option<&'a [u8]> {
        let offset = usize::try_from(self.offset).ok()?;
        let length = usize::try_from(self.length).ok()?;
        block.get(offset..)?.get(..length)
    }
}

pub(crate) const OUT_OF_RANGE: Error =
    Error::new(Status::OutOfRange, "offset within segments array references memory outside buffer")
        .about(Subject::Entry("segment"));

/// Checks that every segment lies inside a block of `size` bytes; the error names the first that does not.
pub(crate) fn check(segments: &[Segment], size: usize) -> Result<()> {
    let inside = |s: &Segment| s.offset.checked_add(s.length).is_some_and(|end| end <= size as u64);
    match segments.iter().position(|s| !inside(s)) {
        Some(index) => Err(OUT_OF_RANGE.with_item(index)),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_that_wrap_are_outside() {
        let at = |offset, length| check(&[Segment { offset: 0, length: 4 }, Segment { offset, length }], 4);
        assert_eq!(at(4, 0), Ok(()));
        assert_eq!(at(5, 0).unwrap_err().item(), Some(1));
        assert_eq!(at(u64::MAX, 2).unwrap_err().status(), Status::OutOfRange);
        assert_eq!(at(1 << 32, 0).unwrap_err().status(), Status::OutOfRange);
    }
}
