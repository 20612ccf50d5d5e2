# Copyright (c) 2026 the heed authors
# SPDX-License-Identifier: MIT
# What tests, benches and examples share: heed_developer (heed and the warnings) and heed_host_isa (the host's
# instruction set). Neither is exported: heed::heed itself adds no flag to anybody's build.
add_library(heed_developer INTERFACE)
target_link_libraries(heed_developer INTERFACE heed::heed)
if(HEED_WARNINGS)
  target_compile_options(heed_developer INTERFACE -Wall -Wextra -Wconversion -Wshadow -Werror)
endif()

# Collecting garbage takes GCC 12 six percent of its time; a gigabyte is about what its largest unit holds anyway.
target_compile_options(heed_developer INTERFACE $<$<CXX_COMPILER_ID:GNU>:--param=ggc-min-heapsize=1048576>)

add_library(heed_host_isa INTERFACE)
if(NOT CMAKE_CROSSCOMPILING)
  target_compile_options(heed_host_isa INTERFACE ${HEED_HOST_ISA_FLAGS})
endif()

# ccache needs to be told that a precompiled header is no secret.
if(NOT DEFINED CMAKE_CXX_COMPILER_LAUNCHER)
  find_program(HEED_CCACHE ccache)
  if(HEED_CCACHE)
    set(CMAKE_CXX_COMPILER_LAUNCHER "${CMAKE_COMMAND}" -E env
                                    CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
                                    "${HEED_CCACHE}")
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
      target_compile_options(heed_developer INTERFACE -fpch-preprocess)
    else()
      target_compile_options(heed_developer INTERFACE "SHELL:-Xclang -fno-pch-timestamp")
    endif()
  endif()
endif()
