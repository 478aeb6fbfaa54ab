/* 64 threads on one compressor and one decompressor, each with batches of its own. */
#include "check.h"

#include <pthread.h>

enum { THREADS = 64, COUNT = 400, ROUNDS = 6 };

static zbatch_compressor *compressor;
static zbatch_decompressor *decompressor;
static struct records records;
static zbatch_collection *expected;

static void *work(void *number)
{
    const size_t me = (size_t)(uintptr_t)number;
    for (size_t round = 0; round < ROUNDS; round++) {
        zbatch_run_options run = { .struct_size = sizeof run, .threads = (int32_t)((me + round) % 4) };
        zbatch_collection *frames, *back;
        const size_t first = (me + round) % (COUNT / 2), count = COUNT - first;
        const zbatch_view *items = records.views + first;
        CHECK(zbatch_multi_compress_to_buffer(compressor, items, count, &run, NULL, &frames, NULL) == ZBATCH_OK);
        check_items(frames, zbatch_collection_views(expected) + first, count);
        CHECK(zbatch_multi_decompress_to_buffer(decompressor, zbatch_collection_views(frames), count, NULL, &run, NULL,
                                                &back, NULL) == ZBATCH_OK);
        check_items(back, items, count);
        zbatch_collection_free(back);
        zbatch_collection_free(frames);
    }
    return NULL;
}

int main(void)
{
    pthread_t thread[THREADS];
    records = records_new(COUNT);
    EXPECT(ZBATCH_OK, zbatch_compressor_new(NULL, NULL, &compressor, &error));
    EXPECT(ZBATCH_OK, zbatch_decompressor_new(NULL, NULL, &decompressor, &error));
    zbatch_run_options alone = { .struct_size = sizeof alone, .threads = 1 };
    EXPECT(ZBATCH_OK,
           zbatch_multi_compress_to_buffer(compressor, records.views, COUNT, &alone, NULL, &expected, &error));

    for (size_t i = 0; i < THREADS; i++)
        CHECK(pthread_create(&thread[i], NULL, work, (void *)(uintptr_t)i) == 0);
    for (size_t i = 0; i < THREADS; i++)
        CHECK(pthread_join(thread[i], NULL) == 0);

    zbatch_collection_free(expected);
    zbatch_decompressor_free(decompressor);
    zbatch_compressor_free(compressor);
    records_free(records);
    return EXIT_SUCCESS;
}
