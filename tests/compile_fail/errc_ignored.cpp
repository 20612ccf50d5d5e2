// Copyright (c) 2026 the heed authors
// SPDX-License-Identifier: MIT
// expect: errc
#include <heed/error.hpp>
int code = heed::errc::ok;
