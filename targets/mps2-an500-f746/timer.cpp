// 25 MHz: a tick takes 40 ns.
#include "dual_timer.h"

const mcuform::target::Timer mcuform::target::timer = dual_timer<0x40002000>(0x40028000, 5, 3);
