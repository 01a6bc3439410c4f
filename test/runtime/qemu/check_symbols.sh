#!/bin/sh
# check_symbols.sh RUNTIME WORK ARM_GXX CLANGXX GXX
# Compiles every file of the runtime with the strict flags for the Cortex-M7 (GCC and clang, -O2 and -Os, portable and DSP),
# for the Cortex-M55 and for the host, and demands of the objects: no undefined symbol but the runtime's own and memcpy, memset, memmove; no static constructor;
# no stack frame of 1 KiB or more; kernels in sections named .text.mcuform_hot.*.
set -eu
runtime=$1 work=$2 arm_gxx=$3 clangxx=$4 gxx=$5
mkdir -p "$work"
strict="-std=c++17 -Wall -Wextra -Wconversion -Werror -ffreestanding -fno-exceptions -fno-rtti -I$runtime/include"
m7="-mcpu=cortex-m7 -mfpu=fpv5-d16 -mfloat-abi=hard -mthumb"
failed=0
hot=epilogue

# check LABEL COMPILER...: compiles all sources into a folder and looks at the objects.
check() {
  label=$1
  shift
  rm -rf "$work/$label"
  mkdir -p "$work/$label"
  for file in "$runtime"/src/*.cpp; do
    "$@" $strict -c "$file" -o "$work/$label/$(basename "$file" .cpp).o" || failed=1
  done
  arm-none-eabi-nm -u "$work/$label"/*.o | awk '$1 == "U" { print $2 }' | sort -u >"$work/$label/undefined"
  arm-none-eabi-nm --defined-only "$work/$label"/*.o | awk 'NF == 3 { print $3 }' | sort -u >"$work/$label/defined"
  strange=$(comm -23 "$work/$label/undefined" "$work/$label/defined" | grep -vxE 'memcpy|memset|memmove' || true)
  if [ -n "$strange" ]; then
    echo "$label: calls $(echo $strange)"
    failed=1
  fi
  if arm-none-eabi-objdump -h "$work/$label"/*.o | grep -qE '\.(init_array|ctors|data|bss)[^ ]* +[0-9a-f]*[1-9a-f]'; then
    echo "$label: has static constructors or variables"
    failed=1
  fi
  # Each kernel, and the micro-kernels, in a section that a linker script can place.
  arm-none-eabi-objdump -t "$work/$label"/*.o | awk '/ F \.text/ { sub(/.* F /, ""); print $1 }' | sort -u >"$work/$label/sections"
  for kernel in $(sed -n 's/^MCUFORM_KERNEL(\([a-z0-9_]*\),.*/\1/p' "$runtime/kernels.def") $hot; do
    if ! grep -qx "\.text\.mcuform_hot\.$kernel" "$work/$label/sections"; then
      echo "$label: $kernel is not in section .text.mcuform_hot.$kernel"
      failed=1
    fi
  done
  if ls "$work/$label"/*.su >/dev/null 2>&1; then
    large=$(cat "$work/$label"/*.su | awk -F'\t' '$2 >= 1024 || $3 ~ /dynamic/')
    if [ -n "$large" ]; then
      echo "$label: large frames: $large"
      failed=1
    fi
  fi
}

for level in -O2 -Os; do
  for variant in MCUFORM_PORTABLE MCUFORM_DSP; do
    check "gcc$level-$variant" "$arm_gxx" $m7 $level -fstack-usage -D$variant
    check "clang$level-$variant" "$clangxx" --target=thumbv7em-none-eabihf $m7 $level -D$variant
  done
done
check gcc-mve "$arm_gxx" -mcpu=cortex-m55 -mfloat-abi=hard -mthumb -O2 -fstack-usage
check clang-mve "$clangxx" --target=thumbv8.1m.main-none-eabihf -mcpu=cortex-m55 -mfloat-abi=hard -O2
for compiler in "$gxx" "$clangxx"; do
  for file in "$runtime"/src/*.cpp; do
    "$compiler" $strict -O2 -c "$file" -o "$work/host.o" || failed=1
  done
done
[ $failed = 0 ] && echo "the runtime calls nothing but itself and memcpy, memset, memmove"
exit $failed
