#include "plugin/builtin/git/commit_reader.hpp"

namespace weir::plugin::git {

Result<Commit> CommitReader::read(const ObjectId& id, const Stop& stop) {
  Commit commit{.id = id, .content = {}, .stats = {}};
  {
    const auto object = store_->read(id, ObjectKind::commit);
    if (!object) return std::unexpected(object.error());
    auto content = parse_commit(object->bytes());
    if (!content) return fail(ErrorCode::provider_failed, "commit " + id.to_string() + " is damaged");
    commit.content = std::move(*content);
  }
  if (options_.stats == Stats::counted) {
    auto stats = count(commit.content, stop);
    if (stats) {
      commit.stats = *stats;
    } else if (stats.error().code != ErrorCode::not_found || options_.completeness == Completeness::whole) {
      return std::unexpected(stats.error());
    }
  }
  last_ = {id, commit.content.tree};
  return commit;
}

Result<DiffStats> CommitReader::count(const RawCommit& commit, const Stop& stop) {
  std::optional<ObjectId> before;
  if (!commit.parents.empty()) {
    const auto tree = tree_of(commit.parents.front());
    if (!tree) return std::unexpected(tree.error());
    before = *tree;
  }
  return count_changes(*store_, *trees_, before, commit.tree, options_.limits, stop);
}

Result<ObjectId> CommitReader::tree_of(const ObjectId& commit) {
  if (last_ && last_->first == commit) return last_->second;
  const auto object = store_->read(commit, ObjectKind::commit);
  if (!object) return std::unexpected(object.error());
  const auto tree = ObjectId::parse(object->bytes().substr(std::min<std::size_t>(5, object->bytes().size()), 40));
  if (!tree) return fail(ErrorCode::provider_failed, "commit " + commit.to_string() + " is damaged");
  return *tree;
}

}  // namespace weir::plugin::git
