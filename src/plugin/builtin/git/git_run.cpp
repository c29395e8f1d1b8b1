#include "plugin/builtin/git/git_run.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace weir::plugin::git {
namespace {

constexpr std::size_t k_named_max = 10;
constexpr std::size_t k_record_id_bytes_max = 200;

// What is behind a name that libgit2 refuses is missing, and said to be.
void report_unreadable(PassContext& pass, const std::vector<std::string>& names) {
  if (names.empty()) return;
  pass.skip(std::ssize(names), "branches or tags whose names are too long to be read");
  for (std::size_t i = 0; i < std::min(names.size(), k_named_max); ++i)
    pass.log(LogLevel::warning,
             fmt::format("a reference whose name has {} bytes cannot be read; what only it leads to is missing",
                         names[i].size()),
             nullptr, names[i].substr(0, k_record_id_bytes_max));
}

}  // namespace

Task<Result<std::vector<Partition>>> GitRun::partitions() {
  std::vector<Partition> partitions;
  for (const auto& url : access_.urls())
    partitions.push_back(
        {.key = url.repo_key, .title = url.full_name, .attributes = nullptr, .columns = {{"repo_key", url.repo_key}}});
  co_return partitions;
}

Task<Result<>> GitRun::run_pass(PassContext& pass) {
  const auto found = std::ranges::find(access_.urls(), pass.partition().key, &RepositoryUrl::repo_key);
  if (found == access_.urls().end())
    co_return fail(ErrorCode::unreachable, fmt::format("{} is no longer in GIT_URL", pass.partition().key));
  const auto& url = *found;
  const auto repository = co_await open(pass, url);
  if (!repository) co_return std::unexpected(repository.error());
  report_unreadable(pass, repository->references.unreadable);
  auto collected = co_await collect(pass, url, *repository);
  if (!collected) {
    const auto forget = [&] { access_.forget_if_damaged(*repository, collected.error(), Stop(pass.stop_requested())); };
    co_await run_blocking(thread_, forget);
    if (collected.error().code == ErrorCode::not_found) collected.error().code = ErrorCode::provider_failed;
  }
  co_return collected;
}

Task<Findings> GitRun::check_repositories() {
  Findings findings;
  for (const auto& url : access_.urls()) {
    auto finding = co_await check_repository(url);
    findings.push_back(std::move(finding));
  }
  co_return findings;
}

Task<Finding> GitRun::check_repository(RepositoryUrl url) {
  Traffic traffic;
  const auto look = [&] { return access_.look_at(url, Stop(), traffic); };
  const auto listing = co_await run_blocking(thread_, look);
  Finding finding{.check = url.repo_key, .reason = {}};
  if (!listing) {
    finding.verdict = listing.error().code == ErrorCode::limited ? Verdict::warning : Verdict::problem;
    finding.reason = listing.error().message;
    co_return finding;
  }
  finding.reason = listing->branches + listing->tags == 0
                       ? "can be read, and is empty"
                       : fmt::format("can be read: {} branches, {} tags", listing->branches, listing->tags);
  if (traffic.moved_to) {
    finding.verdict = Verdict::warning;
    finding.remedy = fmt::format("it has moved: set GIT_URL to {}", *traffic.moved_to);
  }
  co_return finding;
}

Task<Result<OpenRepository>> GitRun::open(PassContext& pass, RepositoryUrl url) {
  Traffic traffic;
  const auto work = [&] { return access_.open(url, started_at_, Stop(pass.stop_requested()), traffic); };
  auto repository = co_await run_blocking(thread_, work);
  pass.count_requests({traffic.requests, traffic.requests == 1 ? 1 : 0, traffic.bytes});
  if (traffic.moved_to)
    pass.log(LogLevel::warning, fmt::format("{} has moved; set GIT_URL to {}", url.repo_key, *traffic.moved_to));
  if (!repository && repository.error().code == ErrorCode::limited)
    pass.park_until(services_.clock.now() + traffic.retry_after.value_or(std::chrono::minutes(5)));
  co_return repository;
}

}  // namespace weir::plugin::git
