/*
 * zbatch.h - many items, one call, every core
 *
 * zbatch compresses or decompresses a batch of items in one call.  The result
 * is a collection: some buffers, do not count on how many, and one numbering of
 * the segments in them, a segment for each item, in the order of the items.
 * Compressed items are Zstandard frames (RFC 8878), the same bytes that
 * ZSTD_compress2() writes, on any number of threads.
 *
 *     zbatch_compressor *compressor = NULL;
 *     zbatch_collection *frames = NULL;
 *     zbatch_error error;
 *     zbatch_view frame;
 *     size_t i = 0;
 *
 *     if (zbatch_compressor_new(NULL, NULL, &compressor, &error) < 0 ||
 *         zbatch_multi_compress_to_buffer(compressor, items, count, NULL, NULL,
 *                                         &frames, &error) < 0) {
 *             fprintf(stderr, "%s\n", error.message);
 *             goto done;
 *     }
 *     while (zbatch_collection_view_at(frames, i, &frame, NULL) == ZBATCH_OK)
 *             store(i++, frame.data, frame.size);
 * done:
 *     zbatch_collection_free(frames);
 *     zbatch_compressor_free(compressor);
 *
 * Link with what 'pkg-config --cflags --libs zbatch' says, which is -lzbatch in
 * short, or in CMake with zbatch::zbatch of find_package(zbatch).  C++ programs
 * may prefer zbatch.hpp.
 *
 * The words are python-zstandard's, the long ones shortened: zbatch_buffer is
 * its BufferWithSegments, zbatch_collection its BufferWithSegmentsCollection,
 * zbatch_dict its ZstdCompressionDict, zbatch_frame its FrameParameters.  A
 * name in _len counts segments, one in _size counts bytes; _new makes a handle
 * and _free ends it.  An item is one input of a batch.
 *
 * What follows holds for every function, unless its text says otherwise.
 *
 * ERRORS.  A function that can fail returns a zbatch_status: 0 is success, a
 * negative value is an error.  Any of them may return _INVALID_ARGUMENT,
 * _NO_MEMORY and _INTERNAL; its text names the others.  'error' may be NULL; it
 * is filled when the status is not ZBATCH_OK, and else left alone.  Compilers
 * warn when nobody looks at a status: assign it to a variable to ignore it.
 * Functions that return a value cannot fail, and answer 0 or NULL when asked
 * about NULL.
 *
 * OUTPUTS.  Every other output is written, whatever happens: on failure a
 * handle is NULL, a number or struct is 0, in arrays too, and each
 * 'item_status' is the status of the call.  So nothing needs to be set before a
 * call, and freeing what a failed call left is safe.  Bytes at a 'dst' are
 * undefined after a failure.  An output may not overlap an input or another
 * output: calls that compress or decompress refuse a destination or array that
 * does, as ZBATCH_ERROR_INVALID_ARGUMENT; elsewhere the result is undefined.
 *
 * OWNERSHIP.  A handle that a function stores in 'out' belongs to the caller,
 * who frees it once, with the _free of its type, in any order: handles keep
 * alive what they need of each other.  Freeing NULL does nothing.  A pointer
 * that a function returns, or stores in a zbatch_view, is lent by the handle it
 * was asked of, and is good until that handle is freed; one to 0 bytes or
 * elements may be any address, and there is nothing to read.  No other memory
 * changes owner: zbatch frees nothing of the caller's, and keeps no pointer to
 * an argument after the call, except of zbatch_buffer_new_by_reference() and
 * zbatch_object_bind().
 *
 * ARRAYS.  A pointer that comes with a number is an array of that many; it may
 * be NULL when the number is 0.  NULL anywhere else is refused as
 * ZBATCH_ERROR_INVALID_ARGUMENT, and so are a misaligned pointer and a number
 * that no array in memory can have.  One such view or span in an array is the
 * caller's mistake too, not a bad item: it fails the whole call, and 'error'
 * names its index.
 *
 * THREADS.  Every handle is immutable once made or, for zbatch_control, atomic:
 * any number of threads may call any function on the same handle at once,
 * except to free it: that comes after all others have returned.  Worker threads
 * start with the first batch that needs them and stay, asleep between batches,
 * until the process ends: leak checkers may call what they have possibly lost.
 *
 * PROCESSES.  Handles made before fork() work in the child.  A fault inside
 * zbatch becomes ZBATCH_ERROR_INTERNAL and never unwinds into the caller; it is
 * told on standard error, at length when RUST_BACKTRACE is set.  No other
 * environment variable changes what zbatch does.  It sets no signal handler,
 * prints nothing else (but see 'notifications') and, once it has been used,
 * cannot be unloaded.
 *
 * STRUCTS THAT GROW.  A struct whose first field is struct_size may gain fields
 * at its end in a later version.  Set struct_size to the size of the struct;
 * every other field may be 0, which is its default:
 *
 *     zbatch_run_options run = { .struct_size = sizeof run, .threads = -1 };
 *
 * or let its _init function do so.  C++ compilers may warn of the fields left
 * out above: call _init there, or use zbatch.hpp, which does.
 *
 * A program may run with an older or a newer library than the one that it was
 * compiled for.  Fields beyond struct_size count as 0, and are neither read nor
 * written; a field that the library does not know must be 0, or the call
 * returns ZBATCH_ERROR_UNSUPPORTED, as it does for a code or flag that it does
 * not know.  A struct that the call fills has zeros there instead.  A
 * struct_size that is above 4096, or 0, or no multiple of the struct's
 * alignment, was never set: calls refuse it, and _init does nothing.  The other
 * structs, and the values of the statuses and other codes, never change.
 */

#ifndef ZBATCH_H
#define ZBATCH_H

#include <stddef.h>
#include <stdint.h>

/*
 * Users of zbatch.dll on Windows may define ZBATCH_DLL to have the functions
 * imported directly.
 */
#ifndef ZBATCH_API
#  if defined(ZBATCH_DLL) && defined(_WIN32)
#    define ZBATCH_API __declspec(dllimport)
#  else
#    define ZBATCH_API
#  endif
#endif

/* Compilers warn when the status of a call is not looked at. */
#ifndef ZBATCH_MUST_USE
#  if defined(__GNUC__)
#    define ZBATCH_MUST_USE __attribute__((warn_unused_result))
#  else
#    define ZBATCH_MUST_USE
#  endif
#endif

/*
 * Of the Arrow C data interface, whose header is not needed here.  Callers of
 * the functions of the chapter Arrow have it: arrow/c/abi.h, or its few lines
 * copied from the specification.
 */
struct ArrowArray;
struct ArrowSchema;

#ifdef __cplusplus
extern "C" {
#endif

/* ========================================================================== */
/*                                The library                                 */
/* ========================================================================== */

/** First part of the version of this header. */
#define ZBATCH_VERSION_MAJOR 0
/** Second part of the version. */
#define ZBATCH_VERSION_MINOR 1
/** Third part of the version. */
#define ZBATCH_VERSION_PATCH 0
/** The three in one number, for '#if': 10203 is 1.2.3. */
#define ZBATCH_VERSION 100

/**
 * zbatch_version() returns the version of the library that is running, in the
 * form of ZBATCH_VERSION.
 */
ZBATCH_API uint32_t zbatch_version(void);

/**
 * zbatch_version_string() returns the same as text, "0.1.0".  Static; never
 * NULL.
 */
ZBATCH_API const char *zbatch_version_string(void);

/**
 * zbatch_zstd_version() returns the version of the libzstd inside, as zstd
 * writes it: 10507 is 1.5.7.
 */
ZBATCH_API uint32_t zbatch_zstd_version(void);

/**
 * zbatch_retained_size() returns the number of bytes of freed results that
 * the library keeps for the next ones: 64 MiB at most.
 */
ZBATCH_API size_t zbatch_retained_size(void);

/** zbatch_release_retained() gives those bytes back to the system. */
ZBATCH_API void zbatch_release_retained(void);

/* ========================================================================== */
/*                            Statuses and errors                             */
/* ========================================================================== */

/**
 * How a call, or one item of it, ended: ZBATCH_OK, ZBATCH_PARTIAL or one of
 * the negative ZBATCH_ERROR_ values below.  A value never changes its meaning
 * and is never used again; new ones may be added, so treat an unknown negative
 * value as an error.
 */
typedef int32_t zbatch_status;

/** Success. */
#define ZBATCH_OK 0

/**
 * At least one item failed, perhaps all: the good ones are delivered, the
 * others are empty, and 'item_status' says which is which.  Only a call that
 * was given an 'item_status' array returns it, and it is never the status of
 * an item.
 */
#define ZBATCH_PARTIAL 1

/** The caller's mistake: a NULL, misaligned or out-of-bounds argument. */
#define ZBATCH_ERROR_INVALID_ARGUMENT (-1)
/** An index is not below the length, or a segment lies outside its buffer. */
#define ZBATCH_ERROR_OUT_OF_RANGE (-2)
/**
 * A newer option than this version knows, or a frame format it does not read.
 */
#define ZBATCH_ERROR_UNSUPPORTED (-3)
/** Memory ran out.  The handles remain usable. */
#define ZBATCH_ERROR_NO_MEMORY (-4)
/** The caller's memory is too small for the result. */
#define ZBATCH_ERROR_DST_TOO_SMALL (-5)
/**
 * The result, or the frame's window, would exceed a limit of the decompressor.
 */
#define ZBATCH_ERROR_LIMIT (-6)
/** zbatch_control_cancel() was called before the work was done. */
#define ZBATCH_ERROR_CANCELLED (-7)
/** Another thread is inside a call on this handle.  Reserved for streams. */
#define ZBATCH_ERROR_BUSY (-8)
/** A bug inside zbatch, caught.  Please report it. */
#define ZBATCH_ERROR_INTERNAL (-9)
/** The item does not begin with a frame of the decompressor's format. */
#define ZBATCH_ERROR_NOT_A_FRAME (-20)
/** The frame is damaged, or declares what its bytes cannot hold. */
#define ZBATCH_ERROR_CORRUPT (-21)
/** The item ends in the middle of a frame, or has no bytes at all. */
#define ZBATCH_ERROR_TRUNCATED (-22)
/** Bytes that are not a frame follow the last frame. */
#define ZBATCH_ERROR_EXTRA_DATA (-23)
/** The checksum does not match, or is required and missing. */
#define ZBATCH_ERROR_CHECKSUM (-24)
/** The content does not have the size that the caller gave for it. */
#define ZBATCH_ERROR_SIZE_MISMATCH (-25)

/**
 * The frame needs a dictionary with another ID than the decompressor's, or it
 * needs one and the decompressor has none.  zbatch_frame_info() tells the ID.
 * A frame that records no ID cannot tell: a wrong dictionary makes it
 * ZBATCH_ERROR_CORRUPT or wrong bytes, so give such frames a checksum.
 */
#define ZBATCH_ERROR_DICT_MISMATCH (-26)

/** The bytes are not a dictionary. */
#define ZBATCH_ERROR_BAD_DICT (-27)
/** The samples are too few or too small to train a dictionary on. */
#define ZBATCH_ERROR_BAD_SAMPLES (-28)

/** The 'item' of a zbatch_error that is not about one item. */
#define ZBATCH_NO_ITEM UINT64_MAX

/**
 * What went wrong, in memory of the caller, who need not initialise or free
 * it.  It is filled when the status is not ZBATCH_OK, else left alone.  The
 * layout never changes.
 */
typedef struct {
    /** Index of the lowest item that failed, or ZBATCH_NO_ITEM. */
    uint64_t item;
    /**
     * The status of that item, or of the call when 'item' is ZBATCH_NO_ITEM.
     * Never ZBATCH_PARTIAL.
     */
    zbatch_status status;
    /** libzstd's error code when it had one, else 0. */
    int32_t zstd_error;
    /** errno when the system had one, else 0. */
    int32_t os_error;
    /** 0. */
    int32_t reserved;
    /** A sentence for people, in UTF-8, NUL-terminated; it names the item. */
    char message[232];
} zbatch_error;

/**
 * zbatch_status_name() returns the name of a status as it stands in this
 * header, "ZBATCH_ERROR_CORRUPT", or "unknown status".  Static; never NULL.
 */
ZBATCH_API const char *zbatch_status_name(zbatch_status status);

/**
 * zbatch_status_message() returns a sentence for people about a status, "the
 * frame is damaged": for the statuses of items, which have no zbatch_error.
 * Static; never NULL.
 */
ZBATCH_API const char *zbatch_status_message(zbatch_status status);

/**
 * zbatch_zstd_error_message() returns libzstd's own text for the 'zstd_error'
 * of a zbatch_error.  Static; never NULL.
 */
ZBATCH_API const char *zbatch_zstd_error_message(int32_t zstd_error);

/**
 * zbatch_constant() looks up a number of this header by name, for languages
 * that see the library's symbols but not its header: the value of any ZBATCH_
 * constant, or "sizeof(T)" for any struct T.  Unsigned values above INT64_MAX
 * arrive as negative numbers.
 *
 * Of zstd.h it knows, as the libzstd inside has them: ZSTD_MAGICNUMBER,
 * ZSTD_BLOCKSIZELOG_MAX, ZSTD_BLOCKSIZE_MAX, ZSTD_CONTENTSIZE_ERROR, the _MIN
 * and _MAX of ZSTD_WINDOWLOG, HASHLOG, CHAINLOG, SEARCHLOG, MINMATCH,
 * TARGETLENGTH, LDM_MINMATCH and LDM_BUCKETSIZELOG, the three parts of
 * ZSTD_VERSION, and the answers of ZSTD_CStreamInSize, ZSTD_CStreamOutSize,
 * ZSTD_DStreamInSize and ZSTD_DStreamOutSize.
 *
 * Errors: ZBATCH_ERROR_UNSUPPORTED, this version has nothing of that name.
 */
ZBATCH_API ZBATCH_MUST_USE zbatch_status
zbatch_constant(const char *name, int64_t *out, zbatch_error *error);

/* ========================================================================== */
/*                                   Bytes                                    */
/* ========================================================================== */

/**
 * Borrowed bytes that are read: 'size' bytes at 'data'.  'data' may be NULL
 * when 'size' is 0.  The layout never changes.
 */
typedef struct {
    /** The first byte. */
    const void *data;
    /** Number of bytes. */
    size_t size;
} zbatch_view;

/**
 * Borrowed bytes that are written: room for 'size' bytes at 'data'.  The
 * layout never changes.
 */
typedef struct {
    /** The first byte. */
    void *data;
    /** Number of bytes there is room for. */
    size_t size;
} zbatch_span;

/**
 * A place in a buffer, in bytes from its start.  Tables of segments are
 * packed pairs of native 64-bit integers.  The layout never changes.
 */
typedef struct {
    /** Bytes between the start of the buffer and the segment. */
    uint64_t offset;
    /** Number of bytes. */
    uint64_t length;
} zbatch_segment;

/**
 * zbatch_views_from_segments() fills 'views', which has room for 'count' of
 * them, with the 'count' segments at 'segments' of the 'size' bytes at
 * 'base', ready to be the input of a batch call.  The views borrow from
 * 'base'.
 *
 * Errors: ZBATCH_ERROR_OUT_OF_RANGE, where the error's item is the index of
 * the segment.
 */
ZBATCH_API ZBATCH_MUST_USE zbatch_status
zbatch_views_from_segments(const void *base, size_t size,
                           const zbatch_segment *segments, size_t count,
                           zbatch_view *views, zbatch_error *error);

/**
 * zbatch_views_from_offsets() does the same for items that lie back to back:
 * item i begins at offset i and ends at offset i + 1, in bytes from 'base',
 * as in a binary array of Arrow.  'offsets' is an array of 'count' + 1
 * unsigned integers of 'offset_size' bytes, which is 4 or 8; it may be NULL
 * when 'count' is 0.  The first need not be 0.
 *
 * Errors: ZBATCH_ERROR_OUT_OF_RANGE, where the error's item is the index of
 * the item: an offset decreases or lies beyond 'size', as a negative one of a
 * signed array does.
 */
ZBATCH_API ZBATCH_MUST_USE zbatch_status
zbatch_views_from_offsets(const void *base, size_t size, const void *offsets,
                          size_t offset_size, size_t count, zbatch_view *views,
                          zbatch_error *error);

/* ========================================================================== */
/*                                  Buffers                                   */
/* ========================================================================== */

/**
 * Bytes and a table of segments in them: BufferWithSegments.  Immutable; any
 * number of threads may use one.
 */
typedef struct zbatch_buffer zbatch_buffer;

/**
 * zbatch_buffer_new() makes a buffer from a copy of the 'size' bytes at 'data'
 * and a copy of the 'count' segments at 'segments'.  Segments may overlap, be
 * empty and stand in any order; each must lie inside the bytes.
 *
 * Errors: ZBATCH_ERROR_OUT_OF_RANGE, where the error's item is the index of
 * the segment.
 */
ZBATCH_API ZBATCH_MUST_USE zbatch_status
zbatch_buffer_new(const void *data, size_t size, const zbatch_segment *segments,
                  size_t count, zbatch_buffer **out, zbatch_error *error);

/**
 * zbatch_buffer_new_by_reference() is zbatch_buffer_new() without the copy of
 * the bytes: a mapped file, say, or an array of another library.  The segments
 * are copied.  The bytes must stay where they are, unchanged, until this
 * handle, every collection made from it, and every Arrow array exported from
 * one of those are freed or released.
 */
ZBATCH_API ZBATCH_MUST_USE zbatch_status
zbatch_buffer_new_by_reference(const void *data, size_t size,
                               const zbatch_segment *segments, size_t count,
                               zbatch_buffer **out, zbatch_error *error);

/** zbatch_buffer_len() returns the number of segments. */
ZBATCH_API size_t zbatch_buffer_len(const zbatch_buffer *buffer);

/**
 * zbatch_buffer_size() returns the number of bytes in the buffer, those
 * outside every segment included.
 */
ZBATCH_API size_t zbatch_buffer_size(const zbatch_buffer *buffer);

/**
 * zbatch_buffer_data() returns the buffer's bytes, zbatch_buffer_size() of
 * them.
 */
ZBATCH_API const void *zbatch_buffer_data(const zbatch_buffer *buffer);

/**
 * zbatch_buffer_segments() returns the table of segments, zbatch_buffer_len()
 * of them.
 */
ZBATCH_API const zbatch_segment *
zbatch_buffer_segments(const zbatch_buffer *buffer);

/**
 * zbatch_buffer_views() returns the segments as views, zbatch_buffer_len() of
 * them, ready to be the input of a batch call.  The array takes 16 bytes per
 * segment, is made by the first call and lives as long as the buffer; the
 * answer is NULL when there is no memory for it, and for NULL.  Without
 * segments the address means nothing: ask zbatch_buffer_len().
 */
ZBATCH_API const zbatch_view *zbatch_buffer_views(const zbatch_buffer *buffer);

/**
 * zbatch_buffer_segment_at() writes segment 'index' to 'out'.
 *
 * Errors: ZBATCH_ERROR_OUT_OF_RANGE.
 */
ZBATCH_API ZBATCH_MUST_USE zbatch_status
zbatch_buffer_segment_at(const zbatch_buffer *buffer, size_t index,
                         zbatch_segment *out, zbatch_error *error);

/**
 * zbatch_buffer_view_at() writes the bytes of segment 'index' to 'out'.
 *
 * Errors: ZBATCH_ERROR_OUT_OF_RANGE.
 */
ZBATCH_API ZBATCH_MUST_USE zbatch_status
zbatch_buffer_view_at(const zbatch_buffer *buffer, size_t index,
                      zbatch_view *out, zbatch_error *error);

/**
 * zbatch_buffer_tobytes() copies the whole buffer, zbatch_buffer_size() bytes,
 * to 'dst', which has room for 'capacity' bytes.
 *
 * Errors: ZBATCH_ERROR_DST_TOO_SMALL, and nothing is written.
 */
ZBATCH_API ZBATCH_MUST_USE zbatch_status
zbatch_buffer_tobytes(const zbatch_buffer *buffer, void *dst, size_t capacity,
                      zbatch_error *error);

/** zbatch_buffer_free() frees the handle. */
ZBATCH_API void zbatch_buffer_free(zbatch_buffer *buffer);

/* ========================================================================== */
/*                                Collections                                 */
/* ========================================================================== */

/**
 * Several buffers whose segments are numbered in one go, first buffer first:
 * BufferWithSegmentsCollection.  The result of every batch; do not count on
 * the number of its buffers.  Immutable; any number of threads may use one.
 */
typedef struct zbatch_collection zbatch_collection;

/**
 * zbatch_collection_new() makes a collection of 'count' buffers.  It shares
 * them: the caller may free its own handles at once.  A buffer may occur more
 * than once.
 */
ZBATCH_API ZBATCH_MUST_USE zbatch_status
zbatch_collection_new(zbatch_buffer *const *buffers, size_t count,
                      zbatch_collection **out, zbatch_error *error);

/** zbatch_collection_len() returns the number of segments in all buffers. */
ZBATCH_API size_t zbatch_collection_len(const zbatch_collection *collection);

/**
 * zbatch_collection_size() returns the number of bytes in all segments.  Its
 * buffers may have more: after ZBATCH_PARTIAL, the room of items that failed.
 */
ZBATCH_API size_t zbatch_collection_size(const zbatch_collection *collection);

/**
 * zbatch_collection_views() returns the segments as views,
 * zbatch_collection_len() of them, ready to be the input of a batch call.  The
 * array takes 16 bytes per segment, is made by the first call and lives as
 * long as the collection; the answer is NULL when there is no memory for it,
 * and for NULL.  Without segments the address means nothing: ask
 * zbatch_collection_len().
 */
ZBATCH_API const zbatch_view *
zbatch_collection_views(const zbatch_collection *collection);

/**
 * zbatch_collection_segment_at() writes segment 'index' to 'out'.  Its offset
 * counts from the start of the buffer that holds it.
 *
 * Errors: ZBATCH_ERROR_OUT_OF_RANGE.
 */
ZBATCH_API ZBATCH_MUST_USE zbatch_status
zbatch_collection_segment_at(const zbatch_collection *collection, size_t index,
                             zbatch_segment *out, zbatch_error *error);

/**
 * zbatch_collection_view_at() writes the bytes of segment 'index' to 'out'.
 *
 * Errors: ZBATCH_ERROR_OUT_OF_RANGE.
 */
ZBATCH_API ZBATCH_MUST_USE zbatch_status
zbatch_collection_view_at(const zbatch_collection *collection, size_t index,
                          zbatch_view *out, zbatch_error *error);

/**
 * zbatch_collection_tobytes() copies the segments, in order and without gaps,
 * to 'dst', which has room for 'capacity' bytes: zbatch_collection_size() of
 * them are written.
 *
 * Errors: ZBATCH_ERROR_DST_TOO_SMALL, and nothing is written.
 */
ZBATCH_API ZBATCH_MUST_USE zbatch_status
zbatch_collection_tobytes(const zbatch_collection *collection, void *dst,
                          size_t capacity, zbatch_error *error);

/** zbatch_collection_buffer_count() returns the number of buffers. */
ZBATCH_API size_t
zbatch_collection_buffer_count(const zbatch_collection *collection);

/**
 * zbatch_collection_buffer_at() returns buffer 'index', lent by the
 * collection, or NULL when there is none, or no memory for the handles, which
 * the first call makes.
 */
ZBATCH_API const zbatch_buffer *
zbatch_collection_buffer_at(const zbatch_collection *collection, size_t index);

/** zbatch_collection_free() frees the handle. */
ZBATCH_API void zbatch_collection_free(zbatch_collection *collection);

/* ========================================================================== */
/*                                Dictionaries                                */
/* ========================================================================== */

/** A trained dictionary when the bytes begin like one, else raw content. */
#define ZBATCH_DICT_TYPE_AUTO 0

/**
 * Any bytes: what the items are likely to contain.  It has no ID for frames to
 * record: with write_checksum they find out a wrong dictionary all the same.
 */
#define ZBATCH_DICT_TYPE_RAWCONTENT 1

/** A trained dictionary, with its ID and tables. */
#define ZBATCH_DICT_TYPE_FULLDICT 2

/**
 * A dictionary: ZstdCompressionDict.  It is digested once per set of
 * parameters, and all compressors and decompressors made with it share that.
 * Immutable; any number of threads may use one.
 */
typedef struct zbatch_dict zbatch_dict;

/**
 * How zbatch_dict_train() trains.  All zero is the default; see STRUCTS THAT
 * GROW above.
 */
typedef struct {
    /** sizeof(zbatch_dict_train_options). */
    size_t struct_size;
    /** Most bytes in the dictionary, 256 or more.  0 means 112640. */
    size_t dict_size;
    /**
     * Share of the samples to train on, above 0 and up to 1; the rest tests
     * the parameters.  1 trains and tests on all.  0 means 0.75.
     */
    double split_point;
    /** Segment size: 16 to 2048 is reasonable.  0 tries several, 50 to 2000. */
    uint32_t k;
    /** Size of the fragments that are counted: 6 or 8.  0 tries both. */
    uint32_t d;
    /**
     * Log2 of the size of the frequency table, up to 26: training takes 10
     * bytes for each element.  0 means 20.
     */
    uint32_t f;
    /**
     * About how many values of k to try where it is 0, up to 2000.  0 means 40.
     */
    uint32_t steps;
    /** 1, most accurate, to 10, fastest.  0 means 1. */
    uint32_t accel;
    /**
     * Must be 0: zstd 1.5.7 has the parameter, to accept a smaller dictionary
     * that is this many percent worse, but ignores it.
     */
    uint32_t shrink;
    /** Compression level to train for, or the nearest one.  0 means 3. */
    int32_t level;
    /** The dictionary's ID.  0 picks one by the content. */
    uint32_t dict_id;
    /**
     * Threads of zstd's own, as in zbatch_run_options, but 0 is the calling
     * thread alone: on several, chance decides between parameters that do
     * equally well, so that the dictionary may differ from run to run.
     */
    int32_t threads;
    /** Messages of zstd on standard error: 0, none, to 4 or more, all. */
    uint32_t notifications;
} zbatch_dict_train_options;

/**
 * zbatch_dict_new() makes a dictionary from a copy of the 'size' bytes at
 * 'data'.  'dict_type' is one of the ZBATCH_DICT_TYPE_ constants.  0 bytes are
 * no full dictionary, but else one of nothing, which changes no frame.
 *
 * Errors: ZBATCH_ERROR_BAD_DICT, ZBATCH_ERROR_UNSUPPORTED.
 */
ZBATCH_API ZBATCH_MUST_USE zbatch_status
zbatch_dict_new(const void *data, size_t size, int32_t dict_type,
                zbatch_dict **out, zbatch_error *error);

/**
 * zbatch_dict_train_options_init() sets the 'struct_size' bytes at 'options'
 * to the defaults.  Call it with sizeof(zbatch_dict_train_options).
 */
ZBATCH_API void
zbatch_dict_train_options_init(zbatch_dict_train_options *options,
                               size_t struct_size);

/**
 * zbatch_dict_train() trains a dictionary on 'count' samples: items like those
 * that it is for, a hundred times its size in all.  'options' may be NULL.
 *
 * It runs to its end, and no control stops it.  By default it trains up to 82
 * times, with 41 values of k and both of d, and compresses samples each time to
 * compare: all of that takes longer the more bytes they have.  With 'k' and 'd'
 * set it trains once.
 *
 * Errors: ZBATCH_ERROR_BAD_SAMPLES, ZBATCH_ERROR_UNSUPPORTED.  The samples to
 * train on must be 5 at least, and 8 bytes in all, and one must be left to test
 * unless 'split_point' is 1: by default 7 samples are the least.
 */
ZBATCH_API ZBATCH_MUST_USE zbatch_status
zbatch_dict_train(const zbatch_view *samples, size_t count,
                  const zbatch_dict_train_options *options, zbatch_dict **out,
                  zbatch_error *error);

/** zbatch_dict_id() returns the dictionary's ID, or 0 when it has none. */
ZBATCH_API uint32_t zbatch_dict_id(const zbatch_dict *dict);

/**
 * zbatch_dict_data() returns the dictionary's bytes, zbatch_dict_size() of
 * them: what to store for zbatch_dict_new().  What was digested of them is not
 * among them.
 */
ZBATCH_API const void *zbatch_dict_data(const zbatch_dict *dict);

/** zbatch_dict_size() returns the number of bytes in the dictionary. */
ZBATCH_API size_t zbatch_dict_size(const zbatch_dict *dict);

/**
 * zbatch_dict_k() returns the segment size that training chose, or 0 when the
 * dictionary was not trained here.
 */
ZBATCH_API uint32_t zbatch_dict_k(const zbatch_dict *dict);

/** zbatch_dict_d() returns the fragment size that training chose, or 0. */
ZBATCH_API uint32_t zbatch_dict_d(const zbatch_dict *dict);

/** zbatch_dict_free() frees the handle. */
ZBATCH_API void zbatch_dict_free(zbatch_dict *dict);

/* ========================================================================== */
/*                            Progress and cancel                             */
/* ========================================================================== */

/**
 * Progress of running batches, and the means to stop them.  Atomic: any thread
 * may call any function on it at any time, except to free it.
 */
typedef struct zbatch_control zbatch_control;

/**
 * zbatch_control_new() makes a control, to be named in the run options of one
 * batch call or of several: its counters add up over all of them.
 */
ZBATCH_API ZBATCH_MUST_USE zbatch_status
zbatch_control_new(zbatch_control **out, zbatch_error *error);

/**
 * zbatch_control_cancel() asks every call that runs with this control, or will
 * until zbatch_control_reset(), to stop; it returns at once.  The calls finish
 * the items in work, of an item that threads share its frames in work, then
 * return ZBATCH_ERROR_CANCELLED; a call with an 'item_status' array delivers
 * what was done, marks the rest ZBATCH_ERROR_CANCELLED and returns
 * ZBATCH_PARTIAL.  An item that its headers refused before keeps its own
 * status, and a batch in which nothing was left to do, an empty one say, ends
 * as if nobody had cancelled it.  It may be called in a signal handler.
 */
ZBATCH_API void zbatch_control_cancel(zbatch_control *control);

/**
 * zbatch_control_reset() takes a cancel back and sets items_done and
 * bytes_done to 0, for the next batch.  Call it while no batch runs with this
 * control.
 */
ZBATCH_API void zbatch_control_reset(zbatch_control *control);

/**
 * zbatch_control_items_done() returns the number of items done so far, failed
 * ones included, and those that headers or limits refused.
 */
ZBATCH_API uint64_t zbatch_control_items_done(const zbatch_control *control);

/**
 * zbatch_control_bytes_done() returns the number of input bytes of those
 * items.
 */
ZBATCH_API uint64_t zbatch_control_bytes_done(const zbatch_control *control);

/**
 * zbatch_control_items_running() returns the number of items that threads
 * work on at this moment; one that threads share counts for each of them.  In
 * the child of a fork() during a batch, the items of that moment count for
 * good: make another control there.
 */
ZBATCH_API uint64_t zbatch_control_items_running(const zbatch_control *control);

/**
 * zbatch_control_free() frees the handle.  Free it after every call that names
 * it has returned.
 */
ZBATCH_API void zbatch_control_free(zbatch_control *control);

/* ========================================================================== */
/*                              How a batch runs                              */
/* ========================================================================== */

/**
 * Decode and compare every frame just made: a difference, which only broken
 * memory or a bug can cause, is ZBATCH_ERROR_INTERNAL.  Batches that
 * decompress ignore it.
 */
#define ZBATCH_RUN_VERIFY 1

/**
 * What one batch call did.  See STRUCTS THAT GROW above: set struct_size, the
 * call writes the rest.
 */
typedef struct {
    /** sizeof(zbatch_run_stats). */
    size_t struct_size;
    /**
     * Items that are done, failed and refused ones included: all, unless the
     * call failed as a whole or was cancelled.
     */
    uint64_t items;
    /** Bytes of input of those items. */
    uint64_t bytes_in;
    /** Bytes that they became. */
    uint64_t bytes_out;
    /** Nanoseconds inside libzstd, added up over all threads. */
    uint64_t codec_nanoseconds;
    /** Threads that took part; a cancel may have left one nothing to do. */
    uint32_t workers;
    /** 0. */
    uint32_t reserved;
} zbatch_run_stats;

/**
 * How one batch call runs.  The calls only read it, so one struct may serve
 * many calls and threads, at once as long as its 'stats' is NULL; NULL in the
 * place of the struct is all defaults.  All zero is the default; see STRUCTS
 * THAT GROW above.
 */
typedef struct {
    /** sizeof(zbatch_run_options). */
    size_t struct_size;
    /**
     * Threads that may work, the calling one among them.  0: zbatch chooses,
     * and a small batch stays on the calling thread.  1: the calling thread
     * alone.  n: at most n.  Negative: one for every CPU that this process may
     * use, by its affinity and its cgroup's quota at its first batch.
     */
    int32_t threads;
    /** 0 or ZBATCH_RUN_VERIFY. */
    uint32_t flags;
    /** Where to report progress and look for a cancel, or NULL. */
    zbatch_control *control;
    /** Where the call writes what it did, failed or not, or NULL. */
    zbatch_run_stats *stats;
} zbatch_run_options;

/**
 * zbatch_run_stats_init() sets the 'struct_size' bytes at 'stats' to the
 * defaults.  Call it with sizeof(zbatch_run_stats).
 */
ZBATCH_API void
zbatch_run_stats_init(zbatch_run_stats *stats, size_t struct_size);

/**
 * zbatch_run_options_init() sets the 'struct_size' bytes at 'options' to the
 * defaults.  Call it with sizeof(zbatch_run_options).
 */
ZBATCH_API void
zbatch_run_options_init(zbatch_run_options *options, size_t struct_size);

/* ========================================================================== */
/*                                Compressing                                 */
/* ========================================================================== */

/** Ordinary frames, with their magic number. */
#define ZBATCH_FORMAT_ZSTD1 0
/** Frames without the magic number, four bytes shorter. */
#define ZBATCH_FORMAT_ZSTD1_MAGICLESS 1
/** The fastest level. */
#define ZBATCH_LEVEL_MIN (-131072)
/** The level that 0 stands for. */
#define ZBATCH_LEVEL_DEFAULT 3
/** The strongest level. */
#define ZBATCH_LEVEL_MAX 22

/**
 * The least max_frame_size but 0: smaller frames would cost bytes and gain no
 * time.
 */
#define ZBATCH_MAX_FRAME_SIZE_MIN 1048576

/** zstd's match finders, from the fastest to the strongest: one hash table. */
#define ZBATCH_STRATEGY_FAST 1
/** Two hash tables. */
#define ZBATCH_STRATEGY_DFAST 2
/** The longest match at each position. */
#define ZBATCH_STRATEGY_GREEDY 3
/** And the next position is looked at first. */
#define ZBATCH_STRATEGY_LAZY 4
/** The next two are. */
#define ZBATCH_STRATEGY_LAZY2 5
/** The same, with a binary tree. */
#define ZBATCH_STRATEGY_BTLAZY2 6
/** The cheapest of many parsings. */
#define ZBATCH_STRATEGY_BTOPT 7
/** The same, with finer prices. */
#define ZBATCH_STRATEGY_BTULTRA 8
/** And a first pass to learn the prices. */
#define ZBATCH_STRATEGY_BTULTRA2 9

/**
 * How a compressor compresses.  The names and ranges are zstd's, and 0 is the
 * default everywhere: the choice of the level, or of zstd itself.  A number out
 * of its range is ZBATCH_ERROR_INVALID_ARGUMENT, and the message names it; but
 * zstd takes the nearest possible one for workers, job_size, overlap_log and a
 * target_block_size below its range.  See STRUCTS THAT GROW above.
 */
typedef struct {
    /** sizeof(zbatch_compressor_options). */
    size_t struct_size;
    /** ZBATCH_LEVEL_MIN, fastest, to ZBATCH_LEVEL_MAX, strongest. */
    int32_t level;
    /** ZBATCH_FORMAT_ZSTD1 or ZBATCH_FORMAT_ZSTD1_MAGICLESS. */
    int32_t format;
    /** 1: end each frame with a checksum of its content. */
    int32_t write_checksum;
    /** 1: do not record the size of the content. */
    int32_t omit_content_size;
    /**
     * 1: do not record the dictionary's ID.  Set write_checksum too, or a wrong
     * dictionary may go unnoticed.
     */
    int32_t omit_dict_id;
    /**
     * Log2 of the largest distance of a match, 10 to 31 (30 on 32 bits).  Above
     * 27, decompressors must raise max_window_size.
     */
    int32_t window_log;
    /** Log2 of the size of the first table, 6 to 30. */
    int32_t hash_log;
    /** Log2 of the size of the search table, 6 to 30 (29 on 32 bits). */
    int32_t chain_log;
    /** Log2 of the number of searches, 1 to 30. */
    int32_t search_log;
    /** Length of the shortest match, 3 to 7. */
    int32_t min_match;
    /** A match of this length is good enough, up to 131072. */
    int32_t target_length;
    /** One of the ZBATCH_STRATEGY_ constants. */
    int32_t strategy;
    /**
     * 1: matches keep within the window also where they reach back into the
     * dictionary.  0: its content may be farther away.
     */
    int32_t force_max_window;
    /** Long-distance matching: 1 on, 2 off. */
    int32_t enable_ldm;
    /** Log2 of the size of its table, 6 to 30. */
    int32_t ldm_hash_log;
    /** Length of its shortest match, 4 to 4096. */
    int32_t ldm_min_match;
    /** Log2 of the size of its buckets, 1 to 8. */
    int32_t ldm_bucket_size_log;
    /** Log2 of how rarely it looks up, 0 to 25. */
    int32_t ldm_hash_rate_log;
    /**
     * Threads of zstd's own inside each frame; negative means one for every CPU
     * that the process may use.  The frames depend on whether there are any;
     * for many items leave it 0.
     */
    int32_t workers;
    /** Bytes that each of those takes at a time. */
    int32_t job_size;
    /** How much of the window it reloads: 1, nothing, to 9, all. */
    int32_t overlap_log;
    /** Bytes that a compressed block should have, 1340 to 131072. */
    int32_t target_block_size;
    /**
     * Bytes of content that a frame has at most, ZBATCH_MAX_FRAME_SIZE_MIN or
     * more.  A larger item becomes several frames back to back, each of this
     * much content but the last, and the threads of a batch share them.  It is
     * still one segment, which zbatch and the zstd program read as one item; a
     * decoder of single frames reads the first one alone.  0: every item is one
     * frame.
     */
    size_t max_frame_size;
} zbatch_compressor_options;

/**
 * Compresses items to frames: ZstdCompressor.  Immutable; any number of
 * threads may use one.
 */
typedef struct zbatch_compressor zbatch_compressor;

/**
 * zbatch_compressor_options_init() sets the 'struct_size' bytes at 'options'
 * to the defaults.  Call it with sizeof(zbatch_compressor_options).
 */
ZBATCH_API void
zbatch_compressor_options_init(zbatch_compressor_options *options,
                               size_t struct_size);

/**
 * zbatch_compressor_options_from_level() sets the 'level' of 'options', whose
 * struct_size is set, and its window_log to strategy fields to what zstd
 * chooses for 'level', content of 'source_size' bytes (0 if unknown) and a
 * dictionary of 'dict_size' bytes (0 if none).  The other fields stay, and on
 * failure all do.
 *
 * Errors: ZBATCH_ERROR_UNSUPPORTED.
 */
ZBATCH_API ZBATCH_MUST_USE zbatch_status
zbatch_compressor_options_from_level(zbatch_compressor_options *options,
                                     int32_t level, uint64_t source_size,
                                     uint64_t dict_size, zbatch_error *error);

/**
 * zbatch_compressor_options_clamp() does to 'options', whose struct_size is
 * set, what zstd does to values that it does not refuse: a level, a number of
 * workers, a job_size or an overlap_log out of range becomes the nearest that
 * is possible, and so does a target_block_size below its range; level 0 becomes
 * ZBATCH_LEVEL_DEFAULT.  Any other value out of range is the error that
 * zbatch_compressor_new() gives, and all fields stay.
 *
 * Errors: ZBATCH_ERROR_UNSUPPORTED.
 */
ZBATCH_API ZBATCH_MUST_USE zbatch_status
zbatch_compressor_options_clamp(zbatch_compressor_options *options,
                                zbatch_error *error);

/**
 * zbatch_compressor_options_memory_size() writes to 'out' how many bytes one
 * thread needs to compress with 'options', an estimate from above for content
 * of any size.  'options' may be NULL.
 *
 * Errors: ZBATCH_ERROR_UNSUPPORTED.
 */
ZBATCH_API ZBATCH_MUST_USE zbatch_status
zbatch_compressor_options_memory_size(const zbatch_compressor_options *options,
                                      size_t *out, zbatch_error *error);

/**
 * zbatch_compressor_new() makes a compressor.  'options' and 'dict' may be
 * NULL.  It keeps the dictionary alive: the caller may free its own handle at
 * once.
 *
 * Errors: ZBATCH_ERROR_UNSUPPORTED, ZBATCH_ERROR_BAD_DICT.
 */
ZBATCH_API ZBATCH_MUST_USE zbatch_status
zbatch_compressor_new(const zbatch_compressor_options *options,
                      const zbatch_dict *dict, zbatch_compressor **out,
                      zbatch_error *error);

/**
 * zbatch_compressor_memory_size() returns the bytes that the compressor holds
 * at this moment: its contexts, which are kept from call to call.
 */
ZBATCH_API size_t
zbatch_compressor_memory_size(const zbatch_compressor *compressor);

/** zbatch_compressor_free() frees the handle. */
ZBATCH_API void zbatch_compressor_free(zbatch_compressor *compressor);

/**
 * zbatch_dict_digest() makes a dictionary from 'dict' that is digested already,
 * for 'options', which may be NULL.  A compressor made with it starts at once
 * and takes 'level' and window_log to strategy from these 'options' instead of
 * the compressor's; every other field, write_checksum, format and the omit_
 * ones among them, counts as the compressor has it.  Decompressors take such a
 * dictionary like any other.  The two share their bytes, which are what
 * zbatch_dict_data() gives of either; each is freed by itself.
 *
 * Errors: ZBATCH_ERROR_UNSUPPORTED, ZBATCH_ERROR_BAD_DICT.
 */
ZBATCH_API ZBATCH_MUST_USE zbatch_status
zbatch_dict_digest(const zbatch_dict *dict,
                   const zbatch_compressor_options *options, zbatch_dict **out,
                   zbatch_error *error);

/**
 * zbatch_compress_bound() returns the most bytes that the frame of an item of
 * 'size' bytes, or its frames together, can have with any compressor, or 0 when
 * no frame can hold that much.
 */
ZBATCH_API size_t zbatch_compress_bound(size_t size);

/**
 * zbatch_compress() compresses one item, the 'size' bytes at 'data', to 'dst',
 * which has room for 'capacity' bytes, and writes the size of its frame to
 * 'written'; with max_frame_size, that of its frames.  The calling thread alone
 * makes them, and they are those of a batch.
 *
 * Errors: ZBATCH_ERROR_DST_TOO_SMALL, never when 'capacity' is
 * zbatch_compress_bound() of 'size'; what 'dst' then holds is undefined.
 */
ZBATCH_API ZBATCH_MUST_USE zbatch_status
zbatch_compress(const zbatch_compressor *compressor, const void *data,
                size_t size, void *dst, size_t capacity, size_t *written,
                zbatch_error *error);

/**
 * zbatch_multi_compress_to_buffer() compresses 'count' items to a collection of
 * 'count' frames in the same order; with max_frame_size, a large item has its
 * frames in one segment.  The frames do not depend on the number of threads.
 * An empty item gives a frame of no content; an empty batch gives an empty
 * collection.
 *
 * 'run' and 'item_status' may be NULL; 'item_status' has room for 'count'
 * statuses.  Without it, one item that fails fails the call, and 'error' names
 * the lowest.
 *
 * Errors: ZBATCH_ERROR_CANCELLED, ZBATCH_ERROR_UNSUPPORTED.  Errors of an
 * item: ZBATCH_ERROR_CANCELLED, _NO_MEMORY, _INTERNAL.
 */
ZBATCH_API ZBATCH_MUST_USE zbatch_status
zbatch_multi_compress_to_buffer(const zbatch_compressor *compressor,
                                const zbatch_view *views, size_t count,
                                const zbatch_run_options *run,
                                zbatch_status *item_status,
                                zbatch_collection **out, zbatch_error *error);

/**
 * zbatch_compressor_estimate() writes to 'nanoseconds' roughly how long a batch
 * of these items would take on so many threads, which are counted as in
 * zbatch_run_options: for a program that must decide whether to run it on the
 * thread that it is on.  It looks at the items' sizes, and stops looking as
 * soon as the answer is sure to be 'enough' or more; views behind that are not
 * checked either.  0: it looks at all.  Content that does not compress is done
 * sooner.
 */
ZBATCH_API ZBATCH_MUST_USE zbatch_status
zbatch_compressor_estimate(const zbatch_compressor *compressor,
                           const zbatch_view *views, size_t count,
                           int32_t threads, uint64_t enough,
                           uint64_t *nanoseconds, zbatch_error *error);

/* ========================================================================== */
/*                               Decompressing                                */
/* ========================================================================== */

/** A size of content that is not known: of a frame that does not record it. */
#define ZBATCH_CONTENTSIZE_UNKNOWN UINT64_MAX

/**
 * How a decompressor decompresses, and what it refuses.  All zero is the
 * default; see STRUCTS THAT GROW above.  Limits hold for every call and are
 * checked before memory is taken; one item by itself is a batch of one.  Mind
 * their 0: it limits the window, but neither items nor batches.  SIZE_MAX means
 * no limit everywhere.
 *
 * Small items can honestly become much, 32,000 times their size: for items of
 * strangers set max_window_size, 8 MiB say, max_item_size and max_total_size,
 * and max_unsized_item_size where items are expected to record their size.
 */
typedef struct {
    /** sizeof(zbatch_decompressor_options). */
    size_t struct_size;
    /** ZBATCH_FORMAT_ZSTD1 or ZBATCH_FORMAT_ZSTD1_MAGICLESS. */
    int32_t format;
    /**
     * 1: an item is its first frame that is not skippable, and what follows is
     * extra data.  0: an item is all of its frames, joined.  Skippable frames
     * have no content: an item of them alone is good, and empty.  One of 0
     * bytes is ZBATCH_ERROR_TRUNCATED.
     */
    int32_t single_frame;
    /** 1: ignore bytes after the last frame.  0: they are an error. */
    int32_t allow_extra_data;
    /**
     * 1: refuse frames without a checksum.  One that is there is verified in
     * any case.
     */
    int32_t require_checksum;
    /** Largest window of a frame, in bytes.  0: 128 MiB, a window_log of 27. */
    size_t max_window_size;
    /** Most bytes that one item may become.  0: no limit. */
    size_t max_item_size;
    /**
     * Most bytes that an item may become whose frames do not all record their
     * size, even where the caller tells it: wherever it stands in the item, one
     * such frame is enough.  0: no limit beside 'max_item_size'; else the lower
     * of the two holds.
     */
    size_t max_unsized_item_size;
    /**
     * Most bytes that one batch may become.  0: no limit.  Items are counted
     * in their order: the first that passes it fails with ZBATCH_ERROR_LIMIT,
     * and so do all after it.  One that its headers refuse counts nothing; one
     * that fails later may count the size that it was to have.
     */
    size_t max_total_size;
} zbatch_decompressor_options;

/**
 * What the header of a frame tells: FrameParameters.  The layout never
 * changes.
 */
typedef struct {
    /** Bytes of content, or ZBATCH_CONTENTSIZE_UNKNOWN. */
    uint64_t content_size;
    /** Bytes that a streaming decoder must keep. */
    uint64_t window_size;
    /** ID of the dictionary that the frame needs, or 0 when it records none. */
    uint32_t dict_id;
    /** Bytes of the header. */
    uint32_t header_size;
    /** 1 when a checksum of the content follows it. */
    uint32_t has_checksum;
    /**
     * 1 when this is a skippable frame; 'content_size' is then what to skip.
     */
    uint32_t is_skippable;
} zbatch_frame;

/**
 * Decompresses frames to items: ZstdDecompressor.  Immutable; any number of
 * threads may use one.
 */
typedef struct zbatch_decompressor zbatch_decompressor;

/**
 * zbatch_decompressor_options_init() sets the 'struct_size' bytes at 'options'
 * to the defaults.  Call it with sizeof(zbatch_decompressor_options).
 */
ZBATCH_API void
zbatch_decompressor_options_init(zbatch_decompressor_options *options,
                                 size_t struct_size);

/**
 * zbatch_decompressor_options_memory_size() writes to 'out' how many bytes one
 * thread needs to decompress with 'options', which may be NULL.  The window of
 * a frame comes on top of it when its content may be larger than 4 MiB, and
 * neither it nor the caller tells the size.
 *
 * Errors: ZBATCH_ERROR_UNSUPPORTED.
 */
ZBATCH_API ZBATCH_MUST_USE zbatch_status
zbatch_decompressor_options_memory_size(
        const zbatch_decompressor_options *options, size_t *out,
        zbatch_error *error);

/**
 * zbatch_decompressor_new() makes a decompressor.  'options' and 'dict' may be
 * NULL.  With a dictionary it also decompresses frames that need none.  It
 * keeps the dictionary alive: the caller may free its own handle at once.
 *
 * Errors: ZBATCH_ERROR_UNSUPPORTED, ZBATCH_ERROR_BAD_DICT.
 */
ZBATCH_API ZBATCH_MUST_USE zbatch_status
zbatch_decompressor_new(const zbatch_decompressor_options *options,
                        const zbatch_dict *dict, zbatch_decompressor **out,
                        zbatch_error *error);

/**
 * zbatch_decompressor_memory_size() returns the bytes that the decompressor
 * holds at this moment: its contexts, which are kept from call to call.
 */
ZBATCH_API size_t
zbatch_decompressor_memory_size(const zbatch_decompressor *decompressor);

/** zbatch_decompressor_free() frees the handle. */
ZBATCH_API void zbatch_decompressor_free(zbatch_decompressor *decompressor);

/**
 * zbatch_frame_info() reads the header of the frame that begins at 'data'; the
 * first 18 bytes of a frame are always enough.  'format' is one of the
 * ZBATCH_FORMAT_ constants: a frame without its magic number does not say so.
 * What a header tells is a claim, not yet a fact.
 *
 * Errors: ZBATCH_ERROR_NOT_A_FRAME; ZBATCH_ERROR_TRUNCATED, where header_size
 * is how many bytes are needed, as far as those that are there tell, and all
 * else 0; ZBATCH_ERROR_UNSUPPORTED.
 */
ZBATCH_API ZBATCH_MUST_USE zbatch_status
zbatch_frame_info(const void *data, size_t size, int32_t format,
                  zbatch_frame *out, zbatch_error *error);

/**
 * zbatch_frame_header_size() returns the bytes of the header of the frame that
 * begins at 'data', an ordinary one with its magic number: neither skippable
 * nor of another format, which zbatch_frame_info() knows.  Its fifth byte
 * tells: neither the four before it nor what follows is looked at.  The answer
 * is 0 when there are fewer.
 */
ZBATCH_API size_t zbatch_frame_header_size(const void *data, size_t size);

/**
 * zbatch_decompress_bound() writes to 'out' how many bytes the item of 'size'
 * bytes at 'data' becomes at most: exactly so many when all of its frames
 * record their content size.  A recorded size above a limit of the decompressor
 * is ZBATCH_ERROR_LIMIT; one that is not recorded counts as the limit at most.
 *
 * Errors: those of an item, below, as far as headers show them.
 */
ZBATCH_API ZBATCH_MUST_USE zbatch_status
zbatch_decompress_bound(const zbatch_decompressor *decompressor,
                        const void *data, size_t size, size_t *out,
                        zbatch_error *error);

/**
 * zbatch_decompressed_sizes() writes the size of each item's content to
 * 'sizes', which has room for 'count' of them, as the headers of its frames
 * record it, or ZBATCH_CONTENTSIZE_UNKNOWN where one does not.  'total'
 * receives their sum, ZBATCH_CONTENTSIZE_UNKNOWN when one is unknown; it may
 * be NULL.  Nothing is decompressed: allocate by these sizes, then decompress
 * to there.
 *
 * 'item_status' may be NULL, or has room for 'count' statuses: an item that
 * headers show to be bad then has size 0, and the call returns ZBATCH_PARTIAL.
 * Without it, such an item fails the call, and 'error' names the lowest.
 *
 * Errors: those of an item, below, as far as headers show them.
 */
ZBATCH_API ZBATCH_MUST_USE zbatch_status
zbatch_decompressed_sizes(const zbatch_decompressor *decompressor,
                          const zbatch_view *views, size_t count,
                          uint64_t *sizes, uint64_t *total,
                          zbatch_status *item_status, zbatch_error *error);

/**
 * zbatch_decompressor_estimate() does what zbatch_compressor_estimate() does,
 * for a batch to be decompressed.  It reads the header that each item begins
 * with; an item that this refuses counts as nothing, and is no error here.
 */
ZBATCH_API ZBATCH_MUST_USE zbatch_status
zbatch_decompressor_estimate(const zbatch_decompressor *decompressor,
                             const zbatch_view *views, size_t count,
                             int32_t threads, uint64_t enough,
                             uint64_t *nanoseconds, zbatch_error *error);

/**
 * zbatch_decompress() decompresses one item, the 'size' bytes at 'data', to
 * 'dst', which has room for 'capacity' bytes, and writes the size of the
 * content to 'written'.
 *
 * Errors: ZBATCH_ERROR_DST_TOO_SMALL and those of an item, below; what 'dst'
 * then holds is undefined.
 */
ZBATCH_API ZBATCH_MUST_USE zbatch_status
zbatch_decompress(const zbatch_decompressor *decompressor, const void *data,
                  size_t size, void *dst, size_t capacity, size_t *written,
                  zbatch_error *error);

/**
 * zbatch_multi_decompress_to_buffer() decompresses 'count' items to a
 * collection of 'count' segments in the same order.  An item may hold several
 * frames, and need not record its size; when all do, or 'sizes' gives them,
 * the whole result is one buffer.  An empty batch gives an empty collection.
 *
 * 'sizes' may be NULL; else it holds the size of each item's content, 0 or
 * ZBATCH_CONTENTSIZE_UNKNOWN where the caller does not know it.  'run' and
 * 'item_status' may be NULL; 'item_status' has room for 'count' statuses.
 * Without it, one item that fails fails the call, and 'error' names the
 * lowest, on any number of threads.
 *
 * Errors: ZBATCH_ERROR_CANCELLED, ZBATCH_ERROR_UNSUPPORTED.  Errors of an
 * item: ZBATCH_ERROR_NOT_A_FRAME, _CORRUPT, _TRUNCATED, _EXTRA_DATA,
 * _CHECKSUM, _SIZE_MISMATCH, _DICT_MISMATCH, _LIMIT, _UNSUPPORTED,
 * _CANCELLED, _NO_MEMORY.
 */
ZBATCH_API ZBATCH_MUST_USE zbatch_status
zbatch_multi_decompress_to_buffer(const zbatch_decompressor *decompressor,
                                  const zbatch_view *views, size_t count,
                                  const uint64_t *sizes,
                                  const zbatch_run_options *run,
                                  zbatch_status *item_status,
                                  zbatch_collection **out, zbatch_error *error);

/**
 * zbatch_multi_decompress_into() decompresses item i to span i of 'dsts', in
 * memory of the caller: the rows of an array, say.  There are 'count' items
 * and 'count' spans.  When two spans overlap, 'error' names the later item;
 * when an output and an input do, the item whose input it is.
 *
 * 'written' receives the size of each item's content, 0 where it failed.  It
 * may be NULL: each item must then fill its span exactly, or fails with
 * ZBATCH_ERROR_SIZE_MISMATCH.  'run' and 'item_status' are as in
 * zbatch_multi_decompress_to_buffer().  Where no content came, in the span of
 * an item that failed above all, there are zeros, unless the call failed.
 *
 * Errors: as zbatch_multi_decompress_to_buffer(), and for an item
 * ZBATCH_ERROR_DST_TOO_SMALL.
 */
ZBATCH_API ZBATCH_MUST_USE zbatch_status
zbatch_multi_decompress_into(const zbatch_decompressor *decompressor,
                             const zbatch_view *views, size_t count,
                             const zbatch_span *dsts,
                             const zbatch_run_options *run, size_t *written,
                             zbatch_status *item_status, zbatch_error *error);

/**
 * zbatch_multi_decompress_packed() decompresses 'count' items back to back
 * into one block of the caller's, the 'capacity' bytes at 'dst', and writes to
 * segment i of 'segments' where item i lies in it.  'sizes', 'run' and
 * 'item_status' are as in zbatch_multi_decompress_to_buffer(); an item whose
 * size neither 'sizes' nor its frames tell costs the batch a copy.
 *
 * Take offsets from 'segments', never from summed sizes.  With ZBATCH_PARTIAL
 * an item that failed has a segment of length 0: one that its headers refuse
 * takes no room; one that fails later keeps the room of its size, zeroed,
 * except in a batch that cost a copy.  'capacity' must be the sum of these
 * rooms and of the sizes of all good items.  The 'total' of
 * zbatch_decompressed_sizes() is enough, and what to allocate after
 * ZBATCH_ERROR_DST_TOO_SMALL; where that is ZBATCH_CONTENTSIZE_UNKNOWN, the sum
 * of zbatch_decompress_bound() of the items is.  Bytes behind the last item and
 * its room are left alone, unless the call fails.
 *
 * Errors: as zbatch_multi_decompress_to_buffer(), and for the call
 * ZBATCH_ERROR_DST_TOO_SMALL.
 */
ZBATCH_API ZBATCH_MUST_USE zbatch_status
zbatch_multi_decompress_packed(const zbatch_decompressor *decompressor,
                               const zbatch_view *views, size_t count,
                               const uint64_t *sizes, void *dst,
                               size_t capacity, zbatch_segment *segments,
                               const zbatch_run_options *run,
                               zbatch_status *item_status, zbatch_error *error);

/* ========================================================================== */
/*                  Batches that train their own dictionary                   */
/* ========================================================================== */

/**
 * zbatch_multi_compress_trained() compresses 'count' items as
 * zbatch_multi_compress_to_buffer() does, with a dictionary that it trains on a
 * sample of them, for small items that are like each other.  'dict' receives
 * the dictionary, which decompression needs: store its bytes, once, beside the
 * frames.  Each of these names its ID, unless omit_dict_id is set.  Where a
 * dictionary would not pay, or a cancel came before it, 'dict' is NULL after
 * success or ZBATCH_PARTIAL, and frames need none.
 *
 * 'options', 'train', 'run' and 'item_status' may be NULL.  The sample is
 * spread evenly over the batch: 16 times as many bytes as the dictionary may
 * have, of items of 1 byte to 64 KiB.  What is 0 in 'train' is chosen:
 * dict_size is 16 times the square root of the bytes that such items have in
 * all, 256 to 112640; k is twice the size of an average one, 64 to 512, d 8,
 * f 16, accel 2, and level that of 'options'.  It trains once, unless 'steps'
 * or 'split_point' are set.  'threads' must be 0 or 1.  A dict_id from 32768 to
 * 65535, for a program that gives each dictionary its own, makes each frame 2
 * bytes shorter than the default.
 *
 * Then up to 512 items, spread likewise, are compressed with the dictionary
 * and without: it is used when the bytes that this saves, scaled to the whole
 * batch, are more than its own.  For a batch of no more items, and of at most
 * 256 KiB, this is exact, and the result is never larger than without; for
 * others it is an estimate.  Items of more than 64 KiB do not count in it.
 *
 * Training runs on the calling thread.  Dictionary and frames depend on the
 * items and options alone.  A cancel is looked for before and after training;
 * progress and statistics count the batch only.
 *
 * Errors: as zbatch_multi_compress_to_buffer().
 */
ZBATCH_API ZBATCH_MUST_USE zbatch_status
zbatch_multi_compress_trained(const zbatch_compressor_options *options,
                              const zbatch_dict_train_options *train,
                              const zbatch_view *views, size_t count,
                              const zbatch_run_options *run,
                              zbatch_status *item_status, zbatch_dict **dict,
                              zbatch_collection **out, zbatch_error *error);

/**
 * zbatch_multi_decompress_trained() decompresses 'count' items that
 * zbatch_multi_compress_trained() made, or any others that need 'dict' or no
 * dictionary, as zbatch_multi_decompress_to_buffer() does.  'dict' and
 * 'options' may be NULL.
 *
 * A program that decompresses many batches with one dictionary makes a
 * decompressor, whose contexts are kept from call to call.
 *
 * Errors: as zbatch_multi_decompress_to_buffer().
 */
ZBATCH_API ZBATCH_MUST_USE zbatch_status
zbatch_multi_decompress_trained(const zbatch_dict *dict,
                                const zbatch_decompressor_options *options,
                                const zbatch_view *views, size_t count,
                                const uint64_t *sizes,
                                const zbatch_run_options *run,
                                zbatch_status *item_status,
                                zbatch_collection **out, zbatch_error *error);

/* ========================================================================== */
/*                                   Arrow                                    */
/* ========================================================================== */

/**
 * zbatch_collection_export_arrow() describes the segments of a collection as
 * an array of the Arrow C data interface, whose header defines the two
 * structs: LargeBinary when they lie back to back in one buffer, else
 * BinaryView.  The bytes are not copied, but for the items of 12 or fewer that
 * a BinaryView holds in itself.  After ZBATCH_PARTIAL, items that failed are
 * empty values, not null ones.
 *
 * 'array' and 'schema' are written whatever they held, and belong to the
 * caller, who passes them on or calls the 'release' of each, on any thread.
 * The array keeps the bytes alive: the caller may free the collection at once,
 * but keeps what zbatch_buffer_new_by_reference() refers to.  On failure both
 * are zeros, which is how Arrow marks them released.
 *
 * Errors: ZBATCH_ERROR_UNSUPPORTED, where the error's item is a segment of
 * 2 GiB or more outside LargeBinary.
 */
ZBATCH_API ZBATCH_MUST_USE zbatch_status
zbatch_collection_export_arrow(const zbatch_collection *collection,
                               struct ArrowArray *array,
                               struct ArrowSchema *schema, zbatch_error *error);

/**
 * zbatch_views_from_arrow() fills 'views', which has room for 'count' of them,
 * with the items of 'array_count' arrays of the Arrow C data interface, one
 * array after the other, ready to be the input of a batch call.  'schema' is
 * the type of them all: binary or strings, large or not, views of either, or
 * binary of a fixed size.  'count' must be the sum of their lengths; the offset
 * of an array, a slice of a larger one, counts.
 *
 * The arrays and the schema stay the caller's, who releases them.  The views
 * borrow from the arrays.  What an array says of its own buffers is believed,
 * as everywhere in Arrow; that items lie inside of what it says is checked.
 *
 * Errors: ZBATCH_ERROR_UNSUPPORTED, another type, or an item that is null,
 * which is the error's item; ZBATCH_ERROR_OUT_OF_RANGE, where the error's item
 * is one that lies outside of its buffer; ZBATCH_ERROR_INVALID_ARGUMENT also
 * where a schema or an array was released.
 */
ZBATCH_API ZBATCH_MUST_USE zbatch_status
zbatch_views_from_arrow(const struct ArrowSchema *schema,
                        const struct ArrowArray *const *arrays,
                        size_t array_count, zbatch_view *views, size_t count,
                        zbatch_error *error);

/**
 * zbatch_object_arrow_schema() and zbatch_object_arrow_array() make an object
 * with 'capsule_fn' of the bound layout, named "arrow_schema" or "arrow_array",
 * and return it, or NULL on failure or when nothing is bound.  It leads to a
 * struct of that kind, all zeros, which is the object's and for a later call to
 * fill: so what is exported has an owner from the start.  When nobody refers to
 * the object any more, the struct is released, unless it is already, and freed,
 * on that thread and by these functions alone: nothing of the language runs.
 */
ZBATCH_API void *zbatch_object_arrow_schema(void);

/** See zbatch_object_arrow_schema(). */
ZBATCH_API void *zbatch_object_arrow_array(void);

/* ========================================================================== */
/*                 Items out of another language, and into it                 */
/* ========================================================================== */

/**
 * Returns element 'index' of 'sequence', borrowed, or NULL on failure:
 * CPython's PyTuple_GetItem fits.
 */
typedef void *(*zbatch_gather_item_fn)(void *sequence, ptrdiff_t index);

/**
 * Stores where the bytes of 'item' are and how many, and returns 0; any other
 * value is a failure.  CPython's PyBytes_AsStringAndSize fits.
 */
typedef int (*zbatch_gather_bytes_fn)(void *item, char **data, ptrdiff_t *size);

/**
 * Fills the record 'buffer' about the bytes of 'item', pins them, and returns
 * 0; any other value is a failure.  CPython's PyObject_GetBuffer fits.
 */
typedef int (*zbatch_gather_buffer_fn)(void *item, void *buffer, int flags);

/**
 * Ends or gives back what it is given: a record that a zbatch_gather_buffer_fn
 * filled (CPython's PyBuffer_Release fits), a reference to an object, the
 * memory of one, or a handle.  A function of another pointer type is cast to
 * this one.
 */
typedef void (*zbatch_release_fn)(void *what);

/**
 * Makes an object from a copy of 'size' bytes at 'data', or of bytes still to
 * be written when that is NULL, and returns it, or NULL on failure: CPython's
 * PyBytes_FromStringAndSize fits.
 */
typedef void *(*zbatch_scatter_new_fn)(const char *data, ptrdiff_t size);

/**
 * Makes 'item' the element 'index' of 'list', whose it is from then on, also
 * after a failure, and returns 0; any other value is a failure.  CPython's
 * PyList_SetItem fits.
 */
typedef int (*zbatch_scatter_set_fn)(void *list, ptrdiff_t index, void *item);

/**
 * Records that a zbatch_gather_buffer_fn filled, and with them the bytes of
 * the elements, which stay where they are until zbatch_pins_free().
 */
typedef struct zbatch_pins zbatch_pins;

/**
 * zbatch_gather_views() fills 'views', which has room for 'count' of them,
 * with the bytes of elements 0 to 'count' - 1 of 'sequence', an object of
 * another language, by calling 'item_fn' and 'bytes_fn' for each.  Both are
 * called on the calling thread and must return normally: an exception or
 * longjmp() through this function is undefined.  The views borrow from the
 * elements; keep 'sequence' alive and unchanged while they are in use.
 *
 * Errors: ZBATCH_ERROR_INVALID_ARGUMENT when a function fails; the error's
 * item is the index of the element.
 */
ZBATCH_API ZBATCH_MUST_USE zbatch_status
zbatch_gather_views(void *sequence, size_t count, zbatch_gather_item_fn item_fn,
                    zbatch_gather_bytes_fn bytes_fn, zbatch_view *views,
                    zbatch_error *error);

/**
 * zbatch_gather_buffers() does the same for elements that must be asked for
 * their bytes and told when these are no longer in use.  It makes 'out', room
 * for 'count' records of 'buffer_size' bytes, zeroed and aligned for pointers,
 * and for each element calls 'buffer_fn' with the next record and with 'flags';
 * it reads from the record a pointer to the bytes at 'data_offset' and their
 * number, a ptrdiff_t, at 'size_offset': a Py_buffer has them at
 * offsetof(Py_buffer, buf) and offsetof(Py_buffer, len).  The three numbers are
 * multiples of sizeof(void *), and the two offsets differ.  'flags' mean to
 * 'buffer_fn' what they will: 0, CPython's PyBUF_SIMPLE, is enough to read, and
 * its PyBUF_WRITABLE asks for bytes to write to.
 *
 * The views may be used until zbatch_pins_free(), which calls 'release_fn' for
 * each record.  After a failure nothing is held: 'release_fn' was called, on
 * this thread, for the records that were filled, and 'out' is NULL.
 *
 * Errors: as zbatch_gather_views(), and ZBATCH_ERROR_NO_MEMORY.
 */
ZBATCH_API ZBATCH_MUST_USE zbatch_status
zbatch_gather_buffers(void *sequence, size_t count,
                      zbatch_gather_item_fn item_fn,
                      zbatch_gather_buffer_fn buffer_fn,
                      zbatch_release_fn release_fn, int flags,
                      size_t buffer_size, size_t data_offset,
                      size_t size_offset, zbatch_view *views, zbatch_pins **out,
                      zbatch_error *error);

/**
 * zbatch_pins_free() calls the 'release_fn' of zbatch_gather_buffers() for
 * each record, in order, and frees the handle.  The function is called on the
 * calling thread and must return normally, so call this where it may be
 * called: with CPython's PyBuffer_Release, by a thread that has its lock.
 */
ZBATCH_API void zbatch_pins_free(zbatch_pins *pins);

/**
 * zbatch_scatter_bytes() makes elements 0 to 'count' - 1 of 'list', an object
 * of another language that is that long already, by calling 'new_fn' with the
 * bytes of each view and 'set_fn' with what it returned, on the calling
 * thread.  Both must return normally, as in zbatch_gather_views().  Elements
 * before the one that failed are made.
 *
 * Errors: ZBATCH_ERROR_NO_MEMORY when 'new_fn' fails,
 * ZBATCH_ERROR_INVALID_ARGUMENT when 'set_fn' does; the error's item is the
 * index of the element.
 */
ZBATCH_API ZBATCH_MUST_USE zbatch_status
zbatch_scatter_bytes(const zbatch_view *views, size_t count, void *list,
                     zbatch_scatter_new_fn new_fn, zbatch_scatter_set_fn set_fn,
                     zbatch_error *error);

/* ========================================================================== */
/*                        Objects of another language                         */
/* ========================================================================== */

/**
 * Returns a new object of 'type', all 0 but for what the language itself keeps
 * in it, or NULL on failure, and takes a reference to 'type', which
 * zbatch_object_dealloc() gives back.  'count' is 0.  CPython's
 * PyType_GenericAlloc fits.
 */
typedef void *(*zbatch_object_alloc_fn)(void *type, ptrdiff_t count);

/** Takes one more reference to 'object': CPython's Py_IncRef fits. */
typedef void (*zbatch_object_retain_fn)(void *object);

/**
 * Fills 'record' with the 'size' bytes at 'data' of 'object' and a reference to
 * it, and returns 0, or -1 on failure: 'flags' may ask for what cannot be.
 * CPython's PyBuffer_FillInfo fits.
 */
typedef int (*zbatch_object_fill_fn)(void *record, void *object, void *data,
                                     ptrdiff_t size, int readonly, int flags);

/**
 * Returns where the bytes are of an object that a zbatch_scatter_new_fn made,
 * or NULL on failure: CPython's PyBytes_AsString fits.
 */
typedef char *(*zbatch_object_content_fn)(void *object);

/**
 * Raises an exception of 'kind' with a text that ends with a NUL: CPython's
 * PyErr_SetString fits.
 */
typedef void (*zbatch_object_raise_fn)(void *kind, const char *text);

/**
 * Makes a list of 'size' elements, to be set one by one, and returns it, or
 * NULL on failure: CPython's PyList_New fits.
 */
typedef void *(*zbatch_list_new_fn)(ptrdiff_t size);

/**
 * Lets other threads of a runtime go on, and returns what the other function
 * needs: CPython's PyEval_SaveThread fits.
 */
typedef void *(*zbatch_leave_fn)(void);

/**
 * Waits until it is this thread's turn again: CPython's PyEval_RestoreThread
 * fits, which ends the thread when the language ends meanwhile.
 */
typedef void (*zbatch_enter_fn)(void *state);

/**
 * Makes an object that leads to 'content' for who knows 'name', and returns it,
 * or NULL on failure; 'end' is called with the object when nobody refers to it
 * any more.  CPython's PyCapsule_New fits.
 */
typedef void *(*zbatch_capsule_new_fn)(void *content, const char *name,
                                       zbatch_release_fn end);

/**
 * Returns the content of such an object: CPython's PyCapsule_GetPointer fits.
 */
typedef void *(*zbatch_capsule_content_fn)(void *capsule, const char *name);

/**
 * Objects of another language that lend bytes which something else owns: where
 * five words lie in each, and the functions that make, serve and end it.
 * Offsets count bytes from the object's address, are multiples of
 * sizeof(void *) and differ.  See STRUCTS THAT GROW above, but none of these
 * fields may be 0; fields of later versions may.
 */
typedef struct {
    /** sizeof(zbatch_object_layout). */
    size_t struct_size;
    /** Of a void *: what keeps the bytes alive, or NULL. */
    size_t owner_offset;
    /** Of a const void *: the first byte. */
    size_t data_offset;
    /** Of a size_t: the number of bytes. */
    size_t size_offset;
    /**
     * Of a size_t or a pointer: where the bytes begin in their buffer, or what
     * the function that makes the object says.
     */
    size_t place_offset;
    /** Makes an object. */
    zbatch_object_alloc_fn alloc_fn;
    /** Keeps its owner. */
    zbatch_object_retain_fn retain_fn;
    /** Lends its bytes. */
    zbatch_object_fill_fn fill_fn;
    /** Copies them. */
    zbatch_scatter_new_fn new_fn;
    /**
     * Of a void *: the object's type.  The zbatch_method_ functions read it
     * in any object that they are given: lists, tuples, integers and bytes too.
     */
    size_t type_offset;
    /** Gives a reference back. */
    zbatch_release_fn release_fn;
    /** Frees the memory of an object. */
    zbatch_release_fn free_fn;
    /** Makes a list. */
    zbatch_list_new_fn list_fn;
    /** Sets an element of it. */
    zbatch_scatter_set_fn set_fn;
    /** Tells where the bytes are that 'new_fn' left to be written. */
    zbatch_object_content_fn content_fn;
    /**
     * Is called before work that takes long, of one item or of a method's
     * batch, as often as there is some; never twice without 'enter_fn' between.
     */
    zbatch_leave_fn leave_fn;
    /**
     * Is called after that work, on the same thread, with what 'leave_fn'
     * returned.
     */
    zbatch_enter_fn enter_fn;
    /** Raises an exception; in a language without them it may do nothing. */
    zbatch_object_raise_fn raise_fn;
    /**
     * The kind of exception for an index that is not there: CPython's
     * PyExc_IndexError, or whatever 'raise_fn' takes.  It must live as long as
     * the process does.
     */
    void *index_error;
    /** Makes a capsule. */
    zbatch_capsule_new_fn capsule_fn;
    /** Tells what it leads to. */
    zbatch_capsule_content_fn capsule_content_fn;
} zbatch_object_layout;

/**
 * A batch of another language's objects, as zbatch_object_batch_new() takes
 * it: one struct to fill in place of the arguments of many calls, which some
 * languages make slowly.  See STRUCTS THAT GROW above.
 */
typedef struct {
    /** sizeof(zbatch_object_batch). */
    size_t struct_size;
    /** What compresses the batch; NULL to decompress. */
    const zbatch_compressor *compressor;
    /**
     * What decompresses the batch; NULL to compress.  One of the two is given.
     */
    const zbatch_decompressor *decompressor;
    /** The items, as in zbatch_gather_views(), or NULL: 'views' has them. */
    void *sequence;
    /** Gives an element of 'sequence'; may be NULL when that is. */
    zbatch_gather_item_fn item_fn;
    /** Gives the bytes of an element; may be NULL when 'sequence' is. */
    zbatch_gather_bytes_fn bytes_fn;
    /**
     * Is called before the work that takes long, in place of the layout's, or
     * NULL: then the turn is kept.
     */
    zbatch_leave_fn leave_fn;
    /**
     * Is called after that work, with what 'leave_fn' returned; NULL when that
     * is.
     */
    zbatch_enter_fn enter_fn;
    /** Room for 'count' views; the items, when 'sequence' is NULL. */
    zbatch_view *views;
    /** Number of items. */
    size_t count;
    /**
     * As in zbatch_multi_decompress_to_buffer(), or NULL; ignored with a
     * compressor.
     */
    const uint64_t *sizes;
    /** How to run, or NULL. */
    const zbatch_run_options *run;
    /** Room for 'count' statuses, or NULL. */
    zbatch_status *item_status;
    /**
     * Nanoseconds: a batch whose estimate is as many or more does not begin.
     * 0: any begins.
     */
    uint64_t enough;
    /** Where to tell what went wrong, or NULL. */
    zbatch_error *error;
} zbatch_object_batch;

/**
 * zbatch_object_layout_init() sets the 'struct_size' bytes at 'layout' to 0 but
 * for their size.  Call it with sizeof(zbatch_object_layout).
 */
ZBATCH_API void
zbatch_object_layout_init(zbatch_object_layout *layout, size_t struct_size);

/**
 * zbatch_object_bind() tells the functions below what objects look like, for
 * the whole process and for good.  It copies the layout; to bind the same one
 * again changes nothing.
 *
 * Errors: ZBATCH_ERROR_UNSUPPORTED, another layout is bound.
 */
ZBATCH_API ZBATCH_MUST_USE zbatch_status
zbatch_object_bind(const zbatch_object_layout *layout, zbatch_error *error);

/**
 * zbatch_object_get_buffer(), zbatch_object_size() and zbatch_object_tobytes()
 * are for the slots of the type of such objects, which a language calls on any
 * thread with nothing but the object; they take no memory and no lock.  This
 * one returns what 'fill_fn' does for the record and the object's bytes, read
 * only: CPython's bf_getbuffer.  It is -1 when nothing is bound.  An object
 * that is all 0 lends no bytes.
 */
ZBATCH_API int zbatch_object_get_buffer(void *object, void *record, int flags);

/**
 * zbatch_object_size() returns the number of bytes that 'object' lends:
 * CPython's sq_length.  It is 0 when nothing is bound.
 */
ZBATCH_API ptrdiff_t zbatch_object_size(void *object);

/**
 * zbatch_object_tobytes() returns what 'new_fn' makes of the object's bytes:
 * a CPython method without arguments, hence 'unused'.  It is NULL when nothing
 * is bound.
 */
ZBATCH_API void *zbatch_object_tobytes(void *object, void *unused);

/**
 * zbatch_object_new() makes one object of 'type', of the bound layout, that
 * lends the 'size' bytes at 'data', and returns it, or NULL on failure.  It
 * takes a reference to 'owner', which keeps the bytes alive and unchanged as
 * long as it lives itself, and may be NULL where nothing needs to.  'place' is
 * stored: for the language to read, or for zbatch_object_item().
 */
ZBATCH_API void *
zbatch_object_new(void *type, void *owner, const void *data, size_t size,
                  const void *place);

/**
 * zbatch_object_new_handle() makes one object of 'type' that owns 'handle', and
 * returns it, or NULL on failure: its data is the handle and its place
 * 'free_fn', which zbatch_object_dealloc_handle() calls for it; with NULL it
 * frees nothing.  'handle' may be NULL too, and the object's data be the output
 * of a later call that makes a handle, which has an owner from the start then.
 * 'owner' is as in zbatch_object_new().  On failure 'handle' stays the
 * caller's.
 */
ZBATCH_API void *
zbatch_object_new_handle(void *type, void *owner, void *handle,
                         zbatch_release_fn free_fn);

/**
 * zbatch_object_dealloc() ends an object that nobody refers to: it gives its
 * reference to its owner back, frees it, and gives its reference to its type
 * back, as objects of CPython's heap types have one: CPython's tp_dealloc, for
 * a type that the garbage collector does not track (no Py_TPFLAGS_HAVE_GC).  It
 * does nothing when nothing is bound.
 */
ZBATCH_API void zbatch_object_dealloc(void *object);

/**
 * zbatch_object_dealloc_handle() does the same for an object that owns a handle
 * instead of lending bytes: first it calls the function of
 * zbatch_object_new_handle(), on the calling thread, unless the handle is NULL.
 * So a type of such objects needs no code of the language to free what they
 * own: zbatch_collection_free() fits, and CPython's PyBuffer_Release.
 */
ZBATCH_API void zbatch_object_dealloc_handle(void *object);

/**
 * zbatch_object_item() and zbatch_object_item_count() are for the slots of a
 * type of sequences: CPython's sq_item and sq_length.  The owner of such an
 * object is one that zbatch_object_new_handle() or zbatch_object_batch_new()
 * made of a collection, and its place, as zbatch_object_new() was given it, the
 * type of the elements, which must live as long as the process does.  This one
 * returns segment 'index' as an object like those of zbatch_object_list(), with
 * the sequence's owner as its owner.  When there is no such segment it calls
 * 'raise_fn' with 'index_error' and returns NULL.  It returns NULL as well when
 * nothing is bound, or 'alloc_fn' failed.
 */
ZBATCH_API void *zbatch_object_item(void *object, ptrdiff_t index);

/**
 * zbatch_object_item_count() returns the number of segments that
 * zbatch_object_item() has.  It is 0 when nothing is bound.
 */
ZBATCH_API ptrdiff_t zbatch_object_item_count(void *object);

/**
 * zbatch_object_list() makes a list of objects, as zbatch_object_new() makes
 * them, for the segments of 'collection' from number 'first' on, 'most' of them
 * or as many as there are, and returns it, or NULL on failure.  It is empty
 * when 'first' is not below their number.  The place of each is its segment's
 * offset.  'owner' keeps the collection, or its bytes, alive.
 */
ZBATCH_API void *
zbatch_object_list(const zbatch_collection *collection, size_t first,
                   size_t most, void *type, void *owner);

/**
 * zbatch_object_bytes_list() makes a list of what 'new_fn' makes of each
 * segment of 'collection', and returns it, or NULL on failure.
 */
ZBATCH_API void *zbatch_object_bytes_list(const zbatch_collection *collection);

/**
 * zbatch_object_batch_init() sets the 'struct_size' bytes at 'batch' to 0 but
 * for their size.  Call it with sizeof(zbatch_object_batch).
 */
ZBATCH_API void
zbatch_object_batch_init(zbatch_object_batch *batch, size_t struct_size);

/**
 * zbatch_object_batch_new() is zbatch_gather_views(), then
 * zbatch_compressor_estimate() and zbatch_multi_compress_to_buffer(), or the
 * same for decompressing, in one call, and returns an object of 'type' that
 * owns the collection, as zbatch_object_new_handle() makes it.  All functions
 * are called on the calling thread and must return normally, as in
 * zbatch_gather_views(), but that 'enter_fn' may end the thread; those that
 * leave and enter once each, and not at all when the batch does not begin.
 *
 * 'status' receives what the other functions return.  When there is no object
 * this returns 'otherwise', to which it takes a reference when a layout is
 * bound, as not every language can be given NULL.  With ZBATCH_OK that has one
 * meaning alone: the batch did not begin, because it would take too long for
 * 'enough'.  Then run it again with 'sequence' NULL and 'enough' 0, on another
 * thread perhaps.  Views that were gathered stay, whatever happens then.
 * Nothing but 'status' is written when 'struct_size' was never set.
 *
 * Errors: those of these functions.  ZBATCH_ERROR_INVALID_ARGUMENT, no layout
 * is bound: the batch does not begin.  ZBATCH_ERROR_NO_MEMORY, 'alloc_fn'
 * failed.
 */
ZBATCH_API void *
zbatch_object_batch_new(const zbatch_object_batch *batch, void *type,
                        void *otherwise, zbatch_status *status);

/* ========================================================================== */
/*                        One item of another language                        */
/* ========================================================================== */

/**
 * zbatch_object_compress() is zbatch_compress(), and returns what 'new_fn' of
 * the bound layout makes of the frame: CPython's bytes.  When there is none it
 * returns 'otherwise', to which it takes a reference when a layout is bound, as
 * not every language can be given NULL; 'error' tells why.
 *
 * Functions of the layout are called on the calling thread, whose turn it must
 * be.  It is given up, with 'leave_fn', for work that takes long.
 *
 * Errors: ZBATCH_ERROR_INVALID_ARGUMENT, no layout is bound.
 * ZBATCH_ERROR_NO_MEMORY, 'new_fn' failed.  Those of zbatch_compress().
 */
ZBATCH_API void *
zbatch_object_compress(const zbatch_compressor *compressor, const void *data,
                       size_t size, void *otherwise, zbatch_error *error);

/**
 * zbatch_object_decompress() does the same for zbatch_decompress().  The
 * content is decompressed to bytes that 'new_fn' made of NULL, where
 * 'content_fn' says that they are, when the size is known before.
 * 'single_frame' and 'allow_extra_data' stand in the place of the
 * decompressor's own, and of 'max_unsized_item_size' and its own the lower
 * holds; 0 is none.
 *
 * Errors: those of zbatch_object_compress() but for the last, and those of an
 * item.
 */
ZBATCH_API void *
zbatch_object_decompress(const zbatch_decompressor *decompressor,
                         const void *data, size_t size, int32_t single_frame,
                         int32_t allow_extra_data, size_t max_unsized_item_size,
                         void *otherwise, zbatch_error *error);

/* ========================================================================== */
/*                        Methods of another language                         */
/* ========================================================================== */

/**
 * Returns the attribute 'name' of 'object', a new reference, or NULL on
 * failure: CPython's PyObject_GenericGetAttr fits.
 */
typedef void *(*zbatch_method_get_fn)(void *object, void *name);

/**
 * Makes 'value' the attribute 'name' of 'object', and returns 0; any other
 * value is a failure.  It takes a reference to 'value' of its own, and the
 * caller keeps the one it has.  CPython's PyObject_GenericSetAttr fits.
 */
typedef int (*zbatch_method_set_fn)(void *object, void *name, void *value);

/**
 * Calls 'function' with 'count' arguments, behind which stand those that the
 * tuple 'names' names, which may be NULL, and returns what it does, or NULL on
 * failure.  The object of the method is the first of them, and counted; 'count'
 * carries no flag.  CPython's PyObject_Vectorcall fits.
 */
typedef void *(*zbatch_method_call_fn)(void *function, void *const *arguments,
                                       size_t count, void *names);

/**
 * Returns a new tuple of the elements of 'list', or NULL on failure: CPython's
 * PyList_AsTuple fits.
 */
typedef void *(*zbatch_method_tuple_fn)(void *list);

/** Returns the number of elements of 'tuple': CPython's PyTuple_Size fits. */
typedef ptrdiff_t (*zbatch_method_count_fn)(void *tuple);

/**
 * Returns the value of 'integer'; one that is no long sets 'overflow' to
 * something else than 0.  CPython's PyLong_AsLongAndOverflow fits.
 */
typedef long (*zbatch_method_int_fn)(void *integer, int *overflow);

/**
 * Returns a new iterator over 'list', or NULL on failure: CPython's
 * PyObject_GetIter fits.
 */
typedef void *(*zbatch_method_iter_fn)(void *list);

/**
 * Makes an integer, and returns it, or NULL on failure: CPython's
 * PyLong_FromSsize_t fits.
 */
typedef void *(*zbatch_method_new_int_fn)(ptrdiff_t value);

/**
 * Forgets the exception that was raised, if one was: CPython's PyErr_Clear
 * fits.
 */
typedef void (*zbatch_method_clear_fn)(void);

/**
 * What the methods below need to know of a language, besides the layout of its
 * objects.  See STRUCTS THAT GROW above, but none of these fields may be 0;
 * fields of later versions may.  The objects must live as long as the process
 * does.
 */
typedef struct {
    /** sizeof(zbatch_methods). */
    size_t struct_size;
    /** Reads an attribute. */
    zbatch_method_get_fn get_fn;
    /** Sets an attribute. */
    zbatch_method_set_fn set_fn;
    /** Calls a function. */
    zbatch_method_call_fn call_fn;
    /** Makes a tuple of a list. */
    zbatch_method_tuple_fn tuple_fn;
    /** Counts the elements of a tuple. */
    zbatch_method_count_fn count_fn;
    /** Gives an element of a tuple, borrowed. */
    zbatch_gather_item_fn item_fn;
    /** Gives the bytes of an item. */
    zbatch_gather_bytes_fn bytes_fn;
    /** Reads an integer. */
    zbatch_method_int_fn int_fn;
    /** Makes an integer. */
    zbatch_method_new_int_fn new_int_fn;
    /** Goes through a list. */
    zbatch_method_iter_fn iter_fn;
    /** Forgets an exception. */
    zbatch_method_clear_fn clear_fn;
    /** The type of lists. */
    void *list_type;
    /** The type of tuples. */
    void *tuple_type;
    /** The type of integers. */
    void *int_type;
    /** The type of bytes. */
    void *bytes_type;
    /** The type of objects that own a handle. */
    void *handle_type;
    /** The type of results, of which 'alloc_fn' of the layout makes one. */
    void *result_type;
    /** The type of a result's segments, as in zbatch_object_list(). */
    void *segment_type;
    /**
     * The name of the attribute of codecs and results that is an object of
     * 'handle_type': what 'get_fn' and 'set_fn' are called with.
     */
    void *handle_name;
    /**
     * The name of the argument that is the number of threads.  It is compared
     * by its address: CPython's interned string.
     */
    void *threads_name;
    /** The function to which zbatch_method_multi_compress() leaves the rest. */
    void *multi_compress;
    /**
     * The function to which zbatch_method_multi_decompress() leaves the rest.
     */
    void *multi_decompress;
    /** The function to which zbatch_method_compress() leaves the rest. */
    void *compress;
    /** The function to which zbatch_method_decompress() leaves the rest. */
    void *decompress;
    /** The function to which zbatch_method_len() leaves the rest. */
    void *len;
    /** The function to which zbatch_method_size() leaves the rest. */
    void *size;
    /** The function to which zbatch_method_item() leaves the rest. */
    void *item;
    /** The function to which zbatch_method_iter() leaves the rest. */
    void *iter;
    /** The function to which zbatch_method_tolist() leaves the rest. */
    void *tolist;
    /**
     * Nanoseconds, at least 1: a batch whose estimate is as many or more is
     * left to the function.  UINT64_MAX: none is, for its estimate.
     */
    uint64_t enough;
} zbatch_methods;

/**
 * zbatch_methods_init() sets the 'struct_size' bytes at 'methods' to 0 but for
 * their size.  Call it with sizeof(zbatch_methods).
 */
ZBATCH_API void
zbatch_methods_init(zbatch_methods *methods, size_t struct_size);

/**
 * zbatch_methods_bind() tells the functions below what they need to know, for
 * the whole process and for good, after zbatch_object_bind().  It copies the
 * struct; to bind the same one again changes nothing.
 *
 * Errors: ZBATCH_ERROR_INVALID_ARGUMENT, no layout is bound, or a field is 0.
 * ZBATCH_ERROR_UNSUPPORTED, others are bound.
 */
ZBATCH_API ZBATCH_MUST_USE zbatch_status
zbatch_methods_bind(const zbatch_methods *methods, zbatch_error *error);

/**
 * zbatch_method_multi_compress() and the functions below it are methods of a
 * class of the language, which calls them with the object, the arguments, the
 * number of those without a name, and the tuple of the names of the others, or
 * NULL: CPython's METH_FASTCALL with METH_KEYWORDS.  Each does the common case
 * by itself.  Everything else, failures too, it leaves to a function of the
 * language with the same arguments, the object first, after 'clear_fn': so
 * there is one place alone that knows how the language says what is wrong.
 * They return a new reference, or NULL when that function failed, or nothing is
 * bound.
 *
 * This one does zbatch_multi_compress_to_buffer() for a batch that is an exact
 * list or tuple of 1 to 64 items with bytes, not all of them empty.  A number
 * of threads may follow, as second argument or by its name: an exact integer
 * from INT32_MIN to INT32_MAX, which means what it does in zbatch_run_options;
 * without it, 0.  The codec is the handle of the object's attribute
 * 'handle_name', and so is the collection that of the result's.  The elements
 * of a list are kept meanwhile, as is the codec, whatever other threads do.
 * Work that takes long is done while other threads go on.
 */
ZBATCH_API void *
zbatch_method_multi_compress(void *object, void *const *arguments,
                             ptrdiff_t count, void *names);

/**
 * zbatch_method_multi_decompress() does the same for
 * zbatch_multi_decompress_to_buffer(), with the number of threads by its name
 * alone.
 */
ZBATCH_API void *
zbatch_method_multi_decompress(void *object, void *const *arguments,
                               ptrdiff_t count, void *names);

/**
 * zbatch_method_compress() does zbatch_object_compress() for one argument that
 * is bytes, exactly.
 */
ZBATCH_API void *
zbatch_method_compress(void *object, void *const *arguments, ptrdiff_t count,
                       void *names);

/**
 * zbatch_method_decompress() does the same for zbatch_object_decompress(): the
 * item's first frame, of any size, whatever follows.
 */
ZBATCH_API void *
zbatch_method_decompress(void *object, void *const *arguments, ptrdiff_t count,
                         void *names);

/**
 * zbatch_method_len() returns zbatch_collection_len() of a result, when there
 * are no arguments.
 */
ZBATCH_API void *
zbatch_method_len(void *object, void *const *arguments, ptrdiff_t count,
                  void *names);

/** zbatch_method_size() does the same for zbatch_collection_size(). */
ZBATCH_API void *
zbatch_method_size(void *object, void *const *arguments, ptrdiff_t count,
                   void *names);

/**
 * zbatch_method_item() makes what zbatch_object_list() does of one segment of
 * a result, for one argument that is its index: an exact integer from 0 to
 * below the number of segments, and no more than INT32_MAX.
 */
ZBATCH_API void *
zbatch_method_item(void *object, void *const *arguments, ptrdiff_t count,
                   void *names);

/**
 * zbatch_method_iter() goes through the list that zbatch_object_list() makes
 * of a result with up to 1024 segments, when there are no arguments.
 */
ZBATCH_API void *
zbatch_method_iter(void *object, void *const *arguments, ptrdiff_t count,
                   void *names);

/**
 * zbatch_method_tolist() does zbatch_object_bytes_list() for a result, when
 * there are no arguments.
 */
ZBATCH_API void *
zbatch_method_tolist(void *object, void *const *arguments, ptrdiff_t count,
                     void *names);

#ifdef __cplusplus
}
#endif

#endif /* ZBATCH_H */
