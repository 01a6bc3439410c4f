// RUN: mcuform-opt --mcuf-verify-legalized --split-input-file --verify-diagnostics %s

// expected-error @below {{has an argument or result of type '!onnxin.value' after legalization}}
func.func @node(%x: tensor<1x4xf32>) -> !onnxin.value {
  // expected-error @below {{'onnxin.node' op is left after legalization}}
  %0 = onnxin.node "Relu"(%x) : (tensor<1x4xf32>) -> !onnxin.value
  return %0 : !onnxin.value
}

// -----

func.func @legalized(%x: tensor<1x4xf32>) -> tensor<1x4xf32> {
  %0 = mcuf.unary relu %x : (tensor<1x4xf32>) -> tensor<1x4xf32>
  return %0 : tensor<1x4xf32>
}
