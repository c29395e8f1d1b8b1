// Which commits are new, and in which order they are collected.
//
// A pass collects every commit that the heads reach and that the collected heads do not. Heads decide, never dates, so
// a branch of last year that is merged today is found. The order is fixed by the repository: ancestors before
// descendants, the first parent's line before the others', head after head. Therefore what has been taken so far always
// holds all its own ancestors, and a few of its commits stand for all of it: frontier(). A walk from the same or newer
// heads that is given the frontier goes on exactly behind it.
//
//   CommitWalk walk(store, {.heads = heads, .collected = collected}, stop);
//   for (;;) {
//     const auto ids = walk.next(256, 4 << 20);  // empty: done
//     ... checkpoint with walk.frontier(400), and go on from it after a crash ...
//   }
//
// When dates in the repository are skewed, some commits behind the collected heads may be taken again; none is missed.
#pragma once
#include <queue>
#include <unordered_map>
#include <vector>

#include "base/error.hpp"
#include "plugin/builtin/git/commit_graph.hpp"
#include "plugin/builtin/git/stop.hpp"

namespace weir::plugin::git {

// A shallow or partial clone lacks objects that its commits name: such parents are left out, and what cannot be counted
// is not known. In a whole repository a missing object is an error.
enum class Completeness { whole, may_lack_objects };

struct WalkRequest {
  std::vector<ObjectId> heads;      // commits; the first one's history comes first
  std::vector<ObjectId> collected;  // with all their ancestors; those that are gone (force-push, gc) are ignored
  std::vector<ObjectId> frontier;  // of the walk that this one goes on from: collected too, and part of frontier() here
  Completeness completeness = Completeness::whole;
};

// Blocking, for one thread. Errors: cancelled; provider_failed when the repository is damaged or lacks a commit.
class CommitWalk {
 public:
  CommitWalk(ObjectStore& store, WalkRequest request, Stop stop);

  // The next commits, at most `count_max`, and fewer when their objects have more than `bytes_max` together (one commit
  // may have more alone); none: the walk is done.
  Result<std::vector<ObjectId>> next(std::size_t count_max, std::size_t bytes_max);

  // The commits taken so far that are no ancestors of others taken, oldest taken first, at most `count_max` of them.
  // A part of the frontier is as right as the whole: what it leaves out is taken again after a resume.
  std::vector<ObjectId> frontier(std::size_t count_max) const;

 private:
  using Node = CommitGraph::Node;
  struct Step {
    Node node;
    std::uint32_t next_parent;
  };

  Result<> prepare();
  Result<> paint_all();
  Result<> paint(Node node, std::uint8_t colours);
  bool may_stop_painting();
  Result<> load(Node node);
  Result<bool> begin_next_head();
  Result<bool> descend();
  void take(Node node);

  CommitGraph graph_;
  WalkRequest request_;
  Stop stop_;
  bool is_prepared_ = false;
  std::uint64_t loads_ = 0;  // asked for

  std::priority_queue<std::pair<std::int64_t, Node>> queue_;  // newest first
  std::size_t new_in_queue_ = 0;                              // of them, those that no collected head is known to reach
  std::int64_t oldest_new_s_ = std::numeric_limits<std::int64_t>::max();
  int slack_ = 0;

  std::size_t next_head_ = 0;
  std::vector<Step> path_;
  std::uint64_t taken_ = 0;
  std::unordered_map<Node, std::uint64_t> frontier_;  // and when it was taken
};

}  // namespace weir::plugin::git
