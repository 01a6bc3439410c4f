/// Damaged models: whatever the bytes, the importer answers with a module or with errors. What it accepts must also print, which walks all
/// of the IR.
#include "test/import/TestModel.h"

#include <catch2/catch.hpp>

#include <cstdlib>
#include <limits>
#include <random>

using namespace mcuform;
using namespace mcuform::test;

/// A model with something of everything, about a kilobyte.
static TestModel richModel() {
  TestModel model;
  model.proto.add_opset_import()->set_domain("com.microsoft");
  model.initializer("raw", {2, 3}).set_raw_data(rawData<float>({1, 2, 3, 4, 5, 6}));
  model.initializer("many", {70}, onnx::TensorProto::INT8).set_raw_data(std::string(70, '\x05'));
  model.initializer("typed", {2}, onnx::TensorProto::FLOAT16).add_int32_data(1);
  model.graph().mutable_initializer(2)->add_int32_data(2);
  onnx::TensorProto &outside = model.initializer("outside", {2});
  outside.set_data_location(onnx::TensorProto::EXTERNAL);
  onnx::StringStringEntryProto *location = outside.add_external_data();
  location->set_key("location");
  location->set_value("weights.bin");
  model.input("raw", {2, 3});
  onnx::NodeProto &conv = model.node("Conv", {"y", "raw", ""}, {"a", ""}, "conv");
  addAttribute(conv, "strides", onnx::AttributeProto::INTS).add_ints(2);
  addAttribute(conv, "pad", onnx::AttributeProto::STRING).set_s("VALID");
  addAttribute(conv, "alpha", onnx::AttributeProto::FLOATS).add_floats(0.5f);
  onnx::NodeProto &constant = model.node("Constant", {}, {"c"}, "constant");
  onnx::TensorProto *value = addAttribute(constant, "value", onnx::AttributeProto::TENSOR).mutable_t();
  value->set_data_type(onnx::TensorProto::INT64);
  value->add_dims(1);
  value->add_int64_data(-1);
  model.node("Add", {"a", "c"}, {"b"}, "add").set_domain("com.microsoft");
  model.output("b");
  return model;
}

namespace {
/// Imports bytes over and over.
class Victim {
public:
  Victim() { directory.write("weights.bin", rawData<float>({1, 2})); }

  /// Whether the bytes are a model.
  bool import(const std::string &bytes) {
    Imported imported = importFile(directory.write("model.onnx", bytes));
    if (imported.module)
      imported.print();
    return bool(imported.module);
  }

private:
  TempDirectory directory;
};
} // namespace

/// Set MCUFORM_SEEDS to search for longer.
static unsigned seedCount(unsigned usual) {
  const char *wanted = std::getenv("MCUFORM_SEEDS");
  return wanted ? unsigned(std::strtoul(wanted, nullptr, 10)) : usual;
}

TEST_CASE("a model cut off at every byte") {
  std::string bytes = richModel().bytes();
  Victim victim;
  REQUIRE(victim.import(bytes));
  for (size_t size = 0; size < bytes.size(); ++size) {
    INFO("prefix of " << size << " bytes of " << bytes.size());
    // The last field is the opset of another domain, without which it is a model as well.
    bool isModel = victim.import(bytes.substr(0, size));
    CHECK((!isModel || size + 32 > bytes.size()));
  }
}

TEST_CASE("a model with bytes overwritten at random") {
  const std::string bytes = richModel().bytes();
  Victim victim;
  size_t accepted = 0, seeds = seedCount(1000);
  for (unsigned seed = 0; seed < seeds; ++seed) {
    INFO("seed " << seed);
    std::mt19937 random(seed);
    std::string damaged = bytes;
    unsigned count = 1 + random() % 4;
    for (unsigned i = 0; i < count; ++i) {
      char &byte = damaged[random() % damaged.size()];
      // A flipped bit, a number with all bits set, or anything.
      switch (random() % 3) {
      case 0:
        byte = char(byte ^ (1 << random() % 8));
        break;
      case 1:
        byte = '\xff';
        break;
      default:
        byte = char(random());
      }
    }
    accepted += victim.import(damaged);
  }
  // Most damage hits names and values, which is not to be seen; some must have been refused.
  CHECK(accepted > 0);
  CHECK(accepted < seeds - seeds / 10);
}

TEST_CASE("a model with pieces removed, repeated and swapped") {
  const std::string bytes = richModel().bytes();
  Victim victim;
  size_t seeds = seedCount(500);
  for (unsigned seed = 0; seed < seeds; ++seed) {
    INFO("seed " << seed);
    std::mt19937 random(seed);
    std::string damaged = bytes;
    size_t from = random() % damaged.size();
    size_t length = 1 + random() % 40;
    std::string piece = damaged.substr(from, length);
    if (random() % 2)
      damaged.erase(from, length);
    if (random() % 2)
      damaged.insert(random() % (damaged.size() + 1), piece);
    victim.import(damaged);
  }
}

/// Changes one thing that the schema allows to something that it should not be.
static void corruptField(onnx::ModelProto &model, std::mt19937 &random) {
  static const int64_t sizes[] = {0,
                                  -1,
                                  1,
                                  64,
                                  65,
                                  int64_t(1) << 31,
                                  int64_t(1) << 48,
                                  int64_t(1) << 62,
                                  std::numeric_limits<int64_t>::min(),
                                  std::numeric_limits<int64_t>::max()};
  static const char *const names[] = {"x", "y", "a", "b", "c", "raw", "many", "typed", "", "ghost"};
  auto anySize = [&] { return sizes[random() % std::size(sizes)]; };
  auto anyName = [&] { return names[random() % std::size(names)]; };
  onnx::GraphProto &graph = *model.mutable_graph();
  onnx::NodeProto &node = *graph.mutable_node(random() % graph.node_size());
  onnx::TensorProto &tensor = *graph.mutable_initializer(random() % graph.initializer_size());
  switch (random() % 12) {
  case 0:
    tensor.add_dims(anySize());
    break;
  case 1:
    if (tensor.dims_size())
      tensor.set_dims(random() % tensor.dims_size(), anySize());
    break;
  case 2:
    tensor.set_data_type(int32_t(random() % 25));
    break;
  case 3:
    tensor.set_name(anyName());
    break;
  case 4:
    node.add_input(anyName());
    break;
  case 5:
    node.add_output(anyName());
    break;
  case 6:
    if (node.attribute_size())
      node.mutable_attribute(random() % node.attribute_size())->set_type(onnx::AttributeProto::AttributeType(random() % 15));
    break;
  case 7:
    addAttribute(node, anyName(), onnx::AttributeProto::AttributeType(1 + random() % 14));
    break;
  case 8:
    graph.mutable_input(random() % graph.input_size())
        ->mutable_type()
        ->mutable_tensor_type()
        ->mutable_shape()
        ->add_dim()
        ->set_dim_value(anySize());
    break;
  case 9:
    graph.mutable_output(0)->set_name(anyName());
    break;
  case 10:
    node.set_op_type(random() % 2 ? "Constant" : "");
    break;
  default:
    tensor.set_data_location(random() % 2 ? onnx::TensorProto::EXTERNAL : onnx::TensorProto::DEFAULT);
  }
}

TEST_CASE("a model with fields that contradict each other") {
  Victim victim;
  size_t accepted = 0, seeds = seedCount(1000);
  for (unsigned seed = 0; seed < seeds; ++seed) {
    INFO("seed " << seed);
    std::mt19937 random(seed);
    TestModel model = richModel();
    unsigned count = 1 + random() % 3;
    for (unsigned i = 0; i < count; ++i)
      corruptField(model.proto, random);
    accepted += victim.import(model.bytes());
  }
  CHECK(accepted > 0);
  CHECK(accepted < seeds - seeds / 10);
}
