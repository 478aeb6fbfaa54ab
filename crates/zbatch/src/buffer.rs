//! Bytes and a table of segments in them. Whoever owns the bytes (a vector, a mapped file, another language's array, an
//! output block of ours) is behind one `Arc`, so that there is one buffer type and it has no lifetime parameter.

use crate::error::Result;
use crate::memory::copied;
use crate::segment::{self, Segment};
use std::fmt;
use std::sync::Arc;

/// Something that keeps bytes alive and in place: what a buffer is made over without copying.
pub trait Owner: Send + Sync {
    /// The bytes. They must be the same at every call.
    fn bytes(&self) -> &[u8];
}

impl<T: AsRef<[u8]> + Send + Sync> Owner for T {
    fn bytes(&self) -> &[u8] {
        self.as_ref()
    }
}

/// Bytes and a table of segments in them. Immutable, and cheap to clone: clones share the bytes and the table.
#[derive(Clone)]
pub struct BufferWithSegments {
    shared: Arc<Shared<dyn Owner>>,
}

/// One allocation for both: a small batch is made of few.
struct Shared<O: ?Sized> {
    table: Vec<Segment>,
    owner: O,
}

impl BufferWithSegments {
    /// Makes a buffer over `data`, which moves in, and a copy of `segments`. Segments may overlap, be empty and stand in
    /// any order; each must lie inside the bytes, or the error names the first that does not.
    pub fn new(data: impl Owner + 'static, segments: &[Segment]) -> Result<Self> {
        segment::check(segments, data.bytes().len())?;
        Ok(Self::from_parts(data, copied(segments)?))
    }

    /// Makes a buffer from copies of `data` and `segments`.
    pub fn copy_of(data: &[u8], segments: &[Segment]) -> Result<Self> {
        segment::check(segments, data.len())?;
        Self::new(copied(data)?, segments)
    }

    /// A buffer whose table was made here and is known to fit.
    pub(crate) fn from_parts(owner: impl Owner + 'static, table: Vec<Segment>) -> Self {
        debug_assert_eq!(segment::check(&table, owner.bytes().len()), Ok(()));
        Self { shared: Arc::new(Shared { table, owner }) }
    }

    /// Number of segments.
    pub fn len(&self) -> usize {
        self.segments().len()
    }

    /// Whether there is no segment.
    pub fn is_empty(&self) -> bool {
        self.segments().is_empty()
    }

    /// Number of bytes in the whole buffer, those outside every segment included.
    pub fn size(&self) -> usize {
        self.data().len()
    }

    /// The whole buffer.
    pub fn data(&self) -> &[u8] {
        self.shared.owner.bytes()
    }

    /// The table.
    pub fn segments(&self) -> &[Segment] {
        &self.shared.table
    }

    /// The bytes of segment `index`, or `None` when there is no such segment.
    pub fn get(&self, index: usize) -> Option<&[u8]> {
        self.segments().get(index)?.slice(self.data())
    }

    /// The segments' bytes in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &[u8]> + DoubleEndedIterator + '_ {
        (0..self.len()).map(|index| &self[index])
    }
}

impl std::ops::Index<usize> for BufferWithSegments {
    type Output = [u8];

    fn index(&self, index: usize) -> &[u8] {
        self.get(index).expect("segment index out of range")
    }
}

impl fmt::Debug for BufferWithSegments {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BufferWithSegments({} segments in {} bytes)", self.len(), self.size())
    }
}
