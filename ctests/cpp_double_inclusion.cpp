// Both headers twice in one file and in two files of one program: inline, and defined once.
#include "zbatch.hpp"
#include "zbatch.h"
#include "zbatch.hpp"

#include "check.h"

std::size_t frame_size_elsewhere(const zbatch::compressor &compressor, zbatch::bytes item);

int main() {
    const zbatch::compressor compressor;
    const unsigned char item[] = {1, 2, 3, 4};
    CHECK(frame_size_elsewhere(compressor, item) == compressor.compress(zbatch::bytes(item, 4)).size());
}
