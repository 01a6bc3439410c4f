#include "compiler/import/AttributeImport.h"

#include "compiler/import/Problems.h"
#include "compiler/import/TensorImport.h"

#include "mlir/IR/Builders.h"
#include "llvm/ADT/StringSet.h"

#include <onnx/onnx_pb.h>

using namespace mlir;
using namespace mcuform;
using onnx::AttributeProto;

namespace {
class AttributeImporter {
public:
  AttributeImporter(onnx::NodeProto &node, StringRef nodeName, MLIRContext &context, TensorReader &tensors, Problems &problems)
      : node(node), nodeName(nodeName), tensors(tensors), problems(problems), builder(&context) {}

  DictionaryAttr run();

private:
  /// Null after reporting.
  Attribute convert(AttributeProto &attribute);
  Attribute convertTensor(onnx::TensorProto &tensor, StringRef attributeName);
  Attribute refuse(const AttributeProto &attribute, StringRef kind);

  onnx::NodeProto &node;
  StringRef nodeName;
  TensorReader &tensors;
  Problems &problems;
  Builder builder;
};
} // namespace

Attribute AttributeImporter::refuse(const AttributeProto &attribute, StringRef kind) {
  problems.report(Code::UnsupportedAttributeKind, nodeName)
      << "attribute " << quoted(attribute.name()) << " of node " << quoted(nodeName) << " is " << kind << ", which is not supported";
  return nullptr;
}

Attribute AttributeImporter::convertTensor(onnx::TensorProto &tensor, StringRef attributeName) {
  std::string what = "attribute " + quoted(attributeName) + " of node " + quoted(nodeName);
  return tensors.read(tensor, what, nodeName, FloatPolicy::NoNan);
}

Attribute AttributeImporter::convert(AttributeProto &attribute) {
  if (attribute.has_ref_attr_name())
    return refuse(attribute, "a reference to an attribute of a function");
  SmallVector<Attribute> list;
  switch (attribute.type()) {
  case AttributeProto::FLOAT:
    return builder.getF32FloatAttr(attribute.f());
  case AttributeProto::INT:
    return builder.getI64IntegerAttr(attribute.i());
  case AttributeProto::STRING:
    return builder.getStringAttr(attribute.s());
  case AttributeProto::TENSOR:
    return convertTensor(*attribute.mutable_t(), attribute.name());
  case AttributeProto::FLOATS:
    return builder.getDenseF32ArrayAttr(ArrayRef<float>(attribute.floats().data(), attribute.floats_size()));
  case AttributeProto::INTS:
    return builder.getDenseI64ArrayAttr(ArrayRef<int64_t>(attribute.ints().data(), attribute.ints_size()));
  case AttributeProto::STRINGS:
    for (const std::string &text : attribute.strings())
      list.push_back(builder.getStringAttr(text));
    return builder.getArrayAttr(list);
  case AttributeProto::TENSORS:
    for (onnx::TensorProto &tensor : *attribute.mutable_tensors()) {
      list.push_back(convertTensor(tensor, attribute.name()));
      if (!list.back())
        return nullptr;
    }
    return builder.getArrayAttr(list);
  case AttributeProto::SPARSE_TENSOR:
  case AttributeProto::SPARSE_TENSORS:
    return refuse(attribute, "a sparse tensor");
  case AttributeProto::TYPE_PROTO:
  case AttributeProto::TYPE_PROTOS:
    return refuse(attribute, "a type");
  default:
    return refuse(attribute, "of no known kind");
  }
}

DictionaryAttr AttributeImporter::run() {
  bool isGood = true, hasGraph = false;
  SmallVector<NamedAttribute> attributes;
  llvm::StringSet<> names;
  for (AttributeProto &attribute : *node.mutable_attribute()) {
    StringRef name = attribute.name();
    if (name.empty() || !names.insert(name).second) {
      problems.report(Code::MalformedGraph, nodeName)
          << "node " << quoted(nodeName) << " has "
          << (name.empty() ? std::string("an attribute without a name") : "attribute " + quoted(name) + " twice");
      isGood = false;
      continue;
    }
    if (attribute.type() == AttributeProto::GRAPH || attribute.type() == AttributeProto::GRAPHS) {
      hasGraph = true;
      continue;
    }
    Attribute value = convert(attribute);
    if (value)
      attributes.push_back(builder.getNamedAttr(name, value));
    else
      isGood = false;
  }
  if (hasGraph)
    problems.report(Code::ControlFlow, nodeName)
        << "node " << quoted(nodeName) << " (" << printable(node.op_type()) << ") has a graph inside: control flow is not supported";
  return isGood && !hasGraph ? builder.getDictionaryAttr(attributes) : nullptr;
}

DictionaryAttr mcuform::importAttributes(onnx::NodeProto &node, StringRef nodeName, MLIRContext &context, TensorReader &tensors,
                                         Problems &problems) {
  return AttributeImporter(node, nodeName, context, tensors, problems).run();
}

ElementsAttr mcuform::getConstantValue(DictionaryAttr attributes, StringRef nodeName, Problems &problems) {
  if (attributes.size() != 1) {
    problems.report(Code::MalformedGraph, nodeName)
        << "Constant node " << quoted(nodeName) << " has " << attributes.size() << " attributes, it must have one";
    return nullptr;
  }
  StringRef name = attributes.begin()->getName();
  Attribute value = attributes.begin()->getValue();
  if (auto tensor = dyn_cast<ElementsAttr>(value); tensor && name == "value")
    return tensor;
  // One number is a scalar, a list a vector.
  if (auto number = dyn_cast<IntegerAttr>(value); number && name == "value_int")
    return DenseElementsAttr::get(RankedTensorType::get({}, number.getType()), value);
  if (auto number = dyn_cast<FloatAttr>(value); number && name == "value_float")
    return DenseElementsAttr::get(RankedTensorType::get({}, number.getType()), value);
  auto list = dyn_cast<DenseArrayAttr>(value);
  if (list && ((name == "value_ints" && isa<DenseI64ArrayAttr>(list)) || (name == "value_floats" && isa<DenseF32ArrayAttr>(list)))) {
    auto type = RankedTensorType::get({int64_t(list.size())}, list.getElementType());
    return makeElements(type, copyToBlob(list.getRawData(), alignof(int64_t)), nodeName);
  }
  problems.report(Code::UnsupportedAttributeKind, nodeName)
      << "Constant node " << quoted(nodeName) << " has its value in " << quoted(name) << ", which is not supported";
  return nullptr;
}
