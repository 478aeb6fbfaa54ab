/* What the header says about NULL, about outputs after a failure, and about statuses: every function, every pointer, every
 * status.  The rows are generated from the header into header_table.inc. */
#include "check.h"

#include "arrow.h"
#include <sys/mman.h>

/* One handle and one array of each kind: good arguments for every parameter of every function. */
static struct {
    zbatch_buffer *buffer;
    zbatch_collection *collection;
    zbatch_compressor *compressor;
    zbatch_decompressor *decompressor;
    zbatch_dict *dict;
    zbatch_control *control;
    zbatch_buffer *buffers[1];
    zbatch_view items[1];  /* to be compressed */
    zbatch_view frames[1]; /* to be decompressed */
    zbatch_segment segments[1];
    uint64_t offsets[2];
    unsigned char dst[256];
    zbatch_span dsts[1];
    zbatch_run_options run;
    zbatch_compressor_options compressor_options;
    zbatch_decompressor_options decompressor_options;
    zbatch_dict_train_options train_options;
    uint64_t sizes[1];
    struct ArrowArray array;
    const struct ArrowArray *arrays[1];
    struct ArrowSchema schema;
    zbatch_object_layout layout;
    zbatch_object_batch batch;
    zbatch_methods methods;
    void *arguments[1];
    struct object {
        size_t references;
        void *kind, *owner;
        const void *data;
        size_t size, place;
    } object;
} in;

enum { SIZE = 4 };
static const unsigned char content[SIZE] = { 'i', 't', 'e', 'm' };
static unsigned char frame[64];
static struct records samples;

/* Whatever a call can write to, except memory at a 'dst'. */
static struct {
    zbatch_buffer *buffer;
    zbatch_collection *collection;
    zbatch_compressor *compressor;
    zbatch_decompressor *decompressor;
    zbatch_dict *dict;
    zbatch_control *control;
    zbatch_pins *pins;
    zbatch_view views[1];
    zbatch_view view;
    zbatch_segment segments[1];
    zbatch_segment segment;
    zbatch_frame frame;
    zbatch_status item_status[1];
    zbatch_status status;
    uint64_t sizes[1];
    uint64_t total;
    size_t written[1];
    size_t number;
    int64_t constant;
    struct ArrowArray array;
    struct ArrowSchema schema;
} out;

static void *item_of(void *sequence, ptrdiff_t index)
{
    return (char *)sequence + index;
}

static int bytes_of(void *item, char **data, ptrdiff_t *size)
{
    *data = (char *)item;
    *size = 1;
    return 0;
}

static int buffer_of(void *item, void *buffer, int flags)
{
    zbatch_view view = { item, 1 };
    (void)flags;
    memcpy(buffer, &view, sizeof view);
    return 0;
}

static void release_of(void *buffer)
{
    memset(buffer, 0, sizeof(zbatch_view));
}

static void *alloc_of(void *type, ptrdiff_t count)
{
    (void)type;
    (void)count;
    memset(&in.object, 0, sizeof in.object);
    return &in.object;
}

static void retain_of(void *object)
{
    (void)object;
}

/* What takes nothing back: the objects here are not counted. */
static void keep_of(void *object)
{
    (void)object;
}

static void *capsule_of(void *content, const char *name, void (*end)(void *capsule))
{
    (void)content;
    (void)name;
    (void)end;
    return NULL;
}

static void *capsule_content_of(void *capsule, const char *name)
{
    (void)name;
    return capsule;
}

static int fill_of(void *record, void *object, void *data, ptrdiff_t size, int readonly, int flags)
{
    (void)object;
    (void)size;
    (void)readonly;
    return buffer_of(data, record, flags);
}

static void *new_of(const char *data, ptrdiff_t size)
{
    if (data == NULL)
        return size > (ptrdiff_t)sizeof in.dst ? NULL : in.dst;
    return (void *)(uintptr_t)data;
}

static char *content_of(void *object)
{
    return (char *)object;
}

static void *leave_of(void)
{
    return NULL;
}

static void *list_of(ptrdiff_t size)
{
    return size > (ptrdiff_t)sizeof in.dst ? NULL : in.dst;
}

static int set_of(void *list, ptrdiff_t index, void *item)
{
    (void)list;
    (void)index;
    (void)item;
    return 0;
}

static void raise_of(void *kind, const char *text)
{
    (void)kind;
    (void)text;
}

/* Methods here leave everything to the function that they end with, which returns what it is itself. */
static void *no_attribute(void *object, void *name)
{
    (void)object;
    (void)name;
    return NULL;
}

static int no_assignment(void *object, void *name, void *value)
{
    (void)object;
    (void)name;
    (void)value;
    return -1;
}

static void *call_of(void *function, void *const *arguments, size_t count, void *names)
{
    (void)arguments;
    (void)count;
    (void)names;
    return function;
}

static void *no_tuple(void *list)
{
    (void)list;
    return NULL;
}

static ptrdiff_t no_count(void *tuple)
{
    (void)tuple;
    return -1;
}

static long no_integer(void *object, int *overflow)
{
    (void)object;
    *overflow = 1;
    return -1;
}

static void *no_number(ptrdiff_t value)
{
    (void)value;
    return NULL;
}

static void *no_iterator(void *list)
{
    (void)list;
    return NULL;
}

static void clear_of(void)
{
}

static int all_zero(const void *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (((const unsigned char *)bytes)[i] != 0)
            return 0;
    return 1;
}

static int rows, bad_rows;

static void row(const char *function, const char *parameter, int good, zbatch_status got)
{
    rows++;
    if (good)
        return;
    bad_rows++;
    fprintf(stderr, "%s(%s = NULL): got %s, or an output that is not as the header says\n", function, parameter,
            zbatch_status_name(got));
}

/* A name in an output is one of the struct above; what was not zeroed still has the poison. */
#define POISON() memset(&out, 0xa5, sizeof out)
#define ZERO(output) all_zero(&out.output, sizeof out.output)

/* REFUSED: INVALID_ARGUMENT, and every output that was passed is zero, each item status that of the call. */
#define REFUSED(function, parameter, call, outputs)                                               \
    do {                                                                                          \
        POISON();                                                                                 \
        zbatch_status got = (call);                                                               \
        row(#function, #parameter, got == ZBATCH_ERROR_INVALID_ARGUMENT && (outputs), got);       \
    } while (0);
/* OPTIONAL: NULL is as good as anything; what was made is freed. */
#define OPTIONAL(function, parameter, call, clean_up)                                             \
    do {                                                                                          \
        POISON();                                                                                 \
        zbatch_status got = (call);                                                               \
        row(#function, #parameter, got == ZBATCH_OK, got);                                        \
        clean_up;                                                                                 \
    } while (0);
/* ANSWERED: a function that cannot fail answers 0 or NULL; IGNORED: one that returns nothing does nothing; SERVED and FAILED:
 * one for another language does its work, or says -1. */
#define ANSWERED(function, parameter, call) row(#function, #parameter, !(call), ZBATCH_OK);
#define SERVED(function, parameter, call) row(#function, #parameter, (call) != NULL, ZBATCH_OK);
#define FAILED(function, parameter, call) row(#function, #parameter, (call) == -1, ZBATCH_OK);
#define IGNORED(function, parameter, call) \
    call;                                  \
    row(#function, #parameter, 1, ZBATCH_OK);

static void check_nulls(void)
{
#define FUNCTIONS
#include "header_table.inc"
#undef FUNCTIONS
}

/* The statuses that real calls came to. */
static zbatch_status reached[64];
static size_t reached_count;

static void reach(zbatch_status want, zbatch_status got, const char *call, int line)
{
    expect(want, got, call, __FILE__, line);
    CHECK(error.status == want && error.message[0] != '\0' && memchr(error.message, '\0', sizeof error.message) != NULL);
    reached[reached_count++] = want;
}

#define REACH(status, call) reach((status), (call), #call, __LINE__)

static int was_reached(zbatch_status status)
{
    for (size_t i = 0; i < reached_count; i++)
        if (reached[i] == status)
            return 1;
    return 0;
}

static zbatch_status decompress(const zbatch_decompressor *decompressor, const void *data, size_t size)
{
    zbatch_view item = { data, size };
    zbatch_status status =
        zbatch_multi_decompress_to_buffer(decompressor, &item, 1, NULL, NULL, NULL, &out.collection, &error);
    CHECK(out.collection == NULL && error.item == 0);
    return status;
}

static void check_statuses(int small)
{
    zbatch_decompressor *picky;
    unsigned char bytes[64];
    const size_t size = in.frames[0].size;
    uint64_t wrong = 5;
    static const char unknown[] = "unknown status";

    REACH(ZBATCH_ERROR_INVALID_ARGUMENT, zbatch_control_new(NULL, &error));
    REACH(ZBATCH_ERROR_OUT_OF_RANGE, zbatch_buffer_view_at(in.buffer, 1, &out.view, &error));
    REACH(ZBATCH_ERROR_UNSUPPORTED, zbatch_constant("ZBATCH_NO_SUCH_THING", &out.constant, &error));
    REACH(ZBATCH_ERROR_DST_TOO_SMALL, zbatch_compress(in.compressor, content, SIZE, in.dst, 3, &out.number, &error));

    zbatch_decompressor_options options = { .struct_size = sizeof options, .max_item_size = SIZE - 1 };
    EXPECT(ZBATCH_OK, zbatch_decompressor_new(&options, NULL, &picky, &error));
    REACH(ZBATCH_ERROR_LIMIT, decompress(picky, frame, size));
    zbatch_decompressor_free(picky);
    zbatch_decompressor_options strict = { .struct_size = sizeof strict, .require_checksum = 1 };
    EXPECT(ZBATCH_OK, zbatch_decompressor_new(&strict, NULL, &picky, &error));
    REACH(ZBATCH_ERROR_CHECKSUM, decompress(picky, frame, size));
    zbatch_decompressor_free(picky);

    zbatch_control_cancel(in.control);
    zbatch_run_options run = { .struct_size = sizeof run, .control = in.control };
    REACH(ZBATCH_ERROR_CANCELLED,
          zbatch_multi_compress_to_buffer(in.compressor, in.items, 1, &run, NULL, &out.collection, &error));
    zbatch_control_reset(in.control);

    REACH(ZBATCH_ERROR_NOT_A_FRAME, decompress(in.decompressor, "not a frame", 11));
    REACH(ZBATCH_ERROR_TRUNCATED, decompress(in.decompressor, frame, size - 1));
    memcpy(bytes, frame, size);
    bytes[size] = 'x';
    REACH(ZBATCH_ERROR_EXTRA_DATA, decompress(in.decompressor, bytes, size + 1));
    bytes[6] |= 6; /* a block of the type that is reserved */
    REACH(ZBATCH_ERROR_CORRUPT, decompress(in.decompressor, bytes, size));
    REACH(ZBATCH_ERROR_SIZE_MISMATCH, zbatch_multi_decompress_to_buffer(in.decompressor, in.frames, 1, &wrong, NULL,
                                                                        NULL, &out.collection, &error));

    zbatch_dict_train_options train = { .struct_size = sizeof train, .dict_size = 2048, .k = 64, .d = 8 };
    zbatch_dict *dict;
    zbatch_compressor *compressor;
    EXPECT(ZBATCH_OK, zbatch_dict_train(samples.views, samples.count, &train, &dict, &error));
    EXPECT(ZBATCH_OK, zbatch_compressor_new(NULL, dict, &compressor, &error));
    zbatch_dict_free(dict);
    EXPECT(ZBATCH_OK, zbatch_compress(compressor, content, SIZE, bytes, sizeof bytes, &out.number, &error));
    REACH(ZBATCH_ERROR_DICT_MISMATCH, decompress(in.decompressor, bytes, out.number));
    zbatch_compressor_free(compressor);
    REACH(ZBATCH_ERROR_BAD_DICT, zbatch_dict_new(content, SIZE, ZBATCH_DICT_TYPE_FULLDICT, &out.dict, &error));
    REACH(ZBATCH_ERROR_BAD_SAMPLES, zbatch_dict_train(in.items, 1, NULL, &out.dict, &error));

    /* Half of all addresses, mapped and never touched: there is no room for a copy. */
    if (small) {
        reached[reached_count++] = ZBATCH_ERROR_NO_MEMORY;
    } else {
        const size_t half = (size_t)1 << (sizeof(size_t) == 8 ? 46 : 30);
        void *vast = mmap(NULL, half, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        CHECK(vast != MAP_FAILED);
        REACH(ZBATCH_ERROR_NO_MEMORY, zbatch_buffer_new(vast, half, NULL, 0, &out.buffer, &error));
        CHECK(out.buffer == NULL && munmap(vast, half) == 0);
    }

    /* Of streams alone; and a bug, which cannot be had on request. */
    reached[reached_count++] = ZBATCH_ERROR_BUSY;
    reached[reached_count++] = ZBATCH_ERROR_INTERNAL;

#define STATUS(name)                                                  \
    CHECK(strcmp(zbatch_status_name(name), #name) == 0);              \
    CHECK(strcmp(zbatch_status_message(name), unknown) != 0);         \
    if ((name) < 0 && !was_reached(name)) {                           \
        fprintf(stderr, "no call here comes to %s\n", #name);         \
        exit(EXIT_FAILURE);                                           \
    }
#include "header_table.inc"
#undef STATUS
    CHECK(strcmp(zbatch_status_name(-1000), unknown) == 0 && strcmp(zbatch_status_message(-1000), unknown) == 0);
    CHECK(strcmp(zbatch_status_message(ZBATCH_OK), unknown) != 0 && strcmp(zbatch_status_message(ZBATCH_PARTIAL), unknown) != 0);

    /* libzstd's own words, for its codes and for what is none. */
    CHECK(strcmp(zbatch_zstd_error_message(0), "No error detected") == 0);
    CHECK(strcmp(zbatch_zstd_error_message(22), "Restored data doesn't match checksum") == 0);
    static const int32_t no_code[] = { -1, 2, 119, 120, 121, 5000, INT32_MIN, INT32_MAX };
    for (size_t i = 0; i < sizeof no_code / sizeof *no_code; i++)
        CHECK(strcmp(zbatch_zstd_error_message(no_code[i]), "Unspecified error code") == 0);
}

/* Misaligned pointers, and numbers that no array can have. */
static void check_pointers(void)
{
    size_t area[8] = { 0 };
    const void *odd = (const char *)area + 1;
    REFUSED(zbatch_buffer_new, misaligned, zbatch_buffer_new(content, SIZE, (const zbatch_segment *)odd, 1, &out.buffer, &error),
            ZERO(buffer))
    REFUSED(zbatch_multi_compress_to_buffer, misaligned,
            zbatch_multi_compress_to_buffer(in.compressor, (const zbatch_view *)odd, 1, NULL, out.item_status,
                                            &out.collection, &error),
            ZERO(collection) && out.item_status[0] == ZBATCH_ERROR_INVALID_ARGUMENT)
    REFUSED(zbatch_multi_compress_to_buffer, count,
            zbatch_multi_compress_to_buffer(in.compressor, in.items, SIZE_MAX, NULL, NULL, &out.collection, &error),
            ZERO(collection))
    REFUSED(zbatch_buffer_new, size, zbatch_buffer_new(content, SIZE_MAX, NULL, 0, &out.buffer, &error), ZERO(buffer))
    /* An item of some bytes at no address is an item that fails, and by its number. */
    zbatch_view nowhere[2] = { in.items[0], { NULL, 1 } };
    REFUSED(zbatch_multi_compress_to_buffer, views[1].data,
            zbatch_multi_compress_to_buffer(in.compressor, nowhere, 2, NULL, NULL, &out.collection, &error),
            ZERO(collection) && error.item == 1)
}

int main(int argc, char **argv)
{
    const int small = argc > 1 && strcmp(argv[1], "small") == 0;
    samples = records_new(1000);
    in.items[0] = (zbatch_view){ content, SIZE };
    in.segments[0] = (zbatch_segment){ 0, SIZE };
    in.offsets[1] = SIZE;
    in.sizes[0] = SIZE;
    in.dsts[0] = (zbatch_span){ in.dst, SIZE };
    zbatch_run_options_init(&in.run, sizeof in.run);
    zbatch_compressor_options_init(&in.compressor_options, sizeof in.compressor_options);
    zbatch_decompressor_options_init(&in.decompressor_options, sizeof in.decompressor_options);
    zbatch_dict_train_options_init(&in.train_options, sizeof in.train_options);
    in.train_options.dict_size = 2048;
    in.train_options.k = 64;
    in.train_options.d = 8;
    EXPECT(ZBATCH_OK, zbatch_buffer_new(content, SIZE, in.segments, 1, &in.buffer, &error));
    in.buffers[0] = in.buffer;
    EXPECT(ZBATCH_OK, zbatch_collection_new(in.buffers, 1, &in.collection, &error));
    EXPECT(ZBATCH_OK, zbatch_collection_export_arrow(in.collection, &in.array, &in.schema, &error));
    in.arrays[0] = &in.array;
    EXPECT(ZBATCH_OK, zbatch_dict_new(content, SIZE, ZBATCH_DICT_TYPE_RAWCONTENT, &in.dict, &error));
    EXPECT(ZBATCH_OK, zbatch_compressor_new(NULL, NULL, &in.compressor, &error));
    EXPECT(ZBATCH_OK, zbatch_decompressor_new(NULL, NULL, &in.decompressor, &error));
    EXPECT(ZBATCH_OK, zbatch_control_new(&in.control, &error));
    in.layout = (zbatch_object_layout){ sizeof in.layout,
                                        offsetof(struct object, owner),
                                        offsetof(struct object, data),
                                        offsetof(struct object, size),
                                        offsetof(struct object, place),
                                        alloc_of,
                                        retain_of,
                                        fill_of,
                                        new_of,
                                        offsetof(struct object, kind),
                                        keep_of,
                                        keep_of,
                                        list_of,
                                        set_of,
                                        content_of,
                                        leave_of,
                                        keep_of,
                                        raise_of,
                                        samples.text,
                                        capsule_of,
                                        capsule_content_of };
    EXPECT(ZBATCH_OK, zbatch_object_bind(&in.layout, &error));
    in.methods = (zbatch_methods){ .struct_size = sizeof in.methods,
                                   .get_fn = no_attribute,
                                   .set_fn = no_assignment,
                                   .call_fn = call_of,
                                   .tuple_fn = no_tuple,
                                   .count_fn = no_count,
                                   .item_fn = item_of,
                                   .bytes_fn = bytes_of,
                                   .int_fn = no_integer,
                                   .new_int_fn = no_number,
                                   .iter_fn = no_iterator,
                                   .clear_fn = clear_of };
    for (void **object = &in.methods.list_type; object <= &in.methods.tolist; object++)
        *object = samples.text;
    in.methods.enough = 1;
    EXPECT(ZBATCH_OK, zbatch_methods_bind(&in.methods, &error));
    in.arguments[0] = &in.object;
    zbatch_object_batch_init(&in.batch, sizeof in.batch);
    in.batch.compressor = in.compressor;
    in.batch.views = in.items;
    in.batch.count = 1;
    in.object.data = content;
    in.object.size = SIZE;
    in.frames[0].data = frame;
    EXPECT(ZBATCH_OK,
           zbatch_compress(in.compressor, content, SIZE, frame, sizeof frame, &in.frames[0].size, &error));

    check_nulls();
    check_pointers();
    CHECK(rows > 150 && bad_rows == 0);
    check_statuses(small);

    zbatch_object_dealloc_handle(&in.object); /* the collection of the batch that ran */
    zbatch_control_free(in.control);
    zbatch_decompressor_free(in.decompressor);
    zbatch_compressor_free(in.compressor);
    zbatch_dict_free(in.dict);
    in.array.release(&in.array);
    in.schema.release(&in.schema);
    zbatch_collection_free(in.collection);
    zbatch_buffer_free(in.buffer);
    records_free(samples);
    return EXIT_SUCCESS;
}
