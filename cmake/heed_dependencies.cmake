# Copyright (c) 2026 the heed authors
# SPDX-License-Identifier: MIT
# Other people's packages: an installed one first; a download only where HEED_FETCH_DEPENDENCIES allows it.
include(FetchContent)

set(HEED_XSIMD_LEAST 8.1)

function(heed_refuse_missing package debian off)
  message(
    FATAL_ERROR
      "heed: ${package} was not found. Install it (Debian: ${debian}), name its place with ${package}_DIR, "
      "allow the download with -DHEED_FETCH_DEPENDENCIES=ON${off}.")
endfunction()

# Defines the target xsimd. The version is compared here: xsimd's own version file refuses newer major versions.
function(heed_require_xsimd)
  if(TARGET xsimd)
    return()
  endif()
  find_package(xsimd CONFIG QUIET GLOBAL)
  if(xsimd_FOUND AND NOT xsimd_VERSION VERSION_LESS HEED_XSIMD_LEAST)
    return()
  endif()
  if(xsimd_FOUND)
    message(FATAL_ERROR "heed: xsimd is ${xsimd_VERSION}, the least is ${HEED_XSIMD_LEAST}")
  endif()
  if(NOT HEED_FETCH_DEPENDENCIES)
    heed_refuse_missing(xsimd libxsimd-dev "")
  endif()
  FetchContent_Declare(
    xsimd
    GIT_REPOSITORY https://github.com/xtensor-stack/xsimd.git
    GIT_TAG 8.1.0
    GIT_SHALLOW ON)
  FetchContent_MakeAvailable(xsimd)
endfunction()

# A macro: the imported targets have to live in the caller's folder.
macro(heed_require_gtest)
  # A cross build takes the sources that Debian installs: the installed library is the host's.
  if(CMAKE_CROSSCOMPILING AND EXISTS /usr/src/googletest/CMakeLists.txt)
    set(INSTALL_GTEST OFF)
    add_subdirectory(/usr/src/googletest "${CMAKE_BINARY_DIR}/googletest" EXCLUDE_FROM_ALL)
  else()
    find_package(GTest CONFIG QUIET)
    if(NOT GTest_FOUND)
      if(NOT HEED_FETCH_DEPENDENCIES)
        heed_refuse_missing(GTest libgtest-dev ", or leave the tests out with -DHEED_BUILD_TESTS=OFF")
      endif()
      set(INSTALL_GTEST OFF)
      FetchContent_Declare(
        googletest
        GIT_REPOSITORY https://github.com/google/googletest.git
        GIT_TAG release-1.12.1
        GIT_SHALLOW ON)
      FetchContent_MakeAvailable(googletest)
    endif()
  endif()
  if(NOT TARGET GTest::gtest)
    add_library(GTest::gtest ALIAS gtest)
    add_library(GTest::gtest_main ALIAS gtest_main)
  endif()
endmacro()

macro(heed_require_benchmark)
  find_package(benchmark CONFIG QUIET)
  if(NOT benchmark_FOUND)
    if(NOT HEED_FETCH_DEPENDENCIES)
      heed_refuse_missing(benchmark libbenchmark-dev ", or leave the benches out with -DHEED_BUILD_BENCHES=OFF")
    endif()
    set(BENCHMARK_ENABLE_TESTING OFF)
    set(BENCHMARK_ENABLE_INSTALL OFF)
    FetchContent_Declare(
      benchmark
      GIT_REPOSITORY https://github.com/google/benchmark.git
      GIT_TAG v1.7.1
      GIT_SHALLOW ON)
    FetchContent_MakeAvailable(benchmark)
  endif()
endmacro()
