/* Methods of another language that run small batches.  Here the language is C: codecs with an attribute, lists and tuples of
 * texts, integers, an exception that may be raised, and functions that stand behind the methods. */
#include "check.h"

#include <limits.h>

enum { TEXT, LIST, TUPLE, INTEGER, HANDLE, RESULT, SEGMENT, ITERATOR, CODEC, NAME, FUNCTION, KINDS };
enum { MOST = 64, ROOM = 80, LARGE = 1 << 20 };

/* Every object begins with its counts and its type; one that owns a handle goes on as the layout says. */
struct object {
    ptrdiff_t references;
    struct object *type;
    struct object *owner; /* the attribute of codecs and results */
    void *data;
    size_t size;
    void *place;
    ptrdiff_t length;
    union {
        struct object *elements[ROOM + 1];
        long number;
    } in;
};

static struct object types[KINDS];
static ptrdiff_t alive, room = -1; /* objects, and how many more there may be; negative: any number */
static int raised, left, entered;
static struct object handle_name, threads_name, other_name, answer;
static struct object behind[9]; /* what stands behind the methods */

static struct object *make(int kind)
{
    CHECK(left == entered);
    if (room == 0) {
        raised = 1;
        return NULL;
    }
    room--;
    struct object *object = (struct object *)must_calloc(1, sizeof *object);
    object->references = 1;
    object->type = &types[kind];
    alive++;
    return object;
}

static void *retain(struct object *object)
{
    object->references++;
    return object;
}

static void release(struct object *object)
{
    CHECK(object->references > 0 && left == entered);
    if (--object->references > 0)
        return;
    if (object->type == &types[LIST] || object->type == &types[TUPLE])
        for (ptrdiff_t i = 0; i < object->length; i++)
            if (object->in.elements[i] != NULL)
                release(object->in.elements[i]);
    if (object->type == &types[CODEC] || object->type == &types[RESULT])
        if (object->owner != NULL)
            release(object->owner);
    if (object->type == &types[ITERATOR])
        release((struct object *)object->data);
    object->type->references++; /* which the library gives back */
    if (object->type == &types[HANDLE]) {
        zbatch_object_dealloc_handle(object);
    } else if (object->type == &types[SEGMENT]) {
        zbatch_object_dealloc(object);
    } else {
        object->type->references--;
        alive--;
        free(object);
    }
}

static void *alloc_object(void *type, ptrdiff_t count)
{
    CHECK(count == 0 && (type == &types[HANDLE] || type == &types[RESULT] || type == &types[SEGMENT]));
    return make((int)((struct object *)type - types));
}

static void retain_object(void *object)
{
    retain((struct object *)object);
}

static void release_object(void *object)
{
    release((struct object *)object);
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

static struct object *text_of(const void *data, size_t size)
{
    struct object *text = make(TEXT);
    if (text == NULL)
        return NULL;
    text->size = size;
    text->data = (void *)(uintptr_t)data;
    return text;
}

/* Bytes that last as long as the program. */
static void *new_text(const char *data, ptrdiff_t size)
{
    struct object *text = text_of(data, (size_t)size);
    if (text != NULL) {
        text->data = text->in.elements;
        CHECK((size_t)size <= sizeof text->in);
        if (data != NULL)
            memcpy(text->data, data, (size_t)size);
    }
    return text;
}

static char *content_of(void *text)
{
    return (char *)((struct object *)text)->data;
}

static void *new_list(ptrdiff_t size)
{
    struct object *list = make(LIST);
    CHECK(size <= ROOM);
    if (list != NULL)
        list->length = size;
    return list;
}

static int set_element(void *list, ptrdiff_t index, void *object)
{
    CHECK(((struct object *)list)->in.elements[index] == NULL);
    ((struct object *)list)->in.elements[index] = (struct object *)object;
    return 0;
}

static void raise_error(void *kind, const char *text)
{
    (void)kind, (void)text;
}

static void *new_capsule(void *content, const char *name, void (*end)(void *capsule))
{
    (void)content, (void)name, (void)end;
    return NULL;
}

static void *capsule_content(void *object, const char *name)
{
    (void)object, (void)name;
    return NULL;
}

/* While the work goes on, another thread empties the list and closes the codec. */
static struct object *emptied, *closed;

static void *leave(void)
{
    CHECK(left == entered);
    for (; emptied != NULL && emptied->length > 0;)
        release(emptied->in.elements[--emptied->length]);
    if (closed != NULL && closed->owner != NULL) {
        release(closed->owner);
        closed->owner = NULL;
    }
    left++;
    return &left;
}

static void enter(void *state)
{
    CHECK(state == &left && left == entered + 1);
    entered++;
}

static void *get_attribute(void *object, void *name)
{
    struct object *owner = ((struct object *)object)->owner;
    CHECK(name == &handle_name && left == entered);
    if (owner == NULL)
        raised = 1;
    return owner == NULL ? NULL : retain(owner);
}

static int set_attribute(void *object, void *name, void *value)
{
    struct object *result = (struct object *)object;
    CHECK(name == &handle_name && result->type == &types[RESULT] && result->owner == NULL);
    if (room == 0) {
        raised = 1;
        return -1;
    }
    result->owner = (struct object *)retain((struct object *)value);
    return 0;
}

/* What the function behind a method was called with. */
static struct {
    int times;
    void *function, *arguments[ROOM + 1], *names;
    size_t count;
} called;
static int fails;

static void *call_function(void *function, void *const *arguments, size_t count, void *names)
{
    const struct object *tuple = (const struct object *)names;
    size_t all = count + (tuple == NULL ? 0 : (size_t)tuple->length);
    CHECK(raised == 0 && left == entered && all <= ROOM + 1);
    called.times++;
    called.function = function;
    memcpy(called.arguments, arguments, all * sizeof *arguments);
    called.count = count;
    called.names = names;
    return fails ? NULL : retain(&answer);
}

static void *tuple_of(void *object)
{
    const struct object *list = (const struct object *)object;
    CHECK(list->type == &types[LIST]);
    struct object *tuple = make(TUPLE);
    if (tuple == NULL)
        return NULL;
    tuple->length = list->length;
    for (ptrdiff_t i = 0; i < list->length; i++)
        tuple->in.elements[i] = (struct object *)retain(list->in.elements[i]);
    return tuple;
}

static ptrdiff_t count_of(void *object)
{
    CHECK(((struct object *)object)->type == &types[TUPLE]);
    return ((struct object *)object)->length;
}

static void *item_of(void *object, ptrdiff_t index)
{
    CHECK(index >= 0 && index < count_of(object) && left == entered);
    return ((struct object *)object)->in.elements[index];
}

static int bytes_of(void *item, char **data, ptrdiff_t *size)
{
    const struct object *text = (const struct object *)item;
    if (text->type != &types[TEXT] && text->type != &types[SEGMENT]) {
        raised = 1;
        return -1;
    }
    *data = (char *)text->data;
    *size = (ptrdiff_t)text->size;
    return 0;
}

static long number_of(void *integer, int *overflow)
{
    CHECK(((struct object *)integer)->type == &types[INTEGER]);
    *overflow = ((struct object *)integer)->in.number == LONG_MAX;
    return *overflow ? -1 : ((struct object *)integer)->in.number;
}

static void *new_integer(ptrdiff_t value)
{
    struct object *integer = make(INTEGER);
    if (integer != NULL)
        integer->in.number = (long)value;
    return integer;
}

static void *iterator_of(void *list)
{
    CHECK(((struct object *)list)->type == &types[LIST]);
    struct object *iterator = make(ITERATOR);
    if (iterator != NULL)
        iterator->data = retain((struct object *)list);
    return iterator;
}

static void clear(void)
{
    raised = 0;
}

static const zbatch_object_layout layout = { .struct_size = sizeof layout,
                                             .owner_offset = offsetof(struct object, owner),
                                             .data_offset = offsetof(struct object, data),
                                             .size_offset = offsetof(struct object, size),
                                             .place_offset = offsetof(struct object, place),
                                             .type_offset = offsetof(struct object, type),
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
                                             .index_error = &answer,
                                             .capsule_fn = new_capsule,
                                             .capsule_content_fn = capsule_content };

static const zbatch_methods methods = { .struct_size = sizeof methods,
                                        .get_fn = get_attribute,
                                        .set_fn = set_attribute,
                                        .call_fn = call_function,
                                        .tuple_fn = tuple_of,
                                        .count_fn = count_of,
                                        .item_fn = item_of,
                                        .bytes_fn = bytes_of,
                                        .int_fn = number_of,
                                        .new_int_fn = new_integer,
                                        .iter_fn = iterator_of,
                                        .clear_fn = clear,
                                        .list_type = &types[LIST],
                                        .tuple_type = &types[TUPLE],
                                        .int_type = &types[INTEGER],
                                        .bytes_type = &types[TEXT],
                                        .handle_type = &types[HANDLE],
                                        .result_type = &types[RESULT],
                                        .segment_type = &types[SEGMENT],
                                        .handle_name = &handle_name,
                                        .threads_name = &threads_name,
                                        .multi_compress = &behind[0],
                                        .multi_decompress = &behind[1],
                                        .compress = &behind[2],
                                        .decompress = &behind[3],
                                        .len = &behind[4],
                                        .size = &behind[5],
                                        .item = &behind[6],
                                        .iter = &behind[7],
                                        .tolist = &behind[8],
                                        .enough = 50000000 };

typedef void *(*method)(void *object, void *const *arguments, ptrdiff_t count, void *names);
static const method each[9] = { zbatch_method_multi_compress, zbatch_method_multi_decompress, zbatch_method_compress,
                                zbatch_method_decompress,     zbatch_method_len,              zbatch_method_size,
                                zbatch_method_item,           zbatch_method_iter,             zbatch_method_tolist };

static struct object *sequence_of(int kind, const zbatch_view *items, ptrdiff_t count)
{
    struct object *sequence = make(kind);
    sequence->length = count;
    for (ptrdiff_t i = 0; i < count; i++)
        sequence->in.elements[i] = text_of(items[i].data, items[i].size);
    return sequence;
}

static struct object *integer_of(long value)
{
    struct object *integer = make(INTEGER);
    integer->in.number = value;
    return integer;
}

static struct object *names_of(struct object *name)
{
    struct object *names = make(TUPLE);
    names->length = 1;
    names->in.elements[0] = (struct object *)retain(name);
    return names;
}

static struct object *compressor, *decompressor;

static struct object *codec_of(void *handle, zbatch_release_fn free_fn)
{
    struct object *codec = make(CODEC);
    codec->owner = (struct object *)zbatch_object_new_handle(&types[HANDLE], NULL, handle, free_fn);
    return codec;
}

static void free_compressor(void *handle)
{
    zbatch_compressor_free((zbatch_compressor *)handle);
}

static void free_decompressor(void *handle)
{
    zbatch_decompressor_free((zbatch_decompressor *)handle);
}

/* The method does it by itself. */
static struct object *done(int which, struct object *object, struct object *first, struct object *second, struct object *names)
{
    void *arguments[2] = { first, second };
    ptrdiff_t count = (first != NULL) + (second != NULL) - (names != NULL);
    called.times = raised = 0;
    struct object *made = (struct object *)each[which](object, arguments, count, names);
    CHECK(called.times == 0 && raised == 0 && made != NULL && made->references == 1 && left == entered);
    return made;
}

/* It is left to the function behind it, with the same arguments and nothing that was taken meanwhile. */
static void instead(int which, struct object *object, struct object *first, struct object *second, struct object *names)
{
    void *arguments[2] = { first, second };
    ptrdiff_t count = (first != NULL) + (second != NULL) - (names != NULL);
    for (fails = 0; fails < 2; fails++) {
        ptrdiff_t before = alive;
        called.times = raised = 0;
        void *made = each[which](object, arguments, count, names);
        CHECK(called.times == 1 && called.function == &behind[which] && called.arguments[0] == object);
        CHECK(called.count == 1 + (size_t)count && called.names == names && alive == before);
        CHECK(called.arguments[1] == first || first == NULL);
        CHECK(called.arguments[2] == second || second == NULL);
        CHECK(made == (fails ? NULL : &answer) && answer.references == 1 + !fails);
        answer.references = 1;
    }
}

static void check_bind(void)
{
    zbatch_methods bad = methods;
    CHECK(zbatch_method_len(compressor, NULL, 0, NULL) == NULL && called.times == 0);
    EXPECT(ZBATCH_ERROR_INVALID_ARGUMENT, zbatch_methods_bind(&methods, &error)); /* no layout is */
    EXPECT(ZBATCH_OK, zbatch_object_bind(&layout, &error));
    CHECK(zbatch_method_len(compressor, NULL, 0, NULL) == NULL && called.times == 0);
    for (size_t at = sizeof(size_t); at < sizeof bad; at += sizeof(size_t)) {
        bad = methods;
        memset((char *)&bad + at, 0, sizeof(size_t));
        EXPECT(ZBATCH_ERROR_INVALID_ARGUMENT, zbatch_methods_bind(&bad, &error));
        bad = methods;
        bad.struct_size = at;
        EXPECT(ZBATCH_ERROR_INVALID_ARGUMENT, zbatch_methods_bind(&bad, &error));
    }
    EXPECT(ZBATCH_OK, zbatch_methods_bind(&methods, &error));
    EXPECT(ZBATCH_OK, zbatch_methods_bind(&methods, &error));
    bad = methods;
    bad.len = &behind[5];
    EXPECT(ZBATCH_ERROR_UNSUPPORTED, zbatch_methods_bind(&bad, &error));
    memset(&bad, 0xa5, sizeof bad);
    zbatch_methods_init(&bad, sizeof bad);
    CHECK(bad.struct_size == sizeof bad && bad.get_fn == NULL && bad.enough == 0);
}

static const zbatch_collection *collection_of(const struct object *result)
{
    CHECK(result->type == &types[RESULT] && result->owner->references == 1 && result->owner->type == &types[HANDLE]);
    return (const zbatch_collection *)result->owner->data;
}

static void check_numbers(struct object *result, size_t count, size_t size)
{
    for (int which = 4; which < 6; which++) {
        struct object *number = done(which, result, NULL, NULL, NULL);
        CHECK(number->type == &types[INTEGER] && number->in.number == (long)(which == 4 ? count : size));
        release(number);
        instead(which, result, result, NULL, NULL);
    }
}

/* What is in a result: one segment by its index, all of them one after the other, and copies of them. */
static void check_segments(struct object *result)
{
    const zbatch_collection *collection = collection_of(result);
    const zbatch_view *views = zbatch_collection_views(collection);
    const ptrdiff_t count = (ptrdiff_t)zbatch_collection_len(collection);
    const long no_indices[] = { -1, (long)count, LONG_MAX };
    for (ptrdiff_t i = 0; i < count; i++) {
        struct object *index = integer_of((long)i), *segment = done(6, result, index, NULL, NULL);
        CHECK(segment->type == &types[SEGMENT] && segment->data == views[i].data && segment->size == views[i].size);
        CHECK(segment->owner == result->owner && result->owner->references == 2);
        release(segment);
        instead(6, result, index, index, NULL);
        release(index);
    }
    for (size_t i = 0; i < sizeof no_indices / sizeof *no_indices; i++) {
        struct object *index = integer_of(no_indices[i]);
        instead(6, result, index, NULL, NULL);
        release(index);
    }
    instead(6, result, result, NULL, NULL);

    for (int which = 7; which < 9; which++) {
        struct object *made = done(which, result, NULL, NULL, NULL);
        const struct object *list = which == 8 ? made : (struct object *)made->data;
        CHECK(made->type == &types[which == 8 ? LIST : ITERATOR] && list->references == 1 && list->length == count);
        for (ptrdiff_t i = 0; i < count; i++) {
            const struct object *one = list->in.elements[i];
            CHECK(one->type == &types[which == 8 ? TEXT : SEGMENT] && one->size == views[i].size);
            CHECK(memcmp(one->data, views[i].data, one->size) == 0 && one->owner == (which == 8 ? NULL : result->owner));
        }
        release(made);
        instead(which, result, result, NULL, NULL);
    }
}

/* A batch there and back, with the threads given in each way. */
static void check_batch(const zbatch_view *items, ptrdiff_t count, int kind)
{
    struct object *threads = integer_of(1), *names = names_of(&threads_name);
    struct object *texts = sequence_of(kind, items, count);
    for (int way = 0; way < 3; way++) {
        struct object *second = way == 0 ? NULL : threads, *named = way == 2 ? names : NULL;
        struct object *result = done(0, compressor, texts, second, named);
        const zbatch_collection *frames = collection_of(result);
        struct object *packed = sequence_of(kind, zbatch_collection_views(frames), count);
        check_numbers(result, (size_t)count, zbatch_collection_size(frames));
        check_segments(result);
        if (way == 1) {
            instead(1, decompressor, packed, second, named); /* that is where the sizes have their place */
        } else {
            struct object *back = done(1, decompressor, packed, second, named);
            check_items(collection_of(back), items, (size_t)count);
            release(back);
        }
        release(packed);
        release(result);
    }
    release(texts);
    release(names);
    release(threads);
}

static void check_one(const zbatch_view *item)
{
    struct object *text = text_of(item->data, item->size), *bad = text_of("bad", 3);
    struct object *frame = done(2, compressor, text, NULL, NULL), *back = done(3, decompressor, frame, NULL, NULL);
    CHECK(back->size == item->size && memcmp(back->data, item->data, item->size) == 0);
    release(back);
    instead(3, decompressor, bad, NULL, NULL);
    for (int which = 2; which < 4; which++) {
        instead(which, which == 2 ? compressor : decompressor, frame, text, NULL);
        instead(which, which == 2 ? compressor : decompressor, NULL, NULL, NULL);
        instead(which, which == 2 ? compressor : decompressor, compressor, NULL, NULL);
        frame->type = &types[SEGMENT]; /* it has bytes, but is another kind of thing */
        instead(which, which == 2 ? compressor : decompressor, frame, NULL, NULL);
        frame->type = &types[TEXT];
    }
    release(bad);
    release(frame);
    release(text);
}

/* What is no small batch, in one way or the other. */
static void check_instead(const zbatch_view *items)
{
    static const zbatch_view empty[2] = { { "", 0 }, { "", 0 } };
    static const long no_numbers[] = { LONG_MAX, (long)INT32_MAX + 1 };
    struct object *texts = sequence_of(LIST, items, 2), *one = integer_of(1), *names = names_of(&threads_name);
    struct object *strange = names_of(&other_name), *open = compressor->owner;
    for (int which = 0; which < 2; which++) {
        struct object *codec = which == 0 ? compressor : decompressor;
        instead(which, codec, NULL, NULL, NULL);
        instead(which, codec, texts, one, strange);
        instead(which, codec, texts, texts, names);
        instead(which, codec, one, NULL, NULL);
        instead(which, codec, texts, NULL, names); /* what is taken apart has a name */
        for (size_t i = 0; i < sizeof no_numbers / sizeof *no_numbers; i++) {
            struct object *number = integer_of(no_numbers[i]);
            instead(which, codec, texts, number, names);
            release(number);
        }
        for (int i = 0; i < 4; i++) {
            static const ptrdiff_t counts[] = { 0, MOST + 1, 2, 2 };
            struct object *sequence = sequence_of(TUPLE, i == 3 ? empty : items, counts[i]);
            if (i == 2)
                sequence->in.elements[1]->type = &types[INTEGER];
            instead(which, codec, sequence, NULL, NULL);
            release(sequence);
        }
    }
    /* Closed, and with something else in the place of its handle. */
    compressor->owner = NULL;
    instead(0, compressor, texts, NULL, NULL);
    struct object *stranger = make(CODEC);
    stranger->data = open->data;
    compressor->owner = stranger;
    instead(0, compressor, texts, NULL, NULL);
    compressor->owner = open;
    release(stranger);
    /* No frames. */
    instead(1, decompressor, texts, NULL, NULL);
    /* More arguments than anything takes. */
    void *many[ROOM];
    for (int i = 0; i < ROOM; i++)
        many[i] = i % 2 ? texts : one;
    called.times = 0;
    CHECK(zbatch_method_compress(compressor, many, ROOM, NULL) == NULL && called.times == 1 && called.count == ROOM + 1);
    CHECK(memcmp(called.arguments + 1, many, sizeof many) == 0 && called.arguments[0] == compressor);
    CHECK(zbatch_method_compress(compressor, many, -1, NULL) == NULL && called.times == 1);
    release(strange);
    release(names);
    release(one);
    release(texts);
}

/* Memory runs out, object by object: nothing is left behind, and in the end there is enough. */
static void check_no_memory(const zbatch_view *items)
{
    static const int each_kind[] = { 0, 2, 5, 6, 7, 8 };
    struct object *texts = sequence_of(LIST, items, 3), *text = text_of(items[0].data, items[0].size);
    struct object *result = done(0, compressor, texts, NULL, NULL), *index = integer_of(1);
    for (size_t kind = 0; kind < sizeof each_kind / sizeof *each_kind; kind++) {
        int which = each_kind[kind];
        struct object *argument = which == 0 ? texts : which == 2 ? text : index, *made = &answer;
        fails = 0;
        for (ptrdiff_t enough = 0; made == &answer; enough++) {
            void *arguments[1] = { argument };
            ptrdiff_t before = alive;
            CHECK(enough < 6);
            called.times = 0;
            room = enough;
            made = (struct object *)each[which](which > 2 ? result : compressor, arguments, which < 3 || which == 6, NULL);
            room = -1;
            CHECK(called.times == (made == &answer) && (made != &answer || alive == before));
            answer.references = 1;
        }
        release(made);
    }
    release(index);
    release(result);
    release(text);
    release(texts);
}

/* Work that takes long lets other threads go on, who do their worst; what takes longer does not begin. */
static void check_long(void)
{
    unsigned char *prose_of = prose(LARGE, 5), *noise = prose(4 * LARGE, 6);
    zbatch_view items[2] = { { prose_of, LARGE }, { noise, LARGE / 2 } }, longer[MOST];
    struct object *texts = sequence_of(LIST, items, 2);
    ptrdiff_t before = alive;
    int turns = left;
    emptied = texts;
    closed = compressor;
    struct object *result = done(0, compressor, texts, NULL, NULL);
    CHECK(left == turns + 1 && texts->length == 0 && compressor->owner == NULL);
    CHECK(alive == before - 1); /* two texts and the compressor went, and a result came with its handle */
    emptied = closed = NULL;
    release(texts);

    struct object *packed = sequence_of(LIST, zbatch_collection_views(collection_of(result)), 2);
    emptied = packed;
    closed = decompressor;
    struct object *back = done(1, decompressor, packed, NULL, NULL);
    CHECK(left == turns + 2 && decompressor->owner == NULL);
    check_items(collection_of(back), items, 2);
    emptied = closed = NULL;
    release(back);
    release(packed);
    release(result);

    zbatch_compressor *handle;
    zbatch_compressor_options options = { .struct_size = sizeof options, .level = 19 };
    EXPECT(ZBATCH_OK, zbatch_compressor_new(&options, NULL, &handle, &error));
    struct object *slow = codec_of(handle, free_compressor);
    for (int i = 0; i < MOST; i++)
        longer[i] = (zbatch_view){ noise, 4 * LARGE };
    struct object *tuple = sequence_of(TUPLE, longer, MOST);
    instead(0, slow, tuple, NULL, NULL);
    CHECK(left == turns + 2);
    release(tuple);
    release(slow);
    free(prose_of);
    free(noise);
}

int main(void)
{
    zbatch_compressor *compresses;
    zbatch_decompressor *decompresses;
    struct records records = records_new(MOST + 1);
    for (int i = 0; i < KINDS; i++)
        types[i].references = 1;
    handle_name = threads_name = other_name = answer = (struct object){ .references = 1, .type = &types[NAME] };
    EXPECT(ZBATCH_OK, zbatch_compressor_new(NULL, NULL, &compresses, &error));
    EXPECT(ZBATCH_OK, zbatch_decompressor_new(NULL, NULL, &decompresses, &error));
    check_bind();
    compressor = codec_of(compresses, free_compressor);
    decompressor = codec_of(decompresses, free_decompressor);

    static const ptrdiff_t counts[] = { 1, 2, MOST };
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        check_batch(records.views, counts[i], LIST);
        check_batch(records.views, counts[i], TUPLE);
    }
    check_one(&records.views[0]);
    check_instead(records.views);
    check_no_memory(records.views);
    check_long();

    release(compressor);
    release(decompressor);
    CHECK(alive == 0 && threads_name.references == 1 && other_name.references == 1 && left == entered);
    records_free(records);
    return EXIT_SUCCESS;
}
