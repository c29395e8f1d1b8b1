// Text for the simulated world: the same seed gives the same words. Most of it is plain; some has what breaks importers
// (quotes, backslashes, CRLF, tabs, emoji, CJK, right-to-left, combining marks).
#pragma once
#include <cstdint>
#include <string>

namespace weir::sim {

std::string make_title(std::uint64_t seed);                          // 3 to 8 words
std::string make_paragraphs(std::uint64_t seed, std::size_t count);  // Markdown with CRLF, as people's browsers send
std::string make_commit_message(std::uint64_t seed);                 // a subject, and a body for one in three
std::string make_slug(std::uint64_t seed);                           // two words with a dash
std::string make_person_name(std::uint64_t seed);
std::string make_path(std::uint64_t seed);  // a file in a source tree

}  // namespace weir::sim
