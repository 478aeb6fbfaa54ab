/* Frames that lie, and frames with a byte changed: an error, no crash, no wrong content, and no memory for a mere claim.  Any
 * argument means that memory is not ours alone, as under a memory checker, and is not measured. */
#include "check.h"

static int measured;

/* The most memory that this process ever had, in KiB. */
static long peak_memory(void)
{
    if (!measured)
        return 0;
    char line[256];
    long peak = -1;
    FILE *file = fopen("/proc/self/status", "r");
    CHECK(file != NULL);
    while (fgets(line, sizeof line, file))
        if (sscanf(line, "VmHWM: %ld", &peak) == 1)
            break;
    fclose(file);
    CHECK(peak > 0);
    return peak;
}

enum { CONTENT = 20 };

/* A frame of one raw block of 20 bytes that claims to hold 'claim', with a window of 1 KiB, or none but its content. */
static size_t lie(uint64_t claim, int one_segment, unsigned char *out)
{
    static const unsigned char magic[] = { 0x28, 0xb5, 0x2f, 0xfd };
    unsigned char *at = out + sizeof magic;
    memcpy(out, magic, sizeof magic);
    *at++ = one_segment ? 0xe0 : 0xc0; /* the size has 8 bytes */
    if (!one_segment)
        *at++ = 0;
    for (int i = 0; i < 8; i++)
        *at++ = (unsigned char)(claim >> (8 * i));
    *at++ = CONTENT << 3 | 1;
    *at++ = 0;
    *at++ = 0;
    memset(at, 'c', CONTENT);
    return (size_t)(at - out) + CONTENT;
}

static void check_lies(zbatch_decompressor *decompressor, int one_segment)
{
    static const uint64_t claims[] = { 0,
                                       CONTENT - 1,
                                       CONTENT + 1,
                                       (uint64_t)1 << 31,
                                       (uint64_t)1 << 32,
                                       (uint64_t)1 << 62,
                                       (uint64_t)1 << 63,
                                       UINT64_MAX - 2 };
    unsigned char frame[64], dst[256];
    zbatch_span span = { dst, sizeof dst };
    zbatch_collection *out;
    zbatch_segment place;
    size_t written;

    /* The truth works, so what fails below is the lie. */
    zbatch_view item = { frame, lie(CONTENT, one_segment, frame) };
    EXPECT(ZBATCH_OK, zbatch_multi_decompress_to_buffer(decompressor, &item, 1, NULL, NULL, NULL, &out, &error));
    CHECK(zbatch_collection_size(out) == CONTENT);
    zbatch_collection_free(out);

    long before = peak_memory();
    for (size_t i = 0; i < sizeof claims / sizeof *claims; i++) {
        lie(claims[i], one_segment, frame);
        EXPECT(ZBATCH_ERROR_CORRUPT,
               zbatch_multi_decompress_to_buffer(decompressor, &item, 1, NULL, NULL, NULL, &out, &error));
        CHECK(out == NULL && error.item == 0);
        /* A caller who believes it is told that it is not so, in one way or the other. */
        zbatch_status believed =
            zbatch_multi_decompress_to_buffer(decompressor, &item, 1, &claims[i], NULL, NULL, &out, &error);
        CHECK((believed == ZBATCH_ERROR_CORRUPT || believed == ZBATCH_ERROR_SIZE_MISMATCH) && out == NULL);
        CHECK(zbatch_decompress(decompressor, frame, item.size, dst, sizeof dst, &written, &error) < 0 && written == 0);
        CHECK(zbatch_multi_decompress_into(decompressor, &item, 1, &span, NULL, &written, NULL, &error) < 0);
        CHECK(zbatch_multi_decompress_packed(decompressor, &item, 1, NULL, dst, sizeof dst, &place, NULL, NULL, &error) <
              0);
        /* Headers alone show the promises that these bytes cannot keep, and in one segment also a block beyond them. */
        uint64_t size;
        zbatch_status bound = zbatch_decompress_bound(decompressor, frame, item.size, &written, &error);
        zbatch_status sizes = zbatch_decompressed_sizes(decompressor, &item, 1, &size, NULL, NULL, &error);
        const int shown = claims[i] > CONTENT || one_segment;
        CHECK(bound == (shown ? ZBATCH_ERROR_CORRUPT : ZBATCH_OK) && sizes == bound);
    }
    CHECK(peak_memory() - before < 4096);
}

/* A bomb behind a table: a few bytes of frame, named 100,000 times, with a limit on the sum. */
static void check_repetition(zbatch_decompressor *unlimited)
{
    enum { MANY = 100000, SIZE = 100000 };
    unsigned char *zeros = (unsigned char *)must_calloc(SIZE, 1), frame[256];
    zbatch_compressor *compressor;
    zbatch_collection *out;
    zbatch_view *items = (zbatch_view *)must_calloc(MANY, sizeof *items), one = { frame, 0 };
    EXPECT(ZBATCH_OK, zbatch_compressor_new(NULL, NULL, &compressor, &error));
    EXPECT(ZBATCH_OK, zbatch_compress(compressor, zeros, SIZE, frame, sizeof frame, &one.size, &error));
    for (size_t i = 0; i < MANY; i++)
        items[i] = one;

    zbatch_decompressor_options options = { .struct_size = sizeof options, .max_total_size = 1 << 20 };
    zbatch_decompressor *careful;
    EXPECT(ZBATCH_OK, zbatch_decompressor_new(&options, NULL, &careful, &error));
    long before = peak_memory();
    EXPECT(ZBATCH_ERROR_LIMIT, zbatch_multi_decompress_to_buffer(careful, items, MANY, NULL, NULL, NULL, &out, &error));
    CHECK(error.item == (1 << 20) / SIZE && peak_memory() - before < 16384);
    EXPECT(ZBATCH_OK, zbatch_multi_decompress_to_buffer(unlimited, items, 3, NULL, NULL, NULL, &out, &error));
    zbatch_collection_free(out);
    zbatch_decompressor_free(careful);
    zbatch_compressor_free(compressor);
    free(items);
    free(zeros);
}

/* Every byte of a frame takes every other value, and every length; what still decodes has the right content. */
static void check_corruption(zbatch_decompressor *decompressor)
{
    enum { SIZE = 300, ROOM = 512 };
    unsigned char *text = prose(SIZE, 11), frame[ROOM];
    zbatch_compressor_options options = { .struct_size = sizeof options, .write_checksum = 1 };
    zbatch_compressor *compressor;
    size_t size;
    EXPECT(ZBATCH_OK, zbatch_compressor_new(&options, NULL, &compressor, &error));
    EXPECT(ZBATCH_OK, zbatch_compress(compressor, text, SIZE, frame, ROOM, &size, &error));
    zbatch_compressor_free(compressor);

    const size_t count = size * 255 + size;
    unsigned char *frames = (unsigned char *)must_calloc(count, size);
    zbatch_view *items = (zbatch_view *)must_calloc(count, sizeof *items), good = { text, SIZE };
    zbatch_status *status = (zbatch_status *)must_calloc(count, sizeof *status);
    for (size_t i = 0; i < count; i++) {
        items[i] = (zbatch_view){ memcpy(frames + i * size, frame, size), size };
        if (i < size)
            items[i].size = i;
    }
    for (size_t at = 0, i = size; at < size; at++)
        for (unsigned char mask = 255; mask > 0; mask--, i++)
            frames[i * size + at] ^= mask;

    zbatch_collection *out;
    EXPECT(ZBATCH_PARTIAL,
           zbatch_multi_decompress_to_buffer(decompressor, items, count, NULL, NULL, status, &out, &error));
    for (size_t i = 0; i < count; i++) {
        zbatch_view view;
        EXPECT(ZBATCH_OK, zbatch_collection_view_at(out, i, &view, &error));
        if (status[i] == ZBATCH_OK)
            CHECK(i >= size && (same_bytes(view, good) || view.size == 0));
        else
            CHECK(view.size == 0);
        CHECK(i >= size || status[i] == ZBATCH_ERROR_TRUNCATED);
    }
    zbatch_collection_free(out);
    free(status);
    free(items);
    free(frames);
    free(text);
}

int main(int argc, char **argv)
{
    (void)argv;
    measured = argc == 1;
    zbatch_decompressor *decompressor;
    EXPECT(ZBATCH_OK, zbatch_decompressor_new(NULL, NULL, &decompressor, &error));
    check_lies(decompressor, 0);
    check_lies(decompressor, 1);
    check_repetition(decompressor);
    check_corruption(decompressor);
    zbatch_decompressor_free(decompressor);
    return EXIT_SUCCESS;
}
