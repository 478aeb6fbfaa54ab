/* Another language, in C: objects that are counted, a record about the bytes of one, and lists, whose functions behave as
 * CPython's do. */
#ifndef LANGUAGE_H
#define LANGUAGE_H

#include "check.h"

/* What every object begins with. */
struct head {
    ptrdiff_t references;
    struct type *type;
};

struct type {
    struct head head; /* every object of the type has a reference to it */
    ptrdiff_t alive;
    ptrdiff_t room; /* so many more can be made */
};

/* The words are in no order, and with something between them. */
struct lent {
    struct head head;
    size_t place;
    void *unused;
    const void *data;
    struct head *owner;
    size_t size;
};

struct text {
    struct head head;
    size_t size;
    char bytes[];
};

struct list {
    struct head head;
    ptrdiff_t length;
    struct head *elements[];
};

struct capsule {
    struct head head;
    void *content;
    const char *name;
    void (*end)(void *capsule);
};

struct record {
    const void *data;
    struct head *object;
    ptrdiff_t size;
    int readonly, flags;
};

enum { COUNT = 6, READABLE = 0, WRITABLE = 1, PLENTY = 1000, LARGE = 1 << 20 };

static struct type lents = { { 1, NULL }, 0, PLENTY };
static struct type texts = { { 1, NULL }, 0, PLENTY };
static struct type lists = { { 1, NULL }, 0, PLENTY };
static struct type capsules = { { 1, NULL }, 0, PLENTY };
static ptrdiff_t refuse_from = PLENTY; /* the index from which on lists take nothing */

static inline struct head *make(struct type *type, size_t size)
{
    if (type->room == 0)
        return NULL;
    struct head *object = (struct head *)must_calloc(1, size);
    type->room--;
    type->alive++;
    type->head.references++;
    *object = (struct head){ 1, type };
    return object;
}

static inline void *alloc_object(void *type, ptrdiff_t count)
{
    CHECK(count == 0 && type == &lents);
    return make((struct type *)type, sizeof(struct lent));
}

static inline void retain_object(void *object)
{
    ((struct head *)object)->references++;
}

/* The memory alone; the object still has its reference to its type. */
static inline void free_object(void *object)
{
    struct type *type = ((struct head *)object)->type;
    CHECK(type == NULL || (type->head.references > 1 && type->alive > 0));
    if (type != NULL)
        type->alive--;
    free(object);
}

static inline void release_object(void *object)
{
    struct head *head = (struct head *)object;
    CHECK(head->references > 0);
    if (--head->references > 0)
        return;
    struct type *type = head->type;
    CHECK(type != NULL); /* the types themselves are for good */
    if (type == &lents) {
        zbatch_object_dealloc(object);
        return;
    }
    if (type == &capsules)
        ((struct capsule *)object)->end(object);
    if (type == &lists)
        for (ptrdiff_t i = 0; i < ((struct list *)object)->length; i++)
            if (((struct list *)object)->elements[i] != NULL)
                release_object(((struct list *)object)->elements[i]);
    free_object(object);
    release_object(type);
}

static inline int fill_record(void *record, void *object, void *data, ptrdiff_t size, int readonly, int flags)
{
    if (readonly && flags == WRITABLE)
        return -1;
    retain_object(object);
    *(struct record *)record = (struct record){ data, (struct head *)object, size, readonly, flags };
    return 0;
}

static int left, entered; /* how often; whoever left can call nothing until it enters */

static inline void *new_text(const char *data, ptrdiff_t size)
{
    CHECK(size >= 0 && size <= LARGE && left == entered);
    struct text *text = (struct text *)make(&texts, sizeof *text + (size_t)size);
    if (text == NULL)
        return NULL;
    text->size = (size_t)size;
    if (data != NULL)
        memcpy(text->bytes, data, text->size);
    return text;
}

static inline char *content_of(void *text)
{
    CHECK(((struct head *)text)->type == &texts && left == entered);
    return ((struct text *)text)->bytes;
}

static inline void *leave(void)
{
    CHECK(left == entered);
    left++;
    return &left;
}

static inline void enter(void *state)
{
    CHECK(state == &left && left == entered + 1);
    entered++;
}

static inline void *new_list(ptrdiff_t size)
{
    CHECK(size >= 0 && size < 100);
    struct list *list = (struct list *)make(&lists, sizeof *list + (size_t)size * sizeof *list->elements);
    if (list != NULL)
        list->length = size;
    return list;
}

static inline int set_element(void *sequence, ptrdiff_t index, void *object)
{
    struct list *list = (struct list *)sequence;
    CHECK(list->head.type == &lists && index >= 0 && index < list->length && list->elements[index] == NULL);
    if (index >= refuse_from) {
        release_object(object); /* the list's from then on, also after a failure */
        return -1;
    }
    list->elements[index] = (struct head *)object;
    return 0;
}

static inline void *new_capsule(void *content, const char *name, void (*end)(void *capsule))
{
    struct capsule *capsule = (struct capsule *)make(&capsules, sizeof *capsule);
    if (capsule == NULL)
        return NULL;
    capsule->content = content;
    capsule->name = name;
    capsule->end = end;
    return capsule;
}

static inline void *capsule_content(void *object, const char *name)
{
    struct capsule *capsule = (struct capsule *)object;
    CHECK(capsule->head.type == &capsules && strcmp(capsule->name, name) == 0);
    return capsule->content;
}

static char no_such_index; /* its address is the kind of exception */
static char raised[80];

static inline void raise_error(void *kind, const char *text)
{
    CHECK(kind == &no_such_index && strlen(text) < sizeof raised && raised[0] == '\0');
    strcpy(raised, text);
}

static inline void check_raised(const char *text)
{
    CHECK(strcmp(raised, text) == 0);
    raised[0] = '\0';
}

/* Nothing is left but the owner's own reference, and each type's. */
static inline void check_balance(const struct text *owner)
{
    CHECK(lents.alive == 0 && lents.head.references == 1 && lists.alive == 0 && lists.head.references == 1);
    CHECK(capsules.alive == 0 && capsules.head.references == 1);
    CHECK(texts.alive == (owner != NULL) && texts.head.references == 1 + (owner != NULL));
    CHECK(owner == NULL || owner->head.references == 1);
    lents.room = texts.room = lists.room = capsules.room = refuse_from = PLENTY;
}

static const zbatch_object_layout layout = { .struct_size = sizeof layout,
                                             .owner_offset = offsetof(struct lent, owner),
                                             .data_offset = offsetof(struct lent, data),
                                             .size_offset = offsetof(struct lent, size),
                                             .place_offset = offsetof(struct lent, place),
                                             .type_offset = offsetof(struct lent, head.type),
                                             .alloc_fn = alloc_object,
                                             .retain_fn = retain_object,
                                             .fill_fn = fill_record,
                                             .new_fn = new_text,
                                             .release_fn = release_object,
                                             .free_fn = free_object,
                                             .list_fn = new_list,
                                             .set_fn = set_element,
                                             .content_fn = content_of,
                                             .leave_fn = leave,
                                             .enter_fn = enter,
                                             .raise_fn = raise_error,
                                             .index_error = &no_such_index,
                                             .capsule_fn = new_capsule,
                                             .capsule_content_fn = capsule_content };

static const char bytes[] = "one, two and three";
static const zbatch_segment segments[COUNT] = { { 0, 3 }, { 5, 3 }, { 13, 5 }, { 18, 0 }, { 0, 18 }, { 4, 1 } };

static inline void check_text(const struct head *object, const void *data, size_t size)
{
    const struct text *text = (const struct text *)object;
    CHECK(text != NULL && text->head.type == &texts && text->head.references == 1);
    CHECK(text->size == size && memcmp(text->bytes, data, size) == 0);
}

/* The object lends these bytes, each way of asking; it owns them together with 'owner'. */
static inline void check_object(void *object, const void *data, size_t size, size_t place, const struct text *owner)
{
    struct lent *lent = (struct lent *)object;
    struct record record;
    CHECK(lent != NULL && lent->head.references == 1 && lent->head.type == &lents && lent->unused == NULL);
    CHECK(lent->data == data && lent->size == size && lent->place == place && lent->owner == (const void *)owner);
    CHECK(zbatch_object_size(lent) == (ptrdiff_t)size);

    CHECK(zbatch_object_get_buffer(lent, &record, 8) == 0);
    CHECK(record.object == &lent->head && lent->head.references == 2 && record.size == (ptrdiff_t)size);
    CHECK(record.readonly == 1 && record.flags == 8 && record.data != NULL && memcmp(record.data, data, size) == 0);
    release_object(record.object);
    CHECK(zbatch_object_get_buffer(lent, &record, WRITABLE) == -1 && lent->head.references == 1);

    struct head *text = (struct head *)zbatch_object_tobytes(lent, NULL);
    check_text(text, data, size);
    release_object(text);
    texts.room = 0;
    CHECK(zbatch_object_tobytes(lent, NULL) == NULL);
    texts.room = PLENTY;
}

static inline void free_collection(void *handle)
{
    zbatch_collection_free((zbatch_collection *)handle);
}

/* The first buffer twice, and one that lends its bytes and one of none between. */
static inline zbatch_collection *collection_of_several(void)
{
    static const char more[] = "four and five";
    static const zbatch_segment two[2] = { { 0, 4 }, { 9, 4 } };
    zbatch_buffer *first, *second, *none;
    zbatch_collection *collection;
    EXPECT(ZBATCH_OK, zbatch_buffer_new(bytes, sizeof bytes - 1, segments, COUNT, &first, &error));
    EXPECT(ZBATCH_OK, zbatch_buffer_new_by_reference(more, sizeof more - 1, two, 2, &second, &error));
    EXPECT(ZBATCH_OK, zbatch_buffer_new(NULL, 0, NULL, 0, &none, &error));
    zbatch_buffer *const buffers[] = { first, none, second, first };
    EXPECT(ZBATCH_OK, zbatch_collection_new(buffers, 4, &collection, &error));
    CHECK(zbatch_collection_len(collection) == 2 * COUNT + 2);
    zbatch_buffer_free(none);
    zbatch_buffer_free(second);
    zbatch_buffer_free(first);
    return collection;
}

#endif /* LANGUAGE_H */
