// Roles from uses.
#include "passes/quantize/Roles.h"

#include "passes/quantize/FileCodes.h"

using namespace mlir;

namespace mcuform {

/// Whether rows of `value` are an operand of an addition.
static bool isAddedTo(Value value) {
  return llvm::any_of(value.getUsers(), [&](Operation *user) {
    if (isa<mcuf::SliceOp, mcuf::ReshapeOp>(user))
      return mcuf::widthOf(user->getResult(0)) == mcuf::widthOf(value) && isAddedTo(user->getResult(0));
    auto binary = dyn_cast<mcuf::BinaryOp>(user);
    return binary && binary.getKind() == mcuf::BinaryKind::Add;
  });
}

bool isResidual(Value value) {
  Operation *op = value.getDefiningOp();
  if (isa_and_nonnull<mcuf::SliceOp, mcuf::ReshapeOp>(op))
    return mcuf::widthOf(op->getOperand(0)) == mcuf::widthOf(value) && isResidual(op->getOperand(0));
  if (auto norm = dyn_cast_or_null<mcuf::LayerNormOp>(op))
    return isAddedTo(value) && isResidual(norm.getInput());
  if (auto binary = dyn_cast_or_null<mcuf::BinaryOp>(op))
    return isResidual(binary.getLhs()) || isResidual(binary.getRhs());
  return isa_and_nonnull<mcuf::PatchEmbedOp>(op);
}

bool isMeanOfResidual(Value value) {
  auto mean = value.getDefiningOp<mcuf::ReduceOp>();
  return mean && mean.getKind() == mcuf::ReduceKind::Mean && isResidual(mean.getInput());
}

FailureOr<Roles> Roles::find(func::FuncOp function) {
  Roles roles;
  bool ok = true;
  function.walk([&](mcuf::LinearOp linear) {
    Role role = Role::Plain;
    for (Operation *user : linear->getUsers()) {
      Role wanted = Role::Plain;
      if (mcuf::isActivation(user) && !codesOf(linear))
        wanted = Role::Activation;
      else if (isa<mcuf::BinaryOp>(user))
        wanted = isResidual(user->getResult(0)) ? Role::Residual : Role::Plain;
      else if (auto attention = dyn_cast<mcuf::AttentionOp>(user)) {
        wanted = attention.getQ() == linear ? Role::Query : attention.getK() == linear ? Role::Key : Role::Value;
        roles.attentions[linear] = attention;
      }
      role = wanted;
    }
    if (role != Role::Plain && !linear->hasOneUse()) {
      linear.emitError() << "has " << std::distance(linear->use_begin(), linear->use_end())
                         << " uses; a linear layer that feeds attention, an activation or a residual add may have one";
      ok = false;
    }
    roles.roles[linear] = role;
  });
  function.walk([&](mcuf::AttentionOp attention) {
    // Keys and values are linear layers, or the normalized rows themselves.
    auto isLinear = [](Value value) { return bool(value.getDefiningOp<mcuf::LinearOp>()); };
    bool readsTokens =
        attention.getK() == attention.getV() && attention.getK().getDefiningOp<mcuf::LayerNormOp>() && !attention.isRelative();
    const bool isPool = readsTokens && mcuf::constantOf(attention.getQ());
    if (!(isPool || isLinear(attention.getQ())) || !(readsTokens || (isLinear(attention.getK()) && isLinear(attention.getV())))) {
      attention.emitError() << "takes q, k and v from linear layers only";
      ok = false;
    }
    for (Value table : {attention.getKTable(), attention.getVTable()})
      if (table && !mcuf::constantOf(table)) {
        attention.emitError() << "tables of relative positions must be constants";
        ok = false;
      }
  });
  function.walk([&](mcuf::BinaryOp add) {
    if (add.getKind() == mcuf::BinaryKind::Add && !isResidual(add.getResult()))
      return; // a sum of maps
    if (isProduct(add) && !isResidual(add.getResult()))
      return;
    auto isWriter = [&](Value value) { return value.getDefiningOp<mcuf::LinearOp>() && value.hasOneUse(); };
    if (add.getKind() != mcuf::BinaryKind::Add ||
        !((isResidual(add.getLhs()) && isWriter(add.getRhs())) || (isResidual(add.getRhs()) && isWriter(add.getLhs())))) {
      add.emitError()
          << "elementwise '" << mcuf::stringifyBinaryKind(add.getKind())
          << "' cannot be quantized; supported is the addition of a linear layer to the residual stream that the patch embedding begins";
      ok = false;
    }
  });
  if (!ok)
    return failure();
  return roles;
}

} // namespace mcuform
