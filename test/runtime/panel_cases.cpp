// Cases of the linears with scratch memory: weights panel by panel (all sizes of panels, a port that is late, each byte read once) and rows
// interleaved by fours.
#include "late_port.h"
#include "linear_case.h"

namespace mcuform::test {
namespace {

/// A panel of all sizes between a pair and more than the layer has, and the buffer for it, of the size that the contract asks for.
struct PanelBuffer {
  int32_t units;
  int8_t *memory;

  PanelBuffer(Random &random, Shape shape, int32_t number) {
    const int32_t all = shape.units + shape.units % 2;
    units = number % 4 == 0 ? 2 : number % 4 == 1 ? all : 2 * random.between(1, all / 2 + 1);
    memory = static_cast<int8_t *>(allocate_guarded_memory(static_cast<size_t>(units) * shape.depth * (units < all ? 2 : 1)));
  }
  /// A definition may know nothing of ports.
  void begin() const { take_port_use(); }
  /// What the port did for the two runs of the kernel under test.
  void check(Verdict &verdict, Shape shape) const {
    const PortUse use = take_port_use();
    const int32_t expected = 2 * (shape.units + shape.units % 2) * shape.depth;
    if (!verdict.equal || (use.kept_the_contract && use.bytes == static_cast<size_t>(expected)))
      return;
    verdict.equal = false;
    verdict.output = use.kept_the_contract ? "bytes of port" : "order of port";
    verdict.expected = expected;
    verdict.actual = static_cast<int32_t>(use.bytes);
  }
};

/// Room for the whole groups of four rows and two of weights, and no more.
struct FourBuffer : NothingMore {
  int16_t *memory;

  FourBuffer(Random &random, Shape shape, int32_t number)
      : NothingMore(random, shape, number),
        memory(static_cast<int16_t *>(allocate_guarded_memory(static_cast<size_t>((shape.rows & ~3) + 2) * shape.depth * 2))) {}
};

template <class Scratch, class Kernel, class... Last>
Verdict check_cache(Kernel *expected, Kernel *actual, Random &random, const char *output, Last (*...last)(const Scratch &)) {
  return check_cache_with<Scratch>(random, output, [&](bool first, int8_t *out, const Scratch &scratch, const Linear &a, CacheBlock block) {
    (first ? expected : actual)(out, scratch.memory, a.in, a.weights, a.bias, a.mult, block.first, a.shape.rows, a.shape.depth,
                                a.shape.units, block.tokens, block.head_width, last(scratch)...);
  });
}

int32_t panel_units(const PanelBuffer &panels) { return panels.units; }

} // namespace

Verdict check_linear_panels_s16(linear_panels_s16_type *expected, linear_panels_s16_type *actual, Random &random) {
  return check_linear_with<PanelBuffer>(random, "out", [&](bool first, int16_t *out, const PanelBuffer &panels, const Linear &a, const Hidden &) {
    (first ? expected : actual)(out, panels.memory, a.in, a.weights, a.bias, a.mult, a.shape.rows, a.shape.depth, a.shape.units,
                                panels.units);
  });
}

Verdict check_linear_add_panels_s16(linear_add_panels_s16_type *expected, linear_add_panels_s16_type *actual, Random &random) {
  return check_linear_with<PanelBuffer>(random, "x", [&](bool first, int16_t *x, const PanelBuffer &panels, const Linear &a, const Hidden &) {
    (first ? expected : actual)(x, panels.memory, a.in, a.weights, a.bias, a.mult, a.shape.rows, a.shape.depth, a.shape.units,
                                panels.units);
  });
}

Verdict check_linear_activation_panels_s16(linear_activation_panels_s16_type *expected, linear_activation_panels_s16_type *actual, Random &random) {
  return check_linear_with<PanelBuffer>(
      random, "out", [&](bool first, int16_t *out, const PanelBuffer &panels, const Linear &a, const Hidden &hidden) {
        (first ? expected : actual)(out, panels.memory, a.in, a.weights, a.bias, a.mult, hidden.middle(), a.shape.rows, a.shape.depth, a.shape.units,
                                    hidden.index_mult, hidden.delta_mult, panels.units);
      });
}

Verdict check_linear_keys_panels_s8(linear_keys_panels_s8_type *expected, linear_keys_panels_s8_type *actual, Random &random) {
  return check_cache<PanelBuffer>(expected, actual, random, "keys", panel_units);
}

Verdict check_linear_values_panels_s8(linear_values_panels_s8_type *expected, linear_values_panels_s8_type *actual, Random &random) {
  return check_cache<PanelBuffer>(expected, actual, random, "values", panel_units);
}

Verdict check_linear_fours_s16(linear_fours_s16_type *expected, linear_fours_s16_type *actual, Random &random) {
  return check_linear_with<FourBuffer>(random, "out", [&](bool first, int16_t *out, const FourBuffer &fours, const Linear &a, const Hidden &) {
    (first ? expected : actual)(out, fours.memory, a.in, a.weights, a.bias, a.mult, a.shape.rows, a.shape.depth, a.shape.units);
  });
}

Verdict check_linear_add_fours_s16(linear_add_fours_s16_type *expected, linear_add_fours_s16_type *actual, Random &random) {
  return check_linear_with<FourBuffer>(random, "x", [&](bool first, int16_t *x, const FourBuffer &fours, const Linear &a, const Hidden &) {
    (first ? expected : actual)(x, fours.memory, a.in, a.weights, a.bias, a.mult, a.shape.rows, a.shape.depth, a.shape.units);
  });
}

Verdict check_linear_activation_fours_s16(linear_activation_fours_s16_type *expected, linear_activation_fours_s16_type *actual, Random &random) {
  return check_linear_with<FourBuffer>(random, "out",
                                       [&](bool first, int16_t *out, const FourBuffer &fours, const Linear &a, const Hidden &hidden) {
                                         (first ? expected : actual)(out, fours.memory, a.in, a.weights, a.bias, a.mult, hidden.middle(), a.shape.rows,
                                                                     a.shape.depth, a.shape.units, hidden.index_mult, hidden.delta_mult);
                                       });
}

Verdict check_linear_keys_fours_s8(linear_keys_fours_s8_type *expected, linear_keys_fours_s8_type *actual, Random &random) {
  return check_cache<FourBuffer>(expected, actual, random, "keys");
}

Verdict check_linear_values_fours_s8(linear_values_fours_s8_type *expected, linear_values_fours_s8_type *actual, Random &random) {
  return check_cache<FourBuffer>(expected, actual, random, "values");
}

} // namespace mcuform::test
