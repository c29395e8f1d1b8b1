#include "plugin/builtin/git/repository_access.hpp"

#include "base/log.hpp"

namespace weir::plugin::git {
namespace {

// Servers that only look at the token take any name; this one is what GitHub documents for tokens of apps.
constexpr std::string_view k_username = "x-access-token";

}  // namespace

Result<RepositoryAccess> RepositoryAccess::from(const ScriptServices& services) {
  auto settings = read_operator_settings();
  if (!settings) return std::unexpected(settings.error());
  auto urls = parse_repository_urls(services.environment.get("GIT_URL").value_or(""));
  if (!urls) return std::unexpected(urls.error());
  RepositoryAccess access(services.clock, CloneCache(services.cache_directory, settings->cache));
  access.urls_ = std::move(*urls);
  access.settings_ = std::move(*settings);
  if (services.egress) access.settings_.egress = *services.egress;
  access.data_source_ = services.data_source;
  access.username_ = services.environment.get("GIT_USERNAME").value_or(k_username);
  if (const auto* token = services.environment.secret("GIT_TOKEN")) access.token_ = *token;
  return access;
}

Result<OpenRepository> RepositoryAccess::open(const RepositoryUrl& url, Instant not_before, const Stop& stop,
                                              Traffic& traffic) const {
  auto repository =
      url.kind == RepositoryUrl::Kind::local ? open_local(url) : open_remote(url, not_before, stop, traffic);
  if (repository || urls_.size() == 1) return repository;
  const auto code = repository.error().code;
  if (code != ErrorCode::invalid_input && code != ErrorCode::not_found) return repository;
  auto error = repository.error();
  error.code = ErrorCode::unreachable;
  return std::unexpected(std::move(error));
}

Result<RemoteListing> RepositoryAccess::look_at(const RepositoryUrl& url, const Stop& stop, Traffic& traffic) const {
  if (url.kind == RepositoryUrl::Kind::http) return list_remote(remote_access(url), stop, traffic);
  const auto local = open_local(url);
  if (!local) return std::unexpected(local.error());
  const auto& references = local->references;
  return RemoteListing{.branches = references.branches.size(),
                       .tags = references.tags.size(),
                       .default_branch = references.default_branch};
}

RemoteAccess RepositoryAccess::remote_access(const RepositoryUrl& url) const {
  RemoteAccess remote;
  remote.url = url;
  remote.username = username_;
  remote.token = token_;
  remote.egress = settings_.egress;
  return remote;
}

Result<OpenRepository> RepositoryAccess::open_local(const RepositoryUrl& url) const {
  const auto found = settings_.local_paths.open(url.path);
  if (!found) return std::unexpected(found.error());
  auto references = read_references(found->git_directory);
  if (!references) return std::unexpected(references.error());
  return OpenRepository{found->objects, found->completeness, std::move(*references), std::nullopt};
}

Result<OpenRepository> RepositoryAccess::open_remote(const RepositoryUrl& url, Instant not_before, const Stop& stop,
                                                     Traffic& traffic) const {
  auto clone = cache_.open(data_source_, remote_access(url), not_before, *clock_, stop, traffic);
  if (!clone) return std::unexpected(clone.error());
  OpenRepository repository{clone->objects(), Completeness::whole, {}, std::move(*clone)};
  auto references = read_references(repository.clone->git_directory);
  if (!references) {
    forget_if_damaged(repository, references.error(), stop);
    return std::unexpected(references.error());
  }
  repository.references = std::move(*references);
  repository.references.unreadable = left_out_references(repository.clone->git_directory);
  return repository;
}

void RepositoryAccess::forget_if_damaged(const OpenRepository& repository, const Error& error, const Stop& stop) const {
  const bool is_damage = error.code == ErrorCode::provider_failed || error.code == ErrorCode::not_found;
  if (!repository.clone || !is_damage) return;
  // Nothing is lost when it fails: the next attempt finds the same damage.
  if (const auto discarded = cache_.discard(*repository.clone, stop); !discarded)
    log_debug("git: a damaged clone stays: {}", discarded.error().message);
}

}  // namespace weir::plugin::git
