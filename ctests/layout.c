/* Sizes and offsets that programs have compiled in, on 64-bit machines: a change here breaks them. */
#include "check.h"

#define OFFSET(type, field, at) _Static_assert(offsetof(type, field) == (at), #type "." #field)
#define SIZE(type, bytes) _Static_assert(sizeof(type) == (bytes), #type)

#if SIZE_MAX == UINT64_MAX
SIZE(zbatch_error, 256);
OFFSET(zbatch_error, status, 8);
OFFSET(zbatch_error, zstd_error, 12);
OFFSET(zbatch_error, os_error, 16);
OFFSET(zbatch_error, message, 24);
SIZE(zbatch_view, 16);
OFFSET(zbatch_view, size, 8);
SIZE(zbatch_span, 16);
OFFSET(zbatch_span, size, 8);
SIZE(zbatch_segment, 16);
OFFSET(zbatch_segment, length, 8);
SIZE(zbatch_frame, 32);
OFFSET(zbatch_frame, window_size, 8);
OFFSET(zbatch_frame, dict_id, 16);
OFFSET(zbatch_frame, is_skippable, 28);
/* These may grow at the end; what is there stays. */
OFFSET(zbatch_run_options, threads, 8);
OFFSET(zbatch_run_options, flags, 12);
OFFSET(zbatch_run_options, control, 16);
OFFSET(zbatch_run_options, stats, 24);
SIZE(zbatch_run_stats, 48);
OFFSET(zbatch_run_stats, codec_nanoseconds, 32);
OFFSET(zbatch_run_stats, workers, 40);
OFFSET(zbatch_compressor_options, level, 8);
OFFSET(zbatch_compressor_options, omit_dict_id, 24);
OFFSET(zbatch_compressor_options, strategy, 52);
OFFSET(zbatch_compressor_options, ldm_hash_rate_log, 76);
OFFSET(zbatch_compressor_options, target_block_size, 92);
OFFSET(zbatch_compressor_options, max_frame_size, 96);
SIZE(zbatch_compressor_options, 104);
OFFSET(zbatch_decompressor_options, require_checksum, 20);
OFFSET(zbatch_decompressor_options, max_window_size, 24);
OFFSET(zbatch_decompressor_options, max_total_size, 48);
OFFSET(zbatch_object_layout, place_offset, 32);
OFFSET(zbatch_object_layout, new_fn, 64);
OFFSET(zbatch_object_layout, type_offset, 72);
OFFSET(zbatch_object_layout, set_fn, 104);
OFFSET(zbatch_object_layout, enter_fn, 128);
OFFSET(zbatch_object_layout, index_error, 144);
OFFSET(zbatch_object_layout, capsule_content_fn, 160);
OFFSET(zbatch_object_batch, sequence, 24);
OFFSET(zbatch_object_batch, views, 64);
OFFSET(zbatch_object_batch, item_status, 96);
OFFSET(zbatch_object_batch, enough, 104);
OFFSET(zbatch_object_batch, error, 112);
OFFSET(zbatch_methods, call_fn, 24);
OFFSET(zbatch_methods, clear_fn, 88);
OFFSET(zbatch_methods, handle_type, 128);
OFFSET(zbatch_methods, multi_compress, 168);
OFFSET(zbatch_methods, enough, 240);
OFFSET(zbatch_dict_train_options, split_point, 16);
OFFSET(zbatch_dict_train_options, k, 24);
OFFSET(zbatch_dict_train_options, notifications, 60);
#endif

int main(void)
{
    zbatch_frame info;
    static const unsigned char empty[] = { 0x28, 0xb5, 0x2f, 0xfd, 0x20, 0, 1, 0, 0 };
    EXPECT(ZBATCH_OK, zbatch_frame_info(empty, sizeof empty, ZBATCH_FORMAT_ZSTD1, &info, &error));
    CHECK(info.content_size == 0 && info.header_size == 6 && info.has_checksum == 0);
    static const size_t wanted[] = { 5, 5, 5, 5, 5, 6 };
    for (size_t size = 0; size < 6; size++) {
        EXPECT(ZBATCH_ERROR_TRUNCATED, zbatch_frame_info(empty, size, ZBATCH_FORMAT_ZSTD1, &info, &error));
        CHECK(info.header_size == wanted[size] && info.content_size == 0 && info.window_size == 0);
        CHECK(zbatch_frame_header_size(empty, size) == (size < 5 ? 0 : 6));
    }
    EXPECT(ZBATCH_ERROR_NOT_A_FRAME, zbatch_frame_info("garbage", 7, ZBATCH_FORMAT_ZSTD1, &info, &error));
    CHECK(info.header_size == 0 && zbatch_frame_header_size("gar\0\xe0", 5) == 13);
    return EXIT_SUCCESS;
}
