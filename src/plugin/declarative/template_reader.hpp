// Reads expressions out of a file's tree, and checks what they name: settings, secrets, columns of the partition's
// resource. Collects every problem with its place.
#pragma once
#include <set>
#include <span>
#include <string>
#include <vector>

#include "base/yaml_schema.hpp"
#include "load/resource.hpp"
#include "plugin/declaration.hpp"
#include "plugin/declarative/plan.hpp"

namespace weir::plugin::declarative {

enum class Secrets { refused, allowed };

// The file that is read.
struct PlanSource {
  const std::string& file;
  std::string_view text;                         // of the whole file
  std::span<const tenancy::ConfigKey> settings;  // of the provider
  std::vector<FileProblem>& problems;
};

class TemplateReader {
 public:
  explicit TemplateReader(PlanSource source) : source_(source) {}

  // An absent template for a key that is not there.
  Template read(const YamlNode& mapping, std::string_view key, Roots known, Secrets secrets = Secrets::refused);
  Template read(const YamlNode& node, Roots known, Secrets secrets = Secrets::refused);
  // A path in a record (user.login), or an expression.
  Template read_path(const YamlNode& mapping, std::string_view key, Root root, Roots known);
  std::vector<NamedTemplate> read_named(const YamlNode& mapping, std::string_view key, Roots known,
                                        Secrets secrets = Secrets::refused);
  Structure read_structure(const YamlNode& node, Roots known);

  void report(const YamlNode& at, std::string message, std::string remedy);
  void report(const YamlNode& at, const ExpressionProblem& problem);
  void report(FileProblem problem) { source_.problems.push_back(std::move(problem)); }

  // What `partition.…` may name; nullptr: nothing is known of it.
  void set_partition(const load::Resource* resource, bool is_list) {
    partition_ = resource;
    is_list_ = is_list;
  }
  // The columns of the partition's resource that expressions used so far.
  const std::set<std::string, std::less<>>& partition_columns() const { return columns_; }

 private:
  void check(const Template& read, const YamlNode& node, Secrets secrets);
  void check_setting(const Template& read, const YamlNode& node, std::string_view key, std::size_t offset,
                     Secrets secrets);
  void check_partition(const YamlNode& node, std::string_view key, std::size_t offset);

  PlanSource source_;
  const load::Resource* partition_ = nullptr;
  bool is_list_ = false;
  std::set<std::string, std::less<>> columns_;
};

}  // namespace weir::plugin::declarative
