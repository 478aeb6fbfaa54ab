/* One item of 10^6 empty frames, decoded on a thread with 256 KiB of stack: frames are walked, not recursed into. */
#include "check.h"

#include <pthread.h>

enum { FRAMES = 1000000 };

static void *decompress(void *unused)
{
    static const unsigned char empty[] = { 0x28, 0xb5, 0x2f, 0xfd, 0x20, 0, 1, 0, 0 };
    static const unsigned char skippable[] = { 0x50, 0x2a, 0x4d, 0x18, 1, 0, 0, 0, 'x' };
    zbatch_decompressor *decompressor;
    zbatch_collection *out;
    zbatch_run_options run = { .struct_size = sizeof run, .threads = 1 };
    unsigned char *bytes = (unsigned char *)must_calloc(FRAMES, sizeof empty);
    zbatch_view item = { bytes, FRAMES * sizeof empty };
    (void)unused;
    for (size_t i = 0; i < FRAMES; i++)
        memcpy(bytes + i * sizeof empty, i % 2 ? empty : skippable, sizeof empty);

    EXPECT(ZBATCH_OK, zbatch_decompressor_new(NULL, NULL, &decompressor, &error));
    EXPECT(ZBATCH_OK, zbatch_multi_decompress_to_buffer(decompressor, &item, 1, NULL, &run, NULL, &out, &error));
    CHECK(zbatch_collection_len(out) == 1 && zbatch_collection_size(out) == 0);
    zbatch_collection_free(out);
    item.size--;
    EXPECT(ZBATCH_ERROR_TRUNCATED,
           zbatch_multi_decompress_to_buffer(decompressor, &item, 1, NULL, &run, NULL, &out, &error));
    zbatch_decompressor_free(decompressor);
    free(bytes);
    return NULL;
}

int main(void)
{
    pthread_attr_t small;
    pthread_t thread;
    CHECK(pthread_attr_init(&small) == 0 && pthread_attr_setstacksize(&small, 256 << 10) == 0);
    CHECK(pthread_create(&thread, &small, decompress, NULL) == 0 && pthread_join(thread, NULL) == 0);
    return EXIT_SUCCESS;
}
