// The statements over a resource's own table that end a listing.
#pragma once
#include <map>
#include <string>

#include "load/resource.hpp"
#include "load/run_writer.hpp"

namespace weir::load {

// A listing of one partition, and which rows of a resource belong to it.
struct Listing {
  std::string partition;
  std::int64_t generation;
  std::map<std::string, std::string> columns;  // column → value
};

class GenerationStatements {
 public:
  // Throws Failure(declaration_invalid) when the resource lacks a column of the listing, or it is not text.
  GenerationStatements(const Resource& resource, const Listing& listing);
  GenerationStatements(const GenerationStatements&) = delete;
  GenerationStatements& operator=(const GenerationStatements&) = delete;

  // Answers one row: `total` and `missing`, the rows this script wrote in the partition and those not seen.
  pg::Command count(const RunRight& right) const;
  // Marks at most `rows_max` unseen rows as deleted; answers one row: `deleted`.
  pg::Command tombstone(const RunRight& right, std::int64_t rows_max) const;

 private:
  pg::Params params(const RunRight& right) const;

  const Resource& resource_;
  const Listing& listing_;
  std::string count_name_, count_sql_;
  std::string tombstone_name_, tombstone_sql_;
};

}  // namespace weir::load
