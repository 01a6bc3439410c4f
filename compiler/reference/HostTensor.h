// A tensor in host memory: what the interpreters compute with, and the bridge to constants in the IR.
#ifndef MCUFORM_COMPILER_REFERENCE_HOSTTENSOR_H
#define MCUFORM_COMPILER_REFERENCE_HOSTTENSOR_H

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"

#include <memory>
#include <vector>

namespace mcuform {

enum class ElementKind : uint8_t { F32, F64, I1, I8, I16, I32, I64, U8 };

int64_t elementBytes(ElementKind kind);

/// Dense row-major elements; cheap to copy (the bytes are shared), written only while they have one owner.
class HostTensor {
public:
  HostTensor() = default;
  /// Zero-filled.
  HostTensor(ElementKind kind, llvm::ArrayRef<int64_t> shape);

  ElementKind kind() const { return elementKind; }
  llvm::ArrayRef<int64_t> shape() const { return dimensions; }
  int64_t rank() const { return int64_t(dimensions.size()); }
  int64_t size() const { return elementCount; }
  int64_t width() const { return dimensions.empty() ? 1 : dimensions.back(); }
  int64_t rows() const { return width() ? elementCount / width() : 0; }
  template <class T> const T *data() const { return reinterpret_cast<const T *>(bytes->data()); }
  template <class T> T *data() { return reinterpret_cast<T *>(bytes->data()); }
  template <class T> llvm::ArrayRef<T> span() const { return {data<T>(), size_t(elementCount)}; }
  /// The same bytes under another shape of equal size.
  HostTensor reshaped(llvm::ArrayRef<int64_t> shape) const;
  /// Row-major strides in elements.
  llvm::SmallVector<int64_t> strides() const;

private:
  ElementKind elementKind = ElementKind::F32;
  llvm::SmallVector<int64_t, 4> dimensions;
  int64_t elementCount = 0;
  std::shared_ptr<std::vector<char>> bytes = std::make_shared<std::vector<char>>();
};

/// The element kind of a builtin type (i1, i8, ui8, i16, i32, i64, f32, f64) or of a quantized type's storage.
std::optional<ElementKind> elementKindOf(mlir::Type elementType);

/// Copies a constant out of the IR; f16 and bf16 become f32. Fails for element types that no interpreter computes with.
mlir::FailureOr<HostTensor> toHostTensor(mlir::ElementsAttr elements);

/// Makes a constant for the IR: printed in full up to 64 elements, as a dense resource called `name` above. Takes the element type from `type`.
mlir::ElementsAttr toElements(const HostTensor &tensor, mlir::RankedTensorType type, llvm::StringRef name);
/// The same with the builtin type that belongs to the tensor's kind.
mlir::ElementsAttr toElements(const HostTensor &tensor, mlir::MLIRContext *context, llvm::StringRef name);

} // namespace mcuform

#endif
