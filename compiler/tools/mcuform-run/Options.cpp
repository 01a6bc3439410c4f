#include "compiler/tools/mcuform-run/Options.h"

#include <CLI/CLI.hpp>

namespace mcuform {

ParsedOptions parseOptions(int argc, char **argv) {
  ParsedOptions parsed;
  Options &options = parsed.options;
  CLI::App app("Builds a package of mcuformc for a target, runs it over images and measures it.", "mcuform-run");
  app.footer("Exit status: 0 done, 1 the input is at fault, 2 wrong usage, 3 a bug of mcuform.");
  app.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::Throw);

  app.add_option("package", options.package, "directory that mcuformc wrote")->required()->type_name("DIR");
  app.add_option("--input", options.input, "images, uint8 [images, height, width, channels]")->required()->type_name("X.npy");
  app.add_option("--target", options.target, "where to run it: host, mps2-an500, ... (default: what it was compiled for)")
      ->type_name("NAME");
  CLI::Option *labels = app.add_option("--labels", options.labels, "class numbers, integers [images]: counts the right answers")->type_name("Y.npy");
  CLI::Option *reference = app.add_option("--reference", options.reference, "the model in float: counts the answers that are the same")->type_name("MODEL.onnx");
  app.add_option("--limit", options.limit, "take the first N images only")->type_name("N")->check(CLI::PositiveNumber);
  app.add_option("--output", options.output, "write the logits, float32 [images, classes]")->type_name("LOGITS.npy");
  app.add_option("--json", options.json, "write the results as JSON")->type_name("FILE");
  app.add_option("--show", options.show, "tell what was seen in the first K images")->type_name("K")->check(CLI::NonNegativeNumber);
  app.add_option("--classes", options.classes, "names of the classes for --show, one a line")->type_name("FILE");
  app.add_flag("--show-pictures", options.showPictures, "draw the images of --show even where the output is no terminal");
  app.add_flag("--profile", options.profile, "count the instructions of each kernel and layer, too");
  CLI::Option *perLayer = app.add_flag("--per-layer", options.perLayer,
               "hold each layer against the model in float, over the first images: signal to noise and cosine; and the host against the target")
      ->needs(reference);
  app.add_option("--html", options.html, "write the comparison of layers as a page for a browser")->type_name("FILE")->needs(perLayer);
  app.add_option("--max-drop", options.maxDrop, "fail where the share of right answers is more than so many points below the float model's")
      ->type_name("POINTS")
      ->check(CLI::NonNegativeNumber)
      ->needs(labels)
      ->needs(reference);
  app.add_option("--build-dir", options.buildDirectory, "build there and keep it (default: build anew in a temporary directory)")
      ->type_name("DIR");
  app.add_option("--time-limit", options.secondsPerImage, "give up when an image takes longer (default 300)")
      ->type_name("SECONDS")
      ->check(CLI::PositiveNumber);

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError &error) {
    parsed.exitStatus = app.exit(error) == 0 ? exitDone : exitUsage;
  }
  return parsed;
}

} // namespace mcuform
