// What a cursor of a git partition remembers, as JSON of at most 64 KiB:
//
//   state   {"heads": "<digest of all heads>", "collected": ["<sha>", ...]}   after a complete pass
//   resume  {"done": ["<sha>", ...]}                                          inside a pass: CommitWalk::frontier
//
// The digest tells whether anything changed at all. Where there are too many heads for the state, those most worth
// remembering are kept: the default branch, then the newest; the others' own commits are looked at again.
#pragma once
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "plugin/builtin/git/object_store.hpp"

namespace weir::plugin::git {

inline constexpr std::size_t k_collected_max = 900;
inline constexpr std::size_t k_frontier_max = 400;

std::string digest_of(std::vector<ObjectId> heads);  // whatever their order

// Whether the last pass ended with exactly these heads.
bool is_collected(const nlohmann::json& state, const std::vector<ObjectId>& heads);

// What it cannot read it leaves out: then more is collected again, never less.
std::vector<ObjectId> read_ids(const nlohmann::json& json, const char* key);

nlohmann::json make_state(const std::vector<ObjectId>& heads, ObjectStore& store);
nlohmann::json make_resume(const std::vector<ObjectId>& frontier);

}  // namespace weir::plugin::git
