// git's smart HTTP protocol over libcurl, as a transport of libgit2. libgit2's own has no time-outs, cannot be
// cancelled while it waits, obeys proxies of the environment, and gives no say about the address it connects to. Here:
//
// - Every connection, also of a redirect, asks the egress guard with the address that is about to be connected to, so
//   no trick of DNS leads inside. Proxies are not used.
// - A redirect is followed on the same host only, never from https to http; anything else is an error that names the
//   new place. The token therefore never goes to a host that the tenant did not name.
// - The token is sent in the clear to nobody: with http:// only to this machine itself.
// - A server that is silent for too long, or does not accept a connection, is given up.
// - Packs are asked for whole: no delta in them changes what only the clone has.
#pragma once
#include <memory>
#include <optional>

#include <git2.h>

#include "base/error.hpp"
#include "plugin/builtin/git/remote_access.hpp"
#include "plugin/builtin/git/stop.hpp"

namespace weir::plugin::git {

// One conversation with one repository, for one thread. Install it into the callbacks of a git_remote, which must not
// outlive it; when a call on that remote fails, error() says why if the reason lay in the conversation.
class SmartHttp {
 public:
  // All three outlive this.
  SmartHttp(const RemoteAccess& access, const Stop& stop, Traffic& traffic);
  ~SmartHttp();
  SmartHttp(const SmartHttp&) = delete;
  SmartHttp& operator=(const SmartHttp&) = delete;

  void install(git_remote_callbacks& callbacks);
  const std::optional<Error>& error() const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace weir::plugin::git
