/* zbatch_buffer: bytes and a table of segments, by copy and by reference. */
#include "check.h"

static const char bytes[] = "one two three";
static const zbatch_segment words[] = { { 8, 5 }, { 0, 3 }, { 4, 3 }, { 0, 13 }, { 13, 0 } };
enum { WORDS = 5, SIZE = 13 };

static void check_words(const zbatch_buffer *buffer)
{
    static const char *const text[WORDS] = { "three", "one", "two", "one two three", "" };
    const zbatch_view *views = zbatch_buffer_views(buffer);
    const zbatch_segment *table = zbatch_buffer_segments(buffer);

    CHECK(zbatch_buffer_len(buffer) == WORDS);
    CHECK(zbatch_buffer_size(buffer) == SIZE);
    CHECK(memcmp(zbatch_buffer_data(buffer), bytes, SIZE) == 0);
    CHECK(views != NULL && views == zbatch_buffer_views(buffer)); /* made once */
    for (size_t i = 0; i < WORDS; i++) {
        zbatch_segment segment;
        zbatch_view view, word = { text[i], strlen(text[i]) };
        EXPECT(ZBATCH_OK, zbatch_buffer_segment_at(buffer, i, &segment, &error));
        EXPECT(ZBATCH_OK, zbatch_buffer_view_at(buffer, i, &view, &error));
        CHECK(segment.offset == words[i].offset && segment.length == words[i].length);
        CHECK(table[i].offset == segment.offset && table[i].length == segment.length);
        CHECK(same_bytes(view, word) && same_bytes(views[i], word));
    }

    zbatch_segment segment = { 1, 1 };
    zbatch_view view = { bytes, 1 };
    EXPECT(ZBATCH_ERROR_OUT_OF_RANGE, zbatch_buffer_segment_at(buffer, WORDS, &segment, &error));
    EXPECT(ZBATCH_ERROR_OUT_OF_RANGE, zbatch_buffer_view_at(buffer, SIZE_MAX, &view, &error));
    CHECK(segment.offset == 0 && segment.length == 0 && view.data == NULL && view.size == 0);

    char copy[SIZE] = { 0 };
    EXPECT(ZBATCH_ERROR_DST_TOO_SMALL, zbatch_buffer_tobytes(buffer, copy, SIZE - 1, &error));
    CHECK(copy[0] == 0);
    EXPECT(ZBATCH_OK, zbatch_buffer_tobytes(buffer, copy, SIZE, &error));
    CHECK(memcmp(copy, bytes, SIZE) == 0);
}

int main(void)
{
    zbatch_buffer *buffer;

    char gone[SIZE];
    zbatch_segment table[WORDS];
    memcpy(gone, bytes, SIZE);
    memcpy(table, words, sizeof words);
    EXPECT(ZBATCH_OK, zbatch_buffer_new(gone, SIZE, table, WORDS, &buffer, &error));
    memset(gone, 'x', SIZE); /* both were copied */
    memset(table, 0xff, sizeof table);
    check_words(buffer);
    zbatch_buffer_free(buffer);

    memcpy(table, words, sizeof words);
    EXPECT(ZBATCH_OK, zbatch_buffer_new_by_reference(bytes, SIZE, table, WORDS, &buffer, &error));
    memset(table, 0xff, sizeof table); /* the table was, the bytes were not */
    CHECK(zbatch_buffer_data(buffer) == (const void *)bytes);
    check_words(buffer);
    zbatch_buffer_free(buffer);

    /* Nothing at all is a buffer too. */
    EXPECT(ZBATCH_OK, zbatch_buffer_new(NULL, 0, NULL, 0, &buffer, &error));
    CHECK(zbatch_buffer_len(buffer) == 0 && zbatch_buffer_size(buffer) == 0);
    EXPECT(ZBATCH_OK, zbatch_buffer_tobytes(buffer, NULL, 0, &error));
    zbatch_buffer_free(buffer);

    /* Segments that leave the bytes, by one or by wrapping around 2^64. */
    static const zbatch_segment outside[] = {
        { 0, SIZE + 1 }, { SIZE + 1, 0 }, { SIZE, 1 }, { UINT64_MAX, 1 }, { 1, UINT64_MAX }, { UINT64_MAX - 2, 8 },
        { (uint64_t)1 << 32, 1 },
    };
    for (size_t i = 0; i < sizeof outside / sizeof *outside; i++) {
        zbatch_segment some[3] = { { 0, 1 }, { 1, 1 }, outside[i] };
        EXPECT(ZBATCH_ERROR_OUT_OF_RANGE, zbatch_buffer_new(bytes, SIZE, some, 3, &buffer, &error));
        CHECK(buffer == NULL && error.item == 2 && error.status == ZBATCH_ERROR_OUT_OF_RANGE);
        EXPECT(ZBATCH_ERROR_OUT_OF_RANGE, zbatch_buffer_new_by_reference(bytes, SIZE, some, 3, &buffer, &error));
        CHECK(buffer == NULL && error.item == 2);
    }
    return EXIT_SUCCESS;
}
