"""What the header of a frame tells."""

from __future__ import annotations

from ctypes import byref
from typing import TYPE_CHECKING

from . import _errors
from ._errors import readonly
from ._ffi import (
    CONTENTSIZE_UNKNOWN,
    ERROR_TRUNCATED,
    FORMAT_ZSTD1,
    FORMAT_ZSTD1_MAGICLESS,
    lib,
    zbatch_error,
    zbatch_frame,
)
from ._handles import Pinned
from ._params import c_int

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


#: RFC 8878, 3.1.2: the upper bytes of the magic numbers of skippable frames, and the size of their header.
_SKIPPABLE_MAGIC = b"\x2a\x4d\x18"
_SKIPPABLE_HEADER = 8


class FrameParameters:
    """What the header of a frame tells; a claim, not yet a fact. Read-only."""

    __slots__ = ("_content_size", "_dict_id", "_has_checksum", "_window_size")

    def __init__(self, content_size: int = 0, window_size: int = 0, dict_id: int = 0, has_checksum: bool = False) -> None:
        self._content_size = content_size
        self._window_size = window_size
        self._dict_id = dict_id
        self._has_checksum = has_checksum

    @readonly
    def content_size(self) -> int:
        """Bytes of content, or CONTENTSIZE_UNKNOWN; of a skippable frame, bytes to skip."""
        return self._content_size

    @readonly
    def window_size(self) -> int:
        """Bytes that a streaming decoder must keep."""
        return self._window_size

    @readonly
    def dict_id(self) -> int:
        """ID of the dictionary that the frame needs, or 0 when it records none."""
        return self._dict_id

    @readonly
    def has_checksum(self) -> bool:
        """Whether a checksum of the content ends the frame."""
        return self._has_checksum

    def __repr__(self) -> str:
        return (
            f"FrameParameters(content_size={self.content_size}, window_size={self.window_size}, "
            f"dict_id={self.dict_id}, has_checksum={self.has_checksum})"
        )


def _read(pinned: Pinned, format: int, frame: zbatch_frame, error: zbatch_error) -> int:
    return int(lib.zbatch_frame_info(pinned.address or None, pinned.size, format, byref(frame), byref(error)))


def frame_content_size(source: ReadableBuffer) -> int:
    """Bytes of content that the frame records, -1 when it does not. 0 for a skippable frame."""
    frame, error = zbatch_frame(), zbatch_error()
    if _read(Pinned(source), FORMAT_ZSTD1, frame, error):
        raise _errors.zstd_error(error, "error when determining content size")
    if frame.is_skippable:
        return 0
    if frame.content_size == CONTENTSIZE_UNKNOWN - 1:  # CONTENTSIZE_ERROR
        raise _errors.ZstdError("error when determining content size")
    return -1 if frame.content_size == CONTENTSIZE_UNKNOWN else int(frame.content_size)


def _magicless_header_size(head: bytes) -> int:
    """Bytes of a header without its magic number, of which the first byte tells; 0 when that is not there."""
    frame = zbatch_frame()
    # Its reserved bit must be 0, but does not matter here.
    whole = bytes((head[0] & 0xF7,)) + bytes(18) if head else b""
    _read(Pinned(whole), FORMAT_ZSTD1_MAGICLESS, frame, zbatch_error())
    return int(frame.header_size)


def frame_header_size(source: ReadableBuffer) -> int:
    """Bytes of the header of the frame, of which `source` need hold only the first five."""
    Pinned(source)
    # Neither the magic number nor what follows the fifth byte matters.
    size = _magicless_header_size(bytes(memoryview(source).cast("B")[4:5]))
    if not size:
        raise _errors.ZstdError("could not determine frame header size: Src size is incorrect")
    return size + 4


def get_frame_parameters(data: ReadableBuffer, format: int = FORMAT_ZSTD1) -> FrameParameters:
    """Reads the header of the frame that `data` begins with; its first 18 bytes are always enough."""
    pinned = Pinned(data)
    frame, error = zbatch_frame(), zbatch_error()
    if _read(pinned, c_int(format), frame, error):
        if error.status == ERROR_TRUNCATED:
            head = bytes(memoryview(data).cast("B")[:5])
            raise _errors.zstd_error(error, f"not enough data for frame parameters; need {_needed(head, format)} bytes")
        raise _errors.zstd_error(error, f"cannot get frame parameters: {_errors.zstd_text(error)}")
    return FrameParameters(frame.content_size, frame.window_size, frame.dict_id, bool(frame.has_checksum))


def _needed(head: bytes, format: int) -> int:
    """Bytes of the header that begins like that."""
    if format == FORMAT_ZSTD1_MAGICLESS:
        return _magicless_header_size(head) or 1
    if len(head) < 5:
        return 5
    return _SKIPPABLE_HEADER if head[1:4] == _SKIPPABLE_MAGIC else _magicless_header_size(head[4:]) + 4
