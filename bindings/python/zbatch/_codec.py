"""What compressors and decompressors have in common: a handle of the library, and its end."""

from __future__ import annotations

from typing import Any, Self

from ._handles import Handle


class Codec:
    """The owner of a handle that batches are made with."""

    __slots__ = ("__weakref__", "_handle")

    _handle: Handle | None

    def _open(self) -> Handle:
        handle = self._handle
        if handle is None:
            raise ValueError(f"this {type(self).__name__} is closed")
        return handle

    def close(self) -> None:
        """Frees it, when the calls that use it are over. Everything else raises ValueError then."""
        self._handle = None

    def __enter__(self) -> Self:
        self._open()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __reduce__(self) -> Any:
        raise TypeError(f"cannot pickle a {type(self).__name__}: make one where it is needed")
