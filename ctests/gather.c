/* Items out of objects of another language, and results into them.  Here the language is C: a list of strings whose functions
 * behave as CPython's do. */
#include "check.h"

struct object {
    const char *text;
    int pins;
};

struct list {
    struct object *elements;
    ptrdiff_t length;
};

/* As CPython's Py_buffer, with the pointer and the length not first. */
struct record {
    void *object;
    const void *bytes;
    int unused;
    ptrdiff_t size;
};

static void *get_item(void *sequence, ptrdiff_t index)
{
    struct list *list = (struct list *)sequence;
    return index < list->length ? &list->elements[index] : NULL;
}

static int get_bytes(void *item, char **data, ptrdiff_t *size)
{
    const struct object *object = (const struct object *)item;
    if (object->text == NULL)
        return -1;
    *data = (char *)(uintptr_t)object->text;
    *size = (ptrdiff_t)strlen(object->text);
    return 0;
}

enum { READABLE, WRITABLE };

static int get_buffer(void *item, void *buffer, int flags)
{
    struct object *object = (struct object *)item;
    struct record *record = (struct record *)buffer;
    CHECK(record->object == NULL && record->bytes == NULL && record->size == 0); /* zeros */
    if (object->text == NULL || flags == WRITABLE)
        return -1;
    object->pins++;
    record->object = object;
    record->bytes = object->text;
    record->size = (ptrdiff_t)strlen(object->text);
    return 0;
}

static int released; /* so many records */

static void release_buffer(void *buffer)
{
    struct record *record = (struct record *)buffer;
    ((struct object *)record->object)->pins--;
    record->object = NULL;
    released++;
}

static void check_released(struct object *elements, int count)
{
    for (size_t i = 0; i < 4; i++)
        CHECK(elements[i].pins == 0);
    CHECK(released == count);
    released = 0;
}

static zbatch_status gather(struct list *list, size_t count, int flags, size_t data_offset, zbatch_view *views,
                            zbatch_pins **pins)
{
    *pins = (zbatch_pins *)list;
    return zbatch_gather_buffers(list, count, get_item, get_buffer, release_buffer, flags, sizeof(struct record),
                                 data_offset, offsetof(struct record, size), views, pins, &error);
}

static int refuse_from = 100; /* the index at which the language has had enough */

static void *new_object(const char *data, ptrdiff_t size)
{
    struct object *object = (struct object *)must_calloc(1, sizeof *object);
    char *text = (char *)must_calloc((size_t)size + 1, 1);
    if (size > 0)
        memcpy(text, data, (size_t)size);
    object->text = text;
    return object;
}

static void *no_object(const char *data, ptrdiff_t size)
{
    (void)data;
    (void)size;
    return NULL;
}

static int set_item(void *sequence, ptrdiff_t index, void *item)
{
    struct list *list = (struct list *)sequence;
    struct object *object = (struct object *)item;
    const int refused = index >= refuse_from;
    if (!refused)
        list->elements[index] = *object;
    else
        free((void *)(uintptr_t)object->text);
    free(object); /* ours from then on, also after a failure */
    return refused;
}

int main(void)
{
    enum { COUNT = 4 };
    static const char *const text[COUNT] = { "one", "", "three", "four" };
    struct object elements[COUNT] = { { text[0], 0 }, { text[1], 0 }, { text[2], 0 }, { text[3], 0 } };
    struct list list = { elements, COUNT };
    zbatch_view views[COUNT + 1];

    EXPECT(ZBATCH_OK, zbatch_gather_views(&list, COUNT, get_item, get_bytes, views, &error));
    for (size_t i = 0; i < COUNT; i++)
        CHECK(views[i].data == text[i] && views[i].size == strlen(text[i]));
    EXPECT(ZBATCH_ERROR_INVALID_ARGUMENT, zbatch_gather_views(&list, COUNT + 1, get_item, get_bytes, views, &error));
    CHECK(error.item == COUNT && views[0].data == NULL && views[0].size == 0);

    zbatch_pins *pins;
    EXPECT(ZBATCH_OK, gather(&list, COUNT, READABLE, offsetof(struct record, bytes), views, &pins));
    for (size_t i = 0; i < COUNT; i++)
        CHECK(views[i].data == text[i] && views[i].size == strlen(text[i]) && elements[i].pins == 1);
    CHECK(released == 0);
    zbatch_pins_free(pins);
    zbatch_pins_free(NULL);
    check_released(elements, COUNT);

    EXPECT(ZBATCH_OK, gather(&list, 0, READABLE, offsetof(struct record, bytes), NULL, &pins));
    CHECK(pins != NULL);
    zbatch_pins_free(pins);
    check_released(elements, 0);

    /* These strings are not to be written to. */
    EXPECT(ZBATCH_ERROR_INVALID_ARGUMENT, gather(&list, COUNT, WRITABLE, offsetof(struct record, bytes), views, &pins));
    CHECK(pins == NULL && error.item == 0);
    check_released(elements, 0);

    /* A failure in the middle: what was pinned before it is released. */
    elements[2].text = NULL;
    EXPECT(ZBATCH_ERROR_INVALID_ARGUMENT, gather(&list, COUNT, READABLE, offsetof(struct record, bytes), views, &pins));
    CHECK(pins == NULL && error.item == 2 && views[0].data == NULL);
    check_released(elements, 2);
    EXPECT(ZBATCH_ERROR_INVALID_ARGUMENT, zbatch_gather_views(&list, COUNT, get_item, get_bytes, views, &error));
    CHECK(error.item == 2);
    elements[2].text = text[2];
    EXPECT(ZBATCH_ERROR_INVALID_ARGUMENT, gather(&list, COUNT + 1, READABLE, offsetof(struct record, bytes), views, &pins));
    CHECK(pins == NULL && error.item == COUNT);
    check_released(elements, COUNT);
    /* Fields that do not lie in the record, and records that no memory has. */
    static const size_t no_field[] = { sizeof(struct record), offsetof(struct record, bytes) + 4, offsetof(struct record, size) };
    for (size_t i = 0; i < sizeof no_field / sizeof *no_field; i++) {
        EXPECT(ZBATCH_ERROR_INVALID_ARGUMENT, gather(&list, COUNT, READABLE, no_field[i], views, &pins));
        CHECK(pins == NULL);
    }
    EXPECT(ZBATCH_ERROR_INVALID_ARGUMENT,
           zbatch_gather_buffers(&list, COUNT, get_item, get_buffer, release_buffer, READABLE, sizeof(struct record) + 4,
                                 offsetof(struct record, bytes), offsetof(struct record, size), views, &pins, &error));
    EXPECT(ZBATCH_ERROR_NO_MEMORY,
           zbatch_gather_buffers(&list, COUNT, get_item, get_buffer, release_buffer, READABLE, SIZE_MAX / 2 - 7, 0, 8, views,
                                 &pins, &error));
    CHECK(pins == NULL);
    check_released(elements, 0);

    /* And back: objects from views. */
    struct object made[COUNT] = { { NULL, 0 }, { NULL, 0 }, { NULL, 0 }, { NULL, 0 } };
    struct list target = { made, COUNT };
    for (size_t i = 0; i < COUNT; i++)
        views[i] = (zbatch_view){ text[i], strlen(text[i]) };
    EXPECT(ZBATCH_OK, zbatch_scatter_bytes(views, COUNT, &target, new_object, set_item, &error));
    for (size_t i = 0; i < COUNT; i++) {
        CHECK(strcmp(made[i].text, text[i]) == 0);
        free((void *)(uintptr_t)made[i].text);
        made[i].text = NULL;
    }
    EXPECT(ZBATCH_ERROR_NO_MEMORY, zbatch_scatter_bytes(views, COUNT, &target, no_object, set_item, &error));
    CHECK(error.item == 0);
    refuse_from = 2;
    EXPECT(ZBATCH_ERROR_INVALID_ARGUMENT, zbatch_scatter_bytes(views, COUNT, &target, new_object, set_item, &error));
    CHECK(error.item == 2 && made[1].text != NULL && made[2].text == NULL);
    free((void *)(uintptr_t)made[0].text);
    free((void *)(uintptr_t)made[1].text);
    return EXIT_SUCCESS;
}
