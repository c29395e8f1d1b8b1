// The hash of git's object names and files, piece by piece.
#pragma once
#include <memory>
#include <string_view>

#include <openssl/evp.h>

#include "plugin/builtin/git/libgit2.hpp"
#include "plugin/builtin/git/object_id.hpp"

namespace weir::plugin::git {

class Sha1 {
 public:
  Sha1();
  void update(std::string_view bytes);
  ObjectId finish();  // and begins anew

 private:
  Handle<EVP_MD_CTX, EVP_MD_CTX_free> context_;
};

}  // namespace weir::plugin::git
