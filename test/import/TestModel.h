/// Small ONNX models built by hand, and what comes of importing them.
#ifndef MCUFORM_TEST_IMPORT_TESTMODEL_H
#define MCUFORM_TEST_IMPORT_TESTMODEL_H

#include "compiler/import/ImportOnnx.h"
#include "dialects/onnxin/OnnxinOps.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"

#include <onnx/onnx_pb.h>

#include <memory>
#include <string>
#include <vector>

namespace mcuform::test {

using Strings = std::vector<std::string>;
using Dims = std::vector<int64_t>;

/// A directory that is gone at the end of the test.
class TempDirectory {
public:
  TempDirectory();
  ~TempDirectory();
  TempDirectory(const TempDirectory &) = delete;

  /// The path of `name` inside.
  std::string at(const std::string &name) const { return path + "/" + name; }
  std::string write(const std::string &name, const std::string &bytes) const;

  std::string path;
};

struct Imported {
  std::unique_ptr<mlir::MLIRContext> context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  /// What each error says, and the name that its location has ("" for one about the file).
  Strings errors, errorNames;
  Strings warnings;

  mlir::func::FuncOp main();
  /// All onnxin.node, onnxin.constant of @main in order.
  std::vector<onnxin::NodeOp> nodes();
  std::vector<onnxin::ConstantOp> constants();
  /// The constant whose location is `name`.
  mlir::ElementsAttr constant(const std::string &name);
  /// As text, large constants in full.
  std::string print();
};

Imported importFile(const std::string &path, const ImportOptions &options = {});

/// y = Relu(x) with x of [1, 4] unless the test says more; IR version 8, opset 17.
struct TestModel {
  TestModel();
  /// Without nodes, inputs and outputs.
  static TestModel empty();

  onnx::ValueInfoProto &input(const std::string &name, const Dims &dims, int32_t type = onnx::TensorProto::FLOAT);
  void output(const std::string &name);
  onnx::NodeProto &node(const std::string &opType, const Strings &inputs, const Strings &outputs, const std::string &name = "");
  onnx::TensorProto &initializer(const std::string &name, const Dims &dims, int32_t type = onnx::TensorProto::FLOAT);
  onnx::GraphProto &graph() { return *proto.mutable_graph(); }

  std::string bytes() const { return proto.SerializeAsString(); }
  Imported import(const ImportOptions &options = {}) const;
  /// The errors of importing it, which must fail.
  Strings errors(const ImportOptions &options = {}) const;

  onnx::ModelProto proto;
};

onnx::AttributeProto &addAttribute(onnx::NodeProto &node, const std::string &name, onnx::AttributeProto::AttributeType type);

/// The bytes of `values` as raw data.
template <typename T> std::string rawData(const std::vector<T> &values) {
  return std::string(reinterpret_cast<const char *>(values.data()), values.size() * sizeof(T));
}

} // namespace mcuform::test

#endif
