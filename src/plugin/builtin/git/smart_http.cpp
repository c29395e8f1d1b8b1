#include "plugin/builtin/git/smart_http.hpp"

#include <charconv>
#include <new>

#include <fmt/format.h>
#include <git2/sys/transport.h>

#include "plugin/builtin/git/http_exchange.hpp"

namespace weir::plugin::git {
namespace {

constexpr std::string_view k_advertisement = "/info/refs?service=git-upload-pack";
constexpr std::string_view k_service = "/git-upload-pack";
constexpr int k_redirects_max = 5;
constexpr std::size_t k_advertisement_bytes_max = 64 << 20;

constexpr std::string_view k_thin_pack = " thin-pack";

// A request begins with a line of four hexadecimal digits of its length and what the client can. Packs shall be whole:
// a receiver of little memory cannot look up elsewhere what they change.
void remove_thin_pack(std::string& body) {
  const auto begin = body.find(k_thin_pack);
  if (begin == std::string::npos || begin > body.find('\n')) return;
  std::size_t length = 0;
  const auto [end, problem] = std::from_chars(body.data(), body.data() + 4, length, 16);
  if (problem != std::errc() || length <= k_thin_pack.size()) return;
  body.erase(begin, k_thin_pack.size());
  body.replace(0, 4, fmt::format("{:04x}", length - k_thin_pack.size()));
}

// The requests of the protocol.
class Conversation {
 public:
  Conversation(const RemoteAccess& access, const Stop& stop, Traffic& traffic)
      : access_(access), traffic_(traffic), exchange_(access, stop, traffic), base_(access.url.url) {}

  Result<> list_references() {
    for (int redirects = 0; redirects <= k_redirects_max; ++redirects) {
      const auto answer = exchange_.get(base_ + std::string(k_advertisement),
                                        "application/x-git-upload-pack-advertisement", k_advertisement_bytes_max);
      if (!answer) return std::unexpected(answer.error());
      if (!answer->redirect) return {};
      if (auto followed = follow(*answer->redirect, answer->is_permanent); !followed) return followed;
    }
    return fail(ErrorCode::unreachable, access_.url.repo_key + " redirects in a circle");
  }

  Result<> call(std::string body) {
    remove_thin_pack(body);
    const auto answer = exchange_.post(base_ + std::string(k_service), "application/x-git-upload-pack-request",
                                       "application/x-git-upload-pack-result", std::move(body));
    if (!answer) return std::unexpected(answer.error());
    if (!answer->redirect) return {};
    return fail(ErrorCode::unreachable, access_.url.repo_key + " redirects in the middle of a conversation");
  }

  Result<std::size_t> read(char* buffer, std::size_t size) { return exchange_.read(buffer, size); }

  std::optional<Error> error;  // the first

 private:
  Result<> follow(std::string_view target, bool is_permanent) {
    std::optional<RepositoryUrl> to;
    if (target.ends_with(k_advertisement)) {
      target.remove_suffix(k_advertisement.size());
      if (auto urls = parse_repository_urls(target)) to = urls->front();
    }
    const bool is_same_host = to && to->host == access_.url.host;
    const bool is_downgrade = to && !to->is_encrypted && base_.starts_with("https:");
    if (!is_same_host || is_downgrade)
      return fail(ErrorCode::unreachable, access_.url.repo_key + " has moved to " +
                                              (to ? to->url + "; if that is right, set GIT_URL to it"
                                                  : "what is no repository (a login page?)"));
    base_ = to->url;
    if (is_permanent) traffic_.moved_to = base_;
    return {};
  }

  const RemoteAccess& access_;
  Traffic& traffic_;
  HttpExchange exchange_;
  std::string base_;  // the repository's URL, after redirects
};

// What libgit2 sees. Its callbacks return 0 or an error code and must not throw.
struct Stream : git_smart_subtransport_stream {
  Conversation* conversation = nullptr;
  bool is_listing = false;
  bool is_sent = false;
  std::string body;  // of the request to come
};

struct Subtransport : git_smart_subtransport {
  Conversation* conversation = nullptr;
};

template <class Work>
int guarded(Conversation& conversation, Work work) {
  Result<> done;
  try {
    done = work();
  } catch (...) {
    done = std::unexpected(current_error());
  }
  if (done) return 0;
  git_error_set_str(GIT_ERROR_HTTP, done.error().message.c_str());
  if (!conversation.error) conversation.error = done.error();
  return GIT_EUSER;
}

int read_stream(git_smart_subtransport_stream* base, char* buffer, std::size_t size, std::size_t* bytes_read) {
  auto& stream = *static_cast<Stream*>(base);
  return guarded(*stream.conversation, [&]() -> Result<> {
    if (!std::exchange(stream.is_sent, true)) {
      auto sent = stream.is_listing ? stream.conversation->list_references()
                                    : stream.conversation->call(std::move(stream.body));
      if (!sent) return sent;
    }
    auto read = stream.conversation->read(buffer, size);
    if (!read) return std::unexpected(read.error());
    *bytes_read = *read;
    return {};
  });
}

int write_stream(git_smart_subtransport_stream* base, const char* buffer, std::size_t size) {
  auto& stream = *static_cast<Stream*>(base);
  return guarded(*stream.conversation, [&]() -> Result<> {
    stream.body.append(buffer, size);
    return {};
  });
}

void free_stream(git_smart_subtransport_stream* base) { delete static_cast<Stream*>(base); }

int begin_action(git_smart_subtransport_stream** out, git_smart_subtransport* base, const char*,
                 git_smart_service_t action) {
  auto& transport = *static_cast<Subtransport*>(base);
  return guarded(*transport.conversation, [&]() -> Result<> {
    if (action != GIT_SERVICE_UPLOADPACK_LS && action != GIT_SERVICE_UPLOADPACK)
      return fail(ErrorCode::internal, "Weir only fetches");
    auto stream = std::make_unique<Stream>();
    stream->subtransport = base;
    stream->read = read_stream;
    stream->write = write_stream;
    stream->free = free_stream;
    stream->conversation = transport.conversation;
    stream->is_listing = action == GIT_SERVICE_UPLOADPACK_LS;
    *out = stream.release();
    return {};
  });
}

int close_transport(git_smart_subtransport*) { return 0; }
void free_transport(git_smart_subtransport* base) { delete static_cast<Subtransport*>(base); }

int make_subtransport(git_smart_subtransport** out, git_transport*, void* conversation) {
  auto* transport = new (std::nothrow) Subtransport;
  if (transport == nullptr) return -1;
  transport->action = begin_action;
  transport->close = close_transport;
  transport->free = free_transport;
  transport->conversation = static_cast<Conversation*>(conversation);
  *out = transport;
  return 0;
}

}  // namespace

struct SmartHttp::Parts {
  Parts(const RemoteAccess& access, const Stop& stop, Traffic& traffic) : conversation(access, stop, traffic) {}
  Conversation conversation;
  git_smart_subtransport_definition definition{make_subtransport, 1, &conversation};
};

SmartHttp::SmartHttp(const RemoteAccess& access, const Stop& stop, Traffic& traffic)
    : parts_(std::make_unique<Parts>(access, stop, traffic)) {}

SmartHttp::~SmartHttp() = default;

void SmartHttp::install(git_remote_callbacks& callbacks) {
  callbacks.payload = parts_.get();
  callbacks.transport = [](git_transport** out, git_remote* owner, void* payload) {
    return git_transport_smart(out, owner, &static_cast<Parts*>(payload)->definition);
  };
}

const std::optional<Error>& SmartHttp::error() const { return parts_->conversation.error; }

}  // namespace weir::plugin::git
