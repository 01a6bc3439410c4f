#include "test/import/TestModel.h"

#include <catch2/catch.hpp>

using namespace mcuform::test;

static Strings fileErrors(const std::string &path) {
  Imported imported = importFile(path);
  CHECK_FALSE(imported.module);
  CHECK(imported.errorNames == Strings(imported.errors.size(), ""));
  return imported.errors;
}

TEST_CASE("paths that are no file") {
  TempDirectory directory;
  CHECK(fileErrors(directory.at("none.onnx")) == Strings{"cannot read '" + directory.at("none.onnx") + "': no such file or directory"});
  CHECK(fileErrors(directory.path) == Strings{"'" + directory.path + "' is a directory, not an ONNX model"});
  CHECK(fileErrors("/dev/null") == Strings{"'/dev/null' is not a regular file"});
  CHECK(fileErrors("") == Strings{"cannot read '': no such file or directory"});
}

TEST_CASE("files that are no model") {
  TempDirectory directory;
  auto errorOf = [&](const std::string &bytes) {
    std::string path = directory.write("model.onnx", bytes);
    Strings errors = fileErrors(path);
    REQUIRE(errors.size() == 1);
    REQUIRE(errors[0].rfind("'" + path + "'", 0) == 0);
    return errors[0].substr(path.size() + 2);
  };
  CHECK(errorOf("") == " is empty");
  CHECK(errorOf("Once upon a time\nthere was a model.\n") == " is a text file, not an ONNX model");
  CHECK(errorOf("{\"model\": 1}") == " is a text file, not an ONNX model");
  // A field of 32 bytes to protobuf.
  CHECK(errorOf("\n " + std::string(32, 'a')) == " is a text file, not an ONNX model");
  // Cut inside the last character.
  CHECK(errorOf("\xc3\xa4\xc3\xb6\xc3") == " is a text file, not an ONNX model");
  CHECK(errorOf("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5\n") ==
        " is a Git LFS pointer, not the model itself: fetch it with 'git lfs pull'");
  CHECK(errorOf(std::string("PK\x03\x04\x00\x00", 6)) ==
        " is a zip archive (PyTorch saves checkpoints so), not an ONNX model: export it with torch.onnx.export");
  CHECK(errorOf("\x7f"
                "ELF\x02\x01\x01") == " is not an ONNX model");
  CHECK(errorOf(std::string(1000, '\xff')) == " is not an ONNX model");
  // A graph of 3 bytes that ends inside its first field.
  CHECK(errorOf("\x08\x08\x3a\x03\x0a\x7f\x01") == " is damaged: its protobuf encoding is not valid");
  CHECK(errorOf("\x08\x08") == " has no graph");
}

TEST_CASE("truncated models") {
  std::string bytes = TestModel().bytes();
  TempDirectory directory;
  // The opset follows the graph and takes 4 bytes.
  std::string path = directory.write("model.onnx", bytes.substr(0, bytes.size() - 10));
  CHECK(fileErrors(path) == Strings{"'" + path + "' is truncated: the file has " + std::to_string(bytes.size() - 10) +
                                    " bytes, the model at least " + std::to_string(bytes.size() - 4)});
  directory.write("model.onnx", bytes.substr(0, bytes.size() - 4));
  CHECK(fileErrors(path) == Strings{"the model names no opset, 11 to 22 are supported"});
  directory.write("model.onnx", bytes.substr(0, 1));
  CHECK(fileErrors(path) == Strings{"'" + path + "' is truncated: the file has 1 bytes, the model at least 2"});
}

TEST_CASE("graphs without anything") {
  CHECK(TestModel::empty().errors() == Strings{"the graph has no input", "the graph has no nodes", "the graph has no output"});
  TestModel model;
  model.proto.clear_graph();
  TempDirectory directory;
  std::string path = directory.write("model.onnx", model.bytes());
  CHECK(fileErrors(path) == Strings{"'" + path + "' has no graph"});
}

TEST_CASE("messages nested without end") {
  // A sequence of sequences of ... as the type of an input.
  TestModel model;
  onnx::TypeProto *type = model.input("deep", {}).mutable_type();
  for (int depth = 0; depth < 50; ++depth)
    type = type->mutable_sequence_type()->mutable_elem_type();
  type->mutable_tensor_type()->set_elem_type(1);
  // Two levels of message each: too deep for the parser, which must say so rather than overflow the stack.
  Strings errors = model.errors();
  REQUIRE(errors.size() == 1);
  CHECK(errors[0].find("is damaged: its protobuf encoding is not valid") != std::string::npos);
}
