// Any bytes as the answers that a whole pass reads: whatever they say, it ends, asks only its own service, and makes
// rows that can be written.
//
// The first byte chooses how pages are found; answers are divided by the byte 0x1e, each begins with lines
// "Name: value" and an empty line.
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <fmt/format.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "http/http_date.hpp"
#include "plugin/declaration_file.hpp"
#include "plugin/declarative/script.hpp"
#include "plugin/trial/trial_pass.hpp"

namespace weir::plugin::declarative {
namespace {

constexpr std::size_t k_answers_max = 12;
constexpr std::string_view k_service = "https://x.example/api";
constexpr std::string_view k_provider =
    "title: x\nconfig: {URL: {description: x, default: 'https://x.example/api'}}\nhttp: {url: '{{ env.URL }}'}\n";
constexpr std::string_view k_columns = R"(
key: "{{ record.id | default(record.name) }}"
map: {id: "{{ record.id }}", name: "{{ record.name | lower }}", size: "{{ record.size }}", at: "{{ record.at }}",
  parts: "{{ record.parts | map('name') }}", extra: "{{ record.extra }}"}
)";
constexpr std::array<std::string_view, 7> k_scripts{
    "cursor: {kind: full}\npages: link\nrequest: {url: /items}\nrecords: '{{ response }}'",
    "cursor: {kind: full}\npages: {by: url, next: '{{ response.next }}'}\nrequest: {url: /items}\n"
    "records: '{{ response.items }}'",
    "cursor: {kind: full}\npages: {by: token, next: '{{ response.next }}', total: '{{ response.total }}'}\n"
    "request: {url: /items, query: {after: '{{ page.token }}', size: '{{ page.size }}'}}\n"
    "records: '{{ response.items }}'",
    "cursor: {kind: window, field: at, order: immutable}\npages: {by: number, size: 20, total: '{{ response.total }}', "
    "resultsMax: 5}\nrequest: {url: /items, query: {page: '{{ page.number }}', from: '{{ window.start }}'}}\n"
    "records: '{{ response.items }}'",
    "cursor: {kind: full}\npages: {by: offset, size: 2, more: '{{ response.more }}'}\n"
    "request: {url: /items, query: {at: '{{ page.offset }}'}}\nrecords: '{{ response.items }}'",
    "cursor: {kind: ascending, field: at, order: ascending}\npages: {by: keyset, size: 2}\n"
    "request: {url: /items, query: {since: '{{ window.start }}'}}\nrecords: '{{ response.items }}'",
    "cursor: {kind: descending, field: at, order: descending}\npages: link\nrequest: {url: /items}\n"
    "records: '{{ response.items }}'",
};

void check(bool condition) {
  if (!condition) std::abort();
}

load::ResourceCatalog read_resources() {
  std::string directory = std::filesystem::temp_directory_path() / "weir-fuzz-XXXXXX";
  check(::mkdtemp(directory.data()) != nullptr);
  std::ofstream(directory + "/r.yaml") << "name: r\ndescription: x\nkey: [id]\ncolumns: {id: text, name: text, size: "
                                          "bigint, at: timestamptz, parts: 'text[]', extra: jsonb}\n";
  auto resources = load::ResourceCatalog::read({directory});
  std::filesystem::remove_all(directory);
  check(resources.has_value());
  return std::move(*resources);
}

struct Scripts {
  load::ResourceCatalog resources = read_resources();
  BuiltinRegistry builtins;
  ProviderDeclaration provider = parse_provider(k_provider, "provider.yaml", "provider").value();
  std::vector<std::unique_ptr<Script>> all;

  Scripts() {
    for (const auto text : k_scripts) {
      auto declaration = parse_script("resources: [r]\n" + std::string(text) + std::string(k_columns), "script.yaml",
                                      {"provider", "script", resources, builtins, &provider});
      if (!declaration) fmt::print(stderr, "{}", declaration.error().front().to_string());
      check(declaration.has_value());
      all.push_back(make_script(std::move(*declaration)));
    }
  }
};

// What comes before `end`, which is taken off with it.
std::string_view take(std::string_view& text, std::string_view end) {
  const auto part = text.substr(0, text.find(end));
  text.remove_prefix(std::min(text.size(), part.size() + end.size()));
  return part;
}

Reply read_answer(std::string_view text, const http::Url& url) {
  Reply reply{.url = url};
  auto head = text.contains("\n\n") ? take(text, "\n\n") : std::string_view();
  while (!head.empty()) {
    auto line = take(head, "\n");
    const auto name = take(line, ": ");
    reply.headers.add(name, line);
  }
  reply.body = text;
  const auto date = reply.headers.get("Date");
  reply.provider_time = date ? http::parse_http_date(*date) : std::nullopt;
  return reply;
}

class FuzzRequester final : public Requester {
 public:
  explicit FuzzRequester(std::string_view answers) : answers_(answers) {}

  Task<std::expected<Reply, Refusal>> send(Ask ask) override {
    check(ask.url.origin() == http::Url::parse(k_service)->origin());
    if (answers_.empty() || ++counts_.requests > static_cast<std::int64_t>(k_answers_max))
      co_return std::unexpected(Refusal{{ErrorCode::provider_failed, "there are no more answers"}});
    auto reply = read_answer(take(answers_, "\x1e"), ask.url);
    const auto finding = ask.inspect({reply.status, reply.headers, reply.body});
    if (finding.ruling && finding.ruling->meaning != http::AnswerClass::ok)
      co_return std::unexpected(Refusal{{ErrorCode::provider_failed, finding.ruling->reason}});
    co_return reply;
  }
  RequestCounts counts() const override { return counts_; }

 private:
  std::string_view answers_;
  RequestCounts counts_;
};

class FuzzAccess final : public ProviderAccess {
 public:
  explicit FuzzAccess(std::string_view answers) : answers_(answers) {}
  Result<std::unique_ptr<Requester>> open(const ScriptDeclaration&, RequesterPlan, const ScriptServices&) override {
    return std::make_unique<FuzzRequester>(answers_);
  }

 private:
  std::string_view answers_;
};

class FuzzClock final : public Clock {
 public:
  Instant now() const override { return parse_rfc3339("2026-03-02T10:00:00Z").value(); }
  std::chrono::nanoseconds boottime() const override { return {}; }
};

Task<> run_pass(const Scripts& scripts, std::size_t chosen, std::string_view answers) {
  static FuzzClock clock;
  static BlockingPool blocking(1);
  static const tenancy::Environment environment = [] {
    tenancy::Environment made;
    made.set("URL", std::string(k_service));
    return made;
  }();
  FuzzAccess access(answers);
  auto run = scripts.all[chosen]->start({.tenant = {},
                                         .tenant_key = "fuzz",
                                         .data_source = "fuzz",
                                         .environment = environment,
                                         .blocking = blocking,
                                         .clock = clock,
                                         .cache_directory = {},
                                         .provider = &access});
  check(run.has_value());
  const Partition whole{.key = "", .title = {}};
  TrialPass pass(scripts.resources, whole, {.start = clock.now() - std::chrono::hours(48), .end = clock.now()});
  const auto result = co_await (*run)->run_pass(pass);
  check(result.has_value() || !result.error().message.empty());
  pass.finish();
  for (const auto& [_, rows] : pass.outcome().rows)
    for (const auto& row : rows) {
      check(row.at("id").is_string());
      check(!row.dump().contains("\\u0000"));  // dump() itself refuses ill-formed UTF-8
    }
}

}  // namespace
}  // namespace weir::plugin::declarative

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir::plugin::declarative;
  static const Scripts scripts;
  if (size == 0) return 0;
  const std::string_view answers(reinterpret_cast<const char*>(data) + 1, size - 1);
  boost::asio::io_context io;
  std::exception_ptr failure;
  boost::asio::co_spawn(io, run_pass(scripts, data[0] % scripts.all.size(), answers),
                        [&failure](std::exception_ptr error) { failure = error; });
  io.run();
  if (failure) std::rethrow_exception(failure);
  return 0;
}
