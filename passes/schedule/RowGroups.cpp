// Groups by demand: from the results backwards, until the set of roots no longer grows.
#include "passes/schedule/RowGroups.h"

#include <map>

using namespace mlir;

namespace mcuform::schedule {

void RowRange::extendTo(RowRange other) {
  if (other.empty())
    return;
  begin = empty() ? other.begin : std::min(begin, other.begin);
  end = std::max(end, other.end);
}

namespace {

/// One attempt with a given set of roots.
class Attempt {
public:
  Attempt(const OpOrder &order, const llvm::SetVector<Value> &roots) : order(order), isRoot(roots.begin(), roots.end()) {
    // Keys and values of an attention form a group, keyed by the first attention that reads them; every other root is a group of its own.
    llvm::MapVector<std::pair<Operation *, unsigned>, SmallVector<Value, 2>> byReader;
    for (Value root : roots) {
      Operation *reader = isCached(root) ? firstReader(root) : nullptr;
      byReader[{reader ? reader : root.getDefiningOp(), reader ? 1u : 0u}].push_back(root);
    }
    for (auto &[key, members] : byReader) {
      llvm::sort(members, [&](Value a, Value b) { return position(a) < position(b); });
      // Only caches of one length can share a loop.
      if (members.size() > 1 && mcuf::rowCount(members.front()) != mcuf::rowCount(members.back()))
        for (Value member : members)
          byPosition[position(member)] = {member};
      else
        byPosition[position(members.back())] = members;
    }
  }

  void demand(Value root, RowRange rows) { needed[root].extendTo(rows); }

  /// Fills `result`; returns the values that have to become roots.
  llvm::SetVector<Value> run(RowGroups &result) {
    llvm::SetVector<Value> missing;
    for (auto it = byPosition.rbegin(); it != byPosition.rend(); ++it) {
      Group group;
      group.roots = it->second;
      computeGroup(group, missing);
      if (group.rowCount > 0)
        result.groups.push_back(std::move(group));
    }
    std::reverse(result.groups.begin(), result.groups.end());
    llvm::DenseMap<Value, unsigned> groupsOf;
    for (const Group &group : result.groups)
      for (Operation *op : group.ops)
        if (++groupsOf[op->getResult(0)] == 2 && !isCheap(op))
          missing.insert(op->getResult(0));
    for (const Group &group : result.groups)
      for (Value root : group.roots)
        result.roots[root] = needed[root];
    return missing;
  }

private:
  int64_t position(Value value) const { return order.lookup(value.getDefiningOp()); }

  /// The first attention in the network that reads a cache.
  Operation *firstReader(Value cache) const {
    Operation *first = nullptr;
    for (Operation *user : usersThroughReshapes(cache))
      if (isa<mcuf::QAttentionOp>(user) && (!first || order.lookup(user) < order.lookup(first)))
        first = user;
    return first;
  }

  static SmallVector<Operation *> usersThroughReshapes(Value value) {
    SmallVector<Operation *> users;
    for (Operation *user : value.getUsers()) {
      if (auto reshape = dyn_cast<mcuf::ReshapeOp>(user))
        llvm::append_range(users, usersThroughReshapes(reshape.getResult()));
      else
        users.push_back(user);
    }
    return users;
  }

  void computeGroup(Group &group, llvm::SetVector<Value> &missing) {
    RowRange rows;
    for (Value root : group.roots)
      rows.extendTo(needed[root]);
    if (rows.empty())
      return;
    std::map<int64_t, Operation *> pending;
    // The tokens of an image are computed all together.
    if (isa<mcuf::QPatchEmbedOp>(group.roots.front().getDefiningOp()))
      rows = {0, mcuf::rowCount(group.roots.front())};
    group.rowCount = rows.size();
    for (Value root : group.roots) {
      needed[root] = rows;
      group.base[root] = rows.begin;
      pending[position(root)] = root.getDefiningOp();
      // A mean's loop runs over the rows that it reads.
      for (const Dependence &dependence : dependencesOf(root.getDefiningOp()))
        if (dependence.need == Need::Reduced)
          group.rowCount = dependence.count;
    }
    while (!pending.empty()) {
      Operation *op = pending.rbegin()->second;
      pending.erase(std::prev(pending.end()));
      group.ops.push_back(op);
      int64_t base = group.base.lookup(op->getResult(0));
      for (const Dependence &dependence : dependencesOf(op)) {
        if (dependence.need == Need::AllRows) {
          needed[dependence.value].extendTo({0, mcuf::rowCount(dependence.value)});
          continue;
        }
        auto [value, begin] = selectedFrom(dependence.value, dependence.need == Need::Reduced ? dependence.shift : base + dependence.shift);
        if (isRoot.contains(value)) {
          needed[value].extendTo({begin, begin + group.rowCount});
          continue;
        }
        auto [known, isNew] = group.base.try_emplace(value, begin);
        if (!isNew && known->second != begin)
          missing.insert(value);
        pending[position(value)] = value.getDefiningOp();
      }
    }
    std::reverse(group.ops.begin(), group.ops.end());
    for (Operation *op : group.ops) {
      auto attention = dyn_cast<mcuf::QAttentionOp>(op);
      if (!attention && isCached(op->getResult(0)))
        attention = dyn_cast_or_null<mcuf::QAttentionOp>(firstReader(op->getResult(0)));
      if (attention)
        group.sequences = std::max(group.sequences, int64_t(attention.getGroups()));
    }
  }

  const OpOrder &order;
  llvm::DenseSet<Value> isRoot;
  std::map<int64_t, SmallVector<Value, 2>> byPosition;
  llvm::DenseMap<Value, RowRange> needed;
};

/// Whether windows are taken of the result.
bool isReadAsMap(Operation &op) {
  return llvm::any_of(op.getUsers(), [](Operation *user) { return isa<mcuf::ReshapeOp>(user) ? isReadAsMap(*user) : readsMap(user); }) &&
         !isa<mcuf::ReshapeOp, mcuf::ConstantOp>(op);
}

} // namespace

RowGroups divideIntoGroups(func::FuncOp function, const OpOrder &order) {
  llvm::SetVector<Value> roots;
  for (Operation &op : function.getOps())
    if (isa<mcuf::QPatchEmbedOp, mcuf::QMeanRowsOp, mcuf::QNarrowOp>(op) || isReadAsMap(op) ||
        (op.getNumResults() == 1 && isCached(op.getResult(0))))
      roots.insert(op.getResult(0));

  Operation *terminator = function.getBody().front().getTerminator();
  Value returned = terminator->getOperand(0);
  int64_t resultRow = 0, resultRows = mcuf::rowCount(returned);
  std::tie(returned, resultRow) = selectedFrom(returned, 0);
  roots.insert(returned);

  while (true) {
    RowGroups result;
    result.result = returned;
    result.resultRow = resultRow;
    Attempt attempt(order, roots);
    attempt.demand(returned, {resultRow, resultRow + resultRows});
    auto missing = attempt.run(result);
    if (missing.empty())
      return result;
    // One at a time, the last in the network: what is before it may then be needed by its loop alone.
    roots.insert(
        *llvm::max_element(missing, [&](Value a, Value b) { return order.lookup(a.getDefiningOp()) < order.lookup(b.getDefiningOp()); }));
  }
}

} // namespace mcuform::schedule
