#include "plugin/builtin/git/operator_settings.hpp"

#include <charconv>
#include <cstdlib>
#include <string_view>

#include <fmt/format.h>

namespace weir::plugin::git {
namespace {

std::string_view variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string_view() : std::string_view(value);
}

Result<> read_megabytes(const char* name, std::uint64_t& bytes) {
  const auto text = variable(name);
  if (text.empty()) return {};
  std::uint64_t megabytes = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), megabytes);
  if (error != std::errc{} || end != text.data() + text.size() || megabytes == 0 || megabytes > (1ULL << 40U))
    return fail(ErrorCode::configuration, fmt::format("{} is \"{}\"; give a number of megabytes", name, text));
  bytes = megabytes << 20U;
  return {};
}

}  // namespace

Result<OperatorSettings> read_operator_settings() {
  OperatorSettings settings;
  auto paths = LocalPaths::parse(variable("WEIR_LOCAL_PATHS"));
  if (!paths) return std::unexpected(paths.error());
  settings.local_paths = std::move(*paths);
  auto egress = http::EgressPolicy::parse(variable("WEIR_EGRESS_ALLOW"));
  if (!egress) return std::unexpected(egress.error());
  settings.egress = std::move(*egress);
  auto& cache = settings.cache;
  if (auto read = read_megabytes("WEIR_GIT_CLONE_MAX_MB", cache.clone_bytes_max); !read)
    return std::unexpected(read.error());
  if (auto read = read_megabytes("WEIR_GIT_CACHE_MAX_MB", cache.total_bytes_max); !read)
    return std::unexpected(read.error());
  cache.tenant_bytes_max = cache.total_bytes_max / 4;
  return settings;
}

}  // namespace weir::plugin::git
