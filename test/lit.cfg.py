# Configuration of the FileCheck tests. Substitutions: %data is test/data, %tools the directory of the project's tools.
import os

import lit.formats

config.name = "mcuform"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".test"]
config.excludes = ["Inputs", "data"]
config.test_source_root = os.path.join(config.mcuform_source_dir, "test")
config.test_exec_root = os.path.join(config.mcuform_build_dir, "test")
config.environment["PATH"] = os.pathsep.join([config.mcuform_tools_dir, config.llvm_tools_dir, config.environment["PATH"]])
config.substitutions.append(("%data", os.path.join(config.test_source_root, "data")))
config.substitutions.append(("%tools", config.mcuform_tools_dir))
