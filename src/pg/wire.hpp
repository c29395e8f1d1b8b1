// PostgreSQL's binary format: integers in network order, times from 2000-01-01, and one-dimensional arrays.
#pragma once
#include <bit>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "base/time.hpp"
#include "pg/params.hpp"

namespace weir::pg {

constexpr Oid k_oid_date = 1082, k_oid_numeric = 1700, k_oid_jsonb = 3802;
constexpr Oid k_oid_date_array = 1182, k_oid_jsonb_array = 3807;

template <std::integral T>
void append_network_order(std::string& out, T value) {
  if constexpr (std::endian::native == std::endian::little) value = std::byteswap(value);
  char bytes[sizeof(T)];
  std::memcpy(bytes, &value, sizeof(T));
  out.append(bytes, sizeof(T));
}

constexpr std::chrono::sys_days k_postgres_epoch = std::chrono::year(2000) / 1 / 1;

inline void append_timestamptz(std::string& out, Instant value) {
  append_network_order(out, static_cast<std::int64_t>((value - k_postgres_epoch).count()));
}

inline void append_date(std::string& out, std::chrono::sys_days value) {
  append_network_order(out, static_cast<std::int32_t>((value - k_postgres_epoch).count()));
}

inline void append_float8(std::string& out, double value) {
  append_network_order(out, std::bit_cast<std::int64_t>(value));
}

// An array as a parameter: its elements in order, each in its type's binary format.
class ArrayWriter {
 public:
  // `bytes`: of all elements together, so that the buffer grows once.
  ArrayWriter(Oid element, std::size_t count, std::size_t bytes) {
    out_.reserve(k_header_bytes + count * sizeof(std::int32_t) + bytes);
    append_network_order<std::int32_t>(out_, count == 0 ? 0 : 1);  // dimensions
    append_network_order<std::int32_t>(out_, 1);                   // may have nulls
    append_network_order(out_, element);
    if (count == 0) return;
    append_network_order(out_, static_cast<std::int32_t>(count));
    append_network_order<std::int32_t>(out_, 1);  // lower bound
  }
  void add(std::string_view element) {
    append_network_order(out_, static_cast<std::int32_t>(element.size()));
    out_.append(element);
  }
  void add_null() { append_network_order<std::int32_t>(out_, -1); }
  std::string finish() && { return std::move(out_); }

 private:
  static constexpr std::size_t k_header_bytes = 5 * sizeof(std::int32_t);
  std::string out_;
};

}  // namespace weir::pg
