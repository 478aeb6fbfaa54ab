"""The memory of freed results, which the library keeps for the next ones: pages that are new cost more than most small items."""

from __future__ import annotations

from ._ffi import lib


def retained_size() -> int:
    """Bytes of freed results that the library keeps for the next ones: 64 MiB at most, for all threads of the process."""
    return int(lib.zbatch_retained_size())


def release_retained() -> None:
    """Gives the bytes of `retained_size()` back to the system. Batches may run meanwhile; results that live stay as they are."""
    lib.zbatch_release_retained()
