/// Models as exporters write them.
#include "test/import/TestModel.h"

#include "llvm/Support/FileSystem.h"

#include <catch2/catch.hpp>

#include <map>

using namespace mcuform;
using namespace mcuform::test;

TEST_CASE("the small transformers in test/data") {
  size_t count = 0;
  std::error_code error;
  for (llvm::sys::fs::directory_iterator file(MCUFORM_TEST_MODELS, error), end; !error && file != end; file.increment(error)) {
    llvm::StringRef path = file->path();
    if (!path.ends_with(".onnx") || path.contains("symbolic"))
      continue;
    INFO(path.str());
    Imported imported = importFile(path.str());
    CHECK(imported.module);
    ++count;
  }
  CHECK_FALSE(error);
  CHECK(count >= 10);
}

TEST_CASE("a transformer with a symbolic batch") {
  std::string path = MCUFORM_TEST_MODELS "/symbolic_batch.onnx";
  CHECK(importFile(path).errors ==
        Strings{"input 'image' has no fixed size in dimension 0 ('batch'): re-export with a fixed size, or pass --dim batch=1"});
  ImportOptions options;
  options.dims["batch"] = 1;
  CHECK(importFile(path, options).module);
}

TEST_CASE("ViT-Tiny for 224 x 224 pixels") {
  std::string path = MCUFORM_SHARED_MODELS "/vit_tiny_patch16_224.onnx";
  if (!llvm::sys::fs::exists(path)) {
    WARN("skipped: " << path << " is not there");
    return;
  }
  Imported imported = importFile(path);
  REQUIRE(imported.module);

  CHECK(imported.constants().size() == 152 + 128);
  std::map<std::string, int> counts;
  for (onnxin::NodeOp op : imported.nodes())
    ++counts[op.getOpType().str()];
  CHECK(counts["MatMul"] == 72);
  CHECK(counts["LayerNormalization"] == 25);
  CHECK(counts["Softmax"] == 12);
  CHECK(counts["Conv"] == 1);
  CHECK(imported.nodes()[0].getNodeName() == "/patch_embed/proj/Conv");
  auto sha256 = (*imported.module)->getAttrOfType<mlir::StringAttr>(onnxin::OnnxinDialect::kSha256Attr);
  CHECK(sha256 == "2f5af5e3011de2cafbfd92c1640e64c33a981de8e0ba128a9ff7945ab16958b1");
}
