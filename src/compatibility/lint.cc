#include "compatibility/lint.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/try.h"
#include "catalogue/dom.h"
#include "compatibility/json_annotations.h"
#include "compatibility/json_text.h"

namespace user_events::compatibility {
namespace {

using catalogue::array_in;
using catalogue::object_in;
using simdjson::dom::element;

constexpr std::size_t kMaxTitleBytes = 80;

// Past participles that do not end in -ed.
constexpr std::string_view kParticiples[] = {
    "begun",   "born",   "bound",  "bought",    "broken",    "brought", "built",      "caught",
    "chosen",  "cut",    "done",   "drawn",     "driven",    "fallen",  "forgotten",  "forgiven",
    "found",   "frozen", "given",  "gone",      "grown",     "held",    "hidden",     "kept",
    "known",   "left",   "lent",   "lost",      "made",      "met",     "overridden", "paid",
    "rebuilt", "reset",  "resent", "rewritten", "said",      "seen",    "sent",       "set",
    "shown",   "shut",   "sold",   "spent",     "split",     "stolen",  "taken",      "taught",
    "thrown",  "told",   "undone", "unfrozen",  "withdrawn", "won",     "written",
};
// Words in -ed that are none. Sorted.
constexpr std::string_view kNoParticiples[] = {"bed",     "embed", "exceed", "feed",  "need",
                                               "proceed", "seed",  "shed",   "speed", "succeed"};
// Nouns for what happened, beside those in -ion and -ment. Sorted.
constexpr std::string_view kNouns[] = {
    "acceptance", "appearance",    "approval", "arrival", "attempt",    "closure", "denial",
    "departure",  "disappearance", "expiry",   "failure", "login",      "logout",  "occurrence",
    "payout",     "purchase",      "refund",   "refusal", "removal",    "renewal", "signin",
    "signout",    "signup",        "timeout",  "visit",   "withdrawal",
};
// What may stand behind a participle: loggedin, signedup.
constexpr std::string_view kParticles[] = {"in", "out", "up", "off", "on"};

static_assert(std::ranges::is_sorted(kNoParticiples) && std::ranges::is_sorted(kNouns));

bool is_participle(std::string_view word) noexcept {
  if (is_listed(kParticiples, word)) return true;
  return word.size() > 3 && word.ends_with("ed") && !is_listed(kNoParticiples, word);
}

bool is_camel_case(std::string_view name) noexcept {
  const auto is_good = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  };
  return !name.empty() && name.front() >= 'a' && name.front() <= 'z' && std::ranges::all_of(name, is_good);
}

bool has_text(const element& schema, std::string_view member) {
  std::string_view text;
  return schema[member].get(text) == simdjson::SUCCESS && !text.empty();
}

class File {
 public:
  File(const CatalogueFile& file, std::vector<Finding>& findings) : file_(file), findings_(findings) {}

  Result<void> run() {
    UE_TRY_ASSIGN(const JsonText text, JsonText::parse({file_.name, file_.text}));
    const element root = text.root();
    if (!says_what_happened(file_.type))
      report("lint-type-name", "",
             fmt::format("`{}` ends in no past participle and no noun for what happened", file_.type));
    std::string_view title;
    if (root["title"].get(title) != simdjson::SUCCESS || title.empty() || title.size() > kMaxTitleBytes ||
        title.ends_with('.') || title.find('\n') != std::string_view::npos)
      report("lint-title", "/title", "the title is no short line");
    if (!has_text(root, "description"))
      report("lint-description", "/description", "the type has no description");
    visit(root, "");
    return {};
  }

 private:
  void report(std::string code, const std::string& pointer, std::string detail) {
    findings_.push_back(
        {Severity::error, Breaks::nobody, std::move(code), file_.name, pointer, std::move(detail)});
  }

  // Members that stand in alternatives only repeat what `properties` beside them has said.
  void visit(const element& value, const std::string& pointer) {
    if (!value.is_object()) return;
    for (const auto field : object_in(value)) {
      if (field.key == "properties" && field.value.is_object()) {
        for (const auto member : object_in(field.value))
          visit_field(member.key, member.value, join(join(pointer, "properties"), member.key));
      } else if (field.key == "items" || field.key == "additionalProperties") {
        visit(field.value, join(pointer, field.key));
      } else if ((field.key == "$defs" || field.key == "definitions") && field.value.is_object()) {
        for (const auto definition : object_in(field.value))
          visit(definition.value, join(join(pointer, field.key), definition.key));
      }
    }
  }

  void visit_field(std::string_view name, const element& schema, const std::string& pointer) {
    if (!is_camel_case(name))
      report("lint-field-name", pointer, fmt::format("`{}` is not in camelCase", name));
    const bool is_object = schema.is_object();
    std::int64_t number = 0;
    if (!is_object || schema["x-field-number"].get(number) != simdjson::SUCCESS)
      report("lint-field-number-missing", pointer, fmt::format("`{}` has no `x-field-number`", name));
    if (!is_object || !has_text(schema, "description"))
      report("lint-description", pointer, fmt::format("`{}` has no description", name));
    std::string_view format;
    const bool is_time =
        is_object && schema["format"].get(format) == simdjson::SUCCESS && format == "date-time";
    if (is_time && name != "timestamp" && !name.ends_with("Timestamp") && !name.ends_with("At"))
      report("lint-time-name", pointer, fmt::format("`{}` is a time and its name does not say so", name));
    visit(schema, pointer);
  }

  const CatalogueFile& file_;
  std::vector<Finding>& findings_;
};

// Numbers must mean the same in every version, also if one in between did not have the field.
Result<void> check_numbers(std::span<const CatalogueFile> versions, std::vector<Finding>& findings) {
  std::vector<Document> documents;
  for (const CatalogueFile& each : versions) documents.push_back({each.name, each.text});
  std::vector<Finding> found;
  UE_TRY(compare_annotations(documents, found));
  for (Finding& finding : found) {
    if (finding.severity != Severity::error) continue;
    finding.code = "lint-field-number-reused";
    findings.push_back(std::move(finding));
  }
  return {};
}

}  // namespace

bool says_what_happened(std::string_view type) noexcept {
  std::string_view word = type.substr(type.rfind('.') + 1);
  word = word.substr(word.find_last_of("-_") + 1);
  if (is_participle(word) || is_listed(kNouns, word) || word.ends_with("ion") || word.ends_with("ment"))
    return true;
  return std::ranges::any_of(kParticles, [&](std::string_view particle) {
    return word.size() > particle.size() && word.ends_with(particle) &&
           is_participle(word.substr(0, word.size() - particle.size()));
  });
}

Result<std::vector<Finding>> lint(const std::vector<CatalogueFile>& files,
                                  const std::vector<CatalogueFile>& known) {
  std::vector<Finding> findings;
  std::vector<CatalogueFile> versions;  // of one type, up to the one that is looked at
  for (const CatalogueFile& file : files) {
    UE_TRY(File(file, findings).run());
    if (versions.empty() || versions.back().type != file.type) {
      versions.clear();
      for (const CatalogueFile& each : known)
        if (each.type == file.type && each.version < file.version) versions.push_back(each);
    }
    const std::uint32_t expected = versions.empty() ? 1 : versions.back().version + 1;
    if (file.version > expected)
      findings.push_back({Severity::error, Breaks::nobody, "lint-version-gap", file.name, "",
                          fmt::format("version {} of {} is left out", expected, file.type)});
    versions.push_back(file);
    UE_TRY(check_numbers(versions, findings));
  }
  return findings;
}

}  // namespace user_events::compatibility
