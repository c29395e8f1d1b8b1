#include "pg/doctor/session_trial.hpp"

#include "pg/sql.hpp"

namespace weir::pg {
namespace {

constexpr std::chrono::milliseconds k_notice_timeout{1000};

std::string mark_of(BlockingSession& session) {
  return session.query(sql::read_session_mark).one().get<std::string>("mark");
}

bool keeps_its_session(BlockingSession& session, BlockingSession& other) {
  const auto mark = session.query(sql::set_session_mark).one().get<std::string>("mark");
  // The open transaction keeps whatever server session the other connection got.
  other.run_script({"pg.begin", "BEGIN"});
  const bool is_shared = mark_of(other) == mark;
  const bool is_kept = mark_of(session) == mark;
  other.run_script({"pg.rollback", "ROLLBACK"});
  return is_kept && !is_shared;
}

}  // namespace

Result<SessionTrial> try_session(const std::string& url) {
  auto session = BlockingSession::open(url);
  if (!session) return std::unexpected(session.error());
  auto other = BlockingSession::open(url);
  if (!other) return std::unexpected(other.error());
  SessionTrial trial;
  trial.keeps_its_session = keeps_its_session(*session, *other);
  trial.hears_itself = session->hears_itself(k_notice_timeout);
  return trial;
}

Finding judge_session(const SessionTrial& trial, UrlUse use) {
  if (trial.keeps_its_session && trial.hears_itself) return {"sessions", Verdict::ok, "session locks and LISTEN work"};
  const std::string reason =
      "a pooler in between gives no session of its own: a killed process is noticed only when its lease is over, a "
      "cancelled run only at its next checkpoint";
  if (use == UrlUse::main)
    return {"sessions", Verdict::warning, reason,
            "name the server itself, or a pooler in session mode, in WEIR_DATABASE_DIRECT_URL"};
  return {"sessions", Verdict::warning, reason,
          "WEIR_DATABASE_DIRECT_URL names a pooler too: let it name the server itself"};
}

}  // namespace weir::pg
