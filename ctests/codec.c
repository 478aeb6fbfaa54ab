/* Batches there and back: levels, flags, sizes, and the same bytes and layout at every number of threads. */
#include "check.h"

int main(void)
{
    static const int32_t levels[] = { ZBATCH_LEVEL_MIN, -5, 0, 1, 6, 12 };
    static const int32_t threads[] = { 1, 2, 3, 8, 0, -1 };
    enum { COUNT = 400, SIZE = 1 << 17 };
    unsigned char *text = prose(SIZE, 3);
    zbatch_view items[COUNT];
    uint64_t seed = 4;
    for (size_t i = 0; i < COUNT; i++) {
        size_t size = random_number(&seed) % (i % 50 == 0 ? SIZE : i % 7 == 0 ? 1 : 3000);
        items[i] = (zbatch_view){ text + random_number(&seed) % (SIZE - size), size };
    }
    items[COUNT - 1].size = 0; /* a trailing empty item is an item */

    zbatch_decompressor *decompressor;
    EXPECT(ZBATCH_OK, zbatch_decompressor_new(NULL, NULL, &decompressor, &error));
    for (size_t l = 0; l < sizeof levels / sizeof *levels; l++) {
        zbatch_compressor_options options = { .struct_size = sizeof options,
                                              .level = levels[l],
                                              .write_checksum = (int32_t)(l & 1),
                                              .omit_content_size = (int32_t)(l >> 1 & 1) };
        zbatch_compressor *compressor;
        zbatch_collection *first = NULL, *frames, *back;
        EXPECT(ZBATCH_OK, zbatch_compressor_new(&options, NULL, &compressor, &error));
        for (size_t t = 0; t < sizeof threads / sizeof *threads; t++) {
            zbatch_run_stats stats = { .struct_size = sizeof stats };
            zbatch_run_options run = { .struct_size = sizeof run, .threads = threads[t], .stats = &stats };
            if (l == 2)
                run.flags = ZBATCH_RUN_VERIFY;
            EXPECT(ZBATCH_OK, zbatch_multi_compress_to_buffer(compressor, items, COUNT, &run, NULL, &frames, &error));
            CHECK(stats.items == COUNT && stats.bytes_out == zbatch_collection_size(frames));
            CHECK(stats.workers >= 1 && stats.codec_nanoseconds > 0);
            CHECK(threads[t] <= 0 || stats.workers <= (uint32_t)threads[t]);

            run.flags = 0;
            EXPECT(ZBATCH_OK,
                   zbatch_multi_decompress_to_buffer(decompressor, zbatch_collection_views(frames), COUNT, NULL, &run,
                                                     NULL, &back, &error));
            check_items(back, items, COUNT);
            zbatch_collection_free(back);

            if (first == NULL) {
                first = frames;
                continue;
            }
            check_items(frames, zbatch_collection_views(first), COUNT);
            CHECK(zbatch_collection_buffer_count(frames) == zbatch_collection_buffer_count(first));
            for (size_t i = 0; i < COUNT; i++) {
                zbatch_segment a, b;
                EXPECT(ZBATCH_OK, zbatch_collection_segment_at(frames, i, &a, &error));
                EXPECT(ZBATCH_OK, zbatch_collection_segment_at(first, i, &b, &error));
                CHECK(a.offset == b.offset && a.length == b.length);
            }
            zbatch_collection_free(frames);
        }

        /* A batch gives the frames that one-item calls give. */
        unsigned char *frame = (unsigned char *)must_calloc(zbatch_compress_bound(SIZE), 1);
        for (size_t i = 0; i < COUNT; i += 37) {
            zbatch_view one = { frame, 0 };
            EXPECT(ZBATCH_OK, zbatch_compress(compressor, items[i].data, items[i].size, frame,
                                              zbatch_compress_bound(SIZE), &one.size, &error));
            CHECK(same_bytes(one, zbatch_collection_views(first)[i]));
        }
        free(frame);
        zbatch_collection_free(first);
        zbatch_compressor_free(compressor);
    }

    /* An empty batch is a batch. */
    zbatch_compressor *compressor;
    zbatch_collection *none;
    EXPECT(ZBATCH_OK, zbatch_compressor_new(NULL, NULL, &compressor, &error));
    EXPECT(ZBATCH_OK, zbatch_multi_compress_to_buffer(compressor, NULL, 0, NULL, NULL, &none, &error));
    CHECK(none != NULL && zbatch_collection_len(none) == 0);
    zbatch_collection_free(none);
    EXPECT(ZBATCH_OK, zbatch_multi_decompress_to_buffer(decompressor, NULL, 0, NULL, NULL, NULL, &none, &error));
    CHECK(none != NULL && zbatch_collection_len(none) == 0);
    zbatch_collection_free(none);

    zbatch_compressor_free(compressor);
    zbatch_decompressor_free(decompressor);
    free(text);
    return EXIT_SUCCESS;
}
