/* One item that becomes an object of another language. */
#include "language.h"

/* The frame of these bytes, and what it becomes; without a layout, or without room, the type and one reference more. */
static void check_item(const void *data, size_t size, int omit_size, int long_ones)
{
    zbatch_compressor_options options = { .struct_size = sizeof options, .omit_content_size = omit_size };
    zbatch_compressor *compressor;
    zbatch_decompressor *decompressor;
    EXPECT(ZBATCH_OK, zbatch_compressor_new(&options, NULL, &compressor, &error));
    EXPECT(ZBATCH_OK, zbatch_decompressor_new(NULL, NULL, &decompressor, &error));
    left = entered = 0;
    struct text *frame = (struct text *)zbatch_object_compress(compressor, data, size, &texts, &error);
    CHECK(frame != NULL && frame->head.type == &texts && frame->head.references == 1);
    CHECK(left == long_ones && entered == left);
    struct text *twice = (struct text *)new_text(NULL, (ptrdiff_t)(2 * frame->size));
    memcpy(twice->bytes, frame->bytes, frame->size);
    memcpy(twice->bytes + frame->size, frame->bytes, frame->size);

    struct text *content =
        (struct text *)zbatch_object_decompress(decompressor, frame->bytes, frame->size, 0, 0, size, &texts, &error);
    check_text(&content->head, data, size);
    CHECK(left >= 2 * long_ones && left == entered && (long_ones || left == 0));
    release_object(content);
    content = (struct text *)zbatch_object_decompress(decompressor, twice->bytes, twice->size, 1, 1, 0, &texts, &error);
    check_text(&content->head, data, size);
    release_object(content);

    /* What fails: extra data, a limit, a damaged end, no room. */
    const struct {
        const void *data;
        size_t size, limit, room;
        zbatch_status want;
    } rows[] = {
        { twice->bytes, twice->size, 0, PLENTY, ZBATCH_ERROR_EXTRA_DATA },
        { frame->bytes, frame->size, size - 1, PLENTY, omit_size ? ZBATCH_ERROR_LIMIT : ZBATCH_OK },
        { frame->bytes, frame->size - 1, 0, PLENTY, ZBATCH_ERROR_TRUNCATED },
        { frame->bytes, frame->size, 0, 0, ZBATCH_ERROR_NO_MEMORY },
        { NULL, 1, 0, PLENTY, ZBATCH_ERROR_INVALID_ARGUMENT },
    };
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
        const ptrdiff_t before = texts.alive;
        texts.room = (ptrdiff_t)rows[r].room;
        struct head *made = (struct head *)zbatch_object_decompress(decompressor, rows[r].data, rows[r].size, 1, 0,
                                                                    rows[r].limit, &lists, &error);
        texts.room = PLENTY;
        CHECK(left == entered && (made == &lists.head) == (rows[r].want != ZBATCH_OK));
        CHECK(rows[r].want == ZBATCH_OK || error.status == rows[r].want);
        CHECK(texts.alive == before + (rows[r].want == ZBATCH_OK));
        release_object(made);
    }
    CHECK(zbatch_object_decompress(decompressor, NULL, 1, 0, 0, 0, NULL, NULL) == NULL);
    CHECK(zbatch_object_compress(compressor, NULL, 1, &lists, NULL) == &lists && --lists.head.references == 1);
    texts.room = 0;
    CHECK(zbatch_object_compress(compressor, data, size, &lists, &error) == &lists && --lists.head.references == 1);
    CHECK(error.status == ZBATCH_ERROR_NO_MEMORY && left == entered);
    release_object(twice);
    release_object(frame);
    check_balance(NULL);
    zbatch_decompressor_free(decompressor);
    zbatch_compressor_free(compressor);
}

/* Long work is left and entered; short work is done in turn. */
static void check_items_alone(void)
{
    unsigned char *text = prose(LARGE / 2, 3);
    for (int omit_size = 0; omit_size < 2; omit_size++) {
        check_item("one, two and three", 18, omit_size, 0);
        check_item(text, LARGE / 2, omit_size, 1);
    }
    free(text);
}

int main(void)
{
    EXPECT(ZBATCH_OK, zbatch_object_bind(&layout, &error));
    check_items_alone();
    return EXIT_SUCCESS;
}
