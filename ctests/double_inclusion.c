/* The header twice in one file and in two files of one program. */
#include "zbatch.h"
#include "zbatch.h"

#include "check.h"

uint32_t version_seen_elsewhere(void);

int main(void)
{
    CHECK(version_seen_elsewhere() == zbatch_version() && zbatch_version() == ZBATCH_VERSION);
    return EXIT_SUCCESS;
}
