// The parts of a plan that say what is asked and what answers mean.
#pragma once
#include "plugin/declarative/template_reader.hpp"

namespace weir::plugin::declarative {

RequestPlan read_request(TemplateReader& reader, const YamlNode& node, Roots known);
// One mapping or a list of them.
std::vector<RequestPlan> read_requests(TemplateReader& reader, const YamlNode& node, Roots known);
PagesPlan read_pages(TemplateReader& reader, const YamlNode& node, Roots known);
std::vector<ErrorRule> read_errors(TemplateReader& reader, const YamlNode& mapping, Roots known);

// What is known when an answer came to a request that knew `asked`.
constexpr Roots answer_roots(Roots asked) {
  return asked.with({Root::response, Root::headers, Root::status, Root::records});
}

}  // namespace weir::plugin::declarative
