#include "cli/findings_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/json_text.h"
#include "base/uri_text.h"
#include "cli/output.h"
#include "user_events/version.h"

namespace user_events::cli {
namespace {

using base::json_string;
using compatibility::Breaks;
using compatibility::Finding;
using compatibility::Severity;
using Findings = std::span<const Finding>;

std::size_t count_of(Findings findings, Severity severity) {
  return static_cast<std::size_t>(std::ranges::count(findings, severity, &Finding::severity));
}

std::string place_of(const Finding& finding) {
  return finding.pointer.empty() ? finding.file : finding.file + "#" + finding.pointer;
}

std::string breaks_text(const Finding& finding) {
  return finding.breaks == Breaks::nobody ? std::string()
                                          : fmt::format("; breaks {}", describe(finding.breaks));
}

std::string text_of(std::string_view what, Findings findings) {
  std::string out;
  for (const Finding& each : findings)
    out += printable(fmt::format("{}: {}: {} [{}]{}", place_of(each), name(each.severity), each.detail,
                                 each.code, breaks_text(each))) +
           fmt::format("\n  instead: {}\n", compatibility::rule(each.code).advice);
  const auto errors = count_of(findings, Severity::error), warnings = findings.size() - errors;
  return out +
         printable(fmt::format("{}: {}, {}", what, errors == 0 ? "no errors" : counted(errors, "error"),
                               counted(warnings, "warning"))) +
         "\n";
}

std::string json_of(Findings findings) {
  std::string list;
  for (const Finding& each : findings)
    list += fmt::format(
        "{}{{\"severity\":{},\"code\":{},\"breaks\":{},\"file\":{},\"pointer\":{},\"detail\":{},\"advice\":{}"
        "}}",
        list.empty() ? "" : ",", json_string(name(each.severity)), json_string(each.code),
        json_string(describe(each.breaks)), json_string(each.file), json_string(each.pointer), json_string(each.detail),
        json_string(compatibility::rule(each.code).advice));
  const auto errors = count_of(findings, Severity::error);
  return fmt::format("{{\"passed\":{},\"errors\":{},\"warnings\":{},\"findings\":[{}]}}\n", errors == 0,
                     errors, findings.size() - errors, list);
}

// A path as a URI reference: what could be taken for something else is percent-encoded.
std::string uri_of(std::string_view path) {
  std::string out;
  base::append_percent_encoded(path, out, [](char c) { return base::is_unreserved(c) || c == '/'; });
  return out;
}

std::string sarif_of(Findings findings) {
  std::set<std::string_view> codes;
  std::string rules, results;
  for (const Finding& each : findings) {
    const auto& rule = compatibility::rule(each.code);
    if (codes.insert(rule.code).second)
      rules +=
          fmt::format("{}{{\"id\":{},\"shortDescription\":{{\"text\":{}}},\"help\":{{\"text\":{}}}}}",
                      rules.empty() ? "" : ",", json_string(rule.code), json_string(rule.summary), json_string(rule.advice));
    results += fmt::format(
        "{}{{\"ruleId\":{},\"level\":{},\"message\":{{\"text\":{}}},\"locations\":[{{\"physicalLocation\":{{"
        "\"artifactLocation\":{{\"uri\":{}}}}},"
        "\"logicalLocations\":[{{\"fullyQualifiedName\":{}}}]}}]}}",
        results.empty() ? "" : ",", json_string(each.code), json_string(name(each.severity)),
        json_string(fmt::format("{}{}; instead: {}", each.detail, breaks_text(each), rule.advice)),
        json_string(uri_of(each.file)), json_string(each.pointer));
  }
  return fmt::format(
      "{{\"$schema\":\"https://json.schemastore.org/"
      "sarif-2.1.0.json\",\"version\":\"2.1.0\",\"runs\":[{{\"tool\":{{\"driver\":{{\"name\":\"user-events\","
      "\"version\":{},\"rules\":[{}]}}}},\"results\":[{}]}}]}}\n",
      json_string(UE_VERSION), rules, results);
}

// What XML 1.0 cannot hold at all is shown as `?`.
std::string xml(std::string_view text) {
  std::string out;
  for (const char c : printable(text)) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

// A finding is a test case: an error is one that failed. Without findings there is one that passed.
std::string junit_of(std::string_view what, Findings findings) {
  std::string cases;
  for (const Finding& each : findings) {
    cases += fmt::format("  <testcase classname=\"{}\" name=\"{}\"", xml(each.code), xml(place_of(each)));
    const std::string message = xml(fmt::format("{}{}", each.detail, breaks_text(each)));
    cases += each.severity == Severity::error
                 ? fmt::format("><failure type=\"{}\" message=\"{}\">instead: {}</failure></testcase>\n",
                               xml(each.code), message, xml(compatibility::rule(each.code).advice))
                 : fmt::format("><system-out>warning: {}</system-out></testcase>\n", message);
  }
  if (findings.empty()) cases = fmt::format("  <testcase classname=\"schema\" name=\"{}\"/>\n", xml(what));
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" "
      "errors=\"0\">\n{}</testsuite>\n",
      xml(what), std::max<std::size_t>(findings.size(), 1), count_of(findings, Severity::error), cases);
}

}  // namespace

std::string report_of(std::string_view format, std::string_view what, Findings findings) {
  if (format == "json") return json_of(findings);
  if (format == "sarif") return sarif_of(findings);
  return format == "junit" ? junit_of(what, findings) : text_of(what, findings);
}

}  // namespace user_events::cli
