// Float operators that move elements: transpose, slice, concat, gather, broadcast, cast and the elementwise ones.
#include "compiler/reference/FloatOps.h"

#include <cmath>
#include <cstring>

using namespace mlir;

namespace mcuform::floatops {
namespace {

/// Calls fn(linear output index, input offset) for every element of a box of `shape` laid over an input with `strides` from `base`.
template <class Fn> void forEach(ArrayRef<int64_t> shape, ArrayRef<int64_t> strides, int64_t base, Fn fn) {
  int64_t count = 1;
  for (int64_t size : shape)
    count *= size;
  SmallVector<int64_t> position(shape.size(), 0);
  int64_t offset = base;
  for (int64_t i = 0; i < count; ++i) {
    fn(i, offset);
    for (size_t d = shape.size(); d-- > 0;) {
      offset += strides[d];
      if (++position[d] < shape[d])
        break;
      offset -= strides[d] * shape[d];
      position[d] = 0;
    }
  }
}

/// Copies a strided box of the input into a fresh tensor of the same kind.
HostTensor gatherBox(const HostTensor &input, ArrayRef<int64_t> shape, ArrayRef<int64_t> strides, int64_t base) {
  HostTensor result(input.kind(), shape);
  auto copy = [&](auto zero) {
    using T = decltype(zero);
    const T *in = input.data<T>();
    T *out = result.data<T>();
    forEach(shape, strides, base, [&](int64_t i, int64_t offset) { out[i] = in[offset]; });
  };
  switch (elementBytes(input.kind())) {
  case 1: copy(int8_t{}); break;
  case 2: copy(int16_t{}); break;
  case 4: copy(int32_t{}); break;
  default: copy(int64_t{}); break;
  }
  return result;
}

/// Strides of a tensor laid over a larger broadcast shape: 0 where it repeats.
SmallVector<int64_t> broadcastStrides(const HostTensor &tensor, ArrayRef<int64_t> shape) {
  SmallVector<int64_t> own = tensor.strides(), result(shape.size(), 0);
  size_t shift = shape.size() - own.size();
  for (size_t d = 0; d < own.size(); ++d)
    result[shift + d] = tensor.shape()[d] == 1 ? 0 : own[d];
  return result;
}

float applyUnary(mcuf::UnaryKind kind, float x) {
  switch (kind) {
  case mcuf::UnaryKind::Neg: return -x;
  case mcuf::UnaryKind::Abs: return std::fabs(x);
  case mcuf::UnaryKind::Sqrt: return std::sqrt(x);
  case mcuf::UnaryKind::Exp: return std::exp(x);
  case mcuf::UnaryKind::Log: return std::log(x);
  case mcuf::UnaryKind::Erf: return std::erf(x);
  case mcuf::UnaryKind::Tanh: return std::tanh(x);
  case mcuf::UnaryKind::Sigmoid: return 1.0f / (1.0f + std::exp(-x));
  case mcuf::UnaryKind::Relu: return x > 0 ? x : 0;
  case mcuf::UnaryKind::Reciprocal: return 1.0f / x;
  case mcuf::UnaryKind::Not: return x == 0;
  case mcuf::UnaryKind::Floor: return std::floor(x);
  case mcuf::UnaryKind::Ceil: return std::ceil(x);
  case mcuf::UnaryKind::Round: return std::nearbyint(x); // ties to even
  case mcuf::UnaryKind::Sin: return std::sin(x);
  case mcuf::UnaryKind::Cos: return std::cos(x);
  }
  return x;
}

/// The functions that ONNX defines on integers, too.
bool isIntegerFunction(mcuf::UnaryKind kind) {
  switch (kind) {
  case mcuf::UnaryKind::Neg:
  case mcuf::UnaryKind::Abs:
  case mcuf::UnaryKind::Relu:
  case mcuf::UnaryKind::Not: return true;
  default: return false;
  }
}

template <class T> T applyToInteger(mcuf::UnaryKind kind, T x) {
  switch (kind) {
  case mcuf::UnaryKind::Neg: return T(-x);
  case mcuf::UnaryKind::Abs: return x < 0 ? T(-x) : x;
  case mcuf::UnaryKind::Relu: return x > 0 ? x : T(0);
  case mcuf::UnaryKind::Not: return x == 0;
  default: return x;
  }
}

/// Integer division and remainder by zero give zero; the shape arithmetic that uses them never has a zero divisor in a valid graph.
template <class T> T applyBinary(mcuf::BinaryKind kind, T a, T b) {
  constexpr bool isFloat = std::is_floating_point_v<T>;
  switch (kind) {
  case mcuf::BinaryKind::Add: return T(a + b);
  case mcuf::BinaryKind::Sub: return T(a - b);
  case mcuf::BinaryKind::Mul: return T(a * b);
  case mcuf::BinaryKind::Div:
    if constexpr (isFloat)
      return a / b;
    else
      return b == 0 ? T(0) : T(a / b);
  case mcuf::BinaryKind::Pow: return T(std::pow(a, b));
  case mcuf::BinaryKind::Max: return a < b ? b : a;
  case mcuf::BinaryKind::Min: return b < a ? b : a;
  case mcuf::BinaryKind::Equal: return a == b;
  case mcuf::BinaryKind::Less: return a < b;
  case mcuf::BinaryKind::Greater: return a > b;
  case mcuf::BinaryKind::Mod:
    if constexpr (isFloat) {
      return std::fmod(a, b);
    } else {
      T rest = b == 0 ? T(0) : T(a % b);
      return rest != 0 && (rest < 0) != (b < 0) ? T(rest + b) : rest;
    }
  case mcuf::BinaryKind::And: return a != 0 && b != 0;
  case mcuf::BinaryKind::Or: return a != 0 || b != 0;
  }
  return a;
}

template <class T, class Result>
HostTensor binaryOf(mcuf::BinaryKind kind, const HostTensor &lhs, const HostTensor &rhs, ElementKind resultKind, ArrayRef<int64_t> shape) {
  HostTensor result(resultKind, shape);
  Result *out = result.data<Result>();
  const T *a = lhs.data<T>(), *b = rhs.data<T>();
  if (lhs.shape() == rhs.shape()) {
    for (int64_t i = 0; i < result.size(); ++i)
      out[i] = Result(applyBinary<T>(kind, a[i], b[i]));
    return result;
  }
  SmallVector<int64_t> offsets(size_t(result.size()));
  forEach(shape, broadcastStrides(lhs, shape), 0, [&](int64_t i, int64_t offset) { offsets[i] = offset; });
  forEach(shape, broadcastStrides(rhs, shape), 0, [&](int64_t i, int64_t offset) { out[i] = Result(applyBinary<T>(kind, a[offsets[i]], b[offset])); });
  return result;
}

template <class From> bool castFrom(const HostTensor &input, HostTensor &result) {
  auto into = [&](auto zero) {
    using To = decltype(zero);
    for (int64_t i = 0; i < input.size(); ++i)
      result.data<To>()[i] = To(input.data<From>()[i]);
  };
  switch (result.kind()) {
  case ElementKind::F32: into(float{}); break;
  case ElementKind::F64: into(double{}); break;
  case ElementKind::I8: into(int8_t{}); break;
  case ElementKind::I16: into(int16_t{}); break;
  case ElementKind::I32: into(int32_t{}); break;
  case ElementKind::I64: into(int64_t{}); break;
  case ElementKind::U8: into(uint8_t{}); break;
  case ElementKind::I1:
    for (int64_t i = 0; i < input.size(); ++i)
      result.data<int8_t>()[i] = input.data<From>()[i] != From(0);
    break;
  }
  return true;
}

} // namespace

FailureOr<HostTensor> unary(mcuf::UnaryKind kind, const HostTensor &input) {
  HostTensor result(input.kind(), input.shape());
  auto integers = [&](auto zero) -> FailureOr<HostTensor> {
    using T = decltype(zero);
    if (!isIntegerFunction(kind))
      return failure();
    for (int64_t i = 0; i < input.size(); ++i)
      result.data<T>()[i] = applyToInteger<T>(kind, input.data<T>()[i]);
    return result;
  };
  switch (input.kind()) {
  case ElementKind::F32:
    for (int64_t i = 0; i < input.size(); ++i)
      result.data<float>()[i] = applyUnary(kind, input.data<float>()[i]);
    return result;
  case ElementKind::F64: return failure();
  case ElementKind::I1:
  case ElementKind::I8: return integers(int8_t{});
  case ElementKind::U8: return integers(uint8_t{});
  case ElementKind::I16: return integers(int16_t{});
  case ElementKind::I32: return integers(int32_t{});
  case ElementKind::I64: return integers(int64_t{});
  }
  return failure();
}

FailureOr<HostTensor> binary(mcuf::BinaryKind kind, const HostTensor &lhs, const HostTensor &rhs, ArrayRef<int64_t> shape) {
  bool compares = kind == mcuf::BinaryKind::Equal || kind == mcuf::BinaryKind::Less || kind == mcuf::BinaryKind::Greater;
  if (lhs.kind() != rhs.kind())
    return failure();
  auto of = [&](auto zero) {
    using T = decltype(zero);
    return compares ? binaryOf<T, int8_t>(kind, lhs, rhs, ElementKind::I1, shape) : binaryOf<T, T>(kind, lhs, rhs, lhs.kind(), shape);
  };
  switch (lhs.kind()) {
  case ElementKind::F32: return of(float{});
  case ElementKind::F64: return of(double{});
  case ElementKind::I32: return of(int32_t{});
  case ElementKind::I64: return of(int64_t{});
  case ElementKind::I1:
  case ElementKind::I8: return of(int8_t{});
  case ElementKind::U8: return of(uint8_t{});
  case ElementKind::I16: return of(int16_t{});
  }
  return failure();
}

HostTensor select(const HostTensor &condition, const HostTensor &onTrue, const HostTensor &onFalse, ArrayRef<int64_t> shape) {
  HostTensor flags = broadcast(condition, shape), yes = broadcast(onTrue, shape), no = broadcast(onFalse, shape);
  HostTensor result(onTrue.kind(), shape);
  int64_t bytes = elementBytes(onTrue.kind());
  for (int64_t i = 0; i < result.size(); ++i)
    std::memcpy(result.data<char>() + i * bytes, (flags.data<int8_t>()[i] ? yes : no).data<char>() + i * bytes, size_t(bytes));
  return result;
}

FailureOr<HostTensor> cast(const HostTensor &input, ElementKind to) {
  HostTensor result(to, input.shape());
  switch (input.kind()) {
  case ElementKind::F32: castFrom<float>(input, result); break;
  case ElementKind::F64: castFrom<double>(input, result); break;
  case ElementKind::I1:
  case ElementKind::I8: castFrom<int8_t>(input, result); break;
  case ElementKind::I16: castFrom<int16_t>(input, result); break;
  case ElementKind::I32: castFrom<int32_t>(input, result); break;
  case ElementKind::I64: castFrom<int64_t>(input, result); break;
  case ElementKind::U8: castFrom<uint8_t>(input, result); break;
  }
  return result;
}

HostTensor transpose(const HostTensor &input, ArrayRef<int64_t> permutation) {
  SmallVector<int64_t> own = input.strides(), shape, strides;
  for (int64_t d : permutation) {
    shape.push_back(input.shape()[d]);
    strides.push_back(own[d]);
  }
  return gatherBox(input, shape, strides, 0);
}

HostTensor slice(const HostTensor &input, ArrayRef<int64_t> starts, ArrayRef<int64_t> sizes, ArrayRef<int64_t> steps) {
  SmallVector<int64_t> strides = input.strides();
  int64_t base = 0;
  for (size_t d = 0; d < strides.size(); ++d) {
    base += starts[d] * strides[d];
    strides[d] *= steps[d];
  }
  return gatherBox(input, sizes, strides, base);
}

HostTensor permuteRows(const HostTensor &input, ArrayRef<int64_t> sizes, ArrayRef<int64_t> strides, ArrayRef<int64_t> shape) {
  SmallVector<int64_t> box(sizes), steps(strides);
  for (int64_t &step : steps)
    step *= input.width();
  box.push_back(input.width());
  steps.push_back(1);
  return gatherBox(input, box, steps, 0).reshaped(shape);
}

HostTensor concat(ArrayRef<HostTensor> inputs, int64_t axis, ArrayRef<int64_t> shape) {
  HostTensor result(inputs.front().kind(), shape);
  int64_t bytes = elementBytes(result.kind()), outer = 1, inner = bytes;
  for (int64_t d = 0; d < axis; ++d)
    outer *= shape[d];
  for (size_t d = size_t(axis) + 1; d < shape.size(); ++d)
    inner *= shape[d];
  int64_t row = shape[axis] * inner, at = 0;
  for (const HostTensor &input : inputs) {
    int64_t run = input.shape()[axis] * inner;
    for (int64_t o = 0; o < outer; ++o)
      std::memcpy(result.data<char>() + o * row + at, input.data<char>() + o * run, size_t(run));
    at += run;
  }
  return result;
}

FailureOr<HostTensor> gather(const HostTensor &input, const HostTensor &indices, int64_t axis, ArrayRef<int64_t> shape) {
  FailureOr<HostTensor> wide = cast(indices, ElementKind::I64);
  HostTensor result(input.kind(), shape);
  int64_t bytes = elementBytes(input.kind()), outer = 1, inner = bytes, extent = input.shape()[axis];
  for (int64_t d = 0; d < axis; ++d)
    outer *= input.shape()[d];
  for (int64_t d = axis + 1; d < input.rank(); ++d)
    inner *= input.shape()[d];
  for (int64_t o = 0; o < outer; ++o)
    for (int64_t i = 0; i < wide->size(); ++i) {
      int64_t index = wide->data<int64_t>()[i];
      if (index < 0)
        index += extent;
      if (index < 0 || index >= extent)
        return failure();
      std::memcpy(result.data<char>() + (o * wide->size() + i) * inner, input.data<char>() + (o * extent + index) * inner, size_t(inner));
    }
  return result;
}

HostTensor broadcast(const HostTensor &input, ArrayRef<int64_t> shape) {
  return gatherBox(input, shape, broadcastStrides(input, shape), 0);
}

FailureOr<HostTensor> reduce(mcuf::ReduceKind kind, const HostTensor &input, ArrayRef<int64_t> axes, ArrayRef<int64_t> shape) {
  // Bring the reduced dimensions to the end, then reduce rows.
  SmallVector<int64_t> permutation;
  int64_t count = 1;
  for (int64_t d = 0; d < input.rank(); ++d)
    if (!llvm::is_contained(axes, d))
      permutation.push_back(d);
  for (int64_t d = 0; d < input.rank(); ++d)
    if (llvm::is_contained(axes, d)) {
      permutation.push_back(d);
      count *= input.shape()[d];
    }
  HostTensor moved = transpose(input, permutation);
  HostTensor result(input.kind(), shape);
  auto run = [&](auto zero) {
    using T = decltype(zero);
    using Wide = std::conditional_t<std::is_floating_point_v<T>, double, int64_t>;
    for (int64_t r = 0; r < result.size(); ++r) {
      const T *row = moved.data<T>() + r * count;
      Wide value = kind == mcuf::ReduceKind::Prod ? 1 : kind == mcuf::ReduceKind::Max || kind == mcuf::ReduceKind::Min ? Wide(row[0]) : 0;
      for (int64_t i = 0; i < count; ++i) {
        Wide x = row[i];
        switch (kind) {
        case mcuf::ReduceKind::Mean:
        case mcuf::ReduceKind::Sum: value += x; break;
        case mcuf::ReduceKind::Max: value = std::max(value, x); break;
        case mcuf::ReduceKind::Min: value = std::min(value, x); break;
        case mcuf::ReduceKind::Prod: value *= x; break;
        }
      }
      result.data<T>()[r] = T(kind == mcuf::ReduceKind::Mean ? value / count : value);
    }
  };
  switch (input.kind()) {
  case ElementKind::F32: run(float{}); return result;
  case ElementKind::F64: run(double{}); return result;
  case ElementKind::I32: run(int32_t{}); return result;
  case ElementKind::I64: run(int64_t{}); return result;
  default: return failure();
  }
}

} // namespace mcuform::floatops
