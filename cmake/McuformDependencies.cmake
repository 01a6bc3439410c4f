# Finds what the compiler is built from: MLIR and LLVM 19 (shared libraries), protobuf with ONNX's schema, FlatBuffers, Eigen, JSON, CLI11, Catch2.
set(Python3_EXECUTABLE /usr/bin/python3 CACHE FILEPATH "The system's Python; others on PATH lack the packages")
list(APPEND CMAKE_PREFIX_PATH /usr/lib/llvm-19)

find_package(Protobuf REQUIRED)
find_package(ONNX REQUIRED CONFIG)
find_package(MLIR 19.1 REQUIRED CONFIG)
find_package(Eigen3 3.4 REQUIRED NO_MODULE)
find_package(nlohmann_json 3.11 REQUIRED)
find_package(CLI11 2 REQUIRED)
find_package(Threads REQUIRED)
find_program(FLATC_EXECUTABLE flatc REQUIRED)
find_program(CCACHE_EXECUTABLE ccache)
if(CCACHE_EXECUTABLE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE_EXECUTABLE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE_EXECUTABLE})
endif()

list(APPEND CMAKE_MODULE_PATH ${MLIR_CMAKE_DIR} ${LLVM_CMAKE_DIR})
include(TableGen)
include(AddLLVM)
include(AddMLIR)

# mlir_tablegen takes its -I from the directory's include path.
include_directories(${PROJECT_SOURCE_DIR})
include_directories(SYSTEM ${LLVM_INCLUDE_DIRS} ${MLIR_INCLUDE_DIRS})
