// Every kernel once more, as docs/arithmetic.md says it and as slowly as that: the definition that the portable kernels are held to.
#ifndef MCUFORM_TEST_RUNTIME_NAIVE_H
#define MCUFORM_TEST_RUNTIME_NAIVE_H

#include <stdint.h>

namespace mcuform::test::naive {

int64_t clamp_to_bits(int64_t x, int bits);
int32_t round_mul_acc(int32_t a, int32_t m, int32_t c);

#define MCUFORM_KERNEL(name, params) void name params;
#include "../../runtime/kernels.def"

} // namespace mcuform::test::naive

#endif
