/* A good guest: the host's signal mask and handlers, and its output stay its own. */
#include "check.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

enum { COUNT = 200, SIZE = 1 << 16 };

static volatile sig_atomic_t caught;
static pthread_t host;

/* Signals of the host are the host's: a worker that took one would show here. */
static void on_signal(int number)
{
    (void)number;
    caught = pthread_equal(pthread_self(), host) ? 1 : -1;
}

static size_t work(void)
{
    struct records r = records_new(500);
    unsigned char *text = prose(SIZE, 12);
    zbatch_view items[COUNT];
    zbatch_dict_train_options train = { .struct_size = sizeof train, .dict_size = 2048, .k = 64, .d = 8 };
    zbatch_run_options run = { .struct_size = sizeof run, .threads = 2 };
    zbatch_compressor *compressor;
    zbatch_decompressor *decompressor;
    zbatch_collection *frames, *back;
    zbatch_dict *dict;
    for (size_t i = 0; i < COUNT; i++)
        items[i] = (zbatch_view){ text, SIZE };
    EXPECT(ZBATCH_OK, zbatch_dict_train(r.views, r.count, &train, &dict, &error));
    EXPECT(ZBATCH_OK, zbatch_compressor_new(NULL, dict, &compressor, &error));
    EXPECT(ZBATCH_OK, zbatch_decompressor_new(NULL, dict, &decompressor, &error));
    EXPECT(ZBATCH_OK, zbatch_multi_compress_to_buffer(compressor, items, COUNT, &run, NULL, &frames, &error));
    EXPECT(ZBATCH_OK, zbatch_multi_decompress_to_buffer(decompressor, zbatch_collection_views(frames), COUNT, NULL, &run,
                                                        NULL, &back, &error));
    /* Failures are as quiet. */
    zbatch_view bad = { "bad", 3 };
    zbatch_collection *none;
    CHECK(zbatch_multi_decompress_to_buffer(decompressor, &bad, 1, NULL, &run, NULL, &none, NULL) < 0);
    size_t size = zbatch_collection_size(back);
    zbatch_collection_free(back);
    zbatch_collection_free(frames);
    zbatch_compressor_free(compressor);
    zbatch_decompressor_free(decompressor);
    zbatch_dict_free(dict);
    free(text);
    records_free(r);
    return size;
}

int main(void)
{
    sigset_t before, after;
    struct sigaction action;
    host = pthread_self();

    /* Standard output and error go to a file while zbatch works, and nothing arrives there. */
    FILE *file = tmpfile();
    CHECK(file != NULL);
    int out = dup(STDOUT_FILENO), err = dup(STDERR_FILENO);
    CHECK(dup2(fileno(file), STDOUT_FILENO) >= 0 && dup2(fileno(file), STDERR_FILENO) >= 0);
    CHECK(sigemptyset(&before) == 0 && sigaddset(&before, SIGUSR2) == 0);
    CHECK(pthread_sigmask(SIG_SETMASK, &before, NULL) == 0);
    CHECK(work() == (size_t)COUNT * SIZE);
    long written = lseek(fileno(file), 0, SEEK_END);
    CHECK(dup2(out, STDOUT_FILENO) >= 0 && dup2(err, STDERR_FILENO) >= 0);
    CHECK(close(out) == 0 && close(err) == 0 && fclose(file) == 0);
    CHECK(written == 0);

    CHECK(pthread_sigmask(SIG_SETMASK, NULL, &after) == 0);
    for (int number = 1; number < 32; number++) {
        CHECK(sigismember(&after, number) == (number == SIGUSR2));
        CHECK(sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_DFL);
    }

    /* Now there are workers, made while SIGUSR1 was not blocked.  Blocked here, nobody takes it until we do. */
    CHECK(sigaddset(&before, SIGUSR1) == 0 && pthread_sigmask(SIG_SETMASK, &before, NULL) == 0);
    memset(&action, 0, sizeof action);
    action.sa_handler = on_signal;
    CHECK(sigaction(SIGUSR1, &action, NULL) == 0 && kill(getpid(), SIGUSR1) == 0);
    CHECK(work() == (size_t)COUNT * SIZE && caught == 0);
    CHECK(sigemptyset(&before) == 0 && pthread_sigmask(SIG_SETMASK, &before, NULL) == 0 && caught == 1);
    return EXIT_SUCCESS;
}
