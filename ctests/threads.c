/* 64 threads on one compressor and one decompressor, each with batches of its own.  The first thread's are large: workers
 * are counted there, to prove that helpers come while everybody asks for them.  Another thread has a batch while it ends. */
#include "check.h"

#include <pthread.h>
#include <unistd.h>

enum { THREADS = 64, COUNT = 400, LARGE = 3000, ROUNDS = 6, PATIENCE = 1000 };

static uint32_t most_workers; /* of the first thread's batches, and its alone until it is joined */

static zbatch_compressor *compressor;
static zbatch_decompressor *decompressor;
static struct records records;
static zbatch_collection *expected;

static void *work(void *number)
{
    const size_t me = (size_t)(uintptr_t)number;
    /* A machine that is busy elsewhere may keep the helpers away for a while. */
    const size_t rounds = me == 0 && sysconf(_SC_NPROCESSORS_ONLN) > 1 ? PATIENCE : ROUNDS;
    for (size_t round = 0; round < ROUNDS || (round < rounds && most_workers < 2); round++) {
        zbatch_run_stats stats = { .struct_size = sizeof stats };
        zbatch_run_options run = { .struct_size = sizeof run, .threads = (int32_t)((me + round) % 4), .stats = &stats };
        zbatch_collection *frames, *back;
        const size_t first = (me + round) % (COUNT / 2), count = (me == 0 ? LARGE : COUNT) - first;
        if (me == 0)
            run.threads = 2;
        const zbatch_view *items = records.views + first;
        CHECK(zbatch_multi_compress_to_buffer(compressor, items, count, &run, NULL, &frames, NULL) == ZBATCH_OK);
        check_items(frames, zbatch_collection_views(expected) + first, count);
        if (me == 0 && stats.workers > most_workers)
            most_workers = stats.workers;
        CHECK(zbatch_multi_decompress_to_buffer(decompressor, zbatch_collection_views(frames), count, NULL, &run, NULL,
                                                &back, NULL) == ZBATCH_OK);
        check_items(back, items, count);
        zbatch_collection_free(back);
        zbatch_collection_free(frames);
    }
    return NULL;
}

static pthread_key_t at_end;

/* Runs at the end of a thread, where each key is destroyed that is set: put off to the second time, when the library's are gone. */
static void work_at_end(void *value)
{
    static int again;
    if (value != &again) {
        CHECK(pthread_setspecific(at_end, &again) == 0);
        return;
    }
    zbatch_run_options run = { .struct_size = sizeof run, .threads = 2 };
    zbatch_collection *frames;
    CHECK(zbatch_multi_compress_to_buffer(compressor, records.views, LARGE, &run, NULL, &frames, NULL) == ZBATCH_OK);
    check_items(frames, zbatch_collection_views(expected), LARGE);
    zbatch_collection_free(frames);
}

static void *work_and_end(void *number)
{
    CHECK(pthread_setspecific(at_end, &at_end) == 0);
    return work(number);
}

int main(void)
{
    pthread_t thread[THREADS];
    records = records_new(LARGE);
    EXPECT(ZBATCH_OK, zbatch_compressor_new(NULL, NULL, &compressor, &error));
    EXPECT(ZBATCH_OK, zbatch_decompressor_new(NULL, NULL, &decompressor, &error));
    zbatch_run_options alone = { .struct_size = sizeof alone, .threads = 1 };
    EXPECT(ZBATCH_OK,
           zbatch_multi_compress_to_buffer(compressor, records.views, LARGE, &alone, NULL, &expected, &error));

    for (size_t i = 0; i < THREADS; i++)
        CHECK(pthread_create(&thread[i], NULL, work, (void *)(uintptr_t)i) == 0);
    for (size_t i = 0; i < THREADS; i++)
        CHECK(pthread_join(thread[i], NULL) == 0);
    CHECK(pthread_key_create(&at_end, work_at_end) == 0);
    CHECK(pthread_create(&thread[0], NULL, work_and_end, (void *)(uintptr_t)2) == 0);
    CHECK(pthread_join(thread[0], NULL) == 0);
    CHECK(most_workers >= (sysconf(_SC_NPROCESSORS_ONLN) > 1 ? 2 : 1));

    zbatch_collection_free(expected);
    zbatch_decompressor_free(decompressor);
    zbatch_compressor_free(compressor);
    records_free(records);
    return EXIT_SUCCESS;
}
