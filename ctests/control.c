/* zbatch_control: counters that add up over calls, cancel, reset. */
#include "check.h"

int main(void)
{
    struct records r = records_new(5000);
    zbatch_compressor *compressor;
    zbatch_collection *frames;
    zbatch_control *control;
    uint64_t bytes = 0;
    for (size_t i = 0; i < r.count; i++)
        bytes += r.views[i].size;

    EXPECT(ZBATCH_OK, zbatch_compressor_new(NULL, NULL, &compressor, &error));
    EXPECT(ZBATCH_OK, zbatch_control_new(&control, &error));
    zbatch_run_options run;
    zbatch_run_options_init(&run, sizeof run);
    CHECK(run.struct_size == sizeof run && run.threads == 0 && run.control == NULL);
    run.control = control;
    for (uint64_t call = 1; call <= 3; call++) {
        EXPECT(ZBATCH_OK, zbatch_multi_compress_to_buffer(compressor, r.views, r.count, &run, NULL, &frames, &error));
        zbatch_collection_free(frames);
        CHECK(zbatch_control_items_done(control) == call * r.count);
        CHECK(zbatch_control_bytes_done(control) == call * bytes);
        CHECK(zbatch_control_items_running(control) == 0);
    }

    /* Cancelled before the call: nothing is done, with or without statuses. */
    zbatch_control_cancel(control);
    EXPECT(ZBATCH_ERROR_CANCELLED,
           zbatch_multi_compress_to_buffer(compressor, r.views, r.count, &run, NULL, &frames, &error));
    CHECK(frames == NULL);
    zbatch_status *status = (zbatch_status *)must_calloc(r.count, sizeof *status);
    EXPECT(ZBATCH_PARTIAL, zbatch_multi_compress_to_buffer(compressor, r.views, r.count, &run, status, &frames, &error));
    CHECK(zbatch_collection_len(frames) == r.count && zbatch_collection_size(frames) == 0);
    for (size_t i = 0; i < r.count; i++)
        CHECK(status[i] == ZBATCH_ERROR_CANCELLED);
    zbatch_collection_free(frames);

    /* Reset, it is as new. */
    zbatch_control_reset(control);
    CHECK(zbatch_control_items_done(control) == 0 && zbatch_control_bytes_done(control) == 0);
    EXPECT(ZBATCH_OK, zbatch_multi_compress_to_buffer(compressor, r.views, r.count, &run, status, &frames, &error));
    CHECK(zbatch_control_items_done(control) == r.count && status[0] == ZBATCH_OK);

    zbatch_control_free(control);
    zbatch_collection_free(frames);
    zbatch_compressor_free(compressor);
    free(status);
    records_free(r);
    return EXIT_SUCCESS;
}
