//! Aligned memory for elements of any type.

use crate::{DType, Element};
use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};
use std::fmt;
use std::ptr::NonNull;

/// Alignment of every buffer in bytes: a cache line, and the width of the widest SIMD register.
pub const ALIGN: usize = 64;

/// Bytes of a huge page of memory.
const HUGE_PAGE: usize = 2 << 20;
/// Buffers of as many bytes ask for huge pages.
const LARGE: usize = 2 * HUGE_PAGE;

/// A fixed number of zero-initialized bytes, aligned to [`ALIGN`]. Large ones lie in huge pages where the system has them:
/// products read rows that are far apart, and would find few of their small pages in the processor's table.
///
/// Every element type is valid as zeros, and only values of the element types are ever written, so a buffer
/// can be read as a slice of the type that it was made for.
pub struct Buffer {
    data: NonNull<u8>,
    bytes: usize,
}

// SAFETY: a buffer owns its bytes, and hands out references by the usual rules of `&` and `&mut`.
unsafe impl Send for Buffer {}
// SAFETY: as above; nothing is mutable through a shared reference.
unsafe impl Sync for Buffer {}

impl Buffer {
    /// Zeros.
    pub fn zeroed(bytes: usize) -> Buffer {
        if bytes == 0 {
            return Buffer { data: NonNull::<AlignedByte>::dangling().cast(), bytes };
        }
        let layout = Buffer::layout(bytes);
        // SAFETY: the layout's size is not zero.
        let Some(data) = NonNull::new(unsafe { alloc(layout) }) else { handle_alloc_error(layout) };
        if bytes >= LARGE {
            ask_for_huge_pages(data, bytes);
        }
        // SAFETY: as many bytes were allocated.
        unsafe { data.write_bytes(0, bytes) };
        Buffer { data, bytes }
    }

    fn layout(bytes: usize) -> Layout {
        let align = if bytes >= LARGE { HUGE_PAGE } else { ALIGN };
        Layout::from_size_align(bytes, align).expect("a buffer is smaller than the address space")
    }

    /// A copy of `values`.
    pub fn from_slice<T: Element>(values: &[T]) -> Buffer {
        let mut buffer = Buffer::zeroed(size_of_val(values));
        // SAFETY: the buffer was made with this many bytes, and does not overlap `values`.
        unsafe { std::ptr::copy_nonoverlapping(values.as_ptr(), buffer.as_mut_ptr().cast(), values.len()) };
        buffer
    }

    /// The number of bytes.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// The first byte.
    pub fn as_ptr(&self) -> *const u8 {
        self.data.as_ptr()
    }

    /// The first byte, for writing.
    pub fn as_mut_ptr(&mut self) -> *mut u8 {
        self.data.as_ptr()
    }

    /// The elements, read as `T`. `dtype` is the type that the buffer holds.
    ///
    /// # Panics
    /// If `T` is not `dtype`: callers check it first, to make a better error.
    pub fn as_slice<T: Element>(&self, dtype: DType) -> &[T] {
        assert_eq!(T::DTYPE, dtype);
        if dtype == DType::Bool {
            self.check_bool();
        }
        // SAFETY: aligned, initialized, and (numbers) any bits are valid, or (bool) each byte was just checked.
        unsafe { std::slice::from_raw_parts(self.data.as_ptr().cast(), self.bytes / size_of::<T>()) }
    }

    /// The elements, as `T`, for writing. `dtype` is the type that the buffer holds.
    ///
    /// # Panics
    /// If `T` is not `dtype`: callers check it first, to make a better error.
    pub fn as_mut_slice<T: Element>(&mut self, dtype: DType) -> &mut [T] {
        assert_eq!(T::DTYPE, dtype);
        if dtype == DType::Bool {
            self.check_bool();
        }
        // SAFETY: as in `as_slice`, and `&mut self` makes it exclusive.
        unsafe { std::slice::from_raw_parts_mut(self.data.as_ptr().cast(), self.bytes / size_of::<T>()) }
    }

    /// Writes one value `offset` bytes from the start.
    ///
    /// # Panics
    /// If it does not fit there, or is not aligned.
    pub fn write<T: Element>(&mut self, offset: usize, value: T) {
        assert!(
            offset.is_multiple_of(align_of::<T>()) && offset + size_of::<T>() <= self.bytes,
            "a place in the buffer"
        );
        // SAFETY: inside the buffer and aligned.
        unsafe { self.data.as_ptr().add(offset).cast::<T>().write(value) };
    }

    /// A byte other than 0 and 1 is no `bool`; it can come only from a buffer of numbers read as `bool`.
    fn check_bool(&self) {
        // SAFETY: the bytes are initialized.
        let bytes = unsafe { std::slice::from_raw_parts(self.data.as_ptr(), self.bytes) };
        assert!(bytes.iter().all(|&b| b < 2), "a truth value is 0 or 1");
    }
}

#[repr(align(64))]
struct AlignedByte;

/// Before the memory is used for the first time.
fn ask_for_huge_pages(data: NonNull<u8>, bytes: usize) {
    #[cfg(all(target_os = "linux", not(miri)))]
    {
        use std::ffi::{c_int, c_void};
        unsafe extern "C" {
            fn madvise(start: *mut c_void, bytes: usize, advice: c_int) -> c_int;
        }
        const MADV_HUGEPAGE: c_int = 14;
        // SAFETY: a hint about whole pages inside the allocation, which changes nothing that can be read. Where the system
        // doesn't take it, all is as before.
        unsafe { madvise(data.as_ptr().cast(), bytes / HUGE_PAGE * HUGE_PAGE, MADV_HUGEPAGE) };
    }
    #[cfg(not(all(target_os = "linux", not(miri))))]
    let _ = (data, bytes);
}

impl Clone for Buffer {
    fn clone(&self) -> Buffer {
        let mut copy = Buffer::zeroed(self.bytes);
        // SAFETY: both have this many bytes, and a new buffer overlaps no other.
        unsafe { std::ptr::copy_nonoverlapping(self.as_ptr(), copy.as_mut_ptr(), self.bytes) };
        copy
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        if self.bytes > 0 {
            // SAFETY: allocated by `zeroed` with this layout.
            unsafe { dealloc(self.data.as_ptr(), Buffer::layout(self.bytes)) };
        }
    }
}

impl fmt::Debug for Buffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Buffer({} bytes)", self.bytes)
    }
}
