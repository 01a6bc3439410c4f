// In-place updates, proved by the list of all reads.
#include "passes/schedule/Storage.h"

using namespace mlir;

namespace mcuform::schedule {
namespace {

/// The group of values that live from one loop to another.
constexpr unsigned kAnyGroup = ~0u - 2;
/// The caller reads the result after all groups.
constexpr unsigned kCaller = ~0u - 3;

} // namespace

StoragePlan::Key StoragePlan::keyOf(Value value, unsigned group) const { return {value, groups.isRoot(value) ? kAnyGroup : group}; }

Place StoragePlan::placeOf(Value value, unsigned group) const {
  auto [source, shift] = selectedFrom(value, 0);
  Place place = places.lookup(keyOf(source, group));
  place.rowOffset += shift;
  return place;
}

void StoragePlan::collectReads() {
  for (auto [number, group] : llvm::enumerate(groups.groups)) {
    for (Operation *op : group.ops) {
      for (const Dependence &dependence : dependencesOf(op)) {
        int64_t row = dependence.need == Need::Row ? group.base.lookup(op->getResult(0)) + dependence.shift : dependence.shift;
        auto [value, sourceRow] = selectedFrom(dependence.value, row);
        reads.push_back({unsigned(number), order.lookup(op), op, value, sourceRow, dependence.need == Need::AllRows});
      }
    }
  }
  reads.push_back({kCaller, 0, nullptr, groups.result, groups.resultRow});
}

bool StoragePlan::canWriteResultDirectly() const {
  Operation *op = groups.result.getDefiningOp();
  bool mustUpdate = false;
  updatableOperands(op, mustUpdate);
  if (mustUpdate || isCached(groups.result) || isa<mcuf::QPatchEmbedOp>(op))
    return false;
  return llvm::count_if(reads, [&](const Read &read) { return read.value == groups.result; }) == 1;
}

bool StoragePlan::canUpdate(Operation *op, unsigned group, Value value, int64_t row) const {
  const Place place = places.lookup(keyOf(value, group));
  Storage::Kind kind = storages[place.storage].kind;
  if (kind != Storage::Kind::Rows && kind != Storage::Kind::Block)
    return false;
  unsigned readsOfOp = 0;
  int64_t position = order.lookup(op);
  for (const Read &read : reads) {
    auto other = places.find(keyOf(read.value, read.group));
    if (other == places.end() || other->second.storage != place.storage)
      continue;
    if (read.op == op && read.group == group) {
      // A second operand in the same rows would be overwritten while it is read.
      if (++readsOfOp > 1)
        return false;
      continue;
    }
    if (std::pair(read.group, read.position) > std::pair(group, position))
      return false;
    if (read.group == group && (read.allRows || read.row + other->second.rowOffset < row + place.rowOffset))
      return false;
  }
  return true;
}

void StoragePlan::placeApart(Operation *op, unsigned group) {
  Value result = op->getResult(0);
  const bool isRoot = groups.isRoot(result);
  Storage::Kind kind = resultWrittenDirectly && result == groups.result ? Storage::Kind::Output
                       : isCached(result)                               ? Storage::Kind::Cache
                       : isRoot                                         ? Storage::Kind::Rows
                                                                        : Storage::Kind::Block;
  places[keyOf(result, group)] = {unsigned(storages.size()), -groups.groups[group].base.lookup(result)};
  const unsigned bits = isCached(result) || isa<mcuf::QNarrowOp>(op) ? 8 : 16;
  storages.push_back({kind, isRoot ? groups.roots.lookup(result).size() : 0, mcuf::widthOf(result), bits, op});
}

void StoragePlan::placeJoined(mcuf::ConcatOp concat, unsigned group) {
  placeApart(concat, group);
  const Group &loop = groups.groups[group];
  Place place = places.lookup(keyOf(concat, group));
  for (Value input : concat.getInputs()) {
    Value value = lookThrough(input);
    Operation *op = value.getDefiningOp();
    bool isReadOnce = llvm::count_if(reads, [&](const Read &read) { return read.value == value; }) == 1;
    if (isReadOnce && !groups.isRoot(value) && op && writesColumns(op))
      places[keyOf(value, group)] = {place.storage, -loop.base.lookup(value), place.column};
    place.column += mcuf::widthOf(value);
  }
}

bool StoragePlan::isJoinedInPlace(mcuf::ConcatOp concat, unsigned input, unsigned group) const {
  auto known = places.find(keyOf(lookThrough(concat.getInputs()[input]), group));
  return known != places.end() && known->second.storage == places.lookup(keyOf(concat, group)).storage;
}

bool StoragePlan::placeOver(Operation *op, unsigned group) {
  Value result = op->getResult(0);
  const int64_t base = groups.groups[group].base.lookup(result);
  bool mustUpdate;
  SmallVector<Value, 2> operands = updatableOperands(op, mustUpdate);
  // Rows that exist for the whole network save a buffer of that size.
  llvm::stable_sort(operands,
                    [&](Value a, Value b) { return groups.isRoot(selectedFrom(a, 0).first) && !groups.isRoot(selectedFrom(b, 0).first); });
  for (Value operand : operands) {
    auto [value, row] = selectedFrom(operand, base);
    if (!canUpdate(op, group, value, row))
      continue;
    Place place = places.lookup(keyOf(value, group));
    place.rowOffset += row - base;
    places[keyOf(result, group)] = place;
    inPlace.insert({op, group});
    if (groups.isRoot(result) && storages[place.storage].kind == Storage::Kind::Block) {
      // The rows of a block are rows of the whole from the start.
      storages[place.storage].kind = Storage::Kind::Rows;
      storages[place.storage].rows = groups.roots.lookup(result).size();
    }
    return true;
  }
  return false;
}

StoragePlan::StoragePlan(const RowGroups &groups, const OpOrder &order) : groups(groups), order(order) {
  collectReads();
  resultWrittenDirectly = canWriteResultDirectly();
  for (auto [number, group] : llvm::enumerate(groups.groups)) {
    for (Operation *op : group.ops)
      if (auto concat = dyn_cast<mcuf::ConcatOp>(op))
        placeJoined(concat, number);
    for (Operation *op : group.ops) {
      Value result = op->getResult(0);
      if (places.contains(keyOf(result, number)))
        continue;
      const bool isOutput = resultWrittenDirectly && result == groups.result;
      if (isOutput || !placeOver(op, number))
        placeApart(op, number);
    }
  }
}

} // namespace mcuform::schedule
