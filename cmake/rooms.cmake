# A room is one folder under src/ with one static library. `ue_room(journal SOURCES a.cc DEPENDS ports)` makes
# the library ue_journal; DEPENDS names other rooms, LINKS names libraries from outside the project.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)

add_library(ue_flags INTERFACE)
target_compile_options(ue_flags INTERFACE -Wall -Wextra -Wconversion -Wshadow -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC 12 reports overlaps and bounds that cannot be in inlined std::string (GCC bugs 105651, 105329, 104336).
  target_compile_options(ue_flags INTERFACE -Wno-restrict -Wno-array-bounds -Wno-stringop-overflow -Wno-stringop-overread)
else()
  # What of clang's -Wconversion is not in GCC's; and libstdc++'s own std::stable_sort uses what C++23 deprecates.
  target_compile_options(ue_flags INTERFACE -Wno-sign-conversion -Wno-deprecated-declarations)
endif()
target_include_directories(ue_flags INTERFACE ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/include
                                              ${PROJECT_BINARY_DIR}/generated)
if(UE_SANITIZE STREQUAL "address")
  # fuzzer-no-link: counts coverage, so that the fuzz targets are made of the same objects as the tests.
  target_compile_options(ue_flags INTERFACE -fsanitize=address,undefined,fuzzer-no-link -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(ue_flags INTERFACE -fsanitize=address,undefined)
elseif(UE_SANITIZE STREQUAL "thread")
  target_compile_options(ue_flags INTERFACE -fsanitize=thread -fno-omit-frame-pointer)
  target_link_options(ue_flags INTERFACE -fsanitize=thread)
else()
  include(hardening)
endif()
include(precompiled)

function(ue_room name)
  cmake_parse_arguments(ROOM "" "" "SOURCES;DEPENDS;LINKS;PRIVATE_LINKS" ${ARGN})
  add_library(ue_${name} STATIC ${ROOM_SOURCES})
  ue_precompiled(ue_${name} room)
  target_link_libraries(ue_${name} PUBLIC ue_flags Threads::Threads ${ROOM_LINKS} PRIVATE ${ROOM_PRIVATE_LINKS})
  foreach(room IN LISTS ROOM_DEPENDS)
    target_link_libraries(ue_${name} PUBLIC ue_${room})
  endforeach()
endfunction()

# ue_test(journal SOURCES a_test.cc DEPENDS journal): the executable test_journal, and one ctest entry of that name.
# LABELS: unit (default), memory (a unit suite that no sanitizer runs), broker, campaign, e2e, alone (with nothing beside it); asan and tsan: run under that sanitizer by every `./dev test` (`--long`: all unit
# suites are, but for no_tsan: librdkafka starts threads with thrd_create, which the thread sanitizer does not know, and crashes).
# `./dev test NAME` runs one.
foreach(label unit asan tsan)
  add_custom_target(${label}_tests)  # what the sanitizer presets build
endforeach()
function(ue_test name)
  cmake_parse_arguments(TEST "" "TIMEOUT" "SOURCES;DEPENDS;LINKS;LABELS;ARGS" ${ARGN})
  add_executable(test_${name} ${TEST_SOURCES})
  ue_precompiled(test_${name} program)
  if(UE_SANITIZE)
    target_compile_options(test_${name} PRIVATE -O0)  # of what the sanitizers look at, the tests' own code is little; it compiles in half the time
  endif()
  target_link_libraries(test_${name} PRIVATE ue_flags GTest::gtest GTest::gtest_main ${TEST_LINKS})
  foreach(room IN LISTS TEST_DEPENDS)
    target_link_libraries(test_${name} PRIVATE ue_${room})
  endforeach()
  target_include_directories(test_${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
  target_compile_definitions(test_${name} PRIVATE UE_SOURCE_DIR="${PROJECT_SOURCE_DIR}" UE_BINARY_DIR="${PROJECT_BINARY_DIR}")
  add_test(NAME ${name} COMMAND test_${name} ${TEST_ARGS})
  if(NOT TEST_LABELS)
    set(TEST_LABELS unit)
  endif()
  foreach(label unit asan tsan)
    if(label IN_LIST TEST_LABELS)
      add_dependencies(${label}_tests test_${name})
    endif()
  endforeach()
  if(NOT TEST_TIMEOUT)
    set(TEST_TIMEOUT 300)
  endif()
  # What may take longest begins first, so that no core is left idle at the end.
  set_tests_properties(${name} PROPERTIES LABELS "${TEST_LABELS}" TIMEOUT ${TEST_TIMEOUT} COST ${TEST_TIMEOUT})
endfunction()
