// generate: types of events for other languages.
#include <vector>

#include "base/try.h"
#include "cli/export_commands.h"
#include "cli/made_files.h"
#include "typings/typings.h"

namespace user_events::cli {

Result<void> generate_types(const ExportArguments& arguments) {
  UE_TRY_ASSIGN(const ExportSource source, export_source(arguments));
  std::vector<schemas::Model> models;
  for (const auto* type : source.types) {
    UE_TRY_ASSIGN(schemas::Model model, schemas::make_model(*type));
    models.push_back(std::move(model));
  }
  if (arguments.form == "typescript") return write_made_files(arguments.out, typings::typescript(models), arguments.force);
  if (arguments.form == "python") return write_made_files(arguments.out, typings::python(models), arguments.force);
  return write_made_files(arguments.out, typings::cpp(models), arguments.force);
}

}  // namespace user_events::cli
