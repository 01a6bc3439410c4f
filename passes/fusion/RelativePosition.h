// Tables of relative positions out of what exporters fold them to: a vector for each pair of tokens. Numbers only, no IR.
#ifndef MCUFORM_PASSES_FUSION_RELATIVEPOSITION_H
#define MCUFORM_PASSES_FUSION_RELATIVEPOSITION_H

#include "dialects/mcuf/McufDialect.h"

#include <string>
#include <vector>

namespace mcuform {

/// embedding(i, j)[c] = values[i * tokenStride + j * keyStride + c * channelStride]
struct PairEmbeddings {
  const float *values;
  int64_t tokens, width;
  int64_t tokenStride, keyStride, channelStride;

  const float *at(int64_t i, int64_t j) const { return values + i * tokenStride + j * keyStride; }
};

struct RelativePosition {
  mcuf::RelativeGrid grid;
  std::vector<float> table; ///< [grid.tableRows()][width]
};

/// The grid and the table that give `embeddings` up to the rounding of float32: of all that do, those with the fewest rows. A grid whose
/// `like` names prefix, height and width is the only one that is tried. Nothing, and `reason`, where there is none.
std::optional<RelativePosition> findRelativePosition(const PairEmbeddings &embeddings, const mcuf::RelativeGrid *like, std::string &reason);

/// The same table for longer clips.
RelativePosition extended(const RelativePosition &position, int64_t rowClip, int64_t columnClip);

} // namespace mcuform

#endif
