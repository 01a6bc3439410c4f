// What layers compute, row by row, where the package is compiled with MCUFORM_OBSERVE; does nothing elsewhere.
#ifndef MCUFORM_TARGETS_COMMON_OBSERVE_H
#define MCUFORM_TARGETS_COMMON_OBSERVE_H

namespace mcuform::target {

/// From here on all rows are written to the file "values" in the directory that the program runs in: for each call of a hook layer, first
/// row, rows, first column, columns and bytes of an element, as int32, then the elements row by row. False where that cannot be.
bool start_observing();
/// False where rows could not be written.
bool finish_observing();

} // namespace mcuform::target

#endif // MCUFORM_TARGETS_COMMON_OBSERVE_H
