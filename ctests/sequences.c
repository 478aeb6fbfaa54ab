/* The segments of a collection as objects of another language: in lists, and one by one. */
#include "language.h"

/* A list of the collection's segments from 'first' on. */
static void check_list(const zbatch_collection *collection, size_t first, size_t most, struct text *owner)
{
    const size_t all = zbatch_collection_len(collection);
    const size_t rest = first < all ? all - first : 0, count = most < rest ? most : rest;
    struct list *list = (struct list *)zbatch_object_list(collection, first, most, &lents, owner);
    CHECK(list != NULL && list->head.references == 1 && list->length == (ptrdiff_t)count);
    CHECK(lents.alive == (ptrdiff_t)count && lents.head.references == 1 + (ptrdiff_t)count && lists.alive == 1);
    CHECK(owner == NULL || owner->head.references == 1 + (ptrdiff_t)count);
    for (size_t i = 0; i < count; i++) {
        zbatch_view view;
        zbatch_segment segment;
        EXPECT(ZBATCH_OK, zbatch_collection_view_at(collection, first + i, &view, &error));
        EXPECT(ZBATCH_OK, zbatch_collection_segment_at(collection, first + i, &segment, &error));
        check_object(list->elements[i], view.data, view.size, (size_t)segment.offset, owner);
    }
    release_object(list);
    check_balance(owner);
}

static void check_lists(const zbatch_collection *collection)
{
    struct text *owner = (struct text *)new_text("owner", 5);
    const size_t all = zbatch_collection_len(collection);
    static const size_t mosts[] = { 0, 1, 2, COUNT, 100, SIZE_MAX };
    for (size_t i = 0; i < sizeof mosts / sizeof *mosts; i++) {
        for (size_t first = 0; first < all + 2; first++)
            check_list(collection, first, mosts[i], owner);
        check_list(collection, SIZE_MAX, mosts[i], owner);
    }
    CHECK(zbatch_object_list(NULL, 0, 1, &lents, owner) == NULL && zbatch_object_list(collection, 0, 1, NULL, owner) == NULL);
    CHECK(zbatch_object_list(collection, 0, 0, NULL, owner) == NULL);

    /* No list, and failures in the middle and at the ends: nothing is left. */
    lists.room = 0;
    CHECK(zbatch_object_list(collection, 0, all, &lents, owner) == NULL);
    check_balance(owner);
    for (size_t at = 0; at < all; at++) {
        lents.room = (ptrdiff_t)at;
        CHECK(zbatch_object_list(collection, 0, all, &lents, owner) == NULL);
        check_balance(owner);
        refuse_from = (ptrdiff_t)at;
        CHECK(zbatch_object_list(collection, 0, all, &lents, owner) == NULL);
        check_balance(owner);
    }
    release_object(owner);
}

static void check_bytes_lists(const zbatch_collection *collection)
{
    const size_t all = zbatch_collection_len(collection);
    struct list *list = (struct list *)zbatch_object_bytes_list(collection);
    CHECK(list != NULL && list->head.references == 1 && list->length == (ptrdiff_t)all && texts.alive == (ptrdiff_t)all);
    for (size_t i = 0; i < all; i++) {
        zbatch_view view;
        EXPECT(ZBATCH_OK, zbatch_collection_view_at(collection, i, &view, &error));
        check_text(list->elements[i], view.data, view.size);
    }
    release_object(list);
    check_balance(NULL);

    CHECK(zbatch_object_bytes_list(NULL) == NULL);
    lists.room = 0;
    CHECK(zbatch_object_bytes_list(collection) == NULL);
    check_balance(NULL);
    for (size_t at = 0; at < all; at++) {
        texts.room = (ptrdiff_t)at;
        CHECK(zbatch_object_bytes_list(collection) == NULL);
        check_balance(NULL);
        refuse_from = (ptrdiff_t)at;
        CHECK(zbatch_object_bytes_list(collection) == NULL);
        check_balance(NULL);
    }
}

/* The elements of a sequence are the collection's segments, by an index as languages have it. */
static void check_items_of(zbatch_collection *collection)
{
    static const ptrdiff_t bad[] = { -1, -2, PTRDIFF_MIN, PTRDIFF_MAX };
    const ptrdiff_t all = (ptrdiff_t)zbatch_collection_len(collection);
    struct lent *handle = (struct lent *)zbatch_object_new_handle(&lents, NULL, collection, NULL);
    void *sequence = zbatch_object_new(&lents, handle, NULL, 0, &lents);
    CHECK(zbatch_object_item_count(sequence) == all);
    for (ptrdiff_t i = all - 1; i >= 0; i--) {
        zbatch_view view;
        zbatch_segment segment;
        EXPECT(ZBATCH_OK, zbatch_collection_view_at(collection, (size_t)i, &view, &error));
        EXPECT(ZBATCH_OK, zbatch_collection_segment_at(collection, (size_t)i, &segment, &error));
        void *item = zbatch_object_item(sequence, i);
        CHECK(handle->head.references == 3);
        check_object(item, view.data, view.size, (size_t)segment.offset, (const struct text *)(const void *)handle);
        release_object(item);
        lents.room = 0;
        CHECK(zbatch_object_item(sequence, i) == NULL && handle->head.references == 2);
        lents.room = PLENTY;
    }
    check_raised("");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char text[64];
        snprintf(text, sizeof text, "offset must be less than %td", all);
        CHECK(zbatch_object_item(sequence, bad[i]) == NULL);
        check_raised(bad[i] < 0 ? "offset must be non-negative" : text);
        CHECK(zbatch_object_item(sequence, all) == NULL);
        check_raised(text);
    }
    release_object(sequence);
    release_object(handle);

    /* Sequences of nothing: without an owner, and with one that has no collection. */
    handle = (struct lent *)zbatch_object_new_handle(&lents, NULL, NULL, free_collection);
    void *const empty[2] = { zbatch_object_new(&lents, NULL, NULL, 0, &lents),
                             zbatch_object_new(&lents, handle, NULL, 0, &lents) };
    for (size_t i = 0; i < 2; i++) {
        CHECK(zbatch_object_item_count(empty[i]) == 0 && zbatch_object_item(empty[i], 0) == NULL);
        check_raised("offset must be less than 0");
        release_object(empty[i]);
    }
    release_object(handle);
    check_balance(NULL);
}

int main(void)
{
    zbatch_collection *collection = collection_of_several(), *empty;
    EXPECT(ZBATCH_OK, zbatch_collection_new(NULL, 0, &empty, &error));
    EXPECT(ZBATCH_OK, zbatch_object_bind(&layout, &error));
    check_lists(collection);
    check_bytes_lists(collection);
    check_list(collection, 0, SIZE_MAX, NULL);
    check_list(empty, 0, SIZE_MAX, NULL);
    check_bytes_lists(empty);
    check_items_of(collection);
    check_items_of(empty);
    zbatch_collection_free(empty);
    zbatch_collection_free(collection);
    return EXIT_SUCCESS;
}
