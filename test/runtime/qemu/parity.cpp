// The library twice in one program, portable and DSP: each kernel of the command line's choice must give the same bits on every case.
#include "../support.h"
#include "platform.h"

namespace mcuform::rt {
// The two copies are compiled with these names as their inline namespace (MCUFORM_RT_ABI).
namespace portable {
#define MCUFORM_KERNEL(name, params) void name params;
#include "../../../runtime/kernels.def"
} // namespace portable
namespace dsp {
#define MCUFORM_KERNEL(name, params) void name params;
#include "../../../runtime/kernels.def"
} // namespace dsp
} // namespace mcuform::rt

namespace mcuform::test {
namespace {

const char *current = "";

bool same(const char *a, const char *b) {
  while (*a != 0 && *a == *b) {
    ++a;
    ++b;
  }
  return *a == *b;
}

struct Entry {
  const char *name;
  Verdict (*check)(Random &);
};

const Entry entries[] = {
#define MCUFORM_KERNEL(name, params) {#name, [](Random &random) { return check_##name(rt::portable::name, rt::dsp::name, random); }},
#include "../../../runtime/kernels.def"
};

constexpr uint64_t seed = 1;

int32_t compare(const Entry &entry) {
  Random random(seed);
  const Verdict verdict = entry.check(random);
  print("kernel-parity: ");
  print(entry.name);
  if (verdict.equal) {
    print(": portable and DSP agree\n");
    return 0;
  }
  print(": seed ");
  print_number(static_cast<int64_t>(seed));
  print(", case ");
  print_number(verdict.case_number);
  print(", run ");
  print_number(verdict.run);
  print(": first difference at ");
  print(verdict.output);
  print("[");
  print_number(verdict.index);
  print("]: portable ");
  print_number(verdict.expected);
  print(", DSP ");
  print_number(verdict.actual);
  print("\n");
  return 1;
}

} // namespace

void report_fault(uint32_t address) {
  print("kernel-parity: ");
  print(current);
  print(": access out of bounds at address ");
  print_number(address);
  print("\n");
}

int32_t run() {
  const char *wanted = argument();
  for (const Entry &entry : entries)
    if (same(wanted, entry.name)) {
      current = entry.name;
      return compare(entry);
    }
  print("kernel-parity: no kernel of this name: ");
  print(wanted);
  print("\n");
  return 2;
}

} // namespace mcuform::test
