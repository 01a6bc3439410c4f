// Numbers as mcuform-run writes them for people.
#ifndef MCUFORM_COMPILER_DRIVER_RUN_TEXT_H
#define MCUFORM_COMPILER_DRIVER_RUN_TEXT_H

#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

#include <cstdint>
#include <string>

namespace mcuform {

/// 1234567 -> "1 234 567".
inline std::string grouped(uint64_t value) {
  std::string digits = std::to_string(value);
  for (size_t at = digits.size(); at > 3;)
    digits.insert(at -= 3, 1, ' ');
  return digits;
}

/// 0.5 -> "50.0 %".
inline std::string percent(double fraction) {
  std::string text;
  llvm::raw_string_ostream(text) << llvm::format("%.1f %%", 100 * fraction);
  return text;
}

} // namespace mcuform

#endif // MCUFORM_COMPILER_DRIVER_RUN_TEXT_H
