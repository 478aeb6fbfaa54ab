/* Structs that grow: too small, as they are, larger with zeros, larger with something that this version does not know. */
#include "check.h"

#define AREA 256

typedef zbatch_status (*use_fn)(void *options);

static zbatch_compressor *compressor;
static const zbatch_view item = { "item", 4 };

static zbatch_status use_compressor_options(void *options)
{
    zbatch_compressor *made;
    zbatch_status status = zbatch_compressor_new((zbatch_compressor_options *)options, NULL, &made, &error);
    CHECK((status == ZBATCH_OK) == (made != NULL));
    zbatch_compressor_free(made);
    return status;
}

static zbatch_status use_decompressor_options(void *options)
{
    zbatch_decompressor *made;
    zbatch_status status = zbatch_decompressor_new((zbatch_decompressor_options *)options, NULL, &made, &error);
    CHECK((status == ZBATCH_OK) == (made != NULL));
    zbatch_decompressor_free(made);
    return status;
}

/* No samples: a call whose options are good finds the samples bad. */
static zbatch_status use_train_options(void *options)
{
    zbatch_dict *made;
    zbatch_status status = zbatch_dict_train(NULL, 0, (zbatch_dict_train_options *)options, &made, &error);
    CHECK(made == NULL);
    return status == ZBATCH_ERROR_BAD_SAMPLES ? ZBATCH_OK : status;
}

static zbatch_status use_run_options(void *options)
{
    zbatch_collection *made;
    zbatch_status status = zbatch_multi_compress_to_buffer(compressor, &item, 1, (zbatch_run_options *)options, NULL,
                                                           &made, &error);
    CHECK((status == ZBATCH_OK) == (made != NULL));
    zbatch_collection_free(made);
    return status;
}

static void check_growth(use_fn use, size_t size)
{
    size_t area[AREA / sizeof(size_t)] = { 0 }; /* struct_size, then fields */
    unsigned char *bytes = (unsigned char *)area;
    CHECK(size < AREA - 16);

    /* 12 ends inside of a field, or between two where no struct can end. */
    static const size_t never_set[] = { 0, 1, sizeof(size_t) - 1, 12, 17, 4095, 4097, 4104, SIZE_MAX };
    for (size_t i = 0; i < sizeof never_set / sizeof *never_set; i++) {
        area[0] = never_set[i];
        EXPECT(ZBATCH_ERROR_INVALID_ARGUMENT, use(area));
    }
    /* An older program's, down to the size alone; and a newer one's, as long as it asks for nothing new. */
    for (area[0] = 8; area[0] <= size + 16; area[0] += 8)
        EXPECT(ZBATCH_OK, use(area));
    for (size_t at = size; at < size + 16; at++) {
        bytes[at] = 1;
        area[0] = at / 8 * 8; /* outside: not looked at */
        EXPECT(ZBATCH_OK, use(area));
        area[0] = size + 16;
        EXPECT(ZBATCH_ERROR_UNSUPPORTED, use(area));
        bytes[at] = 0;
    }
    EXPECT(ZBATCH_OK, use(area));
}

/* An _init sets what it is told to and nothing behind it. */
#define CHECK_INIT(type)                                       \
    do {                                                       \
        type options[2];                                       \
        memset(options, 0xff, sizeof options);                 \
        type##_init(options, sizeof *options);                 \
        CHECK(options[0].struct_size == sizeof *options);      \
        for (size_t i = sizeof(size_t); i < sizeof *options; i++) \
            CHECK(((unsigned char *)options)[i] == 0);         \
        CHECK(options[1].struct_size == SIZE_MAX);             \
    } while (0)

int main(void)
{
    EXPECT(ZBATCH_OK, zbatch_compressor_new(NULL, NULL, &compressor, &error));
    check_growth(use_compressor_options, sizeof(zbatch_compressor_options));
    check_growth(use_decompressor_options, sizeof(zbatch_decompressor_options));
    check_growth(use_train_options, sizeof(zbatch_dict_train_options));
    check_growth(use_run_options, sizeof(zbatch_run_options));
    CHECK_INIT(zbatch_compressor_options);
    CHECK_INIT(zbatch_decompressor_options);
    CHECK_INIT(zbatch_dict_train_options);
    CHECK_INIT(zbatch_run_options);
    CHECK_INIT(zbatch_run_stats);
    CHECK_INIT(zbatch_object_layout);
    CHECK_INIT(zbatch_object_batch);
    zbatch_run_options untouched = { .threads = 5 };
    zbatch_run_options_init(&untouched, sizeof untouched - 4);
    CHECK(untouched.struct_size == 0 && untouched.threads == 5);

    /* Codes and flags that this version does not know. */
    zbatch_run_options run = { .struct_size = sizeof run, .flags = 1u << 31 };
    EXPECT(ZBATCH_ERROR_UNSUPPORTED, use_run_options(&run));
    zbatch_compressor_options compress = { .struct_size = sizeof compress, .format = 2 };
    EXPECT(ZBATCH_ERROR_UNSUPPORTED, use_compressor_options(&compress));
    zbatch_decompressor_options decompress = { .struct_size = sizeof decompress, .format = -1 };
    EXPECT(ZBATCH_ERROR_UNSUPPORTED, use_decompressor_options(&decompress));

    /* Statistics follow the same rule, and an older program gets the fields it knows. */
    zbatch_run_stats stats = { .struct_size = offsetof(zbatch_run_stats, bytes_in), .bytes_in = 77 };
    run.flags = 0;
    run.stats = &stats;
    EXPECT(ZBATCH_OK, use_run_options(&run));
    CHECK(stats.items == 1 && stats.bytes_in == 77);
    stats.struct_size = sizeof stats;
    EXPECT(ZBATCH_OK, use_run_options(&run));
    CHECK(stats.items == 1 && stats.bytes_in == 4 && stats.bytes_out > 4 && stats.workers == 1 && stats.reserved == 0);
    stats.struct_size = 0;
    EXPECT(ZBATCH_ERROR_INVALID_ARGUMENT, use_run_options(&run));

    zbatch_compressor_free(compressor);
    return EXIT_SUCCESS;
}
