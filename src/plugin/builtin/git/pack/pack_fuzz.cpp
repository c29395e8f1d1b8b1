// A server may send any bytes for a pack: no crash, no endless work, nothing left behind; and what is accepted has an
// index that libgit2 reads.
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <git2.h>
#include <git2/odb_backend.h>
#include <git2/sys/odb_backend.h>

#include "plugin/builtin/git/pack/delta.hpp"
#include "plugin/builtin/git/pack/object_hash.hpp"
#include "plugin/builtin/git/pack/pack_receiver.hpp"

namespace weir::plugin::git {
namespace {

namespace fs = std::filesystem;

void check(bool condition) {
  if (!condition) std::abort();
}

const fs::path& directory() {
  static const fs::path made = [] {
    std::string name = (fs::temp_directory_path() / "weir-fuzz-XXXXXX").string();
    check(::mkdtemp(name.data()) != nullptr);
    std::atexit([] { fs::remove_all(directory()); });
    return fs::path(name);
  }();
  return made;
}

void check_index(const fs::path& index) {
  start_libgit2();
  git_odb_backend* backend = nullptr;
  check(git_odb_backend_one_pack(&backend, index.c_str()) == 0);
  const auto look = [](const git_oid* id, void* from) {
    auto* pack = static_cast<git_odb_backend*>(from);
    std::size_t size = 0;
    git_object_t kind = GIT_OBJECT_INVALID;
    return pack->read_header(&size, &kind, pack, id);
  };
  check(backend->foreach (backend, look, backend) == 0);
  backend->free(backend);
}

void try_pack(std::string_view bytes) {
  const Stop stop;
  {
    auto receiver = PackReceiver::begin(directory(), 16U << 20U, stop);
    check(receiver.has_value());
    Result<> done;
    for (std::size_t piece = 1; done && !bytes.empty(); piece = piece * 3 + 1) {
      done = (*receiver)->append(bytes.substr(0, piece));
      bytes.remove_prefix(std::min(piece, bytes.size()));
    }
    if (done) done = (*receiver)->finish();
    check(done || !done.error().message.empty());
  }
  for (const auto& entry : fs::directory_iterator(directory())) {
    if (entry.path().extension() == ".idx") check_index(entry.path());
    check(entry.path().filename().string().starts_with("pack-"));
  }
  for (const auto& entry : fs::directory_iterator(directory())) fs::remove(entry.path());
}

void add_u32(std::string& bytes, std::uint32_t number) {
  for (const unsigned shift : {24U, 16U, 8U, 0U}) bytes += static_cast<char>(number >> shift & 0xFFU);
}

std::string with_checksum(std::string pack) {
  Sha1 hash;
  hash.update(pack);
  const auto id = hash.finish();
  return pack.append(id.bytes.begin(), id.bytes.end());
}

std::string deflated(std::string_view content) {
  auto size = compressBound(content.size());
  std::string bytes(size, '\0');
  check(compress2(reinterpret_cast<Bytef*>(bytes.data()), &size, reinterpret_cast<const Bytef*>(content.data()),
                  content.size(), 0) == Z_OK);
  bytes.resize(size);
  return bytes;
}

// A pack whose frame is right, so that what lies inside is reached: for each object a byte for its kind, one for the
// size and one for the base of a delta, then its content.
std::string frame_pack(std::string_view bytes) {
  std::string objects;
  std::vector<std::size_t> offsets;
  while (bytes.size() > 3) {
    const unsigned kind = static_cast<std::uint8_t>(bytes[0]) & 7U;
    const auto content = bytes.substr(3, static_cast<std::uint8_t>(bytes[1]) & 0x7FU);
    const auto base = static_cast<std::uint8_t>(bytes[2]);
    offsets.push_back(objects.size());
    objects += static_cast<char>(0x80U | kind << 4U | (content.size() & 0x0FU));
    objects += static_cast<char>(content.size() >> 4U);
    if (kind == 6) {
      const auto distance = objects.size() - 2 - offsets[base % offsets.size()];
      objects += static_cast<char>(0x80U | (((distance >> 7U) - 1) & 0x7FU));
      objects += static_cast<char>(distance & 0x7FU);
    } else if (kind == 7) {
      const auto id = object_hash(PackedKind::blob, std::string(base, 'x'));
      objects.append(id.bytes.begin(), id.bytes.end());
    }
    objects += deflated(content);
    bytes.remove_prefix(std::min(bytes.size(), content.size() + 3));
  }
  std::string pack = "PACK";
  add_u32(pack, 2);
  add_u32(pack, static_cast<std::uint32_t>(offsets.size()));
  return with_checksum(pack + objects);
}

void try_delta(std::string_view bytes) {
  if (bytes.empty()) return;
  const auto base = bytes.substr(0, static_cast<std::uint8_t>(bytes.front()));
  const auto delta = bytes.substr(base.size());
  const auto sizes = read_delta_sizes(delta);
  if (!sizes || sizes->result > 1U << 20U) return;
  std::string result(sizes->result, '\0');
  apply_delta(base, delta, result);
}

}  // namespace
}  // namespace weir::plugin::git

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  weir::plugin::git::try_pack(bytes);
  weir::plugin::git::try_pack(weir::plugin::git::with_checksum(std::string(bytes)));
  weir::plugin::git::try_pack(weir::plugin::git::frame_pack(bytes));
  weir::plugin::git::try_delta(bytes);
  return 0;
}
