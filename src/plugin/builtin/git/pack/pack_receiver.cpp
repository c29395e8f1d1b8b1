#include "plugin/builtin/git/pack/pack_receiver.hpp"

#include <fcntl.h>
#include <malloc.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include <fmt/format.h>

#include "plugin/builtin/git/pack/delta_resolver.hpp"
#include "plugin/builtin/git/pack/pack_index.hpp"

namespace weir::plugin::git {
namespace {

namespace fs = std::filesystem;

Result<> put(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::rename(from, to, error);
  return error ? Result<>(file_failure(error.value(), to)) : Result<>{};
}

}  // namespace

Result<std::unique_ptr<PackReceiver>> PackReceiver::begin(const fs::path& directory, std::uint64_t bytes_max,
                                                          const Stop& stop) {
  auto memory = FileMemory::make(directory);
  if (!memory) return std::unexpected(memory.error());
  std::string draft = (directory / "incoming-XXXXXX").string();
  const int file = mkostemp(draft.data(), O_CLOEXEC);
  if (file < 0) return file_failure(errno, directory);
  return std::unique_ptr<PackReceiver>(new PackReceiver(draft, file, std::move(*memory), bytes_max, stop));
}

PackReceiver::~PackReceiver() {
  close(file_);
  std::error_code ignored;
  fs::remove(draft_, ignored);
}

Result<> PackReceiver::append(std::string_view bytes) {
  if (stop_.is_requested()) return cancelled();
  bytes_ += bytes.size();
  if (std::max(bytes_, objects_.size() * sizeof(PackedObject)) > bytes_max_)
    return fail(ErrorCode::unreachable,
                fmt::format("the repository is larger than the {} MB that a clone may have here", bytes_max_ >> 20U));
  if (auto written = write(bytes); !written) return written;
  return parser_.append(bytes);
}

Result<> PackReceiver::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto written = ::write(file_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return file_failure(errno, draft_);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

Result<> PackReceiver::finish() {
  if (!parser_.is_complete()) return fail(ErrorCode::provider_failed, "the server's pack ends too early");
  if (objects_.size() == 0) return {};
  const auto pack = MappedFile::open(draft_);
  if (!pack) return std::unexpected(pack.error());
  const auto directory = draft_.parent_path();
  if (auto resolved = DeltaResolver(pack->bytes(), objects_, directory, stop_).resolve(); !resolved) return resolved;
  malloc_trim(0);  // millions of small pieces were unpacked; what follows is of another shape
  const auto place = directory / ("pack-" + parser_.checksum().to_string());
  const auto index_draft = fs::path(draft_) += ".idx";
  auto done = write_pack_index(index_draft, objects_, parser_.checksum());
  // The index last: what has one is looked at.
  if (done) done = put(draft_, fs::path(place) += ".pack");
  if (done) done = put(index_draft, fs::path(place) += ".idx");
  if (!done) {
    std::error_code ignored;
    fs::remove(index_draft, ignored);
  }
  return done;
}

}  // namespace weir::plugin::git
