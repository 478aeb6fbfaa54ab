/* The other file of double_inclusion. */
#include "zbatch.h"

uint32_t version_seen_elsewhere(void);

uint32_t version_seen_elsewhere(void)
{
    return zbatch_version();
}
