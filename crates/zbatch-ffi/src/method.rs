//! Methods of another language

use std::ffi::{c_int, c_long, c_void};
use std::ptr;

use zbatch::{Error, RunOptions, Status};

use crate::border::{Call, Grows, NO_MEMORY, Published};
use crate::bytes::zbatch_view;
use crate::collection::zbatch_collection;
use crate::compress::zbatch_compressor;
use crate::decompress::zbatch_decompressor;
use crate::gather::{zbatch_gather_bytes_fn, zbatch_gather_item_fn};
use crate::given::Given;
use crate::item::{zbatch_object_compress, zbatch_object_decompress};
use crate::objects::{bound, zbatch_object_bytes_list, zbatch_object_list};
use crate::status::{zbatch_error, zbatch_status};

/// Returns the attribute 'name' of 'object', a new reference, or NULL on
/// failure: CPython's PyObject_GenericGetAttr fits.
pub type zbatch_method_get_fn = Option<unsafe extern "C" fn(object: *mut c_void, name: *mut c_void) -> *mut c_void>;

/// Makes 'value' the attribute 'name' of 'object', and returns 0; any other
/// value is a failure.  It takes a reference to 'value' of its own, and the
/// caller keeps the one it has.  CPython's PyObject_GenericSetAttr fits.
pub type zbatch_method_set_fn =
    Option<unsafe extern "C" fn(object: *mut c_void, name: *mut c_void, value: *mut c_void) -> c_int>;

/// Calls 'function' with 'count' arguments, behind which stand those that the
/// tuple 'names' names, which may be NULL, and returns what it does, or NULL on
/// failure.  The object of the method is the first of them, and counted; 'count'
/// carries no flag.  CPython's PyObject_Vectorcall fits.
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
    /// Sets an attribute.
    pub set_fn: zbatch_method_set_fn,
    /// Calls a function.
    pub call_fn: zbatch_method_call_fn,
    /// Makes a tuple of a list.
    pub tuple_fn: zbatch_method_tuple_fn,
    /// Counts the elements of a tuple.
    pub count_fn: zbatch_method_count_fn,
    /// Gives an element of a tuple, borrowed.
    pub item_fn: zbatch_gather_item_fn,
    /// Gives the bytes of an item.
    pub bytes_fn: zbatch_gather_bytes_fn,
    /// Reads an integer.
    pub int_fn: zbatch_method_int_fn,
    /// Makes an integer.
    pub new_int_fn: zbatch_method_new_int_fn,
    /// Goes through a list.
    pub iter_fn: zbatch_method_iter_fn,
    /// Forgets an exception.
    pub clear_fn: zbatch_method_clear_fn,
    /// The type of lists.
    pub list_type: *mut c_void,
    /// The type of tuples.
    pub tuple_type: *mut c_void,
    /// The type of integers.
    pub int_type: *mut c_void,
    /// The type of bytes.
    pub bytes_type: *mut c_void,
    /// The type of objects that own a handle.
    pub handle_type: *mut c_void,
    /// The type of results, of which 'alloc_fn' of the layout makes one.
    pub result_type: *mut c_void,
    /// The type of a result's segments, as in zbatch_object_list().
    pub segment_type: *mut c_void,
    /// The name of the attribute of codecs and results that is an object of
    /// 'handle_type': what 'get_fn' and 'set_fn' are called with.
    pub handle_name: *mut c_void,
    /// The name of the argument that is the number of threads.  It is compared
    /// by its address: CPython's interned string.
    pub threads_name: *mut c_void,
    /// The function to which zbatch_method_multi_compress() leaves the rest.
    pub multi_compress: *mut c_void,
    /// The function to which zbatch_method_multi_decompress() leaves the rest.
    pub multi_decompress: *mut c_void,
    /// The function to which zbatch_method_compress() leaves the rest.
    pub compress: *mut c_void,
    /// The function to which zbatch_method_decompress() leaves the rest.
    pub decompress: *mut c_void,
    /// The function to which zbatch_method_len() leaves the rest.
    pub len: *mut c_void,
    /// The function to which zbatch_method_size() leaves the rest.
    pub size: *mut c_void,
    /// The function to which zbatch_method_item() leaves the rest.
    pub item: *mut c_void,
    /// The function to which zbatch_method_iter() leaves the rest.
    pub iter: *mut c_void,
    /// The function to which zbatch_method_tolist() leaves the rest.
    pub tolist: *mut c_void,
    /// Nanoseconds, at least 1: a batch whose estimate is as many or more is
    /// left to the function.  UINT64_MAX: none is, for its estimate.
    pub enough: u64,
}

// SAFETY: integers, addresses and functions that may be NULL, without padding, struct_size first.
unsafe impl Grows for zbatch_methods {}
// SAFETY: numbers, functions, and objects that are for good and only passed on.
unsafe impl Send for zbatch_methods {}
// SAFETY: as above.
unsafe impl Sync for zbatch_methods {}

/// The most segments that are all made when the first is asked for.
const BLOCK: usize = 1024;

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
/// Errors: ZBATCH_ERROR_INVALID_ARGUMENT, no layout is bound, or a field is 0.
/// ZBATCH_ERROR_UNSUPPORTED, others are bound.
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
/// list or tuple of 1 to 64 items with bytes, not all of them empty.  A number
/// of threads may follow, as second argument or by its name: an exact integer
/// from INT32_MIN to INT32_MAX, which means what it does in zbatch_run_options;
/// without it, 0.  The codec is the handle of the object's attribute
/// 'handle_name', and so is the collection that of the result's.  The elements
/// of a list are kept meanwhile, as is the codec, whatever other threads do.
/// Work that takes long is done while other threads go on.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zbatch_method_multi_compress(
    object: *mut c_void,
    arguments: *const *mut c_void,
    count: isize,
    names: *mut c_void,
) -> *mut c_void {
    let common = |given: &Given<'_>| {
        let (data, threads) = given.batch_and_threads(true)?;
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
    };
    // SAFETY: what the language calls it with.
    unsafe { method(object, arguments, count, names, common, |methods| methods.multi_compress) }
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
    let common = |given: &Given<'_>| {
        let (data, threads) = given.batch_and_threads(false)?;
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
    };
    // SAFETY: what the language calls it with.
    unsafe { method(object, arguments, count, names, common, |methods| methods.multi_decompress) }
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
    let common = |given: &Given<'_>| {
        let zbatch_view { data, size } = given.one_item()?;
        given.with_handle(|compressor: &zbatch_compressor, _| {
            // SAFETY: bytes of the language, and a handle of it.
            given.made(unsafe { zbatch_object_compress(compressor, data, size, ptr::null_mut(), ptr::null_mut()) })
        })
    };
    // SAFETY: what the language calls it with.
    unsafe { method(object, arguments, count, names, common, |methods| methods.compress) }
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
    let common = |given: &Given<'_>| {
        let zbatch_view { data, size } = given.one_item()?;
        given.with_handle(|decompressor: &zbatch_decompressor, _| {
            let (otherwise, error) = (ptr::null_mut(), ptr::null_mut());
            // SAFETY: bytes of the language, and a handle of it.
            given.made(unsafe { zbatch_object_decompress(decompressor, data, size, 1, 1, 0, otherwise, error) })
        })
    };
    // SAFETY: what the language calls it with.
    unsafe { method(object, arguments, count, names, common, |methods| methods.decompress) }
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
    let common = |given: &Given<'_>| given.number(|collection| collection.len().try_into().ok());
    // SAFETY: what the language calls it with.
    unsafe { method(object, arguments, count, names, common, |methods| methods.len) }
}

/// zbatch_method_size() does the same for zbatch_collection_size().
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zbatch_method_size(
    object: *mut c_void,
    arguments: *const *mut c_void,
    count: isize,
    names: *mut c_void,
) -> *mut c_void {
    let common = |given: &Given<'_>| given.number(|collection| collection.size().try_into().ok());
    // SAFETY: what the language calls it with.
    unsafe { method(object, arguments, count, names, common, |methods| methods.size) }
}

/// zbatch_method_item() makes what zbatch_object_list() does of one segment of
/// a result, for one argument that is its index: an exact integer from 0 to
/// below the number of segments, and no more than INT32_MAX.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zbatch_method_item(
    object: *mut c_void,
    arguments: *const *mut c_void,
    count: isize,
    names: *mut c_void,
) -> *mut c_void {
    let common = |given: &Given<'_>| {
        let index = usize::try_from(given.int(given.one_argument()?)?).ok()?;
        given.with_handle(|collection: &zbatch_collection, owner| given.segment(&collection.core, index, owner))
    };
    // SAFETY: what the language calls it with.
    unsafe { method(object, arguments, count, names, common, |methods| methods.item) }
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
    let common = |given: &Given<'_>| {
        given.no_arguments()?;
        given.with_handle(|collection: &zbatch_collection, owner| {
            if collection.core.len() > BLOCK {
                return None;
            }
            // SAFETY: a handle of the language, and who owns it.
            given.through(unsafe { zbatch_object_list(collection, 0, BLOCK, given.methods.segment_type, owner) })
        })
    };
    // SAFETY: what the language calls it with.
    unsafe { method(object, arguments, count, names, common, |methods| methods.iter) }
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
    let common = |given: &Given<'_>| {
        given.no_arguments()?;
        given.with_handle(|collection: &zbatch_collection, _| {
            // SAFETY: a handle of the language.
            given.made(unsafe { zbatch_object_bytes_list(collection) })
        })
    };
    // SAFETY: what the language calls it with.
    unsafe { method(object, arguments, count, names, common, |methods| methods.tolist) }
}

/// Runs a method: what `common` makes of the call or, when that is nothing, the function behind it.
///
/// # Safety
/// ARRAYS: 'count' arguments, and one for each name; the objects are the language's, alive during the call.
unsafe fn method(
    object: *mut c_void,
    arguments: *const *mut c_void,
    count: isize,
    names: *mut c_void,
    common: impl FnOnce(&Given<'_>) -> Option<*mut c_void>,
    behind: impl FnOnce(&zbatch_methods) -> *mut c_void,
) -> *mut c_void {
    // SAFETY: the caller's promise.
    let call = unsafe { Call::new() };
    let (Ok(layout), Some(methods)) = (bound(), BOUND.peek()) else { return ptr::null_mut() };
    let Some(given) = Given::new(&call, layout, methods, object, arguments, count, names) else {
        return ptr::null_mut();
    };
    common(&given).unwrap_or_else(|| given.instead(behind(methods)))
}

/// On so many threads, and nothing else.
fn on(threads: i32) -> RunOptions<'static> {
    RunOptions { threads, ..RunOptions::default() }
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
