#include "tests/support/http/http_server.hpp"

#include <map>
#include <set>

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/ssl/impl/src.hpp>
#include <boost/asio/write.hpp>

#include "base/task_group.hpp"
#include "tests/support/http/http2.hpp"

namespace weir::test {
namespace {

using Tcp = asio::ip::tcp;
using TlsStream = asio::ssl::stream<Tcp::socket>;

struct Identity {
  std::string certificate, key;
};

std::string to_pem(BIO* bio) {
  char* data = nullptr;
  const auto size = BIO_get_mem_data(bio, &data);
  std::string text(data, static_cast<std::size_t>(size));
  BIO_free(bio);
  return text;
}

Identity make_identity() {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* certificate = X509_new();
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
  X509_set_pubkey(certificate, key);
  X509_NAME* name = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("weir test"), -1, -1, 0);
  X509_set_issuer_name(certificate, name);
  for (const auto& [nid, value] : std::map<int, const char*>{{NID_subject_alt_name, "IP:127.0.0.1,DNS:localhost"},
                                                             {NID_basic_constraints, "critical,CA:TRUE"}}) {
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, nid, value);
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
  }
  X509_sign(certificate, key, EVP_sha256());
  BIO* certificate_text = BIO_new(BIO_s_mem());
  PEM_write_bio_X509(certificate_text, certificate);
  BIO* key_text = BIO_new(BIO_s_mem());
  PEM_write_bio_PrivateKey(key_text, key, nullptr, nullptr, 0, nullptr, nullptr);
  X509_free(certificate);
  EVP_PKEY_free(key);
  return {to_pem(certificate_text), to_pem(key_text)};
}

int choose_http2(SSL*, const unsigned char** chosen, unsigned char* length, const unsigned char* offered,
                 unsigned int offered_length, void*) {
  static constexpr unsigned char k_http2[] = {2, 'h', '2'};  // NOLINT: OpenSSL's own format
  unsigned char* found = nullptr;
  const auto result = SSL_select_next_proto(&found, length, k_http2, sizeof k_http2, offered, offered_length);
  *chosen = found;
  return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

SeenRequest parse_head(std::string head) {
  SeenRequest seen;
  const auto line = head.substr(0, head.find("\r\n"));
  const auto first = line.find(' ');
  const auto second = line.find(' ', first + 1);
  seen.method = line.substr(0, first);
  seen.target = first == std::string::npos ? "" : line.substr(first + 1, second - first - 1);
  seen.head = std::move(head);
  return seen;
}

}  // namespace

std::string SeenRequest::header(const std::string& name) const {
  const auto start = head.find("\r\n" + name + ": ");
  if (start == std::string::npos) return "";
  const auto value = start + name.size() + 4;
  return head.substr(value, head.find("\r\n", value) - value);
}

HttpReply reply(int status, const std::string& body, const std::string& headers) {
  return {.parts = {"HTTP/1.1 " + std::to_string(status) + " Reason\r\nContent-Length: " + std::to_string(body.size()) +
                    "\r\n" + headers + "\r\n" + body}};
}

HttpReply raw(std::string bytes, HttpReply::End end) { return {.parts = {std::move(bytes)}, .end = end}; }

struct HttpServer::State : std::enable_shared_from_this<State> {
  State(Executor executor_of, Handler handler_of, Options options_of)
      : executor(executor_of),
        handler(std::move(handler_of)),
        options(std::move(options_of)),
        acceptor(executor_of, Tcp::endpoint(asio::ip::make_address(options.address),
                                            static_cast<asio::ip::port_type>(options.port))),
        group(executor_of) {
    options.port = acceptor.local_endpoint().port();
  }

  Task<> accept() {
    for (;;) {
      Tcp::socket socket = co_await acceptor.async_accept(asio::use_awaitable);
      const int number = ++connections;
      if (tls)
        group.spawn("https connection", serve_tls(std::move(socket), number));
      else
        group.spawn("http connection", serve_plain(std::move(socket), number));
    }
  }

  Task<> serve_plain(Tcp::socket socket, int number) { co_await serve(socket, socket, number); }

  Task<> serve_tls(Tcp::socket socket, int number) {
    TlsStream stream(std::move(socket), *tls);
    boost::system::error_code failed;
    co_await stream.async_handshake(TlsStream::server, asio::redirect_error(asio::use_awaitable, failed));
    if (failed) co_return;
    if (options.security == Security::tls_http2)
      co_await serve_two(stream, number);
    else
      co_await serve(stream, stream.next_layer(), number);
  }

  Task<> serve_two(TlsStream& stream, int number) {
    ++open;
    try {
      co_await serve_http2(stream, options.http2_together, [this, number] {
        SeenRequest seen;
        seen.connection = number;
        requests.push_back(std::move(seen));
      });
    } catch (const boost::system::system_error&) {
      // The client went, or the test ended.
    }
    --open;
  }

  template <class Stream>
  Task<> serve(Stream& stream, Tcp::socket& socket, int number) {
    ++open;
    try {
      co_await answer_requests(stream, socket, number);
    } catch (const boost::system::system_error&) {
      // The client went, or the test ended.
    }
    --open;
  }

  template <class Stream>
  Task<> answer_requests(Stream& stream, Tcp::socket& socket, int number) {
    std::string buffer;
    for (;;) {
      const auto head_size =
          co_await asio::async_read_until(stream, asio::dynamic_buffer(buffer), "\r\n\r\n", asio::use_awaitable);
      auto seen = parse_head(buffer.substr(0, head_size));
      buffer.erase(0, head_size);
      seen.connection = number;
      const auto length = seen.header("Content-Length");
      const auto body_size = length.empty() ? 0 : std::stoul(length);
      if (buffer.size() < body_size)
        co_await asio::async_read(stream, asio::dynamic_buffer(buffer),
                                  asio::transfer_exactly(body_size - buffer.size()), asio::use_awaitable);
      seen.body = buffer.substr(0, body_size);
      buffer.erase(0, body_size);
      received += static_cast<std::int64_t>(head_size + body_size);
      requests.push_back(seen);
      const auto answer = handler(seen);
      co_await write(stream, answer);
      if (answer.end == HttpReply::End::keep) continue;
      if (answer.end == HttpReply::End::reset) socket.set_option(Tcp::socket::linger(true, 0));
      if (answer.end == HttpReply::End::hang)
        co_await stream.async_read_some(asio::buffer(&spare, 1), asio::use_awaitable);
      socket.close();
      co_return;
    }
  }

  template <class Stream>
  Task<> write(Stream& stream, HttpReply answer) {
    for (const auto& part : answer.parts) {
      const auto size = co_await asio::async_write(stream, asio::buffer(part), asio::use_awaitable);
      sent += static_cast<std::int64_t>(size);
      if (answer.pause_between.count() > 0) co_await sleep_for(answer.pause_between);
    }
    for (std::int64_t i = 0; i < answer.repeats; ++i) {
      const auto size = co_await asio::async_write(stream, asio::buffer(answer.repeated), asio::use_awaitable);
      sent += static_cast<std::int64_t>(size);
    }
  }

  Executor executor;
  Handler handler;
  Options options;
  Tcp::acceptor acceptor;
  std::unique_ptr<asio::ssl::context> tls;
  Identity identity;
  int connections = 0;
  int open = 0;
  std::int64_t received = 0;
  std::int64_t sent = 0;
  char spare = 0;
  std::vector<SeenRequest> requests;
  TaskGroup group;
};

HttpServer::HttpServer(Executor executor, Handler handler) : HttpServer(executor, std::move(handler), Options()) {}

HttpServer::HttpServer(Executor executor, Handler handler, Options options)
    : state_(std::make_shared<State>(executor, std::move(handler), std::move(options))) {
  if (state_->options.security != Security::plain) {
    state_->identity = make_identity();
    state_->tls = std::make_unique<asio::ssl::context>(asio::ssl::context::tls_server);
    state_->tls->use_certificate(asio::buffer(state_->identity.certificate), asio::ssl::context::pem);
    state_->tls->use_private_key(asio::buffer(state_->identity.key), asio::ssl::context::pem);
  }
  if (state_->options.security == Security::tls_http2)
    SSL_CTX_set_alpn_select_cb(state_->tls->native_handle(), &choose_http2, nullptr);
  state_->group.spawn("accept", state_->accept());
}

HttpServer::~HttpServer() = default;

int HttpServer::port() const { return state_->options.port; }
std::string HttpServer::origin() const {
  const std::string scheme = state_->tls ? "https" : "http";
  return scheme + "://" + state_->options.address + ":" + std::to_string(port());
}
const std::string& HttpServer::certificate() const { return state_->identity.certificate; }
int HttpServer::connections() const { return state_->connections; }
std::int64_t HttpServer::bytes_received() const { return state_->received; }
std::int64_t HttpServer::bytes_sent() const { return state_->sent; }
int HttpServer::open_connections() const { return state_->open; }
const std::vector<SeenRequest>& HttpServer::requests() const { return state_->requests; }

Task<> HttpServer::stop() {
  state_->acceptor.close();
  co_await state_->group.stop(Deadline::in(std::chrono::seconds(10)));
}

}  // namespace weir::test
