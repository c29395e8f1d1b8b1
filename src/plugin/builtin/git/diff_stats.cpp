#include "plugin/builtin/git/diff_stats.hpp"

#include <algorithm>

#include "plugin/builtin/git/tree_changes.hpp"

namespace weir::plugin::git {
namespace {

constexpr std::size_t k_binary_probe_bytes = 8000;  // as git: a NUL among the first of them makes a file binary

std::int64_t count_lines(std::string_view text) {
  const auto ended = std::ranges::count(text, '\n');
  return text.empty() || text.ends_with('\n') ? ended : ended + 1;
}

struct Lines {
  std::int64_t added = 0;
  std::int64_t deleted = 0;
};

// One side of a change, with its text where it has one.
struct Side {
  bool is_binary = false;
  ObjectStore::Blob blob;         // none: an absent file or a submodule
  std::int64_t pseudo_lines = 0;  // a submodule's

  std::string_view text() const {
    if (!blob) return {};
    return {static_cast<const char*>(git_blob_rawcontent(blob.get())),
            static_cast<std::size_t>(git_blob_rawsize(blob.get()))};
  }
  std::int64_t lines() const { return pseudo_lines + count_lines(text()); }
};

int count_line(const git_diff_delta*, const git_diff_hunk*, const git_diff_line* line, void* payload) {
  auto& lines = *static_cast<Lines*>(payload);
  if (line->origin == GIT_DIFF_LINE_ADDITION) ++lines.added;
  if (line->origin == GIT_DIFF_LINE_DELETION) ++lines.deleted;
  return 0;
}

Result<Lines> diff_texts(const Side& before, const Side& after) {
  git_diff_options options;
  git_diff_options_init(&options, GIT_DIFF_OPTIONS_VERSION);
  options.flags = GIT_DIFF_FORCE_TEXT;
  options.context_lines = 0;
  options.max_size = -1;
  Lines lines;
  // With an empty path libgit2 asks no attributes about it.
  if (git_diff_blobs(before.blob.get(), "", after.blob.get(), "", &options, nullptr, nullptr, nullptr, count_line,
                     &lines) < 0)
    return libgit2_failure(ErrorCode::provider_failed, "two versions of a file cannot be compared");
  return lines;
}

class Counter {
 public:
  Counter(ObjectStore& store, const DiffLimits& limits) : store_(store), limits_(limits) {}

  bool is_over_limit() const { return read_bytes_ > limits_.read_bytes_max; }

  Result<Lines> count(const Change& change) {
    if (change.before && change.after && change.before->id == change.after->id) return Lines{};
    auto before = load(change.before);
    if (!before) return std::unexpected(before.error());
    if (before->is_binary) return Lines{};
    auto after = load(change.after);
    if (!after) return std::unexpected(after.error());
    if (after->is_binary) return Lines{};
    if (before->text().empty() || after->text().empty()) return Lines{after->lines(), before->lines()};
    return diff_texts(*before, *after);
  }

 private:
  Result<Side> load(const std::optional<File>& file) {
    Side side;
    if (!file) return side;
    if (file->mode == k_mode_submodule) {
      side.pseudo_lines = 1;
      return side;
    }
    const auto size = store_.size_of(file->id);
    if (!size) return std::unexpected(size.error());
    if (*size > limits_.text_bytes_max) {
      side.is_binary = true;
      return side;
    }
    read_bytes_ += *size;
    auto blob = store_.read_blob(file->id);
    if (!blob) return std::unexpected(blob.error());
    side.blob = std::move(*blob);
    side.is_binary = side.text().substr(0, k_binary_probe_bytes).contains('\0');
    return side;
  }

  ObjectStore& store_;
  const DiffLimits& limits_;
  std::uint64_t read_bytes_ = 0;
};

}  // namespace

Result<DiffStats> count_changes(ObjectStore& store, TreeCache& trees, const std::optional<ObjectId>& before,
                                const ObjectId& after, const DiffLimits& limits, const Stop& stop) {
  const auto changes = compare_trees(trees, before, after, limits.tree_entries_max, stop);
  if (!changes) return std::unexpected(changes.error());
  if (!*changes) return DiffStats{};
  DiffStats stats{.additions = 0, .deletions = 0, .files_changed = static_cast<std::int64_t>((*changes)->size())};
  Counter counter(store, limits);
  for (const auto& change : **changes) {
    if (stop.is_requested()) return cancelled();
    const auto lines = counter.count(change);
    if (!lines) return std::unexpected(lines.error());
    *stats.additions += lines->added;
    *stats.deletions += lines->deleted;
    if (counter.is_over_limit()) return DiffStats{{}, {}, stats.files_changed};
  }
  return stats;
}

}  // namespace weir::plugin::git
