// ONNX's own backend tests through importer, legalization and float interpreter: mcuform-node-tests [-v] DIRECTORY
//
// Cases for opsets that the importer does not read are brought to the oldest one that it does by ONNX's own version converter.
// A case is run if its graph consists of operators that the handlers claim, in three forms: as the file has it; with the inputs that hold no
// floats as constants, which is how exporters write shapes and axes; with all inputs as constants, which evaluates it in the constant folder.
// A form that the compiler refuses with a diagnostic is out of its claim. A case passes if no form gives a wrong result and one gives the
// right one, is refused if all are refused, and fails otherwise. Exit code 1 if a case fails or a claimed operator has cases of its own but
// passes none; 77 where the data is not installed.
#include "test/operators/TensorFile.h"

#include "compiler/driver/Diagnostics.h"
#include "compiler/driver/Model.h"
#include "compiler/import/ImportOnnx.h"
#include "compiler/reference/Interpreter.h"
#include "passes/legalize/HandlerRegistry.h"

#include "mlir/IR/MLIRContext.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

#include <onnx/version_converter/convert.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <set>

using namespace mcuform;
using namespace mlir;
using test::compare;
using test::readTensorFile;

namespace {

enum class Form { AsWritten, ParametersConstant, AllConstant };
enum class Verdict { Passed, Refused, Failed };

struct Outcome {
  Verdict verdict = Verdict::Refused;
  /// Why it was refused or failed.
  std::string reason;
};

struct Case {
  std::string name;
  onnx::ModelProto model;
  std::set<std::string> operators;
  /// Those of the graph that are not weights listed among the inputs, in the order of the data files.
  std::vector<onnx::ValueInfoProto> declaredInputs;
  std::vector<onnx::TensorProto> inputs, outputs;
  /// Set where the data is not one tensor for each input and output.
  bool hasOtherThanTensors = false;
};

std::string operatorName(const onnx::NodeProto &node) {
  return node.domain().empty() || node.domain() == "ai.onnx" ? node.op_type() : node.domain() + "." + node.op_type();
}

std::vector<std::string> listDirectory(const std::string &path) {
  std::vector<std::string> entries;
  std::error_code code;
  for (llvm::sys::fs::directory_iterator entry(path, code), end; entry != end && !code; entry.increment(code))
    entries.push_back(entry->path());
  std::sort(entries.begin(), entries.end());
  return entries;
}

/// The model at an opset that the importer reads, unless ONNX cannot convert it.
onnx::ModelProto modernize(const onnx::ModelProto &model) {
  for (const onnx::OperatorSetIdProto &entry : model.opset_import())
    if ((entry.domain().empty() || entry.domain() == "ai.onnx") && entry.version() < kOldestOpset) {
      try {
        return onnx::version_conversion::ConvertVersion(model, int(kOldestOpset));
      } catch (const std::exception &) {
        return model;
      }
    }
  return model;
}

/// bfloat16 values are in the files as the uint16 with their bits; the model says what they are.
void correctType(onnx::TensorProto &tensor, const onnx::ValueInfoProto &declared) {
  const int32_t type = declared.type().tensor_type().elem_type();
  if (tensor.data_type() == onnx::TensorProto::UINT16 && type == onnx::TensorProto::BFLOAT16)
    tensor.set_data_type(type);
}

/// input_0.pb, input_1.pb ... or the outputs.
std::vector<onnx::TensorProto> readTensors(const std::string &directory, const std::string &kind, bool &hasOther) {
  std::vector<onnx::TensorProto> tensors;
  for (int index = 0;; ++index) {
    std::string path = directory + "/" + kind + "_" + std::to_string(index) + ".pb";
    if (!llvm::sys::fs::exists(path))
      return tensors;
    auto tensor = readTensorFile(path);
    hasOther |= !tensor;
    tensors.push_back(tensor ? std::move(*tensor) : onnx::TensorProto());
  }
}

std::optional<Case> readCase(const std::string &directory) {
  Case result;
  std::ifstream file(directory + "/model.onnx", std::ios::binary);
  if (!file || !result.model.ParseFromIstream(&file))
    return std::nullopt;
  result.name = llvm::sys::path::filename(directory).str();
  result.model = modernize(result.model);
  for (const onnx::NodeProto &node : result.model.graph().node())
    result.operators.insert(operatorName(node));
  std::string data = directory + "/test_data_set_0";
  result.inputs = readTensors(data, "input", result.hasOtherThanTensors);
  result.outputs = readTensors(data, "output", result.hasOtherThanTensors);
  const onnx::GraphProto &graph = result.model.graph();
  llvm::StringSet<> weights;
  for (const onnx::TensorProto &weight : graph.initializer())
    weights.insert(weight.name());
  for (const onnx::ValueInfoProto &input : graph.input())
    if (!weights.contains(input.name()))
      result.declaredInputs.push_back(input);
  result.hasOtherThanTensors |= result.declaredInputs.size() != result.inputs.size() || size_t(graph.output_size()) != result.outputs.size();
  for (size_t i = 0; i < std::min(result.declaredInputs.size(), result.inputs.size()); ++i)
    correctType(result.inputs[i], result.declaredInputs[i]);
  for (size_t i = 0; i < std::min(size_t(graph.output_size()), result.outputs.size()); ++i)
    correctType(result.outputs[i], graph.output(int(i)));
  return result;
}

bool isFloat(const onnx::TensorProto &tensor) {
  switch (tensor.data_type()) {
  case onnx::TensorProto::FLOAT:
  case onnx::TensorProto::FLOAT16:
  case onnx::TensorProto::BFLOAT16:
  case onnx::TensorProto::DOUBLE: return true;
  default: return false;
  }
}

/// Turns inputs into constants as the form asks; those left are in `kept`.
onnx::ModelProto specialize(const Case &test, Form form, std::vector<const onnx::TensorProto *> &kept) {
  onnx::ModelProto model = test.model;
  onnx::GraphProto &graph = *model.mutable_graph();
  graph.clear_input();
  for (const auto &[input, value] : llvm::zip_equal(test.declaredInputs, test.inputs)) {
    bool isConstant = form == Form::AllConstant || (form == Form::ParametersConstant && !isFloat(value));
    if (isConstant) {
      *graph.add_initializer() = value;
      graph.mutable_initializer()->rbegin()->set_name(input.name());
    } else {
      *graph.add_input() = input;
      kept.push_back(&value);
    }
  }
  // A model needs an input.
  static const onnx::TensorProto zero = [] {
    onnx::TensorProto tensor;
    tensor.set_data_type(onnx::TensorProto::FLOAT);
    tensor.add_dims(1);
    tensor.set_raw_data(std::string(sizeof(float), '\0'));
    return tensor;
  }();
  if (graph.input_size() == 0) {
    onnx::ValueInfoProto &input = *graph.add_input();
    input.set_name("mcuform_unused");
    input.mutable_type()->mutable_tensor_type()->set_elem_type(onnx::TensorProto::FLOAT);
    input.mutable_type()->mutable_tensor_type()->mutable_shape()->add_dim()->set_dim_value(1);
    kept.push_back(&zero);
  }
  return model;
}

Outcome runForm(const Case &test, Form form, const std::string &scratch) {
  std::vector<const onnx::TensorProto *> kept;
  // What holds no tensors is for the importer to refuse.
  onnx::ModelProto model = test.hasOtherThanTensors ? test.model : specialize(test, form, kept);
  { std::ofstream(scratch, std::ios::binary | std::ios::trunc) << model.SerializeAsString(); }

  MLIRContext context(MLIRContext::Threading::DISABLED);
  loadDialects(context);
  DiagnosticCollector diagnostics(&context);
  OwningOpRef<ModuleOp> module = loadFloatModel(scratch, context);
  if (!module)
    return diagnostics.errorCount() ? Outcome{Verdict::Refused, llvm::StringRef(diagnostics.text()).split('\n').first.str()}
                                    : Outcome{Verdict::Failed, "no result and no diagnostic"};
  if (test.hasOtherThanTensors)
    return {Verdict::Failed, "accepted, though its values are no tensors"};
  std::vector<HostTensor> inputs;
  for (const onnx::TensorProto *tensor : kept) {
    auto value = test::toHostTensor(*tensor);
    if (!value)
      return {Verdict::Failed, "accepted with an input of element type " + std::to_string(tensor->data_type())};
    inputs.push_back(std::move(*value));
  }
  auto interpreter = Interpreter::create(*module->getOps<func::FuncOp>().begin());
  FailureOr<std::vector<HostTensor>> results = failure();
  if (succeeded(interpreter))
    results = interpreter->run(inputs);
  if (failed(results))
    return {Verdict::Failed, "cannot be interpreted: " + diagnostics.text()};
  if (results->size() != test.outputs.size())
    return {Verdict::Failed, "has " + std::to_string(results->size()) + " results, expected " + std::to_string(test.outputs.size())};
  for (size_t i = 0; i < results->size(); ++i)
    if (std::string problem = compare((*results)[i], test.outputs[i]); !problem.empty())
      return {Verdict::Failed, "output " + std::to_string(i) + ": " + problem};
  return {Verdict::Passed, ""};
}

Outcome runCase(const Case &test, const std::string &scratch) {
  Outcome result;
  for (Form form : {Form::AsWritten, Form::ParametersConstant, Form::AllConstant}) {
    Outcome outcome = runForm(test, form, scratch);
    if (outcome.verdict == Verdict::Failed)
      return outcome;
    // The last form is the one with the least to refuse.
    if (outcome.verdict == Verdict::Passed || result.verdict == Verdict::Refused)
      result = outcome;
  }
  return result;
}

/// How the cases of one operator alone came out, for those whose graph is that one node.
struct Tally {
  int passed = 0, refused = 0, failed = 0;
};

} // namespace

int main(int argc, char **argv) {
  const bool verbose = argc == 3 && llvm::StringRef(argv[1]) == "-v";
  if (argc != 2 && !verbose) {
    llvm::errs() << "usage: mcuform-node-tests [-v] DIRECTORY\n";
    return 2;
  }
  const std::string root = argv[argc - 1];
  if (!llvm::sys::fs::is_directory(root)) {
    llvm::outs() << "skipped: " << root << " is not there; scripts/setup installs it (libonnx-testdata)\n";
    return 77;
  }
  llvm::SmallString<128> scratch;
  if (std::error_code code = llvm::sys::fs::createTemporaryFile("mcuform-node-test", "onnx", scratch)) {
    llvm::errs() << "error: " << code.message() << "\n";
    return 1;
  }
  llvm::FileRemover remover(scratch);

  std::map<std::string, int64_t> claimed;
  HandlerRegistry::get().forEach([&](llvm::StringRef name, const HandlerEntry &entry) { claimed.try_emplace(name.str(), entry.firstOpset); });
  std::map<std::string, Tally> tallies;
  Tally total;
  int outOfScope = 0;
  for (const std::string &group : listDirectory(root))
    for (const std::string &directory : listDirectory(group)) {
      std::optional<Case> test = readCase(directory);
      if (!test)
        continue;
      if (!llvm::all_of(test->operators, [&](const std::string &name) { return claimed.count(name) != 0; })) {
        ++outOfScope;
        continue;
      }
      Outcome outcome = runCase(*test, scratch.str().str());
      auto count = [&](Tally &tally) {
        ++(outcome.verdict == Verdict::Passed ? tally.passed : outcome.verdict == Verdict::Refused ? tally.refused : tally.failed);
      };
      count(total);
      if (test->operators.size() == 1)
        count(tallies[*test->operators.begin()]);
      if (outcome.verdict == Verdict::Failed)
        llvm::outs() << "FAILED   " << test->name << ": " << outcome.reason << "\n";
      else if (outcome.verdict == Verdict::Refused)
        llvm::outs() << "refused  " << test->name << ": " << outcome.reason << "\n";
      else if (verbose)
        llvm::outs() << "passed   " << test->name << "\n";
    }

  llvm::outs() << "\nclaimed operators, with their own cases passed / refused / failed:\n";
  bool ok = total.failed == 0 && total.passed != 0;
  for (const auto &[name, firstOpset] : claimed) {
    const Tally tally = tallies[name];
    llvm::outs() << "  " << name << ": " << tally.passed << " / " << tally.refused << " / " << tally.failed;
    if (tally.passed + tally.refused + tally.failed == 0)
      llvm::outs() << (firstOpset > 17 ? ", newer than the test data" : ", only as part of larger graphs");
    else if (tally.passed == 0) {
      llvm::outs() << ", NONE PASSES";
      ok = false;
    }
    llvm::outs() << "\n";
  }
  llvm::outs() << claimed.size() << " operators claimed; " << total.passed + total.refused + total.failed << " cases of them: " << total.passed
               << " passed, " << total.refused << " refused with a diagnostic, " << total.failed << " failed; " << outOfScope
               << " cases have operators that are not claimed\n";
  return ok ? 0 : 1;
}
