#!/bin/sh
# modelled_cycles.sh RUNTIME_SRC LLVM_MCA CXX FLAGS...
# What llvm-mca's Cortex-M7 says of one whole turn of each unrolled loop of row_dots.cpp and row_fours.cpp, as compiled, from its label to the
# branch back. A model of the core alone: no caches, no flash; the branch and the update of addresses are left out, on the latter llvm-mca 19 crashes.
set -eu
sources=$1 mca=$2
shift 2
for loop in row_dots/dot_3x2:2 row_dots/dot_2x2:2 row_dots/dot_1x2:3 row_fours/dot_4x2:2; do # file, function and label
  file=${loop%/*} name=${loop#*/} label=${loop#*:}
  name=${name%:*}
  assembly=$("$@" -S -o - "$sources/$file.cpp")
  turn=$(echo "$assembly" | awk -v name="$name" -v label="$label" '
    /^[^\t.].*:$/ && index($0, name) { function_seen = 1 }
    function_seen && $0 == label ":" { inside = 1; next }
    inside && $0 ~ "^bne[.w]* " label "b$" { exit }
    inside && /^[a-z]/ { print }' | sed -E 's/(\[r[0-9]+\]), #[0-9]+$/\1/; s/^(ldm r[0-9]+)!/\1/')
  echo "$turn" | "$mca" -mtriple=thumbv7em-none-eabihf -mcpu=cortex-m7 -iterations=100 |
    awk -v name="$name" -v macs=$((2 * $(echo "$turn" | grep -c smlad))) '/^Total Cycles:/ {
      printf "%s: %.0f modelled cycles a turn of %d MAC, %.3f per MAC (llvm-mca, Cortex-M7)\n", name, $3 / 100, macs, $3 / 100 / macs }'
done
