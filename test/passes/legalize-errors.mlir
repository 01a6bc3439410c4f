// Every node that cannot be legalized is reported in one run, what depends on it is not.
// RUN: mcuform-opt --mcuf-legalize --split-input-file --verify-diagnostics %s

module attributes {onnxin.opset = 17 : i64} {
  func.func @unsupported(%x: tensor<1x4xf32>, %n: tensor<1xi64>) -> !onnxin.value {
    // expected-error @below {{unsupported operator 'Foo' (opset 17), node 'Foo': replace it with supported operators before the export}}
    %a = onnxin.node "Foo"(%x) : (tensor<1x4xf32>) -> !onnxin.value
    %b = onnxin.node "Relu"(%a) : (!onnxin.value) -> !onnxin.value
    // expected-error @below {{unsupported operator 'com.microsoft.Attention' (opset 17)}}
    %c = onnxin.node "Attention"(%b) {domain = "com.microsoft"} : (!onnxin.value) -> !onnxin.value
    // expected-error @below {{unsupported operator 'Gelu' (opset 17), node 'Gelu': export the model with an opset from 20 to 22}}
    %d = onnxin.node "Gelu"(%x) : (tensor<1x4xf32>) -> !onnxin.value
    // expected-error @below {{node 'Reshape' (Reshape): the shape (input 1) must be a constant of integers, but depends on the model's input}}
    %e = onnxin.node "Reshape"(%x, %n) : (tensor<1x4xf32>, tensor<1xi64>) -> !onnxin.value
    // expected-error @below {{node 'MatMul' (MatMul): matrix product of [1, 4] and [1, 4]}}
    %f = onnxin.node "MatMul"(%x, %x) : (tensor<1x4xf32>, tensor<1x4xf32>) -> !onnxin.value
    // expected-error @below {{node 'Add' (Add): input 1 is missing}}
    %g = onnxin.node "Add"(%x) : (tensor<1x4xf32>) -> !onnxin.value
    // expected-error @below {{node 'Softmax' (Softmax): axis 2 is outside of rank 2}}
    %h = onnxin.node "Softmax"(%x) {attrs = {axis = 2 : i64}} : (tensor<1x4xf32>) -> !onnxin.value
    %zero = onnxin.constant dense<0> : tensor<i64>
    %one = onnxin.constant dense<1> : tensor<i64>
    %huge = onnxin.constant dense<1000000000000> : tensor<1xi64>
    // expected-error @below {{node 'Expand' (Expand): constant of 1000000000000 elements, 268435456 are supported}}
    %i = onnxin.node "Expand"(%one, %huge) : (tensor<i64>, tensor<1xi64>) -> !onnxin.value
    // expected-error @below {{node 'Range' (Range): range of more than 16777216 elements}}
    %j = onnxin.node "Range"(%zero, %huge, %one) : (tensor<i64>, tensor<1xi64>, tensor<i64>) -> !onnxin.value
    return %c : !onnxin.value
  }
}

// -----

module attributes {onnxin.opset = 17 : i64} {
  func.func @second_output(%x: tensor<1x4xf32>) -> !onnxin.value {
    %g = onnxin.constant dense<1.0> : tensor<4xf32>
    // expected-error @below {{output 1 is used but not supported}}
    %y, %mean = onnxin.node "BatchNormalization"(%x, %g, %g, %g, %g) : (tensor<1x4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) -> (!onnxin.value, !onnxin.value)
    return %mean : !onnxin.value
  }
}

// -----

module attributes {onnxin.opset = 17 : i64} {
  // expected-error @below {{input 0 has type 'tensor<1x4xf64>'; only tensors of static shape and of float32, bool or integer elements are supported}}
  // expected-error @below {{input 1 has type 'tensor<1x4xui16>'}}
  func.func @types(%x: tensor<1x4xf64>, %y: tensor<1x4xui16>) -> tensor<1x4xf64> {
    // expected-error @below {{constant holds 1.000000e+200, which float32 cannot represent}}
    %g = onnxin.constant dense<1.0e200> : tensor<4xf64>
    return %x : tensor<1x4xf64>
  }
}

// -----

// expected-error @below {{has no attribute 'onnxin.opset'}}
module {
}
