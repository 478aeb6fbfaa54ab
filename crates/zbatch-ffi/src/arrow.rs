//! Arrow

use std::ffi::{CStr, c_char, c_void};
use std::ptr;

use zbatch::{BufferWithSegments, BufferWithSegmentsCollection, Columns, Error, Status};

use crate::border::{Call, take_back, try_box, try_with_capacity};
use crate::bytes::{fill, zbatch_view};
use crate::collection::zbatch_collection;
use crate::objects::bound;
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
/// BinaryView.  The bytes are not copied, but for the items of 12 or fewer that
/// a BinaryView holds in itself.  After ZBATCH_PARTIAL, items that failed are
/// empty values, not null ones.
///
/// 'array' and 'schema' are written whatever they held, and belong to the
/// caller, who passes them on or calls the 'release' of each, on any thread.
/// The array keeps the bytes alive: the caller may free the collection at once,
/// but keeps what zbatch_buffer_new_by_reference() refers to.  On failure both
/// are zeros, which is how Arrow marks them released.
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

/// zbatch_views_from_arrow() fills 'views', which has room for 'count' of them,
/// with the items of 'array_count' arrays of the Arrow C data interface, one
/// array after the other, ready to be the input of a batch call.  'schema' is
/// the type of them all: binary or strings, large or not, views of either, or
/// binary of a fixed size.  'count' must be the sum of their lengths; the offset
/// of an array, a slice of a larger one, counts.
///
/// The arrays and the schema stay the caller's, who releases them.  The views
/// borrow from the arrays.  What an array says of its own buffers is believed,
/// as everywhere in Arrow; that items lie inside of what it says is checked.
///
/// Errors: ZBATCH_ERROR_UNSUPPORTED, another type, or an item that is null,
/// which is the error's item; ZBATCH_ERROR_OUT_OF_RANGE, where the error's item
/// is one that lies outside of its buffer; ZBATCH_ERROR_INVALID_ARGUMENT also
/// where a schema or an array was released.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zbatch_views_from_arrow(
    schema: *const ArrowSchema,
    arrays: *const *const ArrowArray,
    array_count: usize,
    views: *mut zbatch_view,
    count: usize,
    error: *mut zbatch_error,
) -> zbatch_status {
    // SAFETY: ARRAYS and OUTPUTS.
    let call = unsafe { Call::new() };
    call.fill(views, count, error, |mut rest| {
        let kind = Kind::of(&call, call.borrow(schema)?)?;
        for &array in call.slice(arrays, array_count)? {
            let array = call.borrow(array)?;
            let (these, others) = rest.split_at_mut_checked(size(array.length)?).ok_or(BAD_COUNT)?;
            let before = count - these.len() - others.len();
            import(&call, &kind, array, these).map_err(|e| e.item().map_or(e, |item| e.with_item(before + item)))?;
            rest = others;
        }
        if rest.is_empty() { Ok(()) } else { Err(BAD_COUNT) }
    })
}

/// zbatch_object_arrow_schema() and zbatch_object_arrow_array() make an object
/// with 'capsule_fn' of the bound layout, named "arrow_schema" or "arrow_array",
/// and return it, or NULL on failure or when nothing is bound.  It leads to a
/// struct of that kind, all zeros, which is the object's and for a later call to
/// fill: so what is exported has an owner from the start.  When nobody refers to
/// the object any more, the struct is released, unless it is already, and freed,
/// on that thread and by these functions alone: nothing of the language runs.
#[unsafe(no_mangle)]
pub extern "C" fn zbatch_object_arrow_schema() -> *mut c_void {
    capsule::<ArrowSchema>()
}

/// See zbatch_object_arrow_schema().
#[unsafe(no_mangle)]
pub extern "C" fn zbatch_object_arrow_array() -> *mut c_void {
    capsule::<ArrowArray>()
}

/// What a capsule leads to.
trait Content: Default {
    const NAME: &CStr;

    /// How it is released, unless it is.
    fn release(&self) -> Option<unsafe extern "C" fn(*mut Self)>;
}

impl Content for ArrowSchema {
    const NAME: &CStr = c"arrow_schema";

    fn release(&self) -> Option<unsafe extern "C" fn(*mut Self)> {
        self.release
    }
}

impl Content for ArrowArray {
    const NAME: &CStr = c"arrow_array";

    fn release(&self) -> Option<unsafe extern "C" fn(*mut Self)> {
        self.release
    }
}

fn capsule<T: Content>() -> *mut c_void {
    let Some(capsule_fn) = bound().ok().and_then(|layout| layout.capsule_fn) else { return ptr::null_mut() };
    let Ok(content) = try_box(T::default()) else { return ptr::null_mut() };
    let content = Box::into_raw(content);
    // SAFETY: the caller bound the function for any content and name; both stay until the object ends.
    let made = unsafe { capsule_fn(content.cast(), T::NAME.as_ptr(), Some(end_capsule::<T>)) };
    if made.is_null() {
        // SAFETY: nobody else has it.
        unsafe { take_back(content) };
    }
    made
}

unsafe extern "C" fn end_capsule<T: Content>(capsule: *mut c_void) {
    let Some(content_fn) = bound().ok().and_then(|layout| layout.capsule_content_fn) else { return };
    // SAFETY: the object was made with this name, and ends.
    let content: *mut T = unsafe { content_fn(capsule, T::NAME.as_ptr()) }.cast();
    // SAFETY: what `capsule` made, and nobody else uses any more.
    let call = unsafe { Call::new() };
    if let Some(release) = call.borrow(content).ok().and_then(T::release) {
        // SAFETY: Arrow: whoever filled the struct gave the function for it, and nobody called it.
        unsafe { release(content) };
    }
    // SAFETY: made by `try_box`, and freed once.
    unsafe { take_back(content) };
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
struct Exported {
    shared: BufferWithSegmentsCollection,
    offsets: Vec<i64>,
    views: Vec<View>,
    sizes: Vec<i64>,
    buffers: Vec<*const c_void>,
}

impl Exported {
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

fn export(core: &BufferWithSegmentsCollection) -> Result<(&'static CStr, Exported), Error> {
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

fn large_binary(core: &BufferWithSegmentsCollection, buffer: Option<&BufferWithSegments>) -> Result<Exported, Error> {
    let mut offsets = try_with_capacity(core.len() + 1)?;
    offsets.push(0);
    let mut end = 0;
    for item in core.iter() {
        end += item.len();
        offsets.push(int(end)?);
    }
    let data = buffer.and_then(|buffer| buffer.get(0)).unwrap_or_default();
    let mut buffers = try_with_capacity(3)?;
    buffers.extend([ptr::null(), offsets.as_ptr().cast(), data.as_ptr().cast()]);
    let shared = core.clone();
    Ok(Exported { shared, offsets, views: Vec::new(), sizes: Vec::new(), buffers })
}

fn binary_view(core: &BufferWithSegmentsCollection) -> Result<Exported, Error> {
    let windows = core.buffers().iter().map(|buffer| buffer.size() / WINDOW + 1).sum();
    let mut views: Vec<View> = try_with_capacity(core.len())?;
    let mut sizes: Vec<i64> = try_with_capacity(windows)?;
    let mut buffers = try_with_capacity(windows + 3)?;
    buffers.extend([ptr::null(), views.as_ptr().cast()]);
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
    Ok(Exported { shared: core.clone(), offsets: Vec::new(), views, sizes, buffers })
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

const BAD_COUNT: Error = Error::new(Status::InvalidArgument, "'count' is not the sum of the arrays' lengths");
const RELEASED: Error = Error::new(Status::InvalidArgument, "an Arrow array or schema was released already");
const BAD_NUMBER: Error = Error::new(Status::InvalidArgument, "a number in an Arrow array is negative or too large");
const FEW_BUFFERS: Error = Error::new(Status::InvalidArgument, "an Arrow array has not the buffers of its type");
const BAD_TYPE: Error = Error::new(Status::Unsupported, "an Arrow array must be of binary or of strings");
const IS_NULL: Error = Error::new(Status::Unsupported, "an Arrow array with nulls has no bytes for them");
const OUTSIDE: Error = Error::new(Status::OutOfRange, "an item of an Arrow array lies outside its buffer");

/// How the items of an array lie.
enum Kind {
    Offsets32,
    Offsets64,
    Fixed(usize),
    Views,
}

impl Kind {
    fn of(call: &Call, schema: &ArrowSchema) -> Result<Kind, Error> {
        if schema.release.is_none() {
            return Err(RELEASED);
        }
        match call.text(schema.format)?.to_bytes() {
            b"z" | b"u" => Ok(Kind::Offsets32),
            b"Z" | b"U" => Ok(Kind::Offsets64),
            b"vz" | b"vu" => Ok(Kind::Views),
            [b'w', b':', width @ ..] => {
                let width = std::str::from_utf8(width).ok().and_then(|width| width.parse().ok());
                width.map(Kind::Fixed).ok_or(BAD_TYPE)
            }
            _ => Err(BAD_TYPE),
        }
    }
}

/// Fills `views` with the items of one array.
fn import(call: &Call, kind: &Kind, array: &ArrowArray, views: &mut [zbatch_view]) -> Result<(), Error> {
    if array.release.is_none() {
        return Err(RELEASED);
    }
    if views.is_empty() {
        return Ok(());
    }
    let first = size(array.offset)?;
    let end = first.checked_add(views.len()).ok_or(BAD_NUMBER)?;
    let buffers = call.slice(array.buffers, size(array.n_buffers)?)?;
    let [validity, rows, data @ ..] = buffers else { return Err(FEW_BUFFERS) };
    if array.null_count != 0 && !validity.is_null() {
        let valid = call.bytes(*validity, end.div_ceil(8))?;
        if let Some(null) = (first..end).find(|i| valid[i / 8] >> (i % 8) & 1 == 0) {
            return Err(IS_NULL.with_item(null - first));
        }
    }
    match *kind {
        Kind::Offsets32 | Kind::Offsets64 => {
            let ends = end.checked_add(1).ok_or(BAD_NUMBER)?;
            let &[data] = data else { return Err(FEW_BUFFERS) };
            // No item ends behind the last, and the array has so many bytes.
            let outside = OUTSIDE.with_item(views.len() - 1);
            if let Kind::Offsets32 = kind {
                let offsets = call.slice(rows.cast::<u32>(), ends)?;
                let all = i32::try_from(offsets[end]).map_err(|_| outside)?;
                fill(views, &Columns::from_offsets_u32(call.bytes(data, size(all.into())?)?, &offsets[first..])?);
            } else {
                let offsets = call.slice(rows.cast::<u64>(), ends)?;
                let all = i64::try_from(offsets[end]).map_err(|_| outside)?;
                fill(views, &Columns::from_offsets_u64(call.bytes(data, size(all)?)?, &offsets[first..])?);
            }
        }
        Kind::Fixed(width) => {
            let data = call.bytes(*rows, end.checked_mul(width).ok_or(BAD_NUMBER)?)?;
            for (i, view) in views.iter_mut().enumerate() {
                *view = zbatch_view::of(&data[(first + i) * width..][..width]);
            }
        }
        Kind::Views => {
            let [data @ .., sizes] = data else { return Err(FEW_BUFFERS) };
            let sizes = call.slice(sizes.cast::<i64>(), data.len())?;
            let rows = call.slice(rows.cast::<[u8; 16]>(), end)?;
            for (i, (view, row)) in views.iter_mut().zip(&rows[first..]).enumerate() {
                *view = viewed(call, row, data, sizes).map_err(|e| e.with_item(i))?;
            }
        }
    }
    Ok(())
}

/// The bytes that a view of Arrow's shows.
fn viewed(call: &Call, row: &[u8; 16], data: &[*const c_void], sizes: &[i64]) -> Result<zbatch_view, Error> {
    let number = |at: usize| {
        let [a, b, c, d] = [row[at], row[at + 1], row[at + 2], row[at + 3]];
        usize::try_from(i32::from_ne_bytes([a, b, c, d])).map_err(|_| OUTSIDE)
    };
    let length = number(0)?;
    if length <= INLINE {
        return Ok(zbatch_view::of(&row[4..][..length]));
    }
    let (index, offset) = (number(8)?, number(12)?);
    let (&data, &all) = data.get(index).zip(sizes.get(index)).ok_or(OUTSIDE)?;
    let bytes = call.bytes(data, size(all)?)?;
    bytes.get(offset..).and_then(|rest| rest.get(..length)).map(zbatch_view::of).ok_or(OUTSIDE)
}

fn size(n: i64) -> Result<usize, Error> {
    usize::try_from(n).map_err(|_| BAD_NUMBER)
}

unsafe extern "C" fn release_array(array: *mut ArrowArray) {
    // SAFETY: Arrow calls it with an array of ours, its own or a copy that took its place.
    let call = unsafe { Call::new() };
    if let Ok(array) = call.take(array) {
        // SAFETY: Arrow calls it once; `Exported::hand_out` made it.
        unsafe { take_back(array.private_data.cast::<Exported>()) };
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
            zbatch_collection_export_arrow(&raw const handle, &raw mut array, &raw mut schema, ptr::null_mut())
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
