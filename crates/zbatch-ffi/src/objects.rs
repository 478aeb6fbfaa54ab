//! Objects of another language

use std::ffi::{c_char, c_int, c_void};
use std::io::Write;
use std::ptr;

use zbatch::{BufferWithSegmentsCollection, Error, Segment, Status};

use crate::border::{Call, Grows, NO_MEMORY, Published, Word};
use crate::buffer::NO_SEGMENT;
use crate::bytes::zbatch_view;
use crate::collection::{zbatch_collection, zbatch_collection_free};
use crate::compress::*;
use crate::decompress::*;
use crate::gather::*;
use crate::run::{Run, zbatch_run_options};
use crate::status::{ZBATCH_OK, zbatch_error, zbatch_status};

/// Returns a new object of 'type', all 0 but for what the language itself keeps
/// in it, or NULL on failure, and takes a reference to 'type', which
/// zbatch_object_dealloc() gives back.  'count' is 0.  CPython's
/// PyType_GenericAlloc fits.
pub type zbatch_object_alloc_fn = Option<unsafe extern "C" fn(r#type: *mut c_void, count: isize) -> *mut c_void>;

/// Takes one more reference to 'object': CPython's Py_IncRef fits.
pub type zbatch_object_retain_fn = Option<unsafe extern "C" fn(object: *mut c_void)>;

/// Fills 'record' with the 'size' bytes at 'data' of 'object' and a reference to
/// it, and returns 0, or -1 on failure: 'flags' may ask for what cannot be.
/// CPython's PyBuffer_FillInfo fits.
pub type zbatch_object_fill_fn = Option<
    unsafe extern "C" fn(
        record: *mut c_void,
        object: *mut c_void,
        data: *mut c_void,
        size: isize,
        readonly: c_int,
        flags: c_int,
    ) -> c_int,
>;

/// Returns where the bytes are of an object that a zbatch_scatter_new_fn made,
/// or NULL on failure: CPython's PyBytes_AsString fits.
pub type zbatch_object_content_fn = Option<unsafe extern "C" fn(object: *mut c_void) -> *mut c_char>;

/// Raises an exception of 'kind' with a text that ends with a NUL: CPython's
/// PyErr_SetString fits.
pub type zbatch_object_raise_fn = Option<unsafe extern "C" fn(kind: *mut c_void, text: *const c_char)>;

/// Makes a list of 'size' elements, to be set one by one, and returns it, or
/// NULL on failure: CPython's PyList_New fits.
pub type zbatch_list_new_fn = Option<unsafe extern "C" fn(size: isize) -> *mut c_void>;

/// Lets other threads of a runtime go on, and returns what the other function
/// needs: CPython's PyEval_SaveThread fits.
pub type zbatch_leave_fn = Option<unsafe extern "C" fn() -> *mut c_void>;

/// Waits until it is this thread's turn again: CPython's PyEval_RestoreThread
/// fits, which ends the thread when the language ends meanwhile.
pub type zbatch_enter_fn = Option<unsafe extern "C-unwind" fn(state: *mut c_void)>;

/// Makes an object that leads to 'content' for who knows 'name', and returns it,
/// or NULL on failure; 'end' is called with the object when nobody refers to it
/// any more.  CPython's PyCapsule_New fits.
pub type zbatch_capsule_new_fn =
    Option<unsafe extern "C" fn(content: *mut c_void, name: *const c_char, end: zbatch_release_fn) -> *mut c_void>;

/// Returns the content of such an object: CPython's PyCapsule_GetPointer fits.
pub type zbatch_capsule_content_fn =
    Option<unsafe extern "C" fn(capsule: *mut c_void, name: *const c_char) -> *mut c_void>;

/// Objects of another language that lend bytes which something else owns: where
/// five words lie in each, and the functions that make, serve and end it.
/// Offsets count bytes from the object's address, are multiples of
/// sizeof(void *) and differ.  See STRUCTS THAT GROW above, but none of these
/// fields may be 0; fields of later versions may.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct zbatch_object_layout {
    /// sizeof(zbatch_object_layout).
    pub struct_size: usize,
    /// Of a void *: what keeps the bytes alive, or NULL.
    pub owner_offset: usize,
    /// Of a const void *: the first byte.
    pub data_offset: usize,
    /// Of a size_t: the number of bytes.
    pub size_offset: usize,
    /// Of a size_t or a pointer: where the bytes begin in their buffer, or what
    /// the function that makes the object says.
    pub place_offset: usize,
    /// Makes an object.
    pub alloc_fn: zbatch_object_alloc_fn,
    /// Keeps its owner.
    pub retain_fn: zbatch_object_retain_fn,
    /// Lends its bytes.
    pub fill_fn: zbatch_object_fill_fn,
    /// Copies them.
    pub new_fn: zbatch_scatter_new_fn,
    /// Of a void *: the object's type.  The zbatch_method_ functions read it
    /// in any object that they are given: lists, tuples, integers and bytes too.
    pub type_offset: usize,
    /// Gives a reference back.
    pub release_fn: zbatch_release_fn,
    /// Frees the memory of an object.
    pub free_fn: zbatch_release_fn,
    /// Makes a list.
    pub list_fn: zbatch_list_new_fn,
    /// Sets an element of it.
    pub set_fn: zbatch_scatter_set_fn,
    /// Tells where the bytes are that 'new_fn' left to be written.
    pub content_fn: zbatch_object_content_fn,
    /// Is called before work that takes long, of one item or of a method's
    /// batch, as often as there is some; never twice without 'enter_fn' between.
    pub leave_fn: zbatch_leave_fn,
    /// Is called after that work, on the same thread, with what 'leave_fn'
    /// returned.
    pub enter_fn: zbatch_enter_fn,
    /// Raises an exception; in a language without them it may do nothing.
    pub raise_fn: zbatch_object_raise_fn,
    /// The kind of exception for an index that is not there: CPython's
    /// PyExc_IndexError, or whatever 'raise_fn' takes.  It must live as long as
    /// the process does.
    pub index_error: *mut c_void,
    /// Makes a capsule.
    pub capsule_fn: zbatch_capsule_new_fn,
    /// Tells what it leads to.
    pub capsule_content_fn: zbatch_capsule_content_fn,
}

// SAFETY: integers and functions that may be NULL, without padding, struct_size first.
unsafe impl Grows for zbatch_object_layout {}
// SAFETY: numbers, functions, and an object that is for good and only passed on.
unsafe impl Send for zbatch_object_layout {}
// SAFETY: as above.
unsafe impl Sync for zbatch_object_layout {}

/// A batch of another language's objects, as zbatch_object_batch_new() takes
/// it: one struct to fill in place of the arguments of many calls, which some
/// languages make slowly.  See STRUCTS THAT GROW above.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct zbatch_object_batch {
    /// sizeof(zbatch_object_batch).
    pub struct_size: usize,
    /// What compresses the batch; NULL to decompress.
    pub compressor: *const zbatch_compressor,
    /// What decompresses the batch; NULL to compress.  One of the two is given.
    pub decompressor: *const zbatch_decompressor,
    /// The items, as in zbatch_gather_views(), or NULL: 'views' has them.
    pub sequence: *mut c_void,
    /// Gives an element of 'sequence'; may be NULL when that is.
    pub item_fn: zbatch_gather_item_fn,
    /// Gives the bytes of an element; may be NULL when 'sequence' is.
    pub bytes_fn: zbatch_gather_bytes_fn,
    /// Is called before the work that takes long, in place of the layout's, or
    /// NULL: then the turn is kept.
    pub leave_fn: zbatch_leave_fn,
    /// Is called after that work, with what 'leave_fn' returned; NULL when that
    /// is.
    pub enter_fn: zbatch_enter_fn,
    /// Room for 'count' views; the items, when 'sequence' is NULL.
    pub views: *mut zbatch_view,
    /// Number of items.
    pub count: usize,
    /// As in zbatch_multi_decompress_to_buffer(), or NULL; ignored with a
    /// compressor.
    pub sizes: *const u64,
    /// How to run, or NULL.
    pub run: *const zbatch_run_options,
    /// Room for 'count' statuses, or NULL.
    pub item_status: *mut zbatch_status,
    /// Nanoseconds: a batch whose estimate is as many or more does not begin.
    /// 0: any begins.
    pub enough: u64,
    /// Where to tell what went wrong, or NULL.
    pub error: *mut zbatch_error,
}

// SAFETY: integers, pointers and functions that may be NULL, without padding, struct_size first.
unsafe impl Grows for zbatch_object_batch {}

const BAD_OFFSETS: Error =
    Error::new(Status::InvalidArgument, "the offsets of a layout are not those of five different words");
const NO_INDEX_ERROR: Error = Error::new(Status::InvalidArgument, "a layout has no exception for an index");
const BOUND_ALREADY: Error = Error::new(Status::Unsupported, "another layout of objects is bound already");
const NOT_BOUND: Error = Error::new(Status::InvalidArgument, "no layout of objects is bound");
const NO_CODEC: Error = Error::new(Status::InvalidArgument, "give a compressor or a decompressor, not both");

/// zbatch_object_layout_init() sets the 'struct_size' bytes at 'layout' to 0 but
/// for their size.  Call it with sizeof(zbatch_object_layout).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zbatch_object_layout_init(layout: *mut zbatch_object_layout, struct_size: usize) {
    // SAFETY: OUTPUTS: 'struct_size' bytes.
    unsafe { Call::new() }.init(layout, struct_size);
}

/// zbatch_object_bind() tells the functions below what objects look like, for
/// the whole process and for good.  It copies the layout; to bind the same one
/// again changes nothing.
///
/// Errors: ZBATCH_ERROR_UNSUPPORTED, another layout is bound.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zbatch_object_bind(
    layout: *const zbatch_object_layout,
    error: *mut zbatch_error,
) -> zbatch_status {
    // SAFETY: STRUCTS THAT GROW.
    let call = unsafe { Call::new() };
    call.guard(error, || {
        let layout = call.options(layout)?;
        layout.check()?;
        let bound = BOUND.get(|| Some(layout)).ok_or(NO_MEMORY)?;
        if bound.is(&layout) { Ok(()) } else { Err(BOUND_ALREADY) }
    })
}

/// zbatch_object_get_buffer(), zbatch_object_size() and zbatch_object_tobytes()
/// are for the slots of the type of such objects, which a language calls on any
/// thread with nothing but the object; they take no memory and no lock.  This
/// one returns what 'fill_fn' does for the record and the object's bytes, read
/// only: CPython's bf_getbuffer.  It is -1 when nothing is bound.  An object
/// that is all 0 lends no bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zbatch_object_get_buffer(object: *mut c_void, record: *mut c_void, flags: c_int) -> c_int {
    // SAFETY: an object of the bound layout, alive during the call.
    let call = unsafe { Call::new() };
    let Some((layout, data, size)) = bytes_lent(&call, object) else { return -1 };
    let (Some(fill_fn), Ok(record)) = (layout.fill_fn, call.object(record)) else { return -1 };
    // SAFETY: the caller bound the function for such objects, and gave a record for it.
    unsafe { fill_fn(record, object, data, size, 1, flags) }
}

/// zbatch_object_size() returns the number of bytes that 'object' lends:
/// CPython's sq_length.  It is 0 when nothing is bound.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zbatch_object_size(object: *mut c_void) -> isize {
    // SAFETY: an object of the bound layout, alive during the call.
    let call = unsafe { Call::new() };
    bytes_lent(&call, object).map_or(0, |(_, _, size)| size)
}

/// zbatch_object_tobytes() returns what 'new_fn' makes of the object's bytes:
/// a CPython method without arguments, hence 'unused'.  It is NULL when nothing
/// is bound.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zbatch_object_tobytes(object: *mut c_void, unused: *mut c_void) -> *mut c_void {
    let _ = unused;
    // SAFETY: an object of the bound layout, alive during the call.
    let call = unsafe { Call::new() };
    let Some((layout, data, size)) = bytes_lent(&call, object) else { return ptr::null_mut() };
    let Some(new_fn) = layout.new_fn else { return ptr::null_mut() };
    // SAFETY: the caller bound the function for any bytes.
    unsafe { new_fn(data.cast(), size) }
}

/// zbatch_object_new() makes one object of 'type', of the bound layout, that
/// lends the 'size' bytes at 'data', and returns it, or NULL on failure.  It
/// takes a reference to 'owner', which keeps the bytes alive and unchanged as
/// long as it lives itself, and may be NULL where nothing needs to.  'place' is
/// stored: for the language to read, or for zbatch_object_item().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zbatch_object_new(
    r#type: *mut c_void,
    owner: *mut c_void,
    data: *const c_void,
    size: usize,
    place: *const c_void,
) -> *mut c_void {
    // SAFETY: ARRAYS, and the bytes stay for as long as 'owner' says.
    let call = unsafe { Call::new() };
    let (Ok(maker), Ok(_)) = (Maker::new(&call, r#type, owner), call.bytes(data, size)) else {
        return ptr::null_mut();
    };
    maker.make(data, size, place.cast_mut()).unwrap_or_default()
}

/// zbatch_object_new_handle() makes one object of 'type' that owns 'handle', and
/// returns it, or NULL on failure: its data is the handle and its place
/// 'free_fn', which zbatch_object_dealloc_handle() calls for it; with NULL it
/// frees nothing.  'handle' may be NULL too, and the object's data be the output
/// of a later call that makes a handle, which has an owner from the start then.
/// 'owner' is as in zbatch_object_new().  On failure 'handle' stays the
/// caller's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zbatch_object_new_handle(
    r#type: *mut c_void,
    owner: *mut c_void,
    handle: *mut c_void,
    free_fn: zbatch_release_fn,
) -> *mut c_void {
    // SAFETY: OWNERSHIP.
    let call = unsafe { Call::new() };
    let Ok(maker) = Maker::new(&call, r#type, owner) else { return ptr::null_mut() };
    maker.make(handle, 0, free_fn).unwrap_or_default()
}

/// zbatch_object_dealloc() ends an object that nobody refers to: it gives its
/// reference to its owner back, frees it, and gives its reference to its type
/// back, as objects of CPython's heap types have one: CPython's tp_dealloc, for
/// a type that the garbage collector does not track (no Py_TPFLAGS_HAVE_GC).  It
/// does nothing when nothing is bound.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zbatch_object_dealloc(object: *mut c_void) {
    // SAFETY: an object of the bound layout that nobody else has.
    let call = unsafe { Call::new() };
    let (Some(layout), Some(words)) = (BOUND.peek(), call.words(object)) else { return };
    let (Some(release_fn), Some(free_fn)) = (layout.release_fn, layout.free_fn) else { return };
    let kind: *mut c_void = words.get(layout.type_offset);
    let owner: *mut c_void = words.get(layout.owner_offset);
    if !owner.is_null() {
        // SAFETY: the object's own reference.
        unsafe { release_fn(owner) };
    }
    // SAFETY: nothing reads the object any more.
    unsafe { free_fn(object) };
    if !kind.is_null() {
        // SAFETY: the object's own reference.
        unsafe { release_fn(kind) };
    }
}

/// zbatch_object_dealloc_handle() does the same for an object that owns a handle
/// instead of lending bytes: first it calls the function of
/// zbatch_object_new_handle(), on the calling thread, unless the handle is NULL.
/// So a type of such objects needs no code of the language to free what they
/// own: zbatch_collection_free() fits, and CPython's PyBuffer_Release.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zbatch_object_dealloc_handle(object: *mut c_void) {
    // SAFETY: an object of the bound layout that nobody else has.
    let call = unsafe { Call::new() };
    if let (Some(layout), Some(words)) = (BOUND.peek(), call.words(object)) {
        let data: *mut c_void = words.get(layout.data_offset);
        let free_fn: zbatch_release_fn = words.get(layout.place_offset);
        if let (Some(free_fn), false) = (free_fn, data.is_null()) {
            // SAFETY: the maker of the object gave this function for its data.
            unsafe { free_fn(data) };
        }
    }
    // SAFETY: as above.
    unsafe { zbatch_object_dealloc(object) };
}

/// zbatch_object_item() and zbatch_object_item_count() are for the slots of a
/// type of sequences: CPython's sq_item and sq_length.  The owner of such an
/// object is one that zbatch_object_new_handle() or zbatch_object_batch_new()
/// made of a collection, and its place, as zbatch_object_new() was given it, the
/// type of the elements, which must live as long as the process does.  This one
/// returns segment 'index' as an object like those of zbatch_object_list(), with
/// the sequence's owner as its owner.  When there is no such segment it calls
/// 'raise_fn' with 'index_error' and returns NULL.  It returns NULL as well when
/// nothing is bound, or 'alloc_fn' failed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zbatch_object_item(object: *mut c_void, index: isize) -> *mut c_void {
    // SAFETY: an object of the bound layout, alive during the call, as are its owner and its place.
    let call = unsafe { Call::new() };
    let mut made = ptr::null_mut();
    call.guard(ptr::null_mut(), || {
        let layout = bound()?;
        let words = call.words(object).ok_or(NO_SEGMENT)?;
        let core = sequence(&call, layout, object);
        let at = usize::try_from(index).ok();
        let found = core.zip(at).and_then(|(core, at)| Some((core.segment(at)?, core.get(at)?)));
        if let Some((segment, bytes)) = found {
            let maker = Maker::new(&call, words.get(layout.place_offset), words.get(layout.owner_offset))?;
            made = maker.of_segment(segment, bytes).unwrap_or_default();
        } else {
            let mut text = [0; 64];
            let mut room = &mut text[..63];
            // Of the numbers that there are, none is too long for it.
            let _ = if index < 0 {
                write!(room, "offset must be non-negative")
            } else {
                write!(room, "offset must be less than {}", core.map_or(0, BufferWithSegmentsCollection::len))
            };
            if let Some(raise_fn) = layout.raise_fn {
                // SAFETY: the caller bound the function for this kind of exception.
                unsafe { raise_fn(layout.index_error, text.as_ptr().cast()) };
            }
        }
        Ok(())
    });
    made
}

/// zbatch_object_item_count() returns the number of segments that
/// zbatch_object_item() has.  It is 0 when nothing is bound.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zbatch_object_item_count(object: *mut c_void) -> isize {
    // SAFETY: as above.
    let call = unsafe { Call::new() };
    let core = BOUND.peek().and_then(|layout| sequence(&call, layout, object));
    core.map_or(0, |core| core.len().cast_signed())
}

/// The collection whose segments `object` shows; none when nobody filled it.
fn sequence<'c>(
    call: &'c Call,
    layout: &zbatch_object_layout,
    object: *mut c_void,
) -> Option<&'c BufferWithSegmentsCollection> {
    let owner = call.words(call.words(object)?.get(layout.owner_offset))?;
    let collection: *mut c_void = owner.get(layout.data_offset);
    let collection: *const zbatch_collection = collection.cast_const().cast();
    Some(&call.optional(collection).ok()??.core)
}

/// zbatch_object_list() makes a list of objects, as zbatch_object_new() makes
/// them, for the segments of 'collection' from number 'first' on, 'most' of them
/// or as many as there are, and returns it, or NULL on failure.  It is empty
/// when 'first' is not below their number.  The place of each is its segment's
/// offset.  'owner' keeps the collection, or its bytes, alive.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zbatch_object_list(
    collection: *const zbatch_collection,
    first: usize,
    most: usize,
    r#type: *mut c_void,
    owner: *mut c_void,
) -> *mut c_void {
    // SAFETY: OWNERSHIP, and the bytes stay for as long as 'owner' says.
    let call = unsafe { Call::new() };
    let Ok(kind) = call.object(r#type) else { return ptr::null_mut() };
    list(&call, collection, first, most, |layout, segment, bytes| {
        Maker { call: &call, layout, kind, owner }.of_segment(segment, bytes)
    })
}

/// zbatch_object_bytes_list() makes a list of what 'new_fn' makes of each
/// segment of 'collection', and returns it, or NULL on failure.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zbatch_object_bytes_list(collection: *const zbatch_collection) -> *mut c_void {
    // SAFETY: OWNERSHIP.
    let call = unsafe { Call::new() };
    list(&call, collection, 0, usize::MAX, |layout, _, bytes| {
        // SAFETY: the caller bound the function for any bytes.
        let item = unsafe { (layout.new_fn?)(bytes.as_ptr().cast(), bytes.len().cast_signed()) };
        (!item.is_null()).then_some(item)
    })
}

/// A list of what `make` makes of segments; NULL when one of them, or the list, cannot be made.
fn list(
    call: &Call,
    collection: *const zbatch_collection,
    first: usize,
    most: usize,
    make: impl Fn(&'static zbatch_object_layout, Segment, &[u8]) -> Option<*mut c_void>,
) -> *mut c_void {
    let mut made = ptr::null_mut();
    let status = call.guard(ptr::null_mut(), || {
        let layout = bound()?;
        let collection = &call.borrow(collection)?.core;
        let (Some(list_fn), Some(set_fn)) = (layout.list_fn, layout.set_fn) else { return Err(NO_FUNCTION) };
        let first = first.min(collection.len());
        let count = most.min(collection.len() - first);
        let segments = collection.range(first..first + count).ok_or(NO_SEGMENT)?;
        // SAFETY: the caller bound the function.
        made = unsafe { list_fn(count.cast_signed()) };
        call.object(made)?;
        for (i, (segment, bytes)) in segments.enumerate() {
            let item = make(layout, segment, bytes).unwrap_or_default();
            // SAFETY: the caller bound the function for such lists.
            unsafe { put(set_fn, made, i, item) }?;
        }
        Ok(())
    });
    if status != ZBATCH_OK && !made.is_null() {
        if let Some(release_fn) = BOUND.peek().and_then(|layout| layout.release_fn) {
            // SAFETY: the list is nobody else's.
            unsafe { release_fn(made) };
        }
        return ptr::null_mut();
    }
    made
}

/// zbatch_object_batch_init() sets the 'struct_size' bytes at 'batch' to 0 but
/// for their size.  Call it with sizeof(zbatch_object_batch).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zbatch_object_batch_init(batch: *mut zbatch_object_batch, struct_size: usize) {
    // SAFETY: OUTPUTS: 'struct_size' bytes.
    unsafe { Call::new() }.init(batch, struct_size);
}

/// zbatch_object_batch_new() is zbatch_gather_views(), then
/// zbatch_compressor_estimate() and zbatch_multi_compress_to_buffer(), or the
/// same for decompressing, in one call, and returns an object of 'type' that
/// owns the collection, as zbatch_object_new_handle() makes it.  All functions
/// are called on the calling thread and must return normally, as in
/// zbatch_gather_views(), but that 'enter_fn' may end the thread; those that
/// leave and enter once each, and not at all when the batch does not begin.
///
/// 'status' receives what the other functions return.  When there is no object
/// this returns 'otherwise', to which it takes a reference when a layout is
/// bound, as not every language can be given NULL.  With ZBATCH_OK that has one
/// meaning alone: the batch did not begin, because it would take too long for
/// 'enough'.  Then run it again with 'sequence' NULL and 'enough' 0, on another
/// thread perhaps.  Views that were gathered stay, whatever happens then.
/// Nothing but 'status' is written when 'struct_size' was never set.
///
/// Errors: those of these functions.  ZBATCH_ERROR_INVALID_ARGUMENT, no layout
/// is bound: the batch does not begin.  ZBATCH_ERROR_NO_MEMORY, 'alloc_fn'
/// failed.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zbatch_object_batch_new(
    batch: *const zbatch_object_batch,
    r#type: *mut c_void,
    otherwise: *mut c_void,
    status: *mut zbatch_status,
) -> *mut c_void {
    // SAFETY: STRUCTS THAT GROW and OUTPUTS.
    let call = unsafe { Call::new() };
    let status = call.place(status);
    let maker = Maker::new(&call, r#type, ptr::null_mut());
    let refused = status.as_ref().err().copied();
    let (ended, made) = match call.known(batch) {
        Ok((batch, rest)) => batch.run(&call, refused.map_or(rest, Err), maker),
        Err(refused) => (call.guard(ptr::null_mut(), || Err::<(), _>(refused)), ptr::null_mut()),
    };
    if let Ok(status) = status {
        *status = ended;
    }
    if made.is_null() { instead(otherwise) } else { made }
}

/// zbatch_collection_free(), for objects that own a collection.
unsafe extern "C" fn free_collection(collection: *mut c_void) {
    // SAFETY: the object's own handle.
    unsafe { zbatch_collection_free(collection.cast()) };
}

/// An object that owns `collection`, which is freed when there is none.
pub(crate) fn own_collection(
    maker: Result<Maker<'_>, Error>,
    collection: *mut zbatch_collection,
) -> Result<*mut c_void, Error> {
    let free_fn: zbatch_release_fn = Some(free_collection);
    let object = maker.and_then(|maker| maker.make(collection.cast(), 0, free_fn).ok_or(NOT_MADE));
    if object.is_err() {
        // SAFETY: nobody else has it.
        unsafe { zbatch_collection_free(collection) };
    }
    object
}

impl zbatch_object_batch {
    /// The status, and the object, NULL when there is none. `rest` refuses what only a newer version knows.
    fn run(
        &self,
        call: &Call,
        rest: Result<(), Error>,
        maker: Result<Maker<'_>, Error>,
    ) -> (zbatch_status, *mut c_void) {
        let mut made = ptr::null_mut();
        let refused = maker.as_ref().err().copied();
        let mut begins = false;
        let status = self.prepare(call, refused.map_or(rest, Err), &mut begins);
        if !begins {
            return (status, made);
        }
        let mut collection = ptr::null_mut();
        let status = self.work(&raw mut collection);
        if status < ZBATCH_OK {
            return (status, made);
        }
        let failed = call.guard(self.error, || {
            made = own_collection(maker, collection)?;
            Ok(())
        });
        if failed == ZBATCH_OK {
            return (status, made);
        }
        (call.status_array(self.item_status, self.count).settle(failed), made)
    }

    /// Everything before the work: outputs cleared, views gathered, the estimate looked at.
    fn prepare(&self, call: &Call, rest: Result<(), Error>, begins: &mut bool) -> zbatch_status {
        let Self { sequence, item_fn, bytes_fn, views, count, error, .. } = *self;
        let mut statuses = call.status_array(self.item_status, count);
        // Its statistics are an output too.
        let run = Run::new(call, self.run);
        if !sequence.is_null() {
            call.array(views, count);
        }
        let mut threads = 0;
        let mut status = call.guard(error, || {
            rest?;
            statuses.optional()?;
            threads = run?.options().threads;
            if self.compressor.is_null() == self.decompressor.is_null() {
                return Err(NO_CODEC);
            }
            if self.leave_fn.is_some() == self.enter_fn.is_some() { Ok(()) } else { Err(NO_FUNCTION) }
        });
        if status == ZBATCH_OK && !sequence.is_null() {
            // SAFETY: as the caller promises for each of these fields.
            status = unsafe { zbatch_gather_views(sequence, count, item_fn, bytes_fn, views, error) };
        }
        let mut nanoseconds = 0;
        if status == ZBATCH_OK && self.enough != 0 {
            status = self.estimate(threads, &raw mut nanoseconds);
        }
        *begins = status == ZBATCH_OK && (self.enough == 0 || nanoseconds < self.enough);
        statuses.settle(status)
    }

    fn estimate(&self, threads: i32, nanoseconds: *mut u64) -> zbatch_status {
        let Self { compressor, decompressor, views, count, enough, error, .. } = *self;
        if compressor.is_null() {
            // SAFETY: as the caller promises for each of these fields.
            unsafe { zbatch_decompressor_estimate(decompressor, views, count, threads, enough, nanoseconds, error) }
        } else {
            // SAFETY: as the caller promises for each of these fields.
            unsafe { zbatch_compressor_estimate(compressor, views, count, threads, enough, nanoseconds, error) }
        }
    }

    /// The work, while other threads of the language go on. When the language ends meanwhile, `enter_fn` may end the thread
    /// and never return: nothing may be left to drop then, and no panic be caught, neither here nor in the functions that
    /// called this.
    fn work(&self, out: *mut *mut zbatch_collection) -> zbatch_status {
        let Self { compressor, decompressor, views, count, sizes, run, item_status, error, .. } = *self;
        // SAFETY: the caller gave the function for this thread.
        let state = self.leave_fn.map(|leave_fn| unsafe { leave_fn() });
        let status = if compressor.is_null() {
            // SAFETY: as the caller promises for each of these fields.
            unsafe {
                zbatch_multi_decompress_to_buffer(decompressor, views, count, sizes, run, item_status, out, error)
            }
        } else {
            // SAFETY: as the caller promises for each of these fields.
            unsafe { zbatch_multi_compress_to_buffer(compressor, views, count, run, item_status, out, error) }
        };
        if let (Some(enter_fn), Some(state)) = (self.enter_fn, state) {
            // SAFETY: the caller gave the function for what the other returned.
            unsafe { enter_fn(state) };
        }
        status
    }
}

/// What is returned where there is no object: `otherwise`, with a reference of its own.
pub(crate) fn instead(otherwise: *mut c_void) -> *mut c_void {
    let retain_fn = BOUND.peek().and_then(|layout| layout.retain_fn);
    if let (Some(retain_fn), false) = (retain_fn, otherwise.is_null()) {
        // SAFETY: the caller bound the function for such objects.
        unsafe { retain_fn(otherwise) };
    }
    otherwise
}

static BOUND: Published<zbatch_object_layout> = Published::new();

/// The layout that is bound.
pub(crate) fn bound() -> Result<&'static zbatch_object_layout, Error> {
    BOUND.peek().ok_or(NOT_BOUND)
}

impl zbatch_object_layout {
    fn offsets(&self) -> [usize; 5] {
        [self.owner_offset, self.data_offset, self.size_offset, self.place_offset, self.type_offset]
    }

    /// Where its functions are; 0 for one that is missing.
    fn functions(&self) -> [usize; 14] {
        [
            self.alloc_fn.map_or(0, |f| f as usize),
            self.retain_fn.map_or(0, |f| f as usize),
            self.fill_fn.map_or(0, |f| f as usize),
            self.new_fn.map_or(0, |f| f as usize),
            self.release_fn.map_or(0, |f| f as usize),
            self.free_fn.map_or(0, |f| f as usize),
            self.list_fn.map_or(0, |f| f as usize),
            self.set_fn.map_or(0, |f| f as usize),
            self.content_fn.map_or(0, |f| f as usize),
            self.leave_fn.map_or(0, |f| f as usize),
            self.enter_fn.map_or(0, |f| f as usize),
            self.raise_fn.map_or(0, |f| f as usize),
            self.capsule_fn.map_or(0, |f| f as usize),
            self.capsule_content_fn.map_or(0, |f| f as usize),
        ]
    }

    fn check(&self) -> Result<(), Error> {
        let offsets = self.offsets();
        let possible = |offset: &usize| *offset != 0 && offset.is_multiple_of(size_of::<usize>());
        if !offsets.iter().all(possible) || (1..offsets.len()).any(|i| offsets[..i].contains(&offsets[i])) {
            return Err(BAD_OFFSETS);
        }
        if self.index_error.is_null() {
            return Err(NO_INDEX_ERROR);
        }
        if self.functions().contains(&0) { Err(NO_FUNCTION) } else { Ok(()) }
    }

    fn is(&self, other: &zbatch_object_layout) -> bool {
        self.offsets() == other.offsets()
            && self.functions() == other.functions()
            && self.index_error == other.index_error
    }
}

/// The layout that is bound, and the bytes that `object` lends: none when nobody filled it.
fn bytes_lent(call: &Call, object: *mut c_void) -> Option<(&'static zbatch_object_layout, *mut c_void, isize)> {
    let layout = BOUND.peek()?;
    let words = call.words(object)?;
    let data: *mut c_void = words.get(layout.data_offset);
    let size: usize = words.get(layout.size_offset);
    // Some languages take NULL for a failure.
    Some(if data.is_null() { (layout, c"".as_ptr().cast_mut().cast(), 0) } else { (layout, data, size.cast_signed()) })
}

/// Makes objects of the bound layout for one owner.
pub(crate) struct Maker<'c> {
    call: &'c Call,
    layout: &'static zbatch_object_layout,
    kind: *mut c_void,
    owner: *mut c_void,
}

impl<'c> Maker<'c> {
    pub(crate) fn new(call: &'c Call, kind: *mut c_void, owner: *mut c_void) -> Result<Maker<'c>, Error> {
        Ok(Maker { call, layout: bound()?, kind: call.object(kind)?, owner })
    }

    #[inline]
    pub(crate) fn of_segment(&self, segment: Segment, bytes: &[u8]) -> Option<*mut c_void> {
        self.make(bytes.as_ptr().cast(), bytes.len(), usize::try_from(segment.offset).ok()?)
    }

    #[inline]
    fn make(&self, data: *const c_void, size: usize, place: impl Word) -> Option<*mut c_void> {
        let Maker { call, layout, kind, owner } = *self;
        let (alloc_fn, retain_fn) = (layout.alloc_fn?, layout.retain_fn?);
        // SAFETY: the caller bound the function, and gave a type for it.
        let object = unsafe { alloc_fn(kind, 0) };
        let words = call.words(object)?;
        if !owner.is_null() {
            // SAFETY: the caller bound the function, and gave an object for it.
            unsafe { retain_fn(owner) };
        }
        words.set(layout.owner_offset, owner);
        words.set(layout.data_offset, data.cast_mut());
        words.set(layout.size_offset, size);
        words.set(layout.place_offset, place);
        Some(object)
    }
}
