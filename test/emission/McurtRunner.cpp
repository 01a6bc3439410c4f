// A walk over stages, loops and calls; kernels are called through their prototypes.
#include "McurtRunner.h"

#include "compiler/reference/HostTensor.h"
#include "dialects/mcurt/McurtDialect.h"
#include "mcuform/arith.h"
#include "mcuform/kernels.h"

#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/StringSwitch.h"

#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

using namespace mlir;

namespace mcuform::test {
namespace {

struct Arguments {
  ArrayRef<char *> buffers;
  ArrayRef<int64_t> integers;

  template <typename T> T take() {
    if constexpr (std::is_pointer_v<T>) {
      T buffer = reinterpret_cast<T>(buffers.front());
      buffers = buffers.drop_front();
      return buffer;
    } else {
      T integer = static_cast<T>(integers.front());
      integers = integers.drop_front();
      return integer;
    }
  }
};

template <typename... Ts> void invoke(void (*kernel)(Ts...), Arguments arguments) {
  std::tuple<Ts...> values{arguments.take<Ts>()...};
  std::apply(kernel, values);
}

void invoke(StringRef name, Arguments arguments) {
#define MCUFORM_KERNEL(kernel, params)                                                                                                     \
  if (name == #kernel)                                                                                                                     \
    return invoke(&rt::kernel, arguments);
#include "runtime/kernels.def"
}

class Runner {
public:
  Runner(StringRef image, Placement placement) : image(image), placement(placement) {}

  std::string run(func::FuncOp function) {
    auto module = function->getParentOfType<ModuleOp>();
    arenas["sram"] = allocate(module->getAttrOfType<IntegerAttr>("mcurt.arena_bytes").getInt());
    if (auto regions = module->getAttrOfType<ArrayAttr>("mcurt.regions"))
      for (auto region : regions.getAsRange<DictionaryAttr>())
        arenas[region.getAs<StringAttr>("name").str()] = allocate(region.getAs<IntegerAttr>("bytes").getInt());
    size_t outputBytes = mcurt::sizeBytesOf(cast<MemRefType>(function.getArgument(0).getType()));
    char *output = allocate(outputBytes);
    addresses[function.getArgument(0)] = output;
    runBlock(function.getBody().front());
    return std::string(output, outputBytes);
  }

private:
  char *allocate(size_t bytes) {
    memory.push_back(std::make_unique<char[]>(bytes));
    std::fill_n(memory.back().get(), bytes, char(0xa5));
    return memory.back().get();
  }

  void runBlock(Block &block) {
    for (Operation &op : block) {
      if (auto buffer = dyn_cast<mcurt::BufferOp>(op)) {
        addresses[buffer] =
            placement == Placement::Planned ? arenas.at(buffer.getRegion()->str()) + *buffer.getOffset() : allocate(buffer.getSizeBytes());
        if (buffer.getInput() && int64_t(image.size()) == buffer.getSizeBytes())
          std::copy(image.begin(), image.end(), addresses[buffer]);
      } else if (auto constant = dyn_cast<mcurt::ConstantOp>(op)) {
        placeConstant(constant);
      } else if (auto table = dyn_cast<mcurt::TableOp>(op)) {
        const uint16_t *values = llvm::StringSwitch<const uint16_t *>(table.getName())
                                     .Case("gelu", rt::delta_gelu.middle())
                                     .Case("silu", rt::delta_silu.middle())
                                     .Case("hard_swish", rt::delta_hard_swish.middle())
                                     .Case("none", rt::delta_none);
        addresses[table] = reinterpret_cast<char *>(const_cast<uint16_t *>(values)); // which kernels only read
      } else if (auto stage = dyn_cast<mcurt::StageOp>(op)) {
        runBlock(stage.getBody().front());
      } else if (auto loop = dyn_cast<mcurt::ForOp>(op)) {
        for (int64_t first = 0, extent = loop.getExtent(), step = loop.getStep(); first < extent; first += step) {
          indices[loop.getFirst()] = first;
          indices[loop.getCount()] = std::min(step, extent - first);
          if (loop.isFed()) {
            auto shape = loop.getStrip().getType().getShape();
            const int64_t line = shape[1] * shape[2], top = first / step * shape[0] - int64_t(loop.getMargin().value_or(0));
            char *to = addresses.lookup(loop.getStrip());
            for (int64_t y = top; y < top + shape[0]; ++y, to += line)
              if (y >= 0 && y < int64_t(*loop.getLines()))
                std::copy_n(image.begin() + y * line, line, to);
              else
                std::fill_n(to, line, char(*loop.getMarginValue()));
          }
          runBlock(loop.getBody().front());
        }
      } else if (auto view = dyn_cast<mcurt::ViewOp>(op)) {
        placeView(view);
      } else if (auto call = dyn_cast<mcurt::CallOp>(op)) {
        runCall(call);
      }
    }
  }

  void placeConstant(mcurt::ConstantOp constant) {
    FailureOr<HostTensor> tensor = toHostTensor(constant.getValue());
    const char *bytes = tensor->data<char>();
    std::vector<char> raw(bytes, bytes + mcurt::sizeBytesOf(constant.getType()));
    if (constant.getLayout() == mcurt::Layout::Paired) {
      int64_t units = constant.getType().getDimSize(0), depth = constant.getType().getDimSize(1);
      std::vector<char> paired((units + units % 2) * depth, 0);
      for (int64_t i = 0; i < units * depth; ++i)
        paired[(i / depth / 2 * depth + i % depth) * 2 + i / depth % 2] = raw[i];
      raw = paired;
    }
    addresses[constant] = allocate(raw.size());
    std::copy(raw.begin(), raw.end(), addresses[constant]);
  }

  void placeView(mcurt::ViewOp view) {
    MemRefType type = mcurt::typeOf(view.getSource());
    int64_t element = 0;
    for (unsigned dim = 0; dim < type.getRank(); ++dim) {
      Value index = view.getIndexOf(dim);
      element = element * type.getDimSize(dim) + (index ? indices.lookup(index) * view.getScales()[dim] : 0) + view.getOffsets()[dim];
    }
    addresses[view] = addresses.lookup(view.getSource()) + element * type.getElementTypeBitWidth() / 8;
  }

  void runCall(mcurt::CallOp call) {
    SmallVector<char *> buffers;
    for (Value buffer : call.getBuffers())
      buffers.push_back(addresses.lookup(buffer));
    SmallVector<int64_t> integers(call.getIntegers());
    auto index = call.getIndices().begin();
    for (int64_t &integer : integers)
      if (ShapedType::isDynamic(integer))
        integer = indices.lookup(*index++);
    invoke(call.getKernel(), {buffers, integers});
  }

  StringRef image;
  Placement placement;
  std::map<std::string, char *> arenas; ///< by region
  std::vector<std::unique_ptr<char[]>> memory;
  llvm::DenseMap<Value, char *> addresses;
  llvm::DenseMap<Value, int64_t> indices;
};

} // namespace

std::string runMcurt(func::FuncOp function, StringRef image, Placement placement) { return Runner(image, placement).run(function); }

} // namespace mcuform::test
