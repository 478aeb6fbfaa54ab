/* zbatch_dict: from bytes of every kind, and trained. */
#include "check.h"

int main(void)
{
    static const char raw[] = "{\"id\": 0, \"user\": \"user-0\", \"city\": \"Oslo\", \"score\": 0}";
    zbatch_dict *dict, *trained;

    for (int32_t type = ZBATCH_DICT_TYPE_AUTO; type <= ZBATCH_DICT_TYPE_RAWCONTENT; type++) {
        EXPECT(ZBATCH_OK, zbatch_dict_new(raw, sizeof raw, type, &dict, &error));
        CHECK(zbatch_dict_id(dict) == 0 && zbatch_dict_k(dict) == 0 && zbatch_dict_d(dict) == 0);
        CHECK(zbatch_dict_size(dict) == sizeof raw && memcmp(zbatch_dict_data(dict), raw, sizeof raw) == 0);
        CHECK(zbatch_dict_data(dict) != (const void *)raw); /* a copy */
        zbatch_dict_free(dict);
    }
    EXPECT(ZBATCH_ERROR_BAD_DICT, zbatch_dict_new(raw, sizeof raw, ZBATCH_DICT_TYPE_FULLDICT, &dict, &error));
    CHECK(dict == NULL);
    EXPECT(ZBATCH_ERROR_UNSUPPORTED, zbatch_dict_new(raw, sizeof raw, 3, &dict, &error));

    struct records r = records_new(3000);
    zbatch_dict_train_options train;
    zbatch_dict_train_options_init(&train, sizeof train);
    CHECK(train.struct_size == sizeof train);
    train.dict_size = 4096;
    train.dict_id = 4711;
    train.steps = 4;
    train.d = 8;
    EXPECT(ZBATCH_OK, zbatch_dict_train(r.views, r.count, &train, &trained, &error));
    CHECK(zbatch_dict_id(trained) == 4711 && zbatch_dict_d(trained) == 8 && zbatch_dict_k(trained) >= 16);
    CHECK(zbatch_dict_size(trained) > 0 && zbatch_dict_size(trained) <= 4096);

    /* Threads do not change the dictionary. */
    train.threads = 2;
    EXPECT(ZBATCH_OK, zbatch_dict_train(r.views, r.count, &train, &dict, &error));
    CHECK(zbatch_dict_size(dict) == zbatch_dict_size(trained));
    CHECK(memcmp(zbatch_dict_data(dict), zbatch_dict_data(trained), zbatch_dict_size(dict)) == 0);
    zbatch_dict_free(dict);

    /* Its bytes are all there is to it. */
    EXPECT(ZBATCH_OK, zbatch_dict_new(zbatch_dict_data(trained), zbatch_dict_size(trained), ZBATCH_DICT_TYPE_FULLDICT,
                                      &dict, &error));
    CHECK(zbatch_dict_id(dict) == 4711);
    zbatch_dict_free(dict);
    zbatch_dict_free(trained);

    EXPECT(ZBATCH_ERROR_BAD_SAMPLES, zbatch_dict_train(r.views, 1, NULL, &dict, &error));
    CHECK(dict == NULL);
    EXPECT(ZBATCH_ERROR_BAD_SAMPLES, zbatch_dict_train(NULL, 0, NULL, &dict, &error));
    records_free(r);
    return EXIT_SUCCESS;
}
