/* What a stranger writes on the first day: 100,000 records there and back. */
#include <stdio.h>
#include <string.h>
#include <zbatch.h>

enum { COUNT = 100000, ROOM = 48 };

static char text[COUNT][ROOM];
static zbatch_view records[COUNT];

int main(void)
{
    zbatch_compressor *compressor = NULL;
    zbatch_decompressor *decompressor = NULL;
    zbatch_collection *frames = NULL, *back = NULL;
    zbatch_error error;
    size_t same = 0;

    for (size_t i = 0; i < COUNT; i++)
        records[i] = (zbatch_view){ text[i], (size_t)snprintf(text[i], ROOM, "record %zu of a table, row %zu", i, i % 77) };
    if (zbatch_compressor_new(NULL, NULL, &compressor, &error) < 0 ||
        zbatch_decompressor_new(NULL, NULL, &decompressor, &error) < 0 ||
        zbatch_multi_compress_to_buffer(compressor, records, COUNT, NULL, NULL, &frames, &error) < 0 ||
        zbatch_multi_decompress_to_buffer(decompressor, zbatch_collection_views(frames), COUNT, NULL, NULL, NULL, &back,
                                          &error) < 0) {
        fprintf(stderr, "%s\n", error.message);
        return 1;
    }
    const zbatch_view *item = zbatch_collection_views(back);
    for (size_t i = 0; i < COUNT; i++)
        same += item[i].size == records[i].size && memcmp(item[i].data, records[i].data, item[i].size) == 0;
    printf("%zu records in %zu bytes, %zu the same\n", zbatch_collection_len(back), zbatch_collection_size(frames), same);
    zbatch_collection_free(back);
    zbatch_collection_free(frames);
    zbatch_decompressor_free(decompressor);
    zbatch_compressor_free(compressor);
    return same == COUNT ? 0 : 1;
}
