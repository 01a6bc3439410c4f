/// The model around the graph: opset, functions, and what identifies the file.
#include "compiler/import/ImportOnnx.h"

#include "compiler/import/GraphImport.h"
#include "compiler/import/ModelFile.h"
#include "compiler/import/Problems.h"
#include "dialects/onnxin/OnnxinDialect.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/Verifier.h"

#include <onnx/onnx_pb.h>

using namespace mlir;
using namespace mcuform;
using onnxin::OnnxinDialect;

/// The opset of ONNX's own domain.
static int64_t readOpset(const onnx::ModelProto &model, Problems &problems) {
  std::optional<int64_t> opset;
  for (const onnx::OperatorSetIdProto &entry : model.opset_import()) {
    if (!entry.domain().empty() && entry.domain() != "ai.onnx")
      continue;
    if (opset && *opset != entry.version())
      problems.reportFile(Code::UnsupportedOpset) << "the model names two opsets, " << *opset << " and " << entry.version();
    opset = entry.version();
  }
  if (!opset)
    problems.reportFile(Code::UnsupportedOpset)
        << "the model names no opset, " << kOldestOpset << " to " << kNewestOpset << " are supported";
  else if (*opset < kOldestOpset || *opset > kNewestOpset)
    problems.reportFile(Code::UnsupportedOpset)
        << "the model has opset " << *opset << ", " << kOldestOpset << " to " << kNewestOpset << " are supported";
  return opset.value_or(0);
}

/// Functions are operators that the model defines itself; exporters can inline them.
static void refuseFunctions(const onnx::ModelProto &model, Problems &problems) {
  for (const onnx::FunctionProto &function : model.functions())
    problems.report(Code::LocalFunction, function.name())
        << "the model defines an operator " << quoted(function.domain() + "::" + function.name())
        << " as a function, which is not supported: re-export with functions inlined";
}

static OwningOpRef<ModuleOp> importModel(StringRef path, MLIRContext &context, const ImportOptions &options, Problems &problems) {
  ModelFile file = readModelFile(path, problems);
  if (!file.model)
    return nullptr;
  onnx::ModelProto &model = *file.model;
  if (!model.has_graph()) {
    problems.reportFile(Code::NotAModel) << quoted(path) << " has no graph";
    return nullptr;
  }

  int64_t opset = readOpset(model, problems);
  refuseFunctions(model, problems);

  Builder builder(&context);
  OwningOpRef<ModuleOp> module = ModuleOp::create(problems.getFileLocation());
  std::string producer = model.producer_name();
  if (!model.producer_version().empty())
    producer += (producer.empty() ? "" : " ") + model.producer_version();
  (*module)->setAttr(OnnxinDialect::kOpsetAttr, builder.getI64IntegerAttr(opset));
  (*module)->setAttr(OnnxinDialect::kIrVersionAttr, builder.getI64IntegerAttr(model.ir_version()));
  (*module)->setAttr(OnnxinDialect::kProducerAttr, builder.getStringAttr(producer));
  (*module)->setAttr(OnnxinDialect::kModelNameAttr, builder.getStringAttr(model.graph().name()));
  (*module)->setAttr(OnnxinDialect::kSha256Attr, builder.getStringAttr(file.sha256));

  importGraph(*model.mutable_graph(), path, options, *module, problems);
  if (problems.any()) {
    if (options.incomplete && problems.leaveGraph())
      *options.incomplete = std::move(module);
    return nullptr;
  }
  // A failure here is a fault of the importer; better found now than in a pass.
  if (failed(verify(*module)))
    return nullptr;
  return module;
}

OwningOpRef<ModuleOp> mcuform::importOnnx(StringRef path, MLIRContext &context, const ImportOptions &options) {
  context.loadDialect<OnnxinDialect, func::FuncDialect>();
  Problems problems(context, path);
  OwningOpRef<ModuleOp> module;
  try {
    module = importModel(path, context, options, problems);
  } catch (const std::exception &exception) {
    module = nullptr;
    problems.reportFile(Code::NotAModel) << "cannot import " << quoted(path) << ": " << exception.what();
  }
  problems.finish();
  return module;
}
