#include "plugin/builtin/git/repository_url.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <boost/url/parse.hpp>
#include <boost/url/url.hpp>

namespace weir::plugin::git {
namespace {

constexpr std::size_t k_url_bytes_max = 480;  // a key may have 512

std::unexpected<Error> refuse(std::string message) { return fail(ErrorCode::invalid_input, std::move(message)); }

std::string_view without_suffix(std::string_view text, std::string_view suffix) {
  if (text.ends_with(suffix)) text.remove_suffix(suffix.size());
  return text;
}

std::string_view last_segment(std::string_view path) { return path.substr(path.rfind('/') + 1); }

// The scheme in lower case; empty when there is none.
std::string scheme_of(std::string_view text) {
  const auto end = text.find("://");
  if (end == std::string_view::npos) return {};
  std::string scheme(text.substr(0, end));
  for (auto& c : scheme)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return scheme;
}

Result<RepositoryUrl> parse_local(std::string_view path) {
  const auto normal = std::filesystem::path(path).lexically_normal();
  auto text = normal.string();
  if (text.size() > 1 && text.ends_with('/')) text.pop_back();
  RepositoryUrl url;
  url.kind = RepositoryUrl::Kind::local;
  url.path = text;
  url.url = text;
  url.repo_key = without_suffix(text, "/.git");
  url.name = without_suffix(last_segment(url.repo_key), ".git");
  if (url.name.empty()) return refuse(fmt::format("GIT_URL: {} is no path of a repository", path));
  url.full_name = url.name;
  return url;
}

Result<RepositoryUrl> parse_file_url(std::string_view text) {
  const auto parsed = boost::urls::parse_uri(text);
  if (!parsed || parsed->has_query() || parsed->has_fragment())
    return refuse(fmt::format("GIT_URL: {} is no file URL; write file:///path or just /path", text));
  if (!parsed->host().empty() && parsed->host() != "localhost")
    return refuse(fmt::format("GIT_URL: {} names another machine; write file:///path or just /path", text));
  return parse_local(parsed->path());
}

Result<RepositoryUrl> parse_http(std::string_view text) {
  const auto parsed = boost::urls::parse_uri(text);
  if (!parsed) {
    // What is wrong may hide a password: do not show it.
    if (text.contains('@')) return refuse("GIT_URL: a URL with an @ cannot be read; percent-encode it in a path (%40)");
    return refuse(fmt::format("GIT_URL: {} is no URL", text));
  }
  const std::string host(parsed->host());
  if (parsed->has_userinfo())
    return refuse(
        fmt::format("GIT_URL: the URL of {} carries credentials; remove them and set GIT_TOKEN (and "
                    "GIT_USERNAME where the server wants a name) instead",
                    host));
  if (parsed->has_query() || parsed->has_fragment())
    return refuse(fmt::format("GIT_URL: the URL of {} has a query or a fragment, which no clone URL has", host));
  boost::urls::url url(*parsed);
  url.normalize();
  if (url.has_port() && (url.port() == (url.scheme() == "https" ? "443" : "80") || url.port().empty()))
    url.remove_port();
  std::string path(url.encoded_path());
  while (path.ends_with('/')) path.pop_back();
  url.set_encoded_path(path);
  if (host.empty() || path.empty()) return refuse(fmt::format("GIT_URL: {} names no repository on its server", text));

  RepositoryUrl result;
  result.url = std::string(url.buffer());
  result.is_encrypted = url.scheme() == "https";
  result.host = url.host();
  const auto plain_path = without_suffix(path, ".git");
  result.repo_key = std::string(url.encoded_host_and_port()) + std::string(plain_path);
  result.full_name = plain_path.substr(1);
  result.name = last_segment(plain_path);
  if (result.name.empty()) return refuse(fmt::format("GIT_URL: {} names no repository on its server", text));
  return result;
}

Result<RepositoryUrl> parse_one(std::string_view text) {
  if (text.size() > k_url_bytes_max)
    return refuse(fmt::format("GIT_URL: a URL of {} bytes is too long; {} are allowed", text.size(), k_url_bytes_max));
  const auto scheme = scheme_of(text);
  if (scheme == "http" || scheme == "https") return parse_http(text);
  if (scheme == "file") return parse_file_url(text);
  if (!scheme.empty())
    return refuse(
        fmt::format("GIT_URL: {}:// is not supported; use the https:// URL of the repository with GIT_TOKEN", scheme));
  if (text.starts_with('/')) return parse_local(text);
  if (text.contains("::")) return refuse("GIT_URL: remote helpers (name::address) are not supported; use https://");
  // user@host:path
  if (const auto colon = text.find(':'); colon != std::string_view::npos && !text.substr(0, colon).contains('/'))
    return refuse(
        "GIT_URL: ssh (user@host:path) is not supported; use the https:// URL of the repository with "
        "GIT_TOKEN");
  return refuse(fmt::format("GIT_URL: {} is neither an https:// URL nor an absolute path", text));
}

}  // namespace

Result<std::vector<RepositoryUrl>> parse_repository_urls(std::string_view setting) {
  constexpr std::string_view k_spaces = " \t\r\n\v\f";
  std::vector<RepositoryUrl> urls;
  for (;;) {
    setting.remove_prefix(std::min(setting.find_first_not_of(k_spaces), setting.size()));
    if (setting.empty()) break;
    const auto text = setting.substr(0, setting.find_first_of(k_spaces));
    setting.remove_prefix(text.size());
    auto url = parse_one(text);
    if (!url) return std::unexpected(url.error());
    if (std::ranges::find(urls, url->repo_key, &RepositoryUrl::repo_key) == urls.end()) urls.push_back(std::move(*url));
  }
  if (urls.empty()) return refuse("GIT_URL is empty; give one or more https:// URLs, separated by spaces");
  return urls;
}

}  // namespace weir::plugin::git
