// 20 MHz: a tick takes 50 ns. The addresses are those of secure code.
#include "dual_timer.h"

const mcuform::target::Timer mcuform::target::timer = dual_timer<0x50002000>(0x50302000, 25, 5);
