// What exports and generators make: texts with a name. Pure functions make them, the command line writes them.
#pragma once

#include <string>

namespace user_events::exports {

struct TextFile {
  std::string path;  ///< Below the folder that was asked for.
  std::string text;
};

}  // namespace user_events::exports
