/* Freed results are kept for the next ones, up to a bound, and given back when asked. */
#include "check.h"

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

    zbatch_collection_free(frames);
    zbatch_decompressor_free(decompressor);
    zbatch_compressor_free(compressor);
    free(text);
    return EXIT_SUCCESS;
}
