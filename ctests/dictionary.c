/* Dictionaries at work: raw, trained and digested, and what a decompressor with the wrong one says. */
#include "check.h"

static zbatch_collection *compress(const zbatch_compressor_options *options, const zbatch_dict *dict, struct records r)
{
    zbatch_compressor *compressor;
    zbatch_collection *frames;
    EXPECT(ZBATCH_OK, zbatch_compressor_new(options, dict, &compressor, &error));
    EXPECT(ZBATCH_OK, zbatch_multi_compress_to_buffer(compressor, r.views, r.count, NULL, NULL, &frames, &error));
    zbatch_compressor_free(compressor);
    return frames;
}

static void decompress(const zbatch_dict *dict, const zbatch_collection *frames, struct records r, zbatch_status want)
{
    zbatch_decompressor *decompressor;
    zbatch_collection *back;
    EXPECT(ZBATCH_OK, zbatch_decompressor_new(NULL, dict, &decompressor, &error));
    EXPECT(want, zbatch_multi_decompress_to_buffer(decompressor, zbatch_collection_views(frames), r.count, NULL, NULL,
                                                   NULL, &back, &error));
    if (want == ZBATCH_OK)
        check_items(back, r.views, r.count);
    else
        CHECK(back == NULL && error.item == 0);
    zbatch_collection_free(back);
    zbatch_decompressor_free(decompressor);
}

int main(void)
{
    struct records r = records_new(4000);
    zbatch_dict_train_options train = { .struct_size = sizeof train, .dict_size = 4096, .k = 64, .d = 8, .dict_id = 1 };
    zbatch_dict *one, *two, *raw, *digested;
    EXPECT(ZBATCH_OK, zbatch_dict_train(r.views, r.count, &train, &one, &error));
    train.dict_id = 2;
    EXPECT(ZBATCH_OK, zbatch_dict_train(r.views, r.count, &train, &two, &error));
    EXPECT(ZBATCH_OK, zbatch_dict_new(r.text, 2000, ZBATCH_DICT_TYPE_RAWCONTENT, &raw, &error));

    zbatch_compressor_options checked = { .struct_size = sizeof checked, .write_checksum = 1 };
    zbatch_collection *plain = compress(&checked, NULL, r), *trained = compress(&checked, one, r),
                      *with_raw = compress(&checked, raw, r);
    CHECK(zbatch_collection_size(trained) < zbatch_collection_size(plain));
    CHECK(zbatch_collection_size(with_raw) < zbatch_collection_size(plain));

    /* Each with its own; what needs no dictionary with any. */
    decompress(NULL, plain, r, ZBATCH_OK);
    decompress(one, plain, r, ZBATCH_OK);
    decompress(raw, plain, r, ZBATCH_OK);
    decompress(one, trained, r, ZBATCH_OK);
    decompress(raw, with_raw, r, ZBATCH_OK);
    /* A trained one has an ID, and the frame tells it. */
    decompress(two, trained, r, ZBATCH_ERROR_DICT_MISMATCH);
    decompress(NULL, trained, r, ZBATCH_ERROR_DICT_MISMATCH);
    decompress(raw, trained, r, ZBATCH_ERROR_DICT_MISMATCH);

    /* Without the ID in the frame the right one still works. */
    zbatch_compressor_options quiet = { .struct_size = sizeof quiet, .write_checksum = 1, .omit_dict_id = 1 };
    zbatch_collection *anonymous = compress(&quiet, one, r);
    zbatch_frame info;
    EXPECT(ZBATCH_OK, zbatch_frame_info(zbatch_collection_views(anonymous)->data, 18, 0, &info, &error));
    CHECK(info.dict_id == 0);
    decompress(one, anonymous, r, ZBATCH_OK);
    zbatch_collection_free(anonymous);

    /* Digested for level 19, it carries that level into any compressor. */
    zbatch_compressor_options strong = { .struct_size = sizeof strong, .level = 19 };
    zbatch_compressor_options fast = { .struct_size = sizeof fast, .level = 1 };
    EXPECT(ZBATCH_OK, zbatch_dict_digest(one, &strong, &digested, &error));
    CHECK(zbatch_dict_id(digested) == 1 && zbatch_dict_size(digested) == zbatch_dict_size(one));
    CHECK(memcmp(zbatch_dict_data(digested), zbatch_dict_data(one), zbatch_dict_size(one)) == 0);
    zbatch_collection *a = compress(&strong, digested, r), *b = compress(&fast, digested, r),
                      *loaded = compress(&fast, one, r);
    check_items(b, zbatch_collection_views(a), r.count);
    CHECK(zbatch_collection_size(b) < zbatch_collection_size(loaded));
    decompress(one, b, r, ZBATCH_OK);
    decompress(digested, b, r, ZBATCH_OK);

    /* The two share their bytes, and either may go first. */
    zbatch_dict_free(one);
    decompress(digested, loaded, r, ZBATCH_OK);
    zbatch_dict_free(digested);

    zbatch_collection *all[] = { plain, trained, with_raw, a, b, loaded };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        zbatch_collection_free(all[i]);
    zbatch_dict_free(two);
    zbatch_dict_free(raw);
    records_free(r);
    return EXIT_SUCCESS;
}
