#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "compatibility/compatibility.h"

namespace user_events::compatibility {

inline std::vector<Finding> findings_of(Format format, std::string_view older, std::string_view newer,
                                        Mode mode = {true, false, false}) {
  const Document versions[] = {{"old", older}, {"new", newer}};
  auto found = check(format, mode, versions);
  EXPECT_TRUE(found) << describe(found.error());
  return found ? *found : std::vector<Finding>{};
}

inline Error refusal_of(Format format, std::string_view older, std::string_view newer) {
  const Document versions[] = {{"old", older}, {"new", newer}};
  auto found = check(format, {true, true, false}, versions);
  EXPECT_FALSE(found) << "it was compared";
  return found ? Error{} : found.error();
}

/// `CODE POINTER`, one a line.
inline std::string listed(const std::vector<Finding>& findings) {
  std::string out;
  for (const Finding& each : findings) out += (out.empty() ? "" : "\n") + each.code + " " + each.pointer;
  return out;
}

}  // namespace user_events::compatibility
