// Text as PostgreSQL takes it: UTF-8 without NUL. And numbers as its numeric type takes them.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace weir::load {

// Whether PostgreSQL would store this text as it is.
bool is_storable_text(std::string_view text);

// Appends `text` with every NUL and every maximal ill-formed sequence replaced by U+FFFD; how many were.
std::size_t append_mended(std::string& out, std::string_view text);

// The same as a value.
std::string mended_text(std::string_view text);

// At most `bytes_max` bytes of `text`, cut between characters.
std::string_view cut_text(std::string_view text, std::size_t bytes_max);

// Whether `text` is a finite decimal number ([+-]digits[.digits][e±digits]) within the range of numeric.
bool is_storable_numeric(std::string_view text);

}  // namespace weir::load
