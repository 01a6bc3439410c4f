// Operands of 8 bits everywhere: what collapses is named. Without measurements nothing is guessed.
// RUN: mcuform-opt %s --mcuf-quantize="operand-bits=8" --split-input-file --verify-diagnostics -o /dev/null

// expected-warning @+1 {{operands of 8 bits leave the network's result 13.0 dB above their noise, which comes from layer_norm (13.0 dB); --precision mixed keeps what needs it at 16 bits}}
func.func @collapses(%image: tensor<1x1x4x4xf32> {mcuf.mean = array<f32: 0.5>, mcuf.std = array<f32: 0.5>}) -> tensor<1x4x2xf32> {
  %w = mcuf.constant dense<1.0> : tensor<4x2x2x1xf32> : tensor<4x2x2x1xf32>
  %b = mcuf.constant dense<0.0> : tensor<4xf32> : tensor<4xf32>
  %x = mcuf.patch_embed %image, %w, %b {mcuf.max_abs = dense<4.0> : tensor<4xf32>, mcuf.patch_mean = dense<127.5> : tensor<4xf32>, mcuf.patch_mean_square = dense<16256.25> : tensor<4xf32>}
    : (tensor<1x1x4x4xf32>, tensor<4x2x2x1xf32>, tensor<4xf32>) -> tensor<1x4x4xf32>
  %n = mcuf.layer_norm %x {epsilon = 1.0e-6 : f32, mcuf.operand_noise = dense<0.05> : tensor<1xf32>, mcuf.max_abs = dense<1.0> : tensor<4xf32>, mcuf.mean = dense<0.0> : tensor<4xf32>, mcuf.mean_square = dense<1.0> : tensor<4xf32>}
    : (tensor<1x4x4xf32>) -> tensor<1x4x4xf32>
  %h = mcuf.constant dense<0.5> : tensor<2x4xf32> : tensor<2x4xf32>
  %logits = mcuf.linear %n, %h {mcuf.max_abs = dense<2.0> : tensor<2xf32>} : (tensor<1x4x4xf32>, tensor<2x4xf32>) -> tensor<1x4x2xf32>
  return %logits : tensor<1x4x2xf32>
}

// -----

// expected-error @+1 {{has not been calibrated for operands of 8 bits: run mcuf-calibrate with operands}}
func.func @not_measured(%image: tensor<1x1x4x4xf32> {mcuf.mean = array<f32: 0.5>, mcuf.std = array<f32: 0.5>}) -> tensor<1x4x2xf32> {
  %w = mcuf.constant dense<1.0> : tensor<4x2x2x1xf32> : tensor<4x2x2x1xf32>
  %b = mcuf.constant dense<0.0> : tensor<4xf32> : tensor<4xf32>
  %x = mcuf.patch_embed %image, %w, %b {mcuf.max_abs = dense<4.0> : tensor<4xf32>, mcuf.patch_mean = dense<127.5> : tensor<4xf32>, mcuf.patch_mean_square = dense<16256.25> : tensor<4xf32>}
    : (tensor<1x1x4x4xf32>, tensor<4x2x2x1xf32>, tensor<4xf32>) -> tensor<1x4x4xf32>
  %n = mcuf.layer_norm %x {epsilon = 1.0e-6 : f32, mcuf.max_abs = dense<1.0> : tensor<4xf32>, mcuf.mean = dense<0.0> : tensor<4xf32>, mcuf.mean_square = dense<1.0> : tensor<4xf32>}
    : (tensor<1x4x4xf32>) -> tensor<1x4x4xf32>
  %h = mcuf.constant dense<0.5> : tensor<2x4xf32> : tensor<2x4xf32>
  %logits = mcuf.linear %n, %h {mcuf.max_abs = dense<2.0> : tensor<2xf32>} : (tensor<1x4x4xf32>, tensor<2x4xf32>) -> tensor<1x4x2xf32>
  return %logits : tensor<1x4x2xf32>
}
