/* zbatch_collection: several buffers under one numbering. */
#include "check.h"

int main(void)
{
    enum { BUFFERS = 300, EACH = 7, COUNT = BUFFERS * EACH };
    struct records r = records_new(COUNT);
    zbatch_buffer *buffers[BUFFERS];
    zbatch_collection *collection;

    size_t size = 0;
    for (size_t b = 0; b < BUFFERS; b++) {
        /* The segments of a buffer stand back to front, so that order is the table's and not memory's. */
        char block[EACH * 96];
        zbatch_segment table[EACH];
        size_t used = 0;
        for (size_t k = EACH; k-- > 0;) {
            zbatch_view item = r.views[b * EACH + k];
            memcpy(block + used, item.data, item.size);
            table[k].offset = used;
            table[k].length = item.size;
            used += item.size;
        }
        EXPECT(ZBATCH_OK, zbatch_buffer_new(block, used, table, EACH, &buffers[b], &error));
        size += used;
    }

    EXPECT(ZBATCH_OK, zbatch_collection_new(buffers, BUFFERS, &collection, &error));
    const void *first = zbatch_buffer_data(buffers[0]);
    for (size_t b = 0; b < BUFFERS; b++)
        zbatch_buffer_free(buffers[b]); /* the collection shares them */

    check_items(collection, r.views, COUNT);
    CHECK(zbatch_collection_size(collection) == size);
    CHECK(zbatch_collection_buffer_count(collection) == BUFFERS);
    CHECK(zbatch_buffer_data(zbatch_collection_buffer_at(collection, 0)) == first); /* shared, not copied */
    CHECK(zbatch_collection_buffer_at(collection, BUFFERS) == NULL);
    for (size_t i = 0; i < COUNT; i++) {
        zbatch_view view;
        zbatch_segment segment;
        EXPECT(ZBATCH_OK, zbatch_collection_view_at(collection, i, &view, &error));
        EXPECT(ZBATCH_OK, zbatch_collection_segment_at(collection, i, &segment, &error));
        const zbatch_buffer *buffer = zbatch_collection_buffer_at(collection, i / EACH);
        CHECK(same_bytes(view, r.views[i]));
        CHECK((const char *)zbatch_buffer_data(buffer) + segment.offset == view.data && segment.length == view.size);
    }

    zbatch_view view = { "x", 1 };
    EXPECT(ZBATCH_ERROR_OUT_OF_RANGE, zbatch_collection_view_at(collection, COUNT, &view, &error));
    CHECK(view.data == NULL && view.size == 0);

    char *all = (char *)must_calloc(size, 1), *at = all;
    EXPECT(ZBATCH_ERROR_DST_TOO_SMALL, zbatch_collection_tobytes(collection, all, size - 1, &error));
    CHECK(*all == 0);
    EXPECT(ZBATCH_OK, zbatch_collection_tobytes(collection, all, size, &error));
    for (size_t i = 0; i < COUNT; at += r.views[i++].size)
        CHECK(memcmp(at, r.views[i].data, r.views[i].size) == 0);
    free(all);
    zbatch_collection_free(collection);

    /* None, and the same buffer twice with an empty one between. */
    EXPECT(ZBATCH_OK, zbatch_collection_new(NULL, 0, &collection, &error));
    CHECK(zbatch_collection_len(collection) == 0 && zbatch_collection_buffer_count(collection) == 0);
    zbatch_collection_free(collection);

    static const zbatch_segment two[] = { { 0, 1 }, { 1, 2 } };
    static const zbatch_view twice[] = { { "a", 1 }, { "bc", 2 }, { "a", 1 }, { "bc", 2 } };
    zbatch_buffer *abc, *none;
    EXPECT(ZBATCH_OK, zbatch_buffer_new("abc", 3, two, 2, &abc, &error));
    EXPECT(ZBATCH_OK, zbatch_buffer_new("abc", 3, NULL, 0, &none, &error));
    zbatch_buffer *some[] = { abc, none, abc };
    EXPECT(ZBATCH_OK, zbatch_collection_new(some, 3, &collection, &error));
    check_items(collection, twice, 4);
    CHECK(zbatch_collection_size(collection) == 6);
    zbatch_collection_free(collection);

    some[1] = NULL;
    EXPECT(ZBATCH_ERROR_INVALID_ARGUMENT, zbatch_collection_new(some, 3, &collection, &error));
    CHECK(collection == NULL);
    zbatch_buffer_free(abc);
    zbatch_buffer_free(none);
    records_free(r);
    return EXIT_SUCCESS;
}
