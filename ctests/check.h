/* What the test programs share: a check that says what failed, and data that looks like data. */
#ifndef CHECK_H
#define CHECK_H

#ifndef _GNU_SOURCE
#  define _GNU_SOURCE /* threads, fork and mmap beside -std=c11 */
#endif

#include "zbatch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What ctest and xtask take for "not possible on this machine". */
#define SKIPPED 77

/* The error of the last EXPECT; threads bring their own. */
static zbatch_error error;

#define CHECK(condition)                                                                     \
    do {                                                                                     \
        if (!(condition)) {                                                                  \
            fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #condition);        \
            exit(EXIT_FAILURE);                                                              \
        }                                                                                    \
    } while (0)

/* EXPECT(ZBATCH_OK, zbatch_...(..., &error)) */
#define EXPECT(status, call) expect((status), (call), #call, __FILE__, __LINE__)

static inline void expect(zbatch_status want, zbatch_status got, const char *call, const char *file, int line)
{
    if (got == want)
        return;
    fprintf(stderr, "%s:%d: %s\n  expected %s, got %s (%d)\n", file, line, call, zbatch_status_name(want),
            zbatch_status_name(got), (int)got);
    if (got != ZBATCH_OK)
        fprintf(stderr, "  the error: %.*s\n", (int)sizeof error.message, error.message);
    exit(EXIT_FAILURE);
}

/* Numbers that look random and are the same in every run (splitmix64). */
static inline uint64_t random_number(uint64_t *state)
{
    uint64_t z = (*state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static inline void *must_calloc(size_t count, size_t size)
{
    void *memory = calloc(count ? count : 1, size ? size : 1);
    CHECK(memory != NULL);
    return memory;
}

/* Bytes that compress about as well as text does: words of a small vocabulary, in no order. */
static inline unsigned char *prose(size_t size, uint64_t seed)
{
    static const char *const word[16] = { "the ", "batch ", "of ", "frames ", "and ", "items ", "in ", "order ",
                                          "buffer ", "a ", "segment ", "is ", "worker ", "to ", "chunk ", "\n" };
    unsigned char *text = (unsigned char *)must_calloc(size, 1);
    for (size_t at = 0; at < size;) {
        const char *next = word[random_number(&seed) % 16];
        size_t length = strlen(next) < size - at ? strlen(next) : size - at;
        memcpy(text + at, next, length);
        at += length;
    }
    return text;
}

/* Small items that resemble each other, as the rows of a table do. */
struct records {
    size_t count;
    zbatch_view *views;
    char *text;
};

static inline struct records records_new(size_t count)
{
    enum { ROOM = 96 };
    static const char *const city[4] = { "Oslo", "Lima", "Kyoto", "Accra" };
    struct records r;
    r.count = count;
    r.views = (zbatch_view *)must_calloc(count, sizeof *r.views);
    r.text = (char *)must_calloc(count, ROOM);
    for (size_t i = 0; i < count; i++) {
        char *text = r.text + i * ROOM;
        r.views[i].data = text;
        r.views[i].size = (size_t)snprintf(text, ROOM, "{\"id\": %zu, \"user\": \"user-%zu\", \"city\": \"%s\", \"score\": %zu}",
                                           i, i * 7919 % 100003, city[i * 31 % 4], i * i % 977);
    }
    return r;
}

static inline void records_free(struct records r)
{
    free(r.views);
    free(r.text);
}

static inline int same_bytes(zbatch_view a, zbatch_view b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

/* The collection holds exactly these items, in this order. */
static inline void check_items(const zbatch_collection *collection, const zbatch_view *items, size_t count)
{
    const zbatch_view *views = zbatch_collection_views(collection);
    CHECK(zbatch_collection_len(collection) == count);
    CHECK(views != NULL || count == 0);
    for (size_t i = 0; i < count; i++)
        CHECK(same_bytes(views[i], items[i]));
}

#endif /* CHECK_H */
