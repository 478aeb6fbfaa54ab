/* The whole story of a dictionary: train on a sample, store, load, compress a batch of small records, and back. */
#include "check.h"

int main(void)
{
    struct records r = records_new(100000);
    zbatch_dict_train_options train = { .struct_size = sizeof train, .dict_size = 8192, .steps = 4, .d = 8 };
    zbatch_dict *trained, *dict;
    EXPECT(ZBATCH_OK, zbatch_dict_train(r.views, r.count / 10, &train, &trained, &error));
    uint32_t id = zbatch_dict_id(trained);
    EXPECT(ZBATCH_OK, zbatch_dict_new(zbatch_dict_data(trained), zbatch_dict_size(trained), ZBATCH_DICT_TYPE_FULLDICT,
                                      &dict, &error));
    zbatch_dict_free(trained);

    /* The codecs keep the dictionary: our handle goes at once. */
    zbatch_compressor_options options = { .struct_size = sizeof options, .level = 3, .write_checksum = 1 };
    zbatch_compressor *compressor;
    zbatch_decompressor *decompressor, *without;
    EXPECT(ZBATCH_OK, zbatch_compressor_new(&options, dict, &compressor, &error));
    EXPECT(ZBATCH_OK, zbatch_decompressor_new(NULL, dict, &decompressor, &error));
    EXPECT(ZBATCH_OK, zbatch_decompressor_new(NULL, NULL, &without, &error));
    zbatch_dict_free(dict);

    zbatch_collection *frames, *back;
    EXPECT(ZBATCH_OK, zbatch_multi_compress_to_buffer(compressor, r.views, r.count, NULL, NULL, &frames, &error));
    const zbatch_view *frame = zbatch_collection_views(frames);
    for (size_t i = 0; i < r.count; i++) {
        zbatch_frame info;
        EXPECT(ZBATCH_OK, zbatch_frame_info(frame[i].data, frame[i].size, ZBATCH_FORMAT_ZSTD1, &info, &error));
        CHECK(info.dict_id == id && info.content_size == r.views[i].size && info.has_checksum);
    }

    EXPECT(ZBATCH_ERROR_DICT_MISMATCH,
           zbatch_multi_decompress_to_buffer(without, frame, r.count, NULL, NULL, NULL, &back, &error));
    CHECK(error.item == 0 && back == NULL);
    EXPECT(ZBATCH_OK, zbatch_multi_decompress_to_buffer(decompressor, frame, r.count, NULL, NULL, NULL, &back, &error));
    check_items(back, r.views, r.count);
    CHECK(zbatch_collection_buffer_count(back) == 1); /* every size is known: one block */

    zbatch_collection_free(back);
    zbatch_collection_free(frames);
    zbatch_decompressor_free(without);
    zbatch_decompressor_free(decompressor);
    zbatch_compressor_free(compressor);
    records_free(r);
    return EXIT_SUCCESS;
}
