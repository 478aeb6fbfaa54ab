"""Compression parameters, as python-zstandard names them and as the library takes them."""

from __future__ import annotations

import operator
from array import array
from ctypes import byref, c_int32, c_size_t, sizeof
from typing import Any, overload

from . import _errors
from ._ffi import ERROR_NO_MEMORY, lib, zbatch_compressor_options, zbatch_error


def c_int(value: int) -> int:
    """The number, refused as CPython refuses what is no C int."""
    return array("i", (value,))[0]


def wrapped_int(value: int) -> int:
    """The number as C makes an int of any: the peer does not check formats and types of dictionaries before."""
    return c_int32(operator.index(value)).value


def size(value: int) -> int:
    """The number, refused as CPython refuses what is no size."""
    return array("Q", (value,))[0]


def signed_size(value: int) -> int:
    """The number, refused as CPython refuses what is no Py_ssize_t."""
    return operator.length_hint(None, value)


def options_of_level(level: int) -> zbatch_compressor_options:
    """Options with this level and else zstd's defaults."""
    options = zbatch_compressor_options()
    options.struct_size = sizeof(options)
    options.level = c_int(level)
    return options


def clamped(options: zbatch_compressor_options) -> zbatch_compressor_options:
    error = zbatch_error()
    if lib.zbatch_compressor_options_clamp(byref(options), byref(error)):
        if error.status == ERROR_NO_MEMORY:
            raise MemoryError
        why = _errors.zstd_text(error) if error.zstd_error else "Parameter is out of bound"
        raise _errors.zstd_error(error, f"unable to set compression context parameter: {why}")
    return options


class _Parameter:
    """A read-only number of the options."""

    def __init__(self, field: str, doc: str, inverted: bool = False) -> None:
        self._field = field
        self._inverted = inverted
        self.__doc__ = doc

    @overload
    def __get__(self, parameters: None, owner: type) -> _Parameter: ...

    @overload
    def __get__(self, parameters: ZstdCompressionParameters, owner: type) -> int: ...

    def __get__(self, parameters: ZstdCompressionParameters | None, owner: type) -> _Parameter | int:
        if parameters is None:
            return self
        value: int = getattr(parameters._options, self._field)
        return int(not value) if self._inverted else value

    def __set__(self, parameters: ZstdCompressionParameters, value: object) -> None:
        raise AttributeError("readonly attribute")


class ZstdCompressionParameters:
    """Every parameter of zstd's compressor. Read-only.

    0 leaves the choice to the level, or to zstd itself, and so does -1 for `strategy`, `overlap_log` and
    `ldm_hash_rate_log`. A level, `threads`, `job_size` or `overlap_log` beyond its range becomes the nearest that is
    possible; everything else out of range raises ZstdError. The ranges are constants of this module.

    Mind that `write_dict_id` is off here and on in `ZstdCompressor`, as in python-zstandard.
    """

    __slots__ = ("_options",)

    format = _Parameter("format", "FORMAT_ZSTD1 or FORMAT_ZSTD1_MAGICLESS.")
    compression_level = _Parameter("level", "-131072, fastest, to 22, strongest.")
    window_log = _Parameter("window_log", "Log2 of the largest distance of a match.")
    hash_log = _Parameter("hash_log", "Log2 of the size of the first table.")
    chain_log = _Parameter("chain_log", "Log2 of the size of the search table.")
    search_log = _Parameter("search_log", "Log2 of the number of searches.")
    min_match = _Parameter("min_match", "Length of the shortest match.")
    target_length = _Parameter("target_length", "A match of this length is good enough.")
    strategy = _Parameter("strategy", "One of the STRATEGY_ constants.")
    write_content_size = _Parameter("omit_content_size", "1 when frames record the size of their content.", True)
    write_checksum = _Parameter("write_checksum", "1 when frames end with a checksum of their content.")
    write_dict_id = _Parameter("omit_dict_id", "1 when frames record the dictionary's ID.", True)
    job_size = _Parameter("job_size", "Bytes that each of zstd's own threads takes at a time.")
    overlap_log = _Parameter("overlap_log", "How much of the window such a thread reloads, 1 to 9.")
    force_max_window = _Parameter("force_max_window", "1 when matches keep within the window in the dictionary too.")
    enable_ldm = _Parameter("enable_ldm", "1 when long-distance matching is on.")
    ldm_hash_log = _Parameter("ldm_hash_log", "Log2 of the size of its table.")
    ldm_min_match = _Parameter("ldm_min_match", "Length of its shortest match.")
    ldm_bucket_size_log = _Parameter("ldm_bucket_size_log", "Log2 of the size of its buckets.")
    ldm_hash_rate_log = _Parameter("ldm_hash_rate_log", "Log2 of how rarely it looks up.")
    threads = _Parameter("workers", "Threads of zstd's own inside each frame; a negative number became one for every CPU.")

    def __init__(
        self,
        format: int = 0,
        compression_level: int = 0,
        window_log: int = 0,
        hash_log: int = 0,
        chain_log: int = 0,
        search_log: int = 0,
        min_match: int = 0,
        target_length: int = 0,
        strategy: int = -1,
        write_content_size: int = 1,
        write_checksum: int = 0,
        write_dict_id: int = 0,
        job_size: int = 0,
        overlap_log: int = -1,
        force_max_window: int = 0,
        enable_ldm: int = 0,
        ldm_hash_log: int = 0,
        ldm_min_match: int = 0,
        ldm_bucket_size_log: int = 0,
        ldm_hash_rate_log: int = -1,
        threads: int = 0,
    ) -> None:
        options = options_of_level(compression_level)
        options.format = c_int(format)
        options.window_log = c_int(window_log)
        options.hash_log = c_int(hash_log)
        options.chain_log = c_int(chain_log)
        options.search_log = c_int(search_log)
        options.min_match = c_int(min_match)
        options.target_length = c_int(target_length)
        options.strategy = 0 if strategy == -1 else c_int(strategy)
        options.omit_content_size = not c_int(write_content_size)
        options.write_checksum = bool(c_int(write_checksum))
        options.omit_dict_id = not c_int(write_dict_id)
        options.job_size = c_int(job_size)
        options.overlap_log = 0 if overlap_log == -1 else c_int(overlap_log)
        options.force_max_window = bool(c_int(force_max_window))
        options.enable_ldm = c_int(enable_ldm)
        options.ldm_hash_log = c_int(ldm_hash_log)
        options.ldm_min_match = c_int(ldm_min_match)
        options.ldm_bucket_size_log = c_int(ldm_bucket_size_log)
        options.ldm_hash_rate_log = 0 if ldm_hash_rate_log == -1 else c_int(ldm_hash_rate_log)
        options.workers = c_int(threads)
        self._options = clamped(options)

    @staticmethod
    def from_level(
        level: int, /, source_size: int = 0, dict_size: int = 0, **overrides: int
    ) -> ZstdCompressionParameters:
        """What zstd chooses for a level, content of `source_size` bytes and a dictionary of `dict_size` bytes.

        0 bytes mean unknown, or none. Any argument of the constructor may be given to override the choice.
        """
        chosen, error = clamped(options_of_level(level)), zbatch_error()
        if lib.zbatch_compressor_options_from_level(
            byref(chosen), chosen.level, size(source_size), size(signed_size(dict_size)), byref(error)
        ):
            raise _errors.failure(error)
        names = ("window_log", "chain_log", "hash_log", "search_log", "min_match", "target_length", "strategy")
        return ZstdCompressionParameters(**{name: getattr(chosen, name) for name in names} | overrides)

    def estimated_compression_context_size(self) -> int:
        """Bytes that one thread needs to compress, an estimate from above for content of any size."""
        out, error = c_size_t(), zbatch_error()
        if lib.zbatch_compressor_options_memory_size(byref(self._options), byref(out), byref(error)):
            raise _errors.failure(error)
        return out.value

    def __reduce__(self) -> Any:
        raise TypeError("cannot pickle ZstdCompressionParameters")
