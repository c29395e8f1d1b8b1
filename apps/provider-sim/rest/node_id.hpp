// GitHub's global ids: a prefix that names the type, then base64url of MessagePack [0, numbers or bytes…]. The
// simulator makes and reads the same form, so an id from REST can be asked for in GraphQL.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weir::sim {

std::string make_node_id(std::string_view prefix, std::int64_t id);
std::string make_node_id(std::string_view prefix, std::int64_t repository_id, std::int64_t id);
std::string make_commit_node_id(std::int64_t repository_id, std::string_view sha_hex);

struct NodeId {
  std::string prefix{};
  std::vector<std::int64_t> numbers{};
  std::string text{};  // the SHA of a commit
};
std::optional<NodeId> parse_node_id(std::string_view id);

std::string base64url(std::string_view bytes);
std::optional<std::string> parse_base64url(std::string_view text);  // with or without padding

}  // namespace weir::sim
