// RUN: mcuform-opt %s --mcuf-verify-quantized --verify-diagnostics

func.func @mixed(%x: tensor<4x2x!quant.uniform<i16:f32, 0.5>>) -> tensor<4x2xf32> {
  %factor = mcuf.constant dense<1> : tensor<2xi16> : tensor<2xi16>
  %y = mcuf.q_layer_norm %x, %factor {epsilon = 1 : i64, out_shift = 12 : i64} : (tensor<4x2x!quant.uniform<i16:f32, 0.5>>, tensor<2xi16>) -> tensor<4x2x!quant.uniform<i16:f32, 0.000244140625>>
  // expected-error @+1 {{'mcuf.constant' gives 'tensor<4x2xf32>' after quantization; expected integers with a scale}}
  %f = mcuf.constant dense<0.0> : tensor<4x2xf32> : tensor<4x2xf32>
  return %f : tensor<4x2xf32>
}
