/* How long a batch would take: more for more work and stronger levels, less for more threads, and no longer looked for than
 * needed.  What a machine really takes is not asked here. */
#include "check.h"

enum { COUNT = 100, SIZE = 1 << 16 };
static const uint64_t MILLISECOND = 1000000, HOUR = UINT64_C(3600000000000);

static zbatch_view items[COUNT];

static zbatch_compressor *compressor_of(int32_t level)
{
    zbatch_compressor_options options = { .struct_size = sizeof options, .level = level };
    zbatch_compressor *compressor;
    EXPECT(ZBATCH_OK, zbatch_compressor_new(&options, NULL, &compressor, &error));
    return compressor;
}

static uint64_t estimate(const zbatch_compressor *compressor, const zbatch_view *views, size_t count, int32_t threads,
                         uint64_t enough)
{
    uint64_t nanoseconds = 77;
    EXPECT(ZBATCH_OK, zbatch_compressor_estimate(compressor, views, count, threads, enough, &nanoseconds, &error));
    return nanoseconds;
}

static uint64_t estimate_back(const zbatch_decompressor *decompressor, const zbatch_view *views, size_t count,
                              int32_t threads, uint64_t enough)
{
    uint64_t nanoseconds = 77;
    EXPECT(ZBATCH_OK, zbatch_decompressor_estimate(decompressor, views, count, threads, enough, &nanoseconds, &error));
    return nanoseconds;
}

static void check_compressing(void)
{
    static const int32_t levels[] = { -50, -5, 1, 3, 5, 9, 13, 19 };
    uint64_t before = 0;
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
        zbatch_compressor *compressor = compressor_of(levels[i]);
        uint64_t now = estimate(compressor, items, COUNT, 1, UINT64_MAX);
        CHECK(now > before);
        before = now;
        zbatch_compressor_free(compressor);
    }
    /* Six megabytes at level 19 take seconds, at any rate more than a tenth of one. */
    CHECK(before > 100 * MILLISECOND && before < HOUR);

    zbatch_compressor *compressor = compressor_of(3);
    CHECK(estimate(compressor, NULL, 0, 1, UINT64_MAX) == 0);
    uint64_t one = estimate(compressor, items, 1, 1, UINT64_MAX), all = estimate(compressor, items, COUNT, 1, UINT64_MAX);
    CHECK(one > 0 && one < 100 * MILLISECOND && all == COUNT * one);
    /* One item is one thread's; several are shared, by no more threads than there are CPUs. */
    CHECK(estimate(compressor, items, 1, -1, UINT64_MAX) == one);
    const uint64_t shared = estimate(compressor, items, COUNT, -1, UINT64_MAX);
    CHECK(shared <= all && shared >= one && estimate(compressor, items, COUNT, 0, UINT64_MAX) == shared);
    CHECK(estimate(compressor, items, COUNT, INT32_MAX, UINT64_MAX) == shared);

    /* Sizes are all that is looked at: no byte is where this points, and there is not that much. */
    zbatch_view vast = { (const void *)(uintptr_t)4096, PTRDIFF_MAX };
    CHECK(estimate(compressor, &vast, 1, 1, UINT64_MAX) > 1000 * MILLISECOND);

    /* What comes after enough is not looked at; before it, bytes at no address are the caller's mistake. */
    zbatch_view nowhere[3] = { items[0], items[1], { NULL, 1 } };
    uint64_t nanoseconds = 77;
    CHECK(estimate(compressor, nowhere, 3, 1, 2 * one) >= 2 * one);
    CHECK(estimate(compressor, items, COUNT, 1, 0) == all);
    EXPECT(ZBATCH_ERROR_INVALID_ARGUMENT,
           zbatch_compressor_estimate(compressor, nowhere, 3, 1, 0, &nanoseconds, &error));
    EXPECT(ZBATCH_ERROR_INVALID_ARGUMENT,
           zbatch_compressor_estimate(compressor, nowhere, 3, 1, UINT64_MAX, &nanoseconds, &error));
    CHECK(error.item == 2 && nanoseconds == 0);
    zbatch_compressor_free(compressor);
}

static void check_decompressing(void)
{
    zbatch_compressor *compressor = compressor_of(3);
    zbatch_decompressor *decompressor, *picky;
    zbatch_decompressor_options options = { .struct_size = sizeof options, .max_item_size = SIZE - 1 };
    zbatch_collection *frames;
    EXPECT(ZBATCH_OK, zbatch_decompressor_new(NULL, NULL, &decompressor, &error));
    EXPECT(ZBATCH_OK, zbatch_decompressor_new(&options, NULL, &picky, &error));
    EXPECT(ZBATCH_OK, zbatch_multi_compress_to_buffer(compressor, items, COUNT, NULL, NULL, &frames, &error));
    const zbatch_view *views = zbatch_collection_views(frames);

    CHECK(estimate_back(decompressor, NULL, 0, -1, UINT64_MAX) == 0);
    uint64_t one = estimate_back(decompressor, views, 1, 1, UINT64_MAX);
    uint64_t all = estimate_back(decompressor, views, COUNT, 1, UINT64_MAX);
    CHECK(one > 0 && one < estimate(compressor, items, 1, 1, UINT64_MAX) && all == COUNT * one);
    CHECK(estimate_back(decompressor, views, 1, -1, UINT64_MAX) == one);
    CHECK(estimate_back(decompressor, views, COUNT, -1, UINT64_MAX) <= all);

    /* Frames that are refused count as nothing: no frame, one cut short, none at all, one beyond a limit. */
    zbatch_view bad[4] = { { "no frame", 8 }, { views[0].data, 4 }, { NULL, 0 }, views[0] };
    CHECK(estimate_back(decompressor, bad, 3, 1, UINT64_MAX) == 0);
    CHECK(estimate_back(decompressor, bad, 4, 1, UINT64_MAX) == one);
    CHECK(estimate_back(picky, bad, 4, 1, UINT64_MAX) == 0);

    zbatch_view nowhere[3] = { views[0], { NULL, 1 }, { NULL, 1 } };
    uint64_t nanoseconds = 77;
    CHECK(estimate_back(decompressor, nowhere, 3, 1, one) == one);
    EXPECT(ZBATCH_ERROR_INVALID_ARGUMENT,
           zbatch_decompressor_estimate(decompressor, nowhere, 3, 1, UINT64_MAX, &nanoseconds, &error));
    CHECK(error.item == 1 && nanoseconds == 0);

    zbatch_collection_free(frames);
    zbatch_decompressor_free(picky);
    zbatch_decompressor_free(decompressor);
    zbatch_compressor_free(compressor);
}

int main(void)
{
    unsigned char *text = prose(SIZE, 11);
    for (size_t i = 0; i < COUNT; i++)
        items[i] = (zbatch_view){ text, SIZE };
    check_compressing();
    check_decompressing();
    free(text);
    return EXIT_SUCCESS;
}
