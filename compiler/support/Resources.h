// Where the files lie that the tools need beside themselves: the runtime's sources and the targets' folders.
#ifndef MCUFORM_COMPILER_SUPPORT_RESOURCES_H
#define MCUFORM_COMPILER_SUPPORT_RESOURCES_H

#include <string>

namespace mcuform {

/// The directory that holds runtime/ and targets/: the environment's MCUFORM_RESOURCE_DIR, else ../share/mcuform as seen from the
/// directory of the running executable. Build trees have links there. Not checked for existence.
std::string resourceDir();

} // namespace mcuform

#endif // MCUFORM_COMPILER_SUPPORT_RESOURCES_H
