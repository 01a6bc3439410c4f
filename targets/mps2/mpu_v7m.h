// The memory protection unit of ARMv7-M (Cortex-M4 and M7): ARMv7-M Architecture Reference Manual, B3.5.
#ifndef MCUFORM_TARGETS_MPS2_MPU_V7M_H
#define MCUFORM_TARGETS_MPS2_MPU_V7M_H

#include <cstdint>

namespace mcuform::target {

enum class Access : uint32_t { read_write = 3, read_only = 6 };
enum class Memory : uint32_t { device = 0b000001, normal_cached = 0b001011 }; // TEX, S, C, B

/// A region of 2^size_log2 bytes; each set bit of `disabled_eighths` takes an eighth of it away, the lowest bit the lowest.
inline void set_mpu_region(uint32_t number, uint32_t base, uint32_t size_log2, Access access, bool executable, Memory memory,
                           uint32_t disabled_eighths = 0) {
  constexpr uint32_t rbar = 0xE000ED9C, rasr = 0xE000EDA0, valid = 1u << 4, enable = 1;
  *reinterpret_cast<volatile uint32_t *>(rbar) = base | valid | number;
  *reinterpret_cast<volatile uint32_t *>(rasr) = (executable ? 0u : 1u << 28) | static_cast<uint32_t>(access) << 24 |
                                                 static_cast<uint32_t>(memory) << 16 | disabled_eighths << 8 | (size_log2 - 1) << 1 | enable;
}

/// Without PRIVDEFENA: what no region covers is denied.
inline void enable_mpu() {
  constexpr uint32_t ctrl = 0xE000ED94, enable = 1;
  *reinterpret_cast<volatile uint32_t *>(ctrl) = enable;
  asm volatile("dsb\n isb" ::: "memory");
}

} // namespace mcuform::target

#endif // MCUFORM_TARGETS_MPS2_MPU_V7M_H
