/* Objects of another language that lend bytes or own a handle: what they are bound to, and that they end with all they had. */
#include "language.h"

#include "arrow.h"

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

int main(void)
{
    zbatch_collection *collection = collection_of_several();
    check_nothing_bound(collection);
    check_refused();
    check_nothing_bound(collection);
    check_bind();
    check_one_object();
    check_handles();
    check_capsules();
    zbatch_collection_free(collection);
    return EXIT_SUCCESS;
}
