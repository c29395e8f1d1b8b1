// Reads the bytes of commit and tag objects. More forgiving than libgit2's own parser, because a broken author line in
// one commit of 2009 must not cost the repository: whatever is missing or unreadable comes out empty.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"
#include "plugin/builtin/git/object_id.hpp"

namespace weir::plugin::git {

struct Signature {
  std::string name;
  std::string email;
  std::optional<Instant> at;  // none when there is no number, or one beyond what an Instant holds
  std::optional<int> tz_min;  // minutes east of UTC; none when it is no offset of a day at most
};

struct RawCommit {
  ObjectId tree;
  std::vector<ObjectId> parents;
  Signature author;
  Signature committer;
  std::string message;  // without the empty lines around it
};

struct RawTag {
  ObjectId target;
  std::string target_type;  // commit, tree, blob, tag
  std::string name;
  std::optional<Signature> tagger;
  std::string message;
};

// nullopt when there is no tree: this is no commit. Text is converted to UTF-8 where the commit declares an encoding.
std::optional<RawCommit> parse_commit(std::string_view bytes);

// What the walk needs of a commit, and nothing more.
struct CommitLinks {
  std::vector<ObjectId> parents;
  std::int64_t committed_s = 0;  // seconds since 1970 as written, saturated; 0 when unreadable
};
// `links` is overwritten, so that its memory is used again. False when this is no commit.
bool parse_links(std::string_view bytes, CommitLinks& links);

// nullopt when there is no target: this is no tag.
std::optional<RawTag> parse_tag(std::string_view bytes);

// "Name <email> 1700000000 +0100"; exposed for its tests.
Signature parse_signature(std::string_view line, std::string_view encoding);

}  // namespace weir::plugin::git
