#include "compiler/import/InputTypes.h"

#include "compiler/import/Problems.h"
#include "compiler/import/TensorImport.h"

#include <onnx/onnx_pb.h>

using namespace mlir;
using namespace mcuform;
using onnx::TensorShapeProto;

InputTypes::InputTypes(const llvm::StringMap<int64_t> &dims, MLIRContext &context, Problems &problems)
    : dims(dims), context(context), problems(problems) {
  std::vector<StringRef> names;
  for (const auto &entry : dims)
    if (entry.second <= 0)
      names.push_back(entry.first());
  llvm::sort(names);
  for (StringRef name : names)
    problems.reportFile(Code::Options) << "dimension " << quoted(name) << " is given size " << dims.lookup(name) << ", it must be positive";
}

InputTypes::Result InputTypes::get(const onnx::ValueInfoProto &input) {
  StringRef name = input.name();
  std::string what = "input " + quoted(name);
  if (!input.has_type() || !input.type().has_tensor_type()) {
    problems.report(Code::UnsupportedInput, name) << what << " is not a tensor";
    return {};
  }
  const onnx::TypeProto::Tensor &tensor = input.type().tensor_type();
  bool isGood = true, canAssume = true;
  Type elementType = getElementType(tensor.elem_type(), context);
  if (!elementType) {
    problems.report(Code::UnsupportedElementType, name)
        << what << " has elements of type " << getElementTypeName(tensor.elem_type()) << ", which is not supported";
    isGood = false;
  }
  if (!tensor.has_shape()) {
    problems.report(Code::UnsupportedInput, name) << what << " has no shape: re-export with a fixed one";
    return {};
  }

  SmallVector<int64_t> shape;
  for (const auto &[index, dim] : llvm::enumerate(tensor.shape().dim())) {
    if (dim.value_case() == TensorShapeProto::Dimension::kDimValue) {
      shape.push_back(dim.dim_value());
      if (dim.dim_value() <= 0) {
        problems.report(Code::OpenDimension, name)
            << what << " has size " << dim.dim_value() << " in dimension " << index << ", it must be positive";
        isGood = canAssume = false;
      }
      continue;
    }
    bool hasSymbol = !dim.dim_param().empty();
    std::string key = hasSymbol ? dim.dim_param() : input.name() + ":" + std::to_string(index);
    auto size = dims.find(key);
    if (size != dims.end()) {
      usedDims.insert(key);
      shape.push_back(size->second);
      if (size->second <= 0)
        isGood = canAssume = false;
      continue;
    }
    problems.report(Code::OpenDimension, name) << what << " has no fixed size in dimension " << index
                                               << (hasSymbol ? " (" + quoted(key) + ")" : "")
                                               << ": re-export with a fixed size, or pass --dim " << printable(key) << "=1";
    isGood = false;
    canAssume &= index == 0;
    shape.push_back(1);
  }
  if (canAssume && !countElements(shape)) {
    Report report = problems.report(Code::UnsupportedInput, name);
    report << what << " is too large: [";
    llvm::interleaveComma(shape, report);
    report << "]";
    isGood = canAssume = false;
  }
  Result result;
  if (isGood)
    result.type = RankedTensorType::get(shape, elementType);
  if (canAssume)
    result.assumed = RankedTensorType::get(shape, elementType && !isa<FloatType>(elementType) ? elementType : Float32Type::get(&context));
  return result;
}

void InputTypes::warnOfUnusedDims() {
  std::vector<StringRef> names;
  for (const auto &entry : dims)
    if (!usedDims.contains(entry.first()))
      names.push_back(entry.first());
  llvm::sort(names);
  for (StringRef name : names)
    problems.warn() << "no input has an open dimension " << quoted(name);
}
