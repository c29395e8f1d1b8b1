#include "api/idempotency.hpp"

#include <algorithm>
#include <array>

#include <sodium.h>

#include "api/sql.hpp"
#include "base/log.hpp"
#include "base/retry.hpp"
#include "base/time.hpp"

namespace weir::api {
namespace {

constexpr std::size_t k_key_chars_max = 200;

void add(crypto_generichash_state& state, std::string_view text) {
  const auto size = static_cast<std::uint64_t>(text.size());
  crypto_generichash_update(&state, reinterpret_cast<const unsigned char*>(&size), sizeof size);
  crypto_generichash_update(&state, reinterpret_cast<const unsigned char*>(text.data()), text.size());
}

Task<Result<>> try_to_end(pg::Database& database, IdempotencyKey key, std::optional<StoredAnswer> answer) {
  try {
    if (answer)
      co_await database.query(pg::Scope::control(), sql::keep_answer,
                              pg::Params(key.owner, key.key, answer->status, answer->body, key.tenant));
    else
      co_await database.query(pg::Scope::control(), sql::forget_request, pg::Params(key.owner, key.key));
    co_return Result<>();
  } catch (...) {
    co_return std::unexpected(current_error());
  }
}

}  // namespace

std::string hash_request(const Secret& api_key, std::string_view method, std::string_view target,
                         std::string_view body) {
  crypto_generichash_state state;
  const auto secret = api_key.reveal().substr(0, crypto_generichash_KEYBYTES_MAX);
  crypto_generichash_init(&state, reinterpret_cast<const unsigned char*>(secret.data()), secret.size(),
                          crypto_generichash_BYTES);
  add(state, method);
  add(state, target);
  add(state, body);
  std::array<unsigned char, crypto_generichash_BYTES> hash{};
  crypto_generichash_final(&state, hash.data(), hash.size());
  std::string text(2 * hash.size() + 1, '\0');
  sodium_bin2hex(text.data(), text.size(), hash.data(), hash.size());
  text.resize(2 * hash.size());
  return text;
}

Result<> check_idempotency_key(std::string_view key) {
  const bool is_good = !key.empty() && key.size() <= k_key_chars_max &&
                       std::ranges::all_of(key, [](char c) { return c > ' ' && c < 0x7f; });
  if (is_good) return {};
  return fail(ErrorCode::usage, "Idempotency-Key is 1 to 200 printable ASCII characters without spaces");
}

Task<Result<std::optional<StoredAnswer>>> begin_once(pg::Database& database, IdempotencyKey key) {
  std::vector<pg::Command> commands;
  commands.push_back({sql::insert_idempotency_key, pg::Params(key.owner, key.key, key.tenant, key.request_hash)});
  commands.push_back({sql::find_idempotency_key, pg::Params(key.owner, key.key)});
  const auto answers = co_await database.batch(pg::Scope::control(), std::move(commands));
  if (!answers[0].empty()) co_return std::nullopt;
  if (answers[1].empty())
    co_return fail(ErrorCode::conflict, "the first request with this Idempotency-Key just failed");
  const auto row = answers[1].one();
  if (row.get<std::string>("request_hash") != key.request_hash)
    co_return fail(ErrorCode::idempotency_key_reused,
                   "this Idempotency-Key was sent with another request; use a new key for a new request");
  const auto status = row.get<std::optional<int>>("http_status");
  if (!status)
    co_return fail(ErrorCode::conflict, "the first request with this Idempotency-Key is still at work; ask again soon");
  co_return StoredAnswer{*status, row.get<nlohmann::json>("answer")};
}

Task<Result<>> end_once(pg::Database& database, IdempotencyKey key, std::optional<StoredAnswer> answer) {
  auto random = Random::from_system();
  Retry retry({.attempts_max = 100, .first_delay = 100ms, .delay_max = 5s}, random);
  const auto deadline = Deadline::in(1min);
  for (;;) {
    const auto ended = co_await try_to_end(database, key, answer);
    if (ended) co_return ended;
    const auto given_up = co_await retry.pause(ended.error().code, deadline);
    if (!given_up) continue;
    log_error(
        "api: the end of a request with an Idempotency-Key was not recorded; sent again it is refused for ten "
        "minutes: {} {}",
        ended.error().message, ended.error().detail);
    co_return ended;
  }
}

}  // namespace weir::api
