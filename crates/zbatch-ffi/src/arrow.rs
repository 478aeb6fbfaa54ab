//! Arrow

use std::ffi::{CStr, c_char, c_void};

use zbatch::{BufferWithSegments, BufferWithSegmentsCollection, Error, Status};

use crate::border::{Call, take_back, try_box, try_with_capacity};
use crate::collection::zbatch_collection;
use crate::status::{zbatch_error, zbatch_status};

/// `struct ArrowSchema` of the Arrow C data interface.
#[repr(C)]
#[derive(Default)]
pub struct ArrowSchema {
    format: *const c_char,
    name: *const c_char,
    metadata: *const c_char,
    flags: i64,
    n_children: i64,
    children: *mut *mut ArrowSchema,
    dictionary: *mut ArrowSchema,
    release: Option<unsafe extern "C" fn(*mut ArrowSchema)>,
    private_data: *mut c_void,
}

/// `struct ArrowArray` of the Arrow C data interface.
#[repr(C)]
#[derive(Default)]
pub struct ArrowArray {
    length: i64,
    null_count: i64,
    offset: i64,
    n_buffers: i64,
    n_children: i64,
    buffers: *const *const c_void,
    children: *mut *mut ArrowArray,
    dictionary: *mut ArrowArray,
    release: Option<unsafe extern "C" fn(*mut ArrowArray)>,
    private_data: *mut c_void,
}

/// zbatch_collection_export_arrow() describes the segments of a collection as
/// an array of the Arrow C data interface, whose header defines the two
/// structs: LargeBinary when they lie back to back in one buffer, else
/// BinaryView.  The bytes are not copied.
///
/// 'array' and 'schema' are written whatever they held, and belong to the
/// caller, who passes them on or calls the 'release' of each, on any thread.
/// They keep the bytes alive: the caller may free the collection at once.  On
/// failure both are zeros, which is how Arrow marks them released.
///
/// Errors: ZBATCH_ERROR_UNSUPPORTED, where the error's item is a segment of
/// 2 GiB or more outside LargeBinary.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zbatch_collection_export_arrow(
    collection: *const zbatch_collection,
    array: *mut ArrowArray,
    schema: *mut ArrowSchema,
    error: *mut zbatch_error,
) -> zbatch_status {
    // SAFETY: OWNERSHIP and OUTPUTS.
    let call = unsafe { Call::new() };
    let array = call.place(array);
    let schema = call.place(schema);
    call.guard(error, || {
        let (array, schema) = (array?, schema?);
        let (format, columns) = export(&call.borrow(collection)?.core)?;
        *array = columns.hand_out()?;
        *schema = ArrowSchema {
            format: format.as_ptr(),
            name: c"".as_ptr(),
            release: Some(release_schema),
            ..ArrowSchema::default()
        };
        Ok(())
    })
}

const LARGE_BINARY: &CStr = c"Z";
const BINARY_VIEW: &CStr = c"vz";

/// Views reach 2 GiB into a buffer of Arrow. A longer one of ours is given as several that begin
/// this far apart, each with all the bytes that follow.
const WINDOW: usize = 1 << 30;

/// So many bytes are in the view itself.
const INLINE: usize = 12;

const TOO_LONG: Error = Error::new(Status::Unsupported, "Arrow has no BinaryView of 2 GiB or more");
const TOO_MANY: Error = Error::new(Status::Unsupported, "the collection is too large for Arrow");

#[repr(C, align(16))]
#[derive(Clone, Copy)]
struct View([u8; 16]);

/// What an exported array points to, alive until it is released.
#[cfg_attr(not(test), expect(dead_code, reason = "'buffers' points into the other fields"))]
struct Columns {
    shared: BufferWithSegmentsCollection,
    offsets: Vec<i64>,
    views: Vec<View>,
    sizes: Vec<i64>,
    buffers: Vec<*const c_void>,
}

impl Columns {
    fn hand_out(self) -> Result<ArrowArray, Error> {
        let (length, n_buffers) = (int(self.shared.len())?, int(self.buffers.len())?);
        // Moving the columns leaves their pointers where they are.
        let buffers = self.buffers.as_ptr();
        Ok(ArrowArray {
            length,
            n_buffers,
            buffers,
            release: Some(release_array),
            private_data: Box::into_raw(try_box(self)?).cast(),
            ..ArrowArray::default()
        })
    }
}

fn export(core: &BufferWithSegmentsCollection) -> Result<(&'static CStr, Columns), Error> {
    let mut filled = core.buffers().iter().filter(|buffer| !buffer.is_empty());
    let (one, more) = (filled.next(), filled.next());
    let packed = |buffer: &BufferWithSegments| {
        buffer.segments().windows(2).all(|pair| pair[0].offset + pair[0].length == pair[1].offset)
    };
    if more.is_none() && one.is_none_or(packed) {
        Ok((LARGE_BINARY, large_binary(core, one)?))
    } else {
        Ok((BINARY_VIEW, binary_view(core)?))
    }
}

fn large_binary(core: &BufferWithSegmentsCollection, buffer: Option<&BufferWithSegments>) -> Result<Columns, Error> {
    let mut offsets = try_with_capacity(core.len() + 1)?;
    offsets.push(0);
    let mut end = 0;
    for item in core.iter() {
        end += item.len();
        offsets.push(int(end)?);
    }
    let data = buffer.and_then(|buffer| buffer.get(0)).unwrap_or_default();
    let mut buffers = try_with_capacity(3)?;
    buffers.extend([std::ptr::null(), offsets.as_ptr().cast(), data.as_ptr().cast()]);
    let shared = core.clone();
    Ok(Columns { shared, offsets, views: Vec::new(), sizes: Vec::new(), buffers })
}

fn binary_view(core: &BufferWithSegmentsCollection) -> Result<Columns, Error> {
    let windows = core.buffers().iter().map(|buffer| buffer.size() / WINDOW + 1).sum();
    let mut views: Vec<View> = try_with_capacity(core.len())?;
    let mut sizes: Vec<i64> = try_with_capacity(windows)?;
    let mut buffers = try_with_capacity(windows + 3)?;
    buffers.extend([std::ptr::null(), views.as_ptr().cast()]);
    for buffer in core.buffers() {
        let first = sizes.len();
        let block = buffer.data();
        for start in (0..=block.len()).step_by(WINDOW) {
            buffers.push(block[start..].as_ptr().cast());
            sizes.push(int(block.len() - start)?);
        }
        for (segment, bytes) in buffer.segments().iter().zip(buffer.iter()) {
            let offset = usize::try_from(segment.offset).map_err(|_| TOO_MANY)?;
            let view = view(bytes, first + offset / WINDOW, offset % WINDOW);
            views.push(view.map_err(|e| e.with_item(views.len()))?);
        }
    }
    buffers.push(sizes.as_ptr().cast());
    Ok(Columns { shared: core.clone(), offsets: Vec::new(), views, sizes, buffers })
}

/// The view of `bytes`, which lie at `offset` of data buffer `index`.
fn view(bytes: &[u8], index: usize, offset: usize) -> Result<View, Error> {
    let number = |n: usize, error| i32::try_from(n).map(i32::to_ne_bytes).map_err(|_| error);
    let mut view = [0; 16];
    view[..4].copy_from_slice(&number(bytes.len(), TOO_LONG)?);
    if bytes.len() <= INLINE {
        view[4..][..bytes.len()].copy_from_slice(bytes);
    } else {
        view[4..8].copy_from_slice(&bytes[..4]);
        view[8..12].copy_from_slice(&number(index, TOO_MANY)?);
        view[12..].copy_from_slice(&number(offset, TOO_MANY)?);
    }
    Ok(View(view))
}

fn int(n: usize) -> Result<i64, Error> {
    i64::try_from(n).map_err(|_| TOO_MANY)
}

unsafe extern "C" fn release_array(array: *mut ArrowArray) {
    // SAFETY: Arrow calls it with an array of ours, its own or a copy that took its place.
    let call = unsafe { Call::new() };
    if let Ok(array) = call.take(array) {
        // SAFETY: Arrow calls it once; `Columns::hand_out` made it.
        unsafe { take_back(array.private_data.cast::<Columns>()) };
    }
}

unsafe extern "C" fn release_schema(schema: *mut ArrowSchema) {
    // SAFETY: as above. A schema owns nothing: to mark it released is all.
    let call = unsafe { Call::new() };
    let _ = call.take(schema);
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::slice;
    use zbatch::Segment;

    type Block = (&'static [u8], &'static [(u64, u64)]);

    fn collection(blocks: &[Block]) -> BufferWithSegmentsCollection {
        let buffers = blocks.iter().map(|(block, table)| {
            let table: Vec<_> = table.iter().map(|&(offset, length)| Segment { offset, length }).collect();
            BufferWithSegments::new(*block, &table).unwrap()
        });
        BufferWithSegmentsCollection::new(buffers.collect()).unwrap()
    }

    #[test]
    fn one_packed_buffer_is_large_binary() {
        let core = collection(&[(b"", &[]), (b"..onetwo", &[(2, 3), (5, 0), (5, 3)])]);
        let (format, columns) = export(&core).unwrap();
        assert_eq!((format, &columns.offsets[..]), (c"Z", &[0, 3, 3, 6][..]));
        // SAFETY: the data buffer has as many bytes as the last offset says.
        let data = unsafe { slice::from_raw_parts(columns.buffers[2].cast::<u8>(), 6) };
        assert_eq!(data, b"onetwo");
        let (format, columns) = export(&collection(&[])).unwrap();
        assert_eq!((format, &columns.offsets[..]), (c"Z", &[0][..]));
    }

    #[test]
    fn other_segments_are_views() {
        let core =
            collection(&[(b"a long segment, and short", &[(20, 5), (0, 14)]), (b"another long segment", &[(0, 20)])]);
        let (format, columns) = export(&core).unwrap();
        assert_eq!((format, &columns.sizes[..]), (c"vz", &[25, 20][..]));
        let view = |i: usize| columns.views[i].0;
        assert_eq!(&view(0)[..9], &[&5i32.to_ne_bytes()[..], b"short"].concat());
        assert_eq!(&view(1)[..8], &[&14i32.to_ne_bytes()[..], b"a lo"].concat());
        assert_eq!(view(1)[8..], [0; 8]);
        assert_eq!(view(2)[8..12], 1i32.to_ne_bytes());
        assert_eq!(columns.buffers.len(), 5);
        assert_eq!(columns.buffers[1].addr(), columns.views.as_ptr().addr());
        assert_eq!(columns.buffers[4].addr(), columns.sizes.as_ptr().addr());
    }

    #[test]
    fn a_released_array_says_so() {
        let core = collection(&[(b"bytes", &[(0, 5)])]);
        let handle = zbatch_collection::new(core);
        let (mut array, mut schema) = (ArrowArray::default(), ArrowSchema::default());
        // SAFETY: a live handle and room for both.
        let status = unsafe {
            zbatch_collection_export_arrow(&raw const handle, &raw mut array, &raw mut schema, std::ptr::null_mut())
        };
        assert_eq!((status, array.length, array.n_buffers), (0, 1, 3));
        drop(handle);
        // SAFETY: released once.
        unsafe { array.release.unwrap()(&raw mut array) };
        // SAFETY: as above.
        unsafe { schema.release.unwrap()(&raw mut schema) };
        assert!(array.release.is_none() && schema.release.is_none());
    }
}
