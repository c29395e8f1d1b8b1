#include "plugin/builtin/git/collected_heads.hpp"

#include <algorithm>
#include <limits>

#include <git2.h>

#include "plugin/builtin/git/raw_object.hpp"

namespace weir::plugin::git {
namespace {

nlohmann::json texts_of(const std::vector<ObjectId>& ids) {
  auto texts = nlohmann::json::array();
  for (const auto& id : ids) texts.push_back(id.to_string());
  return texts;
}

std::int64_t committed_s(const ObjectId& id, ObjectStore& store) {
  CommitLinks links;
  const auto object = store.read(id, ObjectKind::commit);
  if (!object || !parse_links(object->bytes(), links)) return std::numeric_limits<std::int64_t>::min();
  return links.committed_s;
}

std::vector<ObjectId> most_worth(const std::vector<ObjectId>& heads, ObjectStore& store) {
  if (heads.size() <= k_collected_max) return heads;
  std::vector<std::pair<std::int64_t, ObjectId>> dated;
  dated.reserve(heads.size());
  dated.emplace_back(std::numeric_limits<std::int64_t>::max(), heads.front());
  for (std::size_t i = 1; i < heads.size(); ++i) dated.emplace_back(committed_s(heads[i], store), heads[i]);
  std::ranges::sort(dated, std::greater());
  std::vector<ObjectId> chosen;
  chosen.reserve(k_collected_max);
  for (std::size_t i = 0; i < k_collected_max; ++i) chosen.push_back(dated[i].second);
  return chosen;
}

}  // namespace

std::string digest_of(std::vector<ObjectId> heads) {
  std::ranges::sort(heads);
  std::string bytes;
  bytes.reserve(heads.size() * 20);
  for (const auto& id : heads) bytes.append(id.bytes.begin(), id.bytes.end());
  start_libgit2();
  git_oid digest;
  if (git_odb_hash(&digest, bytes.data(), bytes.size(), GIT_OBJECT_BLOB) < 0)
    throw Failure({ErrorCode::internal, "libgit2 cannot hash", last_libgit2_error()});
  return ObjectId::from(digest).to_string();
}

bool is_collected(const nlohmann::json& state, const std::vector<ObjectId>& heads) {
  return state.is_object() && state.contains("heads") && state["heads"] == digest_of(heads);
}

std::vector<ObjectId> read_ids(const nlohmann::json& json, const char* key) {
  std::vector<ObjectId> ids;
  if (!json.is_object() || !json.contains(key) || !json[key].is_array()) return ids;
  for (const auto& text : json[key])
    if (text.is_string())
      if (const auto id = ObjectId::parse(text.get_ref<const std::string&>())) ids.push_back(*id);
  return ids;
}

nlohmann::json make_state(const std::vector<ObjectId>& heads, ObjectStore& store) {
  return {{"heads", digest_of(heads)}, {"collected", texts_of(most_worth(heads, store))}};
}

nlohmann::json make_resume(const std::vector<ObjectId>& frontier) { return {{"done", texts_of(frontier)}}; }

}  // namespace weir::plugin::git
