// What this process works on, so that whoever learns that a right is lost can end it: the node when it loses its epoch,
// the watch when a fence was replaced or a cancel was asked for.
//
// All on one executor. A registration is kept as long as the work; it dies before the registry.
#pragma once
#include <functional>
#include <list>
#include <vector>

#include "base/error.hpp"
#include "base/strong_id.hpp"

namespace weir::orchestrator {

// Ends the work; called at most once, and returns at once.
using EndWork = std::function<void(const Error& reason)>;

// Entries of one kind, found by their key.
template <class Key>
class ActiveList {
 public:
  struct Entry {
    Key key;
    EndWork end;
  };
  using Entries = std::list<Entry>;

  class Registration {
   public:
    Registration(Entries& entries, Key key, EndWork end)
        : entries_(&entries), entry_(entries.insert(entries.end(), {std::move(key), std::move(end)})) {}
    Registration(const Registration&) = delete;
    Registration& operator=(const Registration&) = delete;
    ~Registration() { entries_->erase(entry_); }

   private:
    Entries* entries_;
    typename Entries::iterator entry_;
  };

  Registration add(Key key, EndWork end) { return {entries_, std::move(key), std::move(end)}; }
  bool empty() const { return entries_.empty(); }

  std::vector<Key> keys() const {
    std::vector<Key> all;
    for (const auto& entry : entries_) all.push_back(entry.key);
    return all;
  }

  template <class Predicate>
  void end_if(Predicate predicate, const Error& reason) {
    for (auto& entry : entries_)
      if (predicate(entry.key))
        if (const auto end = std::exchange(entry.end, nullptr)) end(reason);
  }

 private:
  Entries entries_;
};

struct HeldRun {
  Epoch epoch;
  Fence fence;
  auto operator<=>(const HeldRun&) const = default;
};

struct ActiveRuns {
  ActiveList<HeldRun> scripts;
  ActiveList<PipelineRunId> pipelines;
  ActiveList<Epoch> queued;  // runs of the queue: theirs is the epoch that claimed them
};

}  // namespace weir::orchestrator
