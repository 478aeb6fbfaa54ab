/* What the memory checker must find, before anybody believes that it finds nothing: a read behind the end, or a leak. */
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
    char *volatile block = malloc(16);
    if (block == NULL || argc < 2)
        return 1;
    memset(block, 0, 16);
    int answer = 0;
    if (strcmp(argv[1], "read") == 0) {
        answer = block[16];
        free(block);
    }
    block = NULL;
    return answer == 77;
}
