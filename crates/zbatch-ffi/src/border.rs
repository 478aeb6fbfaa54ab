//! The border between C and Rust: the only file where pointers become references, and back.
//!
//! Every function of the header opens a [`Call`] with the one promise that its caller gave by
//! calling it, and then asks it for what the pointers stand for. What a call lends cannot outlive
//! it. Outputs are cleared as they are asked for, which is before anything can fail.

use std::alloc::Layout;
use std::ffi::{CStr, c_char, c_void};
use std::fmt::{self, Write};
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::{self, NonNull};
use std::slice;
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};

use zbatch::{Error, Items, Partial, Segment, Status};

use crate::apart::{Extent, check_outputs, check_spans, check_spans_beside, extent};
use crate::bytes::{zbatch_segment, zbatch_span, zbatch_view};
use crate::status::{
    ZBATCH_ERROR_INTERNAL, ZBATCH_ERROR_INVALID_ARGUMENT, ZBATCH_NO_ITEM, ZBATCH_OK, ZBATCH_PARTIAL, zbatch_error,
    zbatch_status,
};

const NULL: Error = Error::new(Status::InvalidArgument, "a pointer that must not be NULL is NULL");
const MISALIGNED: Error = Error::new(Status::InvalidArgument, "a pointer is misaligned");
const TOO_LARGE: Error = Error::new(Status::InvalidArgument, "an array is larger than memory");
const BAD_STRUCT_SIZE: Error =
    Error::new(Status::InvalidArgument, "a struct_size is not set to the size of its struct");
const NEWER_FIELD: Error = Error::new(Status::Unsupported, "an option is set that this version does not know");
pub(crate) const NO_MEMORY: Error = Error::new(Status::NoMemory, "memory ran out");
const FAULT: Error = Error::new(Status::Internal, "a fault inside zbatch, please report it");

/// More than any struct of the header will ever have: a larger struct_size was never set.
const STRUCT_SIZE_MAX: usize = 4096;

/// One call from C, for as long as it lasts.
pub(crate) struct Call(());

impl Call {
    /// Opens the border.
    ///
    /// # Safety
    /// Every pointer that the methods will be given is an argument of the C function, or was read
    /// from one, and its caller keeps what the header says of it: ARRAYS (as long as their number
    /// says), OUTPUTS (writable, and apart from the inputs), OWNERSHIP (live handles) and THREADS.
    pub(crate) unsafe fn new() -> Call {
        Call(())
    }

    /// Runs the body of a function that can fail, and turns its end into a status and an error.
    pub(crate) fn guard<V: Verdict>(
        &self,
        error: *mut zbatch_error,
        body: impl FnOnce() -> Result<V, Error>,
    ) -> zbatch_status {
        if !error.is_aligned() {
            return ZBATCH_ERROR_INVALID_ARGUMENT;
        }
        let (status, told) = match caught(body) {
            Some(Ok(verdict)) => match verdict.failed() {
                None => return ZBATCH_OK,
                Some(told) => (ZBATCH_PARTIAL, told),
            },
            Some(Err(told)) => (told.status() as zbatch_status, told),
            None => (ZBATCH_ERROR_INTERNAL, FAULT),
        };
        if !error.is_null() {
            let filled = explain(&told);
            // SAFETY: ERRORS: 'error' is NULL, which it is not, or the caller's zbatch_error.
            unsafe { error.write(filled) };
        }
        status
    }

    /// The body of a function that writes one value to `out`, which is 0 unless it succeeds.
    pub(crate) fn write<T: Default>(
        &self,
        out: *mut T,
        error: *mut zbatch_error,
        body: impl FnOnce() -> Result<T, Error>,
    ) -> zbatch_status {
        let out = self.place(out);
        self.guard(error, || {
            let out = out?;
            *out = body()?;
            Ok(())
        })
    }

    /// The body of a function that makes a handle.
    pub(crate) fn hand_out<T>(
        &self,
        out: *mut *mut T,
        error: *mut zbatch_error,
        body: impl FnOnce() -> Result<T, Error>,
    ) -> zbatch_status {
        let out = self.handle(out);
        self.guard(error, || {
            let out = out?;
            out.hand_out(body()?)
        })
    }

    /// A handle that may not be NULL.
    pub(crate) fn borrow<T>(&self, handle: *const T) -> Result<&T, Error> {
        self.optional(handle)?.ok_or(NULL)
    }

    /// A handle that may be NULL.
    pub(crate) fn optional<T>(&self, handle: *const T) -> Result<Option<&T>, Error> {
        if !handle.is_aligned() {
            return Err(MISALIGNED);
        }
        // SAFETY: OWNERSHIP: the caller has not freed the handle, and does not during the call.
        Ok(unsafe { handle.as_ref() })
    }

    /// An object of another language, which is only passed on.
    pub(crate) fn object(&self, object: *mut c_void) -> Result<*mut c_void, Error> {
        if object.is_null() { Err(NULL) } else { Ok(object) }
    }

    /// An object of another language, to look into.
    pub(crate) fn words(&self, object: *mut c_void) -> Option<Words<'_>> {
        let at = NonNull::new(object.cast::<usize>())?;
        at.is_aligned().then_some(Words { at, of: PhantomData })
    }

    /// An array that is read; NULL when it has no elements.
    pub(crate) fn slice<T>(&self, data: *const T, count: usize) -> Result<&[T], Error> {
        if count == 0 {
            return Ok(&[]);
        }
        check(data, count)?;
        // SAFETY: ARRAYS: a pointer that comes with a number is an array of that many.
        Ok(unsafe { slice::from_raw_parts(data, count) })
    }

    /// An array that is read, or NULL.
    pub(crate) fn optional_slice<T>(&self, data: *const T, count: usize) -> Result<Option<&[T]>, Error> {
        if data.is_null() { Ok(None) } else { self.slice(data, count).map(Some) }
    }

    /// Bytes that are read.
    pub(crate) fn bytes(&self, data: *const c_void, size: usize) -> Result<&[u8], Error> {
        self.slice(data.cast(), size)
    }

    /// Bytes that are read, apart from these outputs.
    pub(crate) fn bytes_apart(&self, data: *const c_void, size: usize, outputs: &[Extent]) -> Result<&[u8], Error> {
        let bytes = self.bytes(data, size)?;
        const NO_ITEMS: [&[u8]; 0] = [];
        check_outputs(&NO_ITEMS, outputs, &[extent(data.cast::<u8>(), size)])?;
        Ok(bytes)
    }

    /// A table of segments that is read.
    pub(crate) fn segments(&self, segments: *const zbatch_segment, count: usize) -> Result<&[Segment], Error> {
        self.slice(segments.cast(), count)
    }

    /// Text that ends with a NUL.
    pub(crate) fn text(&self, text: *const c_char) -> Result<&CStr, Error> {
        let text = NonNull::new(text.cast_mut()).ok_or(NULL)?;
        // SAFETY: a 'const char *' of the header that has no size beside it is a C string.
        Ok(unsafe { CStr::from_ptr(text.as_ptr()) })
    }

    /// Bytes that stay the caller's after the call.
    pub(crate) fn lend(&self, data: *const c_void, size: usize) -> Result<Lent, Error> {
        let bytes = self.bytes(data, size)?;
        Ok(Lent { data: bytes.as_ptr(), size: bytes.len() })
    }

    /// The items of a batch.
    pub(crate) fn items(&self, views: *const zbatch_view, count: usize) -> Result<Views<'_>, Error> {
        let views = self.slice(views, count)?;
        for (i, view) in views.iter().enumerate() {
            check_view(view).map_err(|e| e.with_item(i))?;
        }
        Ok(Views(views))
    }

    /// Items that are checked when they are looked at.
    pub(crate) fn some_items(&self, views: *const zbatch_view, count: usize) -> Result<SomeViews<'_>, Error> {
        Ok(SomeViews { views: Views(self.slice(views, count)?), refused: AtomicUsize::new(usize::MAX) })
    }

    /// The caller's memory for the items of a batch, apart from each other, from the items, and from these arrays.
    pub(crate) fn spans(
        &self,
        items: &Views<'_>,
        spans: *const zbatch_span,
        arrays: &[Extent],
    ) -> Result<Vec<&mut [u8]>, Error> {
        let spans = self.slice(spans, items.len())?;
        for (i, span) in spans.iter().enumerate() {
            if span.size != 0 {
                check(span.data.cast::<u8>(), span.size).map_err(|e| e.with_item(i))?;
            }
        }
        check_spans_beside(spans, arrays)?;
        check_spans(items, spans)?;
        let mut memory = try_with_capacity(spans.len())?;
        for span in spans {
            memory.push(self.dst(span.data, span.size)?);
        }
        Ok(memory)
    }

    /// The items of a batch, apart from its outputs, which are apart from these arrays too.
    pub(crate) fn items_apart(
        &self,
        views: *const zbatch_view,
        count: usize,
        outputs: &[Extent],
        read: &[Extent],
    ) -> Result<Views<'_>, Error> {
        let items = self.items(views, count)?;
        check_outputs(&items, outputs, read)?;
        Ok(items)
    }

    /// The caller's memory for bytes of a result.
    #[expect(clippy::mut_from_ref, reason = "the memory is the caller's, not this call's")]
    pub(crate) fn dst(&self, data: *mut c_void, capacity: usize) -> Result<&mut [u8], Error> {
        if capacity == 0 {
            return Ok(&mut []);
        }
        let data: *mut u8 = data.cast();
        check(data, capacity)?;
        // SAFETY: ARRAYS and OUTPUTS: room for 'capacity' bytes that nobody else touches during
        // the call. They are written before they are read.
        Ok(unsafe { slice::from_raw_parts_mut(data, capacity) })
    }

    /// An output for a handle, NULL from now on.
    pub(crate) fn handle<T>(&self, out: *mut *mut T) -> Result<Handle<'_, T>, Error> {
        self.place(out).map(Handle)
    }

    /// An output for one value, 0 from now on.
    #[expect(clippy::mut_from_ref, reason = "the memory is the caller's, not this call's")]
    pub(crate) fn place<T: Default>(&self, out: *mut T) -> Result<&mut T, Error> {
        check(out, 1)?;
        // SAFETY: OUTPUTS: the caller has room for one value here, initialised or not.
        unsafe { out.write(T::default()) };
        // SAFETY: written just now, and nobody else touches it during the call.
        Ok(unsafe { &mut *out })
    }

    /// An output for one value, or NULL.
    pub(crate) fn optional_place<T: Default>(&self, out: *mut T) -> Result<Option<&mut T>, Error> {
        if out.is_null() { Ok(None) } else { self.place(out).map(Some) }
    }

    /// The value at a pointer, where its default is from now on.
    pub(crate) fn take<T: Default>(&self, at: *mut T) -> Result<T, Error> {
        check(at, 1)?;
        // SAFETY: OUTPUTS: a value of the caller's that nobody else touches during the call.
        Ok(unsafe { at.replace(T::default()) })
    }

    /// An output of `count` values, each 0 from now on.
    pub(crate) fn array<T: Element>(&self, out: *mut T, count: usize) -> Array<'_, T> {
        if out.is_null() {
            return Array::Null { count };
        }
        if let Err(error) = check(out, count) {
            return Array::Refused(error);
        }
        for i in 0..count {
            // SAFETY: ARRAYS: element i of 'count'.
            let element = unsafe { out.add(i) };
            // SAFETY: OUTPUTS: the caller has room for it, initialised or not.
            unsafe { element.write(T::ZERO) };
        }
        // SAFETY: every element was written just now, and nobody else touches them.
        Array::Given(unsafe { slice::from_raw_parts_mut(out, count) })
    }

    /// An output of `count` segments.
    pub(crate) fn segment_array(&self, out: *mut zbatch_segment, count: usize) -> Array<'_, Segment> {
        self.array(out.cast(), count)
    }

    /// An output of `count` statuses. Its elements are the core's: 0, which is there from now on,
    /// is one of them, and nobody but the core writes others.
    pub(crate) fn status_array(&self, out: *mut zbatch_status, count: usize) -> Array<'_, Status> {
        self.array(out.cast(), count)
    }

    /// The options at a pointer that may be NULL, as this version knows them.
    pub(crate) fn options<T: Grows>(&self, options: *const T) -> Result<T, Error> {
        if options.is_null() {
            return Ok(T::default());
        }
        let (value, rest) = self.known(options)?;
        rest.map(|()| value)
    }

    /// What this version knows of a struct, and the refusal of what it does not: for structs that hold outputs, which are
    /// written whatever happens.
    pub(crate) fn known<T: Grows>(&self, options: *const T) -> Result<(T, Result<(), Error>), Error> {
        let size = struct_size(options)?;
        let known = size.min(size_of::<T>());
        let bytes = self.slice(options.cast::<u8>(), size)?;
        let rest = if bytes[known..].iter().any(|&byte| byte != 0) { Err(NEWER_FIELD) } else { Ok(()) };
        let mut value = T::default();
        // SAFETY: both are at least that long, they are apart, and a `Grows` has no bad bits.
        unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), (&raw mut value).cast(), known) };
        Ok((value, rest))
    }

    /// A struct of the caller's whose fields the call will write.
    pub(crate) fn fields<T: Grows>(&self, out: *mut T) -> Result<Fields<'_, T>, Error> {
        check(out, 1)?;
        let size = struct_size(out)?;
        Ok(Fields { at: out.cast(), size, of: PhantomData })
    }

    /// The body of an `_init` function: `size` bytes of defaults.
    pub(crate) fn init<T: Grows>(&self, options: *mut T, size: usize) {
        if !may_be_size_of::<T>(size) || check(options, 1).is_err() {
            return;
        }
        // SAFETY: the header: "sets the 'struct_size' bytes at 'options'".
        unsafe { options.cast::<u8>().write_bytes(0, size) };
        // SAFETY: the first field, and the size covers it.
        unsafe { options.cast::<usize>().write(size) };
    }
}

/// Asks a handle for a value; a NULL handle answers 0 or NULL.
///
/// # Safety
/// OWNERSHIP: `handle` is NULL or alive.
pub(crate) unsafe fn answer<T, R: Default>(handle: *const T, ask: impl FnOnce(&T) -> R) -> R {
    if !handle.is_aligned() {
        return R::default();
    }
    // SAFETY: the caller's promise.
    let handle = unsafe { handle.as_ref() };
    handle.and_then(|handle| caught(|| ask(handle))).unwrap_or_default()
}

/// Ends a handle that a [`Handle`] gave; NULL is none.
///
/// # Safety
/// OWNERSHIP: the caller owns `handle`, and frees it once.
pub(crate) unsafe fn take_back<T>(handle: *mut T) {
    if handle.is_null() || !handle.is_aligned() {
        return;
    }
    // SAFETY: the caller's promise; `try_box` made it.
    let value = unsafe { Box::from_raw(handle) };
    caught(|| drop(value));
}

/// The end of a body that succeeded: for all items, or but for one that it names.
pub(crate) trait Verdict {
    fn failed(self) -> Option<Error>;
}

impl Verdict for () {
    fn failed(self) -> Option<Error> {
        None
    }
}

impl Verdict for Option<Error> {
    fn failed(self) -> Option<Error> {
        self
    }
}

/// An output that will hold a handle.
pub(crate) struct Handle<'c, T>(&'c mut *mut T);

impl<T> Handle<'_, T> {
    /// Hands `value` out to the caller, who owns it from now on.
    pub(crate) fn hand_out(self, value: T) -> Result<(), Error> {
        *self.0 = Box::into_raw(try_box(value)?);
        Ok(())
    }

    /// Hands out `value`, and to `other` what stands beside it, if anything does; or neither, when memory runs out.
    pub(crate) fn hand_out_with<U>(self, value: T, other: Handle<'_, U>, beside: Option<U>) -> Result<(), Error> {
        let beside = beside.map(try_box).transpose()?;
        self.hand_out(value)?;
        if let Some(beside) = beside {
            *other.0 = Box::into_raw(beside);
        }
        Ok(())
    }
}

/// What an output array may hold: 0 from the start, and what a failed call leaves in it.
pub(crate) trait Element: Copy {
    const ZERO: Self;

    fn of_failed_call(_status: zbatch_status) -> Self {
        Self::ZERO
    }
}

impl Element for u64 {
    const ZERO: u64 = 0;
}

impl Element for usize {
    const ZERO: usize = 0;
}

impl Element for Segment {
    const ZERO: Segment = Segment { offset: 0, length: 0 };
}

impl Element for zbatch_view {
    const ZERO: zbatch_view = zbatch_view { data: ptr::null(), size: 0 };
}

impl Element for Status {
    const ZERO: Status = Status::Ok;

    fn of_failed_call(status: zbatch_status) -> Status {
        crate::status::from_code(status)
    }
}

/// An output array.
pub(crate) enum Array<'c, T> {
    Null { count: usize },
    Refused(Error),
    Given(&'c mut [T]),
}

impl<T: Element> Array<'_, T> {
    /// The array, which may be NULL only when it has no elements.
    pub(crate) fn required(&mut self) -> Result<&mut [T], Error> {
        match self {
            Array::Null { count: 0 } => Ok(&mut []),
            Array::Null { .. } => Err(NULL),
            Array::Refused(error) => Err(*error),
            Array::Given(elements) => Ok(elements),
        }
    }

    /// The array, or none for NULL.
    pub(crate) fn optional(&mut self) -> Result<Option<&mut [T]>, Error> {
        match self {
            Array::Null { .. } => Ok(None),
            Array::Refused(error) => Err(*error),
            Array::Given(elements) => Ok(Some(elements)),
        }
    }

    /// Writes what a call that failed as a whole leaves, and passes its status on.
    pub(crate) fn settle(self, status: zbatch_status) -> zbatch_status {
        if let (Array::Given(elements), ..=-1) = (self, status) {
            elements.fill(T::of_failed_call(status));
        }
        status
    }
}

impl Array<'_, Status> {
    /// Runs a batch that one failed item fails; or, where the caller wants statuses, one that delivers the others.
    pub(crate) fn batch<T>(
        &mut self,
        whole: impl FnOnce() -> Result<T, Error>,
        partial: impl FnOnce(&mut [Status]) -> Result<Partial<T>, Error>,
    ) -> Result<Partial<T>, Error> {
        match self.optional()? {
            None => Ok(Partial { value: whole()?, error: None }),
            Some(statuses) => partial(statuses),
        }
    }
}

/// A struct that may gain fields at its end.
///
/// # Safety
/// It is `repr(C)` without padding, begins with `struct_size: usize`, and any bits are a value.
pub(crate) unsafe trait Grows: Copy + Default {}

/// A struct of the caller's, as long as its struct_size says.
pub(crate) struct Fields<'c, T> {
    at: *mut u8,
    size: usize,
    of: PhantomData<&'c mut T>,
}

impl<T: Grows> Fields<'_, T> {
    /// Writes the fields that the caller knows, and 0 to those that this version does not; the
    /// struct_size stays.
    pub(crate) fn store(&mut self, value: &T) {
        let known = self.size.min(size_of::<T>());
        let mut value = *value;
        let value: *mut u8 = (&raw mut value).cast();
        // SAFETY: the first field of a `Grows`.
        unsafe { value.cast::<usize>().write(self.size) };
        // SAFETY: STRUCTS THAT GROW: the caller's struct is as long as its struct_size.
        unsafe { ptr::copy_nonoverlapping(value, self.at, known) };
        // SAFETY: as above.
        unsafe { self.at.wrapping_add(known).write_bytes(0, self.size - known) };
    }
}

/// The bytes of zbatch_buffer_new_by_reference().
pub(crate) struct Lent {
    data: *const u8,
    size: usize,
}

// SAFETY: the caller keeps the bytes "where they are, unchanged": any thread may read them.
unsafe impl Send for Lent {}
// SAFETY: as above.
unsafe impl Sync for Lent {}

impl AsRef<[u8]> for Lent {
    fn as_ref(&self) -> &[u8] {
        // SAFETY: `Call::lend` checked them, and the caller keeps them until the last owner ends.
        unsafe { slice::from_raw_parts(self.data, self.size) }
    }
}

/// Views that were checked, as the items of a batch.
pub(crate) struct Views<'c>(&'c [zbatch_view]);

impl Items for Views<'_> {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn get(&self, i: usize) -> &[u8] {
        let view = &self.0[i];
        if view.size == 0 {
            return &[];
        }
        // SAFETY: zbatch_view: "'size' bytes at 'data'", checked by `check_view`.
        unsafe { slice::from_raw_parts(view.data.cast(), view.size) }
    }
}

/// Views of which not all are looked at. One that cannot be is an item of no bytes, and known by its index.
pub(crate) struct SomeViews<'c> {
    views: Views<'c>,
    refused: AtomicUsize,
}

impl SomeViews<'_> {
    /// The error of the lowest view that was refused.
    pub(crate) fn verdict(&self) -> Result<(), Error> {
        let item = self.refused.load(Ordering::Relaxed);
        self.views.0.get(item).map_or(Ok(()), |view| check_view(view).map_err(|e| e.with_item(item)))
    }
}

impl Items for SomeViews<'_> {
    fn len(&self) -> usize {
        self.views.len()
    }

    fn get(&self, i: usize) -> &[u8] {
        if check_view(&self.views.0[i]).is_err() {
            self.refused.fetch_min(i, Ordering::Relaxed);
            return &[];
        }
        self.views.get(i)
    }
}

/// The words of an object of another language.
#[derive(Clone, Copy)]
pub(crate) struct Words<'c> {
    at: NonNull<usize>,
    of: PhantomData<&'c Call>,
}

/// What a word of an object may be.
///
/// # Safety
/// It is as large as a `usize` and aligned like one, and any bits are a value.
pub(crate) unsafe trait Word: Copy {}

// SAFETY: the very word.
unsafe impl Word for usize {}
// SAFETY: zbatch has no targets where an address is no word.
unsafe impl Word for *mut c_void {}
// SAFETY: as above; 0 is `None`, and it is not called here.
unsafe impl Word for Option<unsafe extern "C" fn(*mut c_void)> {}

impl Words<'_> {
    /// The word at an offset of the layout that is bound.
    pub(crate) fn get<T: Word>(self, offset: usize) -> T {
        // SAFETY: zbatch_object_layout: "where five words lie in each".
        unsafe { self.at.as_ptr().wrapping_byte_add(offset).cast::<T>().read() }
    }

    /// Writes the word at an offset of the layout that is bound.
    pub(crate) fn set<T: Word>(self, offset: usize, value: T) {
        // SAFETY: as above; the object is new, and nobody else has it yet.
        unsafe { self.at.as_ptr().wrapping_byte_add(offset).cast::<T>().write(value) };
    }
}

/// A value that a shared handle makes when it is first asked for.
///
/// No thread ever waits for another here: two may make the value, and the first to publish it
/// wins. So a child process finds no lock that a thread of its parent held.
pub(crate) struct Published<T> {
    at: AtomicPtr<T>,
    owns: PhantomData<Box<T>>,
}

impl<T> Published<T> {
    pub(crate) const fn new() -> Published<T> {
        Published { at: AtomicPtr::new(ptr::null_mut()), owns: PhantomData }
    }

    /// The value, or none when `make` or memory fails.
    pub(crate) fn get(&self, make: impl FnOnce() -> Option<T>) -> Option<&T> {
        let mut at = self.at.load(Ordering::Acquire);
        if at.is_null() {
            let made = Box::into_raw(try_box(make()?).ok()?);
            at = made;
            if let Err(first) = self.at.compare_exchange(ptr::null_mut(), made, Ordering::AcqRel, Ordering::Acquire) {
                // SAFETY: never published, so it is still ours alone.
                drop(unsafe { Box::from_raw(made) });
                at = first;
            }
        }
        // SAFETY: once published, the value stays until `self` is dropped.
        Some(unsafe { &*at })
    }

    /// The value, if it was made.
    pub(crate) fn peek(&self) -> Option<&T> {
        // SAFETY: as above; NULL is none.
        unsafe { self.at.load(Ordering::Acquire).as_ref() }
    }
}

impl<T> Drop for Published<T> {
    fn drop(&mut self) {
        let at = *self.at.get_mut();
        if !at.is_null() {
            // SAFETY: published by `get`, and nobody can ask any more.
            drop(unsafe { Box::from_raw(at) });
        }
    }
}

/// `Box::new`, but memory that ran out is an error.
pub(crate) fn try_box<T>(value: T) -> Result<Box<T>, Error> {
    const { assert!(size_of::<T>() != 0) };
    // SAFETY: the size is not 0.
    let at: *mut T = unsafe { std::alloc::alloc(Layout::new::<T>()) }.cast();
    if at.is_null() {
        return Err(NO_MEMORY);
    }
    // SAFETY: fresh memory of T's layout.
    unsafe { at.write(value) };
    // SAFETY: allocated as a box is, and initialised.
    Ok(unsafe { Box::from_raw(at) })
}

/// `Vec::with_capacity`, but memory that ran out is an error.
pub(crate) fn try_with_capacity<T>(count: usize) -> Result<Vec<T>, Error> {
    let mut all = Vec::new();
    all.try_reserve_exact(count).map_err(|_| NO_MEMORY)?;
    Ok(all)
}

/// Collects `count` values into memory that may run out.
pub(crate) fn try_collect<T>(count: usize, values: impl Iterator<Item = T>) -> Result<Vec<T>, Error> {
    let mut all = try_with_capacity(count)?;
    all.extend(values);
    Ok(all)
}

/// Runs `body`; none when it panicked. Nothing unwinds into C.
fn caught<R>(body: impl FnOnce() -> R) -> Option<R> {
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(value) => Some(value),
        Err(payload) => {
            // Its destructor could panic again, and then nobody would catch it.
            std::mem::forget(payload);
            None
        }
    }
}

/// Refuses what cannot be an array of `count` elements.
fn check<T>(data: *const T, count: usize) -> Result<(), Error> {
    if data.is_null() {
        return Err(NULL);
    }
    if !data.is_aligned() {
        return Err(MISALIGNED);
    }
    Layout::array::<T>(count).map(drop).map_err(|_| TOO_LARGE)
}

/// Refuses bytes that cannot be.
fn check_view(view: &zbatch_view) -> Result<(), Error> {
    if view.size == 0 { Ok(()) } else { check(view.data.cast::<u8>(), view.size) }
}

/// The struct_size of a struct that grows, or its refusal.
fn struct_size<T: Grows>(at: *const T) -> Result<usize, Error> {
    check(at, 1)?;
    // SAFETY: STRUCTS THAT GROW: the first field of the caller's struct.
    let size = unsafe { at.cast::<usize>().read() };
    if may_be_size_of::<T>(size) { Ok(size) } else { Err(BAD_STRUCT_SIZE) }
}

/// Whether a struct like `T` can have that size, in this version or another. Its alignment stays what it is.
fn may_be_size_of<T: Grows>(size: usize) -> bool {
    (size_of::<usize>()..=STRUCT_SIZE_MAX).contains(&size) && size.is_multiple_of(align_of::<T>())
}

/// The error as C sees it.
fn explain(error: &Error) -> zbatch_error {
    let mut filled = zbatch_error {
        item: error.item().map_or(ZBATCH_NO_ITEM, |item| item as u64),
        status: error.status() as zbatch_status,
        zstd_error: error.zstd_code(),
        os_error: error.os_code(),
        reserved: 0,
        message: [0; 232],
    };
    let mut message = Message { room: &mut filled.message, used: 0 };
    // A message that is cut short still says something; the writer never fails.
    let _ = write!(message, "{error}");
    filled
}

/// Text that ends where its room does, between two characters and before a NUL.
struct Message<'a> {
    room: &'a mut [c_char],
    used: usize,
}

impl Write for Message<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = self.room.len() - 1 - self.used;
        let mut kept = text.len().min(room);
        while !text.is_char_boundary(kept) {
            kept -= 1;
        }
        for (to, &byte) in self.room[self.used..].iter_mut().zip(&text.as_bytes()[..kept]) {
            *to = byte as c_char;
        }
        // After a cut nothing may follow: the rest of the room counts as used.
        self.used = if kept < text.len() { self.room.len() - 1 } else { self.used + kept };
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::mem::MaybeUninit;

    /// The status of a body, and its error when it filled one.
    fn guarded<V: Verdict>(body: impl FnOnce() -> Result<V, Error>) -> (zbatch_status, Option<zbatch_error>) {
        let mut error = MaybeUninit::uninit();
        // SAFETY: room for an error.
        let status = unsafe { Call::new() }.guard(error.as_mut_ptr(), body);
        // SAFETY: ERRORS: filled when the status is not ZBATCH_OK.
        (status, (status != ZBATCH_OK).then(|| unsafe { error.assume_init() }))
    }

    fn message(error: &zbatch_error) -> &str {
        // SAFETY: "NUL-terminated".
        unsafe { CStr::from_ptr(error.message.as_ptr()) }.to_str().unwrap()
    }

    #[test]
    fn a_panic_is_a_status() {
        struct Bomb;
        impl Drop for Bomb {
            fn drop(&mut self) {
                panic!("again");
            }
        }
        let (status, error) = guarded::<()>(|| std::panic::panic_any(Bomb));
        assert_eq!(status, ZBATCH_ERROR_INTERNAL);
        assert_eq!(error.unwrap().item, ZBATCH_NO_ITEM);
    }

    #[test]
    fn an_error_keeps_its_item_through_partial() {
        let failed = Error::new(Status::Corrupt, "the frame is damaged").with_item(7);
        let (status, error) = guarded(|| Ok(Some(failed)));
        let error = error.unwrap();
        assert_eq!((status, error.status, error.item), (ZBATCH_PARTIAL, Status::Corrupt as i32, 7));
        assert_eq!(message(&error), failed.to_string());
        assert!(guarded(|| Ok(())).1.is_none());
    }

    #[test]
    fn a_long_message_ends_between_two_characters() {
        const TEXT: &str = "\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}";
        let mut room = [1; 16];
        let mut writer = Message { room: &mut room, used: 0 };
        let _ = write!(writer, "x{TEXT}{TEXT}!");
        let end = writer.used;
        assert_eq!(end, 15);
        let text: Vec<u8> = room[..15].iter().map(|&c| c as u8).collect();
        assert_eq!(text, "x\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}".as_bytes());
    }

    #[test]
    fn arrays_that_cannot_be_are_refused() {
        fn status(refused: Result<&[u64], Error>) -> Result<&[u64], Status> {
            refused.map_err(|e| e.status())
        }
        // SAFETY: nothing below is followed.
        let call = unsafe { Call::new() };
        let word: *const u64 = ptr::without_provenance(8);
        assert_eq!(status(call.slice(ptr::null(), 0)), Ok(&[][..]));
        assert_eq!(status(call.slice(ptr::null(), 1)), Err(Status::InvalidArgument));
        assert_eq!(status(call.slice(word.wrapping_byte_add(1), 1)), Err(Status::InvalidArgument));
        assert_eq!(status(call.slice(word, usize::MAX / 8)), Err(Status::InvalidArgument));
        let views = [zbatch_view { data: ptr::null(), size: 0 }, zbatch_view { data: ptr::null(), size: 1 }];
        assert_eq!(call.items(views.as_ptr(), 1).map(|items| items.get(0).len()), Ok(0));
        assert_eq!(call.items(views.as_ptr(), 2).err().and_then(|e| e.item()), Some(1));
    }

    #[test]
    fn a_failed_call_leaves_its_status_with_every_item() {
        let mut statuses = [MaybeUninit::<zbatch_status>::uninit(); 3];
        // SAFETY: room for three statuses.
        let call = unsafe { Call::new() };
        let array = call.status_array(statuses.as_mut_ptr().cast(), 3);
        array.settle(Status::Cancelled as zbatch_status);
        // SAFETY: OUTPUTS: written whatever happens.
        assert!(statuses.iter().all(|s| unsafe { s.assume_init() } == Status::Cancelled as zbatch_status));
    }

    #[test]
    fn a_value_is_published_once_and_dropped_once() {
        let count = std::sync::Arc::new(());
        let published = Published::new();
        let first = published.get(|| Some(count.clone())).map(ptr::from_ref);
        assert_eq!(published.get(|| None).map(ptr::from_ref), first);
        assert_eq!(std::sync::Arc::strong_count(&count), 2);
        drop(published);
        assert_eq!(std::sync::Arc::strong_count(&count), 1);
    }
}
