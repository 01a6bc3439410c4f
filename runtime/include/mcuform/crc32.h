// The checksum by which firmware recognizes its weights.
#ifndef MCUFORM_CRC32_H
#define MCUFORM_CRC32_H

#include "mcuform/arith.h"

namespace mcuform::rt {
inline namespace MCUFORM_RT_ABI {

/// CRC-32 of IEEE 802.3 (reflected, polynomial 0xEDB88320, both complements): of "123456789" it is 0xCBF43926.
uint32_t crc32(const uint8_t *data, size_t size);

} // namespace MCUFORM_RT_ABI
} // namespace mcuform::rt

#endif
