/* max_item_size, max_unsized_item_size, max_total_size and max_window_size hold in every call, and before memory is taken. */
#include "check.h"

enum { COUNT = 100, SIZE = 10000 };

static zbatch_view frames[COUNT];
static unsigned char *dst;

static zbatch_decompressor *limited(size_t item, size_t total, size_t window)
{
    zbatch_decompressor_options options = {
        .struct_size = sizeof options, .max_item_size = item, .max_total_size = total, .max_window_size = window
    };
    zbatch_decompressor *decompressor;
    EXPECT(ZBATCH_OK, zbatch_decompressor_new(&options, NULL, &decompressor, &error));
    return decompressor;
}

/* Every way in must come to the same answer, on any number of threads. */
static void check_batch(zbatch_decompressor *decompressor, zbatch_status want, uint64_t item)
{
    static zbatch_span spans[COUNT];
    static zbatch_segment places[COUNT];
    static size_t written[COUNT];
    for (size_t i = 0; i < COUNT; i++)
        spans[i] = (zbatch_span){ dst + i * SIZE, SIZE };
    for (int32_t threads = 1; threads <= 4; threads += 3) {
        zbatch_run_options run = { .struct_size = sizeof run, .threads = threads };
        zbatch_collection *out;
        EXPECT(want, zbatch_multi_decompress_to_buffer(decompressor, frames, COUNT, NULL, &run, NULL, &out, &error));
        CHECK(want == ZBATCH_OK || (error.item == item && out == NULL));
        zbatch_collection_free(out);
        EXPECT(want, zbatch_multi_decompress_into(decompressor, frames, COUNT, spans, &run, written, NULL, &error));
        CHECK(want == ZBATCH_OK || error.item == item);
        EXPECT(want, zbatch_multi_decompress_packed(decompressor, frames, COUNT, NULL, dst, COUNT * SIZE, places, &run,
                                                    NULL, &error));
        CHECK(want == ZBATCH_OK || error.item == item);
    }
    zbatch_decompressor_free(decompressor);
}

/* One frame of three bytes under a limit of its window, in the batch call and in that for one item. */
static void check_window(const void *frame, size_t size, size_t limit, zbatch_status want)
{
    zbatch_decompressor *decompressor = limited(0, 0, limit);
    zbatch_view item = { frame, size };
    zbatch_collection *out;
    char back[3];
    size_t written;
    EXPECT(want, zbatch_multi_decompress_to_buffer(decompressor, &item, 1, NULL, NULL, NULL, &out, &error));
    EXPECT(want, zbatch_decompress(decompressor, frame, size, back, sizeof back, &written, &error));
    CHECK(want == ZBATCH_OK ? zbatch_collection_size(out) == 3 && written == 3 : out == NULL && written == 0);
    zbatch_collection_free(out);
    zbatch_decompressor_free(decompressor);
}

/* One item of SIZE bytes whose size not every frame records, whatever comes first. */
static void check_unsized(const void *item, size_t size, size_t item_limit, size_t unsized_limit, zbatch_status want)
{
    zbatch_decompressor_options options = {
        .struct_size = sizeof options, .max_item_size = item_limit, .max_unsized_item_size = unsized_limit
    };
    zbatch_decompressor *decompressor;
    zbatch_view view = { item, size };
    zbatch_span span = { dst, SIZE };
    zbatch_segment place;
    zbatch_collection *out;
    size_t written;
    EXPECT(ZBATCH_OK, zbatch_decompressor_new(&options, NULL, &decompressor, &error));
    EXPECT(want, zbatch_decompress(decompressor, item, size, dst, SIZE, &written, &error));
    EXPECT(want, zbatch_multi_decompress_to_buffer(decompressor, &view, 1, NULL, NULL, NULL, &out, &error));
    CHECK(zbatch_collection_size(out) == (want == ZBATCH_OK ? SIZE : 0));
    EXPECT(want, zbatch_multi_decompress_into(decompressor, &view, 1, &span, NULL, &written, NULL, &error));
    EXPECT(want, zbatch_multi_decompress_packed(decompressor, &view, 1, NULL, dst, SIZE, &place, NULL, NULL, &error));
    zbatch_collection_free(out);
    zbatch_decompressor_free(decompressor);
}

int main(void)
{
    unsigned char *text = prose(SIZE, 10), *silent = (unsigned char *)must_calloc(SIZE, 1);
    zbatch_view items[COUNT];
    zbatch_compressor *compressor;
    zbatch_decompressor *decompressor;
    zbatch_collection *compressed, *out;
    size_t written, bound;
    dst = (unsigned char *)must_calloc(COUNT, SIZE);
    for (size_t i = 0; i < COUNT; i++)
        items[i] = (zbatch_view){ text, SIZE - (i != 70) }; /* item 70 is the largest, by one */
    EXPECT(ZBATCH_OK, zbatch_compressor_new(NULL, NULL, &compressor, &error));
    EXPECT(ZBATCH_OK, zbatch_multi_compress_to_buffer(compressor, items, COUNT, NULL, NULL, &compressed, &error));
    memcpy(frames, zbatch_collection_views(compressed), sizeof frames);
    zbatch_compressor_free(compressor);

    const size_t total = COUNT * (SIZE - 1) + 1;
    check_batch(limited(0, 0, 0), ZBATCH_OK, 0);
    check_batch(limited(SIZE_MAX, SIZE_MAX, SIZE_MAX), ZBATCH_OK, 0);
    check_batch(limited(SIZE, total, 0), ZBATCH_OK, 0);
    check_batch(limited(SIZE - 1, 0, 0), ZBATCH_ERROR_LIMIT, 70);
    check_batch(limited(0, total - 1, 0), ZBATCH_ERROR_LIMIT, COUNT - 1);
    check_batch(limited(0, 3 * SIZE, 0), ZBATCH_ERROR_LIMIT, 3);
    check_batch(limited(0, 0, 1024), ZBATCH_ERROR_LIMIT, 0);

    /* One item obeys them too. */
    decompressor = limited(SIZE - 1, 0, 0);
    EXPECT(ZBATCH_ERROR_LIMIT, zbatch_decompress_bound(decompressor, frames[70].data, frames[70].size, &bound, &error));
    EXPECT(ZBATCH_ERROR_LIMIT,
           zbatch_decompress(decompressor, frames[70].data, frames[70].size, dst, SIZE, &written, &error));
    EXPECT(ZBATCH_OK, zbatch_decompress(decompressor, frames[0].data, frames[0].size, dst, SIZE, &written, &error));
    zbatch_decompressor_free(decompressor);

    /* Frames that keep their size to themselves are charged as they grow, in the order of the items. */
    zbatch_compressor_options quiet = { .struct_size = sizeof quiet, .omit_content_size = 1 };
    zbatch_view unknown[COUNT];
    EXPECT(ZBATCH_OK, zbatch_compressor_new(&quiet, NULL, &compressor, &error));
    EXPECT(ZBATCH_OK, zbatch_compress(compressor, text, SIZE, silent, SIZE, &written, &error));
    for (size_t i = 0; i < COUNT; i++)
        unknown[i] = (zbatch_view){ silent, written };
    for (int32_t threads = 1; threads <= 4; threads += 3) {
        zbatch_run_options run = { .struct_size = sizeof run, .threads = threads };
        zbatch_status status[COUNT];
        decompressor = limited(0, 7 * SIZE + 1, 0);
        EXPECT(ZBATCH_ERROR_LIMIT,
               zbatch_multi_decompress_to_buffer(decompressor, unknown, COUNT, NULL, &run, NULL, &out, &error));
        CHECK(error.item == 7);
        EXPECT(ZBATCH_PARTIAL,
               zbatch_multi_decompress_to_buffer(decompressor, unknown, COUNT, NULL, &run, status, &out, &error));
        for (size_t i = 0; i < COUNT; i++)
            CHECK(status[i] == (i < 7 ? ZBATCH_OK : ZBATCH_ERROR_LIMIT));
        CHECK(zbatch_collection_size(out) == 7 * SIZE);
        zbatch_collection_free(out);
        zbatch_decompressor_free(decompressor);

        decompressor = limited(SIZE - 1, 0, 0);
        EXPECT(ZBATCH_ERROR_LIMIT,
               zbatch_multi_decompress_to_buffer(decompressor, unknown, COUNT, NULL, &run, NULL, &out, &error));
        CHECK(error.item == 0);
        zbatch_decompressor_free(decompressor);

    }

    /* Nothing in front of a frame that does not record its size hides it from the limit of such items. */
    static const unsigned char front[][12] = {
        { 0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0, 'a', 'b', 'c', 'd' },              /* a skippable frame */
        { 0x28, 0xb5, 0x2f, 0xfd, 0x20, 0, 1, 0, 0 },                            /* one of no bytes, recorded */
    };
    static const size_t front_size[] = { 0, 9, 12 };
    unsigned char *behind = (unsigned char *)must_calloc(2 * SIZE, 1);
    for (size_t i = 0; i < 3; i++) {
        if (i != 0)
            memcpy(behind, front[2 - i], front_size[i]);
        memcpy(behind + front_size[i], silent, written);
        check_unsized(behind, front_size[i] + written, 0, 0, ZBATCH_OK);
        check_unsized(behind, front_size[i] + written, 0, SIZE, ZBATCH_OK);
        check_unsized(behind, front_size[i] + written, 0, SIZE - 1, ZBATCH_ERROR_LIMIT);
        check_unsized(behind, front_size[i] + written, SIZE - 1, SIZE, ZBATCH_ERROR_LIMIT);
        check_unsized(behind, front_size[i] + written, SIZE, SIZE - 1, ZBATCH_ERROR_LIMIT);
    }
    check_unsized(frames[70].data, frames[70].size, SIZE, 1, ZBATCH_OK); /* a size that is recorded is believed */
    free(behind);

    /* A frame with a window of 2^27 bytes, and one of 2^28: 0 means 128 MiB, and no more. */
    unsigned char wide[] = { 0x28, 0xb5, 0x2f, 0xfd, 0, (27 - 10) << 3, 3 << 3 | 1, 0, 0, 'a', 'b', 'c' };
    check_window(wide, sizeof wide, 0, ZBATCH_OK);
    check_window(wide, sizeof wide, ((size_t)1 << 27) - 1, ZBATCH_ERROR_LIMIT);
    wide[5] = (28 - 10) << 3;
    check_window(wide, sizeof wide, 0, ZBATCH_ERROR_LIMIT);
    check_window(wide, sizeof wide, (size_t)1 << 28, ZBATCH_OK);

    zbatch_compressor_free(compressor);
    zbatch_collection_free(compressed);
    free(silent);
    free(text);
    free(dst);
    return EXIT_SUCCESS;
}
