//! What there would be without zbatch: one item at a time through libzstd, with a context that is kept. Every call into
//! libzstd that the program makes itself is here.

use std::marker::PhantomData;
use std::ptr::NonNull;
use zstd_sys as sys;

/// A compression context that refers to a dictionary.
pub(crate) struct Compression<'d> {
    raw: NonNull<sys::ZSTD_CCtx>,
    dict: PhantomData<&'d [u8]>,
}

impl<'d> Compression<'d> {
    pub(crate) fn new(level: i32, dict: &'d [u8]) -> Result<Self, String> {
        // SAFETY: takes nothing; NULL means that there is no memory.
        let raw = NonNull::new(unsafe { sys::ZSTD_createCCtx() }).ok_or("not enough memory")?;
        let this = Self { raw, dict: PhantomData };
        // SAFETY: the context is ours and live.
        check(unsafe {
            sys::ZSTD_CCtx_setParameter(raw.as_ptr(), sys::ZSTD_cParameter::ZSTD_c_compressionLevel, level)
        })?;
        // SAFETY: the context is ours and live, and "'d" keeps the dictionary alive for as long.
        check(unsafe { sys::ZSTD_CCtx_loadDictionary_byReference(raw.as_ptr(), dict.as_ptr().cast(), dict.len()) })?;
        Ok(this)
    }

    /// Compresses `src` to the start of `dst` and returns the size of the frame.
    pub(crate) fn compress(&mut self, src: &[u8], dst: &mut [u8]) -> Result<usize, String> {
        let (to, from) = (dst.as_mut_ptr().cast(), src.as_ptr().cast());
        // SAFETY: the context is ours; libzstd reads within 'src' and writes within 'dst'.
        check(unsafe { sys::ZSTD_compress2(self.raw.as_ptr(), to, dst.len(), from, src.len()) })
    }
}

impl Drop for Compression<'_> {
    fn drop(&mut self) {
        // SAFETY: the context is ours, and freed once.
        unsafe { sys::ZSTD_freeCCtx(self.raw.as_ptr()) };
    }
}

/// A decompression context that refers to a dictionary.
pub(crate) struct Decompression<'d> {
    raw: NonNull<sys::ZSTD_DCtx>,
    dict: PhantomData<&'d [u8]>,
}

impl<'d> Decompression<'d> {
    pub(crate) fn new(dict: &'d [u8]) -> Result<Self, String> {
        // SAFETY: takes nothing; NULL means that there is no memory.
        let raw = NonNull::new(unsafe { sys::ZSTD_createDCtx() }).ok_or("not enough memory")?;
        let this = Self { raw, dict: PhantomData };
        // SAFETY: the context is ours and live, and "'d" keeps the dictionary alive for as long.
        check(unsafe { sys::ZSTD_DCtx_loadDictionary_byReference(raw.as_ptr(), dict.as_ptr().cast(), dict.len()) })?;
        Ok(this)
    }

    /// Decompresses `src` to the start of `dst` and returns the size of the content.
    pub(crate) fn decompress(&mut self, src: &[u8], dst: &mut [u8]) -> Result<usize, String> {
        let (to, from) = (dst.as_mut_ptr().cast(), src.as_ptr().cast());
        // SAFETY: the context is ours; libzstd reads within 'src' and writes within 'dst'.
        check(unsafe { sys::ZSTD_decompressDCtx(self.raw.as_ptr(), to, dst.len(), from, src.len()) })
    }
}

impl Drop for Decompression<'_> {
    fn drop(&mut self) {
        // SAFETY: the context is ours, and freed once.
        unsafe { sys::ZSTD_freeDCtx(self.raw.as_ptr()) };
    }
}

fn check(result: usize) -> Result<usize, String> {
    // SAFETY: takes a number.
    if unsafe { sys::ZSTD_isError(result) } == 0 {
        return Ok(result);
    }
    // SAFETY: takes a number and returns a static NUL-terminated string.
    let name = unsafe { sys::ZSTD_getErrorName(result) };
    // SAFETY: as above.
    Err(unsafe { std::ffi::CStr::from_ptr(name) }.to_string_lossy().into_owned())
}
