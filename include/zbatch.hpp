/*
 * zbatch.hpp - zbatch.h for C++17
 *
 *     zbatch::compressor compressor;
 *     std::vector<std::string> records = ...;
 *     for (zbatch::bytes frame : compressor.multi_compress_to_buffer(records))
 *             store(frame.data(), frame.size());
 *
 * Header only: it adds types to the C interface, no behaviour and no symbols to
 * the library.  The documentation is zbatch.h; here is what C++ adds.
 * Arguments stand in the order of C, the handle in front as the object and the
 * error last as a failure; but items come first in multi_compress_trained() and
 * multi_decompress_trained(), so that others may be left out.
 *
 * HANDLES are move-only and free themselves.  One that was moved from, that a
 * failed call returned, or that is made from nullptr, compressor(nullptr) say,
 * is empty: its sizes are 0, and a call on it fails.  As items, an empty
 * collection or buffer is a batch of none, which succeeds.  By default a
 * buffer, a collection and a dict are empty; the others are ready to work.
 * get() lends the C handle, release() gives it away, and a constructor adopts
 * one.  What a handle lends, zbatch::bytes above all, must not outlive it, as
 * in C.
 *
 * DICTIONARIES.  A compressor or decompressor that is given a dict refuses an
 * empty one, of a failed dict::train() say, as ZBATCH_ERROR_INVALID_ARGUMENT.
 * Given a pointer to a dict, it does without when that is nullptr or the dict
 * is empty, as that of zbatch::trained may be.
 *
 * ERRORS.  Each call that can fail comes twice.  With a zbatch::failure & at
 * its end it is noexcept, reports there, and returns an empty result on
 * failure; a failure may serve many calls, each begins by clearing it.
 * Without, it throws zbatch::error and nothing else, also when memory ran out;
 * those overloads are missing under -fno-exceptions, where a std::vector that
 * finds no memory ends the program.  What walking a range of the caller's
 * throws passes through both.
 *
 * ITEMS.  A batch takes any range of things that are contiguous bytes (strings,
 * vectors, arrays, spans), a list of such things in braces, a buffer, a
 * collection, or a ready array of zbatch_view.  They are borrowed until the
 * call returns, so temporaries are fine; zbatch::views by name takes none, and
 * must not outlive what it is made of.
 *
 * Arrays of statuses, sizes and segments are pointers with room for one entry
 * for each item, or nullptr, as in C.  A std::vector of statuses is made as
 * long as the batch; without memory for it, it is empty.
 */

#ifndef ZBATCH_HPP
#define ZBATCH_HPP

#include "zbatch.h"

#include <cstddef>
#include <cstdint>
#include <exception>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>
#include <vector>

namespace zbatch {

using status = zbatch_status;
using segment = zbatch_segment;
using frame = zbatch_frame;

/* How the last call that was given it ended; true when that failed. */
struct failure {
    zbatch_status status = ZBATCH_OK;
    zbatch_error error{ZBATCH_NO_ITEM, ZBATCH_OK, 0, 0, 0, {}};

    explicit operator bool() const noexcept { return status < 0; }
    /* Some items failed: 'error' is about the first; the others are there. */
    bool partial() const noexcept { return status == ZBATCH_PARTIAL; }
    bool has_item() const noexcept { return error.item != ZBATCH_NO_ITEM; }
    /* Empty after success. */
    const char *message() const noexcept { return error.message; }
    /* As new: what every call begins with. */
    zbatch_error *clear() noexcept {
        status = error.status = ZBATCH_OK;
        error.item = ZBATCH_NO_ITEM;
        error.zstd_error = error.os_error = 0;
        error.message[0] = '\0';
        return &error;
    }
};

#if defined(__cpp_exceptions)
/* A call that failed, memory that ran out included. */
class error : public std::exception {
  public:
    explicit error(const failure &f) noexcept : failure_(f) {}
    const char *what() const noexcept override { return failure_.error.message; }
    zbatch_status status() const noexcept { return failure_.status; }
    bool has_item() const noexcept { return failure_.has_item(); }
    std::uint64_t item() const noexcept { return failure_.error.item; }
    std::int32_t zstd_error() const noexcept { return failure_.error.zstd_error; }
    std::int32_t os_error() const noexcept { return failure_.error.os_error; }

  private:
    failure failure_;
};
#endif

class bytes;
class span;

namespace detail {

    template <class T> using bare = std::remove_cv_t<std::remove_reference_t<T>>;

    template <class E>
    constexpr bool borrows = std::is_same_v<E, bytes> || std::is_same_v<E, span> || std::is_same_v<E, zbatch_view> ||
                             std::is_same_v<E, zbatch_span>;

    /* What a contiguous range is made of, when there is no more to it. */
    template <class T, class P = decltype(std::data(std::declval<T &>())), class E = std::remove_pointer_t<P>,
              std::enable_if_t<std::is_pointer_v<P> && !std::is_pointer_v<E> && !borrows<std::remove_cv_t<E>>, int> = 0>
    using element = std::enable_if_t<std::is_trivially_copyable_v<E>, E>;

    /* const char[N]: a string literal, for all that its type tells. */
    template <class T, class E> constexpr bool is_literal = std::is_array_v<T> && std::is_same_v<E, const char>;

} // namespace detail

/* Borrowed bytes that are read, made of anything contiguous: string, vector,
   array, span, string_view, char[N].  Not of a string literal, or another
   const char[N], whose last byte may be a NUL that nobody means: name its size,
   or write "..."sv. */
class bytes {
  public:
    bytes() noexcept : view_{nullptr, 0} {}
    bytes(const void *data, std::size_t size) noexcept : view_{data, size} {}
    bytes(zbatch_view view) noexcept : view_(view) {}
    template <class T, class E = detail::element<std::remove_reference_t<T>>,
              std::enable_if_t<!std::is_base_of_v<bytes, detail::bare<T>> &&
                                   !detail::is_literal<std::remove_reference_t<T>, E>,
                               int> = 0>
    bytes(T &&range) noexcept : view_{std::data(range), std::size(range) * sizeof(E)} {}

    const std::byte *data() const noexcept { return static_cast<const std::byte *>(view_.data); }
    std::size_t size() const noexcept { return view_.size; }
    bool empty() const noexcept { return view_.size == 0; }
    const std::byte *begin() const noexcept { return data(); }
    const std::byte *end() const noexcept { return data() + size(); }
    operator zbatch_view() const noexcept { return view_; }

  private:
    zbatch_view view_;
};

/* Borrowed bytes that are written, made of anything contiguous, not const. */
class span {
  public:
    span() noexcept : span_{nullptr, 0} {}
    span(void *data, std::size_t size) noexcept : span_{data, size} {}
    span(zbatch_span raw) noexcept : span_(raw) {}
    template <class T, class E = detail::element<std::remove_reference_t<T>>,
              std::enable_if_t<!std::is_base_of_v<span, detail::bare<T>> && !std::is_const_v<E>, int> = 0>
    span(T &&range) noexcept : span_{std::data(range), std::size(range) * sizeof(E)} {}

    std::byte *data() const noexcept { return static_cast<std::byte *>(span_.data); }
    std::size_t size() const noexcept { return span_.size; }
    operator zbatch_span() const noexcept { return span_; }

  private:
    zbatch_span span_;
};

namespace detail {

    template <auto Free> struct deleter {
        template <class T> void operator()(T *handle) const noexcept { Free(handle); }
    };

    template <class T, auto Free> class handle {
      public:
        T *get() const noexcept { return handle_.get(); }
        /* The caller's from now on, to free with the C function. */
        [[nodiscard]] T *release() noexcept { return handle_.release(); }
        explicit operator bool() const noexcept { return handle_ != nullptr; }

      protected:
        handle() = default;
        explicit handle(T *raw) noexcept : handle_(raw) {}
        std::unique_ptr<T, deleter<Free>> handle_;
    };

    template <class T, void (*Init)(T *, std::size_t)> struct options : T {
        options() noexcept { Init(this, sizeof(T)); }
        options(const T &raw) noexcept : T(raw) {}
    };

    template <std::size_t N> void fail(failure &f, zbatch_status code, const char (&message)[N]) noexcept {
        f.status = code;
        f.error = {ZBATCH_NO_ITEM, code, 0, 0, 0, {}};
        static_assert(N <= sizeof f.error.message);
        for (std::size_t i = 0; i < N; i++) f.error.message[i] = message[i];
    }
    inline void no_memory(failure &f) noexcept { fail(f, ZBATCH_ERROR_NO_MEMORY, "not enough memory"); }

    /* Leaves behind what a call that fails in the library does: see OUTPUTS. */
    template <class... Out>
    void settle(const failure &f, const zbatch_run_options &run, std::size_t count, zbatch_status *item_status,
                Out *...out) noexcept {
        if (run.stats) zbatch_run_stats_init(run.stats, run.stats->struct_size);
        for (std::size_t i = 0; i < count; i++) {
            if (item_status) item_status[i] = f.status;
            ((out ? void(out[i] = Out()) : void()), ...);
        }
    }

    template <class T> bool resize(std::vector<T> &vector, std::size_t size, failure &f) noexcept {
#if defined(__cpp_exceptions)
        try {
            vector.resize(size);
        } catch (const std::exception &) {
            no_memory(f);
            return false;
        }
#else
        (void)f;
        vector.resize(size);
#endif
        return true;
    }

    /* Makes an output of a call as long as the batch, or empty where there is no
       memory for it, which fails the call. */
    template <class T>
    bool resize_output(std::vector<T> &out, std::size_t count, const zbatch_run_options &run, failure &f) noexcept {
        if (resize(out, count, f)) return true;
        out.clear();
        settle(f, run, 0, nullptr);
        return false;
    }

#if defined(__cpp_exceptions)
    /* Makes a call that reports its failure one that throws it. */
    template <class Call> auto checked(Call &&call) {
        failure f;
        auto result = call(f);
        if (f) throw error(f);
        return result;
    }
#endif

    /* An array for a call: lent, or made here from a range.  One without memory
       has a size but no data. */
    template <class T> class array {
      public:
        array() = default;
        array(const T *data, std::size_t size) noexcept : data_(data), size_(size) {}
        template <class R, class Make> array(R &range, Make make) {
            size_ = static_cast<std::size_t>(std::distance(std::begin(range), std::end(range)));
            T *next = reserve();
            if (!next) return;
            for (auto &&element : range) *next++ = make(element);
        }
        const T *data() const noexcept { return data_; }
        std::size_t size() const noexcept { return size_; }
        bool enough_memory(failure &f) const noexcept {
            if (data_ || size_ == 0) return true;
            no_memory(f);
            return false;
        }

      protected:
        explicit array(std::size_t size) noexcept : size_(size) { reserve(); }
        T *own() noexcept { return own_.get(); }

      private:
        T *reserve() noexcept {
            if (size_ != 0 && size_ <= PTRDIFF_MAX / sizeof(T)) own_.reset(new (std::nothrow) T[size_]);
            data_ = own_.get();
            return own_.get();
        }

        std::unique_ptr<T[]> own_;
        const T *data_ = nullptr;
        std::size_t size_ = 0;
    };

    /* Walks the segments of a handle. */
    template <class H, zbatch_status (*At)(const H *, std::size_t, zbatch_view *, zbatch_error *)> class iterator {
      public:
        using iterator_category = std::random_access_iterator_tag;
        using value_type = bytes;
        using difference_type = std::ptrdiff_t;
        using reference = bytes;
        class pointer {
          public:
            explicit pointer(bytes of) noexcept : of_(of) {}
            const bytes *operator->() const noexcept { return &of_; }

          private:
            bytes of_;
        };

        iterator() = default;
        iterator(const H *of, std::size_t at) noexcept : of_(of), at_(static_cast<difference_type>(at)) {}

        bytes operator*() const noexcept { return (*this)[0]; }
        pointer operator->() const noexcept { return pointer(**this); }
        bytes operator[](difference_type n) const noexcept {
            zbatch_view view;
            [[maybe_unused]] const zbatch_status found = At(of_, static_cast<std::size_t>(at_ + n), &view, nullptr);
            return view;
        }
        iterator &operator+=(difference_type n) noexcept { at_ += n; return *this; }
        iterator &operator-=(difference_type n) noexcept { at_ -= n; return *this; }
        iterator &operator++() noexcept { return *this += 1; }
        iterator &operator--() noexcept { return *this -= 1; }
        iterator operator++(int) noexcept { iterator was = *this; ++*this; return was; }
        iterator operator--(int) noexcept { iterator was = *this; --*this; return was; }
        friend iterator operator+(iterator i, difference_type n) noexcept { return i += n; }
        friend iterator operator+(difference_type n, iterator i) noexcept { return i += n; }
        friend iterator operator-(iterator i, difference_type n) noexcept { return i -= n; }
        friend difference_type operator-(iterator a, iterator b) noexcept { return a.at_ - b.at_; }
        friend bool operator==(iterator a, iterator b) noexcept { return a.at_ == b.at_; }
        friend bool operator!=(iterator a, iterator b) noexcept { return a.at_ != b.at_; }
        friend bool operator<(iterator a, iterator b) noexcept { return a.at_ < b.at_; }
        friend bool operator>(iterator a, iterator b) noexcept { return a.at_ > b.at_; }
        friend bool operator<=(iterator a, iterator b) noexcept { return a.at_ <= b.at_; }
        friend bool operator>=(iterator a, iterator b) noexcept { return a.at_ >= b.at_; }

      private:
        const H *of_ = nullptr;
        difference_type at_ = 0;
    };

    /* What can be asked of a buffer, owned or lent. */
    template <class B> class buffer_access {
      public:
        using const_iterator = iterator<zbatch_buffer, zbatch_buffer_view_at>;

        std::size_t size() const noexcept { return zbatch_buffer_len(raw()); }
        std::size_t size_bytes() const noexcept { return zbatch_buffer_size(raw()); }
        bool empty() const noexcept { return size() == 0; }
        bytes data() const noexcept { return {zbatch_buffer_data(raw()), size_bytes()}; }
        const zbatch_segment *segments() const noexcept { return zbatch_buffer_segments(raw()); }
        /* Empty when there is no such segment. */
        bytes operator[](std::size_t i) const noexcept { return begin()[static_cast<std::ptrdiff_t>(i)]; }
        const_iterator begin() const noexcept { return {raw(), 0}; }
        const_iterator end() const noexcept { return {raw(), size()}; }
        zbatch_segment segment_at(std::size_t i, failure &f) const noexcept {
            zbatch_segment place;
            f.status = zbatch_buffer_segment_at(raw(), i, &place, f.clear());
            return place;
        }
        std::size_t tobytes(span dst, failure &f) const noexcept {
            f.status = zbatch_buffer_tobytes(raw(), dst.data(), dst.size(), f.clear());
            return f ? 0 : size_bytes();
        }
        std::vector<std::byte> tobytes(failure &f) const noexcept {
            std::vector<std::byte> out;
            if (resize(out, size_bytes(), f)) out.resize(tobytes(out, f));
            return out;
        }
#if defined(__cpp_exceptions)
        zbatch_segment segment_at(std::size_t i) const {
            return checked([&](failure &f) { return segment_at(i, f); });
        }
        std::size_t tobytes(span dst) const {
            return checked([&](failure &f) { return tobytes(dst, f); });
        }
        std::vector<std::byte> tobytes() const {
            return checked([&](failure &f) { return tobytes(f); });
        }
#endif

      private:
        const zbatch_buffer *raw() const noexcept { return static_cast<const B *>(this)->get(); }
    };

} // namespace detail

inline std::uint32_t version() noexcept { return zbatch_version(); }
inline const char *version_string() noexcept { return zbatch_version_string(); }
inline std::uint32_t zstd_version() noexcept { return zbatch_zstd_version(); }
inline std::size_t retained_size() noexcept { return zbatch_retained_size(); }
inline void release_retained() noexcept { zbatch_release_retained(); }
inline const char *status_name(zbatch_status code) noexcept { return zbatch_status_name(code); }
inline const char *status_message(zbatch_status code) noexcept { return zbatch_status_message(code); }
inline const char *zstd_error_message(std::int32_t code) noexcept { return zbatch_zstd_error_message(code); }
inline std::size_t compress_bound(std::size_t size) noexcept { return zbatch_compress_bound(size); }

inline std::int64_t constant(const char *name, failure &f) noexcept {
    std::int64_t value;
    f.status = zbatch_constant(name, &value, f.clear());
    return value;
}

inline frame frame_info(bytes data, std::int32_t format, failure &f) noexcept {
    zbatch_frame info;
    f.status = zbatch_frame_info(data.data(), data.size(), format, &info, f.clear());
    return info;
}

/* Bytes of a frame's header, of which five must be there; 0 when they are not. */
inline std::size_t frame_header_size(bytes data) noexcept { return zbatch_frame_header_size(data.data(), data.size()); }
inline frame frame_info(bytes data, failure &f) noexcept { return frame_info(data, ZBATCH_FORMAT_ZSTD1, f); }

#if defined(__cpp_exceptions)
inline std::int64_t constant(const char *name) {
    return detail::checked([&](failure &f) { return constant(name, f); });
}

inline frame frame_info(bytes data, std::int32_t format = ZBATCH_FORMAT_ZSTD1) {
    return detail::checked([&](failure &f) { return frame_info(data, format, f); });
}
#endif

/* Options start as the defaults, or as a C struct; set the fields of that. */
using train_options = detail::options<zbatch_dict_train_options, zbatch_dict_train_options_init>;
using run_stats = detail::options<zbatch_run_stats, zbatch_run_stats_init>;

struct compressor_options : detail::options<zbatch_compressor_options, zbatch_compressor_options_init> {
    compressor_options() = default;
    compressor_options(const zbatch_compressor_options &raw) noexcept : options(raw) {}
    explicit compressor_options(std::int32_t l) noexcept { level = l; }

    /* Sets level, and window_log to strategy as zstd would. */
    void from_level(std::int32_t l, std::uint64_t source_size, std::uint64_t dict_size, failure &f) noexcept {
        f.status = zbatch_compressor_options_from_level(this, l, source_size, dict_size, f.clear());
    }
    void from_level(std::int32_t l, failure &f) noexcept { from_level(l, 0, 0, f); }
    /* Sets what zstd bends to what it makes of it. */
    void clamp(failure &f) noexcept { f.status = zbatch_compressor_options_clamp(this, f.clear()); }
    std::size_t memory_size(failure &f) const noexcept {
        std::size_t size;
        f.status = zbatch_compressor_options_memory_size(this, &size, f.clear());
        return size;
    }
#if defined(__cpp_exceptions)
    void from_level(std::int32_t l, std::uint64_t source_size = 0, std::uint64_t dict_size = 0) {
        failure f;
        from_level(l, source_size, dict_size, f);
        if (f) throw error(f);
    }
    void clamp() {
        failure f;
        clamp(f);
        if (f) throw error(f);
    }
    std::size_t memory_size() const {
        return detail::checked([&](failure &f) { return memory_size(f); });
    }
#endif
};

struct decompressor_options : detail::options<zbatch_decompressor_options, zbatch_decompressor_options_init> {
    decompressor_options() = default;
    decompressor_options(const zbatch_decompressor_options &raw) noexcept : options(raw) {}

    std::size_t memory_size(failure &f) const noexcept {
        std::size_t size;
        f.status = zbatch_decompressor_options_memory_size(this, &size, f.clear());
        return size;
    }
#if defined(__cpp_exceptions)
    std::size_t memory_size() const {
        return detail::checked([&](failure &f) { return memory_size(f); });
    }
#endif
};

class control : public detail::handle<zbatch_control, zbatch_control_free> {
  public:
    explicit control(zbatch_control *owned) noexcept : handle(owned) {}
    explicit control(failure &f) noexcept {
        zbatch_control *raw;
        f.status = zbatch_control_new(&raw, f.clear());
        handle_.reset(raw);
    }
#if defined(__cpp_exceptions)
    control() : control(detail::checked([](failure &f) { return control(f); })) {}
#endif
    void cancel() noexcept { zbatch_control_cancel(get()); }
    void reset() noexcept { zbatch_control_reset(get()); }
    std::uint64_t items_done() const noexcept { return zbatch_control_items_done(get()); }
    std::uint64_t bytes_done() const noexcept { return zbatch_control_bytes_done(get()); }
    std::uint64_t items_running() const noexcept { return zbatch_control_items_running(get()); }
};

/* run_options(-1).watch(control).measure(stats) borrows both. */
struct run_options : detail::options<zbatch_run_options, zbatch_run_options_init> {
    run_options() = default;
    run_options(const zbatch_run_options &raw) noexcept : options(raw) {}
    explicit run_options(std::int32_t n) noexcept { threads = n; }
    run_options(std::int32_t n, zbatch::control &c) noexcept : run_options(n) { watch(c); }

    run_options &watch(zbatch::control &c) noexcept { control = c.get(); return *this; }
    run_options &measure(run_stats &s) noexcept { stats = &s; return *this; }
    run_options &verify() noexcept { flags |= ZBATCH_RUN_VERIFY; return *this; }
};

/* A buffer that a collection lends. */
class buffer_view : public detail::buffer_access<buffer_view> {
  public:
    explicit buffer_view(const zbatch_buffer *lent) noexcept : lent_(lent) {}
    const zbatch_buffer *get() const noexcept { return lent_; }
    explicit operator bool() const noexcept { return lent_ != nullptr; }

  private:
    const zbatch_buffer *lent_;
};

class buffer : public detail::handle<zbatch_buffer, zbatch_buffer_free>, public detail::buffer_access<buffer> {
  public:
    buffer() = default;
    explicit buffer(zbatch_buffer *owned) noexcept : handle(owned) {}
    static buffer copy(bytes data, const zbatch_segment *segments, std::size_t count, failure &f) noexcept {
        return make(zbatch_buffer_new, data, segments, count, f);
    }
    static buffer by_reference(bytes data, const zbatch_segment *segments, std::size_t count, failure &f) noexcept {
        return make(zbatch_buffer_new_by_reference, data, segments, count, f);
    }
#if defined(__cpp_exceptions)
    static buffer copy(bytes data, const zbatch_segment *segments, std::size_t count) {
        return detail::checked([&](failure &f) { return copy(data, segments, count, f); });
    }
    static buffer by_reference(bytes data, const zbatch_segment *segments, std::size_t count) {
        return detail::checked([&](failure &f) { return by_reference(data, segments, count, f); });
    }
#endif
    operator buffer_view() const noexcept { return buffer_view(get()); }

  private:
    template <class New>
    static buffer make(New fn, bytes data, const zbatch_segment *segments, std::size_t count, failure &f) noexcept {
        zbatch_buffer *raw;
        f.status = fn(data.data(), data.size(), segments, count, &raw, f.clear());
        return buffer(raw);
    }
};

class collection : public detail::handle<zbatch_collection, zbatch_collection_free> {
  public:
    using const_iterator = detail::iterator<zbatch_collection, zbatch_collection_view_at>;

    collection() = default;
    explicit collection(zbatch_collection *owned) noexcept : handle(owned) {}
    /* Shares the buffers of a range of zbatch::buffer. */
    template <class R> static collection of(const R &buffers, failure &f) {
        zbatch_collection *raw = nullptr;
        detail::array<zbatch_buffer *> all(buffers, [](const buffer &b) { return b.get(); });
        if (all.enough_memory(f)) f.status = zbatch_collection_new(all.data(), all.size(), &raw, f.clear());
        return collection(raw);
    }

    std::size_t size() const noexcept { return zbatch_collection_len(get()); }
    std::size_t size_bytes() const noexcept { return zbatch_collection_size(get()); }
    bool empty() const noexcept { return size() == 0; }
    /* Empty when there is no such segment. */
    bytes operator[](std::size_t i) const noexcept { return begin()[static_cast<std::ptrdiff_t>(i)]; }
    const_iterator begin() const noexcept { return {get(), 0}; }
    const_iterator end() const noexcept { return {get(), size()}; }

    zbatch_segment segment_at(std::size_t i, failure &f) const noexcept {
        zbatch_segment place;
        f.status = zbatch_collection_segment_at(get(), i, &place, f.clear());
        return place;
    }
    std::size_t buffer_count() const noexcept { return zbatch_collection_buffer_count(get()); }
    buffer_view buffer_at(std::size_t i) const noexcept { return buffer_view(zbatch_collection_buffer_at(get(), i)); }

    std::size_t tobytes(span dst, failure &f) const noexcept {
        f.status = zbatch_collection_tobytes(get(), dst.data(), dst.size(), f.clear());
        return f ? 0 : size_bytes();
    }
    std::vector<std::byte> tobytes(failure &f) const noexcept {
        std::vector<std::byte> out;
        if (detail::resize(out, size_bytes(), f)) out.resize(tobytes(out, f));
        return out;
    }
    bool export_arrow(ArrowArray *array, ArrowSchema *schema, failure &f) const noexcept {
        f.status = zbatch_collection_export_arrow(get(), array, schema, f.clear());
        return !f;
    }
#if defined(__cpp_exceptions)
    template <class R> static collection of(const R &buffers) {
        return detail::checked([&](failure &f) { return of(buffers, f); });
    }
    zbatch_segment segment_at(std::size_t i) const {
        return detail::checked([&](failure &f) { return segment_at(i, f); });
    }
    std::size_t tobytes(span dst) const {
        return detail::checked([&](failure &f) { return tobytes(dst, f); });
    }
    std::vector<std::byte> tobytes() const {
        return detail::checked([&](failure &f) { return tobytes(f); });
    }
    void export_arrow(ArrowArray *array, ArrowSchema *schema) const {
        detail::checked([&](failure &f) { return export_arrow(array, schema, f); });
    }
#endif
};

namespace detail {

    /* The items of a call, made by the way of whatever it is given, temporaries
       too: they last as long as it does. */
    class items : public array<zbatch_view> {
      public:
        items(const zbatch_view *data, std::size_t size) noexcept : array(data, size) {}
        items(buffer_view b) noexcept : array(zbatch_buffer_views(b.get()), b.size()) {}
        items(const buffer &b) noexcept : items(buffer_view(b)) {}
        items(const collection &c) noexcept : array(zbatch_collection_views(c.get()), c.size()) {}
        items(std::initializer_list<bytes> all) noexcept : array(all, [](bytes item) -> zbatch_view { return item; }) {}
        template <class R, class E = decltype(*std::begin(std::declval<std::remove_reference_t<R> &>())),
                  std::enable_if_t<std::is_convertible_v<E, bytes> && !std::is_convertible_v<R, buffer_view> &&
                                       !std::is_base_of_v<collection, bare<R>>,
                                   int> = 0>
        items(R &&range) : array(range, [](auto &item) -> zbatch_view { return bytes(item); }) {
            static_assert(std::is_lvalue_reference_v<E> || std::is_trivially_copyable_v<E>,
                          "the range makes its elements as it goes: they would be gone before the batch runs");
        }

      protected:
        explicit items(std::size_t size) noexcept : array(size) {}
    };

} // namespace detail

/* The items of a batch by name, when one array serves several calls: of
   something that has a name too, and lives as long. */
class views : public detail::items {
  public:
    views(const zbatch_view *data, std::size_t size) noexcept : items(data, size) {}
    views(buffer_view b) noexcept : items(b) {}
    views(const buffer &b) noexcept : items(b) {}
    views(const collection &c) noexcept : items(c) {}
    views(const buffer &&) = delete;
    views(const collection &&) = delete;
    views(std::initializer_list<bytes> all) noexcept : items(all) {}
    template <class R, std::enable_if_t<std::is_lvalue_reference_v<R> && std::is_constructible_v<detail::items, R> &&
                                            !std::is_convertible_v<R, buffer_view> &&
                                            !std::is_base_of_v<detail::items, detail::bare<R>> &&
                                            !std::is_base_of_v<collection, detail::bare<R>>,
                                        int> = 0>
    views(R &&range) : items(range) {}

    /* Segments of 'base'. */
    static views from_segments(bytes base, const zbatch_segment *segments, std::size_t count, failure &f) noexcept {
        views all(count);
        if (all.enough_memory(f))
            f.status = zbatch_views_from_segments(base.data(), base.size(), segments, count, all.own(), f.clear());
        return f ? views(0) : std::move(all);
    }
    /* Items that lie back to back in 'base': 'count', and one offset more. */
    template <class Offset>
    static views from_offsets(bytes base, const Offset *offsets, std::size_t count, failure &f) noexcept {
        static_assert(std::is_integral_v<Offset> && (sizeof(Offset) == 4 || sizeof(Offset) == 8),
                      "offsets are integers of 4 or 8 bytes");
        views all(count);
        if (all.enough_memory(f))
            f.status = zbatch_views_from_offsets(base.data(), base.size(), offsets, sizeof(Offset), count, all.own(),
                                                 f.clear());
        return f ? views(0) : std::move(all);
    }
    /* Items of 'array_count' Arrow arrays of one type, 'count' in all. */
    static views from_arrow(const ArrowSchema *schema, const ArrowArray *const *arrays, std::size_t array_count,
                            std::size_t count, failure &f) noexcept {
        views all(count);
        if (all.enough_memory(f))
            f.status = zbatch_views_from_arrow(schema, arrays, array_count, all.own(), count, f.clear());
        return f ? views(0) : std::move(all);
    }
#if defined(__cpp_exceptions)
    static views from_segments(bytes base, const zbatch_segment *segments, std::size_t count) {
        return detail::checked([&](failure &f) { return from_segments(base, segments, count, f); });
    }
    template <class Offset> static views from_offsets(bytes base, const Offset *offsets, std::size_t count) {
        return detail::checked([&](failure &f) { return from_offsets(base, offsets, count, f); });
    }
    static views from_arrow(const ArrowSchema *schema, const ArrowArray *const *arrays, std::size_t array_count,
                            std::size_t count) {
        return detail::checked([&](failure &f) { return from_arrow(schema, arrays, array_count, count, f); });
    }
#endif

  private:
    explicit views(std::size_t size) noexcept : items(size) {}
};

/* The caller's memory for the items of a batch: any range of things that are
   contiguous and not const. */
class spans : public detail::array<zbatch_span> {
  public:
    spans(const zbatch_span *data, std::size_t size) noexcept : array(data, size) {}
    spans(std::initializer_list<span> all) noexcept : array(all, [](span place) -> zbatch_span { return place; }) {}
    template <class R, class E = decltype(*std::begin(std::declval<R &>())),
              std::enable_if_t<std::is_convertible_v<E, span>, int> = 0>
    spans(R &&range) : array(range, [](auto &place) -> zbatch_span { return span(place); }) {}
};

class dict : public detail::handle<zbatch_dict, zbatch_dict_free> {
  public:
    dict() = default;
    explicit dict(zbatch_dict *owned) noexcept : handle(owned) {}
    dict(bytes data, failure &f) noexcept : dict(data, ZBATCH_DICT_TYPE_AUTO, f) {}
    dict(bytes data, std::int32_t type, failure &f) noexcept {
        zbatch_dict *raw;
        f.status = zbatch_dict_new(data.data(), data.size(), type, &raw, f.clear());
        handle_.reset(raw);
    }
    static dict train(const detail::items &samples, const train_options &o, failure &f) noexcept {
        zbatch_dict *raw = nullptr;
        if (samples.enough_memory(f))
            f.status = zbatch_dict_train(samples.data(), samples.size(), &o, &raw, f.clear());
        return dict(raw);
    }
    static dict train(const detail::items &samples, failure &f) noexcept { return train(samples, {}, f); }
    dict digest(failure &f) const noexcept { return digest(compressor_options(), f); }
    dict digest(const compressor_options &o, failure &f) const noexcept {
        zbatch_dict *raw;
        f.status = zbatch_dict_digest(get(), &o, &raw, f.clear());
        return dict(raw);
    }
#if defined(__cpp_exceptions)
    explicit dict(bytes data, std::int32_t type = ZBATCH_DICT_TYPE_AUTO)
        : dict(detail::checked([&](failure &f) { return dict(data, type, f); })) {}
    static dict train(const detail::items &samples, const train_options &o = {}) {
        return detail::checked([&](failure &f) { return train(samples, o, f); });
    }
    dict digest(const compressor_options &o = {}) const {
        return detail::checked([&](failure &f) { return digest(o, f); });
    }
#endif
    std::uint32_t id() const noexcept { return zbatch_dict_id(get()); }
    std::uint32_t k() const noexcept { return zbatch_dict_k(get()); }
    std::uint32_t d() const noexcept { return zbatch_dict_d(get()); }
    bytes data() const noexcept { return {zbatch_dict_data(get()), zbatch_dict_size(get())}; }
};

namespace detail {

    inline bool is_there(const dict &d, failure &f) noexcept {
        if (d) return true;
        fail(f, ZBATCH_ERROR_INVALID_ARGUMENT, "the dict is empty");
        return false;
    }

} // namespace detail

class compressor : public detail::handle<zbatch_compressor, zbatch_compressor_free> {
  public:
    explicit compressor(zbatch_compressor *owned) noexcept : handle(owned) {}
    explicit compressor(failure &f) noexcept : compressor(compressor_options(), nullptr, f) {}
    compressor(std::int32_t level, failure &f) noexcept : compressor(compressor_options(level), nullptr, f) {}
    compressor(const compressor_options &o, failure &f) noexcept : compressor(o, nullptr, f) {}
    compressor(const dict &d, failure &f) noexcept : compressor(compressor_options(), d, f) {}
    compressor(const compressor_options &o, const dict &d, failure &f) noexcept {
        if (detail::is_there(d, f)) *this = compressor(o, &d, f);
    }
    compressor(const compressor_options &o, const dict *d, failure &f) noexcept {
        zbatch_compressor *raw;
        f.status = zbatch_compressor_new(&o, d ? d->get() : nullptr, &raw, f.clear());
        handle_.reset(raw);
    }
    std::size_t memory_size() const noexcept { return zbatch_compressor_memory_size(get()); }
    /* Nanoseconds that a batch takes, roughly: looked for until they are
       'enough', unless that is 0. */
    std::uint64_t estimate(const detail::items &items, std::int32_t threads, std::uint64_t enough, failure &f) const noexcept {
        std::uint64_t nanoseconds = 0;
        if (items.enough_memory(f))
            f.status = zbatch_compressor_estimate(get(), items.data(), items.size(), threads, enough, &nanoseconds,
                                                  f.clear());
        return nanoseconds;
    }
    std::size_t compress(bytes item, span dst, failure &f) const noexcept {
        std::size_t written;
        f.status =
            zbatch_compress(get(), item.data(), item.size(), dst.data(), dst.size(), &written, f.clear());
        return written;
    }
    std::vector<std::byte> compress(bytes item, failure &f) const noexcept {
        std::vector<std::byte> out;
        if (detail::resize(out, compress_bound(item.size()), f)) out.resize(compress(item, out, f));
        return out;
    }
    /* With item_status the good items are delivered, and the others are empty;
       it tells which is which. */
    collection multi_compress_to_buffer(const detail::items &items, const run_options &run, zbatch_status *item_status,
                                        failure &f) const noexcept {
        zbatch_collection *raw = nullptr;
        if (items.enough_memory(f))
            f.status = zbatch_multi_compress_to_buffer(get(), items.data(), items.size(), &run, item_status, &raw,
                                                       f.clear());
        else
            detail::settle(f, run, items.size(), item_status);
        return collection(raw);
    }
    collection multi_compress_to_buffer(const detail::items &items, const run_options &run,
                                        std::vector<zbatch_status> &item_status, failure &f) const noexcept {
        if (!detail::resize_output(item_status, items.size(), run, f)) return {};
        return multi_compress_to_buffer(items, run, item_status.data(), f);
    }
    collection multi_compress_to_buffer(const detail::items &items, const run_options &run, failure &f) const noexcept {
        return multi_compress_to_buffer(items, run, nullptr, f);
    }
    collection multi_compress_to_buffer(const detail::items &items, failure &f) const noexcept {
        return multi_compress_to_buffer(items, {}, nullptr, f);
    }
#if defined(__cpp_exceptions)
    explicit compressor(const compressor_options &o = {}, const dict *d = nullptr)
        : compressor(detail::checked([&](failure &f) { return compressor(o, d, f); })) {}
    compressor(const compressor_options &o, const dict &d)
        : compressor(detail::checked([&](failure &f) { return compressor(o, d, f); })) {}
    explicit compressor(const dict &d) : compressor(compressor_options(), d) {}
    explicit compressor(std::int32_t level) : compressor(compressor_options(level)) {}

    std::uint64_t estimate(const detail::items &items, std::int32_t threads = 0, std::uint64_t enough = 0) const {
        return detail::checked([&](failure &f) { return estimate(items, threads, enough, f); });
    }
    std::size_t compress(bytes item, span dst) const {
        return detail::checked([&](failure &f) { return compress(item, dst, f); });
    }
    std::vector<std::byte> compress(bytes item) const {
        return detail::checked([&](failure &f) { return compress(item, f); });
    }
    collection multi_compress_to_buffer(const detail::items &items, const run_options &run = {}) const {
        return detail::checked([&](failure &f) { return multi_compress_to_buffer(items, run, f); });
    }
    collection multi_compress_to_buffer(const detail::items &items, const run_options &run, zbatch_status *item_status) const {
        return detail::checked([&](failure &f) { return multi_compress_to_buffer(items, run, item_status, f); });
    }
    collection multi_compress_to_buffer(const detail::items &items, const run_options &run,
                                        std::vector<zbatch_status> &item_status) const {
        return detail::checked([&](failure &f) { return multi_compress_to_buffer(items, run, item_status, f); });
    }
#endif
};

class decompressor : public detail::handle<zbatch_decompressor, zbatch_decompressor_free> {
  public:
    explicit decompressor(zbatch_decompressor *owned) noexcept : handle(owned) {}
    explicit decompressor(failure &f) noexcept : decompressor(decompressor_options(), nullptr, f) {}
    decompressor(const decompressor_options &o, failure &f) noexcept : decompressor(o, nullptr, f) {}
    decompressor(const dict &d, failure &f) noexcept : decompressor(decompressor_options(), d, f) {}
    decompressor(const decompressor_options &o, const dict &d, failure &f) noexcept {
        if (detail::is_there(d, f)) *this = decompressor(o, &d, f);
    }
    decompressor(const decompressor_options &o, const dict *d, failure &f) noexcept {
        zbatch_decompressor *raw;
        f.status = zbatch_decompressor_new(&o, d ? d->get() : nullptr, &raw, f.clear());
        handle_.reset(raw);
    }
    std::size_t memory_size() const noexcept { return zbatch_decompressor_memory_size(get()); }
    /* Nanoseconds that a batch takes, roughly: looked for until they are
       'enough', unless that is 0. */
    std::uint64_t estimate(const detail::items &items, std::int32_t threads, std::uint64_t enough, failure &f) const noexcept {
        std::uint64_t nanoseconds = 0;
        if (items.enough_memory(f))
            f.status = zbatch_decompressor_estimate(get(), items.data(), items.size(), threads, enough, &nanoseconds,
                                                    f.clear());
        return nanoseconds;
    }
    std::size_t decompress_bound(bytes item, failure &f) const noexcept {
        std::size_t bound;
        f.status = zbatch_decompress_bound(get(), item.data(), item.size(), &bound, f.clear());
        return bound;
    }
    std::size_t decompress(bytes item, span dst, failure &f) const noexcept {
        std::size_t written;
        f.status =
            zbatch_decompress(get(), item.data(), item.size(), dst.data(), dst.size(), &written, f.clear());
        return written;
    }
    std::vector<std::byte> decompress(bytes item, failure &f) const noexcept {
        std::vector<std::byte> out;
        const std::size_t bound = decompress_bound(item, f);
        if (!f && detail::resize(out, bound, f)) out.resize(decompress(item, out, f));
        return out;
    }
    /* Fills 'sizes' and returns their sum; ZBATCH_CONTENTSIZE_UNKNOWN in both
       for what frames do not record.  With item_status a bad item has size 0. */
    std::uint64_t decompressed_sizes(const detail::items &items, std::uint64_t *sizes, zbatch_status *item_status,
                                     failure &f) const noexcept {
        std::uint64_t total = 0;
        if (items.enough_memory(f))
            f.status = zbatch_decompressed_sizes(get(), items.data(), items.size(), sizes, &total, item_status,
                                                 f.clear());
        else
            detail::settle(f, {}, items.size(), item_status, sizes);
        return total;
    }
    std::uint64_t decompressed_sizes(const detail::items &items, std::uint64_t *sizes, failure &f) const noexcept {
        return decompressed_sizes(items, sizes, nullptr, f);
    }
    std::vector<std::uint64_t> decompressed_sizes(const detail::items &items, failure &f) const noexcept {
        std::vector<std::uint64_t> sizes;
        if (detail::resize(sizes, items.size(), f)) decompressed_sizes(items, sizes.data(), f);
        if (f) sizes.clear();
        return sizes;
    }
    /* With item_status the good items are delivered, and the others are empty;
       it tells which is which. */
    collection multi_decompress_to_buffer(const detail::items &items, const std::uint64_t *sizes, const run_options &run,
                                          zbatch_status *item_status, failure &f) const noexcept {
        zbatch_collection *raw = nullptr;
        if (items.enough_memory(f))
            f.status = zbatch_multi_decompress_to_buffer(get(), items.data(), items.size(), sizes, &run, item_status,
                                                         &raw, f.clear());
        else
            detail::settle(f, run, items.size(), item_status);
        return collection(raw);
    }
    collection multi_decompress_to_buffer(const detail::items &items, const run_options &run,
                                          std::vector<zbatch_status> &item_status, failure &f) const noexcept {
        if (!detail::resize_output(item_status, items.size(), run, f)) return {};
        return multi_decompress_to_buffer(items, nullptr, run, item_status.data(), f);
    }
    collection multi_decompress_to_buffer(const detail::items &items, const std::uint64_t *sizes,
                                          failure &f) const noexcept {
        return multi_decompress_to_buffer(items, sizes, {}, nullptr, f);
    }
    collection multi_decompress_to_buffer(const detail::items &items, const run_options &run, failure &f) const noexcept {
        return multi_decompress_to_buffer(items, nullptr, run, nullptr, f);
    }
    collection multi_decompress_to_buffer(const detail::items &items, failure &f) const noexcept {
        return multi_decompress_to_buffer(items, nullptr, {}, nullptr, f);
    }
    /* Item i to span i.  Without 'written' each item must fill its span. */
    zbatch_status multi_decompress_into(const detail::items &items, const spans &dsts, const run_options &run,
                                        std::size_t *written, zbatch_status *item_status, failure &f) const noexcept {
        if (same_length(items, dsts, f))
            f.status = zbatch_multi_decompress_into(get(), items.data(), items.size(), dsts.data(), &run, written,
                                                    item_status, f.clear());
        else
            detail::settle(f, run, items.size(), item_status, written);
        return f.status;
    }
    zbatch_status multi_decompress_into(const detail::items &items, const spans &dsts, const run_options &run,
                                        failure &f) const noexcept {
        return multi_decompress_into(items, dsts, run, nullptr, nullptr, f);
    }
    zbatch_status multi_decompress_into(const detail::items &items, const spans &dsts, failure &f) const noexcept {
        return multi_decompress_into(items, dsts, {}, nullptr, nullptr, f);
    }
    /* Back to back to 'dst'; segment i is where item i lies in it. */
    zbatch_status multi_decompress_packed(const detail::items &items, const std::uint64_t *sizes, span dst,
                                          zbatch_segment *segments, const run_options &run, zbatch_status *item_status,
                                          failure &f) const noexcept {
        if (items.enough_memory(f))
            f.status = zbatch_multi_decompress_packed(get(), items.data(), items.size(), sizes, dst.data(), dst.size(),
                                                      segments, &run, item_status, f.clear());
        else
            detail::settle(f, run, items.size(), item_status, segments);
        return f.status;
    }
    std::vector<zbatch_segment> multi_decompress_packed(const detail::items &items, span dst, const run_options &run,
                                                        failure &f) const noexcept {
        std::vector<zbatch_segment> places;
        if (detail::resize_output(places, items.size(), run, f))
            multi_decompress_packed(items, nullptr, dst, places.data(), run, nullptr, f);
        if (f) places.clear();
        return places;
    }
    std::vector<zbatch_segment> multi_decompress_packed(const detail::items &items, span dst, failure &f) const noexcept {
        return multi_decompress_packed(items, dst, {}, f);
    }
#if defined(__cpp_exceptions)
    explicit decompressor(const decompressor_options &o = {}, const dict *d = nullptr)
        : decompressor(detail::checked([&](failure &f) { return decompressor(o, d, f); })) {}
    decompressor(const decompressor_options &o, const dict &d)
        : decompressor(detail::checked([&](failure &f) { return decompressor(o, d, f); })) {}
    explicit decompressor(const dict &d) : decompressor(decompressor_options(), d) {}

    std::uint64_t estimate(const detail::items &items, std::int32_t threads = 0, std::uint64_t enough = 0) const {
        return detail::checked([&](failure &f) { return estimate(items, threads, enough, f); });
    }
    std::size_t decompress_bound(bytes item) const {
        return detail::checked([&](failure &f) { return decompress_bound(item, f); });
    }
    std::size_t decompress(bytes item, span dst) const {
        return detail::checked([&](failure &f) { return decompress(item, dst, f); });
    }
    std::vector<std::byte> decompress(bytes item) const {
        return detail::checked([&](failure &f) { return decompress(item, f); });
    }
    std::uint64_t decompressed_sizes(const detail::items &items, std::uint64_t *sizes,
                                     zbatch_status *item_status = nullptr) const {
        return detail::checked([&](failure &f) { return decompressed_sizes(items, sizes, item_status, f); });
    }
    std::vector<std::uint64_t> decompressed_sizes(const detail::items &items) const {
        return detail::checked([&](failure &f) { return decompressed_sizes(items, f); });
    }
    collection multi_decompress_to_buffer(const detail::items &items, const run_options &run = {}) const {
        return detail::checked([&](failure &f) { return multi_decompress_to_buffer(items, run, f); });
    }
    collection multi_decompress_to_buffer(const detail::items &items, const std::uint64_t *sizes, const run_options &run,
                                          zbatch_status *item_status = nullptr) const {
        return detail::checked(
            [&](failure &f) { return multi_decompress_to_buffer(items, sizes, run, item_status, f); });
    }
    collection multi_decompress_to_buffer(const detail::items &items, const run_options &run,
                                          std::vector<zbatch_status> &item_status) const {
        return detail::checked([&](failure &f) { return multi_decompress_to_buffer(items, run, item_status, f); });
    }
    /* Every item must fill its span. */
    void multi_decompress_into(const detail::items &items, const spans &dsts, const run_options &run = {}) const {
        detail::checked([&](failure &f) { return multi_decompress_into(items, dsts, run, f); });
    }
    /* ZBATCH_OK, or with item_status also ZBATCH_PARTIAL. */
    zbatch_status multi_decompress_into(const detail::items &items, const spans &dsts, const run_options &run,
                                        std::size_t *written, zbatch_status *item_status = nullptr) const {
        return detail::checked(
            [&](failure &f) { return multi_decompress_into(items, dsts, run, written, item_status, f); });
    }
    std::vector<zbatch_segment> multi_decompress_packed(const detail::items &items, span dst,
                                                        const run_options &run = {}) const {
        return detail::checked([&](failure &f) { return multi_decompress_packed(items, dst, run, f); });
    }
    /* ZBATCH_OK, or with item_status also ZBATCH_PARTIAL. */
    zbatch_status multi_decompress_packed(const detail::items &items, const std::uint64_t *sizes, span dst,
                                          zbatch_segment *segments, const run_options &run = {},
                                          zbatch_status *item_status = nullptr) const {
        return detail::checked([&](failure &f) {
            return multi_decompress_packed(items, sizes, dst, segments, run, item_status, f);
        });
    }
#endif

  private:
    static bool same_length(const detail::items &items, const spans &dsts, failure &f) noexcept {
        if (!items.enough_memory(f) || !dsts.enough_memory(f)) return false;
        if (items.size() == dsts.size()) return true;
        detail::fail(f, ZBATCH_ERROR_INVALID_ARGUMENT, "there are not as many spans as items");
        return false;
    }
};

/* A batch that trained its own dictionary, which is empty when it would not
   have paid. */
struct trained {
    zbatch::dict dict;
    collection frames;
};

/* With item_status the good frames are delivered, and the others are empty; it
   tells which is which. */
inline trained multi_compress_trained(const detail::items &items, const compressor_options &o, const train_options &t,
                                      const run_options &run, zbatch_status *item_status, failure &f) noexcept {
    zbatch_dict *dict = nullptr;
    zbatch_collection *frames = nullptr;
    if (items.enough_memory(f))
        f.status = zbatch_multi_compress_trained(&o, &t, items.data(), items.size(), &run, item_status, &dict, &frames,
                                                 f.clear());
    else
        detail::settle(f, run, items.size(), item_status);
    return {zbatch::dict(dict), collection(frames)};
}
inline trained multi_compress_trained(const detail::items &items, const compressor_options &o, failure &f) noexcept {
    return multi_compress_trained(items, o, {}, {}, nullptr, f);
}
inline trained multi_compress_trained(const detail::items &items, failure &f) noexcept {
    return multi_compress_trained(items, {}, {}, {}, nullptr, f);
}
/* 'd' may be empty. */
inline collection multi_decompress_trained(const detail::items &items, const dict &d, const decompressor_options &o,
                                           const std::uint64_t *sizes, const run_options &run,
                                           zbatch_status *item_status, failure &f) noexcept {
    zbatch_collection *raw = nullptr;
    if (items.enough_memory(f))
        f.status = zbatch_multi_decompress_trained(d.get(), &o, items.data(), items.size(), sizes, &run, item_status,
                                                   &raw, f.clear());
    else
        detail::settle(f, run, items.size(), item_status);
    return collection(raw);
}
inline collection multi_decompress_trained(const detail::items &items, const dict &d, const decompressor_options &o,
                                           failure &f) noexcept {
    return multi_decompress_trained(items, d, o, nullptr, {}, nullptr, f);
}
inline collection multi_decompress_trained(const detail::items &items, const dict &d, failure &f) noexcept {
    return multi_decompress_trained(items, d, {}, nullptr, {}, nullptr, f);
}
#if defined(__cpp_exceptions)
inline trained multi_compress_trained(const detail::items &items, const compressor_options &o = {}, const train_options &t = {},
                                      const run_options &run = {}, zbatch_status *item_status = nullptr) {
    return detail::checked([&](failure &f) { return multi_compress_trained(items, o, t, run, item_status, f); });
}
inline collection multi_decompress_trained(const detail::items &items, const dict &d, const decompressor_options &o = {},
                                           const std::uint64_t *sizes = nullptr, const run_options &run = {},
                                           zbatch_status *item_status = nullptr) {
    return detail::checked(
        [&](failure &f) { return multi_decompress_trained(items, d, o, sizes, run, item_status, f); });
}
#endif

} // namespace zbatch

#endif /* ZBATCH_HPP */
