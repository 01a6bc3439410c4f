#include "compiler/import/NodeOrder.h"

#include "llvm/ADT/STLExtras.h"

#include <algorithm>
#include <queue>

using namespace mcuform;

NodeOrder mcuform::orderNodes(llvm::ArrayRef<std::vector<size_t>> producers) {
  size_t count = producers.size();
  std::vector<std::vector<size_t>> readers(count);
  std::vector<size_t> missing(count);
  std::priority_queue<size_t, std::vector<size_t>, std::greater<>> ready;
  for (size_t node = 0; node < count; ++node) {
    missing[node] = producers[node].size();
    for (size_t producer : producers[node])
      readers[producer].push_back(node);
    if (missing[node] == 0)
      ready.push(node);
  }

  NodeOrder result;
  while (!ready.empty()) {
    size_t node = ready.top();
    ready.pop();
    result.order.push_back(node);
    for (size_t reader : readers[node])
      if (--missing[reader] == 0)
        ready.push(reader);
  }

  // Each node left waits for another one left, so that going from reader to producer ends in a cycle. A walk that runs into an earlier one
  // found nothing new.
  std::vector<size_t> walkOf(count, 0);
  for (size_t start = 0; start < count; ++start) {
    std::vector<size_t> path;
    size_t node = start;
    while (missing[node] != 0 && walkOf[node] == 0) {
      walkOf[node] = start + 1;
      path.push_back(node);
      node = *llvm::find_if(producers[node], [&](size_t producer) { return missing[producer] != 0; });
    }
    if (path.empty() || walkOf[node] != start + 1)
      continue;
    std::vector<size_t> cycle(llvm::find(path, node), path.end());
    std::reverse(cycle.begin(), cycle.end());
    std::rotate(cycle.begin(), std::min_element(cycle.begin(), cycle.end()), cycle.end());
    result.cycles.push_back(std::move(cycle));
  }
  return result;
}
