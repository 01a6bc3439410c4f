#include "compiler/support/Fit.h"

namespace mcuform {

std::string fitHeader(llvm::StringRef name, llvm::StringRef targetName, const FitLimits &limits, const std::optional<FitProof> &proof) {
  const std::string upper = name.upper();
  auto define = [&](const char *what, uint64_t bytes) { return "#define " + upper + "_" + what + " " + std::to_string(bytes) + "\n"; };
  auto hold = [&](const std::string &condition, const char *words) {
    return upper + "_STATIC_ASSERT(" + condition + ", \"" + words + "\");\n";
  };
  auto bytesOf = [&](const char *what) { return upper + "_" + what + "_BYTES"; };

  std::string text = "/* What " + name.str() + " may take of the memory of " + targetName.str() + ", and what it takes. Part of " + name.str() +
                     ".h.\n" + (proof ? " * Written by mcuform-run, from the program that it linked for that target.\n"
                                      : " * Stack, code and tables are not known yet: mcuform-run adds them, from a program that it links for that target.\n") +
                     " */\n#ifndef " + upper + "_FIT_H\n#define " + upper + "_FIT_H\n\n";
  text += "/* Limits: of the arena; of arena, static data and stack; of weights, code and tables. */\n";
  text += define("ARENA_LIMIT_BYTES", limits.arena) + define("SRAM_LIMIT_BYTES", limits.sram) + define("FLASH_LIMIT_BYTES", limits.flash);
  text += "\n#ifdef __cplusplus\n#define " + upper + "_STATIC_ASSERT static_assert\n#else\n#define " + upper +
          "_STATIC_ASSERT _Static_assert\n#endif\n\n";
  std::string sram = bytesOf("ARENA") + " + " + bytesOf("STATIC"), flash = bytesOf("WEIGHTS");
  if (proof) {
    text += "/* The most stack that a call of the functions takes, below the caller's frame and without the frames of interrupts. */\n" +
            define("STACK_BYTES", proof->stack) +
            "/* Code as it is linked, with the compiler's own library but without memcpy, memset and memmove, and its tables. */\n" +
            define("CODE_BYTES", proof->code) + define("TABLES_BYTES", proof->tables) + "\n";
    sram += " + " + bytesOf("STACK");
    flash += " + " + bytesOf("CODE") + " + " + bytesOf("TABLES");
  }
  text += hold(bytesOf("ARENA") + " <= " + bytesOf("ARENA_LIMIT"), "the arena exceeds its limit");
  text += hold(sram + " <= " + bytesOf("SRAM_LIMIT"), proof ? "arena, static data and stack exceed the SRAM" : "arena and static data exceed the SRAM");
  text += hold(flash + " <= " + bytesOf("FLASH_LIMIT"), proof ? "weights, code and tables exceed the flash" : "the weights exceed the flash");
  return text + "\n#endif\n";
}

} // namespace mcuform
