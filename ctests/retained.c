/* Freed results are kept for the next ones, up to a bound, and given back when asked, or when memory is short. */
#include "check.h"

#ifdef __linux__
#  include <sys/resource.h>
#  include <unistd.h>

/* A batch takes what a larger one left when the system has no more to give. */
static void check_when_short(const zbatch_decompressor *decompressor, const zbatch_collection *frames, size_t large, size_t small)
{
    const zbatch_view *views = zbatch_collection_views(frames);
    zbatch_run_options run = { .struct_size = sizeof run, .threads = 1 };
    zbatch_collection *back;
    EXPECT(ZBATCH_OK, zbatch_multi_decompress_to_buffer(decompressor, views, large, NULL, &run, NULL, &back, &error));
    zbatch_collection_free(back);
    CHECK(zbatch_retained_size() >= large << 20);

    size_t pages;
    FILE *file = fopen("/proc/self/statm", "r");
    CHECK(file != NULL && fscanf(file, "%*u %*u %*u %*u %*u %zu", &pages) == 1 && fclose(file) == 0);
    struct rlimit before, limit;
    CHECK(getrlimit(RLIMIT_DATA, &before) == 0);
    limit = before;
    limit.rlim_cur = pages * (size_t)sysconf(_SC_PAGESIZE) + (small << 19);
    CHECK(setrlimit(RLIMIT_DATA, &limit) == 0);
    EXPECT(ZBATCH_OK, zbatch_multi_decompress_to_buffer(decompressor, views, small, NULL, &run, NULL, &back, &error));
    CHECK(setrlimit(RLIMIT_DATA, &before) == 0);
    zbatch_collection_free(back);
}
#endif

int main(void)
{
    enum { COUNT = 64, SIZE = 1 << 20 };
    unsigned char *text = prose(SIZE, 13);
    zbatch_view items[COUNT];
    zbatch_compressor *compressor;
    zbatch_decompressor *decompressor;
    zbatch_collection *frames, *back;
    for (size_t i = 0; i < COUNT; i++)
        items[i] = (zbatch_view){ text, SIZE };
    EXPECT(ZBATCH_OK, zbatch_compressor_new(NULL, NULL, &compressor, &error));
    EXPECT(ZBATCH_OK, zbatch_decompressor_new(NULL, NULL, &decompressor, &error));
    EXPECT(ZBATCH_OK, zbatch_multi_compress_to_buffer(compressor, items, COUNT, NULL, NULL, &frames, &error));
    for (size_t count = 1; count <= COUNT; count *= 2) {
        EXPECT(ZBATCH_OK, zbatch_multi_decompress_to_buffer(decompressor, zbatch_collection_views(frames), count, NULL,
                                                            NULL, NULL, &back, &error));
        check_items(back, items, count);
        zbatch_collection_free(back);
        CHECK(zbatch_retained_size() <= (size_t)64 << 20);
    }
    CHECK(zbatch_retained_size() > 0);
    zbatch_release_retained();
    CHECK(zbatch_retained_size() == 0);
#ifdef __linux__
    check_when_short(decompressor, frames, COUNT - 4, COUNT / 4);
#endif

    zbatch_collection_free(frames);
    zbatch_decompressor_free(decompressor);
    zbatch_compressor_free(compressor);
    free(text);
    return EXIT_SUCCESS;
}
