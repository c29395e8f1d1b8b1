// Reads a pack while it arrives, in pieces of any size: where each object lies, and the ids of those that are whole.
// Everything is untrusted.
#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "plugin/builtin/git/pack/file_memory.hpp"
#include "plugin/builtin/git/pack/inflater.hpp"
#include "plugin/builtin/git/pack/packed_object.hpp"
#include "plugin/builtin/git/pack/sha1.hpp"

namespace weir::plugin::git {

inline constexpr std::uint64_t k_object_bytes_max = 2ULL << 30U;

class PackParser {
 public:
  explicit PackParser(FileVector<PackedObject>& objects) : objects_(objects) {}

  // provider_failed: this is no pack, or a damaged one; disk_full.
  Result<> append(std::string_view bytes);

  bool is_complete() const { return state_ == State::end; }
  const ObjectId& checksum() const { return checksum_; }  // when complete; of all before it

 private:
  enum class State { header, object_head, object_data, trailer, end };

  Result<std::size_t> take(std::string_view bytes);  // how many were used
  Result<> end_part();                               // of header, object head or trailer
  bool is_part_whole() const;
  Result<> read_header();
  Result<> begin_object();
  Result<std::size_t> take_data(std::string_view bytes);
  Result<> end_object();
  void next_object();
  void account(std::string_view bytes);

  FileVector<PackedObject>& objects_;
  State state_ = State::header;
  std::string part_;  // of header, object head or trailer: what has come of it
  std::uint64_t offset_ = 0;
  std::uint64_t objects_left_ = 0;
  PackedObject object_;
  std::uint64_t inflated_ = 0;
  Inflater inflater_;
  Sha1 object_hash_;
  Sha1 pack_hash_;
  ObjectId checksum_;
  std::array<char, 65536> output_{};
};

}  // namespace weir::plugin::git
