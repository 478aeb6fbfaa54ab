//! What a method of another language was called with, and what the common case of one needs.

use std::ffi::c_void;
use std::mem::ManuallyDrop;
use std::ptr;

use zbatch::{BufferWithSegmentsCollection, Error};

use crate::border::{Call, Views, try_with_capacity};
use crate::bytes::zbatch_view;
use crate::collection::zbatch_collection;
use crate::gather::{bytes_of, zbatch_gather_views};
use crate::item::{enter, leave, release, step};
use crate::method::zbatch_methods;
use crate::objects::{Maker, own_collection, zbatch_object_layout};
use crate::status::ZBATCH_OK;

/// The most items of a batch that is small.
const SMALL: usize = 64;

/// Arguments that take no memory to be passed on.
const FEW: usize = 16;

/// What a method was called with.
///
/// The language may end the thread in `enter` and in `instead`, which then never return. So whatever is held meanwhile is a
/// plain address, given back by a call and not by a drop, and no panic is caught around them.
pub(crate) struct Given<'c> {
    call: &'c Call,
    layout: &'static zbatch_object_layout,
    pub(crate) methods: &'static zbatch_methods,
    object: *mut c_void,
    /// Those without a name first.
    arguments: &'c [*mut c_void],
    unnamed: usize,
    names: *mut c_void,
}

impl<'c> Given<'c> {
    /// None when nobody could make anything of it.
    pub(crate) fn new(
        call: &'c Call,
        layout: &'static zbatch_object_layout,
        methods: &'static zbatch_methods,
        object: *mut c_void,
        arguments: *const *mut c_void,
        count: isize,
        names: *mut c_void,
    ) -> Option<Given<'c>> {
        let unnamed = usize::try_from(count).ok()?;
        let named = if names.is_null() { 0 } else { methods.count(names)? };
        let arguments = call.slice(arguments, unnamed.checked_add(named)?).ok()?;
        call.object(object).ok()?;
        Some(Given { call, layout, methods, object, arguments, unnamed, names })
    }

    /// The batch and the number of threads, when nothing else is given.
    pub(crate) fn batch_and_threads(&self, threads_are_second: bool) -> Option<(*mut c_void, i32)> {
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
    pub(crate) fn one_argument(&self) -> Option<*mut c_void> {
        if let (&[argument], 1) = (self.arguments, self.unnamed) { Some(argument) } else { None }
    }

    /// Whether there are no arguments.
    pub(crate) fn no_arguments(&self) -> Option<()> {
        self.arguments.is_empty().then_some(())
    }

    /// The bytes of the one argument.
    pub(crate) fn one_item(&self) -> Option<zbatch_view> {
        let data = self.one_argument()?;
        if !self.is(data, self.methods.bytes_type) {
            return None;
        }
        let (mut at, mut size) = (ptr::null_mut(), 0);
        // SAFETY: the caller bound the function for such objects.
        let failed = unsafe { (self.methods.bytes_fn?)(data, &raw mut at, &raw mut size) };
        bytes_of(failed, at.cast(), size)
    }

    pub(crate) fn int(&self, object: *mut c_void) -> Option<i32> {
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
    pub(crate) fn with_handle<T>(
        &self,
        body: impl FnOnce(&T, *mut c_void) -> Option<*mut c_void>,
    ) -> Option<*mut c_void> {
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
    pub(crate) fn with_items(
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
        self.made(tuple)?;
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
    pub(crate) fn run(
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
        let mut result = self.made(made);
        // SAFETY: the caller bound the function for such objects.
        if result.is_some() && unsafe { (methods.set_fn?)(made, methods.handle_name, owner) } != 0 {
            release(layout, made);
            result = None;
        }
        release(layout, owner);
        result
    }

    /// A number about a result, for a call without arguments.
    pub(crate) fn number(
        &self,
        ask: impl FnOnce(&BufferWithSegmentsCollection) -> Option<isize>,
    ) -> Option<*mut c_void> {
        self.no_arguments()?;
        self.with_handle(|collection: &zbatch_collection, _| {
            let number = step(self.call, ptr::null_mut(), || Ok(ask(&collection.core)))??;
            // SAFETY: the caller bound the function for any number.
            let made = unsafe { (self.methods.new_int_fn?)(number) };
            self.made(made)
        })
    }

    /// A segment of a result.
    pub(crate) fn segment(
        &self,
        core: &BufferWithSegmentsCollection,
        index: usize,
        owner: *mut c_void,
    ) -> Option<*mut c_void> {
        let found = step(self.call, ptr::null_mut(), || Ok(core.segment(index).zip(core.get(index))));
        let (segment, bytes) = found??;
        Maker::new(self.call, self.methods.segment_type, owner).ok()?.of_segment(segment, bytes)
    }

    /// An iterator over a list that is nobody else's.
    pub(crate) fn through(&self, list: *mut c_void) -> Option<*mut c_void> {
        let (list, iter_fn) = (self.made(list)?, self.methods.iter_fn?);
        // SAFETY: the caller bound the function for such objects.
        let iterator = unsafe { iter_fn(list) };
        release(self.layout, list);
        self.made(iterator)
    }

    /// What a function made, unless it failed.
    pub(crate) fn made(&self, object: *mut c_void) -> Option<*mut c_void> {
        self.call.object(object).ok()
    }

    /// What a function of the language makes of the same call.
    pub(crate) fn instead(&self, function: *mut c_void) -> *mut c_void {
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
