// Errors as values. Expected outcomes (a wrong argument, a lost lease, a refused record) travel as Result<T>; a broken
// environment (the database gone) travels as the exception Failure and is turned into an Error once, at the door.
#pragma once
#include <expected>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

namespace weir {

enum class ErrorCode {
  usage,          // the command line or request is wrong in form
  invalid_input,  // well formed, but a value is not acceptable
  not_found,      // the named thing does not exist (or belongs to another tenant)
  already_exists,
  conflict,        // the thing changed meanwhile, or its state does not allow this
  configuration,   // Weir's own configuration: environment, files, roles, permissions
  wrong_key,       // the master key is not the one the database was sealed with
  schema_too_old,  // run `weir db migrate`
  schema_too_new,  // this binary is older than the database
  database_unreachable,
  database_error,        // the database refused a statement for a reason that is our fault
  transaction_conflict,  // serialization failure or deadlock: the same transaction may succeed now
  invalid_data,          // the database refused a value
  disk_full,
  lease_lost,  // the fence was replaced: another node, a reset or a cancel owns the run
  cancelled,
  timed_out,
  declaration_invalid,  // a plugin file is broken
  needs_credentials,    // the provider refused the credentials, or a secret cannot be opened
  unreachable,          // one partition is forbidden, gone or blocked at the provider
  provider_failed,      // the provider or its data failed in a way that may pass
  answer_too_large,     // the provider's answer exceeds a bound of Weir's
  limited,              // the provider said: not now
  unauthenticated,      // no valid API key was shown
  forbidden,            // the API key does not allow this
  subscription_inactive,
  quota_spent,             // the tenant's runs of the day are used up
  method_not_allowed,      // the path exists, the method does not
  request_too_large,       // the request exceeds a bound of Weir's
  unsupported_media_type,  // the request is not JSON
  idempotency_key_reused,  // with another request than the first one
  stopping,                // this process ends and takes nothing new
  internal,                // a bug
};

enum class RetryClass { never, later, now };

struct ErrorTraits {
  ErrorCode code;
  std::string_view name;  // stable, part of the API
  int http_status;
  int exit_code;  // 1 a script failed, 2 usage, 3 configuration or key, 4 database not reachable
  RetryClass retry;
};

// One row per code; a test proves that none is missing.
std::span<const ErrorTraits> error_table();
const ErrorTraits& traits(ErrorCode code);

struct Error {
  ErrorCode code = ErrorCode::internal;
  std::string message;   // for a person: what happened, to whom, what to do. Never a secret.
  std::string detail{};  // for an engineer: the statement's name, SQLSTATE, file and line. Never a secret.

  std::string_view name() const { return traits(code).name; }
  int exit_code() const { return traits(code).exit_code; }
};

void to_json(nlohmann::json& json, const Error& error);

template <class T = void>
using Result = std::expected<T, Error>;

// fail(code, "tenant {} is not known", key): the error side of any Result.
std::unexpected<Error> fail(ErrorCode code, std::string message, std::string detail = {});

// The exception that carries an Error out of a broken environment.
class Failure : public std::runtime_error {
 public:
  explicit Failure(Error error);
  const Error& error() const noexcept { return error_; }

 private:
  Error error_;
};

// Turns whatever is being handled into an Error; call it only inside a catch block.
Error current_error();

}  // namespace weir
