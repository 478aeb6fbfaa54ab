"""From a status of the library to an exception of python-zstandard's."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ._ffi import ERROR_CANCELLED, ERROR_NO_MEMORY, ERROR_OUT_OF_RANGE, NO_ITEM, lib, zbatch_error

if TYPE_CHECKING:
    from ._call import Call


class ZstdError(Exception):
    """Something could not be compressed or decompressed.

    Every exception that is about one item of a batch, of this type or another, has its index in `item`.
    """

    #: Index of the item at fault, or None.
    item: int | None = None
    #: The status of the C interface, "ZBATCH_ERROR_CHECKSUM".
    status: str = ""
    #: libzstd's error code when it had one, else 0.
    zstd_error: int = 0


if TYPE_CHECKING:
    readonly = property  # type checkers know no other kind
else:

    class readonly(property):
        """A property that refuses to be set in the words of a C extension."""

        def __set__(self, instance: object, value: object) -> None:
            raise AttributeError("readonly attribute")

        def __delete__(self, instance: object) -> None:
            raise AttributeError("readonly attribute")


def about_item(exception: Exception, item: int | None) -> Exception:
    """The exception, with the item that it is about."""
    exception.item = item  # type: ignore[attr-defined]
    return exception


def zstd_text(error: zbatch_error) -> str:
    """What went wrong in libzstd's own words where it has some, else in the library's."""
    if error.zstd_error:
        text: bytes = lib.zbatch_zstd_error_message(error.zstd_error)
        return text.decode()
    return message(error)


def message(error: zbatch_error) -> str:
    """The library's sentence."""
    sentence: bytes = error.message
    return sentence.decode()


def zstd_error(error: zbatch_error, text: str) -> ZstdError:
    """A ZstdError with this text."""
    exception = ZstdError(text)
    exception.status = lib.zbatch_status_name(error.status).decode()
    exception.zstd_error = error.zstd_error
    if error.item != NO_ITEM:
        exception.item = error.item
    return exception


def failure(error: zbatch_error, prefix: str = "") -> Exception:
    """The exception for a call that failed. With `prefix` the rest of its text is libzstd's, or why the library says it was."""
    item = None if error.item == NO_ITEM else error.item
    if error.status == ERROR_NO_MEMORY:
        return about_item(MemoryError(), item)
    if error.status == ERROR_OUT_OF_RANGE:
        return about_item(ValueError(message(error)), item)
    if not prefix:
        return zstd_error(error, message(error))
    return zstd_error(error, prefix + zstd_text(error).removeprefix("error compressing: ").removeprefix("error decompressing: "))


def failures(
    call: Call,
    verb: str,
    exception: Callable[[zbatch_error], Exception],
    again: Callable[[int], zbatch_error] | None = None,
) -> dict[int, Exception]:
    """The exceptions of the items that failed, when the caller wants them returned.

    The library tells of the lowest alone why it failed; `again` runs another one alone, to hear it of that.
    """
    failed: dict[int, Exception] = {}
    if call.statuses is not None and any(call.statuses):
        for item, its_status in enumerate(call.statuses):
            if its_status == 0:
                continue
            error = call.error
            if item != error.item:
                # A cancel is no matter of the item, and MemoryError has no text.
                alone = None if again is None or its_status in (ERROR_CANCELLED, ERROR_NO_MEMORY) else again(item)
                if alone is not None and alone.status == its_status:
                    error = alone
                    error.item, error.message = item, error.message.replace(b"item 0:", b"item %d:" % item, 1)
                else:  # the batch had to do with it, a limit of all items say
                    text = lib.zbatch_status_message(its_status)
                    sentence = f"error {verb} item {item}: ".encode() + text
                    error = zbatch_error(item, its_status, 0, 0, 0, sentence)
            failed[item] = exception(error)
    return failed


_MISSING_METHODS = {
    "ZstdCompressor": ("chunker", "compressobj", "copy_stream", "read_to_iter", "stream_reader", "stream_writer"),
    "ZstdDecompressor": ("copy_stream", "decompressobj", "read_to_iter", "stream_reader", "stream_writer"),
}


def missing_method(type_name: str, name: str) -> str:
    """What to say about a method that python-zstandard has and this package has not."""
    if name in _MISSING_METHODS[type_name]:
        batch = "multi_compress_to_buffer()" if type_name == "ZstdCompressor" else "multi_decompress_to_buffer()"
        return f"zbatch has no {type_name}.{name}(): use {batch} for many items or chunks of a stream"
    if name == "decompress_content_dict_chain":
        return f"zbatch has no {type_name}.{name}(): use a ZstdCompressionDict"
    return f"'{type_name}' object has no attribute '{name}'"
