/* Another thread watches a batch, and cancels it while a worker is proven to be inside the codec. */
#include "check.h"

#include <pthread.h>
#include <sched.h>

enum { COUNT = 4000, SIZE = 1 << 18 };

static void *cancel_when_running(void *user)
{
    zbatch_control *control = (zbatch_control *)user;
    uint64_t seen = 0;
    while (zbatch_control_items_running(control) == 0 || zbatch_control_items_done(control) < 3) {
        uint64_t done = zbatch_control_items_done(control);
        CHECK(done >= seen); /* progress only grows */
        seen = done;
        sched_yield();
    }
    zbatch_control_cancel(control);
    return NULL;
}

/* Every item is either done and right, or cancelled and empty. */
static size_t check_partial(const zbatch_collection *out, const zbatch_status *status, size_t count)
{
    size_t good = 0;
    CHECK(zbatch_collection_len(out) == count);
    for (size_t i = 0; i < count; i++) {
        zbatch_view view;
        EXPECT(ZBATCH_OK, zbatch_collection_view_at(out, i, &view, &error));
        CHECK(status[i] == ZBATCH_OK ? view.size > 0 : status[i] == ZBATCH_ERROR_CANCELLED && view.size == 0);
        good += status[i] == ZBATCH_OK;
    }
    return good;
}

int main(void)
{
    unsigned char *text = prose(SIZE, 5);
    zbatch_view *items = (zbatch_view *)must_calloc(COUNT, sizeof *items);
    zbatch_status *status = (zbatch_status *)must_calloc(COUNT, sizeof *status);
    for (size_t i = 0; i < COUNT; i++)
        items[i] = (zbatch_view){ text, SIZE };

    /* About a minute of work, if nobody stopped it. */
    zbatch_compressor_options options = { .struct_size = sizeof options, .level = 9 };
    zbatch_compressor *compressor;
    zbatch_control *control;
    EXPECT(ZBATCH_OK, zbatch_compressor_new(&options, NULL, &compressor, &error));
    EXPECT(ZBATCH_OK, zbatch_control_new(&control, &error));
    for (int32_t threads = 1; threads <= 2; threads++) {
        zbatch_run_options run = { .struct_size = sizeof run, .threads = threads, .control = control };
        for (int with_status = 0; with_status < 2; with_status++) {
            pthread_t watcher;
            zbatch_collection *frames;
            zbatch_control_reset(control);
            CHECK(pthread_create(&watcher, NULL, cancel_when_running, control) == 0);
            EXPECT(with_status ? ZBATCH_PARTIAL : ZBATCH_ERROR_CANCELLED,
                   zbatch_multi_compress_to_buffer(compressor, items, COUNT, &run, with_status ? status : NULL, &frames,
                                                   &error));
            CHECK(pthread_join(watcher, NULL) == 0);
            CHECK(error.status == ZBATCH_ERROR_CANCELLED && zbatch_control_items_running(control) == 0);
            uint64_t done = zbatch_control_items_done(control);
            CHECK(done >= 3 && done < COUNT / 2);
            if (with_status)
                CHECK(check_partial(frames, status, COUNT) == done);
            else
                CHECK(frames == NULL);
            zbatch_collection_free(frames);
        }
    }

    /* The handle is none the worse for it. */
    zbatch_collection *frames;
    EXPECT(ZBATCH_OK, zbatch_multi_compress_to_buffer(compressor, items, 4, NULL, NULL, &frames, &error));
    zbatch_collection_free(frames);

    zbatch_control_free(control);
    zbatch_compressor_free(compressor);
    free(status);
    free(items);
    free(text);
    return EXIT_SUCCESS;
}
