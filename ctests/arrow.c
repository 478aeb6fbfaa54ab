/* A collection as an Arrow array, read as Arrow's C data interface says, after the collection is gone; and Arrow arrays as the
 * items of a batch. */
#include "check.h"

#include "arrow.h"

/* Element i of either layout. */
static zbatch_view element(const struct ArrowArray *array, const char *format, int64_t i)
{
    if (strcmp(format, "Z") == 0) {
        const int64_t *offsets = (const int64_t *)array->buffers[1];
        return (zbatch_view){ (const char *)array->buffers[2] + offsets[i], (size_t)(offsets[i + 1] - offsets[i]) };
    }
    struct {
        int32_t length;
        char prefix[4];
        int32_t buffer;
        int32_t offset;
    } view;
    const char *at = (const char *)array->buffers[1] + i * (int64_t)sizeof view;
    memcpy(&view, at, sizeof view);
    if (view.length <= 12)
        return (zbatch_view){ at + 4, (size_t)view.length };
    const char *data = (const char *)array->buffers[2 + view.buffer] + view.offset;
    CHECK(memcmp(data, view.prefix, 4) == 0);
    return (zbatch_view){ data, (size_t)view.length };
}

static void check_export(zbatch_collection *collection, const char *format, const zbatch_view *items, int64_t count)
{
    struct ArrowArray array;
    struct ArrowSchema schema;
    memset(&array, 0xff, sizeof array);
    memset(&schema, 0xff, sizeof schema);
    EXPECT(ZBATCH_OK, zbatch_collection_export_arrow(collection, &array, &schema, &error));
    zbatch_collection_free(collection);
    CHECK(strcmp(schema.format, format) == 0 && schema.n_children == 0 && schema.dictionary == NULL);
    CHECK(array.length == count && array.null_count == 0 && array.offset == 0 && array.n_children == 0);
    CHECK(array.buffers[0] == NULL && array.dictionary == NULL);
    CHECK(array.n_buffers >= 3);
    for (int64_t i = 0; i < count; i++)
        CHECK(same_bytes(element(&array, format, i), items[i]));

    /* And back in, twice in a row. */
    const struct ArrowArray *arrays[] = { &array, &array };
    zbatch_view *views = malloc((size_t)count * 2 * sizeof *views + 1);
    EXPECT(ZBATCH_OK, zbatch_views_from_arrow(&schema, arrays, 2, views, (size_t)count * 2, &error));
    for (int64_t i = 0; i < count * 2; i++)
        CHECK(same_bytes(views[i], items[i % count]));
    free(views);
    array.release(&array);
    schema.release(&schema);
    CHECK(array.release == NULL && schema.release == NULL);
}

static zbatch_collection *collection_of(const zbatch_segment *segments, size_t count, int buffers)
{
    static const char block[] = "firstsecond, and long enough to be looked upthird";
    zbatch_buffer *buffer[3];
    zbatch_collection *collection;
    for (int b = 0; b < buffers; b++)
        EXPECT(ZBATCH_OK, zbatch_buffer_new(block, sizeof block - 1, segments, count, &buffer[b], &error));
    EXPECT(ZBATCH_OK, zbatch_collection_new(buffer, (size_t)buffers, &collection, &error));
    for (int b = 0; b < buffers; b++)
        zbatch_buffer_free(buffer[b]);
    return collection;
}

static void nothing(struct ArrowArray *array)
{
    (void)array;
}

static void nothing_of_a_schema(struct ArrowSchema *schema)
{
    (void)schema;
}

/* Arrays of others: parts of them, items of a fixed size, nulls, and what lies. */
static void check_import(void)
{
    static const char data[] = "alphabetagamma";
    static int32_t offsets[] = { 0, 5, 9, 14 };
    static const unsigned char all_but_two = 0xfb;
    const void *buffers[] = { NULL, offsets, data };
    struct ArrowArray array = { .length = 3, .n_buffers = 3, .buffers = buffers, .release = nothing };
    struct ArrowSchema schema = { .format = "u", .release = nothing_of_a_schema };
    const struct ArrowArray *arrays[] = { &array, &array };
    zbatch_view views[6];

    EXPECT(ZBATCH_OK, zbatch_views_from_arrow(&schema, arrays, 2, views, 6, &error));
    CHECK(same_bytes(views[5], (zbatch_view){ "gamma", 5 }) && views[1].data == data + 5);
    array.offset = 1, array.length = 2;
    EXPECT(ZBATCH_OK, zbatch_views_from_arrow(&schema, arrays, 1, views, 2, &error));
    CHECK(same_bytes(views[0], (zbatch_view){ "beta", 4 }));
    buffers[0] = &all_but_two; /* the last of the three */
    array.null_count = -1;
    EXPECT(ZBATCH_ERROR_UNSUPPORTED, zbatch_views_from_arrow(&schema, arrays, 2, views, 4, &error));
    CHECK(error.item == 1 && views[0].data == NULL);
    array.length = 1;
    EXPECT(ZBATCH_OK, zbatch_views_from_arrow(&schema, arrays, 2, views, 2, &error));
    array.offset = 0, array.length = 3, array.null_count = 0;

    static const int32_t lies[] = { 4, -1 };
    for (int i = 0; i < 2; i++) {
        offsets[2] = lies[i];
        EXPECT(ZBATCH_ERROR_OUT_OF_RANGE, zbatch_views_from_arrow(&schema, arrays, 1, views, 3, &error));
        CHECK(error.item == 1);
    }
    offsets[2] = 9, offsets[3] = -1;
    EXPECT(ZBATCH_ERROR_OUT_OF_RANGE, zbatch_views_from_arrow(&schema, arrays, 2, views, 6, &error));
    CHECK(error.item == 2);
    offsets[3] = 14;

    schema.format = "w:4";
    array.n_buffers = 2;
    buffers[1] = data;
    EXPECT(ZBATCH_OK, zbatch_views_from_arrow(&schema, arrays, 1, views, 3, &error));
    CHECK(same_bytes(views[2], (zbatch_view){ "agam", 4 }));
    schema.format = "w:-4";
    EXPECT(ZBATCH_ERROR_UNSUPPORTED, zbatch_views_from_arrow(&schema, arrays, 1, views, 3, &error));
    schema.format = "w:9223372036854775807";
    EXPECT(ZBATCH_ERROR_INVALID_ARGUMENT, zbatch_views_from_arrow(&schema, arrays, 1, views, 3, &error));

    /* Views: 13 bytes of the one data buffer, from there to beyond its end, and of a buffer that is not there. */
    int32_t rows[] = { 13, 0, 0, 1, 14, 0, 0, 1, 13, 0, 1, 0 };
    int64_t sizes[] = { 14 };
    const void *viewed[] = { NULL, rows, data, sizes };
    schema.format = "vu";
    array.n_buffers = 4, array.buffers = viewed, array.length = 1;
    EXPECT(ZBATCH_OK, zbatch_views_from_arrow(&schema, arrays, 1, views, 1, &error));
    CHECK(views[0].data == data + 1 && views[0].size == 13);
    for (array.offset = 1; array.offset < 3; array.offset++)
        EXPECT(ZBATCH_ERROR_OUT_OF_RANGE, zbatch_views_from_arrow(&schema, arrays, 1, views, 1, &error));
    array.offset = 0;

    schema.format = "l";
    EXPECT(ZBATCH_ERROR_UNSUPPORTED, zbatch_views_from_arrow(&schema, arrays, 1, views, 1, &error));
    CHECK(error.item == ZBATCH_NO_ITEM);
    schema.format = "vz";
    EXPECT(ZBATCH_ERROR_INVALID_ARGUMENT, zbatch_views_from_arrow(&schema, arrays, 1, views, 2, &error));
    EXPECT(ZBATCH_ERROR_INVALID_ARGUMENT, zbatch_views_from_arrow(&schema, arrays, 2, views, 1, &error));
    array.n_buffers = 2;
    EXPECT(ZBATCH_ERROR_INVALID_ARGUMENT, zbatch_views_from_arrow(&schema, arrays, 1, views, 1, &error));
    array.length = -1;
    EXPECT(ZBATCH_ERROR_INVALID_ARGUMENT, zbatch_views_from_arrow(&schema, arrays, 1, views, 1, &error));
    array.length = 1, array.release = NULL;
    EXPECT(ZBATCH_ERROR_INVALID_ARGUMENT, zbatch_views_from_arrow(&schema, arrays, 1, views, 1, &error));
}

int main(void)
{
    static const zbatch_segment in_order[] = { { 0, 5 }, { 5, 0 }, { 5, 39 }, { 44, 5 } };
    static const zbatch_segment apart[] = { { 44, 5 }, { 5, 39 }, { 0, 0 } };
    static const zbatch_view straight[] = {
        { "first", 5 }, { "", 0 }, { "second, and long enough to be looked up", 39 }, { "third", 5 }
    };
    static const zbatch_view crooked[] = {
        { "third", 5 }, { "second, and long enough to be looked up", 39 }, { "", 0 },
        { "third", 5 }, { "second, and long enough to be looked up", 39 }, { "", 0 },
    };
    check_export(collection_of(in_order, 4, 1), "Z", straight, 4);
    check_export(collection_of(apart, 3, 1), "vz", crooked, 3);
    check_export(collection_of(apart, 3, 2), "vz", crooked, 6);
    check_export(collection_of(NULL, 0, 1), "Z", NULL, 0);
    check_import();

    /* What the interface is for: the result of a batch, as one column. */
    struct records r = records_new(5000);
    zbatch_compressor *compressor;
    zbatch_decompressor *decompressor;
    zbatch_collection *frames, *back;
    EXPECT(ZBATCH_OK, zbatch_compressor_new(NULL, NULL, &compressor, &error));
    EXPECT(ZBATCH_OK, zbatch_decompressor_new(NULL, NULL, &decompressor, &error));
    EXPECT(ZBATCH_OK, zbatch_multi_compress_to_buffer(compressor, r.views, r.count, NULL, NULL, &frames, &error));
    EXPECT(ZBATCH_OK, zbatch_multi_decompress_to_buffer(decompressor, zbatch_collection_views(frames), r.count, NULL,
                                                        NULL, NULL, &back, &error));
    check_export(back, "Z", r.views, (int64_t)r.count);
    zbatch_collection_free(frames);
    zbatch_decompressor_free(decompressor);
    zbatch_compressor_free(compressor);
    records_free(r);
    return EXIT_SUCCESS;
}
