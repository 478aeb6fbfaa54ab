"""What the header of a frame tells."""

from __future__ import annotations

from ctypes import byref
from typing import TYPE_CHECKING, Any

from . import _errors
from ._errors import readonly
from ._ffi import (
    CONTENTSIZE_UNKNOWN,
    ERROR_TRUNCATED,
    FORMAT_ZSTD1,
    FORMAT_ZSTD1_MAGICLESS,
    lib,
    pylib,
    unsigned,
    zbatch_error,
    zbatch_frame,
)
from ._handles import Pinned
from ._params import wrapped_int

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

#: What zstd says of a size that it could not read.
CONTENTSIZE_ERROR = unsigned("ZSTD_CONTENTSIZE_ERROR")

_frame_info = pylib.zbatch_frame_info


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


def frame_content_size(source: ReadableBuffer) -> int:
    """Bytes of content that the frame records, -1 when it does not. 0 for a skippable frame."""
    bytes_of: Any = source if type(source) is bytes else Pinned(source)
    frame = zbatch_frame()
    if _frame_info(bytes_of, len(bytes_of), FORMAT_ZSTD1, byref(frame), None):
        error = zbatch_error()
        _frame_info(bytes_of, len(bytes_of), FORMAT_ZSTD1, byref(frame), byref(error))
        raise _errors.zstd_error(error, "error when determining content size")
    if frame.is_skippable:
        return 0
    size: int = frame.content_size
    if size == CONTENTSIZE_ERROR:
        raise _errors.ZstdError("error when determining content size")
    return -1 if size == CONTENTSIZE_UNKNOWN else size


def frame_header_size(source: ReadableBuffer) -> int:
    """Bytes of the header of the frame, of which `source` need hold only the first five."""
    pinned = Pinned(source)
    found: int = lib.zbatch_frame_header_size(pinned.address or None, pinned.size)
    if not found:
        raise _errors.ZstdError("could not determine frame header size: Src size is incorrect")
    return found


def get_frame_parameters(data: ReadableBuffer, format: int = FORMAT_ZSTD1) -> FrameParameters:
    """Reads the header of the frame that `data` begins with; its first 18 bytes are always enough."""
    frame, error = zbatch_frame(), zbatch_error()
    pinned = Pinned(data)
    format = wrapped_int(format)
    if format not in (FORMAT_ZSTD1, FORMAT_ZSTD1_MAGICLESS):
        raise _errors.ZstdError("cannot get frame parameters: Unsupported frame parameter")
    if _frame_info(pinned, len(pinned), format, byref(frame), byref(error)):
        if error.status == ERROR_TRUNCATED:
            text = f"not enough data for frame parameters; need {frame.header_size} bytes"
            raise _errors.zstd_error(error, text)
        raise _errors.zstd_error(error, f"cannot get frame parameters: {_errors.zstd_text(error)}")
    return FrameParameters(frame.content_size, frame.window_size, frame.dict_id, bool(frame.has_checksum))
