/* zbatch beside another libzstd, of version 1.5.99, in one program: each keeps to itself, and they read each other's frames. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "zbatch.h"
#include "zstd.h"

static void check(int good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "not true: %s; zstd is %u, zbatch's is %u\n", what, ZSTD_versionNumber(), zbatch_zstd_version());
    exit(1);
}

int main(void)
{
    static char text[100000], ours[200000], theirs[200000], back[sizeof text];
    zbatch_compressor *compressor;
    zbatch_decompressor *decompressor;
    size_t size, written;
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (char)(i * i >> 9 & 15);

    check(ZSTD_versionNumber() == 10599, "the program gets the other libzstd");
    check(zbatch_zstd_version() != 10599, "zbatch gets its own");
    check(zbatch_compressor_new(NULL, NULL, &compressor, NULL) == 0, "zbatch_compressor_new");
    check(zbatch_decompressor_new(NULL, NULL, &decompressor, NULL) == 0, "zbatch_decompressor_new");

    check(zbatch_compress(compressor, text, sizeof text, ours, sizeof ours, &size, NULL) == 0, "zbatch_compress");
    check(ZSTD_decompress(back, sizeof back, ours, size) == sizeof text, "ZSTD_decompress");
    check(memcmp(back, text, sizeof text) == 0, "zstd reads what zbatch wrote");

    size = ZSTD_compress(theirs, sizeof theirs, text, sizeof text, 3);
    memset(back, 0, sizeof back);
    check(zbatch_decompress(decompressor, theirs, size, back, sizeof back, &written, NULL) == 0, "zbatch_decompress");
    check(written == sizeof text && memcmp(back, text, sizeof text) == 0, "zbatch reads what zstd wrote");
    zbatch_compressor_free(compressor);
    zbatch_decompressor_free(decompressor);
    return 0;
}
