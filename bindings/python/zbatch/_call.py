"""One batch call: its inputs as views, its options, and how it runs without holding up other threads or Ctrl-C."""

from __future__ import annotations

import _thread
import os
import threading
from array import array
from collections.abc import Callable
from ctypes import addressof, byref, c_uint64, c_void_p, py_object, sizeof
from typing import Any, TypeVar

from . import _ffi
from ._control import Control
from ._cpython import (
    BYTES_CONTENT,
    ENTER,
    GET_BUFFER,
    LEAVE,
    PY_BUFFER_DATA,
    PY_BUFFER_LEN,
    PY_BUFFER_SIZE,
    RELEASE_BUFFER,
    TUPLE_ITEM,
    WORD,
    PyBUF_SIMPLE,
    PyBUF_WRITABLE,
)
from ._errors import about_item, failure
from ._ffi import lib, pylib
from ._handles import Handle, output_of, own_pins

T = TypeVar("T")

#: The array type of machine words. A view is two of them, a pointer and a size.
WORDS = "Q" if WORD == 8 else "I"
_VIEW = array(WORDS, [0, 0])

#: Items of a small batch, whose views have their place in every Call.
SMALL = 64

#: A batch that takes this long or longer, in nanoseconds, must not hold up Ctrl-C.
LONG = 50_000_000

_main_thread = threading.main_thread().ident


def _forked() -> None:
    global _main_thread
    _main_thread = threading.get_ident()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)

# Where the fields are that change from call to call, in words of a zbatch_object_batch and ints of a zbatch_run_options.
_COMPRESSOR, _DECOMPRESSOR, _SEQUENCE, _VIEWS, _COUNT, _SIZES, _STATUSES, _ENOUGH = (
    getattr(_ffi.zbatch_object_batch, name).offset // WORD
    for name in ("compressor", "decompressor", "sequence", "views", "count", "sizes", "item_status", "enough")
)
#: zbatch_object_batch_new, whose result is a new Python object. Its arguments are ctypes objects already: to check them again
#: would cost as much as the call.
_run = pylib["zbatch_object_batch_new"]
_run.restype = py_object
_HANDLE_TYPE, _NONE = c_void_p(id(Handle)), c_void_p(id(None))
_THREADS = _ffi.zbatch_run_options.threads.offset // 4


class Call:
    """What one call into the library reads and writes. Making it costs more than a small batch does, so it is used again.

    Structs are arrays here where they change often: an item of an array is set in a tenth of the time of a field of ctypes.
    """

    __slots__ = (
        "_batch",
        "_batch_arg",
        "_batch_struct",
        "_elsewhere",
        "_items",
        "_keep",
        "_numbers",
        "_options",
        "_options_used",
        "_pins",
        "_run",
        "_small",
        "_small_at",
        "_status_arg",
        "count",
        "error",
        "error_at",
        "options_at",
        "statuses",
        "views",
        "words",
    )

    def __init__(self) -> None:
        # An array of ints refuses what is no C int, in CPython's words.
        self._run = array("i", bytes(sizeof(_ffi.zbatch_run_options)))
        self._options = _ffi.zbatch_run_options.from_buffer(self._run)
        self._options.struct_size = sizeof(_ffi.zbatch_run_options)
        self.options_at = addressof(self._options)
        self.error = _ffi.zbatch_error()
        self.error_at = addressof(self.error)
        # What the library writes: a status.
        self._numbers = array("i", bytes(4))
        self._status_arg = c_void_p(self._numbers.buffer_info()[0])
        self._small = _VIEW * SMALL
        self._small_at = self._small.buffer_info()[0]
        self._batch = array(WORDS, bytes(sizeof(_ffi.zbatch_object_batch)))
        self._batch_struct = _ffi.zbatch_object_batch.from_buffer(self._batch)
        for name, value in dict(
            struct_size=sizeof(_ffi.zbatch_object_batch),
            item_fn=TUPLE_ITEM,
            bytes_fn=BYTES_CONTENT,
            leave_fn=LEAVE,
            enter_fn=ENTER,
            run=self.options_at,
            error=self.error_at,
        ).items():
            setattr(self._batch_struct, name, value)
        self._batch_arg = c_void_p(addressof(self._batch_struct))
        self.words = self._small
        self._keep: Any = None
        self._pins: Handle | None = None
        self._elsewhere = False
        self.statuses: array[int] | None = None
        self.count = 0
        self.views = 0
        self._items: tuple[Any, ...] = ()
        self._options_used = False

    # ---- inputs

    def room_for_views(self, count: int) -> None:
        """Makes room for the views of so many items."""
        if count <= SMALL:
            self.words = self._small
            at = self._small_at
        else:
            self.words = _VIEW * count
            at = self.words.buffer_info()[0]
        batch = self._batch
        self.count = batch[_COUNT] = count
        self.views = batch[_VIEWS] = at

    def take_items(self, items: tuple[Any, ...]) -> None:
        """Takes bytes-like items. The tuple is ours: nobody changes it while other threads run."""
        self.room_for_views(len(items))
        self._items = items
        if items and type(items[0]) is bytes:
            self._batch[_SEQUENCE] = id(items)
        else:
            self._pin_items()

    def take_views(self, address: int, count: int, keep: object) -> None:
        """Takes views that somebody else keeps."""
        self._small[1] = 0  # nothing is known of the sizes
        self.count = self._batch[_COUNT] = count
        self.views = self._batch[_VIEWS] = address
        self._keep = keep

    def gather(self) -> None:
        """Sees to it that the views are there."""
        if self._batch[_SEQUENCE]:
            try:
                pylib.zbatch_gather_views(id(self._items), self.count, TUPLE_ITEM, BYTES_CONTENT, self.views, None)
                self._batch[_SEQUENCE] = 0
            except TypeError:
                self._pin_items()

    def _pin_items(self) -> None:
        """Takes items that are not all bytes."""
        self._batch[_SEQUENCE] = 0
        self._pins = self._pinned(self._items, self.views, PyBUF_SIMPLE, "item {} not a bytes like object")

    def take_places(self, items: tuple[Any, ...]) -> int:
        """Pins memory to write to until the call is over, and has the address of its spans."""
        words = _VIEW * len(items)
        at = words.buffer_info()[0]
        self.keep((words, self._pinned(items, at, PyBUF_WRITABLE, "buffer {} is not a writable bytes-like object")))
        return at

    def _pinned(self, items: tuple[Any, ...], views: int, flags: int, text: str) -> Handle:
        """Pins the buffers of `items` as long as the result lives, and fills their views."""
        # Made first: an interrupt may come at any step of Python, and none lies between a pin and its owner.
        pins = own_pins(None)
        try:
            status = pylib.zbatch_gather_buffers(
                id(items),
                len(items),
                TUPLE_ITEM,
                GET_BUFFER,
                RELEASE_BUFFER,
                flags,
                PY_BUFFER_SIZE,
                PY_BUFFER_DATA,
                PY_BUFFER_LEN,
                views,
                output_of(pins),
                self.error_at,
            )
        except (TypeError, ValueError, BufferError) as cause:
            item = int(self.error.item)
            raise about_item(TypeError(text.format(item)), item) from cause
        if status:
            raise failure(self.error)
        return pins

    def keep(self, more: object) -> None:
        """Keeps something alive until the call is over."""
        self._keep = (self._keep, more)

    def all_empty(self) -> bool:
        """Whether no item that was taken from Python objects has a byte."""
        sizes = self.words
        return not sizes[1] and not any(sizes[1 : 2 * self.count : 2])

    # ---- options and statuses

    def set_options(self, threads: int, control: Control | None, verify: bool) -> None:
        """How the batch runs. `threads` is checked as CPython checks a C int."""
        self._run[_THREADS] = threads
        if control is not None or verify:
            if not isinstance(control, (Control, type(None))):
                raise TypeError(f"control must be a zbatch.Control, not {type(control).__name__}")
            self._options_used = True
            self._options.control = None if control is None else control._handle.address
            self._options.flags = _ffi.RUN_VERIFY if verify else 0
            self._keep = (self._keep, control)

    def want_statuses(self, errors: str) -> int | None:
        """Room for a status of each item when the caller wants bad items returned."""
        if errors == "raise":
            return None
        if errors != "return":
            raise ValueError(f"errors must be 'raise' or 'return', not {errors!r}")
        self.statuses = array("i", [0]) * max(self.count, 1)
        at = self.statuses.buffer_info()[0]
        self._batch[_STATUSES] = at
        return at

    def set_sizes(self, sizes: array[int]) -> None:
        """Sizes of the items' content."""
        self.keep(sizes)
        self._batch[_SIZES] = sizes.buffer_info()[0]

    # ---- running

    def run(self, codec: Handle, compresses: bool) -> Handle | None:
        """Runs the batch, and has the collection. On the main thread Ctrl-C ends what takes long."""
        batch = self._batch
        batch[_COMPRESSOR if compresses else _DECOMPRESSOR] = codec.address
        batch[_DECOMPRESSOR if compresses else _COMPRESSOR] = 0
        batch[_ENOUGH] = LONG if threading.get_ident() == _main_thread else 0
        made: Handle | None
        try:
            made = _run(self._batch_arg, _HANDLE_TYPE, _NONE, self._status_arg)
        except TypeError:
            if not batch[_SEQUENCE]:
                raise
            self._pin_items()
            return self.run(codec, compresses)
        if made is None and self.status == _ffi.OK:
            # It did not begin, because it takes long. The views are there.
            self.keep(codec)
            batch[_SEQUENCE] = batch[_ENOUGH] = 0
            made = self._aside(_run, (self._batch_arg, _HANDLE_TYPE, _NONE, self._status_arg))
        return made

    @property
    def status(self) -> int:
        """The status of the batch that ran."""
        return self._numbers[0]

    def run_function(
        self, function: Callable[..., int], arguments: tuple[Any, ...], decompressor: int, keep: object
    ) -> int:
        """Calls another batch function of a decompressor, in the same way. It writes to what is to be kept."""
        self.keep(keep)
        if threading.get_ident() == _main_thread:
            estimate = c_uint64()
            threads = self._run[_THREADS]
            pylib.zbatch_decompressor_estimate(
                decompressor, self.views, self.count, threads, LONG, byref(estimate), None
            )
            if estimate.value >= LONG:
                status: int = self._aside(function, arguments)
                return status
        return function(*arguments)

    def run_training(self, function: Callable[..., T], arguments: tuple[Any, ...], *, cancels: bool) -> T:
        """Calls a function that trains: it takes long enough for another thread, whatever the batch is."""
        if threading.get_ident() == _main_thread:
            made: T = self._aside(function, arguments, cancels)
            return made
        return function(*arguments)

    def _aside(self, function: Callable[..., Any], arguments: tuple[Any, ...], cancels: bool = True) -> Any:
        """Runs `function` in another thread, and cancels it when this one is interrupted.

        Without `cancels` it cannot be, and is left to end by itself, with all that it reads and makes.
        """
        if not self._options.control:
            own = Control()
            self.keep(own)
            # First what has done() take it back, for an interrupt may come between.
            self._options_used = True
            self._options.control = own._handle.address
        control = self._options.control
        result: list[Any] = []
        failed: list[BaseException] = []
        over = _thread.allocate_lock()
        over.acquire()

        def work(_: Call) -> None:
            try:
                result.append(function(*arguments))
            except BaseException as error:
                failed.append(error)
            finally:
                over.release()

        started: list[int] = []
        interrupt: BaseException | None = None
        # Until the thread is known to have ended, what it reads and writes is its own: it may outlive an interrupt.
        self._elsewhere = True
        try:
            # One step for the interpreter: when an interrupt is raised here, the list tells whether the thread runs.
            started.extend(map(_thread.start_new_thread, (work,), ((self,),)))
        except BaseException as raised:
            if not started and isinstance(raised, RuntimeError):  # no more threads, or the interpreter is ending
                self._elsewhere = False
                return function(*arguments)
            if not (started and cancels):
                self._elsewhere = bool(started)
                raise
            interrupt = raised
            lib.zbatch_control_cancel(control)
        try:
            while self._elsewhere:
                try:
                    while not (result or failed):
                        # In slices, because not every system wakes a thread that waits for a lock to handle a signal.
                        over.acquire(timeout=0.05)
                    self._elsewhere = False
                except BaseException as raised:
                    if not cancels:
                        raise
                    interrupt = interrupt or raised
                    lib.zbatch_control_cancel(control)
            if interrupt is not None:
                raise interrupt
            if failed:
                raise failed.pop()
            return result.pop()
        finally:
            # What is raised refers to this frame, which must not refer to it: both would keep the inputs.
            del interrupt
            failed.clear()

    def done(self) -> None:
        """Lets go of the inputs and makes the call ready for the next.

        An interrupt may end this at any step. Then nobody uses the call again, and what it holds goes with it.
        """
        if self._elsewhere:
            return
        self._pins = None
        batch = self._batch
        batch[_SEQUENCE] = batch[_SIZES] = 0
        if self.statuses is not None:
            self.statuses = None
            batch[_STATUSES] = 0
        if self._options_used:
            self._options.control, self._options.flags, self._options_used = None, 0, False
        self._keep = None
        self._items = ()
        self.words = self._small
        _idle.append(self)


_idle: list[Call] = []


def begin() -> Call:
    """A Call that nobody uses; `done()` gives it back."""
    try:
        return _idle.pop()
    except IndexError:
        return Call()
