// Largest magnitudes from the ranges of a quantized file.
#include "passes/quantize/RangesOfFile.h"

#include "compiler/reference/HostTensor.h"
#include "passes/quantize/CalibrationAttributes.h"
#include "passes/quantize/FileCodes.h"
#include "passes/quantize/MapRewriter.h"

#include "llvm/ADT/TypeSwitch.h"

#include <cmath>

using namespace mlir;

namespace mcuform {
namespace {

/// The largest magnitude of a constant vector's elements, `otherwise` where there is none.
double largestOf(Value vector, double otherwise) {
  ElementsAttr elements = vector ? mcuf::constantOf(vector) : ElementsAttr();
  FailureOr<HostTensor> tensor = elements ? toHostTensor(elements) : FailureOr<HostTensor>(failure());
  if (failed(tensor))
    return otherwise;
  double largest = 0;
  for (float value : tensor->span<float>())
    largest = std::max(largest, double(std::fabs(value)));
  return largest;
}

class Ranges {
public:
  /// What the file says of `op`'s result, or what follows from its operands; nothing where neither does.
  std::optional<double> find(Operation *op) {
    std::optional<double> &known = largest[op->getResult(0)];
    if (std::optional<FileRange> range = fileRangeOf(op->getResult(0)))
      return known = range->largest();
    return known = followingFrom(op);
  }

private:
  std::optional<double> of(Value value) const {
    if (auto argument = dyn_cast<BlockArgument>(value)) {
      std::optional<FileRange> range = fileRangeOf(argument);
      return range ? std::optional(range->largest()) : std::nullopt;
    }
    return largest.lookup(value);
  }

  std::optional<double> followingFrom(Operation *op) const {
    using Largest = std::optional<double>;
    if (mcuf::isActivation(op)) { // none is beyond its operand
      Largest input = of(op->getOperand(0));
      auto clipped = dyn_cast<mcuf::ClippedReluOp>(op);
      const double limit = clipped ? clipped.getLimit().convertToDouble() : 0;
      return clipped ? Largest(input ? std::min(*input, limit) : limit) : input;
    }
    return llvm::TypeSwitch<Operation *, Largest>(op)
        .Case<mcuf::ReshapeOp, mcuf::TransposeOp, mcuf::SliceOp, mcuf::WindowsOp, mcuf::PoolOp>(
            [&](Operation *same) { return of(same->getOperand(0)); })
        .Case([&](mcuf::ReduceOp reduce) { return reduce.getKind() == mcuf::ReduceKind::Mean ? of(reduce.getInput()) : std::nullopt; })
        .Case([&](mcuf::AttentionOp attention) { return of(attention.getV()); })
        .Case([&](mcuf::LayerNormOp norm) {
          return Largest(std::sqrt(double(norm.getWidth())) * largestOf(norm.getGamma(), 1) + largestOf(norm.getBeta(), 0));
        })
        .Case([&](mcuf::ConcatOp concat) {
          Largest all = 0;
          for (Value input : concat.getInputs()) {
            Largest one = of(input);
            all = all && one ? Largest(std::max(*all, *one)) : std::nullopt;
          }
          return all;
        })
        .Default([](Operation *) { return Largest(); });
  }

  llvm::DenseMap<Value, std::optional<double>> largest;
};

/// Whether a layer's output is computed and stored as that of the only op that reads it.
bool isComputedWithUser(Operation *op) {
  if (activationBehind(op))
    return true;
  if (!isa<mcuf::LinearOp>(op) || !op->hasOneUse())
    return false;
  Operation *user = *op->user_begin();
  return mcuf::isActivation(user) || (isa<mcuf::BinaryOp>(user) && isResidual(user->getResult(0)));
}

bool isKeyOrValue(Value value) {
  return llvm::any_of(value.getUsers(), [&](Operation *user) {
    auto attention = dyn_cast<mcuf::AttentionOp>(user);
    return attention && (attention.getK() == value || attention.getV() == value);
  });
}

} // namespace

bool hasRangesOfFile(func::FuncOp function) {
  for (unsigned i = 0; i < function.getNumArguments(); ++i)
    if (function.getArgAttr(i, kFileRangeAttr))
      return true;
  return llvm::any_of(function.getBody().front(), [](Operation &op) { return op.hasAttr(kFileRangeAttr); });
}

LogicalResult takeRangesOfFile(func::FuncOp function) {
  Ranges ranges;
  bool ok = true;
  for (Operation &op : function.getBody().front()) {
    if (op.getNumResults() != 1 || isa<mcuf::ConstantOp>(op) || mcuf::isInterleavedImage(op.getResult(0)))
      continue;
    Value value = op.getResult(0);
    std::optional<double> largest = ranges.find(&op);
    const bool readsImage = isa<mcuf::WindowsOp>(op) && mcuf::isInterleavedImage(op.getOperand(0));
    if (!largest) {
      if (!readsImage && !isComputedWithUser(&op)) {
        op.emitError() << "has no range in the file: pass --calibrate IMAGES.npy, with which values without one are calibrated";
        ok = false;
      }
      continue;
    }
    const std::vector<double> channels(size_t(mcuf::widthOf(value)), *largest);
    setChannelAttribute(&op, kMaxAbsAttr, channels);
    if (isKeyOrValue(value))
      setChannelAttribute(&op, kRangeAttr, channels);
  }
  function.walk([&](mcuf::PatchEmbedOp embed) {
    if (mcuf::shapeOf(embed.getImage()).size() != 3)
      return;
    std::optional<FileRange> range = fileRangeOf(embed.getImage());
    if (range)
      return setChannelAttribute(embed, kPatchMaxAbsAttr, std::vector<double>(size_t(mcuf::widthOf(embed.getImage())), range->largest()));
    embed.emitError() << "the file has no range for the sequence that it reads: pass --calibrate";
    ok = false;
  });
  return success(ok);
}

} // namespace mcuform
