// Cases of the linears whose weights come panel by panel: all sizes of panels, a port that is late, each byte read once.
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
};

/// What the port did for the two runs of the kernel under test.
void check_port(Verdict &verdict, Shape shape) {
  const PortUse use = take_port_use();
  const int32_t expected = 2 * (shape.units + shape.units % 2) * shape.depth;
  if (!verdict.equal || (use.kept_the_contract && use.bytes == static_cast<size_t>(expected)))
    return;
  verdict.equal = false;
  verdict.output = use.kept_the_contract ? "bytes of port" : "order of port";
  verdict.expected = expected;
  verdict.actual = static_cast<int32_t>(use.bytes);
}

/// call(is_expected, out, panels, linear, index_mult): the definition or the kernel under test.
template <class Call> Verdict check_linear(Random &random, const char *output, Call call) {
  Verdict verdict;
  for (int32_t number = 0; verdict.equal && number < case_count; ++number) {
    verdict.case_number = number;
    Linear linear(random, shape_of(random, number), pattern_of(random, number));
    const Shape shape = linear.shape;
    const PanelBuffer panels(random, shape, number);
    const int32_t index_mult = draw_index_mult(random, number);
    Output<int16_t> out(random, output, shape.rows * shape.units, Pattern::uniform, -32768, 32767);
    for (int32_t copy = 0; copy < out.copies; ++copy) {
      if (copy == 1)
        take_port_use(); // a definition may know nothing of ports
      call(copy == 0, out[copy], panels, linear, index_mult);
    }
    out.compare(verdict);
    check_port(verdict, shape);
    release_memory();
  }
  return verdict;
}

template <class Kernel> Verdict check_cache(Kernel *expected, Kernel *actual, Random &random, const char *output) {
  Verdict verdict;
  for (int32_t number = 0; verdict.equal && number < case_count; ++number) {
    verdict.case_number = number;
    Shape shape = shape_of(random, number);
    const int32_t heads = random.between(1, 3);
    const int32_t head_width = 2 * random.between(1, 5);
    shape.units = heads * head_width;
    Linear linear(random, shape, pattern_of(random, number));
    const PanelBuffer panels(random, shape, number);
    const int32_t first = random.between(0, 9);
    const int32_t tokens = first + shape.rows + (number % 2 == 0 ? 0 : random.between(0, 5));
    Output<int8_t> out(random, output, shape.units * (tokens + tokens % 2));
    for (int32_t copy = 0; copy < out.copies; ++copy) {
      if (copy == 1)
        take_port_use();
      (copy == 0 ? expected : actual)(out[copy], panels.memory, linear.in, linear.weights, linear.bias, linear.mult, first, shape.rows,
                                      shape.depth, shape.units, tokens, head_width, panels.units);
    }
    out.compare(verdict);
    check_port(verdict, shape);
    release_memory();
  }
  return verdict;
}

} // namespace

Verdict check_linear_panels_s16(linear_panels_s16_type *expected, linear_panels_s16_type *actual, Random &random) {
  return check_linear(random, "out", [&](bool first, int16_t *out, const PanelBuffer &panels, const Linear &a, int32_t) {
    (first ? expected : actual)(out, panels.memory, a.in, a.weights, a.bias, a.mult, a.shape.rows, a.shape.depth, a.shape.units,
                                panels.units);
  });
}

Verdict check_linear_add_panels_s16(linear_add_panels_s16_type *expected, linear_add_panels_s16_type *actual, Random &random) {
  return check_linear(random, "x", [&](bool first, int16_t *x, const PanelBuffer &panels, const Linear &a, int32_t) {
    (first ? expected : actual)(x, panels.memory, a.in, a.weights, a.bias, a.mult, a.shape.rows, a.shape.depth, a.shape.units,
                                panels.units);
  });
}

Verdict check_linear_gelu_panels_s16(linear_gelu_panels_s16_type *expected, linear_gelu_panels_s16_type *actual, Random &random) {
  return check_linear(random, "out", [&](bool first, int16_t *out, const PanelBuffer &panels, const Linear &a, int32_t index_mult) {
    (first ? expected : actual)(out, panels.memory, a.in, a.weights, a.bias, a.mult, a.shape.rows, a.shape.depth, a.shape.units, index_mult,
                                delta_mult_of(index_mult), panels.units);
  });
}

Verdict check_linear_keys_panels_s8(linear_keys_panels_s8_type *expected, linear_keys_panels_s8_type *actual, Random &random) {
  return check_cache(expected, actual, random, "keys");
}

Verdict check_linear_values_panels_s8(linear_values_panels_s8_type *expected, linear_values_panels_s8_type *actual, Random &random) {
  return check_cache(expected, actual, random, "values");
}

} // namespace mcuform::test
