/* Two phases: ask for the sizes, allocate once, decompress back to back into that block. */
#include "check.h"

int main(void)
{
    enum { COUNT = 20000 };
    struct records r = records_new(COUNT);
    zbatch_compressor *compressor;
    zbatch_decompressor *decompressor;
    zbatch_collection *frames;
    EXPECT(ZBATCH_OK, zbatch_compressor_new(NULL, NULL, &compressor, &error));
    EXPECT(ZBATCH_OK, zbatch_decompressor_new(NULL, NULL, &decompressor, &error));
    EXPECT(ZBATCH_OK, zbatch_multi_compress_to_buffer(compressor, r.views, COUNT, NULL, NULL, &frames, &error));
    zbatch_view *views = (zbatch_view *)must_calloc(COUNT, sizeof *views);
    memcpy(views, zbatch_collection_views(frames), COUNT * sizeof *views);

    uint64_t *sizes = (uint64_t *)must_calloc(COUNT, sizeof *sizes), total, sum = 0;
    EXPECT(ZBATCH_OK, zbatch_decompressed_sizes(decompressor, views, COUNT, sizes, &total, NULL, &error));
    for (size_t i = 0; i < COUNT; i++) {
        CHECK(sizes[i] == r.views[i].size);
        sum += sizes[i];
    }
    CHECK(total == sum);

    unsigned char *block = (unsigned char *)must_calloc(total, 1);
    zbatch_segment *places = (zbatch_segment *)must_calloc(COUNT, sizeof *places);
    zbatch_status *status = (zbatch_status *)must_calloc(COUNT, sizeof *status);
    for (int known = 0; known < 2; known++) {
        memset(block, 0xff, total);
        EXPECT(ZBATCH_OK, zbatch_multi_decompress_packed(decompressor, views, COUNT, known ? sizes : NULL, block, total,
                                                         places, NULL, NULL, &error));
        uint64_t end = 0;
        for (size_t i = 0; i < COUNT; i++) {
            CHECK(places[i].offset == end && places[i].length == sizes[i]);
            CHECK(memcmp(block + end, r.views[i].data, sizes[i]) == 0);
            end += places[i].length;
        }
    }
    EXPECT(ZBATCH_ERROR_DST_TOO_SMALL, zbatch_multi_decompress_packed(decompressor, views, COUNT, NULL, block, total - 1,
                                                                      places, NULL, NULL, &error));
    CHECK(places[0].length == 0);
    /* A block that cannot be is no item's fault. */
    EXPECT(ZBATCH_ERROR_INVALID_ARGUMENT, zbatch_multi_decompress_packed(decompressor, views, COUNT, NULL, block, SIZE_MAX,
                                                                         places, NULL, NULL, &error));
    CHECK(error.item == ZBATCH_NO_ITEM && strstr(error.message, "larger than memory") != NULL);

    /* A bad one has no size, */
    const size_t good = views[5].size;
    views[5].size = 5;
    EXPECT(ZBATCH_ERROR_TRUNCATED, zbatch_decompressed_sizes(decompressor, views, COUNT, sizes, &total, NULL, &error));
    CHECK(error.item == 5 && total == 0 && sizes[4] == 0);
    status[4] = status[5] = 99;
    EXPECT(ZBATCH_PARTIAL, zbatch_decompressed_sizes(decompressor, views, COUNT, sizes, &total, status, &error));
    CHECK(error.item == 5 && error.status == ZBATCH_ERROR_TRUNCATED && status[5] == ZBATCH_ERROR_TRUNCATED);
    CHECK(sizes[5] == 0 && sizes[4] == r.views[4].size && sizes[6] == r.views[6].size && status[4] == ZBATCH_OK);
    CHECK(total == sum - r.views[5].size);
    EXPECT(ZBATCH_PARTIAL, zbatch_multi_decompress_packed(decompressor, views, COUNT, NULL, block, total, places, NULL,
                                                          status, &error));
    views[5].size = good;
    total = sum;
    sizes[5] = r.views[5].size;

    /* leaves zeros, and the others where they are. */
    unsigned char *bad = (unsigned char *)must_calloc(views[5].size, 1);
    memcpy(bad, views[5].data, views[5].size);
    bad[views[5].size - 1] ^= 0x55;
    views[5].data = bad;
    views[5].size -= 1;
    memset(block, 0xff, total);
    EXPECT(ZBATCH_PARTIAL, zbatch_multi_decompress_packed(decompressor, views, COUNT, sizes, block, total, places, NULL,
                                                          status, &error));
    CHECK(error.item == 5 && status[5] == ZBATCH_ERROR_TRUNCATED && status[6] == ZBATCH_OK && places[5].length == 0);
    CHECK(memcmp(block + places[6].offset, r.views[6].data, sizes[6]) == 0);
    for (uint64_t at = places[4].offset + places[4].length; at < places[6].offset; at++)
        CHECK(block[at] == 0);
    free(bad);

    /* A frame that does not tell its size: unknown in the sum, and decoded all the same. */
    zbatch_compressor_options quiet = { .struct_size = sizeof quiet, .omit_content_size = 1 };
    unsigned char silent[256];
    zbatch_compressor_free(compressor);
    EXPECT(ZBATCH_OK, zbatch_compressor_new(&quiet, NULL, &compressor, &error));
    views[5].data = silent;
    EXPECT(ZBATCH_OK, zbatch_compress(compressor, r.views[5].data, r.views[5].size, silent, sizeof silent,
                                      &views[5].size, &error));
    EXPECT(ZBATCH_OK, zbatch_decompressed_sizes(decompressor, views, COUNT, sizes, &total, NULL, &error));
    CHECK(total == ZBATCH_CONTENTSIZE_UNKNOWN && sizes[5] == ZBATCH_CONTENTSIZE_UNKNOWN && sizes[4] != sizes[5]);
    for (int known = 0; known < 2; known++) {
        memset(block, 0xff, sum);
        sizes[5] = known ? r.views[5].size : 0;
        EXPECT(ZBATCH_OK, zbatch_multi_decompress_packed(decompressor, views, COUNT, sizes, block, sum, places, NULL,
                                                         NULL, &error));
        for (size_t i = 0; i < COUNT; i++)
            CHECK(same_bytes((zbatch_view){ block + places[i].offset, places[i].length }, r.views[i]));
    }

    free(status);
    free(places);
    free(block);
    free(sizes);
    free(views);
    zbatch_collection_free(frames);
    zbatch_decompressor_free(decompressor);
    zbatch_compressor_free(compressor);
    records_free(r);
    return EXIT_SUCCESS;
}
