// Text of commits that declare an encoding other than UTF-8.
#pragma once
#include <string>
#include <string_view>

namespace weir::plugin::git {

// `text` in UTF-8, when `encoding` (the header of a commit) names one of the encodings that were in use before UTF-8.
// For no, an unknown or a wrong header the bytes are returned as they are; the load mends what is no UTF-8.
// Only names of a fixed list reach the system's converter: the header comes from strangers.
std::string to_utf8(std::string_view text, std::string_view encoding);

}  // namespace weir::plugin::git
