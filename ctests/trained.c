/* A batch that trains its own dictionary, there and back in one call each; and batches that no dictionary helps. */
#include "check.h"

static size_t plain_size(struct records r)
{
    zbatch_compressor *compressor;
    zbatch_collection *frames;
    EXPECT(ZBATCH_OK, zbatch_compressor_new(NULL, NULL, &compressor, &error));
    EXPECT(ZBATCH_OK, zbatch_multi_compress_to_buffer(compressor, r.views, r.count, NULL, NULL, &frames, &error));
    size_t size = zbatch_collection_size(frames);
    zbatch_collection_free(frames);
    zbatch_compressor_free(compressor);
    return size;
}

static void check_records(void)
{
    struct records r = records_new(20000);
    zbatch_run_options run = { .struct_size = sizeof run };
    zbatch_dict *dict, *first = NULL;
    zbatch_collection *frames, *back;
    const size_t plain = plain_size(r);
    static const int32_t threads[] = { 1, 2, 3, 8 };
    for (size_t i = 0; i < sizeof threads / sizeof *threads; i++) {
        run.threads = threads[i];
        EXPECT(ZBATCH_OK, zbatch_multi_compress_trained(NULL, NULL, r.views, r.count, &run, NULL, &dict, &frames, &error));
        CHECK(dict != NULL && (zbatch_collection_size(frames) + zbatch_dict_size(dict)) * 2 < plain);
        zbatch_frame info;
        const zbatch_view *frame = zbatch_collection_views(frames);
        EXPECT(ZBATCH_OK, zbatch_frame_info(frame[7].data, frame[7].size, ZBATCH_FORMAT_ZSTD1, &info, &error));
        CHECK(info.dict_id == zbatch_dict_id(dict) && info.dict_id != 0);

        /* From what a program stored. */
        zbatch_dict *stored;
        EXPECT(ZBATCH_OK, zbatch_dict_new(zbatch_dict_data(dict), zbatch_dict_size(dict), ZBATCH_DICT_TYPE_FULLDICT, &stored,
                                          &error));
        EXPECT(ZBATCH_OK,
               zbatch_multi_decompress_trained(stored, NULL, frame, r.count, NULL, &run, NULL, &back, &error));
        check_items(back, r.views, r.count);
        zbatch_collection_free(back);
        zbatch_dict_free(stored);

        EXPECT(ZBATCH_ERROR_DICT_MISMATCH,
               zbatch_multi_decompress_trained(NULL, NULL, frame, r.count, NULL, NULL, NULL, &back, &error));
        CHECK(error.item == 0 && back == NULL);
        zbatch_collection_free(frames);
        if (first == NULL) {
            first = dict;
            continue;
        }
        CHECK(zbatch_dict_size(dict) == zbatch_dict_size(first));
        CHECK(memcmp(zbatch_dict_data(dict), zbatch_dict_data(first), zbatch_dict_size(dict)) == 0);
        zbatch_dict_free(dict);
    }
    zbatch_dict_free(first);
    records_free(r);
}

static void check_choices(void)
{
    struct records r = records_new(3000);
    zbatch_compressor_options options = { .struct_size = sizeof options, .level = 9, .write_checksum = 1 };
    zbatch_dict_train_options train = { .struct_size = sizeof train, .dict_size = 512, .dict_id = 42 };
    zbatch_decompressor_options limits = { .struct_size = sizeof limits, .require_checksum = 1, .max_item_size = 8 };
    zbatch_status *status = (zbatch_status *)must_calloc(r.count, sizeof *status);
    zbatch_dict *dict;
    zbatch_collection *frames, *back;
    EXPECT(ZBATCH_OK, zbatch_multi_compress_trained(&options, &train, r.views, r.count, NULL, status, &dict, &frames, &error));
    CHECK(zbatch_dict_id(dict) == 42 && zbatch_dict_size(dict) <= 512);
    const zbatch_view *frame = zbatch_collection_views(frames);
    EXPECT(ZBATCH_ERROR_LIMIT,
           zbatch_multi_decompress_trained(dict, &limits, frame, r.count, NULL, NULL, NULL, &back, &error));
    EXPECT(ZBATCH_PARTIAL,
           zbatch_multi_decompress_trained(dict, &limits, frame, r.count, NULL, NULL, status, &back, &error));
    CHECK(error.item == 0 && status[r.count - 1] == ZBATCH_ERROR_LIMIT && zbatch_collection_size(back) == 0);
    zbatch_collection_free(back);
    limits.max_item_size = 0;
    EXPECT(ZBATCH_OK, zbatch_multi_decompress_trained(dict, &limits, frame, r.count, NULL, NULL, status, &back, &error));
    check_items(back, r.views, r.count);
    zbatch_collection_free(back);
    zbatch_collection_free(frames);
    zbatch_dict_free(dict);

    train.threads = 2;
    EXPECT(ZBATCH_ERROR_INVALID_ARGUMENT,
           zbatch_multi_compress_trained(&options, &train, r.views, r.count, NULL, status, &dict, &frames, &error));
    CHECK(dict == NULL && frames == NULL && status[0] == ZBATCH_ERROR_INVALID_ARGUMENT);
    train.threads = 0;

    zbatch_control *control;
    EXPECT(ZBATCH_OK, zbatch_control_new(&control, &error));
    zbatch_control_cancel(control);
    zbatch_run_options run = { .struct_size = sizeof run, .control = control };
    EXPECT(ZBATCH_ERROR_CANCELLED,
           zbatch_multi_compress_trained(&options, NULL, r.views, r.count, &run, NULL, &dict, &frames, &error));
    CHECK(dict == NULL && frames == NULL);
    EXPECT(ZBATCH_PARTIAL,
           zbatch_multi_compress_trained(&options, NULL, r.views, r.count, &run, status, &dict, &frames, &error));
    CHECK(dict == NULL && zbatch_collection_len(frames) == r.count && status[5] == ZBATCH_ERROR_CANCELLED);
    zbatch_collection_free(frames);
    zbatch_control_reset(control);
    EXPECT(ZBATCH_OK, zbatch_multi_compress_trained(NULL, NULL, r.views, r.count, &run, NULL, &dict, &frames, &error));
    CHECK(zbatch_control_items_done(control) == r.count);
    zbatch_collection_free(frames);
    zbatch_dict_free(dict);
    zbatch_control_free(control);
    free(status);
    records_free(r);
}

/* No item, one, empty ones, noise: no dictionary, and they come back all the same. */
static void check_plain(void)
{
    enum { COUNT = 1000, SIZE = 100 };
    static unsigned char noise[COUNT * SIZE];
    static zbatch_view views[COUNT];
    uint64_t seed = 1;
    for (size_t i = 0; i < sizeof noise; i++)
        noise[i] = (unsigned char)random_number(&seed);
    for (size_t size = 0; size <= SIZE; size += SIZE)
        for (size_t count = 0; count <= COUNT; count = count * 1000 + (count == 0)) {
            for (size_t i = 0; i < count; i++)
                views[i] = (zbatch_view){ noise + i * SIZE, size };
            zbatch_dict *dict;
            zbatch_collection *frames, *back;
            EXPECT(ZBATCH_OK, zbatch_multi_compress_trained(NULL, NULL, views, count, NULL, NULL, &dict, &frames, &error));
            CHECK(dict == NULL);
            EXPECT(ZBATCH_OK, zbatch_multi_decompress_trained(dict, NULL, zbatch_collection_views(frames), count, NULL, NULL,
                                                              NULL, &back, &error));
            check_items(back, views, count);
            zbatch_collection_free(back);
            zbatch_collection_free(frames);
            if (count == COUNT)
                break;
        }
}

int main(void)
{
    check_records();
    check_choices();
    check_plain();
    return EXIT_SUCCESS;
}
