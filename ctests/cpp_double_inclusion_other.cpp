// The other file of cpp_double_inclusion.
#include "zbatch.hpp"

std::size_t frame_size_elsewhere(const zbatch::compressor &compressor, zbatch::bytes item);

std::size_t frame_size_elsewhere(const zbatch::compressor &compressor, zbatch::bytes item) {
    return compressor.compress(item).size();
}
