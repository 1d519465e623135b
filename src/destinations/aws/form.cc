#include "destinations/aws/form.h"

#include "base/uri_text.h"

namespace user_events::destinations::aws {

void append_form_field(std::string_view name, std::string_view value, std::string& out) {
  if (!out.empty()) out += '&';
  out += name;
  out += '=';
  for (const char c : value) {
    if (base::is_unreserved(c))
      out += c;
    else if (c == ' ')
      out += '+';
    else
      base::append_percent_octet(c, out);
  }
}

}  // namespace user_events::destinations::aws
