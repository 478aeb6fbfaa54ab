/* zbatch_decompressor: one item and batches, known and unknown sizes, several frames, the flags. */
#include "check.h"

enum { SIZE = 50000, ROOM = 4 * SIZE };

static size_t compress(const zbatch_compressor_options *options, const void *data, size_t size, unsigned char *dst)
{
    zbatch_compressor *compressor;
    size_t written;
    EXPECT(ZBATCH_OK, zbatch_compressor_new(options, NULL, &compressor, &error));
    EXPECT(ZBATCH_OK, zbatch_compress(compressor, data, size, dst, ROOM, &written, &error));
    zbatch_compressor_free(compressor);
    return written;
}

/* One item through the batch call: its content, or the status that it fails with. */
static void batch(const zbatch_decompressor *decompressor, const void *data, size_t size, zbatch_status want,
                  zbatch_view content)
{
    zbatch_view item = { data, size };
    zbatch_collection *out;
    EXPECT(want, zbatch_multi_decompress_to_buffer(decompressor, &item, 1, NULL, NULL, NULL, &out, &error));
    if (want == ZBATCH_OK)
        check_items(out, &content, 1);
    else
        CHECK(out == NULL && error.item == 0 && error.status == want);
    zbatch_collection_free(out);
}

/* Spans that overlap each other or an input, and blocks that overlap one, are refused; neighbours and empty ones are not. */
static void check_apart(zbatch_decompressor *decompressor, const unsigned char *text)
{
    enum { COUNT = 5, SIZE = 100 };
    static unsigned char memory[COUNT * SIZE + 200];
    static const struct {
        size_t at[COUNT];
        zbatch_status want;
        size_t item;
    } rows[] = {
        { { 0, 1 * SIZE, 2 * SIZE, 3 * SIZE, 4 * SIZE }, ZBATCH_OK, 0 },
        { { 4 * SIZE, 1 * SIZE, 3 * SIZE, 0, 2 * SIZE }, ZBATCH_OK, 0 },
        { { 0, 1 * SIZE, 2 * SIZE, 3 * SIZE, 3 * SIZE + SIZE - 1 }, ZBATCH_ERROR_INVALID_ARGUMENT, 4 },
        { { 4 * SIZE, 1 * SIZE, 1 * SIZE + 1, 0, 3 * SIZE }, ZBATCH_ERROR_INVALID_ARGUMENT, 2 },
        { { 0, 0, 0, 0, 0 }, ZBATCH_ERROR_INVALID_ARGUMENT, 1 },
        { { 0, 1 * SIZE, 2 * SIZE, 3 * SIZE, 4 * SIZE + 1 }, ZBATCH_ERROR_INVALID_ARGUMENT, 2 }, /* where item 2 is */
    };
    zbatch_compressor_options options = { .struct_size = sizeof options };
    static unsigned char frame[ROOM];
    unsigned char *inside = memory + COUNT * SIZE;
    size_t size = compress(&options, text, SIZE, frame), written[COUNT];
    CHECK(size <= 200);
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
        zbatch_view items[COUNT];
        zbatch_span spans[COUNT];
        zbatch_status status[COUNT];
        memcpy(inside, frame, size);
        for (size_t i = 0; i < COUNT; i++) {
            items[i] = (zbatch_view){ i == 2 ? inside : frame, size };
            spans[i] = (zbatch_span){ memory + rows[r].at[i], SIZE };
        }
        EXPECT(rows[r].want, zbatch_multi_decompress_into(decompressor, items, COUNT, spans, NULL, written, status, &error));
        for (size_t i = 0; i < COUNT; i++)
            CHECK(status[i] == rows[r].want && written[i] == (rows[r].want == ZBATCH_OK ? SIZE : 0));
        if (rows[r].want != ZBATCH_OK) {
            CHECK(error.item == rows[r].item);
            continue;
        }
        for (size_t i = 0; i < COUNT; i++)
            CHECK(memcmp(spans[i].data, text, SIZE) == 0);
    }
    zbatch_view items[] = { { frame, size }, { inside, size }, { NULL, 0 } };
    zbatch_span none[] = { { memory, SIZE }, { NULL, 0 }, { memory + 1, 0 } };
    zbatch_segment places[2];
    EXPECT(ZBATCH_ERROR_DST_TOO_SMALL,
           zbatch_multi_decompress_into(decompressor, items, 3, none, NULL, written, NULL, &error));
    EXPECT(ZBATCH_OK, zbatch_multi_decompress_packed(decompressor, items, 2, NULL, memory, COUNT * SIZE, places, NULL, NULL,
                                                     &error));
    EXPECT(ZBATCH_ERROR_INVALID_ARGUMENT, zbatch_multi_decompress_packed(decompressor, items, 2, NULL, memory,
                                                                         COUNT * SIZE + 1, places, NULL, NULL, &error));
    CHECK(error.item == 1);
}

int main(void)
{
    static unsigned char frames[ROOM], out[ROOM];
    static const unsigned char skippable[] = { 0x53, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 'a', 'b', 'c' };
    unsigned char *text = prose(SIZE, 2);
    zbatch_view whole = { text, SIZE };
    zbatch_compressor_options options = { .struct_size = sizeof options };
    zbatch_decompressor *decompressor;
    size_t written, bound;
    EXPECT(ZBATCH_OK, zbatch_decompressor_new(NULL, NULL, &decompressor, &error));

    /* The size recorded, and not. */
    size_t size = compress(&options, text, SIZE, frames);
    EXPECT(ZBATCH_OK, zbatch_decompress_bound(decompressor, frames, size, &bound, &error));
    CHECK(bound == SIZE);
    EXPECT(ZBATCH_OK, zbatch_decompress(decompressor, frames, size, out, bound, &written, &error));
    CHECK(written == SIZE && memcmp(out, text, SIZE) == 0);
    EXPECT(ZBATCH_ERROR_DST_TOO_SMALL, zbatch_decompress(decompressor, frames, size, out, SIZE - 1, &written, &error));
    CHECK(written == 0);
    batch(decompressor, frames, size, ZBATCH_OK, whole);
    options.omit_content_size = 1;
    size = compress(&options, text, SIZE, frames);
    EXPECT(ZBATCH_OK, zbatch_decompress_bound(decompressor, frames, size, &bound, &error));
    CHECK(bound >= SIZE);
    batch(decompressor, frames, size, ZBATCH_OK, whole);

    /* The caller knows the size, or believes so. */
    zbatch_view item = { frames, size };
    zbatch_collection *collection;
    uint64_t known = SIZE;
    EXPECT(ZBATCH_OK,
           zbatch_multi_decompress_to_buffer(decompressor, &item, 1, &known, NULL, NULL, &collection, &error));
    check_items(collection, &whole, 1);
    zbatch_collection_free(collection);
    for (known = SIZE - 1; known <= SIZE + 1; known += 2)
        EXPECT(ZBATCH_ERROR_SIZE_MISMATCH,
               zbatch_multi_decompress_to_buffer(decompressor, &item, 1, &known, NULL, NULL, &collection, &error));

    /* Several frames, with and without a recorded size, and skippable ones before, between and after. */
    options.omit_content_size = 0;
    size_t at = 0;
    for (int part = 0; part < 3; part++) {
        memcpy(frames + at, skippable, sizeof skippable);
        at += sizeof skippable;
        options.omit_content_size = part == 1;
        at += compress(&options, text + part * (SIZE / 4), SIZE / 4, frames + at);
    }
    memcpy(frames + at, skippable, sizeof skippable);
    at += sizeof skippable;
    batch(decompressor, frames, at, ZBATCH_OK, (zbatch_view){ text, 3 * (SIZE / 4) });
    batch(decompressor, skippable, sizeof skippable, ZBATCH_OK, (zbatch_view){ NULL, 0 });

    check_apart(decompressor, text);

    /* What follows the last frame, and an end in the middle of one. */
    memcpy(frames + at, "tail", 4);
    batch(decompressor, frames, at + 4, ZBATCH_ERROR_EXTRA_DATA, whole);
    batch(decompressor, frames, at - 1, ZBATCH_ERROR_TRUNCATED, whole);
    batch(decompressor, frames, 0, ZBATCH_ERROR_TRUNCATED, whole);
    batch(decompressor, "not a frame", 11, ZBATCH_ERROR_NOT_A_FRAME, whole);
    EXPECT(ZBATCH_ERROR_EXTRA_DATA, zbatch_decompress(decompressor, frames, at + 4, out, ROOM, &written, &error));
    zbatch_decompressor_free(decompressor);

    zbatch_decompressor_options lenient = { .struct_size = sizeof lenient, .allow_extra_data = 1 };
    EXPECT(ZBATCH_OK, zbatch_decompressor_new(&lenient, NULL, &decompressor, &error));
    batch(decompressor, frames, at + 4, ZBATCH_OK, (zbatch_view){ text, 3 * (SIZE / 4) });
    zbatch_decompressor_free(decompressor);

    lenient.single_frame = 1;
    EXPECT(ZBATCH_OK, zbatch_decompressor_new(&lenient, NULL, &decompressor, &error));
    size = compress(&options, text, 1000, frames);
    size += compress(&options, text, 1000, frames + size);
    batch(decompressor, frames, size, ZBATCH_OK, (zbatch_view){ text, 1000 });
    zbatch_decompressor_free(decompressor);

    /* A checksum: verified when there, and refused when asked for and missing. */
    zbatch_decompressor_options strict = { .struct_size = sizeof strict, .require_checksum = 1 };
    EXPECT(ZBATCH_OK, zbatch_decompressor_new(&strict, NULL, &decompressor, &error));
    batch(decompressor, frames, size, ZBATCH_ERROR_CHECKSUM, whole);
    options.write_checksum = 1;
    size = compress(&options, text, SIZE, frames);
    batch(decompressor, frames, size, ZBATCH_OK, whole);
    frames[size - 1] ^= 1;
    batch(decompressor, frames, size, ZBATCH_ERROR_CHECKSUM, whole);
    CHECK(zbatch_decompressor_memory_size(decompressor) > 0);
    zbatch_decompressor_free(decompressor);

    size_t memory;
    EXPECT(ZBATCH_OK, zbatch_decompressor_options_memory_size(NULL, &memory, &error));
    CHECK(memory > 10000 && memory < 1000000);
    EXPECT(ZBATCH_OK, zbatch_decompressor_options_memory_size(&strict, &memory, &error));
    strict.format = 7;
    EXPECT(ZBATCH_ERROR_UNSUPPORTED, zbatch_decompressor_options_memory_size(&strict, &memory, &error));
    CHECK(memory == 0);

    /* Magicless frames, one and several. */
    zbatch_decompressor_options bare = { .struct_size = sizeof bare, .format = ZBATCH_FORMAT_ZSTD1_MAGICLESS };
    EXPECT(ZBATCH_OK, zbatch_decompressor_new(&bare, NULL, &decompressor, &error));
    options.format = ZBATCH_FORMAT_ZSTD1_MAGICLESS;
    size = compress(&options, text, SIZE / 2, frames);
    size += compress(&options, text + SIZE / 2, SIZE / 2, frames + size);
    batch(decompressor, frames, size, ZBATCH_OK, whole);
    zbatch_decompressor_free(decompressor);
    free(text);
    return EXIT_SUCCESS;
}
