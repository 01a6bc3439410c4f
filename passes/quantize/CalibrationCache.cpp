#include "passes/quantize/CalibrationCache.h"

#include "compiler/calibration/ImageSet.h"
#include "compiler/emission/pack/Pack.h"
#include "compiler/reference/HostTensor.h"
#include "compiler/support/WriteFile.h"
#include "passes/quantize/CalibrationAttributes.h"

#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;

namespace mcuform {
namespace {

constexpr llvm::StringLiteral kOpAttributes[] = {kMaxAbsAttr,      kMeanAttr,      kMeanSquareAttr,
                                                 kCovarianceAttr,  kPatchMeanAttr, kPatchMeanSquareAttr,
                                                 kPatchMaxAbsAttr, kRangeAttr,     kInt4NoiseAttr,
                                                 kOperandNoiseAttr, kInt8NoiseAttr,
                                                 kPatchCovarianceAttr, kWeightedMeanAttr};
constexpr llvm::StringLiteral kArgumentAttributes[] = {kMeanAttr, kStdAttr};
constexpr llvm::StringLiteral kInputCount = "inputs";
/// Stands for the hash of a model that did not come from a file.
const std::string kNoSha(64, '0');

std::string shaOf(func::FuncOp function) {
  auto sha = function->getParentOfType<ModuleOp>()->getAttrOfType<StringAttr>("onnxin.sha256");
  return sha ? sha.getValue().str() : kNoSha;
}

std::string text(ArrayRef<float> values) {
  std::string result;
  llvm::raw_string_ostream os(result);
  for (auto [i, value] : llvm::enumerate(values))
    os << (i ? "," : "") << llvm::format("%.9g", double(value));
  return result;
}

/// One value for all channels and as many equal ones are the same.
std::string describe(const InputNormalization &normalization, StringRef method) {
  auto shortest = [](ArrayRef<float> values) { return llvm::all_equal(values) ? values.take_front(1) : values; };
  return "mean " + text(shortest(normalization.mean)) + ", std " + text(shortest(normalization.std)) + " and method " + method.str();
}

/// What the statistics mean; another name when that changes.
constexpr llvm::StringLiteral kStatistics = "covariances of weighed rows, shrunk by sample size\n";

/// Changes with the ops of the network and their types: numbers of ops mean the same only where it is the same.
std::string checksumOf(func::FuncOp function) {
  std::string ops = kStatistics.str();
  llvm::raw_string_ostream os(ops);
  for (Operation &op : function.getBody().front()) {
    os << op.getName();
    for (Type type : op.getResultTypes())
      os << " " << type;
    os << "\n";
  }
  auto bytes = llvm::arrayRefFromStringRef(ops);
  return llvm::utohexstr(packCrc32(bytes), /*LowerCase=*/true);
}

struct Key {
  std::string sha, checksum, normalization;
  Key(func::FuncOp function, const InputNormalization &normalization, StringRef method)
      : sha(shaOf(function)), checksum(checksumOf(function)), normalization(describe(normalization, method)) {}
  std::string name() const { return "calibration of network " + checksum + " with " + normalization; }
};

/// Why a file with another key cannot be used.
std::string mismatch(const PackContents &pack, const Key &key) {
  StringRef name = pack.modelName;
  if (!name.consume_front("calibration of network "))
    return "is no calibration cache";
  if (pack.modelSha256 != key.sha)
    return "was made for another model, with SHA-256 " + pack.modelSha256 + "; this one has " + key.sha;
  auto [checksum, normalization] = name.split(" with ");
  if (normalization != key.normalization)
    return "was made with " + normalization.str() + "; now they are " + key.normalization;
  if (checksum != key.checksum)
    return "was made by a version of the compiler that fuses this model into other operators, or calibrates it otherwise";
  return "";
}

ArrayRef<uint8_t> bytesOf(const HostTensor &tensor) {
  return {reinterpret_cast<const uint8_t *>(tensor.data<float>()), size_t(tensor.size()) * sizeof(float)};
}

} // namespace

llvm::Error writeCalibrationCache(StringRef path, func::FuncOp function, const InputNormalization &normalization, StringRef method) {
  PackBuilder builder;
  for (auto [number, op] : llvm::enumerate(function.getBody().front()))
    for (StringRef name : kOpAttributes)
      if (auto elements = op.getAttrOfType<ElementsAttr>(name)) {
        FailureOr<HostTensor> tensor = toHostTensor(elements);
        if (failed(tensor))
          return fileError(path, "'" + name + "' cannot be stored");
        builder.addTensor((Twine(number) + ":" + name).str(), PackType::Float32, tensor->shape(), bytesOf(*tensor));
      }
  for (StringRef name : kArgumentAttributes)
    if (auto values = function.getArgAttrOfType<DenseF32ArrayAttr>(0, name)) {
      HostTensor tensor(ElementKind::F32, {values.size()});
      llvm::copy(values.asArrayRef(), tensor.data<float>());
      builder.addTensor(("argument:" + name).str(), PackType::Float32, tensor.shape(), bytesOf(tensor));
    }
  const int64_t inputs = function->getAttrOfType<IntegerAttr>(kCalibrationInputsAttr).getInt();
  builder.addTensor(kInputCount, PackType::Int64, {1}, {reinterpret_cast<const uint8_t *>(&inputs), sizeof(inputs)});
  const Key key(function, normalization, method);
  llvm::Expected<PackImage> image = builder.finish(key.name(), key.sha);
  if (!image)
    return image.takeError();
  return writeFile(path, {llvm::toStringRef(ArrayRef<uint8_t>(image->bytes))});
}

llvm::Error readCalibrationCache(StringRef path, func::FuncOp function, const InputNormalization &normalization, StringRef method) {
  llvm::Expected<std::string> file = readFile(path);
  if (!file)
    return file.takeError();
  // readPack wants memory as allocated.
  const std::vector<uint8_t> bytes(file->begin(), file->end());
  llvm::Expected<PackContents> pack = readPack(bytes, path);
  if (!pack)
    return pack.takeError();
  const Key key(function, normalization, method);
  if (std::string why = mismatch(*pack, key); !why.empty())
    return fileError(path, why + ". Give the calibration inputs, too, and the file is made anew");

  Builder builder(function.getContext());
  SmallVector<Operation *> ops;
  for (Operation &op : function.getBody().front())
    ops.push_back(&op);
  for (const PackTensor &entry : pack->tensors) {
    ArrayRef<uint8_t> data = pack->bytesOf(entry);
    if (entry.name == kInputCount && entry.type == PackType::Int64 && data.size() == sizeof(int64_t)) {
      int64_t inputs = 0;
      std::memcpy(&inputs, data.data(), sizeof(inputs));
      function->setAttr(kCalibrationInputsAttr, builder.getI64IntegerAttr(inputs));
      continue;
    }
    HostTensor tensor(ElementKind::F32, entry.shape);
    if (entry.type != PackType::Float32 || data.size() != size_t(tensor.size()) * sizeof(float))
      return fileError(path, "entry '" + entry.name + "' is no calibration");
    std::memcpy(tensor.data<char>(), data.data(), data.size());
    auto [owner, name] = StringRef(entry.name).split(':');
    size_t number = 0;
    if (owner == "argument" && llvm::is_contained(kArgumentAttributes, name))
      function.setArgAttr(0, name, builder.getDenseF32ArrayAttr(tensor.span<float>()));
    else if (!owner.getAsInteger(10, number) && number < ops.size() && llvm::is_contained(kOpAttributes, name))
      ops[number]->setAttr(name, toElements(tensor, function.getContext(), name));
    else
      return fileError(path, "entry '" + entry.name + "' is no calibration");
  }
  return llvm::Error::success();
}

} // namespace mcuform
