/* Every number of the header, asked of the library by name: a binding that sees only symbols gets what C gets. */
#include "check.h"

static void check_constant(const char *name, int64_t value)
{
    int64_t answer = ~value;
    EXPECT(ZBATCH_OK, zbatch_constant(name, &answer, &error));
    if (answer != value)
        fprintf(stderr, "%s: the header has %lld, the library %lld\n", name, (long long)value, (long long)answer);
    CHECK(answer == value);
}

#define CONSTANT(name) check_constant(#name, (int64_t)(name));
#define STRUCT(name) check_constant("sizeof(" #name ")", (int64_t)sizeof(name));

int main(void)
{
#include "header_table.inc"

    /* Of zstd.h. */
    check_constant("ZSTD_MAGICNUMBER", 0xfd2fb528);
    check_constant("ZSTD_CONTENTSIZE_ERROR", -2);
    check_constant("ZSTD_WINDOWLOG_MAX", sizeof(size_t) == 8 ? 31 : 30);
    check_constant("ZSTD_CStreamInSize", 128 << 10);
    check_constant("ZSTD_VERSION_MAJOR", zbatch_zstd_version() / 10000);

    int64_t answer = 1;
    EXPECT(ZBATCH_ERROR_UNSUPPORTED, zbatch_constant("ZBATCH_NOTHING", &answer, &error));
    CHECK(answer == 0);
    CHECK(zbatch_version() == ZBATCH_VERSION);
    char version[32];
    snprintf(version, sizeof version, "%d.%d.%d", ZBATCH_VERSION_MAJOR, ZBATCH_VERSION_MINOR, ZBATCH_VERSION_PATCH);
    CHECK(strcmp(zbatch_version_string(), version) == 0);
    CHECK(zbatch_zstd_version() >= 10505);
    return EXIT_SUCCESS;
}
