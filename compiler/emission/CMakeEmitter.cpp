// The build file of a package.
#include "compiler/emission/Contents.h"

namespace mcuform::emission {

std::string emitCMake(const Package &package, llvm::ArrayRef<std::string> runtimeSources) {
  std::string sources;
  for (const std::string &source : runtimeSources)
    sources += "  " + source + "\n";
  return fillTemplate(
      R"(# Builds the model as the static library "@name@"; use it with add_subdirectory() and target_link_libraries(... @name@).
# Needs a compiler for C++17 and nothing else. Its code calls memcpy, memset and memmove at most.
cmake_minimum_required(VERSION 3.16)
project(@name@ LANGUAGES CXX ASM)

add_library(@name@ STATIC
  @name@.cpp
  @name@_weights.S
@sources@)
# Also where the assembler looks for the weights.
target_include_directories(@name@ PUBLIC ${CMAKE_CURRENT_SOURCE_DIR} PRIVATE ${CMAKE_CURRENT_SOURCE_DIR}/runtime/include)
target_compile_features(@name@ PRIVATE cxx_std_17)
target_compile_options(@name@ PRIVATE
  $<$<COMPILE_LANGUAGE:CXX>:-ffreestanding;-fno-exceptions;-fno-rtti;-ffunction-sections;-fdata-sections;-Wall;-Wextra>
  # A build without a type is an optimized one.
  $<$<AND:$<COMPILE_LANGUAGE:CXX>,$<CONFIG:>>:-O2>)
set_source_files_properties(@name@_weights.S PROPERTIES OBJECT_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/@name@.weights)
)",
      {{"name", package.name}, {"sources", sources}});
}

} // namespace mcuform::emission
