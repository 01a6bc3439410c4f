// mcuform-run's command line.
#ifndef MCUFORM_COMPILER_TOOLS_MCUFORM_RUN_OPTIONS_H
#define MCUFORM_COMPILER_TOOLS_MCUFORM_RUN_OPTIONS_H

#include <cstdint>
#include <optional>
#include <string>

namespace mcuform {

/// Exit statuses, as README and --help tell them.
enum ExitStatus : int { exitDone = 0, exitInputAtFault = 1, exitUsage = 2, exitBug = 3 };

struct Options {
  std::string package;
  std::string target; ///< empty: the one the package was compiled for
  std::string input;
  std::string labels, reference, output, json, html, classes, buildDirectory; ///< empty: not given
  std::optional<int64_t> limit;
  int64_t show = 0;
  bool showPictures = false;
  bool profile = false;
  bool perLayer = false;
  std::optional<double> maxDrop; ///< points of accuracy
  double secondsPerImage = 300;
};

/// Either options or, after --help or a mistake that has been explained, the exit status.
struct ParsedOptions {
  Options options;
  std::optional<int> exitStatus;
};

ParsedOptions parseOptions(int argc, char **argv);

} // namespace mcuform

#endif // MCUFORM_COMPILER_TOOLS_MCUFORM_RUN_OPTIONS_H
