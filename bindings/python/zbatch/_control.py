"""Progress of running batches, and the means to stop them."""

from __future__ import annotations

from ctypes import byref, c_void_p
from typing import Any

from . import _errors
from ._ffi import lib, zbatch_error
from ._handles import own_control


class Control:
    """Progress of running batches, and the means to stop them.

    Give one to the `control` argument of one batch call or of several, and use it from any other thread: its counters add
    up over all of them. A batch that is cancelled finishes the items in work and raises ZstdError; with `errors="return"`
    it delivers what was done. Ctrl-C during a long batch cancels the control that the batch has.
    """

    __slots__ = ("_handle",)

    def __init__(self) -> None:
        out, error = c_void_p(), zbatch_error()
        if lib.zbatch_control_new(byref(out), byref(error)) < 0:
            raise _errors.failure(error)
        self._handle = own_control(out.value)

    def cancel(self) -> None:
        """Asks every batch with this control, those to come until `reset()` too, to stop; returns at once."""
        lib.zbatch_control_cancel(self._handle.address)

    def reset(self) -> None:
        """Takes a cancel back and sets the counters to 0. Call it while no batch runs with this control."""
        lib.zbatch_control_reset(self._handle.address)

    @property
    def items_done(self) -> int:
        """Items finished so far, failed ones included."""
        return int(lib.zbatch_control_items_done(self._handle.address))

    @property
    def bytes_done(self) -> int:
        """Bytes of input of those items."""
        return int(lib.zbatch_control_bytes_done(self._handle.address))

    @property
    def items_running(self) -> int:
        """Items that threads work on at this moment; one that threads share counts for each of them."""
        return int(lib.zbatch_control_items_running(self._handle.address))

    def __reduce__(self) -> Any:
        raise TypeError("a Control cannot be pickled: it belongs to the batches of one process")
