// The weight pack and the assembly that brings it into a program.
#include "compiler/emission/Contents.h"

#include "mlir/IR/DialectResourceBlobManager.h"

using namespace mlir;

namespace mcuform::emission {
namespace {

/// The elements in row-major order, little-endian as the host is.
llvm::Expected<std::vector<uint8_t>> bytesOf(mcurt::ConstantOp constant) {
  MemRefType type = constant.getType();
  size_t wanted = mcurt::sizeBytesOf(type);
  ArrayRef<char> raw;
  if (auto dense = dyn_cast<DenseElementsAttr>(constant.getValue()))
    raw = dense.getRawData();
  else if (auto resource = dyn_cast<DenseResourceElementsAttr>(constant.getValue()))
    if (AsmResourceBlob *blob = resource.getRawHandle().getBlob())
      raw = blob->getData();
  std::vector<uint8_t> bytes(raw.begin(), raw.end());
  // A splat holds its value once.
  if (!bytes.empty() && isa<SplatElementsAttr>(constant.getValue()))
    while (bytes.size() < wanted)
      bytes.insert(bytes.end(), raw.begin(), raw.end());
  if (bytes.size() != wanted)
    return llvm::createStringError(llvm::inconvertibleErrorCode(), "constant '%s' has %zu bytes where %zu are needed",
                                   constant.getName().str().c_str(), bytes.size(), wanted);
  return bytes;
}

/// docs/arithmetic.md, "paired": units in pairs, the two units' values alternating; an odd last unit is paired with zeros.
std::vector<uint8_t> pairRows(ArrayRef<uint8_t> rows, size_t units, size_t depth) {
  std::vector<uint8_t> paired((units + 1) / 2 * 2 * depth, 0);
  for (size_t unit = 0; unit < units; ++unit)
    for (size_t k = 0; k < depth; ++k)
      paired[unit / 2 * 2 * depth + 2 * k + unit % 2] = rows[unit * depth + k];
  return paired;
}

llvm::Expected<PackType> packTypeOf(mcurt::ConstantOp constant) {
  Type element = constant.getType().getElementType();
  if (element.isInteger(8))
    return element.isUnsignedInteger() ? PackType::UInt8 : PackType::Int8;
  if (element.isInteger(16))
    return element.isUnsignedInteger() ? PackType::UInt16 : PackType::Int16;
  if (element.isInteger(32))
    return element.isUnsignedInteger() ? PackType::UInt32 : PackType::Int32;
  return llvm::createStringError(llvm::inconvertibleErrorCode(), "constant '%s' has a type that kernels do not read",
                                 constant.getName().str().c_str());
}

} // namespace

llvm::Error packWeights(Package &package) {
  PackBuilder builder;
  llvm::DenseMap<Operation *, int64_t> offsets;
  std::map<size_t, int64_t> bytesAt;
  for (auto constant : package.function.getOps<mcurt::ConstantOp>()) {
    auto bytes = bytesOf(constant);
    if (!bytes)
      return bytes.takeError();
    auto type = packTypeOf(constant);
    if (!type)
      return type.takeError();
    SmallVector<int64_t> shape(constant.getType().getShape());
    if (constant.getLayout() == mcurt::Layout::Paired) {
      *bytes = pairRows(*bytes, shape[0], shape[1]);
      shape[0] = (shape[0] + 1) / 2 * 2;
    }
    offsets[constant] = builder.addTensor(constant.getName(), *type, shape, *bytes);
    bytesAt[offsets[constant]] = bytes->size();
  }
  auto image = builder.finish(package.modelName, package.modelSha256);
  if (!image)
    return image.takeError();
  package.pack = std::move(*image);
  for (auto [constant, offset] : offsets)
    package.weightOffsets[constant] = offset + package.pack.dataOffset;
  for (auto [offset, bytes] : bytesAt)
    package.weightsBytes += bytes;
  return llvm::Error::success();
}

std::string emitWeightsAssembly(const Package &package) {
  return fillTemplate(
      R"(/* The weights of @name@, from the file beside this one, in a section that a linker script can place in any memory that can be read. */
    .section .mcuform_weights, "a", %progbits
    .balign 16
    .global @name@_weights
    .type @name@_weights, %object
@name@_weights:
    .incbin "@name@.weights"
    .size @name@_weights, . - @name@_weights
#if defined(__linux__)
    .section .note.GNU-stack, "", %progbits
#endif
)",
      {{"name", package.name}});
}

} // namespace mcuform::emission
