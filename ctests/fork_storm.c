/* 1,000 forks, each while other threads are proven to be inside the codec with the handles that the child then uses.
 * The number may be given as an argument. */
#include "children.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>

enum { BUSY = 2, FLIGHT = 4, BIG = 64, SIZE = 1 << 16, SMALL = 8, SMALL_SIZE = 1 << 12 };

static zbatch_compressor *compressor;
static zbatch_decompressor *decompressor;
static zbatch_control *control;
static zbatch_view items[BIG], small_items[SMALL];
static atomic_bool over;

/* Keeps the codec, the pool, the context lists and the store of freed blocks busy. */
static void *load(void *unused)
{
    (void)unused;
    zbatch_run_options run = { .struct_size = sizeof run, .threads = 2, .control = control };
    while (!atomic_load(&over)) {
        zbatch_collection *frames, *back;
        CHECK(zbatch_multi_compress_to_buffer(compressor, items, BIG, &run, NULL, &frames, NULL) == ZBATCH_OK);
        CHECK(zbatch_multi_decompress_to_buffer(decompressor, zbatch_collection_views(frames), BIG, NULL, &run, NULL,
                                                &back, NULL) == ZBATCH_OK);
        zbatch_collection_free(back);
        zbatch_collection_free(frames);
    }
    return NULL;
}

int main(int argc, char **argv)
{
    const int wanted = argc > 1 ? atoi(argv[1]) : 1000;
    const unsigned patience = argc > 1 ? 60 : 5; /* seconds; a memory checker needs more of them */
    unsigned char *text = prose(SIZE, 9);
    pthread_t busy[BUSY];
    for (size_t i = 0; i < BIG; i++)
        items[i] = (zbatch_view){ text + i, SIZE - i };
    for (size_t i = 0; i < SMALL; i++)
        small_items[i] = (zbatch_view){ text + i, SMALL_SIZE };
    EXPECT(ZBATCH_OK, zbatch_compressor_new(NULL, NULL, &compressor, &error));
    EXPECT(ZBATCH_OK, zbatch_decompressor_new(NULL, NULL, &decompressor, &error));
    EXPECT(ZBATCH_OK, zbatch_control_new(&control, &error));
    for (size_t i = 0; i < BUSY; i++)
        CHECK(pthread_create(&busy[i], NULL, load, NULL) == 0);

    /* Only forks with the codec busy right before and right after count. */
    pid_t flight[FLIGHT] = { 0 }; /* children that run at once */
    for (int proven = 0, forks = 0; proven < wanted; forks++) {
        CHECK(forks < 20 * wanted);
        while (zbatch_control_items_running(control) == 0)
            sched_yield();
        pid_t child = fork();
        CHECK(child >= 0);
        if (child == 0) {
            alarm(patience);
            /* Most stay on their one thread; every tenth makes workers of its own. */
            _exit(forks % 10 ? round_trip(compressor, decompressor, small_items, SMALL, forks % 4)
                             : round_trip(compressor, decompressor, items, BIG / 4, 2));
        }
        proven += zbatch_control_items_running(control) > 0;
        if (flight[forks % FLIGHT] > 0)
            check_child(flight[forks % FLIGHT]);
        flight[forks % FLIGHT] = child;
    }

    for (size_t i = 0; i < FLIGHT; i++)
        if (flight[i] > 0)
            check_child(flight[i]);

    atomic_store(&over, true);
    for (size_t i = 0; i < BUSY; i++)
        CHECK(pthread_join(busy[i], NULL) == 0);
    zbatch_control_free(control);
    zbatch_decompressor_free(decompressor);
    zbatch_compressor_free(compressor);
    free(text);
    return EXIT_SUCCESS;
}
