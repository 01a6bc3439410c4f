// Arrays in NumPy's .npy format: calibration inputs, oracle outputs, dumped intermediates.
//
// The tools exchange tensors with Python through these files. Files come from outside, so the reader trusts no field of them.
// Invariant of a read array: bytes.size() == elementCount() * elementBytes(), C order, little endian.
#ifndef MCUFORM_COMPILER_SUPPORT_NPY_H
#define MCUFORM_COMPILER_SUPPORT_NPY_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <cassert>
#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

namespace mcuform {

/// The dtype code of a C++ element type, e.g. "f4" for float.
template <class T> std::string npyDtype() {
  static_assert(std::is_arithmetic_v<T> && !std::is_same_v<T, bool>, "no .npy dtype for this type");
  return (std::is_floating_point_v<T> ? "f" : std::is_signed_v<T> ? "i" : "u") + std::to_string(sizeof(T));
}

struct NpyArray {
  std::string dtype; ///< "u1", "i1", "i2", "i4", "i8", "f4" or "f8"; little endian
  std::vector<int64_t> shape; ///< empty for a scalar; no extent is negative
  std::vector<char> bytes;

  int64_t elementCount() const;
  /// Bytes of one element; 0 if the dtype is none of the known ones.
  int64_t elementBytes() const;

  /// The elements in C order. T must be the type that dtype names.
  template <class T> const T *data() const {
    assert(dtype == npyDtype<T>() && "element type differs from the array's dtype");
    return reinterpret_cast<const T *>(bytes.data());
  }
  template <class T> T *data() { return const_cast<T *>(static_cast<const NpyArray *>(this)->data<T>()); }

  /// A zero-filled array.
  template <class T> static NpyArray zeros(std::vector<int64_t> shape) {
    NpyArray array{npyDtype<T>(), std::move(shape), {}};
    array.bytes.resize(static_cast<size_t>(array.elementCount()) * sizeof(T));
    return array;
  }
};

/// Refuses, naming the path: truncated or overlong files, unknown dtypes, big endian, Fortran order, extents whose product overflows.
llvm::Expected<NpyArray> readNpy(llvm::StringRef path);

/// The same on bytes in memory; `name` takes the path's place in messages.
llvm::Expected<NpyArray> parseNpy(llvm::StringRef bytes, llvm::StringRef name);

/// Refuses an array that breaks the invariant above.
llvm::Error writeNpy(llvm::StringRef path, const NpyArray &array);

} // namespace mcuform

#endif // MCUFORM_COMPILER_SUPPORT_NPY_H
