"""Finds libzbatch, checks that it is the one that this package was made for, and loads it."""

import ctypes
import os
import sys
from pathlib import Path

from ._version import __version__

_NAMES = {"darwin": "libzbatch.dylib", "win32": "zbatch.dll"}
NAME = _NAMES.get(sys.platform, "libzbatch.so")

_HELP = f"""Any of these mends it:
  - install a wheel of zbatch, which brings the library;
  - build it in the source tree, with `cargo build --release -p zbatch-ffi`;
  - set ZBATCH_LIBRARY to the path of a {NAME} {__version__}."""


def _candidates() -> list[Path]:
    named = os.environ.get("ZBATCH_LIBRARY")
    if named:
        return [Path(named)]
    here = Path(__file__).resolve().parent
    target = here.parents[2] / "target"
    return [here / NAME, target / "release" / NAME, target / "debug" / NAME]


def find() -> str:
    """The path of the library: ZBATCH_LIBRARY, beside this file, or where cargo builds it in the source tree."""
    candidates = _candidates()
    for path in candidates:
        if path.is_file():
            return str(path)
    looked = "\n".join(f"  {path}" for path in candidates)
    raise ImportError(f"zbatch cannot find its library, {NAME}. Looked for:\n{looked}\n{_HELP}")


def check(path: str) -> None:
    """Raises ImportError unless the library at `path` can be loaded and has this package's version."""
    try:
        library = ctypes.CDLL(path)
        version = library.zbatch_version_string
    except (OSError, AttributeError) as error:
        raise ImportError(f"zbatch cannot use {path} as its library: {error}\n{_HELP}") from error
    version.restype = ctypes.c_char_p
    found = version().decode()
    # Before 1.0, any minor version may change the interface; a patch never does.
    if found.split(".")[:2] != __version__.split(".")[:2]:
        raise ImportError(f"zbatch {__version__} cannot use {path}, which is version {found}.\n{_HELP}")
