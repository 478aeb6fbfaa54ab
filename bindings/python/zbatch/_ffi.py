"""The C interface, include/zbatch.h, as ctypes sees it: a struct for each struct, a row for each function.

Two doors lead to the same library. Calls through `lib` let other Python threads run; those through `pylib` keep the
interpreter to themselves, which is cheaper for short ones and needed where the library calls back into CPython.
"""

from __future__ import annotations

import ctypes
from ctypes import Structure, c_char, c_char_p, c_double, c_int, c_int32, c_int64, c_size_t, c_ssize_t, c_uint32, c_uint64, c_void_p
from typing import Any

from . import _cpython, _library

I32, U32, I64, U64, INT, SIZE, SSIZE = c_int32, c_uint32, c_int64, c_uint64, c_int, c_size_t, c_ssize_t
POINTER, STATUS, TEXT = c_void_p, c_int32, c_char_p


class zbatch_view(Structure):
    _fields_ = [("data", POINTER), ("size", SIZE)]


class zbatch_span(Structure):
    _fields_ = [("data", POINTER), ("size", SIZE)]


class zbatch_segment(Structure):
    _fields_ = [("offset", U64), ("length", U64)]


class zbatch_error(Structure):
    _fields_ = [
        ("item", U64),
        ("status", I32),
        ("zstd_error", I32),
        ("os_error", I32),
        ("reserved", I32),
        ("message", c_char * 232),
    ]


class zbatch_frame(Structure):
    _fields_ = [
        ("content_size", U64),
        ("window_size", U64),
        ("dict_id", U32),
        ("header_size", U32),
        ("has_checksum", U32),
        ("is_skippable", U32),
    ]


class zbatch_run_stats(Structure):
    _fields_ = [
        ("struct_size", SIZE),
        ("items", U64),
        ("bytes_in", U64),
        ("bytes_out", U64),
        ("codec_nanoseconds", U64),
        ("workers", U32),
        ("reserved", U32),
    ]


class zbatch_run_options(Structure):
    _fields_ = [
        ("struct_size", SIZE),
        ("threads", I32),
        ("flags", U32),
        ("control", POINTER),
        ("stats", POINTER),
    ]


class zbatch_dict_train_options(Structure):
    _fields_ = [
        ("struct_size", SIZE),
        ("dict_size", SIZE),
        ("split_point", c_double),
        ("k", U32),
        ("d", U32),
        ("f", U32),
        ("steps", U32),
        ("accel", U32),
        ("shrink", U32),
        ("level", I32),
        ("dict_id", U32),
        ("threads", I32),
        ("notifications", U32),
    ]


class zbatch_compressor_options(Structure):
    _fields_ = [("struct_size", SIZE)]
    _fields_ += [
        (name, I32)
        for name in (
            "level",
            "format",
            "write_checksum",
            "omit_content_size",
            "omit_dict_id",
            "window_log",
            "hash_log",
            "chain_log",
            "search_log",
            "min_match",
            "target_length",
            "strategy",
            "force_max_window",
            "enable_ldm",
            "ldm_hash_log",
            "ldm_min_match",
            "ldm_bucket_size_log",
            "ldm_hash_rate_log",
            "workers",
            "job_size",
            "overlap_log",
            "target_block_size",
        )
    ]
    _fields_ += [("max_frame_size", SIZE)]


class zbatch_decompressor_options(Structure):
    _fields_ = [
        ("struct_size", SIZE),
        ("format", I32),
        ("single_frame", I32),
        ("allow_extra_data", I32),
        ("require_checksum", I32),
        ("max_window_size", SIZE),
        ("max_item_size", SIZE),
        ("max_unsized_item_size", SIZE),
        ("max_total_size", SIZE),
    ]


class zbatch_object_layout(Structure):
    _fields_ = [
        ("struct_size", SIZE),
        ("owner_offset", SIZE),
        ("data_offset", SIZE),
        ("size_offset", SIZE),
        ("place_offset", SIZE),
        ("alloc_fn", POINTER),
        ("retain_fn", POINTER),
        ("fill_fn", POINTER),
        ("new_fn", POINTER),
        ("type_offset", SIZE),
        ("release_fn", POINTER),
        ("free_fn", POINTER),
        ("list_fn", POINTER),
        ("set_fn", POINTER),
        ("content_fn", POINTER),
        ("leave_fn", POINTER),
        ("enter_fn", POINTER),
        ("raise_fn", POINTER),
        ("index_error", POINTER),
        ("capsule_fn", POINTER),
        ("capsule_content_fn", POINTER),
    ]


class zbatch_object_batch(Structure):
    _fields_ = [
        ("struct_size", SIZE),
        ("compressor", POINTER),
        ("decompressor", POINTER),
        ("sequence", POINTER),
        ("item_fn", POINTER),
        ("bytes_fn", POINTER),
        ("leave_fn", POINTER),
        ("enter_fn", POINTER),
        ("views", POINTER),
        ("count", SIZE),
        ("sizes", POINTER),
        ("run", POINTER),
        ("item_status", POINTER),
        ("enough", U64),
        ("error", POINTER),
    ]


class zbatch_methods(Structure):
    _fields_ = [("struct_size", SIZE)]
    _fields_ += [
        (name, POINTER)
        for name in (
            "get_fn",
            "set_fn",
            "call_fn",
            "tuple_fn",
            "count_fn",
            "item_fn",
            "bytes_fn",
            "int_fn",
            "new_int_fn",
            "iter_fn",
            "clear_fn",
            "list_type",
            "tuple_type",
            "int_type",
            "bytes_type",
            "handle_type",
            "result_type",
            "segment_type",
            "handle_name",
            "threads_name",
            "multi_compress",
            "multi_decompress",
            "compress",
            "decompress",
            "len",
            "size",
            "item",
            "iter",
            "tolist",
        )
    ]
    _fields_ += [("enough", U64)]


#: Result and arguments of every function.
FUNCTIONS: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "zbatch_version": (U32, ()),
    "zbatch_version_string": (TEXT, ()),
    "zbatch_zstd_version": (U32, ()),
    "zbatch_retained_size": (SIZE, ()),
    "zbatch_release_retained": (None, ()),
    "zbatch_status_name": (TEXT, (STATUS,)),
    "zbatch_status_message": (TEXT, (STATUS,)),
    "zbatch_zstd_error_message": (TEXT, (I32,)),
    "zbatch_constant": (STATUS, (POINTER, POINTER, POINTER)),
    "zbatch_views_from_segments": (STATUS, (POINTER, SIZE, POINTER, SIZE, POINTER, POINTER)),
    "zbatch_views_from_offsets": (STATUS, (POINTER, SIZE, POINTER, SIZE, SIZE, POINTER, POINTER)),
    "zbatch_buffer_new": (STATUS, (POINTER, SIZE, POINTER, SIZE, POINTER, POINTER)),
    "zbatch_buffer_new_by_reference": (STATUS, (POINTER, SIZE, POINTER, SIZE, POINTER, POINTER)),
    "zbatch_buffer_len": (SIZE, (POINTER,)),
    "zbatch_buffer_size": (SIZE, (POINTER,)),
    "zbatch_buffer_data": (POINTER, (POINTER,)),
    "zbatch_buffer_segments": (POINTER, (POINTER,)),
    "zbatch_buffer_views": (POINTER, (POINTER,)),
    "zbatch_buffer_segment_at": (STATUS, (POINTER, SIZE, POINTER, POINTER)),
    "zbatch_buffer_view_at": (STATUS, (POINTER, SIZE, POINTER, POINTER)),
    "zbatch_buffer_tobytes": (STATUS, (POINTER, POINTER, SIZE, POINTER)),
    "zbatch_buffer_free": (None, (POINTER,)),
    "zbatch_collection_new": (STATUS, (POINTER, SIZE, POINTER, POINTER)),
    "zbatch_collection_len": (SIZE, (POINTER,)),
    "zbatch_collection_size": (SIZE, (POINTER,)),
    "zbatch_collection_views": (POINTER, (POINTER,)),
    "zbatch_collection_segment_at": (STATUS, (POINTER, SIZE, POINTER, POINTER)),
    "zbatch_collection_view_at": (STATUS, (POINTER, SIZE, POINTER, POINTER)),
    "zbatch_collection_tobytes": (STATUS, (POINTER, POINTER, SIZE, POINTER)),
    "zbatch_collection_buffer_count": (SIZE, (POINTER,)),
    "zbatch_collection_buffer_at": (POINTER, (POINTER, SIZE)),
    "zbatch_collection_free": (None, (POINTER,)),
    "zbatch_dict_new": (STATUS, (POINTER, SIZE, I32, POINTER, POINTER)),
    "zbatch_dict_train_options_init": (None, (POINTER, SIZE)),
    "zbatch_dict_train": (STATUS, (POINTER, SIZE, POINTER, POINTER, POINTER)),
    "zbatch_dict_id": (U32, (POINTER,)),
    "zbatch_dict_data": (POINTER, (POINTER,)),
    "zbatch_dict_size": (SIZE, (POINTER,)),
    "zbatch_dict_k": (U32, (POINTER,)),
    "zbatch_dict_d": (U32, (POINTER,)),
    "zbatch_dict_free": (None, (POINTER,)),
    "zbatch_control_new": (STATUS, (POINTER, POINTER)),
    "zbatch_control_cancel": (None, (POINTER,)),
    "zbatch_control_reset": (None, (POINTER,)),
    "zbatch_control_items_done": (U64, (POINTER,)),
    "zbatch_control_bytes_done": (U64, (POINTER,)),
    "zbatch_control_items_running": (U64, (POINTER,)),
    "zbatch_control_free": (None, (POINTER,)),
    "zbatch_run_stats_init": (None, (POINTER, SIZE)),
    "zbatch_run_options_init": (None, (POINTER, SIZE)),
    "zbatch_compressor_options_init": (None, (POINTER, SIZE)),
    "zbatch_compressor_options_from_level": (STATUS, (POINTER, I32, U64, U64, POINTER)),
    "zbatch_compressor_options_clamp": (STATUS, (POINTER, POINTER)),
    "zbatch_compressor_options_memory_size": (STATUS, (POINTER, POINTER, POINTER)),
    "zbatch_compressor_new": (STATUS, (POINTER, POINTER, POINTER, POINTER)),
    "zbatch_compressor_memory_size": (SIZE, (POINTER,)),
    "zbatch_compressor_free": (None, (POINTER,)),
    "zbatch_dict_digest": (STATUS, (POINTER, POINTER, POINTER, POINTER)),
    "zbatch_compress_bound": (SIZE, (SIZE,)),
    "zbatch_compress": (STATUS, (POINTER, POINTER, SIZE, POINTER, SIZE, POINTER, POINTER)),
    "zbatch_multi_compress_to_buffer": (STATUS, (POINTER, POINTER, SIZE, POINTER, POINTER, POINTER, POINTER)),
    "zbatch_compressor_estimate": (STATUS, (POINTER, POINTER, SIZE, I32, U64, POINTER, POINTER)),
    "zbatch_decompressor_options_init": (None, (POINTER, SIZE)),
    "zbatch_decompressor_options_memory_size": (STATUS, (POINTER, POINTER, POINTER)),
    "zbatch_decompressor_new": (STATUS, (POINTER, POINTER, POINTER, POINTER)),
    "zbatch_decompressor_memory_size": (SIZE, (POINTER,)),
    "zbatch_decompressor_free": (None, (POINTER,)),
    "zbatch_frame_info": (STATUS, (POINTER, SIZE, I32, POINTER, POINTER)),
    "zbatch_frame_header_size": (SIZE, (POINTER, SIZE)),
    "zbatch_decompress_bound": (STATUS, (POINTER, POINTER, SIZE, POINTER, POINTER)),
    "zbatch_decompressed_sizes": (STATUS, (POINTER, POINTER, SIZE, POINTER, POINTER, POINTER, POINTER)),
    "zbatch_decompressor_estimate": (STATUS, (POINTER, POINTER, SIZE, I32, U64, POINTER, POINTER)),
    "zbatch_decompress": (STATUS, (POINTER, POINTER, SIZE, POINTER, SIZE, POINTER, POINTER)),
    "zbatch_multi_decompress_to_buffer": (STATUS, (POINTER, POINTER, SIZE, POINTER, POINTER, POINTER, POINTER, POINTER)),
    "zbatch_multi_decompress_into": (STATUS, (POINTER, POINTER, SIZE, POINTER, POINTER, POINTER, POINTER, POINTER)),
    "zbatch_multi_decompress_packed": (STATUS, (POINTER, POINTER, SIZE, POINTER, POINTER, SIZE, POINTER, POINTER, POINTER, POINTER)),
    "zbatch_multi_compress_trained": (STATUS, (POINTER, POINTER, POINTER, SIZE, POINTER, POINTER, POINTER, POINTER, POINTER)),
    "zbatch_multi_decompress_trained": (STATUS, (POINTER, POINTER, POINTER, SIZE, POINTER, POINTER, POINTER, POINTER, POINTER)),
    "zbatch_collection_export_arrow": (STATUS, (POINTER, POINTER, POINTER, POINTER)),
    "zbatch_views_from_arrow": (STATUS, (POINTER, POINTER, SIZE, POINTER, SIZE, POINTER)),
    "zbatch_gather_views": (STATUS, (POINTER, SIZE, POINTER, POINTER, POINTER, POINTER)),
    "zbatch_gather_buffers": (STATUS, (POINTER, SIZE, POINTER, POINTER, POINTER, INT, SIZE, SIZE, SIZE, POINTER, POINTER, POINTER)),
    "zbatch_pins_free": (None, (POINTER,)),
    "zbatch_scatter_bytes": (STATUS, (POINTER, SIZE, POINTER, POINTER, POINTER, POINTER)),
    "zbatch_object_layout_init": (None, (POINTER, SIZE)),
    "zbatch_object_bind": (STATUS, (POINTER, POINTER)),
    "zbatch_object_get_buffer": (INT, (POINTER, POINTER, INT)),
    "zbatch_object_size": (SSIZE, (POINTER,)),
    "zbatch_object_tobytes": (POINTER, (POINTER, POINTER)),
    "zbatch_object_new": (POINTER, (POINTER, POINTER, POINTER, SIZE, POINTER)),
    "zbatch_object_new_handle": (POINTER, (POINTER, POINTER, POINTER, POINTER)),
    "zbatch_object_dealloc": (None, (POINTER,)),
    "zbatch_object_dealloc_handle": (None, (POINTER,)),
    "zbatch_object_item": (POINTER, (POINTER, SSIZE)),
    "zbatch_object_item_count": (SSIZE, (POINTER,)),
    "zbatch_object_list": (POINTER, (POINTER, SIZE, SIZE, POINTER, POINTER)),
    "zbatch_object_bytes_list": (POINTER, (POINTER,)),
    "zbatch_object_arrow_schema": (POINTER, ()),
    "zbatch_object_arrow_array": (POINTER, ()),
    "zbatch_object_batch_init": (None, (POINTER, SIZE)),
    "zbatch_object_batch_new": (POINTER, (POINTER, POINTER, POINTER, POINTER)),
    "zbatch_object_compress": (POINTER, (POINTER, POINTER, SIZE, POINTER, POINTER)),
    "zbatch_object_decompress": (POINTER, (POINTER, POINTER, SIZE, I32, I32, SIZE, POINTER, POINTER)),
    "zbatch_methods_init": (None, (POINTER, SIZE)),
    "zbatch_methods_bind": (STATUS, (POINTER, POINTER)),
    "zbatch_method_multi_compress": (POINTER, (POINTER, POINTER, SSIZE, POINTER)),
    "zbatch_method_multi_decompress": (POINTER, (POINTER, POINTER, SSIZE, POINTER)),
    "zbatch_method_compress": (POINTER, (POINTER, POINTER, SSIZE, POINTER)),
    "zbatch_method_decompress": (POINTER, (POINTER, POINTER, SSIZE, POINTER)),
    "zbatch_method_len": (POINTER, (POINTER, POINTER, SSIZE, POINTER)),
    "zbatch_method_size": (POINTER, (POINTER, POINTER, SSIZE, POINTER)),
    "zbatch_method_item": (POINTER, (POINTER, POINTER, SSIZE, POINTER)),
    "zbatch_method_iter": (POINTER, (POINTER, POINTER, SSIZE, POINTER)),
    "zbatch_method_tolist": (POINTER, (POINTER, POINTER, SSIZE, POINTER)),
}


def _open() -> tuple[Any, Any]:
    path = _library.find()
    _library.check(path)
    doors = ctypes.CDLL(path), ctypes.PyDLL(path)
    try:
        for door in doors:
            for name, (result, arguments) in FUNCTIONS.items():
                function = getattr(door, name)
                function.restype = result
                function.argtypes = arguments
    except AttributeError as error:
        raise ImportError(f"zbatch cannot use {path}, which was built from another source: {error}") from error
    return doors


lib, pylib = _open()


def _making(name: str) -> Any:
    """A function whose result is a new Python object."""
    function = pylib[name]
    function.restype = ctypes.py_object
    function.argtypes = FUNCTIONS[name][1]
    return function


new_object, new_handle, new_list, new_bytes_list, new_frame, new_content, new_arrow_schema, new_arrow_array = map(
    _making,
    (
        "zbatch_object_new",
        "zbatch_object_new_handle",
        "zbatch_object_list",
        "zbatch_object_bytes_list",
        "zbatch_object_compress",
        "zbatch_object_decompress",
        "zbatch_object_arrow_schema",
        "zbatch_object_arrow_array",
    ),
)


def constant(name: str) -> int:
    """A constant of the header, or of zstd.h, as the library knows it."""
    value = c_int64()
    if lib.zbatch_constant(name.encode(), ctypes.byref(value), None) < 0:
        raise ImportError(f"the zbatch library does not know {name}")
    return value.value


def unsigned(name: str) -> int:
    """The same for one of uint64_t."""
    return c_uint64(constant(name)).value


OK = constant("ZBATCH_OK")
ERROR_INVALID_ARGUMENT = constant("ZBATCH_ERROR_INVALID_ARGUMENT")
ERROR_OUT_OF_RANGE = constant("ZBATCH_ERROR_OUT_OF_RANGE")
ERROR_UNSUPPORTED = constant("ZBATCH_ERROR_UNSUPPORTED")
ERROR_NO_MEMORY = constant("ZBATCH_ERROR_NO_MEMORY")
ERROR_CANCELLED = constant("ZBATCH_ERROR_CANCELLED")
ERROR_LIMIT = constant("ZBATCH_ERROR_LIMIT")
ERROR_NOT_A_FRAME = constant("ZBATCH_ERROR_NOT_A_FRAME")
ERROR_TRUNCATED = constant("ZBATCH_ERROR_TRUNCATED")
ERROR_EXTRA_DATA = constant("ZBATCH_ERROR_EXTRA_DATA")
NO_ITEM = unsigned("ZBATCH_NO_ITEM")
RUN_VERIFY = constant("ZBATCH_RUN_VERIFY")
FORMAT_ZSTD1 = constant("ZBATCH_FORMAT_ZSTD1")
FORMAT_ZSTD1_MAGICLESS = constant("ZBATCH_FORMAT_ZSTD1_MAGICLESS")
LEVEL_DEFAULT = constant("ZBATCH_LEVEL_DEFAULT")
LEVEL_MAX = constant("ZBATCH_LEVEL_MAX")
CONTENTSIZE_UNKNOWN = unsigned("ZBATCH_CONTENTSIZE_UNKNOWN")


def _bind_objects() -> None:
    layout = zbatch_object_layout(
        ctypes.sizeof(zbatch_object_layout),
        _cpython.OWNER,
        _cpython.DATA,
        _cpython.SIZE,
        _cpython.PLACE,
        _cpython.NEW_OBJECT,
        _cpython.RETAIN,
        _cpython.FILL_BUFFER,
        _cpython.NEW_BYTES,
        _cpython.TYPE,
        _cpython.RELEASE,
        _cpython.FREE,
        _cpython.NEW_LIST,
        _cpython.SET_LIST_ITEM,
        _cpython.CONTENT,
        _cpython.LEAVE,
        _cpython.ENTER,
        _cpython.RAISE,
        id(IndexError),
        _cpython.NEW_CAPSULE,
        _cpython.CAPSULE_CONTENT,
    )
    error = zbatch_error()
    if lib.zbatch_object_bind(ctypes.byref(layout), ctypes.byref(error)) < 0:
        raise ImportError(error.message.decode())


_bind_objects()
