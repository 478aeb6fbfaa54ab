/* Objects of another language that lend bytes.  Here the language is C: objects that are counted, a record about the bytes of
 * one, and lists, whose functions behave as CPython's do. */
#include "check.h"

#include "arrow.h"

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

static struct head *make(struct type *type, size_t size)
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

static void *alloc_object(void *type, ptrdiff_t count)
{
    CHECK(count == 0 && type == &lents);
    return make((struct type *)type, sizeof(struct lent));
}

static void retain_object(void *object)
{
    ((struct head *)object)->references++;
}

/* The memory alone; the object still has its reference to its type. */
static void free_object(void *object)
{
    struct type *type = ((struct head *)object)->type;
    CHECK(type == NULL || (type->head.references > 1 && type->alive > 0));
    if (type != NULL)
        type->alive--;
    free(object);
}

static void release_object(void *object)
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

static int fill_record(void *record, void *object, void *data, ptrdiff_t size, int readonly, int flags)
{
    if (readonly && flags == WRITABLE)
        return -1;
    retain_object(object);
    *(struct record *)record = (struct record){ data, (struct head *)object, size, readonly, flags };
    return 0;
}

static int left, entered; /* how often; whoever left can call nothing until it enters */

static void *new_text(const char *data, ptrdiff_t size)
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

static char *content_of(void *text)
{
    CHECK(((struct head *)text)->type == &texts && left == entered);
    return ((struct text *)text)->bytes;
}

static void *leave(void)
{
    CHECK(left == entered);
    left++;
    return &left;
}

static void enter(void *state)
{
    CHECK(state == &left && left == entered + 1);
    entered++;
}

static void *new_list(ptrdiff_t size)
{
    CHECK(size >= 0 && size < 100);
    struct list *list = (struct list *)make(&lists, sizeof *list + (size_t)size * sizeof *list->elements);
    if (list != NULL)
        list->length = size;
    return list;
}

static int set_element(void *sequence, ptrdiff_t index, void *object)
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

static void *new_capsule(void *content, const char *name, void (*end)(void *capsule))
{
    struct capsule *capsule = (struct capsule *)make(&capsules, sizeof *capsule);
    if (capsule == NULL)
        return NULL;
    capsule->content = content;
    capsule->name = name;
    capsule->end = end;
    return capsule;
}

static void *capsule_content(void *object, const char *name)
{
    struct capsule *capsule = (struct capsule *)object;
    CHECK(capsule->head.type == &capsules && strcmp(capsule->name, name) == 0);
    return capsule->content;
}

static char no_such_index; /* its address is the kind of exception */
static char raised[80];

static void raise_error(void *kind, const char *text)
{
    CHECK(kind == &no_such_index && strlen(text) < sizeof raised && raised[0] == '\0');
    strcpy(raised, text);
}

static void check_raised(const char *text)
{
    CHECK(strcmp(raised, text) == 0);
    raised[0] = '\0';
}

/* Nothing is left but the owner's own reference, and each type's. */
static void check_balance(const struct text *owner)
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

static void check_text(const struct head *object, const void *data, size_t size)
{
    const struct text *text = (const struct text *)object;
    CHECK(text != NULL && text->head.type == &texts && text->head.references == 1);
    CHECK(text->size == size && memcmp(text->bytes, data, size) == 0);
}

/* The object lends these bytes, each way of asking; it owns them together with 'owner'. */
static void check_object(void *object, const void *data, size_t size, size_t place, const struct text *owner)
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

static void check_nothing_bound(const zbatch_collection *collection)
{
    struct head *object = make(&lents, sizeof(struct lent));
    struct record record;
    CHECK(zbatch_object_get_buffer(object, &record, READABLE) == -1 && zbatch_object_size(object) == 0);
    CHECK(zbatch_object_tobytes(object, NULL) == NULL && object->references == 1);
    CHECK(zbatch_object_item(object, 0) == NULL && zbatch_object_item_count(object) == 0);
    zbatch_object_dealloc(object);
    zbatch_object_dealloc_handle(object);
    zbatch_object_dealloc(NULL);
    CHECK(lents.alive == 1 && lents.head.references == 2 && object->type == &lents);
    free_object(object);
    release_object(&lents);
    CHECK(zbatch_object_new(&lents, NULL, bytes, 3, NULL) == NULL);
    CHECK(zbatch_object_list(collection, 0, 1, &lents, NULL) == NULL && zbatch_object_bytes_list(collection) == NULL);
    CHECK(zbatch_object_arrow_schema() == NULL && zbatch_object_arrow_array() == NULL);
    CHECK(zbatch_object_compress(NULL, bytes, 3, &lists, &error) == &lists && lists.head.references == 1);
    CHECK(error.status == ZBATCH_ERROR_INVALID_ARGUMENT);
    check_balance(NULL);
}

/* Layouts that cannot be bound. */
static void check_refused(void)
{
    static const size_t offsets[] = { 0, 1, offsetof(struct lent, size) };
    zbatch_object_layout bad = layout;
    for (size_t i = 0; i < sizeof offsets / sizeof *offsets; i++) {
        bad.data_offset = offsets[i];
        EXPECT(ZBATCH_ERROR_INVALID_ARGUMENT, zbatch_object_bind(&bad, &error));
        bad.data_offset = layout.data_offset;
        bad.type_offset = offsets[i];
        EXPECT(ZBATCH_ERROR_INVALID_ARGUMENT, zbatch_object_bind(&bad, &error));
        bad.type_offset = layout.type_offset;
    }
    /* Without one field, and of a program so old that it does not have one. */
    for (size_t at = sizeof(size_t); at < sizeof bad; at += sizeof(size_t)) {
        bad = layout;
        memset((char *)&bad + at, 0, sizeof(size_t));
        EXPECT(ZBATCH_ERROR_INVALID_ARGUMENT, zbatch_object_bind(&bad, &error));
        bad = layout;
        bad.struct_size = at;
        EXPECT(ZBATCH_ERROR_INVALID_ARGUMENT, zbatch_object_bind(&bad, &error));
    }
    bad.struct_size = 0;
    EXPECT(ZBATCH_ERROR_INVALID_ARGUMENT, zbatch_object_bind(&bad, &error));
    EXPECT(ZBATCH_ERROR_INVALID_ARGUMENT, zbatch_object_bind(NULL, &error));
}

static void check_bind(void)
{
    EXPECT(ZBATCH_OK, zbatch_object_bind(&layout, &error));
    EXPECT(ZBATCH_OK, zbatch_object_bind(&layout, &error));
    zbatch_object_layout other = layout;
    other.place_offset = offsetof(struct lent, unused);
    EXPECT(ZBATCH_ERROR_UNSUPPORTED, zbatch_object_bind(&other, &error));
    other = layout;
    other.type_offset = offsetof(struct lent, unused);
    EXPECT(ZBATCH_ERROR_UNSUPPORTED, zbatch_object_bind(&other, &error));
    other = layout;
    other.index_error = &other;
    EXPECT(ZBATCH_ERROR_UNSUPPORTED, zbatch_object_bind(&other, &error));
    other = layout;
    other.free_fn = release_object;
    EXPECT(ZBATCH_ERROR_UNSUPPORTED, zbatch_object_bind(&other, &error));

    /* A newer program's, which asks for nothing new; and one that does. */
    struct {
        zbatch_object_layout layout;
        size_t more;
    } newer = { layout, 0 };
    newer.layout.struct_size = sizeof newer;
    EXPECT(ZBATCH_OK, zbatch_object_bind(&newer.layout, &error));
    newer.more = 1;
    EXPECT(ZBATCH_ERROR_UNSUPPORTED, zbatch_object_bind(&newer.layout, &error));
    check_refused();
    EXPECT(ZBATCH_OK, zbatch_object_bind(&layout, &error));
}

static void check_one_object(void)
{
    struct text *owner = (struct text *)new_text("owner", 5);
    void *object = zbatch_object_new(&lents, owner, owner->bytes, 5, (const void *)(uintptr_t)77);
    CHECK(owner->head.references == 2 && lents.head.references == 2);
    check_object(object, owner->bytes, 5, 77, owner);
    /* The object alone keeps its owner alive, and that is gone with it. */
    release_object(owner);
    CHECK(texts.alive == 1);
    check_object(object, owner->bytes, 5, 77, owner);
    release_object(object);
    check_balance(NULL);

    object = zbatch_object_new(&lents, NULL, bytes, 4, NULL);
    check_object(object, bytes, 4, 0, NULL);
    release_object(object);
    check_balance(NULL);

    /* No bytes: an object without any, and one that nobody filled. */
    struct head *empty[2] = { (struct head *)zbatch_object_new(&lents, NULL, NULL, 0, NULL), make(&lents, sizeof(struct lent)) };
    for (size_t i = 0; i < 2; i++) {
        struct record record;
        CHECK(zbatch_object_size(empty[i]) == 0);
        CHECK(zbatch_object_get_buffer(empty[i], &record, READABLE) == 0 && record.size == 0);
        release_object(record.object);
        struct head *text = (struct head *)zbatch_object_tobytes(empty[i], NULL);
        check_text(text, "", 0);
        release_object(text);
        release_object(empty[i]);
    }
    check_balance(NULL);
    /* Nobody wrote its type either. */
    zbatch_object_dealloc(must_calloc(1, sizeof(struct lent)));
    zbatch_object_dealloc(NULL);
    check_balance(NULL);

    /* Bytes that cannot be, and no room for an object: nothing is made, and the owner is not kept. */
    owner = (struct text *)new_text("owner", 5);
    CHECK(zbatch_object_new(&lents, owner, NULL, 1, NULL) == NULL);
    CHECK(zbatch_object_new(&lents, owner, bytes, SIZE_MAX, NULL) == NULL);
    CHECK(zbatch_object_new(NULL, owner, bytes, 1, NULL) == NULL);
    lents.room = 0;
    CHECK(zbatch_object_new(&lents, owner, bytes, 1, NULL) == NULL);
    check_balance(owner);
    release_object(owner);
}

static struct text *freed_owner; /* is alive still when the handle is freed */
static int freed;

static void free_handle(void *handle)
{
    CHECK(handle == &freed && freed_owner->head.references == 2 && lents.alive == 1);
    freed++;
}

static void free_collection(void *handle)
{
    zbatch_collection_free((zbatch_collection *)handle);
}

/* Objects that own a handle, which the function at their place ends before anything else of theirs does. */
static void check_handles(void)
{
    freed_owner = (struct text *)new_text("owner", 5);
    zbatch_object_dealloc_handle(zbatch_object_new_handle(&lents, freed_owner, &freed, free_handle));
    CHECK(freed == 1);
    check_balance(freed_owner);
    zbatch_object_dealloc_handle(zbatch_object_new_handle(&lents, freed_owner, &freed, NULL));
    CHECK(freed == 1);
    check_balance(freed_owner);
    /* The output of a call that makes a handle; and one that nobody made. */
    struct lent *late = (struct lent *)zbatch_object_new_handle(&lents, freed_owner, NULL, free_handle);
    CHECK(late != NULL && late->data == NULL);
    late->data = &freed;
    zbatch_object_dealloc_handle(late);
    CHECK(freed == 2);
    zbatch_object_dealloc_handle(zbatch_object_new_handle(&lents, freed_owner, NULL, free_handle));
    CHECK(freed == 2 && zbatch_object_new_handle(NULL, freed_owner, &freed, free_handle) == NULL);
    lents.room = 0;
    CHECK(zbatch_object_new_handle(&lents, freed_owner, &freed, free_handle) == NULL && freed == 2);
    check_balance(freed_owner);
    release_object(freed_owner);
    zbatch_object_dealloc_handle(must_calloc(1, sizeof(struct lent)));
    zbatch_object_dealloc_handle(NULL);
    check_balance(NULL);

    zbatch_collection *collection;
    EXPECT(ZBATCH_OK, zbatch_collection_new(NULL, 0, &collection, &error));
    zbatch_object_dealloc_handle(zbatch_object_new_handle(&lents, NULL, collection, free_collection));
    check_balance(NULL);
}

static int schemas_released, arrays_released;

static void release_schema(struct ArrowSchema *schema)
{
    schemas_released++;
    schema->release = NULL;
}

static void release_array(struct ArrowArray *array)
{
    arrays_released++;
    array->release = NULL;
}

/* Capsules own what is put into them until it is moved, and release it once. */
static void check_capsules(void)
{
    static const struct ArrowSchema no_schema;
    static const struct ArrowArray no_array;
    for (int fill = 0; fill < 3; fill++) {
        void *schema = zbatch_object_arrow_schema(), *array = zbatch_object_arrow_array();
        CHECK(schema != NULL && array != NULL && capsules.alive == 2);
        struct ArrowSchema *schema_at = (struct ArrowSchema *)capsule_content(schema, "arrow_schema");
        struct ArrowArray *array_at = (struct ArrowArray *)capsule_content(array, "arrow_array");
        CHECK(memcmp(schema_at, &no_schema, sizeof no_schema) == 0 && memcmp(array_at, &no_array, sizeof no_array) == 0);
        if (fill > 0) {
            schema_at->release = release_schema;
            array_at->release = release_array;
        }
        if (fill == 2) {
            release_schema(schema_at);
            release_array(array_at);
        }
        release_object(array);
        release_object(schema);
        check_balance(NULL);
        CHECK(schemas_released == fill && arrays_released == fill);
    }

    zbatch_collection *collection;
    void *schema = zbatch_object_arrow_schema(), *array = zbatch_object_arrow_array();
    EXPECT(ZBATCH_OK, zbatch_collection_new(NULL, 0, &collection, &error));
    EXPECT(ZBATCH_OK, zbatch_collection_export_arrow(collection, (struct ArrowArray *)capsule_content(array, "arrow_array"),
                                                     (struct ArrowSchema *)capsule_content(schema, "arrow_schema"), &error));
    zbatch_collection_free(collection);
    release_object(schema);
    release_object(array);
    capsules.room = 0;
    CHECK(zbatch_object_arrow_schema() == NULL && zbatch_object_arrow_array() == NULL);
    check_balance(NULL);
}

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

/* The first buffer twice, and one that lends its bytes and one of none between. */
static zbatch_collection *collection_of_several(void)
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
    zbatch_collection *collection = collection_of_several(), *empty;
    EXPECT(ZBATCH_OK, zbatch_collection_new(NULL, 0, &empty, &error));
    check_nothing_bound(collection);
    check_refused();
    check_nothing_bound(collection);
    check_bind();
    check_one_object();
    check_handles();
    check_capsules();
    check_lists(collection);
    check_bytes_lists(collection);
    check_list(collection, 0, SIZE_MAX, NULL);
    check_list(empty, 0, SIZE_MAX, NULL);
    check_bytes_lists(empty);
    check_items_alone();
    check_items_of(collection);
    check_items_of(empty);
    zbatch_collection_free(empty);
    zbatch_collection_free(collection);
    return EXIT_SUCCESS;
}
