#include "tenancy/key_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include <fmt/format.h>

namespace weir::tenancy {
namespace {

constexpr std::size_t k_file_bytes_max = 64U << 10U;

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }
  bool is_open() const { return fd_ >= 0; }

 private:
  int fd_;
};

std::string why() { return std::error_code(errno, std::generic_category()).message(); }

std::unexpected<Error> file_error(const std::filesystem::path& path, std::string_view what) {
  const auto code = errno == ENOSPC ? ErrorCode::disk_full : ErrorCode::configuration;
  return fail(code, fmt::format("the key file {} cannot be {}: {}", path.string(), what, why()));
}

// As PostgreSQL judges a private key: nobody but the owner; the group too when root owns it (mounted by a container's
// runtime).
Result<> check_permissions(const std::filesystem::path& path, const struct stat& status) {
  const auto mode = status.st_mode & 0777U;
  if (!S_ISREG(status.st_mode))
    return fail(ErrorCode::configuration, fmt::format("the key file {} is not a file", path.string()));
  if (status.st_uid != ::geteuid() && status.st_uid != 0)
    return fail(ErrorCode::configuration,
                fmt::format("the key file {} belongs to another account; it must belong to the one that runs Weir, or "
                            "to root",
                            path.string()));
  const unsigned forbidden = status.st_uid == ::geteuid() ? 0077U : 0037U;
  if ((mode & forbidden) != 0)
    return fail(ErrorCode::configuration, fmt::format("the key file {} can be read or changed by others (mode {:04o}): "
                                                      "chmod 600 {}",
                                                      path.string(), mode, path.string()));
  return {};
}

// nullopt: there is no file.
Result<std::optional<Secret>> read_text(const std::filesystem::path& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file.is_open()) {
    if (errno == ENOENT) return std::optional<Secret>();
    return file_error(path, "read");
  }
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) return file_error(path, "read");
  if (const auto checked = check_permissions(path, status); !checked) return std::unexpected(checked.error());
  std::string text(k_file_bytes_max, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const auto got = ::read(file.get(), text.data() + size, text.size() - size);
    if (got < 0) return file_error(path, "read");
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  if (size == text.size()) return fail(ErrorCode::configuration, fmt::format("{} is no key file", path.string()));
  text.resize(size);
  return std::optional(Secret(std::move(text)));
}

Result<KeyRing> parse(const std::filesystem::path& path, const std::optional<Secret>& text) {
  if (!text) return KeyRing();
  auto ring = KeyRing::parse(*text, path.string());
  if (ring && ring->entries().empty())
    return fail(ErrorCode::configuration, fmt::format("the key file {} holds no key", path.string()));
  return ring;
}

bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const auto written = ::write(fd, text.data(), text.size());
    if (written < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

// Writes beside `path` and moves into place; `directory` is its parent, open.
Result<> replace_text(const std::filesystem::path& path, int directory, const Secret& text) {
  const auto name = path.filename().string();
  const auto fresh = fmt::format(".{}.{}.new", name, ::getpid());
  ::unlinkat(directory, fresh.c_str(), 0);
  const Descriptor file(::openat(directory, fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file.is_open()) return file_error(path, "written");
  const bool is_written = write_all(file.get(), text.reveal()) && ::fsync(file.get()) == 0 &&
                          ::renameat(directory, fresh.c_str(), directory, name.c_str()) == 0 && ::fsync(directory) == 0;
  if (is_written) return {};
  const auto error = file_error(path, "written");
  ::unlinkat(directory, fresh.c_str(), 0);
  return error;
}

std::filesystem::path resolved(const std::filesystem::path& path) {
  std::error_code ignored;
  auto real = std::filesystem::canonical(path, ignored);
  return real.empty() ? std::filesystem::absolute(path) : real;
}

}  // namespace

Result<KeyRing> read_key_file(const std::filesystem::path& path) {
  const auto text = read_text(path);
  if (!text) return std::unexpected(text.error());
  return parse(path, *text);
}

Result<> add_key_to_file(const std::filesystem::path& path, const std::string& expected_active) {
  const auto real = resolved(path);
  const Descriptor directory(::open(real.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  // Held until the directory is closed: whoever adds a key reads what the one before wrote.
  if (!directory.is_open() || ::flock(directory.get(), LOCK_EX) != 0) return file_error(path, "written");
  const auto text = read_text(real);
  if (!text) return std::unexpected(text.error());
  const auto ring = parse(real, *text);
  if (!ring) return std::unexpected(ring.error());
  if (ring->active_id() != expected_active) return {};
  return replace_text(real, directory.get(),
                      KeyRing::with_active(text->value_or(Secret()), KeyRing::make_id(), Key::generate()));
}

KeyFile::KeyFile(BlockingPool& blocking, KeyFileSettings settings)
    : blocking_(blocking), settings_(std::move(settings)) {}

std::string KeyFile::describe() const {
  return settings_.path.empty() ? "the key file (WEIR_MASTER_KEY_FILE is not set)"
                                : fmt::format("the key file {}", settings_.path.string());
}

Task<Result<std::shared_ptr<const KeyRing>>> KeyFile::read() {
  if (settings_.path.empty()) {
    ring_ = std::make_shared<const KeyRing>();
    co_return ring_;
  }
  auto ring = co_await run_blocking(blocking_, [path = settings_.path] { return read_key_file(path); });
  if (!ring) co_return std::unexpected(ring.error());
  // A place that somebody named must hold a key; the one beside the embedded database may be empty yet.
  if (ring->entries().empty() && !settings_.makes_first_key)
    co_return fail(ErrorCode::configuration,
                   fmt::format("the key file {} (WEIR_MASTER_KEY_FILE) does not exist: put it there, or, if this "
                               "database never had one, make it with `weir secrets init`",
                               settings_.path.string()));
  ring_ = std::make_shared<const KeyRing>(std::move(*ring));
  co_return ring_;
}

Task<Result<std::vector<MasterKey>>> KeyFile::keys() {
  const auto ring = co_await read();
  if (!ring) co_return std::unexpected(ring.error());
  std::vector<MasterKey> keys;
  for (const auto& entry : (*ring)->entries()) keys.push_back({entry.id, master_key_check(entry.key, entry.id)});
  co_return keys;
}

Task<Result<WrappedKey>> KeyFile::wrap(DataKeyPlace place, std::shared_ptr<const Key> data_key) {
  const auto ring = co_await read();
  if (!ring) co_return std::unexpected(ring.error());
  if ((*ring)->entries().empty()) co_return fail(ErrorCode::wrong_key, fmt::format("{} holds no key", describe()));
  const auto& active = (*ring)->entries().front();
  co_return WrappedKey{active.id, wrap_data_key(active.key, active.id, place, *data_key)};
}

Task<Result<Key>> KeyFile::unwrap(DataKeyPlace place, WrappedKey wrapped) {
  auto ring = ring_;
  if (ring == nullptr || ring->find(wrapped.master_key_id) == nullptr) {
    auto fresh = co_await read();
    if (!fresh) co_return std::unexpected(fresh.error());
    ring = *fresh;
  }
  const auto* key = ring->find(wrapped.master_key_id);
  if (key == nullptr)
    co_return fail(ErrorCode::wrong_key,
                   fmt::format("master key {} is missing: it is not in {}", wrapped.master_key_id, describe()));
  co_return unwrap_data_key(*key, wrapped.master_key_id, place, wrapped.bytes);
}

Task<Result<>> KeyFile::add_key(std::string expected_active) {
  if (settings_.path.empty())
    co_return fail(ErrorCode::configuration, "WEIR_MASTER_KEY_FILE is not set, so there is no place for a master key");
  const auto add = [path = settings_.path, expected_active] { return add_key_to_file(path, expected_active); };
  co_return co_await run_blocking(blocking_, add);
}

}  // namespace weir::tenancy
