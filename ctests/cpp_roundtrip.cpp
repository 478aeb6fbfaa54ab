// zbatch.hpp with exceptions: every handle, ranges of every kind, errors that name their item.
#include "check.h"

#include "arrow.h"
#include "zbatch.hpp"

#include <array>
#include <string>
#include <string_view>
#include <type_traits>

using namespace std::literals;

static std::string text_of(zbatch::bytes bytes) {
    return {reinterpret_cast<const char *>(bytes.data()), bytes.size()};
}

template <class H> constexpr bool moves_only = std::is_nothrow_move_constructible_v<H> && !std::is_copy_constructible_v<H>;
static_assert(moves_only<zbatch::compressor> && moves_only<zbatch::decompressor> && moves_only<zbatch::dict>);
static_assert(moves_only<zbatch::buffer> && moves_only<zbatch::collection> && moves_only<zbatch::control>);
static_assert(std::is_base_of_v<std::exception, zbatch::error>);

// Whatever is a range of contiguous bytes is a batch.
static void check_ranges() {
    const zbatch::compressor compressor;
    const zbatch::decompressor decompressor;
    const auto there_and_back = [&](const auto &items) {
        const zbatch::collection frames = compressor.multi_compress_to_buffer(items);
        std::string joined;
        for (zbatch::bytes item : decompressor.multi_decompress_to_buffer(frames)) joined += text_of(item) + "|";
        return joined;
    };
    CHECK(there_and_back(std::vector<std::string>{"one", "", "three"}) == "one||three|");
    CHECK(there_and_back(std::array<std::string_view, 2>{"four"sv, "five"sv}) == "four|five|");
    CHECK(there_and_back(std::vector<std::vector<char>>{{'s', 'i', 'x'}}) == "six|");
    CHECK(there_and_back(std::vector<std::string>{}).empty());
    const std::string_view array[] = {"seven"sv, "eight"sv};
    CHECK(there_and_back(array) == "seven|eight|");

    const zbatch_segment places[] = {{3, 3}, {0, 3}};
    const zbatch::buffer buffer = zbatch::buffer::copy("onetwo"sv, places, 2);
    CHECK(there_and_back(buffer) == "two|one|" && buffer.size() == 2 && text_of(buffer[0]) == "two");
    const std::uint32_t offsets[] = {0, 3, 6};
    CHECK(there_and_back(zbatch::views::from_offsets("onetwo"sv, offsets, 2)) == "one|two|");
    CHECK(there_and_back(zbatch::views::from_segments("onetwo"sv, places, 2)) == "two|one|");
    ArrowArray column;
    ArrowSchema schema;
    zbatch::collection::of(std::array<zbatch::buffer, 1>{zbatch::buffer::copy("onetwo"sv, places, 2)}).export_arrow(&column, &schema);
    const ArrowArray *const arrays[] = {&column};
    CHECK(there_and_back(zbatch::views::from_arrow(&schema, arrays, 1, 2)) == "two|one|");
    column.release(&column);
    schema.release(&schema);
}

static void check_batch() {
    std::vector<std::string> records;
    for (int i = 0; i < 20000; i++)
        records.push_back("{\"user\": " + std::to_string(i) + ", \"city\": \"Oslo\", \"active\": true}");
    zbatch::train_options train;
    train.dict_size = 4096;
    train.steps = 4;
    const zbatch::dict dict = zbatch::dict::train(records, train);
    zbatch::control control;
    zbatch::run_stats stats;
    zbatch::run_options run(-1);
    run.watch(control).measure(stats).verify();

    zbatch::compressor_options options(5);
    options.write_checksum = 1;
    zbatch::compressor made(options, dict);
    const zbatch::compressor compressor = std::move(made);
    CHECK(!made && compressor);
    const zbatch::collection frames = compressor.multi_compress_to_buffer(records, run);
    CHECK(frames.size() == records.size() && stats.items == records.size());
    CHECK(control.items_done() == records.size() && control.items_running() == 0);
    CHECK(zbatch::frame_info(frames[0]).dict_id == dict.id());

    const zbatch::decompressor decompressor(dict);
    std::size_t i = 0;
    for (zbatch::bytes item : decompressor.multi_decompress_to_buffer(frames)) CHECK(text_of(item) == records[i++]);
    CHECK(i == records.size());

    // One item, the caller's memory, one block.
    CHECK(text_of(decompressor.decompress(compressor.compress(records[7]))) == records[7]);
    std::vector<std::string> rows(records.size());
    for (std::size_t r = 0; r < rows.size(); r++) rows[r].resize(records[r].size());
    decompressor.multi_decompress_into(frames, rows);
    CHECK(rows == records);
    std::uint64_t total = 0;
    for (std::uint64_t size : decompressor.decompressed_sizes(frames)) total += size;
    std::vector<std::byte> block(static_cast<std::size_t>(total));
    const auto places = decompressor.multi_decompress_packed(frames, block);
    CHECK(text_of({block.data() + places[9].offset, static_cast<std::size_t>(places[9].length)}) == records[9]);
}

// An exception carries the item and the status; with statuses the good items come through.
static void check_errors() {
    const zbatch::compressor compressor;
    const zbatch::decompressor decompressor;
    const zbatch::collection frames = compressor.multi_compress_to_buffer(std::vector<std::string>{"good", "too"});
    const std::vector<zbatch::bytes> some{frames[0], "damaged"sv, frames[1]};
    bool thrown = false;
    try {
        decompressor.multi_decompress_to_buffer(some);
    } catch (const zbatch::error &e) {
        thrown = e.has_item() && e.item() == 1 && e.status() == ZBATCH_ERROR_NOT_A_FRAME && *e.what() != '\0';
    }
    CHECK(thrown);

    std::vector<zbatch_status> status;
    const zbatch::collection partial = decompressor.multi_decompress_to_buffer(some, {}, status);
    CHECK(status.size() == 3 && status[0] == ZBATCH_OK && status[1] == ZBATCH_ERROR_NOT_A_FRAME);
    CHECK(text_of(partial[0]) == "good" && partial[1].empty() && text_of(partial[2]) == "too");

    zbatch::failure f;
    CHECK(decompressor.multi_decompress_to_buffer(some, nullptr, {}, nullptr, f).empty() && f && f.error.item == 1);
    thrown = false;
    try {
        zbatch::compressor impossible(zbatch::compressor_options(1000));
    } catch (const zbatch::error &e) {
        thrown = !e.has_item() && e.status() == ZBATCH_ERROR_INVALID_ARGUMENT;
    }
    CHECK(thrown);
}

int main() {
    check_ranges();
    check_batch();
    check_errors();
    CHECK(zbatch::version() == ZBATCH_VERSION && zbatch::constant("ZBATCH_LEVEL_MAX") == ZBATCH_LEVEL_MAX);
}
