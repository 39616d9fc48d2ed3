//! Bytes of a font.

/// Bytes that are read as numbers.
#[derive(Clone, Copy)]
pub(super) struct Data<'a>(pub(super) &'a [u8]);

impl<'a> Data<'a> {
    pub(super) fn part(self, start: usize, size: usize) -> Option<Self> {
        self.0.get(start..start.checked_add(size)?).map(Self)
    }

    fn bytes<const N: usize>(self, at: usize) -> Option<[u8; N]> {
        self.0.get(at..)?.first_chunk().copied()
    }

    pub(super) fn u8(self, at: usize) -> Option<u8> {
        self.0.get(at).copied()
    }

    pub(super) fn u16(self, at: usize) -> Option<u16> {
        self.bytes(at).map(u16::from_be_bytes)
    }

    pub(super) fn i16(self, at: usize) -> Option<i16> {
        self.bytes(at).map(i16::from_be_bytes)
    }

    pub(super) fn u32(self, at: usize) -> Option<u32> {
        self.bytes(at).map(u32::from_be_bytes)
    }
}

impl std::fmt::Debug for Data<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} bytes", self.0.len())
    }
}
