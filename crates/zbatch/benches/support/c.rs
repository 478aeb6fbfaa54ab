//! zbatch as a C program has it: the shared library, found when the program runs, and called by what `zbatch.h` declares. The
//! library has a libzstd, helpers and a store of freed blocks of its own, so nothing that the bench does in Rust helps it.

use std::ffi::{CStr, CString, c_void};
use std::marker::PhantomData;
use std::path::{Path, PathBuf};
use std::{env, mem, ptr, slice};

/// zbatch_view
#[repr(C)]
#[derive(Clone, Copy)]
pub struct View<'a> {
    data: *const u8,
    size: usize,
    bytes: PhantomData<&'a [u8]>,
}

impl<'a> View<'a> {
    pub fn of(bytes: &'a [u8]) -> Self {
        Self { data: bytes.as_ptr(), size: bytes.len(), bytes: PhantomData }
    }

    fn bytes(self) -> &'a [u8] {
        if self.size == 0 {
            return &[];
        }
        // SAFETY: so many bytes are there, and lent for as long.
        unsafe { slice::from_raw_parts(self.data, self.size) }
    }
}

/// zbatch_segment
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Segment {
    pub offset: u64,
    pub length: u64,
}

impl Segment {
    pub fn slice(self, block: &[u8]) -> Option<&[u8]> {
        let (start, length) = (usize::try_from(self.offset).ok()?, usize::try_from(self.length).ok()?);
        block.get(start..start.checked_add(length)?)
    }
}

/// zbatch_run_options
#[repr(C)]
pub struct RunOptions {
    struct_size: usize,
    threads: i32,
    flags: u32,
    control: *mut c_void,
    stats: *mut c_void,
}

impl RunOptions {
    pub fn with_threads(threads: i32) -> Self {
        let (control, stats) = (ptr::null_mut(), ptr::null_mut());
        Self { struct_size: size_of::<Self>(), threads, flags: 0, control, stats }
    }
}

type Handle = *mut c_void;
type Status = i32;
/// A zbatch_error, which may be NULL: what fails here ends the bench.
type Error = *mut c_void;

macro_rules! functions {
    ($($name:ident: $type:ty,)*) => {
        struct Functions { $($name: $type),* }

        impl Functions {
            /// SAFETY: `library` is a zbatch whose header says the same.
            unsafe fn of(library: Handle) -> Self {
                $(
                    let name = CString::new(stringify!($name)).expect("a name");
                    // SAFETY: the library is loaded, and the name ends.
                    let address = unsafe { libc::dlsym(library, name.as_ptr()) };
                    assert!(!address.is_null(), "the library has no {name:?}");
                    // SAFETY: the function of that name is of that type.
                    let $name = unsafe { mem::transmute::<*mut c_void, $type>(address) };
                )*
                Self { $($name),* }
            }
        }
    };
}

functions! {
    zbatch_constant: unsafe extern "C" fn(*const libc::c_char, *mut i64, Error) -> Status,
    zbatch_retained_size: extern "C" fn() -> usize,
    zbatch_compressor_new: unsafe extern "C" fn(*const c_void, *const c_void, *mut Handle, Error) -> Status,
    zbatch_compressor_free: unsafe extern "C" fn(Handle),
    zbatch_multi_compress_to_buffer: unsafe extern "C" fn(
        Handle, *const View<'_>, usize, *const RunOptions, *mut Status, *mut Handle, Error,
    ) -> Status,
    zbatch_decompressor_new: unsafe extern "C" fn(*const c_void, *const c_void, *mut Handle, Error) -> Status,
    zbatch_decompressor_free: unsafe extern "C" fn(Handle),
    zbatch_multi_decompress_to_buffer: unsafe extern "C" fn(
        Handle, *const View<'_>, usize, *const u64, *const RunOptions, *mut Status, *mut Handle, Error,
    ) -> Status,
    zbatch_multi_decompress_packed: unsafe extern "C" fn(
        Handle, *const View<'_>, usize, *const u64, *mut u8, usize, *mut Segment, *const RunOptions, *mut Status, Error,
    ) -> Status,
    zbatch_collection_len: unsafe extern "C" fn(Handle) -> usize,
    zbatch_collection_views: unsafe extern "C" fn(Handle) -> *const View<'static>,
    zbatch_collection_free: unsafe extern "C" fn(Handle),
}

/// The library, loaded for good.
pub struct Library(Functions);

impl Library {
    /// The one that cargo built into the folder of this program's own build, as old as that may be, or `None` when there is none.
    pub fn beside_this_program() -> Option<Self> {
        let path = path(&env::current_exe().ok()?)?;
        if !path.exists() {
            return None;
        }
        let name = CString::new(path.as_os_str().as_encoded_bytes()).ok()?;
        // SAFETY: loads a library of ours, whose start has no conditions.
        let library = unsafe { libc::dlopen(name.as_ptr(), libc::RTLD_NOW | libc::RTLD_LOCAL) };
        assert!(!library.is_null(), "{} cannot be loaded", path.display());
        // SAFETY: built from the same sources; the next lines notice when it is too old for these structs.
        let library = Self(unsafe { Functions::of(library) });
        for (name, size) in [
            (c"sizeof(zbatch_view)", size_of::<View<'_>>()),
            (c"sizeof(zbatch_segment)", size_of::<Segment>()),
            (c"sizeof(zbatch_run_options)", size_of::<RunOptions>()),
        ] {
            assert_eq!(usize::try_from(library.constant(name)), Ok(size), "{name:?} of {}", path.display());
        }
        Some(library)
    }

    fn constant(&self, name: &CStr) -> i64 {
        let mut value = 0;
        // SAFETY: reads the name, and writes one number.
        check(unsafe { (self.0.zbatch_constant)(name.as_ptr(), &raw mut value, ptr::null_mut()) });
        value
    }

    pub fn retained_size(&self) -> usize {
        (self.0.zbatch_retained_size)()
    }

    /// With the defaults, which are level 3 and no dictionary.
    pub fn compressor(&self) -> Compressor<'_> {
        let mut handle = ptr::null_mut();
        // SAFETY: both inputs may be NULL; writes one handle.
        let status =
            unsafe { (self.0.zbatch_compressor_new)(ptr::null(), ptr::null(), &raw mut handle, ptr::null_mut()) };
        check(status);
        Compressor { library: self, handle }
    }

    pub fn decompressor(&self) -> Decompressor<'_> {
        let mut handle = ptr::null_mut();
        // SAFETY: both inputs may be NULL; writes one handle.
        let status =
            unsafe { (self.0.zbatch_decompressor_new)(ptr::null(), ptr::null(), &raw mut handle, ptr::null_mut()) };
        check(status);
        Decompressor { library: self, handle }
    }
}

/// Where cargo puts the library when a program of the same build is `program`, two folders down.
fn path(program: &Path) -> Option<PathBuf> {
    let name = format!("{}zbatch{}", env::consts::DLL_PREFIX, env::consts::DLL_SUFFIX);
    Some(program.parent()?.parent()?.join(name))
}

fn check(status: Status) {
    assert_eq!(status, 0, "zbatch_status");
}

pub struct Compressor<'l> {
    library: &'l Library,
    handle: Handle,
}

impl<'l> Compressor<'l> {
    pub fn multi_compress_to_buffer(&self, items: &[View<'_>], run: &RunOptions) -> Collection<'l> {
        let Self { library, handle } = *self;
        let (status, error, mut made) = (ptr::null_mut(), ptr::null_mut(), ptr::null_mut());
        let call = library.0.zbatch_multi_compress_to_buffer;
        // SAFETY: the handle is live, the views are lent, and one handle is written.
        check(unsafe { call(handle, items.as_ptr(), items.len(), run, status, &raw mut made, error) });
        Collection { library, handle: made }
    }
}

impl Drop for Compressor<'_> {
    fn drop(&mut self) {
        // SAFETY: the handle is ours, and freed once.
        unsafe { (self.library.0.zbatch_compressor_free)(self.handle) };
    }
}

pub struct Decompressor<'l> {
    library: &'l Library,
    handle: Handle,
}

impl<'l> Decompressor<'l> {
    pub fn multi_decompress_to_buffer(&self, items: &[View<'_>], run: &RunOptions) -> Collection<'l> {
        let Self { library, handle } = *self;
        let (status, error, mut made) = (ptr::null_mut(), ptr::null_mut(), ptr::null_mut());
        let call = library.0.zbatch_multi_decompress_to_buffer;
        // SAFETY: the handle is live, the views are lent, and one handle is written.
        check(unsafe { call(handle, items.as_ptr(), items.len(), ptr::null(), run, status, &raw mut made, error) });
        Collection { library, handle: made }
    }

    /// `segments` has one for every item.
    pub fn multi_decompress_packed(
        &self,
        items: &[View<'_>],
        dst: &mut [u8],
        segments: &mut [Segment],
        run: &RunOptions,
    ) {
        assert_eq!(items.len(), segments.len());
        let (to, room, table) = (dst.as_mut_ptr(), dst.len(), segments.as_mut_ptr());
        let (status, error) = (ptr::null_mut(), ptr::null_mut());
        let call = self.library.0.zbatch_multi_decompress_packed;
        // SAFETY: the handle is live, the views are lent, and so many bytes and segments may be written.
        let status =
            unsafe { call(self.handle, items.as_ptr(), items.len(), ptr::null(), to, room, table, run, status, error) };
        check(status);
    }
}

impl Drop for Decompressor<'_> {
    fn drop(&mut self) {
        // SAFETY: the handle is ours, and freed once.
        unsafe { (self.library.0.zbatch_decompressor_free)(self.handle) };
    }
}

/// The result of a batch.
pub struct Collection<'l> {
    library: &'l Library,
    handle: Handle,
}

impl Collection<'_> {
    /// The segments, ready to be the input of a batch; made by the first call.
    pub fn views(&self) -> &[View<'_>] {
        // SAFETY: the handle is live.
        let count = unsafe { (self.library.0.zbatch_collection_len)(self.handle) };
        if count == 0 {
            return &[];
        }
        // SAFETY: the handle is live.
        let views = unsafe { (self.library.0.zbatch_collection_views)(self.handle) };
        assert!(!views.is_null());
        // SAFETY: so many views are there, lent until the handle is freed.
        unsafe { slice::from_raw_parts(views, count) }
    }

    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.views().iter().map(|view| view.bytes())
    }
}

impl Drop for Collection<'_> {
    fn drop(&mut self) {
        // SAFETY: the handle is ours, and freed once.
        unsafe { (self.library.0.zbatch_collection_free)(self.handle) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_library_stands_two_folders_above_a_bench() {
        let path = path(Path::new("/target/release/deps/limit-0123")).expect("a path");
        assert_eq!(path.parent(), Some(Path::new("/target/release")));
        assert_eq!(path.file_stem().and_then(|name| name.to_str()), Some("libzbatch"));
    }

    #[test]
    fn segments_are_parts_of_their_block() {
        let of = |offset, length| Segment { offset, length }.slice(b"abc");
        assert_eq!(of(1, 2), Some(&b"bc"[..]));
        assert_eq!(of(3, 0), Some(&b""[..]));
        assert!(of(2, 2).is_none() && of(u64::MAX, 1).is_none());
    }

    #[test]
    fn views_are_the_bytes_that_they_borrow() {
        let empty = View { data: ptr::null(), size: 0, bytes: PhantomData };
        assert_eq!((View::of(b"ab").bytes(), empty.bytes()), (&b"ab"[..], &b""[..]));
    }
}
