// The table of kernel costs, and how often a call runs with how many rows.
#include "dialects/mcurt/Cost.h"

#include "dialects/mcurt/Kernels.h"
#include "dialects/mcurt/Traffic.h"

#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/ErrorHandling.h"

using namespace mlir;

namespace mcuform::mcurt {
namespace {

/// Cycles for one multiply-accumulate in the loops of row_dots.cpp, by llvm-mca 19 (docs/kernels.md): whole turns of three rows, two, one.
constexpr double kThreeRows = 0.594, kTwoRows = 0.766, kOneRow = 0.907;
/// The same for four interleaved rows, and instructions for each weight that is widened and each value that is interleaved first.
constexpr double kFourRows = 0.510, kWiden = 0.69, kInterleave = 1.75;

/// Unpacking a weight of four bits into int8 (runtime/src/int4.h).
constexpr double kInt4Unpack = 2.3;

/// Instructions a score, and a row of the table, of relative positions.
constexpr double kRelativeScore = 7.4, kRelativeShare = 8.5, kRelativeRow = 25;

/// rows x columns outputs, each a sum over a depth; or values each computed alone.
struct Work {
  StringRef columns, depth; ///< integers of the call; empty: 1
  double perOutput;         ///< instructions around the sums, per output
  double perPair;           ///< and per pair of columns
  double perMac = 0;        ///< instructions in a loop of its own; 0: that of row_dots.cpp
  bool byFours = false;     ///< rows are interleaved, and go by the loop of row_fours.cpp
  double perWeight = 0;     ///< instructions to unpack a weight, once a call
};

Work workOf(StringRef kernel) {
  return llvm::StringSwitch<Work>(kernel)
      .Cases("linear_s16", "linear_panels_s16", Work{"units", "depth", 7.7, 64})
      .Cases("linear_add_s16", "linear_add_panels_s16", Work{"units", "depth", 8.4, 64})
      .Cases("linear_activation_s16", "linear_activation_panels_s16", Work{"units", "depth", 14, 64})
      .Cases("linear_keys_s8", "linear_keys_panels_s8", Work{"units", "depth", 11, 64})
      .Cases("linear_values_s8", "linear_values_panels_s8", Work{"units", "depth", 7.7, 64})
      .Case("linear_fours_s16", Work{"units", "depth", 7.7, 64, 0, true})
      .Case("linear_add_fours_s16", Work{"units", "depth", 8.4, 64, 0, true})
      .Case("linear_activation_fours_s16", Work{"units", "depth", 14, 64, 0, true})
      .Case("linear_keys_fours_s8", Work{"units", "depth", 11, 64, 0, true})
      .Case("linear_values_fours_s8", Work{"units", "depth", 7.7, 64, 0, true})
      .Case("linear_int4_s16", Work{"units", "depth", 7.7, 90, 0, false, kInt4Unpack})
      .Case("linear_add_int4_s16", Work{"units", "depth", 8.4, 90, 0, false, kInt4Unpack})
      .Case("linear_activation_int4_s16", Work{"units", "depth", 14, 90, 0, false, kInt4Unpack})
      .Case("linear_keys_int4_s8", Work{"units", "depth", 11, 90, 0, false, kInt4Unpack})
      .Case("linear_values_int4_s8", Work{"units", "depth", 7.7, 90, 0, false, kInt4Unpack})
      .Case("attention_scores_s16", Work{"tokens", "head_width", 8, 64})
      .Case("attention_context_s16", Work{"head_width", "tokens", 9.6, 64})
      .Case("attention_context_keys_s16", Work{"head_width", "tokens", 28, 1357})
      .Case("attention_context_keys_one_s16", Work{"head_width", "tokens", 28, 0, 1.8})
      .Case("relative_scores_s16", Work{"", "", 0, 0}) // of the grid: see below
      .Case("relative_shares_s16", Work{"", "", 0, 0})
      .Case("relative_context_s16", Work{"head_width", "depth", 8.4, 64})
      .Case("softmax_s16", Work{"tokens", "", 8.64, 0})
      .Case("sigmoid_s16", Work{"tokens", "", 9, 0})
      .Case("layer_norm_s16", Work{"width", "", 9.25, 0})
      .Case("layer_norm_affine_s16", Work{"width", "", 21.4, 0})
      .Case("rms_norm_s16", Work{"width", "", 8.73, 0})
      .Case("rms_norm_affine_s16", Work{"width", "", 19.3, 0})
      .Case("copy_s16", Work{"width", "", 1.6, 0})
      .Case("copy_columns_s16", Work{"width", "", 2.5, 0})
      .Case("narrow_s8", Work{"width", "", 7, 0})
      .Case("narrow_keys_s8", Work{"width", "", 8.1, 0})
      .Case("coarsen_s16", Work{"width", "", 9, 0})
      .Case("widen_s16", Work{"width", "", 6, 0})
      .Case("accumulate_rows_s16", Work{"width", "", 3.5, 0})
      .Case("scale_s32_s16", Work{"width", "", 6.1, 0})
      .Case("fill_zero_s32", Work{"width", "", 3, 0})
      // Per value of a window: see below.
      .Case("windows_u8", Work{"channels", "", 5, 0})
      .Case("windows_s16", Work{"channels", "", 1.6, 0})
      .Case("max_pool_s16", Work{"channels", "", 3, 0})
      .Case("depthwise_s16", Work{"channels", "", 3.5, 0})
      .Case("multiply_s16", Work{"width", "", 5.75, 0})
      .Case("add_s16", Work{"width", "", 9, 0})
      .Case("clamp_s16", Work{"width", "", 3.5, 0})
      .Case("add_codes_s16", Work{"width", "", 12, 0})
      .Case("windows_codes_u8", Work{"channels", "", 6, 0})
      .Case("permute_rows_s16", Work{"width", "", 2, 0})
      .Case("activation_s16", Work{"width", "", 12, 0})
      .Cases("unfold_u8", "unfold_padded_u8", Work{"width", "", 2.9, 0}) // its width is the image's: see below
      .Default(Work{"", "", -1, 0});
}

/// Kernels on windows of a map, whose work is counted by the values of the windows.
bool isOnWindows(StringRef kernel) {
  return kernel == "windows_u8" || kernel == "windows_codes_u8" || kernel == "windows_s16" || kernel == "max_pool_s16" || kernel == "depthwise_s16";
}

/// The integer of that name, where it is a number.
int64_t numberOf(CallOp call, StringRef name) {
  if (name.empty())
    return 1;
  for (auto [param, number] : llvm::zip_equal(findKernel(call.getKernel())->integers(), call.getIntegers()))
    if (param.name == name)
      return number;
  llvm::report_fatal_error("kernel '" + call.getKernel() + "' has no '" + name + "'");
}

/// The loop whose count is the number of rows of `call`, null where that is a constant.
ForOp loopOfRows(CallOp call) {
  auto index = call.getIndices().begin();
  for (auto [param, number] : llvm::zip_equal(findKernel(call.getKernel())->integers(), call.getIntegers())) {
    if (!ShapedType::isDynamic(number))
      continue;
    Value value = *index++;
    auto argument = dyn_cast<BlockArgument>(value);
    auto loop = argument ? dyn_cast<ForOp>(argument.getOwner()->getParentOp()) : ForOp();
    if (param.name == "rows" && loop && argument == loop.getCount())
      return loop;
  }
  return {};
}

double cyclesOfOneRun(CallOp call, int64_t rows) {
  Work work = workOf(call.getKernel());
  if (work.perOutput < 0)
    llvm::report_fatal_error("kernel '" + call.getKernel() + "' has no cost");
  double columns = double(numberOf(call, work.columns)), depth = double(numberOf(call, work.depth));
  if (call.getKernel().starts_with("unfold_"))
    columns = double(numberOf(call, "patch_height") * numberOf(call, "patch_width") * numberOf(call, "channels"));
  if (isOnWindows(call.getKernel()))
    columns *= double(numberOf(call, "kernel_height") * numberOf(call, "kernel_width"));
  if (call.getKernel().starts_with("relative_s")) {
    const double tokens = double(numberOf(call, "prefix") + numberOf(call, "grid_height") * numberOf(call, "grid_width")),
                 tableRows = double(2 * numberOf(call, "row_clip") + 2 * numberOf(call, "column_clip") + 3);
    return double(rows) *
           (call.getKernel() == "relative_scores_s16" ? tokens * kRelativeScore : tokens * kRelativeShare + tableRows * kRelativeRow);
  }
  double outside = double(rows) * columns * work.perOutput + columns / 2 * work.perPair + columns * depth * work.perWeight;
  if (work.depth.empty())
    return outside;
  if (work.byFours && rows >= 4)
    return outside + depth * (double(rows / 4 * 4) * kInterleave + columns / 2 * cyclesOfPairByFours(rows));
  return outside + columns / 2 * depth * (work.perMac > 0 ? 2 * double(rows) * work.perMac : cyclesOfPair(rows));
}

} // namespace

double cyclesOfPair(int64_t rows) {
  if (rows == 1)
    return 2 * kOneRow;
  // One row left over and the three before it are two pairs.
  int64_t pairs = rows % 3 == 2 ? 1 : rows % 3 == 1 ? 2 : 0, threes = (rows - 2 * pairs) / 3;
  return 2 * (double(3 * threes) * kThreeRows + double(2 * pairs) * kTwoRows);
}

double cyclesOfPairByFours(int64_t rows) {
  return 2 * (double(rows / 4 * 4) * kFourRows + kWiden) + (rows % 4 ? cyclesOfPair(rows % 4) : 0);
}

double computeCyclesOf(CallOp call) {
  const auto params = findKernel(call.getKernel())->integers();
  bool hasRows = llvm::any_of(params, [](const KernelParam &param) { return param.name == "rows"; });
  ForOp loop = loopOfRows(call);
  if (!loop)
    return double(runsOf(call)) * cyclesOfOneRun(call, hasRows ? numberOf(call, "rows") : 1);
  int64_t extent = loop.getExtent(), step = loop.getStep(), around = runsOf(call) / loop.getTripCount();
  double cycles = double(extent / step) * cyclesOfOneRun(call, std::min(step, extent));
  if (extent % step)
    cycles += cyclesOfOneRun(call, extent % step);
  return double(around) * cycles;
}

double cyclesOf(CallOp call, double flashCyclesPerByte) {
  FlashTraffic traffic = flashTrafficOf(call);
  return std::max(computeCyclesOf(call), double(traffic.panelBytes) * flashCyclesPerByte) + double(traffic.inPlaceBytes) * flashCyclesPerByte;
}

} // namespace mcuform::mcurt
