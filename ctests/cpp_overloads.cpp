// zbatch.hpp with exceptions: each way to call it, what converts to what, and what a failure leaves behind.
#include "check.h"

#include "zbatch.hpp"

#include <array>
#include <deque>
#include <list>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>

using namespace std::literals;

template <class From, class To> constexpr bool converts = std::is_convertible_v<From, To>;
template <class From> constexpr bool makes_views = std::is_constructible_v<zbatch::views, From>;

// An array of char is bytes; a string literal, with its NUL, is not.
static_assert(converts<char (&)[4], zbatch::bytes> && converts<const unsigned char (&)[4], zbatch::bytes>);
static_assert(!converts<const char (&)[4], zbatch::bytes>);

// Nor are things that hold items, or pointers.
static_assert(!converts<zbatch::buffer, zbatch::bytes> && !converts<std::vector<zbatch_view>, zbatch::bytes>);
static_assert(!converts<std::vector<int> *, zbatch::bytes>);

// A call takes temporaries; views with a name, which would outlive them, do not, however they are initialised.
template <class From> constexpr bool is_for_calls_alone =
    !converts<From, zbatch::views> && !makes_views<From> &&
    std::is_same_v<decltype(std::declval<const zbatch::compressor &>().multi_compress_to_buffer(std::declval<From>())),
                   zbatch::collection>;
static_assert(is_for_calls_alone<zbatch::buffer> && is_for_calls_alone<zbatch::collection>);
static_assert(is_for_calls_alone<const zbatch::collection> && is_for_calls_alone<std::vector<std::string>>);
static_assert(is_for_calls_alone<const std::vector<std::string>>);
template <class From> constexpr bool makes_both = converts<From, zbatch::views> && makes_views<From>;
static_assert(makes_both<zbatch::buffer &> && makes_both<zbatch::collection &> && makes_both<const zbatch::collection &>);
static_assert(makes_both<std::vector<std::string> &> && makes_both<const std::vector<std::string> &>);
static_assert(makes_both<zbatch::buffer_view> && makes_both<zbatch::views> && !makes_both<zbatch::views &>);
static_assert(!makes_both<int &> && !makes_both<std::string &>);
static_assert(std::is_nothrow_move_constructible_v<zbatch::views> && !std::is_copy_constructible_v<zbatch::views>);

static const std::vector<std::string> three_items{"a", "bb", "ccc"};
static const std::uint64_t three_sizes[] = {1, 2, 3};
static const std::uint64_t wrong_sizes[] = {1, 2, 4};

static zbatch::collection three_frames() { return zbatch::compressor().multi_compress_to_buffer(three_items); }

static std::string text_of(zbatch::bytes bytes) {
    return {reinterpret_cast<const char *>(bytes.data()), bytes.size()};
}

// The status that a call throws, ZBATCH_OK when it does not.
template <class Call> static zbatch_status thrown(Call call) {
    try {
        call();
    } catch (const zbatch::error &e) {
        CHECK(*e.what() != '\0');
        return e.status();
    }
    return ZBATCH_OK;
}

// What a call should overwrite.
template <class T, std::size_t N> static void scribble(T (&array)[N]) { memset(array, 0x55, sizeof array); }

static void check_items_in_braces() {
    const zbatch::compressor compressor;
    const zbatch::decompressor decompressor;
    const zbatch::collection frames = compressor.multi_compress_to_buffer({"one"s, "two"sv, zbatch::bytes("three", 5)});
    CHECK(frames.size() == 3 && text_of(decompressor.decompress(frames[1])) == "two");
    CHECK(compressor.multi_compress_to_buffer({"one"s}).size() == 1);
    zbatch::failure f;
    CHECK(compressor.multi_compress_to_buffer({}, f).empty() && !f);

    // A range in braces is its items, and a pointer with a size is an array.
    CHECK(compressor.multi_compress_to_buffer({three_items}).size() == 3);
    const zbatch_view views[] = {{"aa", 2}, {"b", 1}};
    CHECK(compressor.multi_compress_to_buffer({views, 2}).size() == 2);
    CHECK(compressor.multi_compress_to_buffer(views).size() == 2);

    const std::string p = "p", qq = "qq";
    char one[1], two[2];
    decompressor.multi_decompress_into(compressor.multi_compress_to_buffer({p, qq}), {one, two});
    CHECK(one[0] == 'p' && two[1] == 'q');
}

static void check_views_with_a_name() {
    const zbatch::collection frames = three_frames();
    const zbatch::views all(frames);
    CHECK(all.size() == 3);
    const zbatch::views list{"q"sv};
    CHECK(list.size() == 1);
}

static void check_other_ranges() {
    const zbatch::compressor compressor;
    CHECK(compressor.multi_compress_to_buffer(std::deque<std::string>{"1", "2"}).size() == 2);
    CHECK(compressor.multi_compress_to_buffer(std::list<std::array<int, 2>>{{{1, 2}}}).size() == 1);
    CHECK(zbatch::decompressor().multi_decompress_to_buffer(three_frames()).size() == 3);
}

// Arrays of char are taken whole, up to the last NUL.
static void check_arrays_of_char() {
    const zbatch::compressor compressor;
    const zbatch::decompressor decompressor;
    char letters[4] = {'a', 'b', 'c', 'd'};
    CHECK(text_of(decompressor.decompress(compressor.compress(letters))) == "abcd");

    char rows[3][8] = {"abc", "def", "ghi"};
    const zbatch::collection frames = compressor.multi_compress_to_buffer(rows);
    CHECK(frames.size() == 3 && text_of(decompressor.decompress(frames[1])) == "def\0\0\0\0\0"s);
    char back[3][8];
    decompressor.multi_decompress_into(frames, back);
    CHECK(memcmp(rows, back, sizeof rows) == 0);
}

// Five items, of which the third cannot be had.
struct broken_range {
    struct iterator {
        using iterator_category = std::forward_iterator_tag;
        using value_type = std::string;
        using difference_type = std::ptrdiff_t;
        using pointer = const std::string *;
        using reference = const std::string &;

        int at;

        reference operator*() const {
            static const std::string item = "x";
            if (at == 2) throw std::runtime_error("mine");
            return item;
        }
        iterator &operator++() { ++at; return *this; }
        iterator operator++(int) { return {at++}; }
        bool operator==(iterator other) const { return at == other.at; }
        bool operator!=(iterator other) const { return at != other.at; }
    };

    iterator begin() const { return {0}; }
    iterator end() const { return {5}; }
};

template <class Call> static bool throws_mine(Call call) {
    try {
        call();
    } catch (const std::runtime_error &e) {
        return e.what() == "mine"sv;
    }
    return false;
}

static void check_what_a_range_throws_passes_through() {
    const zbatch::compressor compressor;
    zbatch::failure f;
    CHECK(throws_mine([&] { compressor.multi_compress_to_buffer(broken_range{}); }));
    CHECK(throws_mine([&] { compressor.multi_compress_to_buffer(broken_range{}, f); }));
    CHECK(throws_mine([&] { zbatch::dict::train(broken_range{}, f); }));
}

static void check_empty_handles() {
    const zbatch::compressor compressor(nullptr);
    const zbatch::decompressor decompressor(nullptr);
    const zbatch::control control(nullptr);
    const zbatch::dict dict(nullptr), no_dict;
    const zbatch::buffer buffer(nullptr);
    const zbatch::collection collection(nullptr);
    CHECK(!compressor && !decompressor && !control && !dict && !no_dict && !buffer && !collection);
    CHECK(thrown([&] { compressor.compress("x"s); }) == ZBATCH_ERROR_INVALID_ARGUMENT);
    // As items they are a batch of none.
    CHECK(zbatch::decompressor().multi_decompress_to_buffer(collection).empty());
    CHECK(zbatch::decompressor().multi_decompress_to_buffer(buffer).empty());
}

static void check_handles_change_hands() {
    zbatch::compressor from, to(nullptr);
    to = zbatch::compressor(from.release());
    CHECK(to && !from);
    // 0 is a level, and no null pointer.
    from = zbatch::compressor(0);
    CHECK(from);
    from = zbatch::compressor(19);
    CHECK(from && from.compress("x"s) == zbatch::compressor(19).compress("x"s));
    zbatch::failure f;
    const zbatch::compressor reporting(5, f);
    CHECK(reporting && !f);
}

static void check_each_call_clears_the_failure() {
    const zbatch::collection frames = three_frames();
    const zbatch::decompressor decompressor;
    zbatch::failure f;
    CHECK(decompressor.decompress("junk!"s, f).empty());
    CHECK(f && f.status == ZBATCH_ERROR_NOT_A_FRAME && *f.message() != '\0');
    CHECK(text_of(decompressor.decompress(frames[0], f)) == "a");
    CHECK(!f && !f.has_item() && *f.message() == '\0');
}

static void check_statuses() {
    const zbatch::compressor compressor;
    const zbatch::decompressor decompressor;
    zbatch::failure f;
    const zbatch::collection frames = compressor.multi_compress_to_buffer(three_items, f);
    CHECK(!f);

    zbatch_status status[3];
    scribble(status);
    CHECK(compressor.multi_compress_to_buffer(three_items, {}, status).size() == 3 && status[2] == ZBATCH_OK);

    std::vector<zbatch_status> statuses;
    CHECK(decompressor.multi_decompress_to_buffer(frames, {}, statuses).size() == 3 && statuses.size() == 3);
    CHECK(decompressor.multi_decompress_to_buffer(frames, {}, statuses, f).size() == 3 && !f);
    CHECK(compressor.multi_compress_to_buffer(three_items, {}, statuses, f).size() == 3 && !f);
}

static void check_sizes() {
    const zbatch::collection frames = three_frames();
    const zbatch::decompressor decompressor;
    zbatch::failure f;
    CHECK(decompressor.decompressed_sizes(frames)[2] == 3);
    CHECK(decompressor.decompressed_sizes(frames, f)[2] == 3 && !f);
    std::uint64_t sizes[3];
    CHECK(decompressor.decompressed_sizes(frames, sizes) == 6 && sizes[2] == 3);
    zbatch_status told[2];
    const zbatch::views with_a_bad_one = {frames[2], zbatch::bytes("no", 2)};
    CHECK(decompressor.decompressed_sizes(with_a_bad_one, sizes, told) == 3 && sizes[0] == 3 && sizes[1] == 0);
    CHECK(told[0] == ZBATCH_OK && told[1] < 0);
    CHECK(decompressor.decompressed_sizes(with_a_bad_one, sizes, told, f) == 3 && f.partial() && f.error.item == 1);

    CHECK(decompressor.multi_decompress_to_buffer(frames, three_sizes, {}).size() == 3);
    CHECK(decompressor.multi_decompress_to_buffer(frames, three_sizes, f).size() == 3 && !f);
    CHECK(!decompressor.multi_decompress_to_buffer(frames, wrong_sizes, f) && f.status == ZBATCH_ERROR_SIZE_MISMATCH);
    CHECK(thrown([&] { decompressor.multi_decompress_to_buffer(frames, wrong_sizes, {}); }) ==
          ZBATCH_ERROR_SIZE_MISMATCH);
    zbatch_status status[3];
    CHECK(decompressor.multi_decompress_to_buffer(frames, wrong_sizes, {}, status).size() == 3);
    CHECK(status[0] == ZBATCH_OK && status[2] == ZBATCH_ERROR_SIZE_MISMATCH);
}

static void check_into() {
    char places[3][4];
    std::size_t written[3];
    zbatch_status status[3];
    const zbatch::decompressor decompressor;
    CHECK(decompressor.multi_decompress_into(three_frames(), places, {}, written, status) == ZBATCH_OK);
    CHECK(written[2] == 3 && status[2] == ZBATCH_OK && memcmp(places[2], "ccc", 3) == 0);
}

// The header itself refuses this one, and leaves behind what the library would.
static void check_too_few_spans() {
    char places[2][4];
    std::size_t written[3];
    zbatch_status status[3];
    scribble(written);
    scribble(status);
    zbatch::run_stats stats;
    stats.items = 77;
    zbatch::run_options run;
    run.measure(stats);
    zbatch::failure f;
    CHECK(zbatch::decompressor().multi_decompress_into(three_frames(), places, run, written, status, f) ==
          ZBATCH_ERROR_INVALID_ARGUMENT);
    for (int i = 0; i < 3; i++) CHECK(written[i] == 0 && status[i] == ZBATCH_ERROR_INVALID_ARGUMENT);
    CHECK(stats.items == 0 && stats.struct_size == sizeof(zbatch_run_stats));
}

static void check_packed() {
    const zbatch::collection frames = three_frames();
    const zbatch::decompressor decompressor;
    char block[6];
    zbatch_segment segments[3];
    zbatch_status status[3];
    CHECK(decompressor.multi_decompress_packed(frames, three_sizes, block, segments, {}, status) == ZBATCH_OK);
    CHECK(segments[2].offset == 3 && status[2] == ZBATCH_OK && memcmp(block, "abbccc", 6) == 0);
    zbatch::failure f;
    CHECK(decompressor.multi_decompress_packed(frames, block)[1].length == 2);
    CHECK(decompressor.multi_decompress_packed(frames, block, f).size() == 3 && !f);
}

// Views with a size but no data are what is left of a range when memory runs out.
static void check_no_memory() {
    const zbatch::views none(static_cast<const zbatch_view *>(nullptr), 3);
    const zbatch::decompressor decompressor;
    zbatch::failure f;
    char block[6];
    zbatch_status status[3];
    zbatch_segment segments[3];
    scribble(status);
    scribble(segments);
    CHECK(decompressor.multi_decompress_packed(none, nullptr, block, segments, {}, status, f) ==
          ZBATCH_ERROR_NO_MEMORY);
    CHECK(status[1] == ZBATCH_ERROR_NO_MEMORY && segments[1].length == 0);

    scribble(status);
    CHECK(!zbatch::compressor().multi_compress_to_buffer(none, {}, status, f) && status[2] == ZBATCH_ERROR_NO_MEMORY);

    std::uint64_t sizes[3];
    scribble(sizes);
    CHECK(decompressor.decompressed_sizes(none, sizes, f) == 0 && sizes[2] == 0);
    CHECK(f.status == ZBATCH_ERROR_NO_MEMORY);

    // No std::vector has so many statuses.
    const zbatch_view one{nullptr, 0};
    const zbatch::views too_many(&one, PTRDIFF_MAX);
    std::vector<zbatch_status> statuses(3, ZBATCH_ERROR_CORRUPT);
    zbatch::run_stats stats;
    const auto leaves_nothing = [&](bool failed) {
        const bool nothing = failed && f.status == ZBATCH_ERROR_NO_MEMORY && statuses.empty() && stats.items == 0;
        statuses.assign(3, ZBATCH_ERROR_CORRUPT);
        stats.items = 7;
        return nothing;
    };
    leaves_nothing(true);
    const zbatch::run_options run = zbatch::run_options().measure(stats);
    CHECK(leaves_nothing(!zbatch::compressor().multi_compress_to_buffer(too_many, run, statuses, f)));
    CHECK(leaves_nothing(!decompressor.multi_decompress_to_buffer(too_many, run, statuses, f)));
    statuses.clear();
    CHECK(leaves_nothing(decompressor.multi_decompress_packed(too_many, block, run, f).empty()));
}

static void check_bytes_of_a_collection() {
    const zbatch::collection all = zbatch::decompressor().multi_decompress_to_buffer(three_frames());
    zbatch::failure f;
    char six[6], small[2];
    CHECK(all.tobytes(six) == 6 && memcmp(six, "abbccc", 6) == 0);
    CHECK(all.tobytes().size() == 6 && all.tobytes(f).size() == 6 && !f);
    CHECK(thrown([&] { all.tobytes(small); }) == ZBATCH_ERROR_DST_TOO_SMALL);
    CHECK(all.begin()->size() == 1 && (all.begin() + 2)->size() == 3);
}

static void check_a_lent_buffer() {
    const zbatch::collection all = zbatch::decompressor().multi_decompress_to_buffer(three_frames());
    const zbatch::buffer_view lent = all.buffer_at(0);
    zbatch::failure f;
    char six[6];
    CHECK(lent.tobytes(six) == 6 && lent.tobytes().size() == 6 && lent.tobytes(f).size() == 6 && !f);
    CHECK(lent.segment_at(2).offset == 3);
    CHECK(thrown([&] { lent.segment_at(9); }) == ZBATCH_ERROR_OUT_OF_RANGE);
}

static void check_a_collection_of_buffers() {
    const zbatch_segment whole[] = {{0, 2}};
    std::vector<zbatch::buffer> buffers;
    buffers.push_back(zbatch::buffer::copy("xy"s, whole, 1));
    zbatch::failure f;
    CHECK(zbatch::collection::of(buffers).size() == 1);
    CHECK(zbatch::collection::of(buffers, f).size() == 1 && !f);
}

// What C filled in serves C++ as it is.
static void check_options_of_c() {
    zbatch_compressor_options compressing;
    zbatch_compressor_options_init(&compressing, sizeof compressing);
    compressing.level = 7;
    const zbatch::compressor compressor(compressing);
    CHECK(compressor);

    zbatch_decompressor_options decompressing;
    zbatch_decompressor_options_init(&decompressing, sizeof decompressing);
    zbatch::failure f;
    const zbatch::decompressor decompressor(decompressing, f);
    CHECK(decompressor && !f);

    zbatch_run_options run;
    zbatch_run_options_init(&run, sizeof run);
    run.threads = 1;
    CHECK(compressor.multi_compress_to_buffer(three_items, run).size() == 3);
}

static void check_options_from_a_level() {
    zbatch::compressor_options options;
    options.from_level(9);
    CHECK(options.level == 9 && options.window_log > 0);
    zbatch::failure f;
    options.from_level(1, f);
    CHECK(!f && options.level == 1);
}

static void check_clamped_options_and_memory() {
    zbatch::compressor_options options(1000);
    options.clamp();
    CHECK(options.level == ZBATCH_LEVEL_MAX);
    options.window_log = 1;
    CHECK(thrown([&] { options.clamp(); }) == ZBATCH_ERROR_INVALID_ARGUMENT);
    zbatch::failure f;
    options.clamp(f);
    CHECK(f && options.window_log == 1);
    const zbatch::decompressor_options decompressing;
    CHECK(decompressing.memory_size() > 0 && decompressing.memory_size(f) == decompressing.memory_size() && !f);
}

static void check_estimates() {
    const zbatch::compressor compressor;
    const zbatch::decompressor decompressor;
    zbatch::failure f;
    CHECK(compressor.estimate(three_items) > 0);
    CHECK(compressor.estimate(three_items, 1, UINT64_MAX, f) == compressor.estimate(three_items, 1) && !f);
    CHECK(decompressor.estimate(three_frames()) > 0 && decompressor.estimate(three_items, 1, UINT64_MAX, f) == 0 && !f);
    const zbatch::views none(static_cast<const zbatch_view *>(nullptr), 3);
    CHECK(compressor.estimate(none, 1, 1, f) == 0 && f.status == ZBATCH_ERROR_NO_MEMORY);
    CHECK(thrown([&] { zbatch::decompressor(nullptr).estimate(three_items); }) == ZBATCH_ERROR_INVALID_ARGUMENT);
}

static void check_texts() {
    CHECK(zbatch::status_name(ZBATCH_ERROR_CORRUPT) == "ZBATCH_ERROR_CORRUPT"sv);
    CHECK(zbatch::status_message(ZBATCH_ERROR_CORRUPT) == "the frame is damaged"sv);
    CHECK(zbatch::zstd_error_message(20) == "Data corruption detected"sv);
}

// A dictionary of no bytes is one, and changes nothing.
static void check_a_dict_of_nothing() {
    zbatch::failure f;
    const zbatch::dict nothing(zbatch::bytes{}, f);
    CHECK(!f && nothing && nothing.id() == 0);
    CHECK(nothing.digest(f) && !f);
    const zbatch::compressor compressor(nothing, f);
    CHECK(!f && compressor.compress("hello"s) == zbatch::compressor().compress("hello"s));
    CHECK(zbatch::compressor({}, nothing, f) && !f);
    CHECK(zbatch::compressor(zbatch::compressor_options(3), nothing));

    CHECK(!zbatch::dict(zbatch::bytes{}, ZBATCH_DICT_TYPE_FULLDICT, f) && f.status == ZBATCH_ERROR_BAD_DICT);
}

// Who gives a dictionary means one; where there may be none is a pointer.
static void check_an_empty_dict() {
    zbatch::failure f;
    const zbatch::dict failed = zbatch::dict::train(three_items, f);
    CHECK(!failed && f.status == ZBATCH_ERROR_BAD_SAMPLES);

    CHECK(!zbatch::compressor(failed, f) && f.status == ZBATCH_ERROR_INVALID_ARGUMENT && !f.has_item());
    CHECK(!zbatch::compressor({}, failed, f) && f.status == ZBATCH_ERROR_INVALID_ARGUMENT);
    CHECK(!zbatch::decompressor(failed, f) && f.status == ZBATCH_ERROR_INVALID_ARGUMENT);
    CHECK(!zbatch::decompressor({}, failed, f) && f.status == ZBATCH_ERROR_INVALID_ARGUMENT);
    CHECK(thrown([&] { zbatch::compressor{failed}; }) == ZBATCH_ERROR_INVALID_ARGUMENT);
    CHECK(thrown([&] { zbatch::compressor({}, failed); }) == ZBATCH_ERROR_INVALID_ARGUMENT);
    CHECK(thrown([&] { zbatch::decompressor{failed}; }) == ZBATCH_ERROR_INVALID_ARGUMENT);
    CHECK(thrown([&] { zbatch::decompressor({}, failed); }) == ZBATCH_ERROR_INVALID_ARGUMENT);

    CHECK(zbatch::compressor({}, &failed, f) && !f && zbatch::compressor({}, &failed));
    CHECK(zbatch::decompressor({}, &failed, f) && !f && zbatch::decompressor({}, &failed));
}

static void check_trained() {
    std::vector<std::string> items;
    for (int i = 0; i < 2000; i++) items.push_back("a line that is much like the others, but for its number " + std::to_string(i));
    zbatch::failure f;
    const zbatch::trained made = zbatch::multi_compress_trained(items);
    CHECK(made.dict && made.dict.id() == zbatch::frame_info(made.frames[0]).dict_id);
    CHECK(zbatch::multi_compress_trained(items, f).frames.size_bytes() == made.frames.size_bytes() && !f);
    const zbatch::trained checked = zbatch::multi_compress_trained(items, zbatch::compressor_options(1), f);
    CHECK(!f && checked.frames.size() == items.size());

    zbatch::collection back = zbatch::multi_decompress_trained(made.frames, made.dict);
    CHECK(back.size() == items.size() && text_of(back[1999]) == items[1999]);
    back = zbatch::multi_decompress_trained(made.frames, made.dict, f);
    CHECK(!f && text_of(back[7]) == items[7]);
    zbatch::decompressor_options options;
    options.max_item_size = 1;
    CHECK(zbatch::multi_decompress_trained(made.frames, made.dict, options, f).empty() && f.status == ZBATCH_ERROR_LIMIT);
    CHECK(thrown([&] { zbatch::multi_decompress_trained(made.frames, {}); }) == ZBATCH_ERROR_DICT_MISMATCH);

    // Nothing to learn: no dictionary, and none is needed.
    const zbatch::trained plain = zbatch::multi_compress_trained(three_items);
    CHECK(!plain.dict && text_of(zbatch::multi_decompress_trained(plain.frames, plain.dict)[2]) == "ccc");

    zbatch_status status[3];
    const zbatch::views none(static_cast<const zbatch_view *>(nullptr), 3);
    CHECK(!zbatch::multi_compress_trained(none, {}, {}, {}, status, f).frames && f.status == ZBATCH_ERROR_NO_MEMORY);
    CHECK(status[2] == ZBATCH_ERROR_NO_MEMORY);
    CHECK(!zbatch::multi_decompress_trained(none, {}, {}, nullptr, {}, status, f) && f.status == ZBATCH_ERROR_NO_MEMORY);
    zbatch::train_options threads;
    threads.threads = 2;
    CHECK(thrown([&] { zbatch::multi_compress_trained(items, {}, threads); }) == ZBATCH_ERROR_INVALID_ARGUMENT);
}

static void check_frame_info() {
    const zbatch::collection frames = three_frames();
    zbatch::failure f;
    CHECK(zbatch::frame_info(frames[0], f).content_size == 1 && !f);
    CHECK(zbatch::frame_header_size(frames[0]) == zbatch::frame_info(frames[0]).header_size);
}

static void check_cancelled() {
    const zbatch::collection frames = three_frames();
    const zbatch::compressor compressor;
    const zbatch::decompressor decompressor;
    zbatch::control control;
    const zbatch::run_options run(1, control);
    control.cancel();
    CHECK(thrown([&] { compressor.multi_compress_to_buffer(three_items, run); }) == ZBATCH_ERROR_CANCELLED);
    // No items, nothing to cancel.
    CHECK(compressor.multi_compress_to_buffer(std::vector<std::string>{}, run));

    const std::vector<zbatch::bytes> items{frames[0], "junk!"sv};
    std::vector<zbatch_status> status;
    decompressor.multi_decompress_to_buffer(items, run, status);
    CHECK(status[0] == ZBATCH_ERROR_CANCELLED && status[1] < 0);
    zbatch::failure f;
    decompressor.multi_decompress_to_buffer(items, run, status, f);
    CHECK(f.partial() && f.error.item == 0 && status[0] == ZBATCH_ERROR_CANCELLED && status[1] < 0);
}

int main() {
    check_items_in_braces();
    check_views_with_a_name();
    check_other_ranges();
    check_arrays_of_char();
    check_what_a_range_throws_passes_through();
    check_empty_handles();
    check_handles_change_hands();
    check_each_call_clears_the_failure();
    check_statuses();
    check_sizes();
    check_into();
    check_too_few_spans();
    check_packed();
    check_no_memory();
    check_bytes_of_a_collection();
    check_a_lent_buffer();
    check_a_collection_of_buffers();
    check_options_of_c();
    check_options_from_a_level();
    check_clamped_options_and_memory();
    check_estimates();
    check_texts();
    check_a_dict_of_nothing();
    check_an_empty_dict();
    check_trained();
    check_frame_info();
    check_cancelled();
}
