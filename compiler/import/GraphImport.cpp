/// Reads the parts of a graph, each with its own checks, then builds the function. The builder can rely on every name being defined once
/// and before its use: nothing is built from a graph where that is not so. What has another problem is built as unknown, on request.
#include "compiler/import/GraphImport.h"

#include "compiler/import/AttributeImport.h"
#include "compiler/import/ImportOnnx.h"
#include "compiler/import/InputTypes.h"
#include "compiler/import/NodeOrder.h"
#include "compiler/import/Problems.h"
#include "compiler/import/TensorImport.h"
#include "dialects/onnxin/OnnxinOps.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "llvm/ADT/StringMap.h"

#include <onnx/onnx_pb.h>

using namespace mlir;
using namespace mcuform;

namespace {
struct Input {
  StringRef name;
  InputTypes::Result type;
};

struct Initializer {
  StringRef name;
  ElementsAttr value;
};

struct Node {
  const onnx::NodeProto *proto;
  std::string name;
  DictionaryAttr attributes;
  /// Set for Constant nodes.
  ElementsAttr constant;
};

/// Who defines a value.
struct Definition {
  static constexpr size_t kNoNode = SIZE_MAX;
  size_t node = kNoNode;
  /// For messages, e.g. "node 'conv1'".
  std::string what;
};

class GraphImporter {
public:
  GraphImporter(onnx::GraphProto &graph, StringRef modelPath, const ImportOptions &options, ModuleOp module, Problems &problems)
      : graph(graph), options(options), module(module), problems(problems), context(*module.getContext()),
        tensors(context, modelPath, problems) {}

  void run();

private:
  void readInitializers();
  void readInputs();
  void readNodes();
  void checkOutputs();
  void orderNodes();
  void define(StringRef value, size_t node, std::string what);
  void build();

  onnx::GraphProto &graph;
  const ImportOptions &options;
  ModuleOp module;
  Problems &problems;
  MLIRContext &context;
  TensorReader tensors;

  std::vector<Input> inputs;
  std::vector<Initializer> initializers;
  std::vector<Node> nodes;
  std::vector<size_t> order;
  llvm::StringMap<Definition> definitions;
};
} // namespace

void GraphImporter::define(StringRef value, size_t node, std::string what) {
  auto [entry, isNew] = definitions.try_emplace(value, Definition{node, what});
  if (!isNew)
    problems.report(Code::MalformedGraph, value)
        << "value " << quoted(value) << " is defined twice: by " << entry->second.what << " and by " << what;
}

void GraphImporter::readInitializers() {
  for (auto [index, tensor] : llvm::enumerate(*graph.mutable_initializer())) {
    StringRef name = tensor.name();
    if (name.empty()) {
      problems.reportFile(Code::MalformedGraph) << "initializer number " << index << " has no name";
      continue;
    }
    std::string what = "initializer " + quoted(name);
    initializers.push_back({name, tensors.read(tensor, what, name, FloatPolicy::Finite)});
    define(name, Definition::kNoNode, std::move(what));
  }
  for (const onnx::SparseTensorProto &tensor : graph.sparse_initializer()) {
    StringRef name = tensor.values().name();
    problems.report(Code::UnsupportedAttributeKind, name)
        << "initializer " << quoted(name) << " is a sparse tensor, which is not supported";
    define(name, Definition::kNoNode, "initializer " + quoted(name));
  }
}

void GraphImporter::readInputs() {
  InputTypes types(options.dims, context, problems);
  for (auto [index, input] : llvm::enumerate(graph.input())) {
    StringRef name = input.name();
    if (name.empty()) {
      problems.reportFile(Code::MalformedGraph) << "input number " << index << " has no name";
      continue;
    }
    // Older exporters list the weights among the inputs, as defaults that a caller could replace.
    auto known = definitions.find(name);
    if (known != definitions.end() && StringRef(known->second.what).starts_with("initializer"))
      continue;
    inputs.push_back({name, types.get(input)});
    define(name, Definition::kNoNode, "input " + quoted(name));
  }
  types.warnOfUnusedDims();
}

static bool isConstant(const onnx::NodeProto &node) {
  return (node.domain().empty() || node.domain() == "ai.onnx") && node.op_type() == "Constant";
}

void GraphImporter::readNodes() {
  for (auto [index, proto] : llvm::enumerate(*graph.mutable_node())) {
    Node node;
    node.proto = &proto;
    node.name = proto.name().empty() ? proto.op_type() + "_" + std::to_string(index) : proto.name();
    if (proto.op_type().empty())
      problems.report(Code::MalformedGraph, node.name) << "node number " << index << " has no operator type";
    node.attributes = importAttributes(proto, node.name, context, tensors, problems);
    if (isConstant(proto)) {
      if (node.attributes)
        node.constant = getConstantValue(node.attributes, node.name, problems);
      if (proto.input_size() != 0 || proto.output_size() != 1)
        problems.report(Code::MalformedGraph, node.name) << "Constant node " << quoted(node.name) << " has " << proto.input_size()
                                                         << " inputs and " << proto.output_size() << " outputs, it must have 0 and 1";
    }
    for (const std::string &output : proto.output())
      if (!output.empty())
        define(output, index, "node " + quoted(node.name));
    nodes.push_back(std::move(node));
  }
}

void GraphImporter::checkOutputs() {
  for (auto [index, output] : llvm::enumerate(graph.output())) {
    StringRef name = output.name();
    if (name.empty())
      problems.reportFile(Code::MalformedGraph) << "output number " << index << " has no name";
    else if (!definitions.contains(name))
      problems.report(Code::MalformedGraph, name) << "output " << quoted(name) << " is defined nowhere";
  }
}

void GraphImporter::orderNodes() {
  std::vector<std::vector<size_t>> producers(nodes.size());
  for (auto [index, node] : llvm::enumerate(nodes)) {
    for (const std::string &value : node.proto->input()) {
      if (value.empty())
        continue;
      auto definition = definitions.find(value);
      if (definition == definitions.end())
        problems.report(Code::MalformedGraph, node.name) << "node " << quoted(node.name) << " (" << printable(node.proto->op_type())
                                                         << ") reads " << quoted(value) << ", which is defined nowhere";
      else if (definition->second.node != Definition::kNoNode)
        producers[index].push_back(definition->second.node);
    }
  }
  NodeOrder result = mcuform::orderNodes(producers);
  order = std::move(result.order);
  for (const std::vector<size_t> &cycle : result.cycles) {
    Report report = problems.report(Code::MalformedGraph, nodes[cycle.front()].name);
    report << "the graph has a cycle: ";
    for (size_t node : cycle)
      report << quoted(nodes[node].name) << " -> ";
    report << quoted(nodes[cycle.front()].name);
  }
}

void GraphImporter::build() {
  OpBuilder builder(&context);
  auto locationOf = [&](StringRef name) { return NameLoc::get(builder.getStringAttr(name)); };
  StringAttr nameAttr = builder.getStringAttr(onnxin::OnnxinDialect::kNameAttr);

  Type valueType = onnxin::ValueType::get(&context);
  SmallVector<Type> argumentTypes;
  SmallVector<Location> argumentLocations;
  for (const Input &input : inputs) {
    RankedTensorType type = input.type.type ? input.type.type : input.type.assumed;
    argumentTypes.push_back(type ? Type(type) : valueType);
    argumentLocations.push_back(locationOf(input.name));
  }
  builder.setInsertionPointToEnd(module.getBody());
  auto function = builder.create<func::FuncOp>(module.getLoc(), "main", builder.getFunctionType(argumentTypes, {}));
  Block *block = builder.createBlock(&function.getBody(), {}, argumentTypes, argumentLocations);

  llvm::StringMap<Value> values;
  for (auto [index, input] : llvm::enumerate(inputs)) {
    values[input.name] = block->getArgument(index);
    function.setArgAttr(index, nameAttr, builder.getStringAttr(input.name));
  }
  auto unknown = [&](Location location) { return builder.create<onnxin::UnknownOp>(location, valueType); };
  auto constant = [&](Location location, ElementsAttr value) -> Value {
    if (!value)
      return unknown(location);
    return builder.create<onnxin::ConstantOp>(location, value);
  };
  for (const Initializer &initializer : initializers)
    values[initializer.name] = constant(locationOf(initializer.name), initializer.value);
  for (const onnx::SparseTensorProto &tensor : graph.sparse_initializer())
    values[tensor.values().name()] = unknown(locationOf(tensor.values().name()));

  Value none;
  for (size_t index : order) {
    const Node &node = nodes[index];
    Location location = locationOf(node.name);
    if (node.constant) {
      values[node.proto->output(0)] = builder.create<onnxin::ConstantOp>(location, node.constant);
      continue;
    }
    if (!node.attributes || isConstant(*node.proto)) {
      for (const std::string &output : node.proto->output())
        values[output] = unknown(location);
      continue;
    }
    SmallVector<Value> operands;
    for (const std::string &input : node.proto->input()) {
      if (input.empty() && !none)
        none = builder.create<onnxin::NoneOp>(builder.getUnknownLoc());
      operands.push_back(input.empty() ? none : values.lookup(input));
    }
    StringRef domain = node.proto->domain();
    auto op = builder.create<onnxin::NodeOp>(location, node.proto->op_type(), domain == "ai.onnx" ? "" : domain, node.attributes, operands,
                                             unsigned(node.proto->output_size()));
    for (auto [output, result] : llvm::zip_equal(node.proto->output(), op.getOutputs()))
      if (!output.empty())
        values[output] = result;
  }

  SmallVector<Value> results;
  for (const onnx::ValueInfoProto &output : graph.output())
    results.push_back(values.lookup(output.name()));
  builder.create<func::ReturnOp>(module.getLoc(), results);
  function.setFunctionType(builder.getFunctionType(argumentTypes, ValueRange(results).getTypes()));
  for (auto [index, output] : llvm::enumerate(graph.output()))
    function.setResultAttr(index, nameAttr, builder.getStringAttr(output.name()));
}

void GraphImporter::run() {
  readInitializers();
  readInputs();
  if (inputs.empty())
    problems.reportFile(Code::MalformedGraph) << "the graph has no input";
  if (graph.node().empty())
    problems.reportFile(Code::MalformedGraph) << "the graph has no nodes";
  if (graph.output().empty())
    problems.reportFile(Code::MalformedGraph) << "the graph has no output";
  readNodes();
  checkOutputs();
  orderNodes();
  if (!problems.any() || (options.incomplete && problems.leaveGraph()))
    build();
}

void mcuform::importGraph(onnx::GraphProto &graph, StringRef modelPath, const ImportOptions &options, ModuleOp module, Problems &problems) {
  GraphImporter(graph, modelPath, options, module, problems).run();
}
