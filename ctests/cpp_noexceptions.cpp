// zbatch.hpp under -fno-exceptions: every call reports to a zbatch::failure.
#include "check.h"

#include "zbatch.hpp"

#include <string>

#if defined(__cpp_exceptions)
#  error "compile this with -fno-exceptions"
#endif

int main() {
    zbatch::failure f;
    const zbatch::compressor compressor({}, nullptr, f);
    CHECK(!f && compressor);
    const zbatch::decompressor decompressor({}, nullptr, f);
    CHECK(!f && decompressor);

    std::vector<std::string> items;
    for (int i = 0; i < 1000; i++) items.push_back("item " + std::to_string(i));
    const zbatch::collection frames = compressor.multi_compress_to_buffer(items, {}, nullptr, f);
    CHECK(!f && frames.size() == items.size());
    const zbatch::collection back = decompressor.multi_decompress_to_buffer(frames, nullptr, {}, nullptr, f);
    CHECK(!f && back.size() == items.size());
    for (std::size_t i = 0; i < back.size(); i++)
        CHECK(back[i].size() == items[i].size() && memcmp(back[i].data(), items[i].data(), items[i].size()) == 0);

    const std::vector<zbatch::bytes> bad{frames[0], zbatch::bytes("damaged", 7)};
    std::vector<zbatch_status> status(bad.size());
    CHECK(decompressor.multi_decompress_to_buffer(bad, nullptr, {}, nullptr, f).empty());
    CHECK(f && f.has_item() && f.error.item == 1 && f.status == ZBATCH_ERROR_NOT_A_FRAME && *f.message() != '\0');
    const zbatch::collection partial = decompressor.multi_decompress_to_buffer(bad, nullptr, {}, status.data(), f);
    CHECK(!f && f.partial() && status[0] == ZBATCH_OK && status[1] < 0 && partial[1].empty() && !partial[0].empty());

    for (std::string &item : items) item += ", of which every word but one is in all the others";
    const zbatch::trained trained = zbatch::multi_compress_trained(items, f);
    CHECK(!f && trained.dict);
    CHECK(zbatch::multi_decompress_trained(trained.frames, trained.dict, f).size() == items.size() && !f);

    const zbatch::compressor impossible(zbatch::compressor_options(1000), nullptr, f);
    CHECK(f && !impossible);
}
