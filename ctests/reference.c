/* libzstd by itself, as a program: what the frames of zbatch are compared with, byte for byte, and decoded by. It is linked to
 * libzstd alone and shares no code with zbatch.
 *
 * Jobs come on standard input and are answered on standard output, one after the other, until the input ends. Numbers are the
 * machine's own: u32, i32, u64 and i64. A blob is its size, u64, and its bytes. A result is an i64: 0 or more is good, less is
 * minus libzstd's error code, or DIFFERS.
 *
 *   compress:    u32 1, i32 settings[22], u32 mode, u32 content type, i32 level of the digestion, blob dictionary,
 *                u64 count, count x blob
 *     answer:    count x (result, and if good a blob: the frame)
 *   decompress:  u32 2, u32 magicless, u32 content type, blob dictionary, u64 count, count x (blob frame, blob content)
 *     answer:    count x result
 */
#define ZSTD_STATIC_LINKING_ONLY
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "zstd.h"
#include "zstd_errors.h"

#define DIFFERS (-1000)

/* The settings of a job, in this order. 0 leaves libzstd's default; the two last switch a flag off that is on by default. */
static const ZSTD_cParameter SETTINGS[22] = {
    ZSTD_c_compressionLevel, ZSTD_c_windowLog, ZSTD_c_hashLog, ZSTD_c_chainLog, ZSTD_c_searchLog, ZSTD_c_minMatch,
    ZSTD_c_targetLength, ZSTD_c_strategy, ZSTD_c_forceMaxWindow, ZSTD_c_enableLongDistanceMatching, ZSTD_c_ldmHashLog,
    ZSTD_c_ldmMinMatch, ZSTD_c_ldmBucketSizeLog, ZSTD_c_ldmHashRateLog, ZSTD_c_nbWorkers, ZSTD_c_jobSize, ZSTD_c_overlapLog,
    ZSTD_c_targetCBlockSize, ZSTD_c_format, ZSTD_c_checksumFlag, ZSTD_c_contentSizeFlag, ZSTD_c_dictIDFlag};
#define FIRST_OMISSION 20

enum { NO_DICT = 0, LOADED = 1, DIGESTED = 2 };

typedef struct {
    unsigned char *data;
    size_t size;
} blob;

static void fail(const char *why)
{
    fprintf(stderr, "reference: %s\n", why);
    exit(2);
}

static void get(void *to, size_t size)
{
    if (fread(to, 1, size, stdin) != size) fail("the job is cut short");
}

static void put(const void *from, size_t size)
{
    if (fwrite(from, 1, size, stdout) != size) fail("cannot answer");
}

static uint32_t get_u32(void)
{
    uint32_t value;
    get(&value, sizeof value);
    return value;
}

static uint64_t get_u64(void)
{
    uint64_t value;
    get(&value, sizeof value);
    return value;
}

static void *allocate(size_t size)
{
    void *memory = malloc(size > 0 ? size : 1);
    if (memory == NULL) fail("no memory");
    return memory;
}

static blob get_blob(void)
{
    blob b;
    b.size = (size_t)get_u64();
    b.data = allocate(b.size);
    get(b.data, b.size);
    return b;
}

static void put_blob(const void *data, size_t size)
{
    uint64_t count = size;
    put(&count, sizeof count);
    put(data, size);
}

static void put_result(int64_t result) { put(&result, sizeof result); }

/* libzstd's return value as a result. */
static int64_t result_of(size_t returned) { return ZSTD_isError(returned) ? -(int64_t)ZSTD_getErrorCode(returned) : 0; }

static void free_blobs(blob *blobs, size_t count)
{
    size_t i;
    for (i = 0; i < count; i++) free(blobs[i].data);
    free(blobs);
}

/* Gives a new context the settings and the dictionary; returns 0, or what libzstd refused. */
static int64_t prepare(ZSTD_CCtx *context, const int32_t *settings, uint32_t mode, ZSTD_dictContentType_e type, blob dict,
                       const ZSTD_CDict *digested)
{
    size_t i, returned = 0;
    for (i = 0; i < 22 && !ZSTD_isError(returned); i++) {
        if (settings[i] == 0) continue;
        returned = ZSTD_CCtx_setParameter(context, SETTINGS[i], i < FIRST_OMISSION ? settings[i] : 0);
    }
    if (ZSTD_isError(returned)) return result_of(returned);
    if (mode == LOADED)
        returned = ZSTD_CCtx_loadDictionary_advanced(context, dict.data, dict.size, ZSTD_dlm_byCopy, type);
    else if (mode == DIGESTED)
        returned = ZSTD_CCtx_refCDict(context, digested);
    return result_of(returned);
}

static void compress_job(void)
{
    int32_t settings[22], digestion_level;
    uint32_t mode;
    ZSTD_dictContentType_e type;
    ZSTD_CDict *digested = NULL;
    blob dict, *items;
    size_t count, i;

    get(settings, sizeof settings);
    mode = get_u32();
    type = (ZSTD_dictContentType_e)get_u32();
    get(&digestion_level, sizeof digestion_level);
    dict = get_blob();
    count = (size_t)get_u64();
    items = allocate(count * sizeof *items);
    for (i = 0; i < count; i++) items[i] = get_blob();

    if (mode == DIGESTED) {
        ZSTD_customMem const usual_memory = {NULL, NULL, NULL};
        digested = ZSTD_createCDict_advanced(dict.data, dict.size, ZSTD_dlm_byCopy, type,
                                             ZSTD_getCParams(digestion_level, 0, dict.size), usual_memory);
    }
    /* Each item has a context of its own, so that no frame can depend on the one before. */
    for (i = 0; i < count; i++) {
        ZSTD_CCtx *context = ZSTD_createCCtx();
        size_t const room = ZSTD_compressBound(items[i].size);
        void *frame = allocate(room);
        int64_t prepared;
        if (context == NULL) fail("no memory");
        prepared = mode == DIGESTED && digested == NULL ? -(int64_t)ZSTD_error_dictionaryCreation_failed
                                                        : prepare(context, settings, mode, type, dict, digested);
        if (prepared == 0) {
            size_t const size = ZSTD_compress2(context, frame, room, items[i].data, items[i].size);
            put_result(result_of(size));
            if (!ZSTD_isError(size)) put_blob(frame, size);
        } else {
            put_result(prepared);
        }
        free(frame);
        ZSTD_freeCCtx(context);
    }
    free_blobs(items, count);
    ZSTD_freeCDict(digested);
    free(dict.data);
}

static void decompress_job(void)
{
    uint32_t const magicless = get_u32();
    ZSTD_dictContentType_e const type = (ZSTD_dictContentType_e)get_u32();
    blob const dict = get_blob();
    size_t const count = (size_t)get_u64();
    blob *blobs = allocate(2 * count * sizeof *blobs);
    ZSTD_DCtx *context = ZSTD_createDCtx();
    size_t i, prepared;

    for (i = 0; i < 2 * count; i++) blobs[i] = get_blob();
    if (context == NULL) fail("no memory");
    prepared = ZSTD_DCtx_setParameter(context, ZSTD_d_format, magicless ? ZSTD_f_zstd1_magicless : ZSTD_f_zstd1);
    if (!ZSTD_isError(prepared))
        prepared = ZSTD_DCtx_loadDictionary_advanced(context, dict.data, dict.size, ZSTD_dlm_byRef, type);
    for (i = 0; i < count; i++) {
        blob const frame = blobs[2 * i], content = blobs[2 * i + 1];
        unsigned char *decoded = allocate(content.size);
        size_t const size = ZSTD_isError(prepared)
                                ? prepared
                                : ZSTD_decompressDCtx(context, decoded, content.size, frame.data, frame.size);
        int const same = size == content.size && memcmp(decoded, content.data, size) == 0;
        put_result(ZSTD_isError(size) ? result_of(size) : same ? 0 : DIFFERS);
        free(decoded);
    }
    ZSTD_freeDCtx(context);
    free_blobs(blobs, 2 * count);
    free(dict.data);
}

int main(void)
{
    uint32_t job;
    while (fread(&job, sizeof job, 1, stdin) == 1) {
        if (job == 1)
            compress_job();
        else if (job == 2)
            decompress_job();
        else
            fail("there is no such job");
        if (fflush(stdout) != 0) fail("cannot answer");
    }
    return 0;
}
