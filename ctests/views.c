/* Items that lie in one block, told by segments or by offsets of 4 or 8 bytes, become views. */
#include "check.h"

int main(void)
{
    static const char block[] = "alphabetagamma";
    static const zbatch_view greek[] = { { "alpha", 5 }, { "beta", 4 }, { "", 0 }, { "gamma", 5 } };
    static const zbatch_segment segments[] = { { 0, 5 }, { 5, 4 }, { 9, 0 }, { 9, 5 } };
    static const uint32_t offsets32[] = { 0, 5, 9, 9, 14 };
    static const uint64_t offsets64[] = { 0, 5, 9, 9, 14 };
    zbatch_view views[4];

    for (int form = 0; form < 3; form++) {
        memset(views, 0xff, sizeof views);
        if (form == 0)
            EXPECT(ZBATCH_OK, zbatch_views_from_segments(block, 14, segments, 4, views, &error));
        else if (form == 1)
            EXPECT(ZBATCH_OK, zbatch_views_from_offsets(block, 14, offsets32, 4, 4, views, &error));
        else
            EXPECT(ZBATCH_OK, zbatch_views_from_offsets(block, 14, offsets64, 8, 4, views, &error));
        for (size_t i = 0; i < 4; i++)
            CHECK(same_bytes(views[i], greek[i]));
        CHECK(views[1].data == block + 5); /* lent, not copied */
    }

    static const zbatch_segment outside[] = { { 0, 5 }, { 5, 10 } };
    static const zbatch_segment wrapping[] = { { 0, 5 }, { 5, 4 }, { UINT64_MAX, 2 } };
    static const uint32_t beyond[] = { 0, 5, 15 };
    static const uint64_t backwards[] = { 0, 9, 5, 14 };
    EXPECT(ZBATCH_ERROR_OUT_OF_RANGE, zbatch_views_from_segments(block, 14, outside, 2, views, &error));
    CHECK(error.item == 1 && views[0].data == NULL && views[1].size == 0);
    EXPECT(ZBATCH_ERROR_OUT_OF_RANGE, zbatch_views_from_segments(block, 14, wrapping, 3, views, &error));
    CHECK(error.item == 2);
    EXPECT(ZBATCH_ERROR_OUT_OF_RANGE, zbatch_views_from_offsets(block, 14, beyond, 4, 2, views, &error));
    CHECK(error.item == 1);
    EXPECT(ZBATCH_ERROR_OUT_OF_RANGE, zbatch_views_from_offsets(block, 14, backwards, 8, 3, views, &error));
    CHECK(error.item == 1);
    EXPECT(ZBATCH_ERROR_INVALID_ARGUMENT, zbatch_views_from_offsets(block, 14, offsets32, 5, 1, views, &error));
    EXPECT(ZBATCH_ERROR_INVALID_ARGUMENT,
           zbatch_views_from_offsets(block, 14, (const char *)offsets64 + 1, 8, 1, views, &error)); /* misaligned */
    EXPECT(ZBATCH_OK, zbatch_views_from_segments(NULL, 0, NULL, 0, NULL, &error));
    return EXIT_SUCCESS;
}
