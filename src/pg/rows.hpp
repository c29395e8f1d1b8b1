// The answer to one statement. Values are read by column name and type; a type that does not fit is a bug and throws.
//
//   for (const auto row : rows) names.push_back(row.get<std::string>("name"));
//
// A Row is a view: valid while its Rows lives, never across an await that may destroy it.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/strong_id.hpp"
#include "base/time.hpp"

extern "C" struct pg_result;

namespace weir::pg {

class Row;

class Rows {
 public:
  Rows() = default;
  explicit Rows(pg_result* result);  // takes ownership

  std::size_t size() const;
  bool empty() const { return size() == 0; }
  Row operator[](std::size_t index) const;
  Row one() const;                // throws unless there is exactly one row
  std::int64_t affected() const;  // rows that INSERT, UPDATE, DELETE or MERGE touched
  std::vector<std::string> columns() const;

  class Iterator;
  Iterator begin() const;
  Iterator end() const;

 private:
  friend class Row;
  std::shared_ptr<pg_result> result_;
};

class Row {
 public:
  Row(const Rows& rows, std::size_t index) : rows_(&rows), index_(index) {}

  template <class T>
  T get(std::string_view column) const {
    return read<T>(column_index(column));
  }
  template <class T>
  T get(std::size_t column) const {
    return read<T>(column);
  }
  bool is_null(std::string_view column) const;

 private:
  std::size_t column_index(std::string_view column) const;
  std::optional<std::string_view> text(std::size_t column) const;
  std::string_view required(std::size_t column) const;

  template <class T>
  T read(std::size_t column) const;
  template <class T>
  static T parse(std::string_view value);

  const Rows* rows_;
  std::size_t index_;
};

class Rows::Iterator {
 public:
  Iterator(const Rows& rows, std::size_t index) : rows_(&rows), index_(index) {}
  Row operator*() const { return (*rows_)[index_]; }
  Iterator& operator++() {
    ++index_;
    return *this;
  }
  bool operator==(const Iterator& other) const { return index_ == other.index_; }

 private:
  const Rows* rows_;
  std::size_t index_;
};

namespace detail {
template <class T>
struct is_optional : std::false_type {};
template <class T>
struct is_optional<std::optional<T>> : std::true_type {
  using value_type = T;
};
template <class T>
struct is_strong_id : std::false_type {};
template <class Tag, class T>
struct is_strong_id<StrongId<Tag, T>> : std::true_type {};

std::int64_t parse_int(std::string_view value);
double parse_double(std::string_view value);
bool parse_bool(std::string_view value);
Instant parse_instant(std::string_view value);
Uuid parse_uuid(std::string_view value);
nlohmann::json parse_json(std::string_view value);
std::vector<std::string> parse_text_array(std::string_view value);
std::string parse_bytes(std::string_view value);
}  // namespace detail

// bytea, as raw bytes.
struct Bytes {
  std::string value;
};

template <class T>
T Row::parse(std::string_view value) {
  if constexpr (std::same_as<T, std::string>)
    return std::string(value);
  else if constexpr (std::same_as<T, std::string_view>)
    return value;
  else if constexpr (std::same_as<T, bool>)
    return detail::parse_bool(value);
  else if constexpr (std::integral<T>)
    return static_cast<T>(detail::parse_int(value));
  else if constexpr (std::same_as<T, double>)
    return detail::parse_double(value);
  else if constexpr (std::same_as<T, Instant>)
    return detail::parse_instant(value);
  else if constexpr (std::same_as<T, Uuid>)
    return detail::parse_uuid(value);
  else if constexpr (std::same_as<T, nlohmann::json>)
    return detail::parse_json(value);
  else if constexpr (std::same_as<T, Bytes>)
    return Bytes{detail::parse_bytes(value)};
  else if constexpr (std::same_as<T, std::vector<std::string>>)
    return detail::parse_text_array(value);
  else if constexpr (detail::is_strong_id<T>::value)
    return T(parse<typename T::value_type>(value));
  else
    static_assert(sizeof(T) == 0, "no such column type");
}

template <class T>
T Row::read(std::size_t column) const {
  if constexpr (detail::is_optional<T>::value) {
    const auto value = text(column);
    if (!value) return std::nullopt;
    return parse<typename detail::is_optional<T>::value_type>(*value);
  } else {
    return parse<T>(required(column));
  }
}

inline Rows::Iterator Rows::begin() const { return {*this, 0}; }
inline Rows::Iterator Rows::end() const { return {*this, size()}; }

}  // namespace weir::pg
