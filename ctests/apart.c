/* Outputs that overlap each other or what is read are refused, wherever two of them come in one call; neighbours are not. */
#include "check.h"

enum { COUNT = 4, SIZE = 64 };

static char content[COUNT][SIZE];
static unsigned char memory[4096];
static zbatch_view items[COUNT], frames[COUNT];
static zbatch_segment segments[COUNT];
static zbatch_status status[COUNT];
static uint64_t sizes[COUNT];

#define REFUSED(call) EXPECT(ZBATCH_ERROR_INVALID_ARGUMENT, call)

int main(void)
{
    zbatch_compressor *compressor;
    zbatch_decompressor *decompressor;
    zbatch_collection *made;
    zbatch_dict *dict;
    size_t written, size;
    for (size_t i = 0; i < COUNT; i++) {
        memset(content[i], 'a' + (int)i, SIZE);
        items[i] = (zbatch_view){ content[i], SIZE };
        sizes[i] = SIZE;
    }
    EXPECT(ZBATCH_OK, zbatch_compressor_new(NULL, NULL, &compressor, &error));
    EXPECT(ZBATCH_OK, zbatch_decompressor_new(NULL, NULL, &decompressor, &error));

    /* One item. */
    unsigned char *const frame = memory + 2048;
    EXPECT(ZBATCH_OK, zbatch_compress(compressor, content[0], SIZE, frame, 1024, &size, &error));
    REFUSED(zbatch_compress(compressor, frame, size, frame, 1024, &written, &error));
    CHECK(written == 0);
    REFUSED(zbatch_compress(compressor, frame, size, frame + size - 1, 1024, &written, &error));
    REFUSED(zbatch_compress(compressor, content[0], SIZE, &written, sizeof written, &written, &error));
    REFUSED(zbatch_decompress(decompressor, frame, size, frame, SIZE, &written, &error));
    CHECK(error.item == ZBATCH_NO_ITEM && strstr(error.message, "overlaps") != NULL);
    REFUSED(zbatch_decompress(decompressor, frame, size, frame - SIZE + 1, SIZE, &written, &error));
    REFUSED(zbatch_decompress(decompressor, frame, size, &written, sizeof written, &written, &error));
    EXPECT(ZBATCH_OK, zbatch_decompress(decompressor, frame, size, frame - SIZE, SIZE, &written, &error));
    EXPECT(ZBATCH_OK, zbatch_decompress(decompressor, frame, size, frame + size, SIZE, &written, &error));
    CHECK(written == SIZE && memcmp(frame + size, content[0], SIZE) == 0);

    /* The statuses of a batch: over an input, the views, the sizes. */
    REFUSED(zbatch_multi_compress_to_buffer(compressor, items, COUNT, NULL, (zbatch_status *)(void *)content[2], &made,
                                            &error));
    CHECK(error.item == 2 && made == NULL);
    zbatch_view views[COUNT];
    memcpy(views, items, sizeof views);
    REFUSED(zbatch_multi_compress_to_buffer(compressor, views, COUNT, NULL, (zbatch_status *)(void *)&views[3], &made,
                                            &error));
    memcpy(views, items, sizeof views);
    REFUSED(zbatch_multi_compress_trained(NULL, NULL, views, COUNT, NULL, (zbatch_status *)(void *)&views[1], &dict,
                                          &made, &error));
    memset(content[2], 'c', SIZE);
    EXPECT(ZBATCH_OK, zbatch_multi_compress_to_buffer(compressor, items, COUNT, NULL, status, &made, &error));
    memcpy(frames, zbatch_collection_views(made), sizeof frames);
    zbatch_collection *none;
    uint64_t wanted[COUNT] = { 0 };
    REFUSED(zbatch_multi_decompress_to_buffer(decompressor, frames, COUNT, wanted, NULL,
                                              (zbatch_status *)(void *)wanted, &none, &error));
    REFUSED(zbatch_multi_decompress_trained(NULL, NULL, frames, COUNT, wanted, NULL, (zbatch_status *)(void *)wanted,
                                            &none, &error));

    /* Packed: the table in the block, at its start and at its end; the statuses in either. */
    zbatch_segment *const inside = (zbatch_segment *)(void *)memory;
    REFUSED(zbatch_multi_decompress_packed(decompressor, frames, COUNT, NULL, memory, 1024, inside, NULL, NULL, &error));
    REFUSED(zbatch_multi_decompress_packed(decompressor, frames, COUNT, sizes, memory, COUNT * SIZE,
                                           inside + COUNT * SIZE / sizeof *inside - 1, NULL, NULL, &error));
    REFUSED(zbatch_multi_decompress_packed(decompressor, frames, COUNT, NULL, memory, 1024, segments, NULL,
                                           (zbatch_status *)(void *)memory, &error));
    REFUSED(zbatch_multi_decompress_packed(decompressor, frames, COUNT, NULL, memory, 1024, segments, NULL,
                                           (zbatch_status *)(void *)segments, &error));
    EXPECT(ZBATCH_OK, zbatch_multi_decompress_packed(decompressor, frames, COUNT, NULL, memory, COUNT * SIZE,
                                                     inside + COUNT * SIZE / sizeof *inside, NULL, NULL, &error));
    CHECK(memcmp(memory, content, sizeof content) == 0);

    /* Spans: what tells of them, and where they are told. */
    zbatch_span spans[COUNT];
    for (size_t i = 0; i < COUNT; i++)
        spans[i] = (zbatch_span){ memory + i * SIZE, SIZE };
    size_t *const counts = (size_t *)(void *)(memory + 2 * SIZE);
    REFUSED(zbatch_multi_decompress_into(decompressor, frames, COUNT, spans, NULL, counts, NULL, &error));
    CHECK(error.item == 2);
    REFUSED(zbatch_multi_decompress_into(decompressor, frames, COUNT, spans, NULL, NULL,
                                         (zbatch_status *)(void *)counts, &error));
    REFUSED(zbatch_multi_decompress_into(decompressor, frames, COUNT, spans, NULL, counts + 256,
                                         (zbatch_status *)(void *)(counts + 256), &error));
    spans[3].data = views;
    memcpy(views, frames, sizeof views);
    REFUSED(zbatch_multi_decompress_into(decompressor, views, COUNT, spans, NULL, NULL, NULL, &error));
    CHECK(error.item == 3);
    spans[3] = (zbatch_span){ spans, sizeof spans };
    REFUSED(zbatch_multi_decompress_into(decompressor, frames, COUNT, spans, NULL, NULL, NULL, &error));
    spans[3] = (zbatch_span){ memory + 3 * SIZE, SIZE };
    EXPECT(ZBATCH_OK, zbatch_multi_decompress_into(decompressor, frames, COUNT, spans, NULL,
                                                   (size_t *)(void *)(memory + COUNT * SIZE), status, &error));
    CHECK(memcmp(memory, content, sizeof content) == 0);

    zbatch_collection_free(made);
    zbatch_decompressor_free(decompressor);
    zbatch_compressor_free(compressor);
    return EXIT_SUCCESS;
}
