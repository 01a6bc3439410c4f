#include "test/import/TestModel.h"

#include "mlir/IR/DialectResourceBlobManager.h"

#include <catch2/catch.hpp>

#include <sys/stat.h>
#include <unistd.h>

using namespace mlir;
using namespace mcuform;
using namespace mcuform::test;

static void addEntry(onnx::TensorProto &tensor, const std::string &key, const std::string &value) {
  onnx::StringStringEntryProto *entry = tensor.add_external_data();
  entry->set_key(key);
  entry->set_value(value);
}

static onnx::TensorProto &external(TestModel &model, const std::string &name, const Dims &dims, const std::string &location) {
  onnx::TensorProto &tensor = model.initializer(name, dims);
  tensor.set_data_location(onnx::TensorProto::EXTERNAL);
  addEntry(tensor, "location", location);
  return tensor;
}

TEST_CASE("external data beside the model and below") {
  std::vector<float> values(200);
  for (size_t i = 0; i < values.size(); ++i)
    values[i] = float(i);
  TempDirectory directory;
  mkdir(directory.at("sub").c_str(), 0700);
  // One byte before, so that nothing is aligned.
  directory.write("weights.bin", "!" + rawData(values));
  directory.write("sub/more.bin", rawData<float>({7, 8}));

  TestModel model;
  onnx::TensorProto &many = external(model, "many", {100}, "weights.bin");
  addEntry(many, "offset", "401");
  addEntry(many, "length", "400");
  addEntry(many, "checksum", "whatever");
  onnx::TensorProto &few = external(model, "few", {2}, "weights.bin");
  addEntry(few, "offset", "5");
  external(model, "below", {2}, "sub/more.bin");
  external(model, "dotted", {2}, "./sub/./more.bin");

  Imported imported = importFile(directory.write("model.onnx", model.bytes()));
  REQUIRE(imported.module);
  auto resource = cast<DenseResourceElementsAttr>(imported.constant("many"));
  ArrayRef<float> data = resource.getRawHandle().getBlob()->getDataAs<float>();
  CHECK((data == ArrayRef<float>(values).slice(100, 100)));
  auto elements = [&](const std::string &name) {
    return llvm::to_vector(cast<DenseElementsAttr>(imported.constant(name)).getValues<float>());
  };
  CHECK((elements("few") == SmallVector<float>{1, 2}));
  CHECK((elements("below") == SmallVector<float>{7, 8}));
  CHECK((elements("dotted") == SmallVector<float>{7, 8}));
}

TEST_CASE("external data outside the model's directory") {
  TempDirectory outside, directory;
  outside.write("secret.bin", rawData<float>({1}));
  REQUIRE(symlink(outside.at("secret.bin").c_str(), directory.at("link.bin").c_str()) == 0);
  REQUIRE(symlink(outside.path.c_str(), directory.at("linked").c_str()) == 0);
  mkdir(directory.at("sub").c_str(), 0700);

  TestModel model;
  external(model, "up", {1}, "../secret.bin");
  external(model, "up and down", {1}, "sub/../../x/secret.bin");
  external(model, "absolute", {1}, outside.at("secret.bin"));
  external(model, "nul", {1}, std::string("a\0/../b", 7));
  external(model, "unnamed", {1}, "");
  external(model, "link", {1}, "link.bin");
  external(model, "linked", {1}, "linked/secret.bin");
  Imported imported = importFile(directory.write("model.onnx", model.bytes()));
  CHECK(imported.errors ==
        Strings{
            "initializer 'up' has its data in '../secret.bin', which is not a path inside the model's directory",
            "initializer 'up and down' has its data in 'sub/../../x/secret.bin', which is not a path inside the model's directory",
            "initializer 'absolute' has its data in '" + outside.at("secret.bin") + "', which is not a path inside the model's directory",
            "initializer 'nul' has its data in 'a\\x00/../b', which is not a path inside the model's directory",
            "initializer 'unnamed' has its data in '', which is not a path inside the model's directory",
            "initializer 'link' has its data in 'link.bin', which is a link out of the model's directory",
            "initializer 'linked' has its data in 'linked/secret.bin', which is a link out of the model's directory",
        });
}

TEST_CASE("external data that is not there") {
  TempDirectory directory;
  directory.write("weights.bin", "12345678");
  mkdir(directory.at("sub").c_str(), 0700);
  TestModel model;
  external(model, "gone", {1}, "gone.bin");
  external(model, "gone too", {1}, "gone.bin");
  external(model, "folder", {1}, "sub");
  external(model, "long", {3}, "weights.bin");
  addEntry(external(model, "late", {1}, "weights.bin"), "offset", "6");
  addEntry(external(model, "overflow", {1}, "weights.bin"), "offset", "18446744073709551615");
  addEntry(external(model, "negative", {1}, "weights.bin"), "offset", "-1");
  addEntry(external(model, "unequal", {1}, "weights.bin"), "length", "8");
  Imported imported = importFile(directory.write("model.onnx", model.bytes()));
  CHECK(imported.errors ==
        Strings{
            "initializer 'gone' has its data in '" + directory.at("gone.bin") + "', which cannot be read: no such file or directory",
            "initializer 'folder' has its data in '" + directory.at("sub") + "', which is not a regular file",
            "initializer 'long' has 12 bytes of data at offset 0 of 'weights.bin', which has 8",
            "initializer 'late' has 4 bytes of data at offset 6 of 'weights.bin', which has 8",
            "initializer 'overflow' has 4 bytes of data at offset 18446744073709551615 of 'weights.bin', which has 8",
            "initializer 'negative' has external data with offset '-1', which is not a size in bytes",
            "initializer 'unequal' has 8 bytes of external data, its shape and type need 4",
        });
}
