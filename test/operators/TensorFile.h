// Tensors of ONNX's test data: files that hold one TensorProto each.
#ifndef MCUFORM_TEST_OPERATORS_TENSORFILE_H
#define MCUFORM_TEST_OPERATORS_TENSORFILE_H

#include "compiler/reference/HostTensor.h"

#include <onnx/onnx_pb.h>

#include <optional>
#include <string>

namespace mcuform::test {

/// The tensor in the file; nothing where it holds something else, such as a sequence.
std::optional<onnx::TensorProto> readTensorFile(const std::string &path);

/// As the interpreter takes it; nothing for element types that it does not compute with.
std::optional<HostTensor> toHostTensor(const onnx::TensorProto &tensor);

/// What is wrong with `actual`, or an empty string. Floats agree within 1e-3 of the expected value or 1e-7, as ONNX's own runner asks;
/// half and double precision stand for single precision, bfloat16 within the 2^-7 that two roundings of it make. All else is equal.
std::string compare(const HostTensor &actual, const onnx::TensorProto &expected);

} // namespace mcuform::test

#endif
