/* A batch of 10^6 empty items, one of 10^6 items of one byte, and one where they take turns.  The number may be given. */
#include "check.h"

int main(int argc, char **argv)
{
    const size_t count = argc > 1 ? strtoull(argv[1], NULL, 10) : 1000000;
    unsigned char letters[256];
    zbatch_view *items = (zbatch_view *)must_calloc(count, sizeof *items);
    zbatch_compressor *compressor;
    zbatch_decompressor *decompressor;
    EXPECT(ZBATCH_OK, zbatch_compressor_new(NULL, NULL, &compressor, &error));
    EXPECT(ZBATCH_OK, zbatch_decompressor_new(NULL, NULL, &decompressor, &error));
    for (size_t i = 0; i < 256; i++)
        letters[i] = (unsigned char)i;

    for (int round = 0; round < 3; round++) {
        zbatch_collection *frames, *back;
        size_t size = 0;
        for (size_t i = 0; i < count; i++) {
            items[i] = (zbatch_view){ letters + i % 256, round == 2 ? i % 3 == 0 : (size_t)round };
            size += items[i].size;
        }
        EXPECT(ZBATCH_OK, zbatch_multi_compress_to_buffer(compressor, items, count, NULL, NULL, &frames, &error));
        EXPECT(ZBATCH_OK, zbatch_multi_decompress_to_buffer(decompressor, zbatch_collection_views(frames), count, NULL,
                                                            NULL, NULL, &back, &error));
        check_items(back, items, count);
        CHECK(zbatch_collection_size(back) == size);
        zbatch_collection_free(back);
        zbatch_collection_free(frames);
    }
    zbatch_decompressor_free(decompressor);
    zbatch_compressor_free(compressor);
    free(items);
    return EXIT_SUCCESS;
}
