// Generator of random networks.
#include "RandomGraph.h"

#include <cmath>

namespace mcuform::test {

RandomGraph::Rows RandomGraph::pickRows() {
  size_t back = size_t(pick(0, pick(0, 3)));
  return pool[pool.size() - 1 - std::min(back, pool.size() - 1)];
}

std::string RandomGraph::typeOf(const Rows &rows, int bits) {
  std::string element = bits == 8 ? "!quant.uniform<i8:f32, 1.000000e+00>" : "!quant.uniform<i16:f32, 1.000000e-03>";
  return "tensor<" + std::string(rows.isFlat ? "" : "1x") + std::to_string(rows.rows) + "x" + std::to_string(rows.width) + "x" + element +
         ">";
}

std::string RandomGraph::constant(std::vector<int> shape, int bits, int low, int high) {
  std::string type = "tensor<", name = fresh(), hex;
  int count = 1;
  for (int size : shape) {
    type += std::to_string(size) + "x";
    count *= size;
  }
  type += "i" + std::to_string(bits) + ">";
  for (int i = 0; i < count; ++i) {
    uint32_t value = uint32_t(pick(low, high));
    for (int byte = 0; byte < bits / 8; ++byte, value >>= 8) {
      hex += "0123456789ABCDEF"[value >> 4 & 15];
      hex += "0123456789ABCDEF"[value & 15];
    }
  }
  line(name + " = mcuf.constant dense<\"0x" + hex + "\"> : " + type + " : " + type);
  return name + " : " + type;
}

/// "%v3 : tensor<8xi32>" to its halves, appended to lists.
static void append(const std::string &constant, std::string &operands, std::string &types) {
  size_t colon = constant.find(" : ");
  operands += ", " + constant.substr(0, colon);
  types += ", " + constant.substr(colon + 3);
}

void RandomGraph::linearOperands(int units, int depth, double gain, std::string &operands, std::string &types) {
  int mult = int(gain * 4294967296.0 / (75 * std::sqrt(depth)));
  append(constant({units, depth}, 8, -127, 127), operands, types);
  append(constant({units}, 32, -20000, 20000), operands, types);
  append(constant({units}, 32, mult / 2, mult), operands, types);
}

RandomGraph::Rows RandomGraph::linear(const Rows &input, int units, int bits) {
  std::string operands = input.name, types = typeOf(input);
  linearOperands(units, input.width, bits == 8 ? 1.0 / 64 : 1.0, operands, types);
  Rows rows{fresh(), input.rows, units, input.isFlat};
  line(rows.name + " = mcuf.q_linear " + operands + " : (" + types + ") -> " + typeOf(rows, bits));
  return rows;
}

RandomGraph::Rows RandomGraph::narrow(const Rows &input) {
  std::string operands = input.name, types = typeOf(input);
  append(constant({input.width}, 32, 1 << 24, 1 << 28), operands, types);
  Rows rows{fresh(), input.rows, input.width, input.isFlat};
  line(rows.name + " = mcuf.q_narrow " + operands + " : (" + types + ") -> " + typeOf(rows, 8));
  return rows;
}

RandomGraph::Rows RandomGraph::slice(const Rows &input, int first, int count) {
  std::string lead = input.isFlat ? "" : "0, ", one = input.isFlat ? "" : "1, ";
  Rows rows{fresh(), count, input.width, input.isFlat};
  line(rows.name + " = mcuf.slice " + input.name + " {starts = array<i64: " + lead + std::to_string(first) +
       ", 0>, sizes = array<i64: " + one + std::to_string(count) + ", " + std::to_string(input.width) + ">, steps = array<i64: " + one +
       "1, 1>} : (" + typeOf(input) + ") -> " + typeOf(rows));
  return rows;
}

void RandomGraph::addTo(const Rows &residual, const Rows &input) {
  std::string operands = input.name, types = typeOf(input);
  linearOperands(residual.width, input.width, 0.5, operands, types);
  result({fresh(), residual.rows, residual.width, residual.isFlat},
         "mcuf.q_linear_add " + operands + " residual " + residual.name + " : (" + types + ", " + typeOf(residual) + ")");
}

std::string RandomGraph::relativePosition(int queries, int tokens, int heads, int headWidth, std::string &operands, std::string &types) {
  const int prefix = pick(0, std::min(2, tokens - 1)), places = tokens - prefix;
  int gridHeight = pick(1, places);
  while (places % gridHeight)
    --gridHeight;
  const int gridWidth = places / gridHeight, rowClip = pick(0, gridHeight - 1), columnClip = pick(0, gridWidth - 1),
            tableRows = 2 * rowClip + 2 * columnClip + 3, terms = pick(1, 3);
  auto clause = [&](const std::string &name, const std::string &table, const std::string &mult) {
    std::string names;
    append(table, names, types);
    append(mult, names, types);
    operands += " " + name + " " + names.substr(2);
  };
  if (terms & 1)
    clause("k_table", constant({tableRows, headWidth}, 8, -127, 127), constant({heads}, 32, 1 << 20, 1 << 23));
  if (terms & 2)
    clause("v_table", constant({headWidth, tableRows + 1}, 8, -127, 127), constant({heads * headWidth}, 32, 1 << 23, 1 << 25));
  std::string grid;
  for (int number : {prefix, gridHeight, gridWidth, rowClip, columnClip})
    grid += (grid.empty() ? "" : ", ") + std::to_string(number);
  return ", grid = array<i64: " + grid + ">, first_query = " + std::to_string(pick(0, tokens - queries)) + " : i64";
}

void RandomGraph::addOperator() {
  Rows input = pickRows();
  Rows output{"", input.rows, input.width, input.isFlat};
  switch (pick(0, 16)) {
  case 0:
  case 1:
  case 2: {
    std::string operands, types;
    append(constant({input.width}, 16, 1, 2), operands, types);
    output.name = fresh();
    const std::string centered = pick(0, 2) == 0 ? ", centered = false" : "";
    if (pick(0, 2) == 0) { // as in post-norm blocks, into the residual stream
      append(constant({input.width}, 32, -(1 << 22), 1 << 22), operands, types);
      append(constant({input.width}, 16, -500, 500), operands, types);
      return result(output, "mcuf.q_layer_norm_affine " + input.name + operands + " {epsilon = 64 : i64" + centered + "} : (" + typeOf(input) + types + ")");
    }
    return result(output, "mcuf.q_layer_norm " + input.name + operands + " {epsilon = 64 : i64, out_shift = 11 : i64" + centered + "} : (" +
                              typeOf(input) + types + ")");
  }
  case 3:
    pool.push_back(linear(input, 2 * pick(1, 5), 16));
    return;
  case 4: {
    std::string operands = input.name, types = typeOf(input);
    output.width = 2 * pick(1, 8);
    linearOperands(output.width, input.width, 0.25, operands, types);
    output.name = fresh();
    return result(output,
                  "mcuf.q_linear_activation " + operands + " {index_mult = 4194304 : i64, delta_mult = 16777216 : i64, delta = " + std::to_string(pick(0, 3)) + " : i32} : (" + types + ")");
  }
  case 5:
  case 6:
  case 7: {
    Rows residual = pickRows();
    if (residual.rows != input.rows || residual.isFlat != input.isFlat)
      return;
    return addTo(residual, input);
  }
  case 8: {
    Rows keySource = pickRows(), valueSource = pickRows();
    if (keySource.rows != valueSource.rows)
      valueSource = keySource;
    int heads = pick(1, 3), keyWidth = heads * 2 * pick(1, 2), valueWidth = heads * 2 * pick(1, 2);
    // One width serves for both where q is to have the result's shape.
    valueWidth = keyWidth;
    Rows q = linear(input, keyWidth, 16), k = linear(keySource, keyWidth, 8), v = linear(valueSource, valueWidth, 8);
    std::string operands = q.name + ", " + k.name + ", " + v.name, types = typeOf(q) + ", " + typeOf(k, 8) + ", " + typeOf(v, 8);
    append(constant({heads}, 32, 1 << 20, 1 << 23), operands, types);
    std::string attributes = "num_heads = " + std::to_string(heads) + " : i64";
    if (input.rows <= keySource.rows && pick(0, 1))
      attributes += relativePosition(input.rows, keySource.rows, heads, keyWidth / heads, operands, types);
    else if (pick(0, 2) == 0)
      attributes += ", sigmoid_bias = " + std::to_string(pick(-300, 100)) + " : i64, weight_total = " + std::to_string(pick(2000, 200000)) + " : i64";
    output = {fresh(), input.rows, valueWidth, input.isFlat};
    return result(output, "mcuf.q_attention " + operands + " {" + attributes + "} : (" + types + ")");
  }
  case 9: {
    int count = pick(1, input.rows);
    pool.push_back(slice(input, pick(0, input.rows - count), count));
    return;
  }
  case 10: {
    if (input.rows < 3)
      return;
    int count = pick(3, input.rows), first = pick(0, input.rows - count);
    output = {fresh(), 1, input.width, true};
    return result(output, "mcuf.q_mean_rows " + input.name + " {first_row = " + std::to_string(first) +
                              " : i64, row_count = " + std::to_string(count) +
                              " : i64, mult = " + std::to_string((4294967296 + count / 2) / count) + " : i64} : (" + typeOf(input) + ")");
  }
  case 11: {
    // Rows updated from their neighbours.
    if (input.rows < 2)
      return;
    int count = pick(1, input.rows - 1);
    Rows read = slice(input, pick(0, input.rows - count), count), updated = slice(input, pick(0, input.rows - count), count);
    return addTo(updated, pick(0, 1) ? linear(read, 2 * pick(1, 4), 16) : read);
  }
  case 12: {
    // Kept for all rows in 8 bits.
    Rows narrow = this->narrow(input);
    std::string operands = narrow.name, types = typeOf(narrow, 8);
    append(constant({input.width}, 16, 1, 256), operands, types);
    output.name = fresh();
    return result(output, "mcuf.q_widen " + operands + " : (" + types + ")");
  }
  case 13: {
    // Columns of two or three values, perhaps of the same one twice.
    std::string operands = input.name, types = typeOf(input);
    for (int i = pick(1, 2); i > 0; --i) {
      Rows other = pickRows();
      if (other.rows != input.rows || other.isFlat != input.isFlat || output.width + other.width > 40)
        continue;
      operands += ", " + other.name;
      types += ", " + typeOf(other);
      output.width += other.width;
    }
    output.name = fresh();
    return result(output, "mcuf.concat " + operands + " {axis = " + (input.isFlat ? "1" : "2") + " : i64} : (" + types + ")");
  }
  case 15: {
    // A gated hidden layer, perhaps of the same rows twice.
    Rows other = pickRows();
    if (other.rows != input.rows || other.width != input.width || other.isFlat != input.isFlat)
      other = input;
    output.name = fresh();
    return result(output, "mcuf.q_multiply " + input.name + ", " + other.name + " {mult = " + std::to_string(pick(1 << 16, 1 << 22)) + " : i64} : (" +
                              typeOf(input) + ", " + typeOf(other) + ")");
  }
  case 14: {
    // Attention to the rows themselves.
    Rows source = pickRows(), tokens = narrow(source), q = linear(input, source.width, 16);
    std::string operands = q.name + ", " + tokens.name + ", " + tokens.name,
                types = typeOf(q) + ", " + typeOf(tokens, 8) + ", " + typeOf(tokens, 8);
    append(constant({1}, 32, 1 << 20, 1 << 23), operands, types);
    output = {fresh(), input.rows, source.width, input.isFlat};
    return result(output, "mcuf.q_attention " + operands + " {num_heads = 1 : i64} : (" + types + ")");
  }
  default: {
    output.isFlat = !input.isFlat;
    output.name = fresh();
    return result(output, "mcuf.reshape " + input.name + " {shape = array<i64: " + (output.isFlat ? "" : "1, ") +
                              std::to_string(output.rows) + ", " + std::to_string(output.width) + ">} : (" + typeOf(input) + ")");
  }
  }
}

std::string RandomGraph::generate() {
  height = 2 * pick(1, 4) + pick(0, 1);
  width = 2 * pick(1, 4) + pick(0, 1);
  int patches = (height / 2) * (width / 2), prefix = pick(0, 2), units = 2 * pick(1, 4), patch = 2;
  std::string image = "tensor<" + std::to_string(height) + "x" + std::to_string(width) + "x1xui8>", operands = "%image", types = image, margin;
  if (pick(0, 4) == 0) { // rows of a sequence
    patches = width;
    patch = 1;
    features = 2 * pick(1, 5);
    height = 1;
    operands = "%image";
    types = image = "tensor<1x" + std::to_string(width) + "x" + std::to_string(features) + "x!quant.uniform<i16:f32, 1.000000e-02>>";
    linearOperands(units, features, 0.25, operands, types);
  } else {
    if (pick(0, 2) == 0) { // with a margin
      int pads[4];
      for (int &pad : pads)
        pad = pick(0, 1);
      const int paddedHeight = height + pads[0] + pads[2], paddedWidth = width + pads[1] + pads[3];
      patch = std::min(pick(2, 3), std::min(paddedHeight, paddedWidth));
      patches = (paddedHeight / patch) * (paddedWidth / patch);
      for (int pad : pads)
        margin += (margin.empty() ? ", pads = array<i64: " : ", ") + std::to_string(pad);
      margin += ">, pad_value = " + std::to_string(pick(0, 255)) + " : i64";
    }
    linearOperands(units, (patch * patch + 1) / 2 * 2, 8, operands, types);
  }
  std::string position, positionType, prefixName, prefixType;
  append(constant({patches, units}, 16, -3000, 3000), position, positionType);
  std::string clause = " position " + position.substr(2);
  types += positionType;
  if (prefix) {
    append(constant({prefix, units}, 16, -3000, 3000), prefixName, prefixType);
    clause += " prefix " + prefixName.substr(2);
    types += prefixType;
  }
  result({fresh(), prefix + patches, units, false},
         "mcuf.q_patch_embed " + operands + clause + " {patch_height = " + std::to_string(patch) + " : i64, patch_width = " + std::to_string(patch) + " : i64" + margin + "} : (" + types + ")");
  for (int i = pick(1, 16); i > 0; --i)
    addOperator();
  const Rows &last = pool.back();
  return "func.func @main(%image: " + image + ") -> " + typeOf(last) + " {\n" + body + "    return " + last.name + " : " + typeOf(last) +
         "\n}\n";
}

} // namespace mcuform::test
