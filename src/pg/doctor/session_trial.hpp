// Whether the connection is a session of its own. A pooler that shares server sessions between clients takes away what
// the liveness of a node stands on: session advisory locks and LISTEN.
#pragma once
#include <string>

#include "base/finding.hpp"
#include "pg/blocking_session.hpp"

namespace weir::pg {

struct SessionTrial {
  bool keeps_its_session = false;  // what was set for the session is there in the next transaction, and only there
  bool hears_itself = false;       // LISTEN, then NOTIFY, arrives
};

// Takes two connections to the same URL, one of them with a transaction open while the other is asked again.
Result<SessionTrial> try_session(const std::string& url);
// `is_direct`: the URL is the one meant for direct connections.
enum class UrlUse { main, direct };
Finding judge_session(const SessionTrial& trial, UrlUse use);

}  // namespace weir::pg
