// TRY: the one macro of the project. GCC 12's std::expected has no monadic operations.
#pragma once

#include <utility>

#define UE_TRY_CONCAT_(a, b) a##b
#define UE_TRY_NAME_(a, b) UE_TRY_CONCAT_(a, b)

/// `UE_TRY(expr);` returns the error of `expr` to the caller, if it has one.
#define UE_TRY(expr)                                                                     \
  do {                                                                                   \
    if (auto ue_try_result = (expr); !ue_try_result) [[unlikely]]                        \
      return std::unexpected(std::move(ue_try_result).error());                          \
  } while (false)

/// `UE_TRY_ASSIGN(auto x, expr);` declares x from the value of `expr`, or returns its error.
#define UE_TRY_ASSIGN(declaration, expr) \
  UE_TRY_ASSIGN_(UE_TRY_NAME_(ue_try_, __LINE__), declaration, expr)
// A declaration and a name cannot stand in parentheses.
// NOLINTBEGIN(bugprone-macro-parentheses)
#define UE_TRY_ASSIGN_(name, declaration, expr)                                           \
  auto name = (expr);                                                                     \
  if (!name) [[unlikely]] return std::unexpected(std::move(name).error());                \
  declaration = *std::move(name)
// NOLINTEND(bugprone-macro-parentheses)
