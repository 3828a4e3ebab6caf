// Errors that an input can cause: absl::Status with where, what was found and what would be right.
#ifndef SIM_BASE_STATUS_H_
#define SIM_BASE_STATUS_H_

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

// Returns the status of `expression` from the calling function unless it is OK.
#define RETURN_IF_ERROR(expression)                                         \
  do {                                                                      \
    if (absl::Status status_ = (expression); !status_.ok()) return status_; \
  } while (false)

// ASSIGN_OR_RETURN(auto x, F()): x = *F(), or returns F()'s status.
#define FLEETSIM_CONCAT_INNER(a, b) a##b
#define FLEETSIM_CONCAT(a, b) FLEETSIM_CONCAT_INNER(a, b)
#define ASSIGN_OR_RETURN(declaration, expression) \
  FLEETSIM_ASSIGN_OR_RETURN(FLEETSIM_CONCAT(status_or_, __LINE__), declaration, expression)
#define FLEETSIM_ASSIGN_OR_RETURN(temporary, declaration, expression) \
  auto temporary = (expression);                                      \
  if (!temporary.ok()) return temporary.status();                     \
  declaration = *std::move(temporary)

namespace fleetsim {

// Where in an input something is wrong. `line` 0: the whole file; `column` 0: the whole line.
struct Location {
  std::string file;
  int line = 0;
  std::string field = "";  // dotted path, e.g. "jobs[0].pretrain.tokens"
  int column = 0;
};

// "FILE:LINE:COLUMN: FIELD: found; expected". Exit code 2.
inline absl::Status InputError(const Location& where, absl::string_view found,
                               absl::string_view expected) {
  return absl::InvalidArgumentError(
      absl::StrCat(where.file, where.line > 0 ? absl::StrCat(":", where.line) : "",
                   where.line > 0 && where.column > 0 ? absl::StrCat(":", where.column) : "", ": ",
                   where.field.empty() ? "" : absl::StrCat(where.field, ": "), found,
                   expected.empty() ? "" : absl::StrCat("; ", expected)));
}

// The input is well formed but what it asks for cannot be: does not fit, cannot be placed. Exit
// code 1.
inline absl::Status Infeasible(absl::string_view reason) {
  return absl::FailedPreconditionError(reason);
}

}  // namespace fleetsim

#endif  // SIM_BASE_STATUS_H_
