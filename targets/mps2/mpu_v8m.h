// The memory protection unit of ARMv8-M (Cortex-M33 and M55): ARMv8-M Architecture Reference Manual, MPU_RBAR and MPU_RLAR.
#ifndef MCUFORM_TARGETS_MPS2_MPU_V8M_H
#define MCUFORM_TARGETS_MPS2_MPU_V8M_H

#include <cstdint>

namespace mcuform::target {

enum class Access : uint32_t { read_write = 0, read_only = 2 };        // by privileged code alone
enum class Memory : uint32_t { normal_cached = 0, device = 1 }; // which attribute of enable_mpu's

/// From `base` to `base` + `size`, both multiples of 32.
inline void set_mpu_region(uint32_t number, uint32_t base, uint32_t size, Access access, bool executable, Memory memory) {
  constexpr uint32_t rnr = 0xE000ED98, rbar = 0xE000ED9C, rlar = 0xE000EDA0, enable = 1;
  *reinterpret_cast<volatile uint32_t *>(rnr) = number;
  *reinterpret_cast<volatile uint32_t *>(rbar) = base | static_cast<uint32_t>(access) << 1 | (executable ? 0u : 1u);
  *reinterpret_cast<volatile uint32_t *>(rlar) = (base + size - 32) | static_cast<uint32_t>(memory) << 1 | enable;
}

/// Without PRIVDEFENA: what no region covers is denied.
inline void enable_mpu() {
  constexpr uint32_t ctrl = 0xE000ED94, mair0 = 0xE000EDC0, enable = 1;
  constexpr uint32_t write_back = 0xFF, device_ngnrne = 0x00;
  *reinterpret_cast<volatile uint32_t *>(mair0) = write_back | device_ngnrne << 8;
  *reinterpret_cast<volatile uint32_t *>(ctrl) = enable;
  asm volatile("dsb\n isb" ::: "memory");
}

} // namespace mcuform::target

#endif // MCUFORM_TARGETS_MPS2_MPU_V8M_H
