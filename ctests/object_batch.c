/* A batch of another language's objects in one call.  Here the language is C: a list of strings, and a lock that only one
 * thread has at a time, to be left before work that takes long. */
#include "check.h"

#include <pthread.h>

enum { COUNT = 50, BAD = 7 };

struct sequence {
    const zbatch_view *items;
    ptrdiff_t no_element, no_bytes; /* the index of what cannot be had */
};

static struct sequence *sequence_now; /* the one that is walked */
static int asked, left, entered;
static int lock; /* its address is the state that is kept meanwhile */
static pthread_t leaver;

static void *item_of(void *object, ptrdiff_t index)
{
    CHECK(left == entered && object == sequence_now && index >= 0 && index < COUNT);
    asked++;
    return index == sequence_now->no_element ? NULL : (void *)(uintptr_t)&sequence_now->items[index];
}

static int bytes_of(void *item, char **data, ptrdiff_t *size)
{
    const zbatch_view *view = (const zbatch_view *)item;
    CHECK(left == entered);
    if (view - sequence_now->items == sequence_now->no_bytes)
        return -1;
    *data = (char *)(uintptr_t)view->data;
    *size = (ptrdiff_t)view->size;
    return 0;
}

/* What the batch writes to, and makes. */
static struct {
    zbatch_collection *collection;
    zbatch_status item_status[COUNT];
    zbatch_view views[COUNT];
    zbatch_run_stats stats;
} out;

static zbatch_compressor *compressor;
static zbatch_decompressor *decompressor;
static zbatch_control *control;
static struct records records;
static zbatch_collection *frames;
static zbatch_run_options run;

/* The items are all gathered and none is done. */
static void *leave(void)
{
    CHECK(left == entered && zbatch_control_items_done(control) == 0);
    left++;
    leaver = pthread_self();
    return &lock;
}

/* The work is over. */
static void enter(void *state)
{
    CHECK(state == &lock && left == entered + 1 && pthread_equal(pthread_self(), leaver));
    entered++;
}

static void *leave_without_state(void)
{
    left++;
    return NULL;
}

static void enter_without_state(void *state)
{
    CHECK(state == NULL);
    entered++;
}

/* Objects that own a collection. */
struct object {
    size_t references;
    void *type, *owner;
    void *data;
    size_t size, place;
};

static struct object type, none;
static int alive, room = 1000;

static void raise_error(void *kind, const char *text)
{
    (void)kind, (void)text;
}

static void *alloc_object(void *kind, ptrdiff_t count)
{
    CHECK(kind == &type && count == 0 && left == entered);
    if (alive == room)
        return NULL;
    struct object *object = (struct object *)must_calloc(1, sizeof *object);
    object->references = 1;
    object->type = kind;
    type.references++;
    alive++;
    return object;
}

static void retain_object(void *object)
{
    ((struct object *)object)->references++;
}

static void release_object(void *object)
{
    ((struct object *)object)->references--;
}

static void free_object(void *object)
{
    alive--;
    free(object);
}

static int fill_record(void *record, void *object, void *data, ptrdiff_t size, int readonly, int flags)
{
    (void)record, (void)object, (void)data, (void)size, (void)readonly, (void)flags;
    return -1;
}

static void *new_bytes(const char *data, ptrdiff_t size)
{
    (void)data, (void)size;
    return NULL;
}

static char *content_of(void *object)
{
    (void)object;
    return NULL;
}

static void *new_list(ptrdiff_t size)
{
    (void)size;
    return NULL;
}

static int set_element(void *list, ptrdiff_t index, void *object)
{
    (void)list, (void)index, (void)object;
    return -1;
}

/* Runs a batch for its collection. */
static zbatch_status run_batch(const zbatch_object_batch *batch)
{
    zbatch_status status = 77;
    struct object *object = (struct object *)zbatch_object_batch_new(batch, &type, &none, &status);
    out.collection = NULL;
    if (object == &none) {
        CHECK(status <= ZBATCH_OK && none.references == 1);
        none.references = 0;
        return status;
    }
    CHECK(status >= ZBATCH_OK && object->type == &type);
    out.collection = (zbatch_collection *)object->data;
    object->data = NULL;
    zbatch_object_dealloc_handle(object);
    return status;
}

/* A batch in which everything is given, over outputs that nobody set. */
static zbatch_object_batch batch_of(struct sequence *sequence, int decompresses)
{
    zbatch_object_batch batch = { .struct_size = sizeof batch,
                                  .compressor = decompresses ? NULL : compressor,
                                  .decompressor = decompresses ? decompressor : NULL,
                                  .sequence = sequence,
                                  .item_fn = item_of,
                                  .bytes_fn = bytes_of,
                                  .leave_fn = leave,
                                  .enter_fn = enter,
                                  .views = out.views,
                                  .count = COUNT,
                                  .run = &run,
                                  .item_status = out.item_status,
                                  .error = &error };
    memset(&out, 0xa5, sizeof out);
    out.collection = NULL;
    memset(&error, 0xa5, sizeof error);
    out.stats.struct_size = sizeof out.stats;
    run = (zbatch_run_options){ .struct_size = sizeof run, .threads = 1, .control = control, .stats = &out.stats };
    zbatch_control_reset(control);
    sequence_now = sequence;
    asked = left = entered = 0;
    return batch;
}

static int all_zero(const void *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (((const unsigned char *)bytes)[i] != 0)
            return 0;
    return 1;
}

static void check_statuses(zbatch_status want)
{
    for (size_t i = 0; i < COUNT; i++)
        CHECK(out.item_status[i] == want);
}

/* The batch did its work, and was left and entered around it. */
static void check_done(zbatch_status want, const zbatch_object_batch *batch, const zbatch_view *items)
{
    EXPECT(want, run_batch(batch));
    CHECK(asked == (batch->sequence ? COUNT : 0) && left == 1 && entered == 1 && zbatch_control_items_done(control) == COUNT);
    CHECK(out.stats.items == COUNT && out.stats.bytes_out > 0);
    if (items != NULL) {
        check_statuses(ZBATCH_OK);
        check_items(out.collection, items, COUNT);
    }
    zbatch_collection_free(out.collection);
}

/* The batch did not begin: it took no turn, and its outputs are clear. */
static void check_untouched(zbatch_status want, const zbatch_object_batch *batch, const zbatch_view *views)
{
    CHECK(left == 0 && entered == 0 && zbatch_control_items_done(control) == 0 && out.collection == NULL);
    if (batch->item_status != NULL)
        check_statuses(want);
    CHECK(out.stats.struct_size == sizeof out.stats && all_zero(&out.stats.items, sizeof out.stats - sizeof(size_t)));
    if (views == NULL)
        CHECK(batch->views == NULL || all_zero(out.views, sizeof out.views));
    else
        for (size_t i = 0; i < COUNT; i++)
            CHECK(out.views[i].data == views[i].data && out.views[i].size == views[i].size);
}

/* Nobody could run it, or its items cannot be had; the views are zero unless they were gathered. */
static void check_refused(zbatch_status want, const zbatch_object_batch *batch, uint64_t item, const zbatch_view *views)
{
    EXPECT(want, run_batch(batch));
    CHECK(batch->error == NULL || (error.status == want && error.item == item && error.message[0] != '\0'));
    check_untouched(want, batch, views);
}

/* It takes too long, and nothing is wrong with it. */
static void check_not_begun(const zbatch_object_batch *batch, const zbatch_view *views)
{
    const zbatch_error before = error;
    EXPECT(ZBATCH_OK, run_batch(batch));
    CHECK(memcmp(&error, &before, sizeof before) == 0);
    check_untouched(ZBATCH_OK, batch, views);
}

static void check_work(struct sequence *texts, struct sequence *packed)
{
    zbatch_object_batch batch = batch_of(texts, 0);
    check_done(ZBATCH_OK, &batch, packed->items);
    batch = batch_of(packed, 1);
    check_done(ZBATCH_OK, &batch, texts->items);

    /* Without an estimate in the way, and with one that is not. */
    batch = batch_of(packed, 1);
    batch.enough = UINT64_MAX;
    check_done(ZBATCH_OK, &batch, texts->items);

    /* The items are there already, as views. */
    batch = batch_of(NULL, 0);
    batch.item_fn = NULL;
    batch.bytes_fn = NULL;
    batch.views = records.views;
    check_done(ZBATCH_OK, &batch, packed->items);
    batch = batch_of(NULL, 1);
    memcpy(out.views, packed->items, sizeof out.views);
    check_done(ZBATCH_OK, &batch, texts->items);

    /* Sizes, known and not, and one that is wrong. */
    uint64_t sizes[COUNT];
    for (size_t i = 0; i < COUNT; i++)
        sizes[i] = i % 3 == 0 ? texts->items[i].size : i % 3 == 1 ? 0 : ZBATCH_CONTENTSIZE_UNKNOWN;
    batch = batch_of(packed, 1);
    batch.sizes = sizes;
    check_done(ZBATCH_OK, &batch, texts->items);
    sizes[BAD] = texts->items[BAD].size + 1;
    batch = batch_of(packed, 1);
    batch.sizes = sizes;
    batch.item_status = NULL;
    EXPECT(ZBATCH_ERROR_SIZE_MISMATCH, run_batch(&batch));
    CHECK(error.status == ZBATCH_ERROR_SIZE_MISMATCH && error.item == BAD && out.collection == NULL);
    CHECK(left == 1 && entered == 1);
    batch = batch_of(packed, 1);
    batch.sizes = sizes;
    check_done(ZBATCH_PARTIAL, &batch, NULL);
    for (size_t i = 0; i < COUNT; i++)
        CHECK(out.item_status[i] == (i == BAD ? ZBATCH_ERROR_SIZE_MISMATCH : ZBATCH_OK));
    CHECK(error.status == ZBATCH_ERROR_SIZE_MISMATCH && error.item == BAD);

    /* What may be NULL, is. */
    batch = batch_of(texts, 0);
    batch.leave_fn = NULL;
    batch.enter_fn = NULL;
    batch.run = NULL;
    batch.item_status = NULL;
    batch.error = NULL;
    EXPECT(ZBATCH_OK, run_batch(&batch));
    CHECK(left == 0 && entered == 0);
    check_items(out.collection, packed->items, COUNT);
    zbatch_collection_free(out.collection);

    /* A state may be NULL too. */
    batch = batch_of(texts, 0);
    batch.leave_fn = leave_without_state;
    batch.enter_fn = enter_without_state;
    check_done(ZBATCH_OK, &batch, packed->items);

    /* Nothing to do. */
    batch = batch_of(texts, 0);
    batch.count = 0;
    batch.views = NULL;
    batch.item_status = NULL;
    batch.enough = 1;
    EXPECT(ZBATCH_OK, run_batch(&batch));
    CHECK(asked == 0 && left == entered && zbatch_collection_len(out.collection) == 0);
    zbatch_collection_free(out.collection);
}

static void check_bad_items(struct sequence *packed)
{
    zbatch_view some[COUNT];
    struct sequence spoilt = { some, -1, -1 };
    memcpy(some, packed->items, sizeof some);
    some[BAD].size--;

    zbatch_object_batch batch = batch_of(&spoilt, 1);
    EXPECT(ZBATCH_PARTIAL, run_batch(&batch));
    CHECK(left == 1 && entered == 1 && error.item == BAD && error.status == ZBATCH_ERROR_TRUNCATED);
    CHECK(zbatch_collection_len(out.collection) == COUNT);
    for (size_t i = 0; i < COUNT; i++) {
        zbatch_view view;
        EXPECT(ZBATCH_OK, zbatch_collection_view_at(out.collection, i, &view, &error));
        CHECK(out.item_status[i] == (i == BAD ? ZBATCH_ERROR_TRUNCATED : ZBATCH_OK));
        CHECK(i == BAD ? view.size == 0 : same_bytes(view, records.views[i]));
    }
    zbatch_collection_free(out.collection);

    batch = batch_of(&spoilt, 1);
    batch.item_status = NULL;
    EXPECT(ZBATCH_ERROR_TRUNCATED, run_batch(&batch));
    CHECK(left == 1 && entered == 1 && error.item == BAD && out.collection == NULL);

    /* Objects that do not give what they have. */
    static const ptrdiff_t places[] = { 0, BAD, COUNT - 1 };
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        for (int decompresses = 0; decompresses < 2; decompresses++) {
            struct sequence closed = { packed->items, -1, places[i] }, shorter = { packed->items, places[i], -1 };
            batch = batch_of(&closed, decompresses);
            check_refused(ZBATCH_ERROR_INVALID_ARGUMENT, &batch, (uint64_t)places[i], NULL);
            CHECK(asked == places[i] + 1);
            batch = batch_of(&shorter, decompresses);
            batch.enough = 1;
            check_refused(ZBATCH_ERROR_INVALID_ARGUMENT, &batch, (uint64_t)places[i], NULL);
        }
    }

    /* A view of some bytes at no address is a caller's mistake, before the work and for the estimate. */
    memcpy(some, records.views, sizeof some);
    some[BAD] = (zbatch_view){ NULL, 1 };
    batch = batch_of(NULL, 0);
    batch.views = some;
    EXPECT(ZBATCH_ERROR_INVALID_ARGUMENT, run_batch(&batch));
    CHECK(error.item == BAD && out.collection == NULL && left == entered);
    check_statuses(ZBATCH_ERROR_INVALID_ARGUMENT);
    batch = batch_of(NULL, 0);
    memcpy(out.views, some, sizeof some);
    batch.enough = UINT64_MAX;
    check_refused(ZBATCH_ERROR_INVALID_ARGUMENT, &batch, BAD, some);
}

/* Batches that nobody could run.  No function of the language is called for them. */
static void check_bad_batches(struct sequence *texts)
{
    zbatch_object_batch batch = batch_of(texts, 0);
    EXPECT(ZBATCH_ERROR_INVALID_ARGUMENT, run_batch(NULL));
    for (int given = 0; given < 2; given++) {
        batch = batch_of(texts, 0);
        batch.compressor = given ? compressor : NULL;
        batch.decompressor = given ? decompressor : NULL;
        check_refused(ZBATCH_ERROR_INVALID_ARGUMENT, &batch, ZBATCH_NO_ITEM, NULL);
        CHECK(asked == 0);
    }
    batch = batch_of(texts, 0);
    batch.leave_fn = NULL;
    check_refused(ZBATCH_ERROR_INVALID_ARGUMENT, &batch, ZBATCH_NO_ITEM, NULL);
    batch = batch_of(texts, 0);
    batch.enter_fn = NULL;
    check_refused(ZBATCH_ERROR_INVALID_ARGUMENT, &batch, ZBATCH_NO_ITEM, NULL);
    batch = batch_of(texts, 0);
    batch.views = NULL;
    check_refused(ZBATCH_ERROR_INVALID_ARGUMENT, &batch, ZBATCH_NO_ITEM, NULL);
    batch = batch_of(texts, 0);
    run.flags = 1u << 31;
    check_refused(ZBATCH_ERROR_UNSUPPORTED, &batch, ZBATCH_NO_ITEM, NULL);
    CHECK(asked == 0);
    batch = batch_of(texts, 0);
    batch.item_fn = NULL;
    check_refused(ZBATCH_ERROR_INVALID_ARGUMENT, &batch, ZBATCH_NO_ITEM, NULL);
    batch = batch_of(texts, 0);
    batch.bytes_fn = NULL;
    batch.error = NULL;
    batch.item_status = NULL;
    check_refused(ZBATCH_ERROR_INVALID_ARGUMENT, &batch, ZBATCH_NO_ITEM, NULL);

    /* A cancel comes to work that has begun. */
    batch = batch_of(texts, 0);
    zbatch_control_cancel(control);
    EXPECT(ZBATCH_PARTIAL, run_batch(&batch));
    CHECK(left == 1 && entered == 1 && error.status == ZBATCH_ERROR_CANCELLED);
    check_statuses(ZBATCH_ERROR_CANCELLED);
    zbatch_collection_free(out.collection);
    batch.item_status = NULL;
    EXPECT(ZBATCH_ERROR_CANCELLED, run_batch(&batch));
    CHECK(left == 2 && entered == 2 && error.status == ZBATCH_ERROR_CANCELLED && out.collection == NULL);
}

/* Structs of other versions, and no structs at all. */
static void check_sizes_of_struct(struct sequence *texts, const zbatch_view *packed)
{
    static const size_t never_set[] = { 0, 1, sizeof(size_t) - 1, 4097, SIZE_MAX };
    zbatch_object_batch batch;
    for (size_t i = 0; i < sizeof never_set / sizeof *never_set; i++) {
        batch = batch_of(texts, 0);
        batch.struct_size = never_set[i];
        EXPECT(ZBATCH_ERROR_INVALID_ARGUMENT, run_batch(&batch));
        CHECK(asked == 0 && left == 0);
    }
    /* In memory of that size exactly, so that valgrind sees what is read beyond. */
    for (size_t size = sizeof(size_t); size <= offsetof(zbatch_object_batch, error); size += sizeof(size_t)) {
        zbatch_object_batch *older = (zbatch_object_batch *)must_calloc(1, size);
        batch = batch_of(texts, 0);
        batch.struct_size = size;
        memcpy(older, &batch, size);
        /* One that is too short for its items has none, or is one that nobody could run. */
        const int whole = size >= offsetof(zbatch_object_batch, sizes);
        const zbatch_status status = run_batch(older);
        CHECK(status == ZBATCH_OK || (!whole && status == ZBATCH_ERROR_INVALID_ARGUMENT && asked == 0 && left == 0));
        if (whole)
            check_items(out.collection, packed, COUNT);
        else
            CHECK(zbatch_collection_len(out.collection) == 0);
        zbatch_collection_free(out.collection);
        free(older);
    }

    struct {
        zbatch_object_batch batch;
        size_t more;
    } newer = { batch_of(texts, 0), 0 };
    newer.batch.struct_size = sizeof newer;
    check_done(ZBATCH_OK, &newer.batch, packed);
    /* A field that nobody here knows: the outputs are known, and say so. */
    newer.batch = batch_of(texts, 0);
    newer.batch.struct_size = sizeof newer;
    newer.more = 1;
    check_refused(ZBATCH_ERROR_UNSUPPORTED, &newer.batch, ZBATCH_NO_ITEM, NULL);
    CHECK(asked == 0);

    zbatch_object_batch_init(&batch, sizeof batch);
    CHECK(batch.struct_size == sizeof batch);
    EXPECT(ZBATCH_ERROR_INVALID_ARGUMENT, run_batch(&batch));
}

static void *run_elsewhere(void *batch)
{
    EXPECT(ZBATCH_OK, run_batch((const zbatch_object_batch *)batch));
    return NULL;
}

/* A batch that takes too long does not begin, and is run again elsewhere. */
static void check_enough(struct sequence *texts, struct sequence *packed)
{
    for (int decompresses = 0; decompresses < 2; decompresses++) {
        struct sequence *items = decompresses ? packed : texts, *expected = decompresses ? texts : packed;
        zbatch_object_batch batch = batch_of(items, decompresses);
        uint64_t nanoseconds;
        if (decompresses)
            EXPECT(ZBATCH_OK, zbatch_decompressor_estimate(decompressor, items->items, COUNT, 1, UINT64_MAX, &nanoseconds, NULL));
        else
            EXPECT(ZBATCH_OK, zbatch_compressor_estimate(compressor, items->items, COUNT, 1, UINT64_MAX, &nanoseconds, NULL));
        batch.enough = nanoseconds;
        check_not_begun(&batch, items->items);
        batch = batch_of(items, decompresses);
        batch.enough = nanoseconds + 1;
        check_done(ZBATCH_OK, &batch, expected->items);

        batch = batch_of(items, decompresses);
        batch.enough = 1;
        check_not_begun(&batch, items->items);
        CHECK(asked == COUNT);
        batch.sequence = NULL;
        batch.enough = 0;
        pthread_t thread;
        CHECK(pthread_create(&thread, NULL, run_elsewhere, &batch) == 0 && pthread_join(thread, NULL) == 0);
        CHECK(asked == COUNT && left == 1 && entered == 1 && !pthread_equal(leaver, pthread_self()));
        check_statuses(ZBATCH_OK);
        check_items(out.collection, expected->items, COUNT);
        zbatch_collection_free(out.collection);
    }
}

/* There is no object: the status says why, and 'none' is as good. */
static void check_none(zbatch_status want, const zbatch_object_batch *batch, void *kind, size_t references)
{
    zbatch_status status = 77;
    const int before = alive;
    none.references = 0;
    CHECK(zbatch_object_batch_new(batch, kind, &none, &status) == &none);
    EXPECT(want, status);
    CHECK(none.references == references && type.references == (size_t)alive && alive == before && left == entered);
    if (batch != NULL) {
        CHECK(out.collection == NULL && (want == ZBATCH_OK || error.status == want));
        check_statuses(want);
    }
}

/* What an object is was not told. */
static void check_nothing_bound(struct sequence *texts)
{
    zbatch_object_batch batch = batch_of(texts, 0);
    check_none(ZBATCH_ERROR_INVALID_ARGUMENT, &batch, &type, 0);
    CHECK(asked == 0 && left == 0);
}

/* Nothing here makes one. */
static void *new_capsule(void *content, const char *name, void (*end)(void *capsule))
{
    CHECK(content == NULL && name == NULL && end == NULL);
    return NULL;
}

static void *capsule_content(void *capsule, const char *name)
{
    CHECK(capsule == NULL && name == NULL);
    return NULL;
}

static void bind(void)
{
    const zbatch_object_layout layout = { sizeof layout,
                                          offsetof(struct object, owner),
                                          offsetof(struct object, data),
                                          offsetof(struct object, size),
                                          offsetof(struct object, place),
                                          alloc_object,
                                          retain_object,
                                          fill_record,
                                          new_bytes,
                                          offsetof(struct object, type),
                                          release_object,
                                          free_object,
                                          new_list,
                                          set_element,
                                          content_of,
                                          leave,
                                          enter,
                                          raise_error,
                                          &none,
                                          new_capsule,
                                          capsule_content };
    EXPECT(ZBATCH_OK, zbatch_object_bind(&layout, &error));
}

static void check_objects(struct sequence *texts, struct sequence *packed)
{
    zbatch_object_batch batch;

    uint64_t sizes[COUNT] = { 0 };
    for (int partial = 0; partial < 2; partial++) {
        zbatch_status status = 77;
        batch = batch_of(packed, 1);
        batch.sizes = sizes;
        sizes[BAD] = partial ? 1 : 0;
        struct object *object = (struct object *)zbatch_object_batch_new(&batch, &type, &none, &status);
        CHECK(object != NULL && object != &none && none.references == 0 && status == (partial ? ZBATCH_PARTIAL : ZBATCH_OK));
        CHECK(object->references == 1 && object->type == &type && object->owner == NULL && out.collection == NULL);
        CHECK(zbatch_object_size(object) == 0 && asked == COUNT && left == 1 && entered == 1);
        CHECK(out.item_status[BAD] == (partial ? ZBATCH_ERROR_SIZE_MISMATCH : ZBATCH_OK));
        CHECK(!partial || (error.item == BAD && error.status == ZBATCH_ERROR_SIZE_MISMATCH));
        if (partial)
            CHECK(zbatch_collection_len((zbatch_collection *)object->data) == COUNT);
        else
            check_items((zbatch_collection *)object->data, texts->items, COUNT);
        zbatch_object_dealloc_handle(object);
        CHECK(alive == 0 && type.references == 0);
    }

    /* The batch fails; it takes too long; its result finds no room; nobody could run it. */
    struct sequence closed = { texts->items, -1, BAD };
    batch = batch_of(&closed, 0);
    check_none(ZBATCH_ERROR_INVALID_ARGUMENT, &batch, &type, 1);
    CHECK(error.item == BAD && left == 0);
    batch = batch_of(texts, 0);
    batch.enough = 1;
    check_none(ZBATCH_OK, &batch, &type, 1);
    CHECK(left == 0 && out.views[BAD].data == texts->items[BAD].data);
    batch = batch_of(texts, 0);
    room = 0;
    check_none(ZBATCH_ERROR_NO_MEMORY, &batch, &type, 1);
    CHECK(left == 1);
    room = 1000;
    batch = batch_of(texts, 0);
    check_none(ZBATCH_ERROR_INVALID_ARGUMENT, &batch, NULL, 1);
    CHECK(asked == 0 && left == 0);
    check_none(ZBATCH_ERROR_INVALID_ARGUMENT, NULL, &type, 1);
    batch = batch_of(texts, 0);
    CHECK(zbatch_object_batch_new(&batch, &type, NULL, NULL) == NULL && asked == 0 && left == 0 && out.collection == NULL);
    check_statuses(ZBATCH_ERROR_INVALID_ARGUMENT);
}

int main(void)
{
    records = records_new(COUNT);
    EXPECT(ZBATCH_OK, zbatch_compressor_new(NULL, NULL, &compressor, &error));
    EXPECT(ZBATCH_OK, zbatch_decompressor_new(NULL, NULL, &decompressor, &error));
    EXPECT(ZBATCH_OK, zbatch_control_new(&control, &error));
    EXPECT(ZBATCH_OK, zbatch_multi_compress_to_buffer(compressor, records.views, COUNT, NULL, NULL, &frames, &error));
    struct sequence texts = { records.views, -1, -1 }, packed = { zbatch_collection_views(frames), -1, -1 };
    check_nothing_bound(&texts);
    bind();
    check_work(&texts, &packed);
    check_bad_items(&packed);
    check_bad_batches(&texts);
    check_sizes_of_struct(&texts, packed.items);
    check_enough(&texts, &packed);
    check_objects(&texts, &packed);
    zbatch_collection_free(frames);
    zbatch_control_free(control);
    zbatch_decompressor_free(decompressor);
    zbatch_compressor_free(compressor);
    records_free(records);
    return EXIT_SUCCESS;
}
