/* Handles made before fork() work in the child of a process whose workers ran, and in the child's child. */
#include "children.h"

int main(void)
{
    enum { COUNT = 40, SIZE = 1 << 17 };
    unsigned char *text = prose(SIZE, 8);
    zbatch_view items[COUNT];
    for (size_t i = 0; i < COUNT; i++)
        items[i] = (zbatch_view){ text + i, SIZE - i };
    struct records r = records_new(1000);
    zbatch_dict_train_options train = { .struct_size = sizeof train, .dict_size = 2048, .k = 64, .d = 8 };
    zbatch_compressor *compressor, *with_dict;
    zbatch_decompressor *decompressor, *for_dict;
    zbatch_dict *dict;
    EXPECT(ZBATCH_OK, zbatch_compressor_new(NULL, NULL, &compressor, &error));
    EXPECT(ZBATCH_OK, zbatch_decompressor_new(NULL, NULL, &decompressor, &error));
    EXPECT(ZBATCH_OK, zbatch_dict_train(r.views, r.count, &train, &dict, &error));
    EXPECT(ZBATCH_OK, zbatch_compressor_new(NULL, dict, &with_dict, &error));
    EXPECT(ZBATCH_OK, zbatch_decompressor_new(NULL, dict, &for_dict, &error));

    CHECK(round_trip(compressor, decompressor, items, COUNT, 2) == 0);
    for (int generation = 0; generation < 3; generation++) {
        fflush(NULL);
        pid_t child = fork();
        CHECK(child >= 0);
        if (child > 0) {
            check_child(child);
            break;
        }
        alarm(60);
        CHECK(round_trip(compressor, decompressor, items, COUNT, 2) == 0);
        CHECK(round_trip(compressor, decompressor, items, COUNT, -1) == 0);
        CHECK(round_trip(with_dict, for_dict, r.views, r.count, 2) == 0);
        CHECK(zbatch_retained_size() == 0); /* a child keeps nothing back */
        /* The last child has no child; each of the others waits for its own. */
    }
    CHECK(round_trip(with_dict, for_dict, r.views, r.count, 2) == 0);

    zbatch_compressor_free(compressor);
    zbatch_compressor_free(with_dict);
    zbatch_decompressor_free(decompressor);
    zbatch_decompressor_free(for_dict);
    zbatch_dict_free(dict);
    records_free(r);
    free(text);
    return EXIT_SUCCESS;
}
