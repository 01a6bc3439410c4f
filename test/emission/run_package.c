/* Runs the package "vit" over a file of images as a C program would: run_package IMAGES LOGITS
 *
 * Every image goes through twice: in an arena full of ones after one full of zeros, and with another image's run in a second arena in
 * between, while the first already holds its image. Statuses: 1 usage or files, 2 damaged weights, 3 a run failed, 4 runs disagree. */
#include "vit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

VIT_DEFINE_ARENA(arena);
VIT_DEFINE_OUTPUT(logits);

int main(int argc, char **argv) {
  FILE *images = argc == 3 ? fopen(argv[1], "rb") : NULL;
  FILE *out = argc == 3 ? fopen(argv[2], "wb") : NULL;
  if (!images || !out)
    return 1;
  if (vit_check_weights() != VIT_OK)
    return 2;
  /* On the heap, so that a sanitizer sees what goes beyond. */
  unsigned char *other = aligned_alloc(VIT_ARENA_ALIGN, (VIT_ARENA_BYTES + VIT_ARENA_ALIGN - 1) / VIT_ARENA_ALIGN * VIT_ARENA_ALIGN);
  unsigned char *image = malloc(VIT_INPUT_BYTES);
  static _Alignas(4) int16_t again[VIT_OUTPUT_COUNT], ignored[VIT_OUTPUT_COUNT];
  if (vit_run(NULL, logits) != VIT_ERROR_ARGUMENT || vit_run(arena, NULL) != VIT_ERROR_ARGUMENT || vit_run(arena + 1, logits) != VIT_ERROR_ARGUMENT)
    return 3;
  while (fread(image, VIT_INPUT_BYTES, 1, images) == 1) {
    memset(arena, 0, VIT_ARENA_BYTES);
    memcpy(vit_input(arena), image, VIT_INPUT_BYTES);
    if (vit_run(arena, logits) != VIT_OK)
      return 3;
    memset(arena, 0xff, VIT_ARENA_BYTES);
    memcpy(vit_input(arena), image, VIT_INPUT_BYTES);
    memset(other, 0x5a, VIT_ARENA_BYTES);
    if (vit_run(other, ignored) != VIT_OK || vit_run(arena, again) != VIT_OK)
      return 3;
    if (memcmp(logits, again, sizeof(again)) != 0)
      return 4;
    fwrite(logits, sizeof(logits), 1, out);
  }
  free(image);
  free(other);
  fclose(images);
  return fclose(out) == 0 ? 0 : 1;
}
