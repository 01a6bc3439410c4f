// One compilation from an ONNX file to a package: phases in order, each checked, nothing written unless all succeed.
#ifndef MCUFORM_COMPILER_DRIVER_COMPILE_H
#define MCUFORM_COMPILER_DRIVER_COMPILE_H

#include "compiler/driver/ScheduleSearch.h"
#include "passes/Pipelines.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace llvm {
class raw_ostream;
}

namespace mcuform {

/// Where --weights int4 and --precision mixed stop unless told otherwise.
inline constexpr double kDefaultInt4SqnrDb = 14, kDefaultMixedSqnrDb = 28;
inline constexpr int64_t kDefaultInt4Group = 32;

struct CompileOptions {
  std::string modelPath;
  std::string outputDirectory;
  std::string targetName = "mps2-an500";
  /// C identifier that the package's names begin with; derived from the model's file name where empty.
  std::string name;
  /// .npy file; without it the compiler stops before quantization.
  std::string calibrationPath;
  /// How the ranges of keys and values are chosen; one of kCalibrationMethods.
  std::string calibrationMethod = "max";
  /// Whether rounding counts rows by the gradients of the network's result.
  bool weighsRows = false;
  /// File that keeps what calibration found: written where there are inputs, read in their place where there are none. Empty: none.
  std::string calibrationCache;
  std::vector<float> mean, std;
  /// Weights of linear layers in four bits, so many inputs to a scale; 0: in eight.
  int64_t int4Group = 0;
  /// How many bits linear layers read; one of kPrecisions.
  std::string precision = "default";
  /// Where --weights int4 and --precision mixed stop.
  std::optional<double> minSqnrDb;
  /// Sizes of the input dimensions that the file leaves open, by symbol.
  std::map<std::string, int64_t> dims;
  /// Bytes of SRAM for arena, static data and stack together; the target's where absent.
  std::optional<int64_t> sramBytes;
  /// Bytes for the arena alone.
  std::optional<int64_t> arenaBytes;
  /// Bytes for the arena in single memories of the target, by name; all that stack and application leave where absent.
  std::map<std::string, int64_t> memoryBytes;
  /// Bytes of flash for weights, code and tables, of which only the weights are known here; the target's where absent.
  std::optional<int64_t> flashBytes;
  /// Tokens computed together; chosen by the compiler where absent.
  std::optional<int64_t> tokenBlock;
  /// How every attention is scheduled; chosen for each by the compiler where absent.
  std::optional<AttentionSchedule> schedule;
  /// Where the image stands, as --input-mode spells it; chosen by the compiler where empty.
  std::string inputMode;
  /// Bytes for two panels of weights, copied from flash while the kernels compute; 0: read in place. The target's where absent.
  std::optional<int64_t> weightPanelBytes;
  /// Whether linear layers interleave their rows by fours: faster on cores with DSP instructions, for more arena. Chosen where absent.
  std::optional<bool> interleaveRows;
  /// Stops after this phase and prints its IR instead of writing a package.
  std::optional<Phase> stopAfter;
  /// Prints the memory plan as text; without an output directory nothing else is done with it.
  bool explainMemory = false;
  /// Also writes all diagnostics to this file, as JSON. Empty: none.
  std::string diagnosticsPath;
  /// Writes the IR after every phase to DIR/<nn>-<phase>.mlir.
  std::string dumpDirectory;
};

/// What --precision can be.
inline constexpr const char *kPrecisions[] = {"default", "strict", "mixed"};
/// What --calibration-method can be.
inline constexpr const char *kCalibrationMethods[] = {"max", "percentile", "mse", "auto"};

/// What a run of the compiler comes to; the values are the process's exit codes.
enum class CompileStatus { Done = 0, InputError = 1, InternalError = 3 };

/// Compiles, writing diagnostics to `errors` and, with stopAfter, the IR to `output`.
CompileStatus compileModel(const CompileOptions &options, llvm::raw_ostream &output, llvm::raw_ostream &errors);

/// A C identifier from a file name: "vit-tiny.v2.onnx" becomes "vit_tiny_v2".
std::string identifierFrom(llvm::StringRef fileName);

} // namespace mcuform

#endif
