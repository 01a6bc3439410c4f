#include "compiler/driver/ScheduleSearch.h"

#include "compiler/driver/Model.h"
#include "dialects/mcurt/Cost.h"
#include "passes/Pipelines.h"
#include "passes/memory/Lifetimes.h"
#include "passes/support/HeadAttribute.h"

#include <set>

using namespace mlir;

namespace mcuform {
namespace {

/// Rows of int8 lose 2 to 3 dB: they have to be worth it.
constexpr double kPriceOfLoss = 1.25;
/// By how much a schedule may be slower than the fastest to save memory that nobody asked to be saved.
constexpr double kTolerance = 1.10;
/// Absorbed projections are at least a quarter more products, and lossy: a schedule with less than this price, in prices of the fastest one
/// in unlimited memory, is not beaten by them.
constexpr double kWorthQuantizing = 1.6;

/// Patches unfolded together: each set of them reads all weights of the embedding.
constexpr int64_t kPatchBlocks[] = {1, 2, 3, 4, 6, 9, 12};
/// Rows from which on interleaving them by fours pays for itself and for widened weights.
constexpr int64_t kInterleaveFrom = 24;
constexpr int64_t kSmallTokenBlocks = 12; ///< from here on, only what saves a reading of the weights

bool isLossy(AttentionSchedule schedule) { return schedule != AttentionSchedule::Cached; }

/// More rows than attention can have are those of a map: numbers that grow by a quarter will do, since its maps have different sizes.
constexpr int64_t kMostTokens = 512;

func::FuncOp functionOf(ModuleOp module) { return *module.getOps<func::FuncOp>().begin(); }

/// The stage that each step belongs to, and what it costs.
struct StageFigures {
  std::optional<int64_t> attention;
  bool readsPatches = false;
  double cycles = 0;
  int64_t peakBytes = 0;
};

std::vector<StageFigures> figuresOf(func::FuncOp function, double flashCyclesPerByte) {
  BufferLifetimes program = computeLifetimes(function);
  std::vector<int64_t> live(size_t(program.stepCount), 0);
  for (auto [buffer, lifetime] : llvm::zip_equal(program.buffers, program.lifetimes)) {
    // Of an input that lies over another buffer only what stands out counts.
    int64_t bytes = lifetime.sizeBytes;
    if (buffer.getOver())
      bytes = std::max<int64_t>(0, bytes + int64_t(*buffer.getLead()) - buffer.getOverBuffer().getSizeBytes());
    for (int32_t step = lifetime.firstStep; step <= lifetime.lastStep; ++step)
      live[size_t(step)] += (bytes + lifetime.alignBytes - 1) / lifetime.alignBytes * lifetime.alignBytes;
  }
  std::vector<StageFigures> stages;
  size_t step = 0;
  for (auto stage : function.getOps<mcurt::StageOp>()) {
    StageFigures figures;
    figures.attention = stage.getBlock();
    stage.walk<WalkOrder::PreOrder>([&](mcurt::CallOp call) {
      figures.readsPatches |= call.getKernel().starts_with("unfold_");
      figures.cycles += mcurt::cyclesOf(call, flashCyclesPerByte);
      figures.peakBytes = std::max(figures.peakBytes, live[step++]);
    });
    stages.push_back(figures);
  }
  return stages;
}

} // namespace

std::string ScheduleChoice::describeAttentions() const {
  std::map<AttentionSchedule, size_t> counts;
  for (AttentionSchedule schedule : attentions)
    ++counts[schedule];
  std::string text;
  for (auto [schedule, count] : counts)
    text += (text.empty() ? "" : ", ") + std::string(kAttentionSchedules[size_t(schedule)]) +
            (counts.size() > 1 ? " (" + std::to_string(count) + ")" : "");
  return text.empty() ? "no attention" : text;
}

FailureOr<ModuleOp> ScheduleSearch::quantized(ArrayRef<int64_t> absorbed) {
  auto &module = modules[absorbed.vec()];
  if (!module) {
    FailureOr<OwningOpRef<ModuleOp>> made = quantizer(absorbed);
    if (failed(made))
      return failure();
    module = std::move(*made);
  }
  return *module;
}

/// Numbers of the attentions that have this schedule.
static std::vector<int64_t> attentionsOf(const ScheduleChoice &choice, AttentionSchedule schedule) {
  std::vector<int64_t> numbers;
  for (auto [number, kind] : llvm::enumerate(choice.attentions))
    if (kind == schedule)
      numbers.push_back(int64_t(number));
  return numbers;
}

FailureOr<OwningOpRef<ModuleOp>> ScheduleSearch::schedule(const ScheduleChoice &choice) {
  std::vector<int64_t> absorbed = attentionsOf(choice, AttentionSchedule::Absorbed),
                       split = attentionsOf(choice, AttentionSchedule::HeadByHead);
  FailureOr<ModuleOp> source = quantized(absorbed);
  if (failed(source))
    return failure();
  OwningOpRef<ModuleOp> module = cast<ModuleOp>((*source)->clone());
  ScheduleOptions options;
  options.inputMode = choice.inputMode;
  options.tokenBlock = choice.tokenBlock;
  options.patchBlock = choice.patchBlock;
  options.weightPanel = request.weightPanelBytes;
  options.interleaveFrom = choice.interleavesRows ? kInterleaveFrom : 0;
  if (failed(runPasses(*module, [&](OpPassManager &manager) {
        if (!split.empty()) {
          SplitHeadsOptions heads;
          heads.attentions = split;
          manager.addNestedPass<func::FuncOp>(createSplitHeads(heads));
        }
        buildSchedulePipeline(manager, options);
      })))
    return failure();
  Builder builder(module->getContext());
  auto names = llvm::map_to_vector(choice.attentions, [](AttentionSchedule kind) { return StringRef(kAttentionSchedules[size_t(kind)]); });
  func::FuncOp function = functionOf(*module);
  NamedAttrList facts(function->getAttrOfType<DictionaryAttr>("mcurt.schedule"));
  facts.set("attentions", builder.getStrArrayAttr(names));
  function->setAttr("mcurt.schedule", facts.getDictionary(builder.getContext()));
  return module;
}

std::vector<int64_t> ScheduleSearch::tokenBlocks() const {
  if (request.tokenBlock)
    return {*request.tokenBlock};
  std::set<int64_t> blocks;
  for (int64_t block = 1; block <= std::min(rowCount, kSmallTokenBlocks); ++block)
    blocks.insert(block);
  // The fewest rows for each number of loops over the weights, and the next multiple of three, which the kernels like.
  if (rowCount > kMostTokens) {
    for (int64_t block = kSmallTokenBlocks; block <= kMostTokens; block = (block + block / 4 + 2) / 3 * 3)
      blocks.insert(block);
    return {blocks.begin(), blocks.end()};
  }
  for (int64_t loops = 1; (rowCount + loops - 1) / loops > kSmallTokenBlocks; ++loops) {
    int64_t block = (rowCount + loops - 1) / loops;
    blocks.insert(block);
    blocks.insert(std::min(rowCount, (block + 2) / 3 * 3));
  }
  return {blocks.begin(), blocks.end()};
}

LogicalResult ScheduleSearch::measurePatches() {
  FailureOr<ModuleOp> module = quantized({});
  if (failed(module))
    return failure();
  func::FuncOp function = functionOf(*module);
  attentionCount = size_t(llvm::range_size(function.getOps<mcuf::QAttentionOp>()));
  for (auto attention : function.getOps<mcuf::QAttentionOp>()) {
    if (attention.getGroups() > 1 && request.schedule && *request.schedule != AttentionSchedule::Cached)
      return attention.emitError() << "attends in " << attention.getGroups() << " groups of tokens, whose keys and values are cached; choose --schedule cached";
    const bool isBySigmoids = bool(attention.getSigmoidBias());
    mayAbsorb &= !attention.isRelative() && !isBySigmoids && attention.getGroups() == 1;
    if ((attention.isRelative() || isBySigmoids) && request.schedule == AttentionSchedule::Absorbed)
      return attention.emitError()
             << (isBySigmoids ? "is by sigmoids, which see the biases that --schedule absorbed moves out of the scores"
                              : "has 2-D relative positions, whose tables are as wide as a head, while --schedule absorbed keeps nothing but tokens")
             << "; choose cached or head-by-head";
  }
  int64_t patches = 1;
  rowCount = 1;
  for (Operation &op : function.getOps()) {
    if (auto embed = dyn_cast<mcuf::QPatchEmbedOp>(op))
      patches = mcuf::shapeOf(embed.getPosition())[0];
    if (op.getNumResults() == 1 && !isa<mcuf::ConstantOp>(op))
      rowCount = std::max(rowCount, mcuf::rowCount(op.getResult(0)));
  }
  SmallVector<std::string> modes = {kInputModes.begin(), kInputModes.end()};
  if (request.inputMode)
    modes = {*request.inputMode};
  else if (function.getNumArguments() != 1 || !function.getArgument(0).hasOneUse() ||
           !isa<mcuf::QPatchEmbedOp>(*function.getArgument(0).getUsers().begin()))
    modes.resize(1); // an image that is read twice stays where it is, as does one whose windows overlap
  else if (!cast<RankedTensorType>(function.getArgument(0).getType()).getElementType().isInteger(8))
    modes.pop_back(); // only an image is streamed

  for (const std::string &mode : modes)
    for (int64_t block : kPatchBlocks) {
      if (block > 1 && block > patches)
        break;
      ScheduleChoice choice{mode, request.tokenBlock.value_or(1), block, false, std::vector(attentionCount, AttentionSchedule::Cached)};
      FailureOr<OwningOpRef<ModuleOp>> scheduled = schedule(choice);
      if (failed(scheduled))
        return failure();
      PatchFigures figures{mode, block, {}};
      for (const StageFigures &stage : figuresOf(functionOf(**scheduled), request.flashCyclesPerByte)) {
        if (!stage.readsPatches)
          continue;
        figures.part.cycles += stage.cycles;
        figures.part.peakBytes = std::max(figures.part.peakBytes, stage.peakBytes);
      }
      patchFigures.push_back(std::move(figures));
    }
  return success();
}

LogicalResult ScheduleSearch::measureRows(AttentionSchedule kind) {
  if (rowsFigures.empty())
    for (int64_t block : tokenBlocks())
      for (bool interleaves : {false, true})
        if (request.interleaveRows ? *request.interleaveRows == interleaves : !interleaves || block >= kInterleaveFrom)
          rowsFigures.push_back({block, interleaves, std::vector<std::array<std::optional<Part>, 3>>(attentionCount), {}});
  for (RowsFigures &figures : rowsFigures) {
    ScheduleChoice choice{patchFigures.front().inputMode, figures.tokenBlock, 1, figures.interleavesRows,
                          std::vector(attentionCount, kind)};
    FailureOr<OwningOpRef<ModuleOp>> scheduled = schedule(choice);
    if (failed(scheduled))
      return failure();
    std::vector<Part> attentions(attentionCount);
    Part rest;
    for (const StageFigures &stage : figuresOf(functionOf(**scheduled), request.flashCyclesPerByte)) {
      if (stage.readsPatches)
        continue;
      Part &part = stage.attention ? attentions[size_t(*stage.attention)] : rest;
      part.cycles += stage.cycles;
      part.peakBytes = std::max(part.peakBytes, stage.peakBytes);
    }
    figures.rest = rest;
    for (size_t i = 0; i < attentionCount; ++i)
      figures.attentions[i][size_t(kind)] = attentions[i];
  }
  return success();
}

std::vector<ScheduleSearch::Combination> ScheduleSearch::combine(int64_t limitBytes, Streamed streamed) const {
  std::vector<Combination> fitting;
  std::optional<Combination> smallest;
  for (const RowsFigures &rows : rowsFigures) {
    Combination base;
    base.choice.tokenBlock = rows.tokenBlock;
    base.choice.interleavesRows = rows.interleavesRows;
    base.price = rows.rest.cycles;
    base.peakBytes = rows.rest.peakBytes;
    for (const auto &kinds : rows.attentions) {
      // The cheapest that fits, or the smallest.
      std::optional<size_t> best;
      auto priceOf = [&](size_t kind) { return kinds[kind]->cycles * (isLossy(AttentionSchedule(kind)) ? kPriceOfLoss : 1); };
      for (size_t kind = 0; kind < kinds.size(); ++kind) {
        if (!kinds[kind])
          continue;
        bool fits = kinds[kind]->peakBytes <= limitBytes, bestFits = best && kinds[*best]->peakBytes <= limitBytes;
        if (!best || (fits && (!bestFits || priceOf(kind) < priceOf(*best))) ||
            (!fits && !bestFits && kinds[kind]->peakBytes < kinds[*best]->peakBytes))
          best = kind;
      }
      base.choice.attentions.push_back(AttentionSchedule(*best));
      base.price += priceOf(*best);
      base.peakBytes = std::max(base.peakBytes, kinds[*best]->peakBytes);
    }
    for (const PatchFigures &patches : patchFigures) {
      if (streamed == Streamed::Only && patches.inputMode != kStream)
        continue;
      Combination combination = base;
      combination.choice.inputMode = patches.inputMode;
      combination.choice.patchBlock = patches.patchBlock;
      combination.price += patches.part.cycles;
      combination.peakBytes = std::max(combination.peakBytes, patches.part.peakBytes);
      if (combination.peakBytes <= limitBytes)
        fitting.push_back(combination);
      else if (!smallest || combination.peakBytes < smallest->peakBytes)
        smallest = combination;
    }
  }
  auto isStreamed = [](const Combination &combination) { return combination.choice.inputMode == kStream; };
  if (streamed == Streamed::Avoided && !llvm::all_of(fitting, isStreamed))
    llvm::erase_if(fitting, isStreamed);
  if (fitting.empty() && smallest)
    fitting.push_back(*smallest);
  return fitting;
}

FailureOr<PlannedSchedule> ScheduleSearch::plan(const Combination &combination) {
  FailureOr<OwningOpRef<ModuleOp>> scheduled = schedule(combination.choice);
  if (failed(scheduled))
    return failure();
  PlannedSchedule result;
  result.choice = combination.choice;
  result.scheduled = cast<ModuleOp>((**scheduled)->clone());
  result.planned = std::move(*scheduled);
  PlanMemoryOptions memory;
  memory.regions = request.regions;
  if (failed(runPasses(*result.planned, [&](OpPassManager &manager) { buildMemoryPipeline(manager, memory); })))
    return failure();
  result.arenaBytes = (*result.planned)->getAttrOfType<IntegerAttr>("mcurt.arena_bytes").getInt();
  result.fits = result.arenaBytes <= request.budgetBytes && !(*result.planned)->hasAttr("mcurt.exceeds_regions");
  return result;
}

LogicalResult ScheduleSearch::measureAll() {
  if (failed(measurePatches()))
    return failure();
  if (request.schedule)
    return measureRows(*request.schedule);
  if (failed(measureRows(AttentionSchedule::Cached)))
    return failure();
  if (attentionCount == 0)
    return success();
  if (failed(measureRows(AttentionSchedule::HeadByHead)))
    return failure();
  // Absorbed projections are layers of their own, to be calibrated and quantized: only where memory costs so much time that it may pay.
  auto cheapest = [](const std::vector<Combination> &all) {
    return llvm::min_element(all, [](const Combination &a, const Combination &b) { return a.price < b.price; });
  };
  std::vector<Combination> within = combine(request.budgetBytes, Streamed::Avoided), anywhere = combine(std::numeric_limits<int64_t>::max(), Streamed::Avoided);
  const Combination &first = within.front();
  bool fits = first.peakBytes <= request.budgetBytes && (request.inputMode || first.choice.inputMode != kStream);
  if (fits && cheapest(within)->price < kWorthQuantizing * cheapest(anywhere)->price)
    return success();
  if (!mayAbsorb)
    return success();
  auto all = llvm::to_vector(llvm::seq(int64_t(attentionCount)));
  return request.canAbsorb(all) ? measureRows(AttentionSchedule::Absorbed) : success();
}

std::vector<ScheduleSearch::Combination> ScheduleSearch::inOrder(std::vector<Combination> all) const {
  auto isOutOfReach = [&](const Combination &combination) {
    std::vector<int64_t> absorbed = attentionsOf(combination.choice, AttentionSchedule::Absorbed);
    return !absorbed.empty() && !request.canAbsorb(absorbed);
  };
  if (!request.schedule && !llvm::all_of(all, isOutOfReach))
    llvm::erase_if(all, isOutOfReach);
  auto isBetter = [](const Combination &a, const Combination &b) {
    return std::tuple(a.price, a.peakBytes) < std::tuple(b.price, b.peakBytes);
  };
  llvm::stable_sort(all, isBetter);
  if (!request.isBudgetGiven) {
    const double limit = all.front().price * kTolerance;
    auto end = llvm::find_if(all, [&](const Combination &combination) { return combination.price > limit; });
    std::stable_sort(all.begin(), end, [&](const Combination &a, const Combination &b) {
      return std::tuple(a.peakBytes, a.price) < std::tuple(b.peakBytes, b.price);
    });
  }
  return all;
}

LogicalResult ScheduleSearch::planFirstThatFits(ArrayRef<Combination> combinations, PlannedSchedule &best) {
  // A plan can be larger than what is alive at its peak, though it hardly ever is, and buffers that fit together may not fit the memories
  // one by one. Where that is so, what needs more altogether is not tried.
  int64_t refusedPeak = std::numeric_limits<int64_t>::max();
  for (const Combination &combination : combinations) {
    if (combination.peakBytes >= refusedPeak)
      continue;
    FailureOr<PlannedSchedule> planned = plan(combination);
    if (failed(planned))
      return failure();
    if (!best.planned || planned->fits || planned->arenaBytes < best.arenaBytes)
      best = std::move(*planned);
    if (best.fits)
      break;
    refusedPeak = combination.peakBytes;
  }
  return success();
}

FailureOr<PlannedSchedule> ScheduleSearch::run() {
  PlannedSchedule best;
  if (failed(measureAll()) || failed(planFirstThatFits(inOrder(combine(request.budgetBytes, Streamed::Avoided)), best)))
    return failure();
  if (best.fits || request.inputMode)
    return best;
  std::vector<Combination> streamed = combine(request.budgetBytes, Streamed::Only);
  if (!streamed.empty() && failed(planFirstThatFits(inOrder(std::move(streamed)), best)))
    return failure();
  return best;
}

} // namespace mcuform
