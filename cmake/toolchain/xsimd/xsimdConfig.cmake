# Copyright (c) 2026 the heed authors
# SPDX-License-Identifier: MIT
# xsimd for a cross build: the host's headers are everybody's, but the folder they lie in is not. A link keeps the rest
# of /usr/include out of the cross compiler's sight.
find_path(HEED_HOST_XSIMD xsimd/xsimd.hpp PATHS /usr/include NO_DEFAULT_PATH NO_CMAKE_FIND_ROOT_PATH REQUIRED)
file(MAKE_DIRECTORY "${CMAKE_BINARY_DIR}/cross-include")
file(CREATE_LINK "${HEED_HOST_XSIMD}/xsimd" "${CMAKE_BINARY_DIR}/cross-include/xsimd" SYMBOLIC)
set(xsimd_VERSION "")
foreach(part MAJOR MINOR PATCH)
  file(STRINGS "${HEED_HOST_XSIMD}/xsimd/config/xsimd_config.hpp" line REGEX "XSIMD_VERSION_${part} [0-9]+")
  string(REGEX REPLACE ".* " "" line "${line}")
  list(APPEND xsimd_VERSION "${line}")
endforeach()
list(JOIN xsimd_VERSION "." xsimd_VERSION)
if(NOT TARGET xsimd)
  add_library(xsimd INTERFACE IMPORTED GLOBAL)
  target_include_directories(xsimd INTERFACE "${CMAKE_BINARY_DIR}/cross-include")
endif()
