#include "plugin/builtin/git/pack/pack_parser.hpp"

#include <cstring>

#include <fmt/format.h>

#include "plugin/builtin/git/pack/object_hash.hpp"

namespace weir::plugin::git {
namespace {

constexpr std::size_t k_header_bytes = 12;
constexpr std::size_t k_head_bytes_max = 40;
constexpr unsigned k_offset_delta = 6;
constexpr unsigned k_id_delta = 7;

std::unexpected<Error> damaged(std::string_view what) {
  return fail(ErrorCode::provider_failed, fmt::format("the server's pack is damaged: {}", what));
}

std::uint8_t byte_at(std::string_view bytes, std::size_t i) { return static_cast<std::uint8_t>(bytes[i]); }

std::uint32_t read_u32(std::string_view bytes, std::size_t i) {
  return static_cast<std::uint32_t>(byte_at(bytes, i)) << 24U |
         static_cast<std::uint32_t>(byte_at(bytes, i + 1)) << 16U |
         static_cast<std::uint32_t>(byte_at(bytes, i + 2)) << 8U | byte_at(bytes, i + 3);
}

unsigned kind_of(std::string_view head) { return byte_at(head, 0) >> 4U & 7U; }

// Where a number that goes on while the highest bit is set ends, or npos.
std::size_t end_of_number(std::string_view head, std::size_t begin) {
  for (auto i = begin; i < head.size(); ++i)
    if ((byte_at(head, i) & 0x80U) == 0) return i + 1;
  return std::string_view::npos;
}

bool is_whole_head(std::string_view head) {
  const auto size_end = end_of_number(head, 0);
  if (size_end == std::string_view::npos) return false;
  if (kind_of(head) == k_offset_delta) return end_of_number(head, size_end) != std::string_view::npos;
  return kind_of(head) != k_id_delta || head.size() >= size_end + 20;
}

std::uint64_t read_size(std::string_view head, std::size_t end) {
  std::uint64_t size = byte_at(head, 0) & 0x0FU;
  for (std::size_t i = 1; i < end && i < 9; ++i)
    size |= static_cast<std::uint64_t>(byte_at(head, i) & 0x7FU) << (4 + 7 * (i - 1));
  return size;
}

// Seven bits a byte, the highest first, and one more for each that follows.
std::uint64_t read_distance(std::string_view head, std::size_t begin) {
  std::uint64_t distance = byte_at(head, begin) & 0x7FU;
  for (auto i = begin + 1; i < head.size() && i < begin + 9; ++i)
    distance = ((distance + 1) << 7U) | (byte_at(head, i) & 0x7FU);
  return distance;
}

}  // namespace

Result<> PackParser::append(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto used = take(bytes);
    if (!used) return std::unexpected(used.error());
    bytes.remove_prefix(*used);
  }
  return {};
}

Result<std::size_t> PackParser::take(std::string_view bytes) {
  if (state_ == State::end) return damaged("it goes on after its end");
  if (state_ == State::object_data) return take_data(bytes);
  part_ += bytes.front();
  if (state_ != State::trailer) account(bytes.substr(0, 1));
  if (is_part_whole())
    if (auto ended = end_part(); !ended) return std::unexpected(ended.error());
  return 1;
}

bool PackParser::is_part_whole() const {
  if (state_ == State::header) return part_.size() == k_header_bytes;
  if (state_ == State::trailer) return part_.size() == checksum_.bytes.size();
  return is_whole_head(part_) || part_.size() == k_head_bytes_max;
}

Result<> PackParser::end_part() {
  Result<> done;
  if (state_ == State::header) {
    done = read_header();
  } else if (state_ == State::object_head) {
    done = begin_object();
  } else {
    if (std::memcmp(part_.data(), checksum_.bytes.data(), part_.size()) != 0) return damaged("its checksum is wrong");
    state_ = State::end;
  }
  part_.clear();
  return done;
}

Result<> PackParser::read_header() {
  if (!part_.starts_with("PACK") || (read_u32(part_, 4) != 2 && read_u32(part_, 4) != 3))
    return damaged("this is no pack");
  objects_left_ = read_u32(part_, 8);
  next_object();
  return {};
}

void PackParser::next_object() {
  if (objects_left_ == 0) {
    checksum_ = pack_hash_.finish();
    state_ = State::trailer;
    return;
  }
  --objects_left_;
  object_ = {};
  object_.offset = offset_;
  state_ = State::object_head;
}

Result<> PackParser::begin_object() {
  if (!is_whole_head(part_)) return damaged("an object's head does not end");
  const auto kind = kind_of(part_);
  const auto size_end = end_of_number(part_, 0);
  object_.bytes = read_size(part_, size_end);
  object_.head_bytes = static_cast<std::uint8_t>(part_.size());
  object_.is_delta = kind == k_offset_delta || kind == k_id_delta;
  if (size_end > 9 || object_.bytes > k_object_bytes_max)
    return fail(ErrorCode::unreachable,
                fmt::format("an object of the repository is larger than the {} MB that one may have",
                            k_object_bytes_max >> 20U));
  if (kind == k_offset_delta) {
    const auto distance = read_distance(part_, size_end);
    if (part_.size() > size_end + 9 || distance == 0 || distance >= object_.offset)
      return damaged("a delta's base lies outside");
    object_.base = object_.offset - distance;
  } else if (kind == k_id_delta) {
    std::memcpy(object_.id.bytes.data(), part_.data() + size_end, object_.id.bytes.size());
  } else if (kind == 0 || kind == 5) {
    return damaged("an object is of no known kind");
  } else {
    object_.kind = static_cast<PackedKind>(kind);
    object_hash_.update(object_prefix(object_.kind, object_.bytes));
  }
  inflated_ = 0;
  inflater_.restart();
  state_ = State::object_data;
  return {};
}

Result<std::size_t> PackParser::take_data(std::string_view bytes) {
  const auto step = inflater_.step(bytes, output_.data(), output_.size());
  if (!step) return std::unexpected(step.error());
  account(bytes.substr(0, step->consumed));
  inflated_ += step->produced;
  if (inflated_ > object_.bytes) return damaged("an object is longer than it says");
  if (!object_.is_delta) object_hash_.update({output_.data(), step->produced});
  if (step->is_end) {
    if (auto ended = end_object(); !ended) return std::unexpected(ended.error());
  } else if (step->consumed == 0 && step->produced == 0) {
    return damaged("an object does not end");
  }
  return step->consumed;
}

Result<> PackParser::end_object() {
  if (inflated_ != object_.bytes) return damaged("an object is shorter than it says");
  if (!object_.is_delta) object_.id = object_hash_.finish();
  if (auto added = objects_.push_back(object_); !added) return added;
  next_object();
  return {};
}

void PackParser::account(std::string_view bytes) {
  offset_ += bytes.size();
  pack_hash_.update(bytes);
  if (state_ != State::header)
    object_.crc = static_cast<std::uint32_t>(
        crc32(object_.crc, reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uInt>(bytes.size())));
}

}  // namespace weir::plugin::git
