// A package written by hand, with the interface of those that mcuformc emits: what runs packages is tested without the compiler.
#ifndef FAKE_H
#define FAKE_H

#include <stdint.h>

#ifndef FAKE_ARENA_BYTES
#define FAKE_ARENA_BYTES 1001
#endif
#define FAKE_ARENA_ALIGN 16
#define FAKE_INPUT_BYTES 90
#define FAKE_INPUT_HEIGHT 6
#define FAKE_INPUT_WIDTH 5
#define FAKE_INPUT_CHANNELS 3
#define FAKE_OUTPUT_COUNT 4
#define FAKE_OUTPUT_SCALE 0.03125f
#define FAKE_STATIC_BYTES 0
#define FAKE_WEIGHTS_BYTES 360
#include "fake_fit.h"

#ifdef __cplusplus
#define FAKE_DEFINE_ARENA(identifier) alignas(FAKE_ARENA_ALIGN) static unsigned char identifier[FAKE_ARENA_BYTES]
extern "C" {
#else
#define FAKE_DEFINE_ARENA(identifier) static _Alignas(FAKE_ARENA_ALIGN) unsigned char identifier[FAKE_ARENA_BYTES]
#endif

enum { FAKE_OK = 0, FAKE_ERROR_ARGUMENT = 1, FAKE_ERROR_WEIGHTS = 2 };

void *fake_input(void *arena);
int fake_run(void *arena, int16_t *output);
int fake_check_weights(void);

#ifdef __cplusplus
}
#endif
#endif
