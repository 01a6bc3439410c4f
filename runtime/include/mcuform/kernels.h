// The contract of every kernel of the runtime. The prototypes at the end follow from kernels.def; what each rounds is in
// docs/arithmetic.md.
//
// For all of them: rows >= 1; integers are little-endian; every accumulator wraps, the compiler proves that none does; Returns nothing,
// there is no way to fail. A contract names only what differs. Where it asks for an alignment, a pointer without it is a fault on the
// target (LDRD, LDM).
//
//   T   the tokens of the network, T' = T rounded up to even
//   dh  head_width, even
//   R   round_mul_acc of arith.h, sN saturation to N bits
//   paired weights: units in pairs, a pair one run of 2*depth bytes w0[0] w1[0] w0[1] w1[1] ..; depth even; odd units: a last channel of
//   zeros
#ifndef MCUFORM_KERNELS_H
#define MCUFORM_KERNELS_H

#include "mcuform/arith.h"

namespace mcuform::rt {
inline namespace MCUFORM_RT_ABI {

/// unfold_u8: patches first .. first+rows-1 of an image, each as one row of int16.
///
/// Layout     image uint8 NHWC, lines of width*channels bytes; patch t stands at (t / g, t % g), g = width / patch_width; pixels right of
///            the last whole patch are skipped; out [rows][depth]: patch_height runs of patch_width*channels values, then one zero if
///            their number is odd, so that depth is even
/// Quant      none: 0..255 widened
/// Aliasing   out and image do not overlap
/// Alignment  out 4 bytes; image none
/// Scratch    none
/// Accuracy   exact
/// Returns    nothing

/// unfold_padded_u8: as unfold_u8, of an image with a margin whose pixels are pad_value, 0 to 255.
///
/// Layout     patch t begins pad_top lines above line (t / out_width) * patch_height and pad_left pixels left of column (t % out_width) *
///            patch_width, the margins being smaller than a patch; each patch has a pixel of the image; the value behind an odd number of
///            pixels is pad_value
/// Quant, Aliasing, Alignment, Scratch, Accuracy, Returns   as unfold_u8

/// copy_s16: out[r][c] = in[r][c].
///
/// Layout     both [rows][width] int16, dense
/// Quant      none
/// Aliasing   out and in do not overlap
/// Alignment  4 bytes
/// Scratch    none
/// Accuracy   exact
/// Returns    nothing

/// layer_norm_s16: each row less its mean, over its standard deviation; gamma and beta live in the next linear.
///
/// Layout     in, out [rows][width] int16, dense; factor [width]
/// Quant      in: channel c in units of s_X*factor[c], factor a power of two in [1, 256]; out in units of 2^-out_shift, 0 <= out_shift <=
/// 20;
///            epsilon = round(eps*width^2/s_X^2) >= 1
/// Aliasing   out may be in itself; otherwise no overlap
/// Alignment  4 bytes; out and in of an odd width 2
/// Scratch    none
/// Accuracy   equal to docs/arithmetic.md bit for bit; IEEE single for one square root and one division a row
/// Returns    nothing

/// layer_norm_affine_s16: a row of the residual stream, normalized, times gamma plus beta, as a row of the residual stream again.
///
/// Layout     in, out [rows][width] int16, dense; factor, gain, offset [width]
/// Quant      in and out: channel c in units of s_X*factor[c], factor a power of two in [1, 256]; gain[c] = round(gamma[c]*2^12 /
///            (s_X*factor[c])), offset[c] = round(beta[c] / (s_X*factor[c])); epsilon = round(eps*width^2/s_X^2) >= 1
/// Aliasing   out may be in itself; otherwise no overlap
/// Alignment  gain 4 bytes; the others 2
/// Scratch    none
/// Accuracy   equal to docs/arithmetic.md bit for bit; IEEE single for one square root and one division a row
/// Returns    nothing

/// rms_norm_s16: layer_norm_s16 without the mean taken off: each row over the root of its mean square.
///
/// All else   as layer_norm_s16
///
/// rms_norm_affine_s16: layer_norm_affine_s16 without the mean taken off.
///
/// All else   as layer_norm_affine_s16

/// linear_s16: out[t][n] = s16(R(bias[n] + sum_k in[t][k]*w[n][k], mult[n], 0)).
///
/// Layout     in [rows][depth] int16; weights paired; bias, mult [units]; out [rows][units] int16, dense
/// Quant      weights symmetric, one scale a unit; mult[n] = round(s_in*s_w[n]/s_out * 2^32)
/// Aliasing   out overlaps nothing; weights, bias and mult may lie in flash
/// Alignment  4 bytes for all buffers
/// Scratch    none
/// Accuracy   equal to docs/arithmetic.md bit for bit
/// Returns    nothing

/// linear_add_s16: x[t][n] = s16(R(bias[n] + sum_k in[t][k]*w[n][k], mult[n], x[t][n])).
///
/// Layout     as linear_s16, x [rows][units] int16, dense, read and written
/// Quant      mult[n] = round(s_in*s_w[n]/(s_X*factor[n]) * 2^32)
/// Aliasing   x overlaps nothing else
/// Alignment  4 bytes for all buffers
/// Scratch    none
/// Accuracy   equal to docs/arithmetic.md bit for bit
/// Returns    nothing

/// linear_activation_s16: the first linear of an MLP and GELU, or another activation, on its result: hidden_s15 of arith.h.
///
/// Layout     as linear_s16; delta the middle of a table of arith.h, delta[-2048 .. 2047]; delta_none with index_mult = delta_mult = 0 for ReLU
/// Quant      out in units of s_h, 15 bits; mult[n] = round(s_in*s_w[n]/s_h * 2^32); index_mult and delta_mult as docs/arithmetic.md has them for
///            the table: index_mult = round(s_h * 2^32) and delta_mult = round(2^-18/s_h * 2^32), given positive, for GELU
/// Aliasing   out overlaps nothing; weights, bias, mult and delta may lie in flash
/// Alignment  2 bytes for delta, 4 for all other buffers
/// Scratch    none
/// Accuracy   equal to docs/arithmetic.md bit for bit
/// Returns    nothing

/// linear_keys_s8: a linear whose outputs go to the K cache, rows being tokens first .. first+rows-1.
///
/// Layout     in, weights, bias, mult as linear_s16, units = heads*dh; K[h*T'*dh + (t/2)*2*dh + 2*k + (t&1)] of unit n = h*dh + k.
///            Writes the slots of its tokens and no others, but for T odd, where the last token also zeroes the slots of token T
/// Quant      s8(R(acc, mult[n], 0)), one scale a unit
/// Aliasing   keys overlaps nothing
/// Alignment  4 bytes for all buffers
/// Scratch    none
/// Accuracy   equal to docs/arithmetic.md bit for bit
/// Returns    nothing

/// linear_values_s8: a linear whose outputs go to the V cache.
///
/// Layout     as linear_keys_s8, but V[h*T'*dh + (d/2)*2*T' + 2*t + (d&1)] of unit n = h*dh + d
/// Quant      s8(R(acc, mult[n], 0)), one scale a unit
/// Aliasing   values overlaps nothing
/// Alignment  4 bytes for all buffers
/// Scratch    none
/// Accuracy   equal to docs/arithmetic.md bit for bit
/// Returns    nothing

/// linear_panels_s16, linear_add_panels_s16, linear_activation_panels_s16, linear_keys_panels_s8, linear_values_panels_s8: what the kernels
/// without "panels" do, on weights that the port (port.h) copies panel by panel, the next while the present one is worked on.
///
/// Layout     as without panels. panels: two panels of panel_units*depth bytes, one if panel_units >= units; panel_units even, at least 2; the
///            last panel holds what is left
/// Quant      as without panels
/// Aliasing   panels overlaps nothing
/// Alignment  4 bytes for all buffers
/// Scratch    panels; what it holds afterwards means nothing. weights is only handed to mcuform_port_read_start
/// Accuracy   equal to the kernel without panels bit for bit
/// Returns    nothing

/// linear_fours_s16, linear_add_fours_s16, linear_activation_fours_s16, linear_keys_fours_s8, linear_values_fours_s8: what the kernels without
/// "fours" do, faster for many rows: rows are first copied so that four of them lie interleaved, and weights are widened once for all rows.
///
/// Layout     as without fours; fours: two rows of depth values more than there are in whole groups of four
/// Quant      as without fours
/// Aliasing   fours overlaps nothing
/// Alignment  4 bytes for all buffers
/// Scratch    fours; what it holds afterwards means nothing
/// Accuracy   equal to the kernel without fours bit for bit
/// Returns    nothing

/// linear_int4_s16, linear_add_int4_s16, linear_activation_int4_s16, linear_keys_int4_s8, linear_values_int4_s8: what the kernels without "int4"
/// do, on weights of four bits that are unpacked pair by pair.
///
/// Layout     as without int4 but for weights: pairs of int4_pair_bytes(depth, group) bytes, first the scales of each group of `group` inputs,
///            both units' in turn, with zeros up to a word; then for inputs 4i .. 4i+3 a word, whose byte j holds in its lower half the code
///            of byte j of the paired weights of inputs 4i and 4i+1, in its upper half that of the other two; group a multiple of 4. pair
///            2*depth bytes
/// Quant      a weight is int4_weight(code, scale) of arith.h, code 1..15, scale 1..17; else as without int4
/// Aliasing   pair overlaps nothing
/// Alignment  4 bytes for all buffers
/// Scratch    pair; what it holds afterwards means nothing
/// Accuracy   equal to the kernel without int4 on the weights unpacked, bit for bit
/// Returns    nothing

/// attention_scores_s16: of one head, scores[r][j] = s16(R(sum_k q[r][k]*K[j][k], mult[0], 0)).
///
/// Layout     q [rows] of dh int16, q_stride values apart, the pointer at the head's first column; keys the head's part of the K cache;
///            scores [rows][T'] int16, dense; of T odd column T is written too, as 0
/// Quant      scores in units of 1/64; mult points to one value, this head's
/// Aliasing   scores overlaps nothing
/// Alignment  4 bytes; q_stride even
/// Scratch    none
/// Accuracy   equal to docs/arithmetic.md bit for bit
/// Returns    nothing

/// softmax_s16: scores to unnormalized probabilities in place, and the sum of each row.
///
/// Layout     scores [rows][T'] int16, dense; sums [rows]; of T odd column T is ignored and comes out 0
/// Quant      in: units of 1/64; out: EXP[min(max - t, 1023)], 32767 for the largest; sums[r] = their sum
/// Aliasing   sums does not overlap scores
/// Alignment  4 bytes
/// Scratch    none
/// Accuracy   equal to docs/arithmetic.md bit for bit
/// Returns    nothing

/// sigmoid_s16: scores to weights in place, each by itself; `total` in the place of each row's sum.
///
/// Layout     as softmax_s16
/// Quant      in, bias: units of 1/64; out: 32767 * sigmoid of their sum (SIGMOID); bias between -2^30 and 2^30
/// Aliasing, Alignment, Scratch, Accuracy, Returns   as softmax_s16

/// attention_context_s16: of one head, context[r][d] = s16(R(sum_j scores[r][j]*V[j][d], context_mult(sums[r]), 0)).
///
/// Layout     scores [rows][T'] and sums [rows] as softmax_s16 leaves them; values the head's part of the V cache; context [rows] of dh
/// int16,
///            context_stride values apart, the pointer at the head's first column
/// Quant      context in units of s_V/256. T <= 512; up to 516 if no value is -128
/// Aliasing   context overlaps nothing
/// Alignment  4 bytes; context_stride even
/// Scratch    none
/// Accuracy   equal to docs/arithmetic.md bit for bit; one IEEE single division a row
/// Returns    nothing

/// attention_context_keys_s16: attention_context_s16 where keys and values are the same rows, as when attention reads the tokens themselves:
/// the values lie in the layout of the K cache.
///
/// Layout     as attention_context_s16, but K[(t/2)*2*dh + 2*d + (t&1)]
/// Quant      as attention_context_s16
/// Aliasing   context overlaps nothing
/// Alignment  4 bytes; context_stride even
/// Scratch    none
/// Accuracy   equal to docs/arithmetic.md bit for bit; one IEEE single division a row
/// Returns    nothing

/// attention_context_keys_one_s16: the same result as attention_context_keys_s16, faster where rows come one by one, and with less stack.

/// relative_scores_s16: of one head, to each score what the distance of its query and its key adds, relative_score of arith.h.
///
/// Layout     scores [rows][T'] int16 as attention_scores_s16 leaves them, T = prefix + grid_height*grid_width; row r is that of query
///            first_query + first + r. terms [rows][relative_width(row_clip, column_clip)]: what attention_scores_s16 makes of a table of
///            relative positions in the place of the keys
/// Quant      both in units of 1/64
/// Aliasing   scores and terms do not overlap
/// Alignment  2 bytes
/// Scratch    none
/// Accuracy   equal to docs/arithmetic.md bit for bit
/// Returns    nothing

/// relative_shares_s16: of one head, the part of each query's probabilities that belongs to each row of a table of relative positions,
/// relative_share of arith.h.
///
/// Layout     scores [rows][T'] and sums [rows] as softmax_s16 leaves them; first, first_query and the grid as in relative_scores_s16;
///            shares [rows][relative_width(row_clip, column_clip)], the last column 0
/// Quant      shares in units of 2^-15; T <= 512
/// Aliasing   shares overlaps nothing
/// Alignment  4 bytes for scores and sums; shares 2
/// Scratch    none
/// Accuracy   equal to docs/arithmetic.md bit for bit; one IEEE single division a row
/// Returns    nothing

/// relative_context_s16: of one head, context[r][d] = s16(R(sum_u shares[r][u]*table[d][u], mult[d], context[r][d])).
///
/// Layout     shares [rows][depth] int16; table [head_width][depth], paired as weights are; mult [head_width]; context [rows] of dh int16,
///            context_stride values apart, the pointer at the head's first column, read and written
/// Quant      mult[d] = round(2^-15 * s_table[d] / s_context[d] * 2^32)
/// Aliasing   context overlaps nothing
/// Alignment  4 bytes; context_stride even
/// Scratch    none
/// Accuracy   equal to docs/arithmetic.md bit for bit
/// Returns    nothing

/// narrow_s8: out[r][c] = s8(R(in[r][c], mult[c], 0)).
///
/// Layout     out [rows][width] int8, in [rows][width] int16, dense; mult [width]
/// Quant      mult[c] = round(2^32 / k), k >= 3 the units of in[.][c] in one of out
/// Aliasing   out and in do not overlap
/// Alignment  out none; in 2 bytes
/// Scratch    none
/// Accuracy   equal to docs/arithmetic.md bit for bit
/// Returns    nothing

/// narrow_keys_s8: narrow_s8 into a K cache of one head of that width, rows being tokens first .. first+rows-1.
///
/// Layout     in [rows][width] int16, dense, width even; keys as linear_keys_s8 writes them with heads = 1, dh = width; the padding too
/// Quant      as narrow_s8, any mult >= 0
/// Aliasing   keys does not overlap in
/// Alignment  keys none; in 2 bytes
/// Scratch    none
/// Accuracy   equal to docs/arithmetic.md bit for bit
/// Returns    nothing

/// widen_s16: out[r][c] = in[r][c] * factor[c].
///
/// Layout     in [rows][width] int8, dense; factor [width]; out [rows] of width int16, out_stride values apart, the pointer at the first
///            column
/// Quant      1 <= factor <= 256
/// Aliasing   out and in do not overlap
/// Alignment  in none; out 2 bytes
/// Scratch    none
/// Accuracy   exact
/// Returns    nothing

/// coarsen_s16: rows of int16 with the values that they would have in 8 bits, coarsen of arith.h.
///
/// Layout     in, out [rows][width] int16, dense; mult, factor [width]
/// Quant      factor[c] in [1, 256], mult[c] = round(2^24 / factor[c]): out is s8(in / factor) * factor
/// Aliasing   out may be in itself; otherwise no overlap
/// Alignment  mult 4 bytes; the others 2
/// Scratch    none
/// Accuracy   equal to docs/arithmetic.md bit for bit
/// Returns    nothing

/// copy_columns_s16: out[r][c] = in[r][c], rows of out standing farther apart than those of in.
///
/// Layout     in [rows][width] int16, dense; out [rows] of width, out_stride values apart, the pointer at the first column
/// Quant      none
/// Aliasing   out and in do not overlap
/// Alignment  2 bytes
/// Scratch    none
/// Accuracy   exact
/// Returns    nothing

/// fill_zero_s32: out[c] = 0.
///
/// Layout     out [width]
/// Quant      none
/// Aliasing   none to speak of
/// Alignment  4 bytes
/// Scratch    none
/// Accuracy   exact
/// Returns    nothing

/// accumulate_rows_s16: sums[c] += sum over the rows of in[r][c].
///
/// Layout     sums [width]; in [rows][width] int16, dense
/// Quant      none; at most 65536 rows in all
/// Aliasing   sums does not overlap in
/// Alignment  4 bytes (rows of an odd width: 2, on a core that allows unaligned words)
/// Scratch    none
/// Accuracy   exact
/// Returns    nothing

/// scale_s32_s16: out[c] = s16(R(sums[c], mult, 0)).
///
/// Layout     sums, out [width]
/// Quant      mult = round(2^32 / count) for a mean, count >= 3
/// Aliasing   out does not overlap sums
/// Alignment  4 bytes
/// Scratch    none
/// Accuracy   equal to docs/arithmetic.md bit for bit
/// Returns    nothing

/// windows_u8: windows first .. first+rows-1 of an image, each as one row of int16; what lies outside of the image is 0.
///
/// Layout     image uint8 [height][width][channels]; window t begins at line t/out_width*stride_y - pad_top and column
///            t%out_width*stride_x - pad_left; offset [channels]; out [rows][depth]: kernel_height lines of kernel_width*channels values, then
///            one zero if their number is odd, so that depth is even. Every window has a pixel in the image
/// Quant      centred_pixel of arith.h: (pixel << shift) - offset[channel], which the caller proves to fit 16 bits
/// Aliasing   out overlaps nothing
/// Alignment  out 4 bytes; offset 2; image none
/// Scratch    none
/// Accuracy   exact
/// Returns    nothing

/// windows_s16: windows_u8 of a map of int16, whose values are taken as they are.
///
/// Layout     in [height][width][channels] int16, dense; else as windows_u8
/// Quant      none
/// Aliasing   out and in do not overlap
/// Alignment  out 4 bytes; in 2
/// Scratch    none
/// Accuracy   exact
/// Returns    nothing

/// depthwise_s16: a convolution of each channel by itself, out[t][c] = at_least(s16(R(bias[c] + sum over the pixels of window t of
/// in*weights[.][c], mult[c], 0)), low).
///
/// Layout     in and windows as windows_s16; weights [kernel_height*kernel_width][channels] int8; bias, mult [channels]; out
///            [rows][channels] int16, dense
/// Quant      weights symmetric, one scale a channel; mult[c] = round(s_in*s_w[c]/s_out * 2^32); low 0 (ReLU) or -32768
/// Aliasing   out overlaps nothing; weights, bias and mult may lie in flash
/// Alignment  bias and mult 4 bytes; out and in 2; weights none
/// Scratch    none
/// Accuracy   equal to docs/arithmetic.md bit for bit
/// Returns    nothing

/// max_pool_s16: out[t][c] = the largest in of window t.
///
/// Layout     in and windows as windows_s16; out [rows][channels] int16, dense
/// Quant      none
/// Aliasing   out and in do not overlap
/// Alignment  2 bytes
/// Scratch    none
/// Accuracy   exact
/// Returns    nothing

/// add_s16: out[r][c] = at_least(add_scaled_s16(lhs[r][c], lhs_mult, rhs[r][c], rhs_mult), low).
///
/// Layout     all [rows][width] int16, dense
/// Quant      mult = round(scale of the operand / scale of out * 2^24) >= 0; low 0 (ReLU) or -32768
/// Aliasing   out may be lhs or rhs itself; otherwise no overlap
/// Alignment  2 bytes
/// Scratch    none
/// Accuracy   equal to docs/arithmetic.md bit for bit
/// Returns    nothing

/// clamp_s16: out[r][c] = clamp_between(in[r][c], low, high), the range of codes that a quantized file gives a value.
///
/// Layout     all [rows][width] int16, dense
/// Quant      -32768 <= low <= high <= 32767
/// Aliasing   out may be in itself; otherwise no overlap
/// Alignment  4 bytes (rows of an odd width: 2, on a core that allows unaligned words)
/// Scratch    none
/// Accuracy   exact
/// Returns    nothing

/// add_codes_s16: out[r][c] = add_codes(lhs[r][c], lhs_mult, rhs[r][c], rhs_mult, low, high).
///
/// Layout     all [rows][width] int16, dense
/// Quant      operands within [-256, 255]; mult = round(scale of the operand / scale of out * 2^26) >= 0; low <= high
/// Aliasing   out may be lhs or rhs itself; otherwise no overlap
/// Alignment  2 bytes
/// Scratch    none
/// Accuracy   equal to docs/arithmetic.md bit for bit
/// Returns    nothing

/// multiply_s16: out[r][c] = multiply_scaled_s16(lhs[r][c], rhs[r][c], mult).
///
/// Layout     all [rows][width] int16, dense
/// Quant      mult = round(scale of lhs * scale of rhs / scale of out * 2^32), at least 0
/// Aliasing   out may be lhs or rhs itself; otherwise no overlap
/// Alignment  2 bytes
/// Scratch    none
/// Accuracy   equal to docs/arithmetic.md bit for bit
/// Returns    nothing

/// windows_codes_u8: windows_u8 with a table of what each pixel becomes in place of an offset.
///
/// Layout     codes [channels][256] int16; else as windows_u8
/// Quant      the codes that a quantized file has for the pixels, less its zero point
/// Aliasing   out overlaps nothing
/// Alignment  out 4 bytes; codes 2; image none
/// Scratch    none
/// Accuracy   exact
/// Returns    nothing

/// activation_s16: out[r][c] = activation_s15(in[r][c], mult, delta, index_mult, delta_mult).
///
/// Layout     in and out [rows][width] int16, dense; delta the middle of a table
/// Quant      mult = round(s_in / s_out * 2^16) >= 0; index_mult and delta_mult as in linear_activation_s16
/// Aliasing   out may be in itself; otherwise no overlap
/// Alignment  2 bytes
/// Scratch    none
/// Accuracy   equal to docs/arithmetic.md bit for bit
/// Returns    nothing

/// permute_rows_s16: out[t] = the row of in with the number d0*stride0 + d1*stride1 + d2*stride2 + d3*stride3, the digits being those of
/// base + first + t, d1 to d3 below size1 to size3, d3 the fastest.
///
/// Layout     out [rows][width] int16, dense; in rows of width
/// Quant      none
/// Aliasing   out and in do not overlap
/// Alignment  2 bytes
/// Scratch    none
/// Accuracy   exact
/// Returns    nothing

#define MCUFORM_KERNEL(name, params) MCUFORM_RT_HOT(#name) void name params;
#include "../../kernels.def"

} // namespace MCUFORM_RT_ABI
} // namespace mcuform::rt

#endif
