// Takes a pack from a server into a repository of ours, in a memory that does not grow with the pack (docs/adr/0052).
#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string_view>

#include "plugin/builtin/git/pack/pack_parser.hpp"
#include "plugin/builtin/git/stop.hpp"

namespace weir::plugin::git {

class PackReceiver {
 public:
  // `directory`: objects/pack. `bytes_max`: of the pack, and again of what is kept on disk
  // beside it until finish() returns.
  static Result<std::unique_ptr<PackReceiver>> begin(const std::filesystem::path& directory, std::uint64_t bytes_max,
                                                     const Stop& stop);
  ~PackReceiver();  // nothing is left of a pack that was not finished
  PackReceiver(const PackReceiver&) = delete;
  PackReceiver& operator=(const PackReceiver&) = delete;

  // The next bytes. provider_failed: no pack, or a damaged one; disk_full, cancelled, unreachable: more than
  // `bytes_max`.
  Result<> append(std::string_view bytes);
  // All has come: the pack and its index are in place. Errors as append().
  Result<> finish();

 private:
  PackReceiver(std::filesystem::path draft, int file, FileMemory memory, std::uint64_t bytes_max, const Stop& stop)
      : draft_(std::move(draft)),
        file_(file),
        bytes_max_(bytes_max),
        stop_(stop),
        objects_(std::move(memory)),
        parser_(objects_) {}
  Result<> write(std::string_view bytes);

  std::filesystem::path draft_;
  int file_;
  std::uint64_t bytes_max_;
  const Stop& stop_;
  FileVector<PackedObject> objects_;
  PackParser parser_;
  std::uint64_t bytes_ = 0;
};

}  // namespace weir::plugin::git
