/* A large batch is really worked on by two threads, and never by more than were allowed. */
#include "check.h"

#include <sched.h>

int main(void)
{
    cpu_set_t cpus;
    CHECK(sched_getaffinity(0, sizeof cpus, &cpus) == 0);
    if (CPU_COUNT(&cpus) < 2) {
        fprintf(stderr, "this process may use one CPU\n");
        return SKIPPED;
    }

    enum { COUNT = 400, SIZE = 1 << 17 };
    unsigned char *text = prose(SIZE, 7);
    zbatch_view items[COUNT];
    for (size_t i = 0; i < COUNT; i++)
        items[i] = (zbatch_view){ text, SIZE };
    zbatch_compressor *compressor;
    zbatch_decompressor *decompressor;
    zbatch_collection *frames, *back;
    EXPECT(ZBATCH_OK, zbatch_compressor_new(NULL, NULL, &compressor, &error));
    EXPECT(ZBATCH_OK, zbatch_decompressor_new(NULL, NULL, &decompressor, &error));

    static const int32_t threads[] = { 2, -1, 1 };
    for (size_t t = 0; t < 3; t++) {
        zbatch_run_stats stats;
        zbatch_run_stats_init(&stats, sizeof stats);
        zbatch_run_options run = { .struct_size = sizeof run, .threads = threads[t], .stats = &stats };
        EXPECT(ZBATCH_OK, zbatch_multi_compress_to_buffer(compressor, items, COUNT, &run, NULL, &frames, &error));
        CHECK(threads[t] == 1 ? stats.workers == 1 : stats.workers >= 2);
        CHECK(threads[t] != 2 || stats.workers == 2);
        CHECK(stats.items == COUNT && stats.bytes_in == (uint64_t)COUNT * SIZE);
        EXPECT(ZBATCH_OK, zbatch_multi_decompress_to_buffer(decompressor, zbatch_collection_views(frames), COUNT, NULL,
                                                            &run, NULL, &back, &error));
        CHECK(threads[t] == 1 ? stats.workers == 1 : stats.workers >= 2);
        CHECK(stats.bytes_out == (uint64_t)COUNT * SIZE);
        zbatch_collection_free(back);
        zbatch_collection_free(frames);
    }
    zbatch_decompressor_free(decompressor);
    zbatch_compressor_free(compressor);
    free(text);
    return EXIT_SUCCESS;
}
