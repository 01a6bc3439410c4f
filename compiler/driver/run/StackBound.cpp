#include "compiler/driver/run/StackBound.h"
#include "compiler/driver/run/Faults.h"
#include "compiler/driver/run/Process.h"
#include "compiler/support/WriteFile.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Object/ELF.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

#include <map>

namespace mcuform {

namespace {

struct Instruction {
  uint64_t address;
  llvm::StringRef name;     ///< without the width: "pop" for "pop.w"
  llvm::StringRef operands; ///< without the comment
};

struct Function {
  llvm::StringRef name;
  std::vector<Instruction> code; ///< literal pools left out
};

/// By address.
using Functions = std::map<uint64_t, Function>;

Functions parse(llvm::StringRef text) {
  Functions functions;
  Function *current = nullptr;
  while (!text.empty()) {
    llvm::StringRef line;
    std::tie(line, text) = text.split('\n');
    uint64_t address = 0;
    if (llvm::StringRef rest = line; !rest.consumeInteger(16, address) && rest.consume_front(" <") && rest.consume_back(">:")) {
      current = &functions[address];
      current->name = rest;
      continue;
    }
    line = line.ltrim();
    if (!current || line.consumeInteger(16, address) || !line.consume_front(":\t"))
      continue;
    auto [name, operands] = line.split('\t');
    if (name.starts_with("."))
      continue;
    name.consume_back(".w");
    name.consume_back(".n");
    current->code.push_back({address, name.rtrim(), operands.split('@').first.split(';').first.rtrim()});
  }
  return functions;
}

/// Of "{r4, r5, lr}", "{r4-r7, pc}" or "{d8-d9}".
uint64_t bytesOfRegisters(llvm::StringRef list) {
  list = list.split('{').second.split('}').first;
  llvm::SmallVector<llvm::StringRef, 16> items;
  list.split(items, ',', -1, false);
  uint64_t bytes = 0;
  for (llvm::StringRef item : items) {
    auto [from, to] = item.trim().split('-');
    unsigned first = 0, last = 0;
    uint64_t count = 1;
    if (!to.empty() && !from.drop_front().getAsInteger(10, first) && !to.drop_front().getAsInteger(10, last) && last > first)
      count += last - first;
    bytes += count * (from.starts_with("d") ? 8 : 4);
  }
  return bytes;
}

/// The number behind the last '#'.
std::optional<int64_t> immediateOf(llvm::StringRef operands) {
  size_t at = operands.rfind('#');
  int64_t value = 0;
  if (at == llvm::StringRef::npos || operands.drop_front(at + 1).consumeInteger(10, value))
    return std::nullopt;
  llvm::StringRef rest = operands.drop_front(at + 1);
  rest.consumeInteger(10, value);
  return value;
}

/// By how much an instruction lowers the stack pointer; nothing where that cannot be told. One that raises it under a condition counts as
/// leaving it: too deep is safe.
std::optional<int64_t> pushedBytes(const Instruction &instruction) {
  const llvm::StringRef name = instruction.name, operands = instruction.operands;
  if (name.starts_with("push") || name.starts_with("vpush"))
    return bytesOfRegisters(operands);
  if (name == "pop" || name == "vpop")
    return -int64_t(bytesOfRegisters(operands));
  if (name.starts_with("pop") || name.starts_with("vpop"))
    return 0;
  if (operands.starts_with("sp!")) {
    if (name.starts_with("stmdb") || name.starts_with("vstmdb") || name.starts_with("stmfd"))
      return bytesOfRegisters(operands);
    if (name == "ldmia" || name == "ldm" || name == "ldmfd" || name == "vldmia")
      return -int64_t(bytesOfRegisters(operands));
    return name.starts_with("ld") || name.starts_with("vld") ? std::optional<int64_t>(0) : std::nullopt;
  }
  if (operands.contains("[sp") && (operands.ends_with("]!") || operands.contains("[sp], "))) {
    std::optional<int64_t> step = immediateOf(operands);
    return step ? std::optional<int64_t>(-*step) : std::nullopt;
  }
  if (name == "msr")
    return std::nullopt;
  if (!operands.starts_with("sp,") || operands.starts_with("sp, {") || name.starts_with("str") || name.starts_with("cmp") || name.starts_with("cmn") || name.starts_with("tst"))
    return 0;
  // "sp, #8", "sp, sp, #8"
  llvm::StringRef rest = operands.drop_front(3).ltrim();
  rest.consume_front("sp, ");
  if (!rest.starts_with("#"))
    return std::nullopt;
  if (name.starts_with("sub"))
    return immediateOf(operands);
  if (name == "add" || name == "addw")
    return -*immediateOf(operands);
  return std::nullopt;
}

bool isConditionalBranch(llvm::StringRef name) {
  static constexpr llvm::StringLiteral conditions[] = {"eq", "ne", "cs", "cc", "hs", "lo", "mi", "pl", "vs", "vc", "hi", "ls", "ge", "lt", "gt", "le"};
  if (name == "le" || name == "letp" || name.starts_with("wls")) // the low-overhead loops of ARMv8.1-M
    return true;
  return name == "cbz" || name == "cbnz" || (name.size() == 3 && name.consume_front("b") && llvm::is_contained(conditions, name));
}

/// Where "16a8 <entry+0x20>" or "r0, 16a8 <entry+0x20>" leads.
std::optional<uint64_t> targetOf(llvm::StringRef operands) {
  llvm::StringRef text = operands.split('<').first.rtrim();
  text = text.substr(text.rfind(' ') + 1);
  uint64_t address = 0;
  return text.getAsInteger(16, address) ? std::nullopt : std::optional<uint64_t>(address);
}

class Analysis {
public:
  explicit Analysis(llvm::StringRef disassembly) : functions(parse(disassembly)) {}

  llvm::Expected<StackBound> of(llvm::StringRef entry) {
    for (const auto &[address, function] : functions)
      if (function.name == entry)
        return of(address);
    return bug("no bound for the stack: the program has no function '" + entry + "'");
  }

private:
  struct Call {
    uint64_t to, depth;
  };
  struct Body {
    uint64_t deepest = 0;
    std::vector<Call> calls;
  };

  static llvm::Error refuse(const Function &function, const Instruction &instruction, const llvm::Twine &why) {
    return bug("no bound for the stack: in '" + function.name + "', \"" + instruction.name + " " + instruction.operands + "\" " + why);
  }

  llvm::Expected<StackBound> of(uint64_t address) {
    if (auto known = bounds.find(address); known != bounds.end())
      return known->second;
    const Function &function = functions.at(address);
    if (llvm::is_contained(callers, address)) {
      std::string names;
      for (uint64_t caller : llvm::make_range(llvm::find(callers, address), callers.end()))
        names += "'" + functions.at(caller).name.str() + "' calls ";
      return bug("no bound for the stack: recursion, " + names + "'" + function.name + "'");
    }
    callers.push_back(address);
    llvm::Expected<Body> body = bodyOf(address, function);
    if (!body)
      return body.takeError();
    StackBound bound;
    bound.bytes = body->deepest;
    bound.deepest = {{function.name.str(), body->deepest}};
    for (const Call &call : body->calls) {
      llvm::Expected<StackBound> below = of(call.to);
      if (!below)
        return below.takeError();
      if (call.depth + below->bytes <= bound.bytes)
        continue;
      bound.bytes = call.depth + below->bytes;
      bound.deepest = {{function.name.str(), call.depth}};
      llvm::append_range(bound.deepest, below->deepest);
    }
    callers.pop_back();
    bounds[address] = bound;
    return bound;
  }

  /// The start of the function that an address lies in.
  std::optional<uint64_t> functionAt(uint64_t address) const {
    auto next = functions.upper_bound(address);
    return next == functions.begin() ? std::nullopt : std::optional<uint64_t>(std::prev(next)->first);
  }

  /// Follows all ways through a function, with the depth of the stack at each instruction: the largest that any way brings there.
  llvm::Expected<Body> bodyOf(uint64_t start, const Function &function) {
    constexpr int64_t unreached = -1, limit = 1 << 20;
    const std::vector<Instruction> &code = function.code;
    std::vector<int64_t> depths(code.size(), unreached);
    std::vector<size_t> work;
    auto reach = [&](size_t at, int64_t depth) {
      if (at < code.size() && depths[at] < depth) {
        depths[at] = depth;
        work.push_back(at);
      }
    };
    auto reachAddress = [&](uint64_t address, int64_t depth) {
      auto at = llvm::lower_bound(code, address, [](const Instruction &instruction, uint64_t value) { return instruction.address < value; });
      reach(size_t(at - code.begin()), depth);
    };
    Body body;
    std::map<std::pair<uint64_t, size_t>, uint64_t> calls; // to whom, from where: how deep
    if (code.empty())
      return bug("no bound for the stack: '" + function.name + "' has no code");
    // Tables of a switch, and assembly that enters a loop in its middle: such jumps stay in the function, and they come with the stack as
    // deep as the place that they lead to wants it. So they make code reachable that nothing else reaches, and change nothing elsewhere.
    const bool takesAddresses = llvm::any_of(code, [](const Instruction &instruction) {
      return instruction.name == "adr" || (instruction.name.starts_with("add") && instruction.operands.contains(", pc"));
    });
    std::optional<int64_t> jumpDepth;
    auto jumpSomewhere = [&](int64_t depth) { jumpDepth = std::max(jumpDepth.value_or(0), depth); };
    reach(0, 0);
    while (!work.empty() || jumpDepth) {
      if (work.empty()) {
        for (size_t other = 0; other < code.size(); ++other)
          if (depths[other] == unreached)
            reach(other, *jumpDepth);
        jumpDepth.reset();
        continue;
      }
      const size_t at = work.back();
      work.pop_back();
      const Instruction &instruction = code[at];
      const llvm::StringRef name = instruction.name, operands = instruction.operands;
      std::optional<int64_t> pushed = pushedBytes(instruction);
      if (!pushed)
        return refuse(function, instruction, "gives the stack pointer a value that is not known");
      const int64_t depth = std::max<int64_t>(0, depths[at] + *pushed);
      if (depth > limit)
        return refuse(function, instruction, "takes ever more stack");
      body.deepest = std::max(body.deepest, uint64_t(depth));
      const bool isCall = name == "bl" || (name.starts_with("bl") && name.size() == 4 && !isConditionalBranch(name)) || name == "blx";
      if (isCall || name == "b" || isConditionalBranch(name)) {
        std::optional<uint64_t> target = targetOf(operands);
        std::optional<uint64_t> callee = target ? functionAt(*target) : std::nullopt;
        if (!callee)
          return refuse(function, instruction, "may call anything");
        if (isCall || *callee != start)
          calls[{*callee, at}] = uint64_t(depth);
        else
          reachAddress(*target, depth);
        if (name != "b")
          reach(at + 1, depth);
        continue;
      }
      if (name.starts_with("bx") && operands != "lr")
        return refuse(function, instruction, "may jump anywhere");
      if (name == "bx" && takesAddresses)
        jumpSomewhere(depth);
      const bool isReturn = name == "bx" || (name == "ldr" && operands.starts_with("pc, [sp], #")) ||
                            ((name == "pop" || name == "ldm" || name == "ldmia") && operands.contains("pc}"));
      if (isReturn || name == "udf")
        continue;
      const bool isJump = operands.starts_with("pc,") && !name.starts_with("cmp");
      if (isJump && !takesAddresses)
        return refuse(function, instruction, "may jump anywhere");
      if (isJump || name == "tbb" || name == "tbh") {
        jumpSomewhere(depth);
        continue;
      }
      reach(at + 1, depth);
    }
    for (const auto &[call, depth] : calls)
      body.calls.push_back({call.first, depth});
    return body;
  }

  Functions functions;
  std::map<uint64_t, StackBound> bounds;
  std::vector<uint64_t> callers; ///< of the function that is looked at
};

/// What the build's toolchain calls its objdump.
llvm::Expected<std::string> findObjdump(llvm::StringRef buildDirectory) {
  llvm::Expected<std::string> cache = readFile(joinPath(buildDirectory, "CMakeCache.txt"));
  if (!cache)
    return cache.takeError();
  for (llvm::StringRef line : llvm::split(*cache, '\n'))
    if (line.consume_front("CMAKE_OBJDUMP:FILEPATH=") && llvm::sys::path::is_absolute(line))
      return line.str();
  return fault("the target's toolchain has no objdump, which the bound for the stack needs");
}

} // namespace

llvm::Expected<StackBound> computeStackBound(llvm::StringRef disassembly, llvm::StringRef entry) { return Analysis(disassembly).of(entry); }

llvm::Expected<std::optional<StackBound>> readStackBound(llvm::StringRef program, llvm::StringRef buildDirectory,
                                                       llvm::ArrayRef<std::string> entries, bool withMve) {
  using Elf = llvm::object::ELF32LE;
  llvm::Expected<std::string> bytes = readFile(program);
  if (!bytes)
    return bytes.takeError();
  if (llvm::object::getElfArchType(*bytes) != std::pair<unsigned char, unsigned char>(llvm::ELF::ELFCLASS32, llvm::ELF::ELFDATA2LSB))
    return std::nullopt;
  llvm::Expected<llvm::object::ELFFile<Elf>> file = llvm::object::ELFFile<Elf>::create(*bytes);
  if (!file)
    return file.takeError();
  if (file->getHeader().e_machine != llvm::ELF::EM_ARM)
    return std::nullopt;

  llvm::Expected<std::string> objdump = findObjdump(buildDirectory);
  if (!objdump)
    return objdump.takeError();
  llvm::Expected<TemporaryDirectory> directory = TemporaryDirectory::create();
  if (!directory)
    return directory.takeError();
  llvm::SmallString<256> fullPath(program);
  llvm::sys::fs::make_absolute(fullPath);
  const std::string listing = directory->file("listing");
  std::vector<std::string> words = {*objdump, "-d", "--no-show-raw-insn", std::string(fullPath)};
  // Unasked, it takes vector instructions for those of coprocessors.
  if (withMve)
    words.insert(words.end(), {"-m", "armv8.1-m.main"});
  llvm::Expected<int> status = runProcess(words, directory->path(), listing, [] { return llvm::Error::success(); });
  if (!status)
    return status.takeError();
  if (*status != 0)
    return fault("'" + *objdump + "' cannot read '" + program + "'");
  llvm::Expected<std::string> text = readFile(listing);
  if (!text)
    return text.takeError();
  StackBound most;
  for (const std::string &entry : entries) {
    llvm::Expected<StackBound> bound = computeStackBound(*text, entry);
    if (!bound)
      return bound.takeError();
    if (most.deepest.empty() || bound->bytes > most.bytes)
      most = std::move(*bound);
  }
  return std::optional<StackBound>(std::move(most));
}

} // namespace mcuform
