// Random networks of integer operators, as text: chains and branches, rows selected at either end, norms before and after sums, means,
// attentions over other rows than the queries' own. Nothing about them resembles a network that anybody trained; that is the point.
#ifndef MCUFORM_TEST_EMISSION_RANDOMGRAPH_H
#define MCUFORM_TEST_EMISSION_RANDOMGRAPH_H

#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace mcuform::test {

class RandomGraph {
public:
  explicit RandomGraph(uint32_t seed) : random(seed) {}
  /// A function @main from an image, or a sequence of int16 rows, to rows.
  std::string generate();
  int imageBytes() const { return height * width * features * (features > 1 ? 2 : 1); }

private:
  struct Rows {
    std::string name;
    int rows, width;
    bool isFlat; ///< rank 2 instead of 3
  };
  int pick(int low, int high) { return low + int(random() % uint32_t(high - low + 1)); }
  /// Prefers what was computed last.
  Rows pickRows();
  std::string fresh() { return "%v" + std::to_string(counter++); }
  std::string constant(std::vector<int> shape, int bits, int low, int high);
  /// Operands of a linear layer after its input, and their types.
  void linearOperands(int units, int depth, double gain, std::string &operands, std::string &types);
  static std::string typeOf(const Rows &rows, int bits = 16);
  Rows linear(const Rows &input, int units, int bits);
  Rows narrow(const Rows &input);
  Rows slice(const Rows &input, int first, int count);
  void addTo(const Rows &residual, const Rows &input);
  /// Operands of 2-D relative position of so many queries among `tokens`, and their types, appended; gives the attributes.
  std::string relativePosition(int queries, int tokens, int heads, int headWidth, std::string &operands, std::string &types);
  void addOperator();
  void line(const std::string &text) { body += "    " + text + "\n"; }
  void result(const Rows &rows, const std::string &text) { line(rows.name + " = " + text + " -> " + typeOf(rows)), pool.push_back(rows); }

  std::mt19937 random;
  int height = 0, width = 0, counter = 0;
  int features = 1; ///< of a sequence: an even number
  std::string body;
  std::vector<Rows> pool;
};

} // namespace mcuform::test

#endif
