// The word a person probably meant.
#pragma once
#include <span>
#include <string>
#include <string_view>

namespace weir {

// Levenshtein's distance, in bytes.
std::size_t edit_distance(std::string_view a, std::string_view b);

// The known word at most two typing errors away, the first of the nearest; empty when there is none.
std::string nearest_word(std::string_view word, std::span<const std::string> known);

}  // namespace weir
