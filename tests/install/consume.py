# Copyright (c) 2026 the heed authors
# SPDX-License-Identifier: MIT
"""Builds and runs a small consumer that gets heed one way: consume.py ROOT WAY

WAY is include (a bare -I), find_package (after an install into a folder of its own), add_subdirectory, FetchContent,
wrong_version (an install refuses it), download (HEED_FETCH_DEPENDENCIES brings xsimd in where none is installed),
no_xsimd (without that, the error says what to do)."""
import pathlib
import re
import subprocess
import sys
import tempfile

GENERATOR = ["-G", "Ninja"]


def run(command, expect_failure=False):
    command = [str(part) for part in command]
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if (done.returncode != 0) != expect_failure:
        print(" ".join(command), done.stdout[-3000:], done.stderr[-3000:], sep="\n")
        sys.exit(1)
    return done.stdout + done.stderr


def version_of(root):
    text = (root / "include/heed/config.hpp").read_text()
    return [re.search(rf"HEED_VERSION_{part} (\d+)", text)[1] for part in ("MAJOR", "MINOR", "PATCH")]


def build_consumer(root, folder, way, *settings, expect_failure=False):
    consumer = root / "tests/install/consumer"
    said = run(["cmake", *GENERATOR, "-S", consumer, "-B", folder / "consumer", f"-DCONSUMER_WAY={way}",
                "-DCMAKE_BUILD_TYPE=Release", *settings], expect_failure)
    if expect_failure:
        return said
    run(["cmake", "--build", folder / "consumer"])
    return run([folder / "consumer/consumer"])


def install(root, folder):
    run(["cmake", *GENERATOR, "-S", root, "-B", folder / "heed", "-DHEED_BUILD_TESTS=OFF", "-DHEED_BUILD_BENCHES=OFF",
         "-DHEED_BUILD_EXAMPLES=OFF", f"-DCMAKE_INSTALL_PREFIX={folder / 'prefix'}"])
    run(["cmake", "--install", folder / "heed"])
    return f"-DCMAKE_PREFIX_PATH={folder / 'prefix'}"


def stand_in_xsimd(folder):
    """The sources that a download would bring: a project with a target xsimd."""
    sources = folder / "xsimd"
    sources.mkdir()
    (sources / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.25)\nproject(xsimd CXX)\nadd_library(xsimd INTERFACE)\n"
        "target_include_directories(xsimd INTERFACE /usr/include)\n")
    return f"-DFETCHCONTENT_SOURCE_DIR_XSIMD={sources}"


def main():
    root, way = pathlib.Path(sys.argv[1]).resolve(), sys.argv[2]
    version = ".".join(version_of(root))
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        if way == "include":
            run(["g++", "-std=c++20", "-O2", "-I", root / "include", root / "tests/install/consumer/main.cpp", "-pthread",
                 "-o", folder / "consumer"])
            said = run([folder / "consumer"])
        elif way == "find_package":
            prefix = install(root, folder)
            said = build_consumer(root, folder, way, prefix, f"-DCONSUMER_VERSION={version}")
            used = (folder / "consumer/build.ninja").read_text()
            if str(root / "include") in used:
                print("the consumer reads the sources, not the installed headers")
                return 1
        elif way == "wrong_version":
            prefix = install(root, folder)
            major, minor, _ = version_of(root)
            said = build_consumer(root, folder, "find_package", prefix,
                                  f"-DCONSUMER_VERSION={major}.{int(minor) + 1}", expect_failure=True)
            return 0 if "heed" in said and version in said else 1
        elif way == "add_subdirectory":
            said = build_consumer(root, folder, way, f"-DCONSUMER_HEED={root}")
        elif way == "FetchContent":
            said = build_consumer(root, folder, way, f"-DFETCHCONTENT_SOURCE_DIR_HEED={root}")
        elif way == "download":
            said = build_consumer(root, folder, "add_subdirectory", f"-DCONSUMER_HEED={root}", stand_in_xsimd(folder),
                                  "-DCMAKE_DISABLE_FIND_PACKAGE_xsimd=ON", "-DHEED_FETCH_DEPENDENCIES=ON")
        elif way == "no_xsimd":
            said = build_consumer(root, folder, "add_subdirectory", f"-DCONSUMER_HEED={root}",
                                  "-DCMAKE_DISABLE_FIND_PACKAGE_xsimd=ON", expect_failure=True)
            for advice in ("xsimd was not found", "libxsimd-dev", "-DHEED_FETCH_DEPENDENCIES=ON"):
                if advice not in " ".join(said.split()):
                    print(f"the error does not say {advice!r}:\n{said}")
                    return 1
            return 0
        else:
            print(f"no such way: {way}")
            return 1
    print(said.strip())
    return 0 if f"heed {version}" in said else 1


sys.exit(main())
