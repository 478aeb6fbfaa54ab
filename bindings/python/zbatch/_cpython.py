"""CPython's C API, as far as this package hands it to libzbatch.

The library walks tuples, pins buffers and makes objects by calling functions whose addresses are taken here; of Python
itself it knows nothing. All of them belong to the stable ABI of CPython 3.11, but for PyObject_Vectorcall, which has been there
since 3.12, and without which methods are plain ones. The objects' layout is asked for, so this serves free-threaded builds as well.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from ctypes import Structure, byref, c_char_p, c_int, c_ssize_t, c_uint, c_void_p, cast, py_object, pythonapi, sizeof
from typing import Any, TypeVar

T = TypeVar("T")

PyBUF_SIMPLE = 0
PyBUF_WRITABLE = 1


def address_of(function: Any) -> int:
    """Where a C function is."""
    return cast(function, c_void_p).value or 0


TUPLE_ITEM = address_of(pythonapi.PyTuple_GetItem)
BYTES_CONTENT = address_of(pythonapi.PyBytes_AsStringAndSize)
GET_BUFFER = address_of(pythonapi.PyObject_GetBuffer)
RELEASE_BUFFER = address_of(pythonapi.PyBuffer_Release)
FILL_BUFFER = address_of(pythonapi.PyBuffer_FillInfo)
NEW_BYTES = address_of(pythonapi.PyBytes_FromStringAndSize)
NEW_OBJECT = address_of(pythonapi.PyType_GenericAlloc)
NEW_LIST = address_of(pythonapi.PyList_New)
RETAIN = address_of(pythonapi.Py_IncRef)
RELEASE = address_of(pythonapi.Py_DecRef)
CONTENT = address_of(pythonapi.PyBytes_AsString)
FREE = address_of(pythonapi.PyObject_Free)
LEAVE = address_of(pythonapi.PyEval_SaveThread)
ENTER = address_of(pythonapi.PyEval_RestoreThread)
SET_LIST_ITEM = address_of(pythonapi.PyList_SetItem)
RAISE = address_of(pythonapi.PyErr_SetString)
NEW_CAPSULE = address_of(pythonapi.PyCapsule_New)
CAPSULE_CONTENT = address_of(pythonapi.PyCapsule_GetPointer)


def _function(name: str, result: Any, *arguments: Any) -> Callable[..., Any]:
    """A function of the C API of our own: others may have declared the shared one differently."""
    function = pythonapi[name]
    function.restype = result
    function.argtypes = arguments
    return function


class PyBuffer(Structure):
    """Py_buffer."""

    _fields_ = [
        ("buf", c_void_p),
        ("obj", c_void_p),
        ("len", c_ssize_t),
        ("itemsize", c_ssize_t),
        ("readonly", c_int),
        ("ndim", c_int),
        ("format", c_void_p),
        ("shape", c_void_p),
        ("strides", c_void_p),
        ("suboffsets", c_void_p),
        ("internal", c_void_p),
    ]


PY_BUFFER_SIZE = sizeof(PyBuffer)
PY_BUFFER_DATA = PyBuffer.buf.offset
PY_BUFFER_LEN = PyBuffer.len.offset

#: Pins the bytes of an object with the buffer protocol, and tells where they are in a PyBuffer.
get_buffer: Callable[[object, int, int], int] = _function("PyObject_GetBuffer", c_int, py_object, c_void_p, c_int)


#: bytes of a size, not yet filled; and where the content of bytes is.
blank_bytes: Callable[[None, int], bytes] = _function("PyBytes_FromStringAndSize", py_object, c_void_p, c_ssize_t)
content_of: Callable[[bytes], int] = _function("PyBytes_AsString", c_void_p, py_object)

#: Takes a reference that nobody gives back.
keep_for_good: Callable[[object], None] = _function("Py_IncRef", None, py_object)

#: What a capsule points at.
capsule_content: Callable[[object, bytes], int] = _function("PyCapsule_GetPointer", c_void_p, py_object, c_char_p)


class _Slot(Structure):
    """PyType_Slot."""

    _fields_ = [("slot", c_int), ("pfunc", c_void_p)]


class _Spec(Structure):
    """PyType_Spec."""

    _fields_ = [
        ("name", c_char_p),
        ("basicsize", c_int),
        ("itemsize", c_int),
        ("flags", c_uint),
        ("slots", c_void_p),
    ]


class _Member(Structure):
    """PyMemberDef."""

    _fields_ = [("name", c_char_p), ("type", c_int), ("offset", c_ssize_t), ("flags", c_int), ("doc", c_char_p)]


class _Method(Structure):
    """PyMethodDef."""

    _fields_ = [("name", c_char_p), ("meth", c_void_p), ("flags", c_int), ("doc", c_char_p)]


_BF_GETBUFFER, _SQ_ITEM, _SQ_LENGTH, _TP_DEALLOC, _TP_METHODS, _TP_MEMBERS = 1, 44, 45, 52, 64, 72
_T_OBJECT_EX, _T_ULONGLONG, _T_PYSSIZET, _READONLY = 16, 18, 19, 1
_METH_KEYWORDS, _METH_NOARGS, _METH_FASTCALL = 2, 4, 128
_type_from_spec = _function("PyType_FromSpec", py_object, c_void_p)

WORD = sizeof(c_void_p)
#: An object begins with its counts and ends, as far as CPython sees it, with its type.
TYPE = object.__basicsize__ - WORD
#: Where one that lends bytes keeps them: what keeps them alive, the first byte, their number, their place in a buffer.
OWNER, DATA, SIZE, PLACE = (object.__basicsize__ + i * WORD for i in range(4))
_BASIC_SIZE = object.__basicsize__ + 4 * WORD

#: CPython keeps pointers into these.
_immortal: list[object] = []


#: Names as the interpreter has them, so that who has one has the same object.
HANDLE, THREADS = map(sys.intern, ("_handle", "threads"))


def method_functions() -> tuple[int, ...] | None:
    """What methods need, in the order of a zbatch_methods, or None where they cannot be made."""
    functions = (
        "PyObject_GenericGetAttr",
        "PyObject_GenericSetAttr",
        "PyObject_Vectorcall",
        "PyList_AsTuple",
        "PyTuple_Size",
        "PyTuple_GetItem",
        "PyBytes_AsStringAndSize",
        "PyLong_AsLongAndOverflow",
        "PyLong_FromSsize_t",
        "PyObject_GetIter",
        "PyErr_Clear",
        "PyDescr_NewMethod",
    )
    try:
        return tuple(address_of(pythonapi[name]) for name in functions)[:-1]
    except AttributeError:
        return None


def new_method(kind: type, name: str, function: Any, told: str) -> Any:
    """A method of a class that is a C function, which takes what METH_FASTCALL with METH_KEYWORDS says."""
    definition = _Method(name.encode(), address_of(function), _METH_FASTCALL | _METH_KEYWORDS, told.encode())
    _immortal.append(definition)
    return _function("PyDescr_NewMethod", py_object, py_object, c_void_p)(kind, byref(definition))


def lends_bytes(
    library: Any, *, size: str = "", place: str = "", doc: str = "", items: bool = False, handle: bool = False
) -> Callable[[type[T]], type[T]]:
    """Makes of a class statement a type whose objects hold a pointer to bytes and lend them through the buffer protocol.

    A class statement can do that from Python 3.12 on, with `__buffer__`, and slowly; a type made by PyType_FromSpec can on
    every version, at the speed of C. Its slots are functions of `library`. `_owner` is what keeps the bytes alive, `len()`
    their number; `size` and `place` name read-only attributes for these two words, with `doc`. With `items` it is a sequence
    instead, of the segments of the collection that `_owner` is a handle of, and the place is their type. With `handle` the
    pointer is a handle, `address`, that is freed with the object. Everything else is taken from the class. The type has no
    subclasses, and its objects are made by the library alone.
    """

    def make(body: type[T]) -> type[T]:
        members = [_Member(b"_owner", _T_OBJECT_EX, OWNER, _READONLY, None)]
        for name, offset, kind in (
            (size, SIZE, _T_PYSSIZET),
            (place, PLACE, _T_PYSSIZET),
            ("address" if handle else "", DATA, _T_ULONGLONG),
        ):
            if name:
                members.append(_Member(name.encode(), kind, offset, _READONLY, doc.encode()))
        all_members = (_Member * (len(members) + 1))(*members)
        told = b"tobytes($self, /)\n--\n\nA copy of the bytes."
        methods = (_Method * 2)(_Method(b"tobytes", address_of(library.zbatch_object_tobytes), _METH_NOARGS, told))
        dealloc = library.zbatch_object_dealloc_handle if handle else library.zbatch_object_dealloc
        slots = [_Slot(_TP_DEALLOC, address_of(dealloc)), _Slot(_TP_MEMBERS, cast(all_members, c_void_p))]
        if not handle:
            slots.append(_Slot(_BF_GETBUFFER, address_of(library.zbatch_object_get_buffer)))
            slots.append(_Slot(_TP_METHODS, cast(methods, c_void_p)))
            length = library.zbatch_object_item_count if items else library.zbatch_object_size
            slots.append(_Slot(_SQ_LENGTH, address_of(length)))
            if items:
                slots.append(_Slot(_SQ_ITEM, address_of(library.zbatch_object_item)))
        all_slots = (_Slot * (len(slots) + 1))(*slots)
        full_name = f"zbatch.{body.__name__}".encode()
        spec = _Spec(full_name, _BASIC_SIZE, 0, 0, cast(all_slots, c_void_p))
        made = _type_from_spec(byref(spec))
        _immortal.append((all_members, methods, all_slots, full_name, spec))
        for key, value in vars(body).items():
            if key not in _OF_THE_STATEMENT:
                setattr(made, key, value)
        return made  # type: ignore[no-any-return]

    return make


#: What a class statement adds by itself.
_OF_THE_STATEMENT = {
    "__annotations__",
    "__dict__",
    "__firstlineno__",
    "__module__",
    "__static_attributes__",
    "__weakref__",
}
