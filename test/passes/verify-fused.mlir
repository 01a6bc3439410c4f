// RUN: mcuform-opt --mcuf-verify-fused --split-input-file --verify-diagnostics %s

// All problems in one run, each with the nodes that the op comes from.
func.func @left_over(%image: tensor<1x1x4x4xf32>, %x: tensor<1x5x4xf32>) -> tensor<1x5x4xf32> {
  %c = mcuf.constant dense<1.0> : tensor<1x5x4xf32> : tensor<1x5x4xf32>
  %w = mcuf.constant dense<1.0> : tensor<2x1x2x2xf32> : tensor<2x1x2x2xf32>
  // expected-error @below {{a convolution is supported with constant weights and padding below the size of its kernel}}
  %0 = mcuf.conv %image, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 1 : i64}
    : (tensor<1x1x4x4xf32>, tensor<2x1x2x2xf32>) -> tensor<1x2x3x3xf32>
  // expected-error @below {{an op: a transposition is supported only where tokens and heads are exchanged}}
  %1 = mcuf.transpose %x {permutation = array<i64: 0, 2, 1>} : (tensor<1x5x4xf32>) -> tensor<1x4x5xf32>
  // expected-error @below {{a product of two matrices that are both computed}}
  %2 = mcuf.matmul %x, %1 : (tensor<1x5x4xf32>, tensor<1x4x5xf32>) -> tensor<1x5x5xf32>
  // expected-error @below {{softmax is supported only inside of attention}}
  %3 = mcuf.softmax %2 {axis = 2 : i64} : (tensor<1x5x5xf32>) -> tensor<1x5x5xf32>
  // expected-error @below {{elementwise 'tanh' is supported only as part of gelu}}
  %4 = mcuf.unary tanh %x : (tensor<1x5x4xf32>) -> tensor<1x5x4xf32>
  // expected-error @below {{an addition is supported between two tensors of the same shape}}
  %5 = mcuf.binary add %x, %c : (tensor<1x5x4xf32>, tensor<1x5x4xf32>) -> tensor<1x5x4xf32>
  // expected-error @below {{elementwise 'mul' is supported with constants next to a linear layer}}
  %6 = mcuf.binary mul %x, %x : (tensor<1x5x4xf32>, tensor<1x5x4xf32>) -> tensor<1x5x4xf32>
  // expected-error @below {{a slice is supported of consecutive rows}}
  %7 = mcuf.slice %x {starts = array<i64: 0, 0, 0>, sizes = array<i64: 1, 5, 2>, steps = array<i64: 1, 1, 1>} : (tensor<1x5x4xf32>) -> tensor<1x5x2xf32>
  // expected-error @below {{a reduction is supported as mean over all tokens}}
  %8 = mcuf.reduce max %x {axes = array<i64: 1>, keep_dims = true} : (tensor<1x5x4xf32>) -> tensor<1x1x4xf32>
  return %x : tensor<1x5x4xf32>
}

// -----

func.func @contract(%x: tensor<1x5x2xf32>) -> tensor<1x2xf32> {
  %w = mcuf.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32> : tensor<2x2xf32>
  %0 = mcuf.layer_norm %x {epsilon = 1.0e-6 : f32} : (tensor<1x5x2xf32>) -> tensor<1x5x2xf32>
  %1 = mcuf.linear %0, %w : (tensor<1x5x2xf32>, tensor<2x2xf32>) -> tensor<1x5x2xf32>
  %2 = mcuf.gelu %1 : (tensor<1x5x2xf32>) -> tensor<1x5x2xf32>
  %3 = mcuf.binary add %x, %2 : (tensor<1x5x2xf32>, tensor<1x5x2xf32>) -> tensor<1x5x2xf32>
  %4 = mcuf.slice %3 {starts = array<i64: 0, 1, 0>, sizes = array<i64: 1, 4, 2>, steps = array<i64: 1, 1, 1>} : (tensor<1x5x2xf32>) -> tensor<1x4x2xf32>
  %5 = mcuf.reduce mean %4 {axes = array<i64: 1>, keep_dims = false} : (tensor<1x4x2xf32>) -> tensor<1x2xf32>
  return %5 : tensor<1x2xf32>
}

// -----

// Convolutions and pools without an integer form say which form has one.
func.func @maps(%image: tensor<1x4x8x8xf32>, %map: tensor<1x8x8x4xf32>) -> tensor<1x8x8x4xf32> {
  %w = mcuf.constant dense<1.0> : tensor<4x2x3x3xf32> : tensor<4x2x3x3xf32>
  %v = mcuf.constant dense<1.0> : tensor<4x4x3x3xf32> : tensor<4x4x3x3xf32>
  %k = mcuf.constant dense<1.0> : tensor<3x3x4xf32> : tensor<3x3x4xf32>
  %b = mcuf.constant dense<0.0> : tensor<4xf32> : tensor<4xf32>
  // expected-error @below {{a convolution of 2 groups; supported are one group and one output channel for each input channel (depthwise)}}
  %0 = mcuf.conv %image, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 2 : i64}
    : (tensor<1x4x8x8xf32>, tensor<4x2x3x3xf32>) -> tensor<1x4x6x6xf32>
  // expected-error @below {{a convolution with dilations; supported are dilations of 1}}
  %1 = mcuf.conv %image, %v {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 2, 1>, groups = 1 : i64}
    : (tensor<1x4x8x8xf32>, tensor<4x4x3x3xf32>) -> tensor<1x4x4x6xf32>
  // expected-error @below {{an average pool whose padding does not count; supported are those without padding and with count_include_pad}}
  %2 = mcuf.pool mean %map {kernel = array<i64: 3, 3>, strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, count_padding = false} : (tensor<1x8x8x4xf32>) -> tensor<1x8x8x4xf32>
  // expected-error @below {{a transposition is supported only where tokens and heads are exchanged}}
  %3 = mcuf.transpose %image {permutation = array<i64: 0, 2, 3, 1>} : (tensor<1x4x8x8xf32>) -> tensor<1x8x8x4xf32>
  // expected-error @below {{a depthwise convolution of the model's input; supported are those of what is computed from it}}
  %4 = mcuf.depthwise %3, %k, %b {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>} : (tensor<1x8x8x4xf32>, tensor<3x3x4xf32>, tensor<4xf32>) -> tensor<1x8x8x4xf32>
  %5 = mcuf.layer_norm %4 {epsilon = 1.0e-6 : f32} : (tensor<1x8x8x4xf32>) -> tensor<1x8x8x4xf32>
  // expected-error @below {{'relu' is supported behind a linear layer, a convolution, a pool or an addition}}
  %6 = mcuf.unary relu %5 : (tensor<1x8x8x4xf32>) -> tensor<1x8x8x4xf32>
  return %4 : tensor<1x8x8x4xf32>
}
