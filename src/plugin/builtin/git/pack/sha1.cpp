#include "plugin/builtin/git/pack/sha1.hpp"

namespace weir::plugin::git {
namespace {

void require(int done) {
  if (done != 1) throw Failure({ErrorCode::internal, "OpenSSL has no SHA-1", {}});
}

}  // namespace

Sha1::Sha1() : context_(EVP_MD_CTX_new()) {
  require(context_ != nullptr ? 1 : 0);
  require(EVP_DigestInit_ex(context_.get(), EVP_sha1(), nullptr));
}

void Sha1::update(std::string_view bytes) { require(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size())); }

ObjectId Sha1::finish() {
  ObjectId id;
  require(EVP_DigestFinal_ex(context_.get(), id.bytes.data(), nullptr));
  require(EVP_DigestInit_ex(context_.get(), nullptr, nullptr));
  return id;
}

}  // namespace weir::plugin::git
