# Copyright (c) 2026 the heed authors
# SPDX-License-Identifier: MIT
# Headers, targets and package files, so that find_package(heed) works after `cmake --install`.
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

set(heed_package_dir "${CMAKE_INSTALL_DATADIR}/cmake/heed")
install(DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}/include/heed" DESTINATION include FILES_MATCHING PATTERN "*.hpp"
                                                                                        PATTERN "*.cuh")
install(FILES "${CMAKE_CURRENT_SOURCE_DIR}/LICENSE" DESTINATION "${CMAKE_INSTALL_DOCDIR}")
install(TARGETS heed EXPORT heed)
install(EXPORT heed NAMESPACE heed:: FILE heedTargets.cmake DESTINATION "${heed_package_dir}")
configure_package_config_file("${CMAKE_CURRENT_SOURCE_DIR}/cmake/heedConfig.cmake.in"
                              "${CMAKE_CURRENT_BINARY_DIR}/heedConfig.cmake" INSTALL_DESTINATION "${heed_package_dir}")
# Before 1.0 a minor version may break callers. The headers serve every architecture.
write_basic_package_version_file("${CMAKE_CURRENT_BINARY_DIR}/heedConfigVersion.cmake" COMPATIBILITY SameMinorVersion
                                 ARCH_INDEPENDENT)
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/heedConfig.cmake" "${CMAKE_CURRENT_BINARY_DIR}/heedConfigVersion.cmake"
        DESTINATION "${heed_package_dir}")
