#!/bin/sh
# catch_mutation.sh KERNEL MUTATIONS SOURCES OBJECTS WORK MACHINE LINK QEMU CXX FLAGS...
# Builds the parity program once for each mutation of the kernel's DSP code and demands that the comparison fails and names the kernel. A
# mutation of a header is compiled into the kernel's own file.
# OBJECTS is the folder of the unmutated program: test.*.o portable.*.o dsp.*.o. LINK: the linker's flags, one word.
set -eu
kernel=$1 mutations=$2 sources=$3 objects=$4 work=$5 machine=$6 link=$7 qemu=$8 cxx=$9
shift 9
mkdir -p "$work"
tried=0
while IFS='|' read -r names file edit; do
  case "$names" in
  '#'* | '') continue ;;
  '*') grep -q rows_by_pair "$sources/$kernel.cpp" || continue ;;
  *) case ",$names," in *",$kernel,"*) ;; *) continue ;; esac ;;
  esac
  tried=$((tried + 1))
  rm -f "$work"/*.h "$work"/*.cpp
  sed "$edit" "$sources/$file" >"$work/$file"
  changed=$(diff "$sources/$file" "$work/$file" | grep -c '^>' || true)
  if [ "$changed" != 1 ]; then
    echo "mutation '$edit' changes $changed lines of $file, not one"
    exit 1
  fi
  unit=$(basename "$file" .cpp)
  case "$file" in
  *.h)
    unit=$kernel
    cp "$sources/$kernel.cpp" "$work"
    ;;
  esac
  "$cxx" "$@" -iquote "$sources" -DMCUFORM_RT_ABI=dsp -c "$work/$unit.cpp" -o "$work/dsp.$unit.o"
  # In front: what inline functions several files share is taken from the first.
  others=$(ls "$objects"/*.o | grep -v "/dsp\.$unit\.o$")
  # shellcheck disable=SC2086
  "$cxx" "$@" $link "$work/dsp.$unit.o" $others -lgcc -o "$work/mutant.elf"
  status=0
  said=$("$qemu" -M "$machine" -display none -monitor none -serial null \
    -semihosting-config enable=on,target=native,arg=parity,arg="$kernel" -kernel "$work/mutant.elf" 2>&1) || status=$?
  echo "$file: $said"
  if [ "$status" != 1 ] || ! echo "$said" | grep -qE "^kernel-parity: $kernel: (.*first difference at|access out of bounds)"; then
    echo "not caught (status $status): $edit"
    exit 1
  fi
done <"$mutations"
if [ "$tried" = 0 ]; then
  echo "no mutation for $kernel in $mutations"
  exit 1
fi
