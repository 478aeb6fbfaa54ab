/* zbatch_compressor: options, bounds, memory, and frames that say what was asked for. */
#include "check.h"

static zbatch_frame frame_of(const zbatch_compressor_options *options, const void *data, size_t size)
{
    zbatch_compressor *compressor;
    zbatch_frame info;
    size_t room = zbatch_compress_bound(size), written;
    void *frame = must_calloc(room, 1);
    EXPECT(ZBATCH_OK, zbatch_compressor_new(options, NULL, &compressor, &error));
    EXPECT(ZBATCH_OK, zbatch_compress(compressor, data, size, frame, room, &written, &error));
    EXPECT(ZBATCH_OK, zbatch_frame_info(frame, written, options ? options->format : 0, &info, &error));
    zbatch_compressor_free(compressor);
    free(frame);
    return info;
}

int main(void)
{
    enum { SIZE = 100000 };
    unsigned char *text = prose(SIZE, 1);

    zbatch_frame info = frame_of(NULL, text, SIZE);
    CHECK(info.content_size == SIZE && !info.has_checksum && !info.is_skippable && info.dict_id == 0);

    zbatch_compressor_options options;
    zbatch_compressor_options_init(&options, sizeof options);
    CHECK(options.struct_size == sizeof options && options.level == 0);
    options.write_checksum = 1;
    options.omit_content_size = 1;
    options.window_log = 17;
    info = frame_of(&options, text, SIZE);
    CHECK(info.has_checksum && info.content_size == ZBATCH_CONTENTSIZE_UNKNOWN && info.window_size == 1 << 17);
    options.format = ZBATCH_FORMAT_ZSTD1_MAGICLESS;
    zbatch_frame bare = frame_of(&options, text, SIZE);
    CHECK(bare.header_size + 4 == info.header_size);

    /* What zstd chooses for a level can be asked for, then changed. */
    zbatch_compressor_options_init(&options, sizeof options);
    EXPECT(ZBATCH_OK, zbatch_compressor_options_from_level(&options, 19, 0, 0, &error));
    CHECK(options.window_log == 23 && options.strategy >= ZBATCH_STRATEGY_BTULTRA);
    size_t strong, fast;
    EXPECT(ZBATCH_OK, zbatch_compressor_options_memory_size(&options, &strong, &error));
    EXPECT(ZBATCH_OK, zbatch_compressor_options_from_level(&options, 1, 0, 0, &error));
    EXPECT(ZBATCH_OK, zbatch_compressor_options_memory_size(&options, &fast, &error));
    CHECK(fast > 0 && fast < strong);

    /* What zstd bends, and what it refuses; a refusal leaves all as it was, and so does an older program's struct. */
    zbatch_compressor_options_init(&options, sizeof options);
    EXPECT(ZBATCH_OK, zbatch_compressor_options_clamp(&options, &error));
    CHECK(options.level == ZBATCH_LEVEL_DEFAULT && options.workers == 0 && options.struct_size == sizeof options);
    options.level = 1000;
    options.write_checksum = 1;
    options.window_log = 20;
    options.workers = 1 << 20;
    options.job_size = 1;
    options.overlap_log = 10;
    options.target_block_size = 1;
    EXPECT(ZBATCH_OK, zbatch_compressor_options_clamp(&options, &error));
    CHECK(options.level == ZBATCH_LEVEL_MAX && options.write_checksum == 1 && options.window_log == 20);
    CHECK(options.workers > 0 && options.workers < 1 << 20 && options.job_size == 1 << 19 && options.overlap_log == 9);
    CHECK(options.target_block_size == 1340);
    options.level = INT32_MIN;
    options.window_log = 9;
    EXPECT(ZBATCH_ERROR_INVALID_ARGUMENT, zbatch_compressor_options_clamp(&options, &error));
    CHECK(options.level == INT32_MIN && options.window_log == 9);
    options.struct_size = offsetof(zbatch_compressor_options, omit_dict_id);
    EXPECT(ZBATCH_OK, zbatch_compressor_options_clamp(&options, &error));
    CHECK(options.level == ZBATCH_LEVEL_MIN && options.window_log == 9);
    options.write_checksum = 2;
    EXPECT(ZBATCH_ERROR_UNSUPPORTED, zbatch_compressor_options_clamp(&options, &error));
    CHECK(strstr(error.message, "'write_checksum'") != NULL);

    /* A level out of range, a parameter out of range, a flag that is no flag. */
    zbatch_compressor *compressor;
    zbatch_compressor_options_init(&options, sizeof options);
    options.level = ZBATCH_LEVEL_MAX + 1;
    EXPECT(ZBATCH_ERROR_INVALID_ARGUMENT, zbatch_compressor_new(&options, NULL, &compressor, &error));
    CHECK(compressor == NULL && error.item == ZBATCH_NO_ITEM);
    options.level = ZBATCH_LEVEL_MIN;
    options.window_log = 9;
    EXPECT(ZBATCH_ERROR_INVALID_ARGUMENT, zbatch_compressor_new(&options, NULL, &compressor, &error));
    options.window_log = 0;
    options.write_checksum = 2;
    EXPECT(ZBATCH_ERROR_UNSUPPORTED, zbatch_compressor_new(&options, NULL, &compressor, &error));
    options.write_checksum = 0;
    options.level = 1;
    EXPECT(ZBATCH_OK, zbatch_compressor_new(&options, NULL, &compressor, &error));

    /* A destination that is too small is left for a larger one; the handle lives on. */
    char *frame = (char *)must_calloc(zbatch_compress_bound(SIZE), 1);
    size_t written = 1;
    EXPECT(ZBATCH_ERROR_DST_TOO_SMALL, zbatch_compress(compressor, text, SIZE, frame, 20, &written, &error));
    CHECK(written == 0);
    EXPECT(ZBATCH_OK, zbatch_compress(compressor, text, SIZE, frame, zbatch_compress_bound(SIZE), &written, &error));
    CHECK(written > 0 && written < SIZE);

    /* The exact size of the frame is room enough, and gives the same frame. */
    char *exact = (char *)must_calloc(written, 1);
    size_t again;
    EXPECT(ZBATCH_OK, zbatch_compress(compressor, text, SIZE, exact, written, &again, &error));
    CHECK(again == written && memcmp(exact, frame, written) == 0);
    CHECK(zbatch_compressor_memory_size(compressor) > 0);
    CHECK(zbatch_compress_bound(SIZE_MAX) == 0 && zbatch_compress_bound(0) > 0);

    free(exact);
    free(frame);
    free(text);
    zbatch_compressor_free(compressor);
    return EXIT_SUCCESS;
}
