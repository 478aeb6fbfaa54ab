/* What the fork programs share: a small job for a child, and what becomes of the child. */
#ifndef CHILDREN_H
#define CHILDREN_H

#include "check.h"

#include <sys/wait.h>
#include <unistd.h>

/* Compresses and decompresses with handles that were made before the fork; 0 when all is well. */
static inline int round_trip(const zbatch_compressor *compressor, const zbatch_decompressor *decompressor,
                             const zbatch_view *items, size_t count, int32_t threads)
{
    zbatch_run_options run = { .struct_size = sizeof run, .threads = threads };
    zbatch_collection *frames = NULL, *back = NULL;
    int bad = 1;
    if (zbatch_multi_compress_to_buffer(compressor, items, count, &run, NULL, &frames, NULL) == ZBATCH_OK &&
        zbatch_multi_decompress_to_buffer(decompressor, zbatch_collection_views(frames), count, NULL, &run, NULL, &back,
                                          NULL) == ZBATCH_OK) {
        bad = 0;
        for (size_t i = 0; i < count; i++)
            bad |= !same_bytes(zbatch_collection_views(back)[i], items[i]);
    }
    zbatch_collection_free(back);
    zbatch_collection_free(frames);
    return bad;
}

/* The child ended by itself and found all well; one that hangs is ended by its alarm. */
static inline void check_child(pid_t child)
{
    int status;
    CHECK(waitpid(child, &status, 0) == child);
    if (WIFSIGNALED(status))
        fprintf(stderr, "a child ended by signal %d\n", WTERMSIG(status));
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

#endif /* CHILDREN_H */
