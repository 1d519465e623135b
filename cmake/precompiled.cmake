# What nearly every file includes, compiled once: about a second less a file (UE_PRECOMPILE). Two, because rooms are compiled with -fPIC and programs with -fPIE. A header that a file
# uses and does not include is found by the presets that do without. Not <filesystem>: it brings std::quoted and the like, which would be found before functions of our own of that name.
set(UE_COMMON_HEADERS <algorithm> <array> <atomic> <charconv> <chrono> <condition_variable> <expected> <fstream> <functional> <map> <memory> <mutex> <optional> <random> <ranges> <set>
    <span> <sstream> <string> <string_view> <thread> <unordered_map> <variant> <vector> <fmt/format.h>)
if(UE_PRECOMPILE)
  # What libraries want defined, and headers of these look at, must be defined for all.
  find_package(fmt REQUIRED)
  target_compile_definitions(ue_flags INTERFACE _FILE_OFFSET_BITS=64 $<TARGET_PROPERTY:fmt::fmt,INTERFACE_COMPILE_DEFINITIONS>)
  file(WRITE ${PROJECT_BINARY_DIR}/generated/precompiled.cc "int main() {}\n")
  add_library(ue_precompiled_room OBJECT ${PROJECT_BINARY_DIR}/generated/precompiled.cc)
  add_executable(ue_precompiled_program ${PROJECT_BINARY_DIR}/generated/precompiled.cc)
  target_link_libraries(ue_precompiled_room PRIVATE ue_flags)
  target_link_libraries(ue_precompiled_program PRIVATE ue_flags GTest::gtest)
  if(UE_SANITIZE)
    target_compile_options(ue_precompiled_program PRIVATE -O0)  # as the tests
  endif()
  target_precompile_headers(ue_precompiled_room PRIVATE ${UE_COMMON_HEADERS})
  target_precompile_headers(ue_precompiled_program PRIVATE ${UE_COMMON_HEADERS} <gtest/gtest.h>)
endif()

function(ue_precompiled target kind)
  if(UE_PRECOMPILE)
    target_precompile_headers(${target} REUSE_FROM ue_precompiled_${kind})
  endif()
endfunction()
