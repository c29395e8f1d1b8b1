#include "provider-sim/limits/identity.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace weir::sim {
namespace {

Error wrong(std::string_view key, std::string_view wanted) {
  return {.code = ErrorCode::invalid_input, .message = fmt::format("token: \"{}\" must be {}", key, wanted)};
}

template <class T>
bool take(const nlohmann::json& value, T& into) {
  try {
    value.get_to(into);
    return true;
  } catch (const nlohmann::json::exception&) {
    return false;
  }
}

// The numbers of a token: a bucket's name is its size, NAME_seconds its window.
std::optional<bool> take_limit(TokenSpec& spec, const std::string& key, const nlohmann::json& value) {
  for (std::size_t i = 0; i < k_bucket_names.size(); ++i) {
    if (key == k_bucket_names[i]) return take(value, spec.limits.per_window[i]);
    if (key == fmt::format("{}_seconds", k_bucket_names[i])) return take(value, spec.limits.window_seconds[i]);
  }
  return std::nullopt;
}

std::optional<bool> take_field(TokenSpec& spec, const std::string& key, const nlohmann::json& value) {
  if (key == "token") return take(value, spec.token);
  if (key == "identity") return take(value, spec.identity);
  if (key == "login") return take(value, spec.login);
  if (key == "installation") return take(value, spec.installation);
  if (key == "scopes") return take(value, spec.scopes);
  if (key == "repositories") return take(value, spec.repositories);
  if (key == "denied") return take(value, spec.denied);
  if (key == "sso") return take(value, spec.needs_sso);
  if (key == "can_push") return take(value, spec.can_push);
  return take_limit(spec, key, value);
}

}  // namespace

Result<TokenSpec> parse_token(const nlohmann::json& json) {
  TokenSpec spec;
  if (!json.is_object()) return std::unexpected(wrong("token", "an object"));
  for (const auto& [key, value] : json.items()) {
    const auto taken = take_field(spec, key, value);
    if (!taken) return std::unexpected(wrong(key, "left out: it is not known"));
    if (!*taken) return std::unexpected(wrong(key, "of another type"));
  }
  if (spec.token.empty()) return std::unexpected(wrong("token", "a text"));
  return spec;
}

std::optional<RefusalForm> parse_refusal_form(std::string_view name) {
  using After = RefusalForm::After;
  if (name == "abuse") return RefusalForm{.status = 403, .after = After::none, .is_abuse_text = true};
  RefusalForm form;
  if (!name.starts_with("403") && !name.starts_with("429")) return std::nullopt;
  form.status = name.starts_with("403") ? 403 : 429;
  name.remove_prefix(3);
  if (name == "-date")
    form.after = After::date;
  else if (name == "-bare")
    form.after = After::none;
  else if (!name.empty())
    return std::nullopt;
  return form;
}

void Identity::set_limits(const Limits& limits) {
  limits_ = limits;
  for (std::size_t i = 0; i < windows_.size(); ++i)
    if (windows_[i]) windows_[i]->limit = limits.per_window[i];
}

Identity::Window& Identity::window(Bucket bucket, Time now) {
  const auto index = static_cast<std::size_t>(bucket);
  auto& window = windows_[index];
  if (!window || now >= window->reset)
    window =
        Window{.limit = limits_.per_window[index], .reset = now + std::chrono::seconds(limits_.window_seconds[index])};
  return *window;
}

void Identity::count_points(std::int64_t points, Bucket bucket, Time now) {
  points_[bucket == Bucket::graphql ? 1 : 0].push_back({now, points});
}

std::int64_t Identity::points_last_minute(Bucket bucket, Time now) {
  auto& points = points_[bucket == Bucket::graphql ? 1 : 0];
  while (!points.empty() && points.front().at <= now - std::chrono::seconds(60)) points.pop_front();
  std::int64_t sum = 0;
  for (const Point& point : points) sum += point.points;
  return sum;
}

std::string_view Credentials::token_of(std::string_view authorization) {
  for (const std::string_view scheme : {"Bearer ", "bearer ", "token ", "Token "})
    if (authorization.starts_with(scheme)) return authorization.substr(scheme.size());
  return authorization;
}

void Credentials::add(TokenSpec spec, std::int64_t user_id) {
  if (spec.identity.empty())
    spec.identity = spec.installation != 0 ? fmt::format("installation:{}", spec.installation) : "user:" + spec.login;
  const auto [found, is_new] = identities_.try_emplace(spec.identity, spec.identity, user_id, spec.limits);
  if (!is_new) found->second.set_limits(spec.limits);
  tokens_.insert_or_assign(spec.token, spec);
}

bool Credentials::remove(std::string_view token) {
  const auto found = tokens_.find(token);
  if (found == tokens_.end()) return false;
  tokens_.erase(found);
  return true;
}

const TokenSpec* Credentials::find(std::string_view authorization, Time now) const {
  const auto found = tokens_.find(token_of(authorization));
  if (found == tokens_.end()) return nullptr;
  const bool is_expired = found->second.expires_at && *found->second.expires_at <= now;
  return is_expired ? nullptr : &found->second;
}

Identity& Credentials::identity(const TokenSpec* spec) {
  if (spec) return identities_.at(spec->identity);
  const auto found = identities_.find("anonymous");
  if (found != identities_.end()) return found->second;
  Limits limits;
  limits.per_window = {60, 0, 10};
  return identities_.try_emplace("anonymous", "anonymous", 0, limits).first->second;
}

}  // namespace weir::sim
