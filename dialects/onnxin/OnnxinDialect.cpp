/// Registration of the onnxin dialect and the checks on its attributes on modules, arguments and results.
#include "dialects/onnxin/OnnxinDialect.h"

#include "dialects/onnxin/OnnxinOps.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mcuform::onnxin;

#include "dialects/onnxin/OnnxinDialect.cpp.inc"

#define GET_TYPEDEF_CLASSES
#include "dialects/onnxin/OnnxinTypes.cpp.inc"

void OnnxinDialect::initialize() {
  addTypes<
#define GET_TYPEDEF_LIST
#include "dialects/onnxin/OnnxinTypes.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialects/onnxin/OnnxinOps.cpp.inc"
      >();
}

Operation *OnnxinDialect::materializeConstant(OpBuilder &builder, Attribute value, Type type, Location loc) {
  auto elements = dyn_cast<ElementsAttr>(value);
  if (!elements || elements.getType() != type)
    return nullptr;
  return builder.create<ConstantOp>(loc, type, elements);
}

LogicalResult OnnxinDialect::verifyOperationAttribute(Operation *op, NamedAttribute attribute) {
  StringRef name = attribute.getName().getValue();
  bool isNumber = name == kOpsetAttr || name == kIrVersionAttr;
  bool isText = name == kProducerAttr || name == kModelNameAttr || name == kSha256Attr;
  if (!isNumber && !isText)
    return op->emitOpError() << "has an unknown attribute '" << name << "'";
  if (!isa<ModuleOp>(op))
    return op->emitOpError() << "attribute '" << name << "' belongs on a module";
  auto number = dyn_cast<IntegerAttr>(attribute.getValue());
  if (isNumber && !(number && number.getType().isSignlessInteger(64)))
    return op->emitOpError() << "attribute '" << name << "' must be an i64";
  if (isText && !isa<StringAttr>(attribute.getValue()))
    return op->emitOpError() << "attribute '" << name << "' must be a string";
  return success();
}

static LogicalResult verifyNameAttribute(Operation *op, NamedAttribute attribute) {
  if (attribute.getName() != OnnxinDialect::kNameAttr)
    return op->emitOpError() << "has an unknown attribute '" << attribute.getName().getValue() << "'";
  if (!isa<StringAttr>(attribute.getValue()))
    return op->emitOpError() << "attribute '" << OnnxinDialect::kNameAttr << "' must be a string";
  return success();
}

LogicalResult OnnxinDialect::verifyRegionArgAttribute(Operation *op, unsigned, unsigned, NamedAttribute attribute) {
  return verifyNameAttribute(op, attribute);
}

LogicalResult OnnxinDialect::verifyRegionResultAttribute(Operation *op, unsigned, unsigned, NamedAttribute attribute) {
  return verifyNameAttribute(op, attribute);
}
