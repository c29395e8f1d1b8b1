#include "plugin/builtin/git/tree_changes.hpp"

#include <algorithm>
#include <cstring>

namespace weir::plugin::git {
namespace {

constexpr std::uint32_t k_mode_type = 0170000;
constexpr std::uint32_t k_mode_tree = 0040000;
constexpr std::uint32_t k_mode_regular = 0100000;
constexpr int k_depth_max = 512;

struct Entry {
  std::string_view name;
  File file;

  bool is_tree() const { return (file.mode & k_mode_type) == k_mode_tree; }
};

// The entries of a tree object in its own order; stops at the first that is no entry.
class Entries {
 public:
  explicit Entries(std::string_view bytes) : left_(bytes) { advance(); }
  const Entry* current() const { return has_current_ ? &entry_ : nullptr; }

  void advance() {
    has_current_ = false;
    const auto space = left_.find(' ');
    if (space == std::string_view::npos || space > 7) return;
    const auto end = left_.find('\0', space);
    if (end == std::string_view::npos || left_.size() < end + 1 + entry_.file.id.bytes.size()) return;
    entry_.file.mode = 0;
    for (const char digit : left_.substr(0, space)) entry_.file.mode = entry_.file.mode * 8 + (digit & 7);
    entry_.name = left_.substr(space + 1, end - space - 1);
    std::memcpy(entry_.file.id.bytes.data(), left_.data() + end + 1, entry_.file.id.bytes.size());
    left_.remove_prefix(end + 1 + entry_.file.id.bytes.size());
    has_current_ = true;
  }

 private:
  std::string_view left_;
  Entry entry_;
  bool has_current_ = false;
};

// git's order: a directory sorts as if its name ended with a slash.
int compare_names(const Entry& a, const Entry& b) {
  const auto length = std::min(a.name.size(), b.name.size());
  if (const int order = std::memcmp(a.name.data(), b.name.data(), length); order != 0) return order;
  const auto next = [length](const Entry& entry) {
    if (entry.name.size() > length) return static_cast<int>(static_cast<unsigned char>(entry.name[length]));
    return entry.is_tree() ? static_cast<int>('/') : 0;
  };
  return next(a) - next(b);
}

class Comparison {
 public:
  Comparison(TreeCache& trees, std::size_t entries_max, const Stop& stop)
      : trees_(trees), entries_left_(entries_max), stop_(stop) {}

  // False: too much to look at.
  Result<bool> compare(const std::optional<ObjectId>& before, const std::optional<ObjectId>& after, int depth) {
    if (depth > k_depth_max) return false;
    if (stop_.is_requested()) return cancelled();
    std::optional<Object> old_tree, new_tree;
    for (const auto& [id, tree] : {std::pair{&before, &old_tree}, std::pair{&after, &new_tree}}) {
      if (!*id) continue;
      auto read = trees_.read(**id);
      if (!read) return std::unexpected(read.error());
      *tree = std::move(*read);
    }
    return merge(Entries(old_tree ? old_tree->bytes() : std::string_view()),
                 Entries(new_tree ? new_tree->bytes() : std::string_view()), depth);
  }

  std::vector<Change> take() {
    pair_moved_files();
    for (const auto& file : deleted_) changes_.push_back({file, std::nullopt});
    for (const auto& file : added_) changes_.push_back({std::nullopt, file});
    return std::move(changes_);
  }

 private:
  Result<bool> merge(Entries before, Entries after, int depth) {
    while (before.current() != nullptr || after.current() != nullptr) {
      if (entries_left_-- == 0) return ++entries_left_, false;
      const Entry* a = before.current();
      const Entry* b = after.current();
      const int order = a == nullptr ? 1 : b == nullptr ? -1 : compare_names(*a, *b);
      if (order > 0) a = nullptr;
      if (order < 0) b = nullptr;
      auto done = visit(a, b, depth);
      if (!done || !*done) return done;
      if (a != nullptr) before.advance();
      if (b != nullptr) after.advance();
    }
    return true;
  }

  Result<bool> visit(const Entry* before, const Entry* after, int depth) {
    if (before != nullptr && after != nullptr && before->file.id == after->file.id &&
        (before->file.mode == after->file.mode || before->is_tree()))
      return true;
    if ((before != nullptr && before->is_tree()) || (after != nullptr && after->is_tree())) {
      const auto tree = [](const Entry* entry) {
        return entry == nullptr ? std::nullopt : std::optional(entry->file.id);
      };
      return compare(tree(before), tree(after), depth + 1);
    }
    if (before == nullptr) {
      added_.push_back(after->file);
    } else if (after == nullptr) {
      deleted_.push_back(before->file);
    } else {
      changes_.push_back({before->file, after->file});
    }
    return true;
  }

  // A deleted and an added file of the same content and kind are one that moved.
  void pair_moved_files() {
    if (added_.empty() || deleted_.empty()) return;
    const auto kind = [](const File& file) {
      return (file.mode & k_mode_type) == k_mode_regular ? k_mode_regular : file.mode;
    };
    const auto before = [&kind](const File& a, const File& b) {
      return a.id != b.id ? a.id < b.id : kind(a) < kind(b);
    };
    std::ranges::sort(added_, before);
    std::ranges::sort(deleted_, before);
    std::vector<File> only_added, only_deleted;
    auto a = added_.begin();
    auto d = deleted_.begin();
    while (a != added_.end() && d != deleted_.end()) {
      if (before(*a, *d)) {
        only_added.push_back(*a++);
      } else if (before(*d, *a)) {
        only_deleted.push_back(*d++);
      } else {
        changes_.push_back({*d++, *a++});
      }
    }
    only_added.insert(only_added.end(), a, added_.end());
    only_deleted.insert(only_deleted.end(), d, deleted_.end());
    added_ = std::move(only_added);
    deleted_ = std::move(only_deleted);
  }

  TreeCache& trees_;
  std::size_t entries_left_;
  const Stop& stop_;
  std::vector<Change> changes_;
  std::vector<File> added_;
  std::vector<File> deleted_;
};

}  // namespace

Result<std::optional<std::vector<Change>>> compare_trees(TreeCache& trees, const std::optional<ObjectId>& before,
                                                         const ObjectId& after, std::size_t entries_max,
                                                         const Stop& stop) {
  if (before == after) return std::vector<Change>{};
  Comparison comparison(trees, entries_max, stop);
  const auto done = comparison.compare(before, after, 0);
  if (!done) return std::unexpected(done.error());
  if (!*done) return std::nullopt;
  return comparison.take();
}

}  // namespace weir::plugin::git
