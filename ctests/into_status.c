/* Chunks of an array decoded straight into its rows; bad chunks are told one by one. */
#include "check.h"

enum { ROWS = 1000, COLUMNS = 256 };

static float source[ROWS][COLUMNS], array[ROWS][COLUMNS];
static zbatch_view rows[ROWS], chunks[ROWS];
static zbatch_span into[ROWS];
static zbatch_status status[ROWS];
static size_t written[ROWS];

static int is_bad(size_t r)
{
    return r == 3 || r == 7 || r == 9 || r == ROWS - 1;
}

int main(void)
{
    static const int32_t threads[] = { 1, 2, 8 };
    static const float zeros[COLUMNS];
    zbatch_compressor *compressor;
    zbatch_decompressor *decompressor;
    zbatch_collection *frames;

    for (size_t r = 0; r < ROWS; r++) {
        for (size_t c = 0; c < COLUMNS; c++)
            source[r][c] = (float)((r + 1) * (c + 1) % 100) + 1;
        rows[r] = (zbatch_view){ source[r], sizeof source[r] };
        into[r] = (zbatch_span){ array[r], sizeof array[r] };
    }
    EXPECT(ZBATCH_OK, zbatch_compressor_new(NULL, NULL, &compressor, &error));
    EXPECT(ZBATCH_OK, zbatch_decompressor_new(NULL, NULL, &decompressor, &error));
    EXPECT(ZBATCH_OK, zbatch_multi_compress_to_buffer(compressor, rows, ROWS, NULL, NULL, &frames, &error));
    memcpy(chunks, zbatch_collection_views(frames), sizeof chunks);

    /* All good. */
    EXPECT(ZBATCH_OK, zbatch_multi_decompress_into(decompressor, chunks, ROWS, into, NULL, NULL, NULL, &error));
    CHECK(memcmp(array, source, sizeof array) == 0);

    /* One is cut short, one is not a frame, one is of another shape, and one has no room. */
    char small[64];
    size_t small_size;
    EXPECT(ZBATCH_OK, zbatch_compress(compressor, "short", 5, small, sizeof small, &small_size, &error));
    chunks[3].size -= 5;
    chunks[7] = (zbatch_view){ "not zstd at all", 15 };
    chunks[9] = (zbatch_view){ small, small_size };
    into[ROWS - 1].size -= 1;
    for (size_t t = 0; t < 3; t++) {
        zbatch_run_options run = { .struct_size = sizeof run, .threads = threads[t] };

        /* 'written' is NULL: every chunk must fill its row. */
        memset(array, 0xff, sizeof array);
        EXPECT(ZBATCH_PARTIAL,
               zbatch_multi_decompress_into(decompressor, chunks, ROWS, into, &run, NULL, status, &error));
        CHECK(error.item == 3 && error.status == ZBATCH_ERROR_TRUNCATED);
        CHECK(status[3] == ZBATCH_ERROR_TRUNCATED && status[7] == ZBATCH_ERROR_NOT_A_FRAME);
        CHECK(status[9] == ZBATCH_ERROR_SIZE_MISMATCH && status[ROWS - 1] < 0);
        for (size_t r = 0; r < ROWS; r++) {
            CHECK(is_bad(r) ? status[r] < 0 : status[r] == ZBATCH_OK);
            CHECK(memcmp(array[r], is_bad(r) ? zeros : source[r], into[r].size) == 0);
        }
        CHECK(((unsigned char *)array[ROWS - 1])[sizeof array[0] - 1] == 0xff); /* outside the span: not ours */

        /* With it, a shorter one is welcome. */
        EXPECT(ZBATCH_PARTIAL,
               zbatch_multi_decompress_into(decompressor, chunks, ROWS, into, &run, written, status, &error));
        CHECK(status[9] == ZBATCH_OK && written[9] == 5 && memcmp(array[9], "short", 5) == 0);
        CHECK(status[ROWS - 1] == ZBATCH_ERROR_DST_TOO_SMALL && written[ROWS - 1] == 0 && written[3] == 0);
        CHECK(written[0] == sizeof array[0]);

        /* Without statuses the lowest bad item fails the call. */
        EXPECT(ZBATCH_ERROR_TRUNCATED,
               zbatch_multi_decompress_into(decompressor, chunks, ROWS, into, &run, written, NULL, &error));
        CHECK(error.item == 3 && written[0] == 0);
    }
    zbatch_collection_free(frames);
    zbatch_decompressor_free(decompressor);
    zbatch_compressor_free(compressor);
    return EXIT_SUCCESS;
}
