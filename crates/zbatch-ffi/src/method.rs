//! Methods of another language

use std::ffi::{c_int, c_long, c_void};
use std::mem::ManuallyDrop;
use std::ptr;

use zbatch::{BufferWithSegmentsCollection, Error, RunOptions, Status};

use crate::border::{Call, Grows, NO_MEMORY, Published, Views, try_with_capacity};
use crate::bytes::zbatch_view;
use crate::collection::zbatch_collection;
use crate::compress::zbatch_compressor;
use crate::decompress::zbatch_decompressor;
use crate::gather::*;
use crate::item::*;
use crate::objects::{
    Maker, bound, own_collection, zbatch_object_bytes_list, zbatch_object_layout, zbatch_object_list,
};
use crate::status::{ZBATCH_OK, zbatch_error, zbatch_status};

/// Returns the attribute 'name' of 'object', a new reference, or NULL on
/// failure: CPython's PyObject_GenericGetAttr fits.
pub type zbatch_method_get_fn = Option<unsafe extern "C" fn(object: *mut c_void, name: *mut c_void) -> *mut c_void>;

/// Makes 'value' the attribute 'name' of 'object', and returns 0; any other
/// value is a failure.  CPython's PyObject_GenericSetAttr fits.
pub type zbatch_method_set_fn =
    Option<unsafe extern "C" fn(object: *mut c_void, name: *mut c_void, value: *mut c_void) -> c_int>;

/// Calls 'function' with 'count' arguments, behind which stand those that the
/// tuple 'names' names, which may be NULL, and returns what it does, or NULL on
/// failure.  CPython's PyObject_Vectorcall fits.
pub type zbatch_method_call_fn = Option<
    unsafe extern "C-unwind" fn(
        function: *mut c_void,
        arguments: *const *mut c_void,
        count: usize,
        names: *mut c_void,
    ) -> *mut c_void,
>;

/// Returns a new tuple of the elements of 'list', or NULL on failure: CPython's
/// PyList_AsTuple fits.
pub type zbatch_method_tuple_fn = Option<unsafe extern "C" fn(list: *mut c_void) -> *mut c_void>;

/// Returns the number of elements of 'tuple': CPython's PyTuple_Size fits.
pub type zbatch_method_count_fn = Option<unsafe extern "C" fn(tuple: *mut c_void) -> isize>;

/// Returns the value of 'integer'; one that is no long sets 'overflow' to
/// something else than 0.  CPython's PyLong_AsLongAndOverflow fits.
pub type zbatch_method_int_fn = Option<unsafe extern "C" fn(integer: *mut c_void, overflow: *mut c_int) -> c_long>;

/// Returns a new iterator over 'list', or NULL on failure: CPython's
/// PyObject_GetIter fits.
pub type zbatch_method_iter_fn = Option<unsafe extern "C" fn(list: *mut c_void) -> *mut c_void>;

/// Makes an integer, and returns it, or NULL on failure: CPython's
/// PyLong_FromSsize_t fits.
pub type zbatch_method_new_int_fn = Option<unsafe extern "C" fn(value: isize) -> *mut c_void>;

/// Forgets the exception that was raised, if one was: CPython's PyErr_Clear
/// fits.
pub type zbatch_method_clear_fn = Option<unsafe extern "C" fn()>;

/// What the methods below need to know of a language, besides the layout of its
/// objects.  See STRUCTS THAT GROW above, but none of these fields may be 0;
/// fields of later versions may.  The objects must live as long as the process
/// does.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct zbatch_methods {
    /// sizeof(zbatch_methods).
    pub struct_size: usize,
    /// Reads an attribute.
    pub get_fn: zbatch_method_get_fn,
    /// Sets one.
    pub set_fn: zbatch_method_set_fn,
    /// Calls a function.
    pub call_fn: zbatch_method_call_fn,
    /// Makes a tuple of a list.
    pub tuple_fn: zbatch_method_tuple_fn,
    /// Counts the elements of a tuple.
    pub count_fn: zbatch_method_count_fn,
    /// Gives one of them.
    pub item_fn: zbatch_gather_item_fn,
    /// Gives the bytes of an item.
    pub bytes_fn: zbatch_gather_bytes_fn,
    /// Reads an integer.
    pub int_fn: zbatch_method_int_fn,
    /// Makes one.
    pub new_int_fn: zbatch_method_new_int_fn,
    /// Goes through a list.
    pub iter_fn: zbatch_method_iter_fn,
    /// Forgets an exception.
    pub clear_fn: zbatch_method_clear_fn,
    /// The types of lists,
    pub list_type: *mut c_void,
    /// tuples,
    pub tuple_type: *mut c_void,
    /// integers,
    pub int_type: *mut c_void,
    /// and bytes.
    pub bytes_type: *mut c_void,
    /// The type of objects that own a handle.
    pub handle_type: *mut c_void,
    /// The type of results, of which 'alloc_fn' of the layout makes one.
    pub result_type: *mut c_void,
    /// The type of their segments, as in zbatch_object_list().
    pub segment_type: *mut c_void,
    /// The name of the attribute of codecs and results that is such an object.
    pub handle_name: *mut c_void,
    /// The name of the argument that is the number of threads.
    pub threads_name: *mut c_void,
    /// What does everything that zbatch_method_multi_compress(),
    pub multi_compress: *mut c_void,
    /// zbatch_method_multi_decompress(),
    pub multi_decompress: *mut c_void,
    /// zbatch_method_compress(),
    pub compress: *mut c_void,
    /// zbatch_method_decompress(),
    pub decompress: *mut c_void,
    /// zbatch_method_len(),
    pub len: *mut c_void,
    /// zbatch_method_size(),
    pub size: *mut c_void,
    /// zbatch_method_item(),
    pub item: *mut c_void,
    /// zbatch_method_iter()
    pub iter: *mut c_void,
    /// and zbatch_method_tolist() do not.
    pub tolist: *mut c_void,
    /// Nanoseconds: of a batch whose estimate is as many or more, that does all.
    pub enough: u64,
}

// SAFETY: integers, addresses and functions that may be NULL, without padding, struct_size first.
unsafe impl Grows for zbatch_methods {}
// SAFETY: numbers, functions, and objects that are for good and only passed on.
unsafe impl Send for zbatch_methods {}
// SAFETY: as above.
unsafe impl Sync for zbatch_methods {}

/// The most items of a batch that is small.
const SMALL: usize = 64;

/// The most segments that are all made when the first is asked for.
const BLOCK: usize = 1024;

/// Arguments that take no memory to be passed on.
const FEW: usize = 16;

const INCOMPLETE: Error = Error::new(Status::InvalidArgument, "a field of the methods is 0");
const BOUND_ALREADY: Error = Error::new(Status::Unsupported, "other methods are bound already");

/// zbatch_methods_init() sets the 'struct_size' bytes at 'methods' to 0 but for
/// their size.  Call it with sizeof(zbatch_methods).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zbatch_methods_init(methods: *mut zbatch_methods, struct_size: usize) {
    // SAFETY: OUTPUTS: 'struct_size' bytes.
    unsafe { Call::new() }.init(methods, struct_size);
}

/// zbatch_methods_bind() tells the functions below what they need to know, for
/// the whole process and for good, after zbatch_object_bind().  It copies the
/// struct; to bind the same one again changes nothing.
///
/// Errors: ZBATCH_ERROR_UNSUPPORTED, others are bound.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zbatch_methods_bind(
    methods: *const zbatch_methods,
    error: *mut zbatch_error,
) -> zbatch_status {
    // SAFETY: STRUCTS THAT GROW.
    let call = unsafe { Call::new() };
    call.guard(error, || {
        let methods = call.options(methods)?;
        bound()?;
        if methods.fields().contains(&0) {
            return Err(INCOMPLETE);
        }
        let bound = BOUND.get(|| Some(methods)).ok_or(NO_MEMORY)?;
        if bound.fields() == methods.fields() { Ok(()) } else { Err(BOUND_ALREADY) }
    })
}

/// zbatch_method_multi_compress() and the functions below it are methods of a
/// class of the language, which calls them with the object, the arguments, the
/// number of those without a name, and the tuple of the names of the others, or
/// NULL: CPython's METH_FASTCALL with METH_KEYWORDS.  Each does the common case
/// by itself.  Everything else, failures too, it leaves to a function of the
/// language with the same arguments, the object first, after 'clear_fn': so
/// there is one place alone that knows how the language says what is wrong.
/// They return a new reference, or NULL when that function failed, or nothing is
/// bound.
///
/// This one does zbatch_multi_compress_to_buffer() for a batch that is an exact
/// list or tuple of 1 to 64 items with bytes, not all of them empty, and a
/// number of threads, an exact integer, as second argument or by its name.  The
/// codec is the handle of the object's attribute 'handle_name', and so is the
/// collection that of the result's.  The elements of a list are kept meanwhile,
/// as is the codec, whatever other threads do.  Work that takes long is done
/// while other threads go on.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zbatch_method_multi_compress(
    object: *mut c_void,
    arguments: *const *mut c_void,
    count: isize,
    names: *mut c_void,
) -> *mut c_void {
    // SAFETY: ARRAYS: 'count' arguments, and one for each name; objects of the language, alive during the call.
    let call = unsafe { Call::new() };
    let Some(given) = Given::new(&call, object, arguments, count, names) else { return ptr::null_mut() };
    let small = given.batch_and_threads(true).and_then(|(data, threads)| {
        given.with_handle(|compressor: &zbatch_compressor, _| {
            let compressor = &compressor.core;
            given.with_items(data, |items| {
                if items.iter().all(|item| item.size == 0) {
                    return None;
                }
                given.run(
                    items,
                    |items, enough| compressor.estimate(items, threads, enough),
                    |items| compressor.multi_compress_to_buffer(items, &on(threads)),
                )
            })
        })
    });
    small.unwrap_or_else(|| given.instead(given.methods.multi_compress))
}

/// zbatch_method_multi_decompress() does the same for
/// zbatch_multi_decompress_to_buffer(), with the number of threads by its name
/// alone.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zbatch_method_multi_decompress(
    object: *mut c_void,
    arguments: *const *mut c_void,
    count: isize,
    names: *mut c_void,
) -> *mut c_void {
    // SAFETY: as above.
    let call = unsafe { Call::new() };
    let Some(given) = Given::new(&call, object, arguments, count, names) else { return ptr::null_mut() };
    let small = given.batch_and_threads(false).and_then(|(data, threads)| {
        given.with_handle(|decompressor: &zbatch_decompressor, _| {
            let decompressor = &decompressor.core;
            given.with_items(data, |items| {
                given.run(
                    items,
                    |items, enough| decompressor.estimate(items, threads, enough),
                    |items| decompressor.multi_decompress_to_buffer(items, None, &on(threads)),
                )
            })
        })
    });
    small.unwrap_or_else(|| given.instead(given.methods.multi_decompress))
}

/// zbatch_method_compress() does zbatch_object_compress() for one argument that
/// is bytes, exactly.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zbatch_method_compress(
    object: *mut c_void,
    arguments: *const *mut c_void,
    count: isize,
    names: *mut c_void,
) -> *mut c_void {
    // SAFETY: as above.
    let call = unsafe { Call::new() };
    let Some(given) = Given::new(&call, object, arguments, count, names) else { return ptr::null_mut() };
    let made = given.one_item().and_then(|item| {
        given.with_handle(|compressor: &zbatch_compressor, _| {
            // SAFETY: bytes of the language, and a handle of it.
            let made =
                unsafe { zbatch_object_compress(compressor, item.data, item.size, ptr::null_mut(), ptr::null_mut()) };
            call.object(made).ok()
        })
    });
    made.unwrap_or_else(|| given.instead(given.methods.compress))
}

/// zbatch_method_decompress() does the same for zbatch_object_decompress(): the
/// item's first frame, of any size, whatever follows.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zbatch_method_decompress(
    object: *mut c_void,
    arguments: *const *mut c_void,
    count: isize,
    names: *mut c_void,
) -> *mut c_void {
    // SAFETY: as above.
    let call = unsafe { Call::new() };
    let Some(given) = Given::new(&call, object, arguments, count, names) else { return ptr::null_mut() };
    let made = given.one_item().and_then(|item| {
        given.with_handle(|decompressor: &zbatch_decompressor, _| {
            let (data, size, none) = (item.data, item.size, ptr::null_mut());
            // SAFETY: bytes of the language, and a handle of it.
            let made = unsafe { zbatch_object_decompress(decompressor, data, size, 1, 1, 0, none, ptr::null_mut()) };
            call.object(made).ok()
        })
    });
    made.unwrap_or_else(|| given.instead(given.methods.decompress))
}

/// zbatch_method_len() returns zbatch_collection_len() of a result, when there
/// are no arguments.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zbatch_method_len(
    object: *mut c_void,
    arguments: *const *mut c_void,
    count: isize,
    names: *mut c_void,
) -> *mut c_void {
    // SAFETY: as above.
    let call = unsafe { Call::new() };
    let Some(given) = Given::new(&call, object, arguments, count, names) else { return ptr::null_mut() };
    let number = given.number(|collection| collection.len().try_into().ok());
    number.unwrap_or_else(|| given.instead(given.methods.len))
}

/// zbatch_method_size() does the same for zbatch_collection_size().
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zbatch_method_size(
    object: *mut c_void,
    arguments: *const *mut c_void,
    count: isize,
    names: *mut c_void,
) -> *mut c_void {
    // SAFETY: as above.
    let call = unsafe { Call::new() };
    let Some(given) = Given::new(&call, object, arguments, count, names) else { return ptr::null_mut() };
    let number = given.number(|collection| collection.size().try_into().ok());
    number.unwrap_or_else(|| given.instead(given.methods.size))
}

/// zbatch_method_item() makes what zbatch_object_list() does of one segment of
/// a result, for one argument that is its index, an exact integer.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zbatch_method_item(
    object: *mut c_void,
    arguments: *const *mut c_void,
    count: isize,
    names: *mut c_void,
) -> *mut c_void {
    // SAFETY: as above.
    let call = unsafe { Call::new() };
    let Some(given) = Given::new(&call, object, arguments, count, names) else { return ptr::null_mut() };
    let index = given.one_argument().and_then(|index| usize::try_from(given.int(index)?).ok());
    let made = index.and_then(|index| {
        given.with_handle(|collection: &zbatch_collection, owner| {
            let core = &collection.core;
            let found = step(&call, ptr::null_mut(), || Ok(core.segment(index).zip(core.get(index))));
            let (segment, bytes) = found??;
            Maker::new(&call, given.methods.segment_type, owner).ok()?.of_segment(segment, bytes)
        })
    });
    made.unwrap_or_else(|| given.instead(given.methods.item))
}

/// zbatch_method_iter() goes through the list that zbatch_object_list() makes
/// of a result with up to 1024 segments, when there are no arguments.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zbatch_method_iter(
    object: *mut c_void,
    arguments: *const *mut c_void,
    count: isize,
    names: *mut c_void,
) -> *mut c_void {
    // SAFETY: as above.
    let call = unsafe { Call::new() };
    let Some(given) = Given::new(&call, object, arguments, count, names) else { return ptr::null_mut() };
    let made = given.alone().and_then(|()| {
        given.with_handle(|collection: &zbatch_collection, owner| {
            if collection.core.len() > BLOCK {
                return None;
            }
            // SAFETY: a handle of the language, and who owns it.
            let list = unsafe { zbatch_object_list(collection, 0, BLOCK, given.methods.segment_type, owner) };
            call.object(list).ok()?;
            // SAFETY: the caller bound the function for such objects.
            let made = given.methods.iter_fn.map_or(ptr::null_mut(), |iter_fn| unsafe { iter_fn(list) });
            release(given.layout, list);
            call.object(made).ok()
        })
    });
    made.unwrap_or_else(|| given.instead(given.methods.iter))
}

/// zbatch_method_tolist() does zbatch_object_bytes_list() for a result, when
/// there are no arguments.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zbatch_method_tolist(
    object: *mut c_void,
    arguments: *const *mut c_void,
    count: isize,
    names: *mut c_void,
) -> *mut c_void {
    // SAFETY: as above.
    let call = unsafe { Call::new() };
    let Some(given) = Given::new(&call, object, arguments, count, names) else { return ptr::null_mut() };
    let made = given.alone().and_then(|()| {
        given.with_handle(|collection: &zbatch_collection, _| {
            // SAFETY: a handle of the language.
            call.object(unsafe { zbatch_object_bytes_list(collection) }).ok()
        })
    });
    made.unwrap_or_else(|| given.instead(given.methods.tolist))
}

static BOUND: Published<zbatch_methods> = Published::new();

impl zbatch_methods {
    /// All but the size, as numbers.
    fn fields(&self) -> [usize; 30] {
        [
            self.get_fn.map_or(0, |f| f as usize),
            self.set_fn.map_or(0, |f| f as usize),
            self.call_fn.map_or(0, |f| f as usize),
            self.tuple_fn.map_or(0, |f| f as usize),
            self.count_fn.map_or(0, |f| f as usize),
            self.item_fn.map_or(0, |f| f as usize),
            self.bytes_fn.map_or(0, |f| f as usize),
            self.int_fn.map_or(0, |f| f as usize),
            self.new_int_fn.map_or(0, |f| f as usize),
            self.iter_fn.map_or(0, |f| f as usize),
            self.clear_fn.map_or(0, |f| f as usize),
            self.list_type.addr(),
            self.tuple_type.addr(),
            self.int_type.addr(),
            self.bytes_type.addr(),
            self.handle_type.addr(),
            self.result_type.addr(),
            self.segment_type.addr(),
            self.handle_name.addr(),
            self.threads_name.addr(),
            self.multi_compress.addr(),
            self.multi_decompress.addr(),
            self.compress.addr(),
            self.decompress.addr(),
            self.len.addr(),
            self.size.addr(),
            self.item.addr(),
            self.iter.addr(),
            self.tolist.addr(),
            usize::try_from(self.enough).unwrap_or(usize::MAX),
        ]
    }
}

/// What a method was called with.
///
/// The language may end the thread in `enter` and in `instead`, which then never return. So whatever is held meanwhile is a
/// plain address, given back by a call and not by a drop, and no panic is caught around them.
struct Given<'c> {
    call: &'c Call,
    layout: &'static zbatch_object_layout,
    methods: &'static zbatch_methods,
    object: *mut c_void,
    /// Those without a name first.
    arguments: &'c [*mut c_void],
    unnamed: usize,
    names: *mut c_void,
}

impl<'c> Given<'c> {
    /// None when nobody could make anything of it.
    fn new(
        call: &'c Call,
        object: *mut c_void,
        arguments: *const *mut c_void,
        count: isize,
        names: *mut c_void,
    ) -> Option<Given<'c>> {
        let (layout, methods) = (bound().ok()?, BOUND.peek()?);
        let unnamed = usize::try_from(count).ok()?;
        let named = if names.is_null() { 0 } else { methods.count(names)? };
        let arguments = call.slice(arguments, unnamed.checked_add(named)?).ok()?;
        call.object(object).ok()?;
        Some(Given { call, layout, methods, object, arguments, unnamed, names })
    }

    /// The batch and the number of threads, when nothing else is given.
    fn batch_and_threads(&self, threads_are_second: bool) -> Option<(*mut c_void, i32)> {
        match (self.arguments, self.unnamed) {
            (&[data], 1) => Some((data, 0)),
            (&[data, threads], 2) if threads_are_second => Some((data, self.int(threads)?)),
            (&[data, threads], 1) if self.first_name()? == self.methods.threads_name => {
                Some((data, self.int(threads)?))
            }
            _ => None,
        }
    }

    fn first_name(&self) -> Option<*mut c_void> {
        // SAFETY: the caller bound the function for such tuples, and this one is not empty.
        Some(unsafe { (self.methods.item_fn?)(self.names, 0) })
    }

    /// The one argument, without a name.
    fn one_argument(&self) -> Option<*mut c_void> {
        if let (&[argument], 1) = (self.arguments, self.unnamed) { Some(argument) } else { None }
    }

    /// Whether there are no arguments.
    fn alone(&self) -> Option<()> {
        self.arguments.is_empty().then_some(())
    }

    /// The bytes of the one argument.
    fn one_item(&self) -> Option<zbatch_view> {
        let data = self.one_argument()?;
        if !self.is(data, self.methods.bytes_type) {
            return None;
        }
        let (mut at, mut size) = (ptr::null_mut(), 0);
        // SAFETY: the caller bound the function for such objects.
        let failed = unsafe { (self.methods.bytes_fn?)(data, &raw mut at, &raw mut size) };
        bytes_of(failed, at.cast(), size)
    }

    fn int(&self, object: *mut c_void) -> Option<i32> {
        if !self.is(object, self.methods.int_type) {
            return None;
        }
        let mut overflow = 0;
        // SAFETY: the caller bound the function for such objects.
        let value = unsafe { (self.methods.int_fn?)(object, &raw mut overflow) };
        if overflow == 0 { value.try_into().ok() } else { None }
    }

    /// Whether an object's type is this one, and not one made of it.
    fn is(&self, object: *mut c_void, kind: *mut c_void) -> bool {
        self.call.words(object).is_some_and(|words| words.get::<*mut c_void>(self.layout.type_offset) == kind)
    }

    /// What `body` makes of the handle of the object and of who owns it, which stay meanwhile though the object may be closed.
    fn with_handle<T>(&self, body: impl FnOnce(&T, *mut c_void) -> Option<*mut c_void>) -> Option<*mut c_void> {
        let methods = self.methods;
        // SAFETY: the caller bound the function for such objects.
        let owner = unsafe { (methods.get_fn?)(self.object, methods.handle_name) };
        let words = self.call.words(owner)?;
        let mut made = None;
        if self.is(owner, methods.handle_type) {
            let handle: *mut c_void = words.get(self.layout.data_offset);
            made = self.call.borrow(handle.cast_const().cast()).ok().and_then(|handle| body(handle, owner));
        }
        release(self.layout, owner);
        made
    }

    /// What `body` makes of the items of a list or tuple, unless they are none, many, or without bytes.
    fn with_items(
        &self,
        data: *mut c_void,
        body: impl FnOnce(&[zbatch_view]) -> Option<*mut c_void>,
    ) -> Option<*mut c_void> {
        let methods = self.methods;
        if self.is(data, methods.tuple_type) {
            return self.with_views(data, body);
        }
        if !self.is(data, methods.list_type) {
            return None;
        }
        // SAFETY: the caller bound the function for such objects.
        let tuple = unsafe { (methods.tuple_fn?)(data) };
        self.call.object(tuple).ok()?;
        let made = self.with_views(tuple, body);
        release(self.layout, tuple);
        made
    }

    fn with_views(
        &self,
        tuple: *mut c_void,
        body: impl FnOnce(&[zbatch_view]) -> Option<*mut c_void>,
    ) -> Option<*mut c_void> {
        let methods = self.methods;
        let count = methods.count(tuple).filter(|count| (1..=SMALL).contains(count))?;
        let mut views = [zbatch_view::default(); SMALL];
        let (item_fn, bytes_fn) = (methods.item_fn, methods.bytes_fn);
        // SAFETY: the caller bound the functions for such tuples, and there is room for as many.
        let status =
            unsafe { zbatch_gather_views(tuple, count, item_fn, bytes_fn, views.as_mut_ptr(), ptr::null_mut()) };
        if status == ZBATCH_OK { body(&views[..count]) } else { None }
    }

    /// The result of a batch that takes less than `enough`.
    fn run(
        &self,
        items: &[zbatch_view],
        estimate: impl FnOnce(&Views<'_>, u64) -> u64,
        work: impl FnOnce(&Views<'_>) -> Result<BufferWithSegmentsCollection, Error>,
    ) -> Option<*mut c_void> {
        let Given { call, layout, methods, .. } = *self;
        let items = call.items(items.as_ptr(), items.len()).ok()?;
        let nanoseconds = step(call, ptr::null_mut(), || Ok(estimate(&items, methods.enough)))?;
        if nanoseconds >= methods.enough {
            return None;
        }
        let away = leave(layout, nanoseconds);
        let done = ManuallyDrop::new(step(call, ptr::null_mut(), || work(&items)));
        enter(layout, away);
        self.result(ManuallyDrop::into_inner(done)?)
    }

    /// An object of the type of results that has the collection.
    fn result(&self, core: BufferWithSegmentsCollection) -> Option<*mut c_void> {
        let Given { call, layout, methods, .. } = *self;
        let mut collection = ptr::null_mut();
        if call.hand_out(&raw mut collection, ptr::null_mut(), || Ok(zbatch_collection::new(core))) != ZBATCH_OK {
            return None;
        }
        let owner = own_collection(Maker::new(call, methods.handle_type, ptr::null_mut()), collection).ok()?;
        // SAFETY: the caller bound the function, and a type for it.
        let made = unsafe { (layout.alloc_fn?)(methods.result_type, 0) };
        let mut result = call.object(made).ok();
        // SAFETY: the caller bound the function for such objects.
        if result.is_some() && unsafe { (methods.set_fn?)(made, methods.handle_name, owner) } != 0 {
            release(layout, made);
            result = None;
        }
        release(layout, owner);
        result
    }

    /// A number about a result, for a call without arguments.
    fn number(&self, ask: impl FnOnce(&BufferWithSegmentsCollection) -> Option<isize>) -> Option<*mut c_void> {
        self.alone()?;
        self.with_handle(|collection: &zbatch_collection, _| {
            let number = step(self.call, ptr::null_mut(), || Ok(ask(&collection.core)))??;
            // SAFETY: the caller bound the function for any number.
            let made = unsafe { (self.methods.new_int_fn?)(number) };
            self.call.object(made).ok()
        })
    }

    /// What a function of the language makes of the same call.
    fn instead(&self, function: *mut c_void) -> *mut c_void {
        let count = self.arguments.len() + 1;
        let mut few = [ptr::null_mut(); FEW];
        let mut many = ManuallyDrop::new(Vec::new());
        let all = if count <= FEW {
            &mut few[..count]
        } else {
            let Ok(room) = try_with_capacity(count) else { return ptr::null_mut() };
            *many = room;
            many.resize(count, ptr::null_mut());
            &mut many[..]
        };
        all[0] = self.object;
        all[1..].copy_from_slice(self.arguments);
        let made = self.methods.call(function, all, self.unnamed + 1, self.names);
        drop(ManuallyDrop::into_inner(many));
        made.unwrap_or_default()
    }
}

impl zbatch_methods {
    fn count(&self, tuple: *mut c_void) -> Option<usize> {
        // SAFETY: the caller bound the function for such objects.
        unsafe { (self.count_fn?)(tuple) }.try_into().ok()
    }

    /// Calls a function, and there is no exception when it begins.
    fn call(
        &self,
        function: *mut c_void,
        arguments: &[*mut c_void],
        unnamed: usize,
        names: *mut c_void,
    ) -> Option<*mut c_void> {
        // SAFETY: the caller bound the function for this thread.
        unsafe { (self.clear_fn?)() };
        // SAFETY: the caller bound both functions, and gave the arguments.
        Some(unsafe { (self.call_fn?)(function, arguments.as_ptr(), unnamed, names) })
    }
}

/// On so many threads, and nothing else.
fn on(threads: i32) -> RunOptions<'static> {
    RunOptions { threads, ..RunOptions::default() }
}
