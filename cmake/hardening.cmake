# Checks that the compiler puts in, and what the loader is told: docs/security/hardening.md. tests/e2e/test_hardening.py looks at the binary. Not beside a sanitizer, which checks
# more by itself.
include(CheckPIESupported)
check_pie_supported()
target_compile_options(ue_flags INTERFACE -fstack-protector-strong -fstack-clash-protection -fcf-protection=full)
target_compile_definitions(ue_flags INTERFACE _GLIBCXX_ASSERTIONS)
if(NOT CMAKE_BUILD_TYPE STREQUAL "Debug")  # it needs an optimiser
  target_compile_options(ue_flags INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
endif()
target_link_options(ue_flags INTERFACE LINKER:-z,relro,-z,now,-z,noexecstack)
