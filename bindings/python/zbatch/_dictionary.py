"""Dictionaries: made, trained, digested."""

from __future__ import annotations

from collections.abc import Callable
from ctypes import byref, c_void_p, sizeof, string_at
from functools import partial
from typing import TYPE_CHECKING, Any

from . import _call, _errors, _inputs
from ._errors import readonly
from ._ffi import ERROR_NO_MEMORY, constant, lib, zbatch_compressor_options, zbatch_dict_train_options, zbatch_error
from ._handles import Handle, Pinned, own_dict
from ._params import ZstdCompressionParameters, c_int, clamped, options_of_level, signed_size, wrapped_int

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

DICT_TYPE_AUTO = constant("ZBATCH_DICT_TYPE_AUTO")
DICT_TYPE_RAWCONTENT = constant("ZBATCH_DICT_TYPE_RAWCONTENT")
DICT_TYPE_FULLDICT = constant("ZBATCH_DICT_TYPE_FULLDICT")


class ZstdCompressionDict:
    """A dictionary: bytes that items are likely to contain.

    `data` is bytes-like and is copied. `dict_type` is DICT_TYPE_AUTO, DICT_TYPE_RAWCONTENT or DICT_TYPE_FULLDICT. All
    compressors and decompressors that are made with one share what is digested of it. `len()` counts its bytes.
    """

    __slots__ = ("__weakref__", "_bytes", "_chosen", "_digested", "_digestion", "_handle", "_type")

    def __init__(self, data: ReadableBuffer, dict_type: int = DICT_TYPE_AUTO) -> None:
        pinned = Pinned(data)
        kind = wrapped_int(dict_type)
        if kind not in (DICT_TYPE_AUTO, DICT_TYPE_RAWCONTENT, DICT_TYPE_FULLDICT):
            raise ValueError(f"invalid dictionary load mode: {kind}; must use DICT_TYPE_* constants")
        self._type = kind
        self._digested: Handle | None = None
        #: The options that it was digested with.
        self._digestion: zbatch_compressor_options | None = None
        self._bytes = b""
        #: The `k` and `d` of training.
        self._chosen = (0, 0)
        self._handle: Handle | None = None
        try:
            self._handle = _make(lib.zbatch_dict_new, pinned.address or None, pinned.size, kind)
        except _errors.ZstdError:
            # Who makes something with it is told.
            self._bytes = string_at(pinned.address, pinned.size)

    def precompute_compress(self, level: int = 0, compression_params: ZstdCompressionParameters | None = None) -> None:
        """Digests the dictionary now, for compressors that are made from here on; those that exist keep what they have.

        Their frames take the level and the parameters from `window_log` to `strategy` from here instead of their own.
        Exactly one of `level` and `compression_params` must be given.
        """
        level = c_int(level)
        if level and compression_params is not None:
            raise ValueError("must only specify one of level or compression_params")
        if not level and compression_params is None:
            raise ValueError("must specify one of level or compression_params")
        if compression_params is None:
            options = clamped(options_of_level(level))
        elif isinstance(compression_params, ZstdCompressionParameters):
            options = compression_params._options
        else:
            raise TypeError("compression_params must be zstd.ZstdCompressionParameters")
        self._digest(options)

    def _digest(self, options: zbatch_compressor_options) -> None:
        handle = self._handle
        if handle is None:
            raise _errors.ZstdError("unable to precompute dictionary")
        self._digested = _make(lib.zbatch_dict_digest, handle.address, byref(options), prefix="unable to precompute dictionary: ")
        self._digestion = options

    def dict_id(self) -> int:
        """The dictionary's ID, which frames record, or 0 when it has none."""
        handle = self._handle
        if handle is not None and self._type == DICT_TYPE_RAWCONTENT:
            # Frames do not record it, but it can be asked for.
            handle = ZstdCompressionDict(self.as_bytes())._handle
        return 0 if handle is None else int(lib.zbatch_dict_id(handle.address))

    def as_bytes(self) -> bytes:
        """A copy of its bytes: what to store for `ZstdCompressionDict(data)`."""
        if self._handle is None:
            return self._bytes
        return string_at(lib.zbatch_dict_data(self._handle.address), len(self))

    @readonly
    def k(self) -> int:
        """The segment size that training chose, or 0 when it was not trained."""
        return self._chosen[0]

    @readonly
    def d(self) -> int:
        """The fragment size that training chose, or 0."""
        return self._chosen[1]

    def __len__(self) -> int:
        return len(self._bytes) if self._handle is None else int(lib.zbatch_dict_size(self._handle.address))

    def __reduce__(self) -> Any:
        options = self._digestion
        # By name: a pickle may be read by a release that has more of them.
        digestion = {} if options is None else {name: getattr(options, name) for name, *_ in options._fields_[1:]}
        return _unpickled, (self.as_bytes(), self._type, self._chosen, digestion)


def _unpickled(data: bytes, dict_type: int, chosen: tuple[int, int], digestion: dict[str, int]) -> ZstdCompressionDict:
    made = ZstdCompressionDict(data, dict_type)
    made._chosen = chosen
    if digestion:
        made._digest(zbatch_compressor_options(sizeof(zbatch_compressor_options), **digestion))
    return made


def _make(function: Callable[..., int], *arguments: object, prefix: str = "") -> Handle:
    out, error = c_void_p(), zbatch_error()
    if function(*arguments, byref(out), byref(error)):
        if prefix and error.status != ERROR_NO_MEMORY:
            raise _errors.zstd_error(error, prefix + _errors.zstd_text(error))
        raise _errors.failure(error)
    return own_dict(out.value)


#: What ZDICT_trainFromBuffer() takes of these: not much slower than one try, and nearly as good as all of them.
_QUICK_D, _QUICK_STEPS = 8, 4


def train_dictionary(
    dict_size: int,
    samples: _inputs.Batch,
    k: int = 0,
    d: int = 0,
    f: int = 0,
    split_point: float = 0.0,
    accel: int = 0,
    notifications: int = 0,
    dict_id: int = 0,
    level: int = 0,
    steps: int = 0,
    threads: int = 0,
) -> ZstdCompressionDict:
    """Trains a dictionary of at most `dict_size` bytes on samples: items like those that it is for, given as a batch is.

    A hundred times the size of the dictionary is a good size for all samples together. `k` and `d` are the sizes of
    segments and fragments, `f` log2 of the size of the frequency table, `split_point` the share of the samples to train on,
    `accel` 1, most accurate, to 10, fastest, `steps` the number of values of `k` to try, `notifications` zstd's messages on
    standard error, 0 to 4. 0 is the default of each. `threads` are zstd's own; negative means one for every CPU.

    zstd's training cannot be stopped: Ctrl-C ends the wait for it, and it ends in another thread.
    """
    call = _call.begin()
    try:
        try:
            _inputs.take_any(call, samples, f"train_dictionary() argument 2 must be list, not {type(samples).__name__}")
            call.gather()
        except TypeError as error:
            if hasattr(error, "item"):
                raise _errors.about_item(ValueError("samples must be bytes"), error.item) from error
            raise
        for number in (k, d, f, accel, notifications, level, steps, threads):
            c_int(number)
        if not steps and not threads:
            d, steps = d or _QUICK_D, _QUICK_STEPS
        if signed_size(dict_size) < 0:
            raise MemoryError
        options = zbatch_dict_train_options(
            sizeof(zbatch_dict_train_options),
            # 0 is the library's default, and no size here.
            dict_size=dict_size or 1,
            split_point=split_point,
            k=k,
            d=d,
            f=f,
            steps=steps,
            accel=accel,
            level=level,
            dict_id=dict_id,
            threads=threads,
            notifications=notifications,
        )
        train = partial(_make, lib.zbatch_dict_train, prefix="cannot train dict: ")
        handle = call.run_training(train, (call.views, call.count, byref(options)), cancels=False)
    finally:
        call.done()
    return trained(handle)


def trained(handle: Handle) -> ZstdCompressionDict:
    """The dictionary that the library trained."""
    made = ZstdCompressionDict.__new__(ZstdCompressionDict)
    made._handle, made._digested, made._digestion = handle, None, None
    made._type, made._bytes = DICT_TYPE_FULLDICT, b""
    made._chosen = lib.zbatch_dict_k(handle.address), lib.zbatch_dict_d(handle.address)
    return made
