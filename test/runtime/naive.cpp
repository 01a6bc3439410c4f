// Written from docs/arithmetic.md alone, in wide integers and libm: it shares nothing with runtime/ but the signatures.
#include "naive.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace mcuform::test::naive {
namespace {

int32_t wrap(int64_t x) { return static_cast<int32_t>(static_cast<uint32_t>(static_cast<uint64_t>(x))); }

int64_t floor_shift(__int128 x, int shift) {
  const __int128 divisor = __int128{1} << shift;
  __int128 quotient = x / divisor;
  if (quotient * divisor > x)
    --quotient;
  return static_cast<int64_t>(quotient);
}

int32_t padded(int32_t tokens) { return (tokens + 1) / 2 * 2; }

int64_t paired_weight(const int8_t *weights, int32_t depth, int32_t unit, int32_t k) {
  return weights[static_cast<int64_t>(unit / 2) * 2 * depth + 2 * k + unit % 2];
}

int32_t dot(const int16_t *row, const int8_t *weights, int32_t depth, int32_t unit, int64_t bias) {
  int64_t acc = bias;
  for (int32_t k = 0; k < depth; ++k)
    acc += row[k] * paired_weight(weights, depth, unit, k);
  return wrap(acc);
}

} // namespace

int64_t clamp_to_bits(int64_t x, int bits) { return std::min(std::max(x, -(int64_t{1} << (bits - 1))), (int64_t{1} << (bits - 1)) - 1); }

int32_t round_mul_acc(int32_t a, int32_t m, int32_t c) {
  const __int128 sum = static_cast<__int128>(c) * (__int128{1} << 32) + static_cast<__int128>(a) * m + (__int128{1} << 31);
  return wrap(floor_shift(sum, 32));
}

void unfold_u8(int16_t *out, const uint8_t *image, int32_t first, int32_t rows, int32_t width, int32_t channels, int32_t patch_height,
               int32_t patch_width) {
  const int32_t grid_width = width / patch_width;
  const int32_t depth = patch_height * patch_width * channels;
  for (int32_t r = 0; r < rows; ++r)
    for (int32_t y = 0; y < patch_height; ++y)
      for (int32_t x = 0; x < patch_width; ++x)
        for (int32_t c = 0; c < channels; ++c) {
          const int32_t line = (first + r) / grid_width * patch_height + y;
          const int32_t column = (first + r) % grid_width * patch_width + x;
          out[r * padded(depth) + (y * patch_width + x) * channels + c] = image[(line * width + column) * channels + c];
          if (depth % 2 != 0)
            out[r * padded(depth) + depth] = 0;
        }
}

void copy_s16(int16_t *out, const int16_t *in, int32_t rows, int32_t width) { std::copy(in, in + rows * width, out); }

namespace {

/// The rows normalized, in units of 2^-out_shift: store(row, channel, value) for each. Without a mean S is 0.
template <class Store>
void normalize(bool has_mean, const int16_t *in, const int16_t *factor, int32_t rows, int32_t width, int64_t epsilon, int32_t out_shift, Store store) {
  for (int32_t r = 0; r < rows; ++r) {
    std::vector<int64_t> z;
    int64_t sum = 0;
    __int128 squares = 0;
    for (int32_t c = 0; c < width; ++c) {
      z.push_back(static_cast<int64_t>(in[r * width + c]) * factor[c]);
      sum += has_mean ? z[c] : 0;
      squares += z[c] * z[c];
    }
    const __int128 variance = width * squares - static_cast<__int128>(sum) * sum + epsilon;
    int e = -64;
    const auto scaled = [&] { return e < 0 ? variance << -e : variance >> e; };
    while (e < 0 && -e > 24)
      e += 2;
    while (!(scaled() >= (1 << 22) && scaled() < (1 << 24)))
      e += 2;
    const float f = static_cast<float>(static_cast<int64_t>(scaled()));
    const float root = std::sqrt(f);
    const float r_single = 1.0f / root;
    const int64_t m = std::min<int64_t>(static_cast<int64_t>(std::ldexp(static_cast<double>(r_single), 42)), 2147483647);
    const int shift = out_shift - 10 - e / 2;
    int g = 0;
    int64_t mult = m;
    if (shift >= 0)
      g = shift;
    else if (shift < -31)
      mult = 0;
    else
      mult = (m + (int64_t{1} << (-shift - 1))) >> -shift;
    for (int32_t c = 0; c < width; ++c) {
      const int32_t centred = wrap(width * z[c] - sum);
      const int32_t shifted = wrap(static_cast<int64_t>(centred) * (int64_t{1} << g));
      store(r, c, round_mul_acc(shifted, static_cast<int32_t>(mult), 0));
    }
  }
}

} // namespace

void layer_norm_s16(int16_t *out, const int16_t *in, const int16_t *factor, int32_t rows, int32_t width, int64_t epsilon,
                    int32_t out_shift) {
  normalize(true, in, factor, rows, width, epsilon, out_shift,
            [&](int32_t r, int32_t c, int32_t value) { out[r * width + c] = static_cast<int16_t>(clamp_to_bits(value, 16)); });
}

void rms_norm_s16(int16_t *out, const int16_t *in, const int16_t *factor, int32_t rows, int32_t width, int64_t epsilon, int32_t out_shift) {
  normalize(false, in, factor, rows, width, epsilon, out_shift,
            [&](int32_t r, int32_t c, int32_t value) { out[r * width + c] = static_cast<int16_t>(clamp_to_bits(value, 16)); });
}

void layer_norm_affine_s16(int16_t *out, const int16_t *in, const int16_t *factor, const int32_t *gain, const int16_t *offset, int32_t rows,
                           int32_t width, int64_t epsilon) {
  normalize(true, in, factor, rows, width, epsilon, 20, [&](int32_t r, int32_t c, int32_t value) {
    out[r * width + c] = static_cast<int16_t>(clamp_to_bits(round_mul_acc(value, gain[c], offset[c]), 16));
  });
}

void rms_norm_affine_s16(int16_t *out, const int16_t *in, const int16_t *factor, const int32_t *gain, const int16_t *offset, int32_t rows,
                         int32_t width, int64_t epsilon) {
  normalize(false, in, factor, rows, width, epsilon, 20, [&](int32_t r, int32_t c, int32_t value) {
    out[r * width + c] = static_cast<int16_t>(clamp_to_bits(round_mul_acc(value, gain[c], offset[c]), 16));
  });
}

void linear_s16(int16_t *out, const int16_t *in, const int8_t *weights, const int32_t *bias, const int32_t *mult, int32_t rows,
                int32_t depth, int32_t units) {
  for (int32_t t = 0; t < rows; ++t)
    for (int32_t n = 0; n < units; ++n) {
      const int32_t acc = dot(in + t * depth, weights, depth, n, bias[n]);
      out[t * units + n] = static_cast<int16_t>(clamp_to_bits(round_mul_acc(acc, mult[n], 0), 16));
    }
}

void linear_add_s16(int16_t *x, const int16_t *in, const int8_t *weights, const int32_t *bias, const int32_t *mult, int32_t rows,
                    int32_t depth, int32_t units) {
  for (int32_t t = 0; t < rows; ++t)
    for (int32_t n = 0; n < units; ++n) {
      const int32_t acc = dot(in + t * depth, weights, depth, n, bias[n]);
      x[t * units + n] = static_cast<int16_t>(clamp_to_bits(round_mul_acc(acc, mult[n], x[t * units + n]), 16));
    }
}

static int16_t hidden_unit(int32_t acc, int32_t mult, const uint16_t *delta, int32_t index_mult, int32_t delta_mult) {
  const int64_t u = clamp_to_bits(round_mul_acc(acc, mult, 0), 23);
  const int64_t i = clamp_to_bits(round_mul_acc(static_cast<int32_t>(u * 256), index_mult, 0), 12);
  const auto positive = static_cast<int32_t>(std::min<int64_t>(std::max<int64_t>(u, 0), 16383));
  return static_cast<int16_t>(round_mul_acc(delta[i], -delta_mult, positive));
}

void linear_activation_s16(int16_t *out, const int16_t *in, const int8_t *weights, const int32_t *bias, const int32_t *mult, const uint16_t *delta, int32_t rows,
                     int32_t depth, int32_t units, int32_t index_mult, int32_t delta_mult) {
  for (int32_t t = 0; t < rows; ++t)
    for (int32_t n = 0; n < units; ++n) {
      const int32_t acc = dot(in + t * depth, weights, depth, n, bias[n]);
      out[t * units + n] = hidden_unit(acc, mult[n], delta, index_mult, delta_mult);
    }
}

void linear_keys_s8(int8_t *keys, const int16_t *in, const int8_t *weights, const int32_t *bias, const int32_t *mult, int32_t first,
                    int32_t rows, int32_t depth, int32_t units, int32_t tokens, int32_t head_width) {
  for (int32_t n = 0; n < units; ++n) {
    const int32_t h = n / head_width;
    const int32_t k = n % head_width;
    const auto slot = [&](int32_t t) -> int8_t & { return keys[h * padded(tokens) * head_width + t / 2 * 2 * head_width + 2 * k + t % 2]; };
    for (int32_t t = first; t < first + rows; ++t)
      slot(t) = static_cast<int8_t>(clamp_to_bits(round_mul_acc(dot(in + (t - first) * depth, weights, depth, n, bias[n]), mult[n], 0), 8));
    if (tokens % 2 != 0 && first + rows == tokens)
      slot(tokens) = 0;
  }
}

void linear_values_s8(int8_t *values, const int16_t *in, const int8_t *weights, const int32_t *bias, const int32_t *mult, int32_t first,
                      int32_t rows, int32_t depth, int32_t units, int32_t tokens, int32_t head_width) {
  for (int32_t n = 0; n < units; ++n) {
    const int32_t h = n / head_width;
    const int32_t d = n % head_width;
    const auto slot = [&](int32_t t) -> int8_t & {
      return values[h * padded(tokens) * head_width + d / 2 * 2 * padded(tokens) + 2 * t + d % 2];
    };
    for (int32_t t = first; t < first + rows; ++t)
      slot(t) = static_cast<int8_t>(clamp_to_bits(round_mul_acc(dot(in + (t - first) * depth, weights, depth, n, bias[n]), mult[n], 0), 8));
    if (tokens % 2 != 0 && first + rows == tokens)
      slot(tokens) = 0;
  }
}

// How the weights come changes nothing.
void linear_panels_s16(int16_t *out, int8_t *, const int16_t *in, const int8_t *weights, const int32_t *bias, const int32_t *mult,
                       int32_t rows, int32_t depth, int32_t units, int32_t) {
  linear_s16(out, in, weights, bias, mult, rows, depth, units);
}

void linear_add_panels_s16(int16_t *x, int8_t *, const int16_t *in, const int8_t *weights, const int32_t *bias, const int32_t *mult,
                           int32_t rows, int32_t depth, int32_t units, int32_t) {
  linear_add_s16(x, in, weights, bias, mult, rows, depth, units);
}

void linear_activation_panels_s16(int16_t *out, int8_t *, const int16_t *in, const int8_t *weights, const int32_t *bias, const int32_t *mult,
                            const uint16_t *delta, int32_t rows, int32_t depth, int32_t units, int32_t index_mult, int32_t delta_mult, int32_t) {
  linear_activation_s16(out, in, weights, bias, mult, delta, rows, depth, units, index_mult, delta_mult);
}

void linear_keys_panels_s8(int8_t *keys, int8_t *, const int16_t *in, const int8_t *weights, const int32_t *bias, const int32_t *mult,
                           int32_t first, int32_t rows, int32_t depth, int32_t units, int32_t tokens, int32_t head_width, int32_t) {
  linear_keys_s8(keys, in, weights, bias, mult, first, rows, depth, units, tokens, head_width);
}

void linear_values_panels_s8(int8_t *values, int8_t *, const int16_t *in, const int8_t *weights, const int32_t *bias, const int32_t *mult,
                             int32_t first, int32_t rows, int32_t depth, int32_t units, int32_t tokens, int32_t head_width, int32_t) {
  linear_values_s8(values, in, weights, bias, mult, first, rows, depth, units, tokens, head_width);
}

void linear_fours_s16(int16_t *out, int16_t *, const int16_t *in, const int8_t *weights, const int32_t *bias, const int32_t *mult,
                      int32_t rows, int32_t depth, int32_t units) {
  linear_s16(out, in, weights, bias, mult, rows, depth, units);
}

void linear_add_fours_s16(int16_t *x, int16_t *, const int16_t *in, const int8_t *weights, const int32_t *bias, const int32_t *mult,
                          int32_t rows, int32_t depth, int32_t units) {
  linear_add_s16(x, in, weights, bias, mult, rows, depth, units);
}

void linear_activation_fours_s16(int16_t *out, int16_t *, const int16_t *in, const int8_t *weights, const int32_t *bias, const int32_t *mult,
                           const uint16_t *delta, int32_t rows, int32_t depth, int32_t units, int32_t index_mult, int32_t delta_mult) {
  linear_activation_s16(out, in, weights, bias, mult, delta, rows, depth, units, index_mult, delta_mult);
}

void linear_keys_fours_s8(int8_t *keys, int16_t *, const int16_t *in, const int8_t *weights, const int32_t *bias, const int32_t *mult,
                          int32_t first, int32_t rows, int32_t depth, int32_t units, int32_t tokens, int32_t head_width) {
  linear_keys_s8(keys, in, weights, bias, mult, first, rows, depth, units, tokens, head_width);
}

void linear_values_fours_s8(int8_t *values, int16_t *, const int16_t *in, const int8_t *weights, const int32_t *bias, const int32_t *mult,
                            int32_t first, int32_t rows, int32_t depth, int32_t units, int32_t tokens, int32_t head_width) {
  linear_values_s8(values, in, weights, bias, mult, first, rows, depth, units, tokens, head_width);
}

namespace {

/// Weights of four bits, one by one, in the paired layout.
std::vector<int8_t> unpacked(const uint8_t *weights, int32_t depth, int32_t units, int32_t group) {
  std::vector<int8_t> paired;
  const int32_t scale_bytes = (2 * ((depth + group - 1) / group) + 3) / 4 * 4, code_bytes = (depth + 3) / 4 * 4;
  for (int32_t pair = 0; pair < units; pair += 2, weights += scale_bytes + code_bytes)
    for (int32_t k = 0; k < depth; ++k)
      for (int32_t unit = 0; unit < 2; ++unit) {
        const uint8_t both = weights[scale_bytes + k / 4 * 4 + k % 2 * 2 + unit];
        const int32_t code = k % 4 < 2 ? both % 16 : both / 16;
        paired.push_back(static_cast<int8_t>((code - 8) * weights[k / group * 2 + unit]));
      }
  return paired;
}

} // namespace

void linear_int4_s16(int16_t *out, int8_t *, const int16_t *in, const uint8_t *weights, const int32_t *bias, const int32_t *mult,
                     int32_t rows, int32_t depth, int32_t units, int32_t group) {
  linear_s16(out, in, unpacked(weights, depth, units, group).data(), bias, mult, rows, depth, units);
}

void linear_add_int4_s16(int16_t *x, int8_t *, const int16_t *in, const uint8_t *weights, const int32_t *bias, const int32_t *mult,
                         int32_t rows, int32_t depth, int32_t units, int32_t group) {
  linear_add_s16(x, in, unpacked(weights, depth, units, group).data(), bias, mult, rows, depth, units);
}

void linear_activation_int4_s16(int16_t *out, int8_t *, const int16_t *in, const uint8_t *weights, const int32_t *bias, const int32_t *mult,
                          const uint16_t *delta, int32_t rows, int32_t depth, int32_t units, int32_t index_mult, int32_t delta_mult, int32_t group) {
  linear_activation_s16(out, in, unpacked(weights, depth, units, group).data(), bias, mult, delta, rows, depth, units, index_mult, delta_mult);
}

void linear_keys_int4_s8(int8_t *keys, int8_t *, const int16_t *in, const uint8_t *weights, const int32_t *bias, const int32_t *mult,
                         int32_t first, int32_t rows, int32_t depth, int32_t units, int32_t tokens, int32_t head_width, int32_t group) {
  linear_keys_s8(keys, in, unpacked(weights, depth, units, group).data(), bias, mult, first, rows, depth, units, tokens, head_width);
}

void linear_values_int4_s8(int8_t *values, int8_t *, const int16_t *in, const uint8_t *weights, const int32_t *bias, const int32_t *mult,
                           int32_t first, int32_t rows, int32_t depth, int32_t units, int32_t tokens, int32_t head_width, int32_t group) {
  linear_values_s8(values, in, unpacked(weights, depth, units, group).data(), bias, mult, first, rows, depth, units, tokens, head_width);
}

void attention_scores_s16(int16_t *scores, const int16_t *q, const int8_t *keys, const int32_t *mult, int32_t rows, int32_t tokens,
                          int32_t head_width, int32_t q_stride) {
  for (int32_t r = 0; r < rows; ++r) {
    scores[r * padded(tokens) + padded(tokens) - 1] = 0;
    for (int32_t j = 0; j < tokens; ++j) {
      int64_t acc = 0;
      for (int32_t k = 0; k < head_width; ++k)
        acc += q[r * q_stride + k] * keys[j / 2 * 2 * head_width + 2 * k + j % 2];
      scores[r * padded(tokens) + j] = static_cast<int16_t>(clamp_to_bits(round_mul_acc(wrap(acc), *mult, 0), 16));
    }
  }
}

void softmax_s16(int16_t *scores, int32_t *sums, int32_t rows, int32_t tokens) {
  for (int32_t r = 0; r < rows; ++r) {
    int16_t *row = scores + r * padded(tokens);
    const int32_t max = *std::max_element(row, row + tokens);
    sums[r] = 0;
    for (int32_t j = 0; j < tokens; ++j) {
      row[j] = static_cast<int16_t>(std::lround(32767 * std::exp(-std::min(max - row[j], 1023) / 64.0)));
      sums[r] += row[j];
    }
    if (tokens % 2 != 0)
      row[tokens] = 0;
  }
}

void sigmoid_s16(int16_t *scores, int32_t *sums, int32_t rows, int32_t tokens, int32_t bias, int32_t total) {
  for (int32_t r = 0; r < rows; ++r) {
    int16_t *row = scores + r * padded(tokens);
    for (int32_t j = 0; j < tokens; ++j) {
      const int32_t t = row[j] + bias;
      const auto small = static_cast<int32_t>(std::lround(32767 / (1 + std::exp(std::min(std::abs(t), 1023) / 64.0))));
      row[j] = static_cast<int16_t>(t < 0 ? small : 32767 - small);
    }
    if (tokens % 2 != 0)
      row[tokens] = 0;
    sums[r] = total;
  }
}

void attention_context_s16(int16_t *context, const int16_t *scores, const int8_t *values, const int32_t *sums, int32_t rows, int32_t tokens,
                           int32_t head_width, int32_t context_stride) {
  for (int32_t r = 0; r < rows; ++r) {
    const float quotient = std::ldexp(1.0f, 40) / static_cast<float>(sums[r]);
    const int32_t mult = static_cast<int32_t>(std::trunc(quotient));
    for (int32_t d = 0; d < head_width; ++d) {
      int64_t acc = 0;
      for (int32_t j = 0; j < tokens; ++j)
        acc += scores[r * padded(tokens) + j] * values[d / 2 * 2 * padded(tokens) + 2 * j + d % 2];
      context[r * context_stride + d] = static_cast<int16_t>(clamp_to_bits(round_mul_acc(wrap(acc), mult, 0), 16));
    }
  }
}

void attention_context_keys_s16(int16_t *context, const int16_t *scores, const int8_t *keys, const int32_t *sums, int32_t rows,
                                int32_t tokens, int32_t head_width, int32_t context_stride) {
  std::vector<int8_t> values(static_cast<size_t>(head_width * padded(tokens)));
  for (int32_t j = 0; j < padded(tokens); ++j)
    for (int32_t d = 0; d < head_width; ++d)
      values[static_cast<size_t>(d / 2 * 2 * padded(tokens) + 2 * j + d % 2)] = keys[j / 2 * 2 * head_width + 2 * d + j % 2];
  attention_context_s16(context, scores, values.data(), sums, rows, tokens, head_width, context_stride);
}

void attention_context_keys_one_s16(int16_t *context, const int16_t *scores, const int8_t *keys, const int32_t *sums, int32_t rows,
                                    int32_t tokens, int32_t head_width, int32_t context_stride) {
  attention_context_keys_s16(context, scores, keys, sums, rows, tokens, head_width, context_stride);
}

namespace {

/// What the kernels of relative positions know of a grid.
struct Grid {
  int32_t prefix, height, width, row_clip, column_clip;

  int32_t tokens() const { return prefix + height * width; }
  int32_t table_width() const { return 2 * row_clip + 2 * column_clip + 4; }
  /// The rows of the table for two tokens: fn(row) for one or two.
  template <class Fn> void for_rows(int32_t i, int32_t j, Fn fn) const {
    if (i < prefix || j < prefix)
      return fn(0);
    const int32_t dy = (j - prefix) / width - (i - prefix) / width, dx = (j - prefix) % width - (i - prefix) % width;
    fn(1 + row_clip + std::clamp(dy, -row_clip, row_clip));
    fn(1 + 2 * row_clip + 1 + column_clip + std::clamp(dx, -column_clip, column_clip));
  }
};

} // namespace

void relative_scores_s16(int16_t *scores, const int16_t *terms, int32_t first, int32_t rows, int32_t first_query, int32_t prefix,
                         int32_t grid_height, int32_t grid_width, int32_t row_clip, int32_t column_clip) {
  const Grid grid{prefix, grid_height, grid_width, row_clip, column_clip};
  for (int32_t r = 0; r < rows; ++r)
    for (int32_t j = 0; j < grid.tokens(); ++j) {
      int64_t added = 0;
      grid.for_rows(first_query + first + r, j, [&](int32_t row) { added += terms[r * grid.table_width() + row]; });
      int16_t &score = scores[r * padded(grid.tokens()) + j];
      score = static_cast<int16_t>(clamp_to_bits(score + clamp_to_bits(added, 16), 16));
    }
}

void relative_shares_s16(int16_t *shares, const int16_t *scores, const int32_t *sums, int32_t first, int32_t rows, int32_t first_query,
                         int32_t prefix, int32_t grid_height, int32_t grid_width, int32_t row_clip, int32_t column_clip) {
  const Grid grid{prefix, grid_height, grid_width, row_clip, column_clip};
  for (int32_t r = 0; r < rows; ++r) {
    const int32_t mult = static_cast<int32_t>(std::trunc(std::ldexp(1.0f, 40) / static_cast<float>(sums[r])));
    std::vector<int64_t> buckets(static_cast<size_t>(grid.table_width()));
    for (int32_t j = 0; j < grid.tokens(); ++j)
      grid.for_rows(first_query + first + r, j,
                    [&](int32_t row) { buckets[static_cast<size_t>(row)] += scores[r * padded(grid.tokens()) + j]; });
    for (int32_t u = 0; u < grid.table_width(); ++u)
      shares[r * grid.table_width() + u] =
          static_cast<int16_t>(clamp_to_bits(round_mul_acc(wrap(buckets[static_cast<size_t>(u)] * 128), mult, 0), 16));
  }
}

void relative_context_s16(int16_t *context, const int16_t *shares, const int8_t *table, const int32_t *mult, int32_t rows, int32_t depth,
                          int32_t head_width, int32_t context_stride) {
  for (int32_t r = 0; r < rows; ++r)
    for (int32_t d = 0; d < head_width; ++d) {
      int16_t &out = context[r * context_stride + d];
      out = static_cast<int16_t>(clamp_to_bits(round_mul_acc(dot(shares + r * depth, table, depth, d, 0), mult[d], out), 16));
    }
}

void narrow_s8(int8_t *out, const int16_t *in, const int32_t *mult, int32_t rows, int32_t width) {
  for (int32_t i = 0; i < rows * width; ++i)
    out[i] = static_cast<int8_t>(clamp_to_bits(round_mul_acc(in[i], mult[i % width], 0), 8));
}

void narrow_keys_s8(int8_t *keys, const int16_t *in, const int32_t *mult, int32_t first, int32_t rows, int32_t width, int32_t tokens) {
  for (int32_t c = 0; c < width; ++c) {
    const auto slot = [&](int32_t t) -> int8_t & { return keys[t / 2 * 2 * width + 2 * c + t % 2]; };
    for (int32_t t = first; t < first + rows; ++t)
      slot(t) = static_cast<int8_t>(clamp_to_bits(round_mul_acc(in[(t - first) * width + c], mult[c], 0), 8));
    if (tokens % 2 != 0 && first + rows == tokens)
      slot(tokens) = 0;
  }
}

void coarsen_s16(int16_t *out, const int16_t *in, const int32_t *mult, const int16_t *factor, int32_t rows, int32_t width) {
  for (int32_t i = 0; i < rows * width; ++i) {
    const int64_t steps = (int64_t{in[i]} * 256 * mult[i % width] + (int64_t{1} << 31)) >> 32;
    out[i] = static_cast<int16_t>(clamp_to_bits(steps, 8) * factor[i % width]);
  }
}

void widen_s16(int16_t *out, const int8_t *in, const int16_t *factor, int32_t rows, int32_t width, int32_t out_stride) {
  for (int32_t i = 0; i < rows * width; ++i)
    out[i / width * out_stride + i % width] = static_cast<int16_t>(in[i] * factor[i % width]);
}

void copy_columns_s16(int16_t *out, const int16_t *in, int32_t rows, int32_t width, int32_t out_stride) {
  for (int32_t i = 0; i < rows * width; ++i)
    out[i / width * out_stride + i % width] = in[i];
}

void fill_zero_s32(int32_t *out, int32_t width) { std::fill(out, out + width, 0); }

void accumulate_rows_s16(int32_t *sums, const int16_t *in, int32_t rows, int32_t width) {
  for (int32_t c = 0; c < width; ++c)
    for (int32_t r = 0; r < rows; ++r)
      sums[c] += in[r * width + c];
}

void scale_s32_s16(int16_t *out, const int32_t *sums, int32_t width, int32_t mult) {
  for (int32_t c = 0; c < width; ++c)
    out[c] = static_cast<int16_t>(clamp_to_bits(round_mul_acc(sums[c], mult, 0), 16));
}

namespace {

/// Calls visit(row, tap, pixel) for each pixel of `rows` windows from `first` on, -1 standing for one outside of the map.
template <class Visit>
void for_windows(int32_t first, int32_t rows, int32_t height, int32_t width, int32_t kernel_height, int32_t kernel_width, int32_t stride_y,
                 int32_t stride_x, int32_t pad_top, int32_t pad_left, int32_t out_width, Visit visit) {
  for (int32_t r = 0; r < rows; ++r)
    for (int32_t tap = 0; tap < kernel_height * kernel_width; ++tap) {
      const int32_t y = (first + r) / out_width * stride_y - pad_top + tap / kernel_width;
      const int32_t x = (first + r) % out_width * stride_x - pad_left + tap % kernel_width;
      visit(r, tap, y < 0 || y >= height || x < 0 || x >= width ? -1 : y * width + x);
    }
}

} // namespace

void unfold_padded_u8(int16_t *out, const uint8_t *image, int32_t first, int32_t rows, int32_t height, int32_t width, int32_t channels,
                      int32_t patch_height, int32_t patch_width, int32_t pad_top, int32_t pad_left, int32_t out_width, int32_t pad_value) {
  const int32_t depth = padded(patch_height * patch_width * channels);
  std::fill(out, out + rows * depth, static_cast<int16_t>(pad_value));
  for_windows(first, rows, height, width, patch_height, patch_width, patch_height, patch_width, pad_top, pad_left, out_width,
              [&](int32_t r, int32_t tap, int32_t pixel) {
                for (int32_t c = 0; c < channels && pixel >= 0; ++c)
                  out[r * depth + tap * channels + c] = image[pixel * channels + c];
              });
}

void windows_u8(int16_t *out, const uint8_t *image, const int16_t *offset, int32_t first, int32_t rows, int32_t height, int32_t width,
                int32_t channels, int32_t kernel_height, int32_t kernel_width, int32_t stride_y, int32_t stride_x, int32_t pad_top,
                int32_t pad_left, int32_t out_width, int32_t shift) {
  const int32_t depth = padded(kernel_height * kernel_width * channels);
  std::fill(out, out + rows * depth, int16_t{0});
  for_windows(first, rows, height, width, kernel_height, kernel_width, stride_y, stride_x, pad_top, pad_left, out_width,
              [&](int32_t r, int32_t tap, int32_t pixel) {
                for (int32_t c = 0; c < channels && pixel >= 0; ++c)
                  out[r * depth + tap * channels + c] = static_cast<int16_t>(image[pixel * channels + c] * (1 << shift) - offset[c]);
              });
}

void windows_s16(int16_t *out, const int16_t *in, int32_t first, int32_t rows, int32_t height, int32_t width, int32_t channels,
                 int32_t kernel_height, int32_t kernel_width, int32_t stride_y, int32_t stride_x, int32_t pad_top, int32_t pad_left,
                 int32_t out_width) {
  const int32_t depth = padded(kernel_height * kernel_width * channels);
  std::fill(out, out + rows * depth, int16_t{0});
  for_windows(first, rows, height, width, kernel_height, kernel_width, stride_y, stride_x, pad_top, pad_left, out_width,
              [&](int32_t r, int32_t tap, int32_t pixel) {
                if (pixel >= 0)
                  std::copy(in + pixel * channels, in + (pixel + 1) * channels, out + r * depth + tap * channels);
              });
}

void depthwise_s16(int16_t *out, const int16_t *in, const int8_t *weights, const int32_t *bias, const int32_t *mult, int32_t first,
                   int32_t rows, int32_t height, int32_t width, int32_t channels, int32_t kernel_height, int32_t kernel_width,
                   int32_t stride_y, int32_t stride_x, int32_t pad_top, int32_t pad_left, int32_t out_width, int32_t low) {
  for (int32_t c = 0; c < channels; ++c) {
    std::vector<int64_t> sums(static_cast<size_t>(rows), bias[c]);
    for_windows(first, rows, height, width, kernel_height, kernel_width, stride_y, stride_x, pad_top, pad_left, out_width,
                [&](int32_t r, int32_t tap, int32_t pixel) {
                  if (pixel >= 0)
                    sums[static_cast<size_t>(r)] += int64_t{in[pixel * channels + c]} * weights[tap * channels + c];
                });
    for (int32_t r = 0; r < rows; ++r)
      out[r * channels + c] =
          static_cast<int16_t>(std::max<int64_t>(clamp_to_bits(round_mul_acc(wrap(sums[static_cast<size_t>(r)]), mult[c], 0), 16), low));
  }
}

void max_pool_s16(int16_t *out, const int16_t *in, int32_t first, int32_t rows, int32_t height, int32_t width, int32_t channels,
                  int32_t kernel_height, int32_t kernel_width, int32_t stride_y, int32_t stride_x, int32_t pad_top, int32_t pad_left,
                  int32_t out_width) {
  std::fill(out, out + rows * channels, int16_t{-32768});
  for_windows(first, rows, height, width, kernel_height, kernel_width, stride_y, stride_x, pad_top, pad_left, out_width,
              [&](int32_t r, int32_t, int32_t pixel) {
                for (int32_t c = 0; c < channels && pixel >= 0; ++c)
                  out[r * channels + c] = std::max(out[r * channels + c], in[pixel * channels + c]);
              });
}

void multiply_s16(int16_t *out, const int16_t *lhs, const int16_t *rhs, int32_t rows, int32_t width, int32_t mult) {
  for (int32_t i = 0; i < rows * width; ++i)
    out[i] = static_cast<int16_t>(clamp_to_bits(round_mul_acc(lhs[i] * rhs[i], mult, 0), 16));
}

void add_s16(int16_t *out, const int16_t *lhs, const int16_t *rhs, int32_t rows, int32_t width, int32_t lhs_mult, int32_t rhs_mult,
             int32_t low) {
  for (int32_t i = 0; i < rows * width; ++i) {
    const int32_t sum = round_mul_acc(lhs[i] * 65536, lhs_mult, round_mul_acc(rhs[i] * 65536, rhs_mult, 0));
    out[i] = static_cast<int16_t>(std::max<int64_t>(clamp_to_bits(floor_shift(__int128{sum} + 128, 8), 16), low));
  }
}

void clamp_s16(int16_t *out, const int16_t *in, int32_t rows, int32_t width, int32_t low, int32_t high) {
  for (int32_t i = 0; i < rows * width; ++i)
    out[i] = static_cast<int16_t>(std::clamp<int32_t>(in[i], low, high));
}

void add_codes_s16(int16_t *out, const int16_t *lhs, const int16_t *rhs, int32_t rows, int32_t width, int32_t lhs_mult, int32_t rhs_mult,
                   int32_t low, int32_t high) {
  for (int32_t i = 0; i < rows * width; ++i) {
    const int32_t sum = round_mul_acc(lhs[i] * (1 << 22), lhs_mult, round_mul_acc(rhs[i] * (1 << 22), rhs_mult, 0));
    const double nearest = std::nearbyint(std::ldexp(double(sum), -16)); // halves to even
    out[i] = static_cast<int16_t>(std::clamp<int64_t>(static_cast<int64_t>(nearest), low, high));
  }
}

void windows_codes_u8(int16_t *out, const uint8_t *image, const int16_t *codes, int32_t first, int32_t rows, int32_t height, int32_t width,
                      int32_t channels, int32_t kernel_height, int32_t kernel_width, int32_t stride_y, int32_t stride_x, int32_t pad_top,
                      int32_t pad_left, int32_t out_width) {
  const int32_t depth = padded(kernel_height * kernel_width * channels);
  std::fill(out, out + rows * depth, int16_t{0});
  for_windows(first, rows, height, width, kernel_height, kernel_width, stride_y, stride_x, pad_top, pad_left, out_width,
              [&](int32_t r, int32_t tap, int32_t pixel) {
                for (int32_t c = 0; c < channels && pixel >= 0; ++c)
                  out[r * depth + tap * channels + c] = codes[c * 256 + image[pixel * channels + c]];
              });
}

void permute_rows_s16(int16_t *out, const int16_t *in, int32_t first, int32_t rows, int32_t base, int32_t width, int32_t size1,
                      int32_t size2, int32_t size3, int32_t stride0, int32_t stride1, int32_t stride2, int32_t stride3) {
  for (int32_t t = 0; t < rows; ++t) {
    const int32_t row = base + first + t;
    const int32_t from = row / (size1 * size2 * size3) * stride0 + row / (size2 * size3) % size1 * stride1 + row / size3 % size2 * stride2 +
                         row % size3 * stride3;
    std::copy(in + from * width, in + (from + 1) * width, out + t * width);
  }
}

void activation_s16(int16_t *out, const int16_t *in, const uint16_t *delta, int32_t rows, int32_t width, int32_t mult, int32_t index_mult,
                    int32_t delta_mult) {
  for (int32_t i = 0; i < rows * width; ++i)
    out[i] = hidden_unit(in[i] * 65536, mult, delta, index_mult, delta_mult);
}

} // namespace mcuform::test::naive
