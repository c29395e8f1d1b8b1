#include "base/error.hpp"

#include <array>
#include <new>
#include <system_error>

#include <boost/asio/multiple_exceptions.hpp>
#include <boost/system/system_error.hpp>
#include <nlohmann/json.hpp>

namespace weir {
namespace {

using enum ErrorCode;
using enum RetryClass;

constexpr std::array k_errors{
    ErrorTraits{usage, "usage", 400, 2, never},
    ErrorTraits{invalid_input, "invalid_input", 422, 2, never},
    ErrorTraits{not_found, "not_found", 404, 2, never},
    ErrorTraits{already_exists, "already_exists", 409, 2, never},
    ErrorTraits{conflict, "conflict", 409, 2, now},
    ErrorTraits{configuration, "configuration", 500, 3, never},
    ErrorTraits{wrong_key, "wrong_key", 500, 3, never},
    ErrorTraits{schema_too_old, "schema_too_old", 500, 3, never},
    ErrorTraits{schema_too_new, "schema_too_new", 500, 3, never},
    ErrorTraits{database_unreachable, "database_unreachable", 503, 4, later},
    ErrorTraits{database_error, "database_error", 500, 1, never},
    ErrorTraits{transaction_conflict, "transaction_conflict", 503, 1, now},
    ErrorTraits{invalid_data, "invalid_data", 422, 1, never},
    ErrorTraits{disk_full, "disk_full", 507, 4, later},
    ErrorTraits{lease_lost, "lease_lost", 409, 1, never},
    ErrorTraits{cancelled, "cancelled", 409, 1, never},
    ErrorTraits{timed_out, "timed_out", 504, 1, later},
    ErrorTraits{declaration_invalid, "declaration_invalid", 422, 3, never},
    ErrorTraits{needs_credentials, "needs_credentials", 422, 1, never},
    ErrorTraits{unreachable, "unreachable", 502, 1, later},
    ErrorTraits{provider_failed, "provider_failed", 502, 1, later},
    ErrorTraits{answer_too_large, "answer_too_large", 502, 1, never},
    ErrorTraits{limited, "limited", 503, 1, later},
    ErrorTraits{unauthenticated, "unauthenticated", 401, 3, never},
    ErrorTraits{forbidden, "forbidden", 403, 3, never},
    ErrorTraits{subscription_inactive, "subscription_inactive", 403, 1, later},
    ErrorTraits{quota_spent, "quota_spent", 429, 1, later},
    ErrorTraits{method_not_allowed, "method_not_allowed", 405, 2, never},
    ErrorTraits{request_too_large, "request_too_large", 413, 2, never},
    ErrorTraits{unsupported_media_type, "unsupported_media_type", 415, 2, never},
    ErrorTraits{idempotency_key_reused, "idempotency_key_reused", 422, 2, never},
    ErrorTraits{stopping, "stopping", 503, 1, later},
    ErrorTraits{internal, "internal", 500, 1, never},
};

}  // namespace

std::span<const ErrorTraits> error_table() { return k_errors; }

const ErrorTraits& traits(ErrorCode code) {
  for (const auto& row : k_errors)
    if (row.code == code) return row;
  return k_errors.back();
}

void to_json(nlohmann::json& json, const Error& error) {
  json = {{"code", error.name()}, {"message", error.message}};
  if (!error.detail.empty()) json["detail"] = error.detail;
}

std::unexpected<Error> fail(ErrorCode code, std::string message, std::string detail) {
  return std::unexpected(Error{code, std::move(message), std::move(detail)});
}

Failure::Failure(Error error) : std::runtime_error(error.message), error_(std::move(error)) {}

Error current_error() {
  try {
    throw;
  } catch (const Failure& failure) {
    return failure.error();
  } catch (const boost::asio::multiple_exceptions& several) {
    // Operations awaited together (a read or a timer) all ended with one, as they do when they are cancelled.
    try {
      std::rethrow_exception(several.first_exception());
    } catch (...) {
      return current_error();
    }
  } catch (const boost::system::system_error& error) {
    if (error.code() == boost::system::errc::operation_canceled) return {cancelled, "cancelled"};
    return {internal, error.what()};
  } catch (const std::system_error& error) {
    if (error.code() == std::errc::no_space_on_device) return {disk_full, "the disk is full", error.what()};
    return {internal, error.what()};
  } catch (const std::bad_alloc&) {
    return {internal, "out of memory"};
  } catch (const std::exception& error) {
    return {internal, error.what()};
  } catch (...) {
    return {internal, "an unknown exception"};
  }
}

}  // namespace weir
