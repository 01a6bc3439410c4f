// What all emitters know of a package: collected from the IR once, so that header, source, report and weights cannot disagree.
#ifndef MCUFORM_COMPILER_EMISSION_CONTENTS_H
#define MCUFORM_COMPILER_EMISSION_CONTENTS_H

#include "compiler/emission/Package.h"
#include "compiler/emission/pack/Pack.h"
#include "dialects/mcurt/McurtDialect.h"
#include "dialects/mcurt/Traffic.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/DenseMap.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace mcuform::emission {

/// Which value of the float network a layer's result stands for; see passes/support/ValueAttribute.h.
struct LayerValue {
  int64_t number, rows, columns;
  std::vector<double> scales;
};

struct Layer {
  std::string name, kind;
  int64_t macs, weightsBytes;
  mcurt::LayerTraffic traffic;
  std::optional<LayerValue> value;
  // Where weights of four bits were considered for it: what it has, and what they cost or would cost.
  std::optional<int64_t> weightBits;
  std::optional<double> int4SqnrDb;
};

/// A memory of a target that has several, and the arena in it.
struct RegionArena {
  std::string name, upperName;
  int64_t bytes, lowerBoundBytes, capacityBytes;
};

struct Package {
  std::string name, upperName, targetName, flashRegion;
  FitLimits limits;
  std::map<std::string, int64_t> dims;
  std::string modelName, modelSha256;
  int64_t parameters = 0;
  mlir::func::FuncOp function;
  mlir::DictionaryAttr quantization; ///< null where the module has none
  mlir::DictionaryAttr schedule;

  mcurt::BufferOp input; ///< all of it, or a strip of the image where that is streamed
  mcurt::ForOp fed;      ///< the loop over such strips, else null
  /// Of the whole image; of a sequence: 1, its rows, their features.
  int64_t inputHeight, inputWidth, inputChannels, inputBytes;
  std::optional<float> inputScale; ///< of a sequence of int16; an image is uint8
  std::string inputMode; ///< as --input-mode spells it
  std::vector<float> mean, std;
  int64_t outputCount;
  float outputScale;

  int64_t arenaBytes, lowerBoundBytes; ///< of all arenas together
  /// Of a target with several memories, the fastest first; else empty, and there is one arena.
  std::vector<RegionArena> regions;
  std::vector<mcurt::BufferOp> buffers; ///< in the order of the text
  int64_t stepCount = 0;
  std::vector<Layer> layers;
  mcurt::FlashTraffic traffic; ///< of one inference

  // The weights, once they are packed.
  PackImage pack;
  int64_t weightsBytes = 0;                                 ///< without padding and tables, equal tensors counted once
  llvm::DenseMap<mlir::Operation *, int64_t> weightOffsets; ///< of each constant, from the first byte of the pack

  int64_t totalMacs() const;
  /// Where `buffer` stands, null where there is one arena.
  const RegionArena *regionOf(mcurt::BufferOp buffer) const;
  /// Bytes of the buffers that are alive at a step, in all memories or one.
  int64_t liveBytesAt(int64_t step, const RegionArena *region = nullptr) const;
};

/// Everything but the weights; an error names what the module lacks.
llvm::Expected<Package> collectPackage(mlir::ModuleOp module, const EmissionOptions &options);
/// Packs all constants (WeightsEmitter.cpp).
llvm::Error packWeights(Package &package);

// One emitter for each kind of file.
std::string emitHeader(const Package &package);
std::string emitSource(const Package &package);
std::string emitWeightsAssembly(const Package &package);
/// `runtimeSources`: .cpp files of the runtime, relative to the package.
std::string emitCMake(const Package &package, llvm::ArrayRef<std::string> runtimeSources);
std::string emitReport(const Package &package);
/// values.json: what the integers of layers mean, for comparing them with the float network.
std::string emitValues(const Package &package);
std::string emitHtmlReport(const Package &package);

/// Files of the runtime that the package needs: path in the package and contents, in the order of the paths.
llvm::Expected<std::vector<std::pair<std::string, std::string>>> collectRuntimeFiles(const Package &package, llvm::StringRef resourceDir);

/// `text` with each "@key@" replaced by its value.
std::string fillTemplate(llvm::StringRef text, llvm::ArrayRef<std::pair<llvm::StringRef, std::string>> values);
/// "224 x 224 x 3 pixels", "98 x 40 features".
std::string describeInput(const Package &package);
/// The shortest text that reads back as the same float, a valid literal of C once 'f' is appended.
std::string formatFloat(float value);

} // namespace mcuform::emission

#endif // MCUFORM_COMPILER_EMISSION_CONTENTS_H
