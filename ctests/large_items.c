/* An item that is larger than max_frame_size becomes several frames in one segment, which threads share, both ways. */
#include "check.h"

#include <sched.h>

/* Walks the frames of an item, whose sizes are recorded, and returns how many there are. */
static size_t count_frames(zbatch_view item, zbatch_decompressor *single, size_t frame_size)
{
    const unsigned char *data = item.data;
    size_t count = 0;
    for (size_t at = 0; at < item.size; count++) {
        zbatch_frame info;
        EXPECT(ZBATCH_OK, zbatch_frame_info(data + at, item.size - at, 0, &info, &error));
        CHECK(info.content_size <= frame_size);
        /* A frame ends where it can be decompressed by itself: look for the magic number of the next. */
        size_t end = at + 4;
        while (end < item.size && memcmp(data + end, "\x28\xb5\x2f\xfd", 4) != 0)
            end++;
        size_t size;
        EXPECT(ZBATCH_OK, zbatch_decompress_bound(single, data + at, end - at, &size, &error));
        CHECK(size == info.content_size);
        at = end;
    }
    return count;
}

int main(int argc, char **argv)
{
    int small = argc > 1 && strcmp(argv[1], "small") == 0;
    size_t frame_size = ZBATCH_MAX_FRAME_SIZE_MIN, size = (small ? 2 : 12) * frame_size + 1;
    unsigned char *text = prose(size, 5);
    zbatch_view items[] = { { text, 1500 }, { text, size }, { NULL, 0 }, { text, frame_size }, { text + 7, 900 } };
    enum { COUNT = sizeof items / sizeof *items };

    zbatch_compressor_options options = { .struct_size = sizeof options, .level = 1, .write_checksum = 1 };
    zbatch_compressor *whole, *split;
    zbatch_decompressor *decompressor;
    EXPECT(ZBATCH_OK, zbatch_compressor_new(&options, NULL, &whole, &error));
    options.max_frame_size = frame_size - 1;
    EXPECT(ZBATCH_ERROR_INVALID_ARGUMENT, zbatch_compressor_new(&options, NULL, &split, &error));
    EXPECT(ZBATCH_ERROR_INVALID_ARGUMENT, zbatch_compressor_options_clamp(&options, &error));
    options.max_frame_size = frame_size;
    EXPECT(ZBATCH_OK, zbatch_compressor_options_clamp(&options, &error));
    CHECK(options.max_frame_size == frame_size);
    EXPECT(ZBATCH_OK, zbatch_compressor_new(&options, NULL, &split, &error));
    EXPECT(ZBATCH_OK, zbatch_decompressor_new(NULL, NULL, &decompressor, &error));

    cpu_set_t cpus;
    CHECK(sched_getaffinity(0, sizeof cpus, &cpus) == 0);
    size_t room = zbatch_compress_bound(size), written;
    unsigned char *frames_alone = must_calloc(room, 1);
    EXPECT(ZBATCH_OK, zbatch_compress(split, text, size, frames_alone, room, &written, &error));

    zbatch_collection *plain, *first = NULL;
    EXPECT(ZBATCH_OK, zbatch_multi_compress_to_buffer(whole, items, COUNT, NULL, NULL, &plain, &error));
    static const int32_t threads[] = { 1, 2, 3, 8 };
    for (size_t t = 0; t < 4; t++) {
        zbatch_run_options run = { .struct_size = sizeof run, .threads = threads[t] };
        zbatch_collection *frames, *back;
        EXPECT(ZBATCH_OK, zbatch_multi_compress_to_buffer(split, items, COUNT, &run, NULL, &frames, &error));
        const zbatch_view *views = zbatch_collection_views(frames), *plain_views = zbatch_collection_views(plain);
        CHECK(views[1].size == written && memcmp(views[1].data, frames_alone, written) == 0);
        for (size_t i = 0; i < COUNT; i++)
            CHECK((i == 1) == (views[i].size != plain_views[i].size
                               || memcmp(views[i].data, plain_views[i].data, views[i].size) != 0));
        CHECK(count_frames(views[1], decompressor, frame_size) == (small ? 3 : 13));
        EXPECT(ZBATCH_OK, zbatch_multi_decompress_to_buffer(decompressor, views, COUNT, NULL, &run, NULL, &back, &error));
        check_items(back, items, COUNT);
        zbatch_collection_free(back);
        if (first == NULL)
            first = frames;
        else {
            check_items(frames, zbatch_collection_views(first), COUNT);
            CHECK(zbatch_collection_buffer_count(frames) == zbatch_collection_buffer_count(first));
            zbatch_collection_free(frames);
        }
    }

    /* Two threads work on the one item, which counts once; on a busy machine the second may come too late. */
    int shared[2] = { 0, 0 };
    for (int tries = 0; tries < 50 && !(shared[0] && shared[1]) && CPU_COUNT(&cpus) > 1 && !small; tries++) {
        uint32_t t = tries == 0 ? 1 : 2;
        zbatch_run_stats stats = { .struct_size = sizeof stats };
        zbatch_run_options run = { .struct_size = sizeof run, .threads = (int32_t)t, .stats = &stats };
        zbatch_collection *frames, *back;
        EXPECT(ZBATCH_OK, zbatch_multi_compress_to_buffer(split, &items[1], 1, &run, NULL, &frames, &error));
        CHECK(stats.workers <= t && stats.items == 1 && stats.bytes_in == size && stats.bytes_out == written);
        shared[0] |= stats.workers == 2;
        stats = (zbatch_run_stats){ .struct_size = sizeof stats };
        EXPECT(ZBATCH_OK, zbatch_multi_decompress_to_buffer(decompressor, zbatch_collection_views(frames), 1, NULL, &run,
                                                            NULL, &back, &error));
        CHECK(stats.workers <= t && stats.items == 1 && stats.bytes_in == written && stats.bytes_out == size);
        shared[1] |= stats.workers == 2;
        zbatch_collection_free(back);
        zbatch_collection_free(frames);
    }

    CHECK(CPU_COUNT(&cpus) < 2 || small || (shared[0] && shared[1]));

    /* Damage in the middle names the item; the others are delivered. */
    zbatch_view damaged[COUNT];
    memcpy(damaged, zbatch_collection_views(first), sizeof damaged);
    frames_alone[written / 2] ^= 0x55;
    frames_alone[written / 2 + 1] ^= 0x55;
    damaged[1] = (zbatch_view){ frames_alone, written };
    zbatch_collection *some;
    zbatch_status status[COUNT];
    EXPECT(ZBATCH_PARTIAL, zbatch_multi_decompress_to_buffer(decompressor, damaged, COUNT, NULL, NULL, status, &some, &error));
    CHECK(error.item == 1 && status[0] == ZBATCH_OK && status[1] == error.status && status[4] == ZBATCH_OK);
    CHECK(zbatch_collection_views(some)[1].size == 0 && zbatch_collection_views(some)[4].size == 900);

    zbatch_collection_free(some);
    zbatch_collection_free(first);
    zbatch_collection_free(plain);
    zbatch_compressor_free(whole);
    zbatch_compressor_free(split);
    zbatch_decompressor_free(decompressor);
    free(frames_alone);
    free(text);
    return EXIT_SUCCESS;
}
