// What the end of a transfer means, in words.
#include <fmt/format.h>

#include "http/transfer.hpp"

namespace weir::http {

Error Transfer::error_of(CURLcode result) const {
  const auto origin = request_.url.origin().to_string();
  const auto detail =
      fmt::format("{} ({}) on {}", curl_message_.data()[0] != '\0' ? curl_message_.data() : curl_easy_strerror(result),
                  static_cast<int>(result), request_.url.redacted());
  const auto say = [&](ErrorCode code, std::string_view what) {
    return Error{code, fmt::format("{} {}", origin, what), detail};
  };
  switch (result) {
    case CURLE_COULDNT_RESOLVE_HOST:
      return say(ErrorCode::provider_failed, "cannot be found: its name does not resolve");
    case CURLE_COULDNT_RESOLVE_PROXY:
      return say(ErrorCode::provider_failed, "cannot be reached: the name of the proxy (HTTPS_PROXY) does not resolve");
    case CURLE_COULDNT_CONNECT: return say(ErrorCode::provider_failed, "takes no connection");
    case CURLE_OPERATION_TIMEDOUT: return say(ErrorCode::timed_out, "did not answer in time");
    case CURLE_PEER_FAILED_VERIFICATION:
      return say(ErrorCode::provider_failed,
                 "has a certificate that is not trusted; SSL_CERT_FILE can name the authority's certificate");
    case CURLE_SSL_CACERT_BADFILE:
      return say(ErrorCode::configuration, "was not called: the file in SSL_CERT_FILE holds no certificate");
    case CURLE_SSL_CONNECT_ERROR: return say(ErrorCode::provider_failed, "does not speak TLS as it should");
    case CURLE_BAD_CONTENT_ENCODING: return say(ErrorCode::provider_failed, "sent a body that does not decompress");
    // What libcurl says of a header line longer than it ever takes.
    case CURLE_OUT_OF_MEMORY: return say(ErrorCode::answer_too_large, "sent a header line that is too long");
    case CURLE_PARTIAL_FILE: return say(ErrorCode::provider_failed, "cut its answer short");
    case CURLE_GOT_NOTHING: return say(ErrorCode::provider_failed, "closed the connection without an answer");
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_WEIRD_SERVER_REPLY: return say(ErrorCode::provider_failed, "answered with something that is not HTTP");
    default: return say(ErrorCode::provider_failed, "broke off the exchange");
  }
}

}  // namespace weir::http
