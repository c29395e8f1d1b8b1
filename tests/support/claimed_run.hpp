// A tenant with a data source, tables of resources, and claimed scripts: what a RunWriter needs, without an
// orchestrator.
#pragma once
#include <string>

#include "load/resource.hpp"
#include "load/run_writer.hpp"
#include "tests/support/test_database.hpp"

namespace weir::test {

// The resources of plugins/resources.
const load::ResourceCatalog& shipped_resources();

class ClaimedRuns {
 public:
  // Makes tables for `catalog`, a tenant `acme` with the data source `src`, and a live node.
  explicit ClaimedRuns(TestDatabase& database, const load::ResourceCatalog& catalog = shipped_resources());

  // Claims a script of the source as the orchestrator would; throws when it is not free.
  load::RunRight claim(const std::string& script = "test/first") const;
  // A cursor reset by somebody else: the run in flight loses its fence.
  void replace_fence(const std::string& script = "test/first") const;
  // The node's lease ran out, and nobody took over yet.
  void expire_lease() const;

  TenantId tenant() const { return tenant_; }

 private:
  TestDatabase& database_;
  TenantId tenant_;
  Epoch epoch_;
};

}  // namespace weir::test
