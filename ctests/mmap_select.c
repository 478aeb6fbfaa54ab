/* A mapped file of 10^7 small frames and their offsets: a random thousand are selected and decoded, and nothing else is read.
 *
 * The file: count + 1 native 64-bit offsets from the start of the frames, then the frames.  They are written by hand, one raw
 * block each, since what is on trial is the way in, not the compressor.  The count may be given as an argument. */
#include "check.h"

#include <sys/mman.h>
#include <unistd.h>

enum { CONTENT = 16, SELECTED = 1000 };

struct frame {
    unsigned char header[9]; /* magic number, one segment, content size; last block, raw, its size */
    unsigned char content[CONTENT];
};

static struct frame frame_of(uint64_t i)
{
    struct frame frame = { { 0x28, 0xb5, 0x2f, 0xfd, 0x20, CONTENT, CONTENT << 3 | 1, 0, 0 }, { 0 } };
    uint64_t words[2] = { i, ~i * 0x9e3779b97f4a7c15u };
    memcpy(frame.content, words, CONTENT);
    return frame;
}

static FILE *write_file(uint64_t count)
{
    FILE *file = tmpfile();
    CHECK(file != NULL);
    for (uint64_t i = 0; i <= count; i++) {
        uint64_t offset = i * sizeof(struct frame);
        CHECK(fwrite(&offset, sizeof offset, 1, file) == 1);
    }
    for (uint64_t i = 0; i < count; i++) {
        struct frame frame = frame_of(i);
        CHECK(fwrite(&frame, sizeof frame, 1, file) == 1);
    }
    CHECK(fflush(file) == 0);
    return file;
}

int main(int argc, char **argv)
{
    const size_t count = argc > 1 ? strtoull(argv[1], NULL, 10) : 10000000;
    const size_t table = (count + 1) * sizeof(uint64_t), size = table + count * sizeof(struct frame);
    FILE *file = write_file(count);
    unsigned char *map = (unsigned char *)mmap(NULL, size, PROT_READ, MAP_PRIVATE, fileno(file), 0);
    CHECK(map != MAP_FAILED);

    /* All of them as views, and a thousand of these as the batch. */
    zbatch_view *views = (zbatch_view *)must_calloc(count, sizeof *views), chosen[SELECTED];
    EXPECT(ZBATCH_OK, zbatch_views_from_offsets(map + table, size - table, map, 8, count, views, &error));
    size_t which[SELECTED];
    uint64_t seed = 6;
    for (size_t k = 0; k < SELECTED; k++) {
        which[k] = random_number(&seed) % count;
        chosen[k] = views[which[k]];
    }
    free(views);

    zbatch_decompressor *decompressor;
    zbatch_collection *out;
    EXPECT(ZBATCH_OK, zbatch_decompressor_new(NULL, NULL, &decompressor, &error));
    EXPECT(ZBATCH_OK, zbatch_multi_decompress_to_buffer(decompressor, chosen, SELECTED, NULL, NULL, NULL, &out, &error));
    for (size_t k = 0; k < SELECTED; k++) {
        struct frame frame = frame_of(which[k]);
        zbatch_view view;
        EXPECT(ZBATCH_OK, zbatch_collection_view_at(out, k, &view, &error));
        CHECK(same_bytes(view, (zbatch_view){ frame.content, CONTENT }));
    }

    /* The same choice as segments of a buffer over the mapping; the result outlives the mapping. */
    zbatch_segment segments[SELECTED];
    zbatch_buffer *buffer;
    zbatch_collection *again;
    for (size_t k = 0; k < SELECTED; k++)
        segments[k] = (zbatch_segment){ table + which[k] * sizeof(struct frame), sizeof(struct frame) };
    EXPECT(ZBATCH_OK, zbatch_buffer_new_by_reference(map, size, segments, SELECTED, &buffer, &error));
    EXPECT(ZBATCH_OK, zbatch_multi_decompress_to_buffer(decompressor, zbatch_buffer_views(buffer), SELECTED, NULL, NULL,
                                                        NULL, &again, &error));
    zbatch_buffer_free(buffer);
    CHECK(munmap(map, size) == 0 && fclose(file) == 0);
    check_items(again, zbatch_collection_views(out), SELECTED);

    zbatch_collection_free(again);
    zbatch_collection_free(out);
    zbatch_decompressor_free(decompressor);
    return EXIT_SUCCESS;
}
