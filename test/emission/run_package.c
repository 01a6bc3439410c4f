/* Runs the package "vit" over a file of images as a C program would: run_package IMAGES LOGITS
 *
 * Every image goes through twice: in an arena full of ones after one full of zeros, and with another run in a second arena in between, while
 * the first already holds its image. A package that takes its image in streams gets it in portions that are never the same twice. Statuses:
 * 1 usage or files, 2 damaged weights, 3 a run failed, 4 runs disagree, 5 a wrong call was accepted or spoiled the image. */
#include "vit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

VIT_DEFINE_OUTPUT(logits);

/* On the heap, so that a sanitizer sees what goes beyond. */
static void *on_heap(size_t bytes) {
  return aligned_alloc(VIT_ARENA_ALIGN, (bytes + VIT_ARENA_ALIGN - 1) / VIT_ARENA_ALIGN * VIT_ARENA_ALIGN);
}

#ifndef VIT_DEFINE_MEMORY

typedef unsigned char *Memory;
VIT_DEFINE_ARENA(arena);
#define misaligned (arena + 1)

static Memory another(void) { return on_heap(VIT_ARENA_BYTES); }
static void give_back(Memory memory) { free(memory); }
static void fill(Memory memory, int value) { memset(memory, value, VIT_ARENA_BYTES); }

#else /* arenas in two memories, "fast" and "slow" */

typedef const vit_memory *Memory;
VIT_DEFINE_MEMORY(arenas);
#define arena (&arenas)
static const vit_memory with_misaligned = {arenas_fast, arenas_slow + 1};
#define misaligned (&with_misaligned)

static Memory another(void) {
  static vit_memory memory;
  memory.fast = on_heap(VIT_ARENA_FAST_BYTES);
  memory.slow = on_heap(VIT_ARENA_SLOW_BYTES);
  return &memory;
}
static void give_back(Memory memory) {
  free(memory->fast);
  free(memory->slow);
}
static void fill(Memory memory, int value) {
  memset(memory->fast, value, VIT_ARENA_FAST_BYTES);
  memset(memory->slow, value, VIT_ARENA_SLOW_BYTES);
}

#endif

#ifndef VIT_INPUT_LINE_BYTES

static int load(Memory memory, const unsigned char *image) {
  memcpy(vit_input(memory), image, VIT_INPUT_BYTES);
  return VIT_OK;
}
static int infer(Memory memory, int16_t *output) { return vit_run(memory, output); }

static int refuses_wrong_calls(const unsigned char *image) {
  (void)image;
  return vit_run(NULL, logits) == VIT_ERROR_ARGUMENT && vit_run(arena, NULL) == VIT_ERROR_ARGUMENT &&
         vit_run(misaligned, logits) == VIT_ERROR_ARGUMENT;
}

#else

/* `count` lines on a heap of their own, where a sanitizer sees who reads beyond. */
static int feed(Memory memory, const unsigned char *image, int from, int count) {
  unsigned char *lines = malloc((size_t)count * VIT_INPUT_LINE_BYTES);
  memcpy(lines, image + (size_t)from * VIT_INPUT_LINE_BYTES, (size_t)count * VIT_INPUT_LINE_BYTES);
  int status = vit_feed_rows(memory, lines, count);
  free(lines);
  return status;
}

static int load(Memory memory, const unsigned char *image) {
  static unsigned random = 1;
  int status = vit_begin(memory);
  for (int done = 0, count; done < VIT_INPUT_HEIGHT && status == VIT_OK; done += count) {
    random = random * 1103515245u + 12345u;
    count = 1 + (int)(random >> 16) % 9;
    if (count > VIT_INPUT_HEIGHT - done)
      count = VIT_INPUT_HEIGHT - done;
    status = feed(memory, image, done, count);
  }
  return status;
}
static int infer(Memory memory, int16_t *output) { return vit_finish(memory, output); }

/* Leaves in `logits` what an image gives whose stream was disturbed by calls that were refused. */
static int refuses_wrong_calls(const unsigned char *image) {
  if (vit_begin(NULL) != VIT_ERROR_ARGUMENT || vit_begin(misaligned) != VIT_ERROR_ARGUMENT || feed(arena, image, 0, 1) != VIT_ERROR_ORDER ||
      vit_finish(arena, logits) != VIT_ERROR_ORDER || vit_begin(arena) != VIT_OK || feed(arena, image, 0, 2) != VIT_OK ||
      vit_begin(arena) != VIT_OK)
    return 0;
  if (feed(arena, image, 0, 3) != VIT_OK || vit_feed_rows(NULL, image, 1) != VIT_ERROR_ARGUMENT ||
      vit_feed_rows(misaligned, image, 1) != VIT_ERROR_ARGUMENT || vit_feed_rows(arena, NULL, 1) != VIT_ERROR_ARGUMENT ||
      vit_feed_rows(arena, image, 0) != VIT_ERROR_ARGUMENT || vit_feed_rows(arena, image, -1) != VIT_ERROR_ARGUMENT ||
      vit_feed_rows(arena, image, VIT_INPUT_HEIGHT - 2) != VIT_ERROR_ORDER || vit_feed_rows(arena, image, INT32_MAX) != VIT_ERROR_ORDER ||
      vit_finish(arena, logits) != VIT_ERROR_ORDER)
    return 0;
  if (feed(arena, image, 3, VIT_INPUT_HEIGHT - 3) != VIT_OK || feed(arena, image, 0, 1) != VIT_ERROR_ORDER ||
      vit_finish(arena, NULL) != VIT_ERROR_ARGUMENT || vit_finish(NULL, logits) != VIT_ERROR_ARGUMENT ||
      vit_finish(misaligned, logits) != VIT_ERROR_ARGUMENT)
    return 0;
  return vit_finish(arena, logits) == VIT_OK && vit_finish(arena, logits) == VIT_ERROR_ORDER && feed(arena, image, 0, 1) == VIT_ERROR_ORDER;
}

#endif

int main(int argc, char **argv) {
  FILE *images = argc == 3 ? fopen(argv[1], "rb") : NULL;
  FILE *out = argc == 3 ? fopen(argv[2], "wb") : NULL;
  if (!images || !out)
    return 1;
  if (vit_check_weights() != VIT_OK)
    return 2;
  Memory other = another();
  unsigned char *image = malloc(VIT_INPUT_BYTES);
  static _Alignas(4) int16_t again[VIT_OUTPUT_COUNT], ignored[VIT_OUTPUT_COUNT];
  int seen = 0;
  while (fread(image, VIT_INPUT_BYTES, 1, images) == 1) {
    if (!seen++ && !refuses_wrong_calls(image))
      return 5;
#ifdef VIT_INPUT_LINE_BYTES
    if (seen == 1)
      memcpy(ignored, logits, sizeof(logits));
#endif
    fill(arena, 0);
    if (load(arena, image) != VIT_OK || infer(arena, logits) != VIT_OK)
      return 3;
#ifdef VIT_INPUT_LINE_BYTES
    if (seen == 1 && memcmp(ignored, logits, sizeof(logits)) != 0)
      return 5;
#endif
    fill(arena, 0xff);
    fill(other, 0x5a);
    if (load(arena, image) != VIT_OK || load(other, image) != VIT_OK || infer(other, ignored) != VIT_OK || infer(arena, again) != VIT_OK)
      return 3;
    if (memcmp(logits, again, sizeof(again)) != 0)
      return 4;
    fwrite(logits, sizeof(logits), 1, out);
  }
  free(image);
  give_back(other);
  fclose(images);
  return fclose(out) == 0 ? 0 : 1;
}
