# `cmake --install build/release --prefix P`: the binary, the headers, and the library as one archive with a package that
# find_package(user_events) finds. examples/library is built against it by a test.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

# What cmake/user_events-config.cmake.in finds for the user. A room that links something else must be told there.
set(UE_PACKAGE_LINKS Threads::Threads fmt::fmt fmt spdlog::spdlog simdjson::simdjson OpenSSL::Crypto SQLite::SQLite3
    prometheus-cpp::core re2
    PkgConfig::RDKAFKA
    PkgConfig::RABBITMQ OpenSSL::SSL
    PkgConfig::NATS
    CURL::libcurl pugixml::pugixml protobuf::libprotobuf
    PkgConfig::HIREDIS)

# All rooms that `target` needs, and all libraries from outside that these link.
function(ue_collect target rooms_variable links_variable)
  set(rooms ${${rooms_variable}} ${target})
  set(links ${${links_variable}})
  get_target_property(libraries ${target} LINK_LIBRARIES)
  foreach(library IN LISTS libraries)
    if(library STREQUAL "ue_flags" OR library IN_LIST rooms)
      continue()
    elseif(library MATCHES "^ue_")
      ue_collect(${library} rooms links)
    elseif(library IN_LIST UE_PACKAGE_LINKS)
      list(APPEND links ${library})
    else()
      message(FATAL_ERROR "${target} links ${library}, which the installed package does not find: add it to cmake/user_events-config.cmake.in and cmake/install.cmake")
    endif()
  endforeach()
  list(REMOVE_DUPLICATES links)
  set(${rooms_variable} ${rooms} PARENT_SCOPE)
  set(${links_variable} ${links} PARENT_SCOPE)
endfunction()

set(rooms)
set(links)
ue_collect(ue_publisher rooms links)
ue_collect(ue_config rooms links)
list(REMOVE_DUPLICATES rooms)
list(TRANSFORM rooms REPLACE "(.+)" "$<TARGET_OBJECTS:\\1>" OUTPUT_VARIABLE objects)

add_library(user_events STATIC ${objects})
set_target_properties(user_events PROPERTIES LINKER_LANGUAGE CXX)
target_compile_features(user_events INTERFACE cxx_std_23)
target_include_directories(user_events INTERFACE $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
# Only for the installed package: the imported targets are known in the rooms' folders, not here.
list(TRANSFORM links REPLACE "(.+)" "$<INSTALL_INTERFACE:\\1>")
target_link_libraries(user_events INTERFACE ${links})

install(TARGETS user-events user_events EXPORT user_events-targets)
install(DIRECTORY include/user_events ${PROJECT_BINARY_DIR}/generated/user_events DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(EXPORT user_events-targets NAMESPACE user_events:: DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/user_events)
configure_package_config_file(cmake/user_events-config.cmake.in ${PROJECT_BINARY_DIR}/user_events-config.cmake
  INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/user_events)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/user_events-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/user_events-config.cmake ${PROJECT_BINARY_DIR}/user_events-config-version.cmake
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/user_events)
