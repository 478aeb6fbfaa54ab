"""What the header of a frame tells."""

from __future__ import annotations

from ctypes import byref
from typing import TYPE_CHECKING

from . import _errors
from ._errors import readonly
from ._ffi import CONTENTSIZE_UNKNOWN, ERROR_TRUNCATED, FORMAT_ZSTD1, lib, unsigned, zbatch_error, zbatch_frame
from ._handles import Pinned
from ._params import c_int

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

#: What zstd says of a size that it could not read.
CONTENTSIZE_ERROR = unsigned("ZSTD_CONTENTSIZE_ERROR")


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
    if frame.content_size == CONTENTSIZE_ERROR:
        raise _errors.ZstdError("error when determining content size")
    return -1 if frame.content_size == CONTENTSIZE_UNKNOWN else int(frame.content_size)


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
    if _read(Pinned(data), c_int(format), frame, error):
        if error.status == ERROR_TRUNCATED:
            text = f"not enough data for frame parameters; need {frame.header_size} bytes"
            raise _errors.zstd_error(error, text)
        raise _errors.zstd_error(error, f"cannot get frame parameters: {_errors.zstd_text(error)}")
    return FrameParameters(frame.content_size, frame.window_size, frame.dict_id, bool(frame.has_checksum))
