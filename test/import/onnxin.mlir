// The onnxin dialect prints what it reads.
// RUN: mcuform-opt %s | mcuform-opt | FileCheck %s

// CHECK-LABEL: func.func @main
// CHECK-SAME: (%[[X:.*]]: tensor<1x3x4x4xf32> {onnxin.name = "x"}) -> (!onnxin.value {onnxin.name = "y"})
module attributes {onnxin.opset = 17 : i64, onnxin.ir_version = 8 : i64, onnxin.producer = "hand", onnxin.model_name = "m", onnxin.sha256 = "00"} {
  func.func @main(%x: tensor<1x3x4x4xf32> {onnxin.name = "x"}) -> (!onnxin.value {onnxin.name = "y"}) {
    // CHECK: %[[W:.*]] = onnxin.constant dense_resource<w> : tensor<1x3x1x1xf32>
    %w = onnxin.constant dense_resource<w> : tensor<1x3x1x1xf32>
    // CHECK: %[[SHAPE:.*]] = onnxin.constant dense<[1, -1]> : tensor<2xi64>
    %shape = onnxin.constant dense<[1, -1]> : tensor<2xi64>
    // CHECK: %[[NONE:.*]] = onnxin.none
    %none = onnxin.none
    // CHECK: %[[CONV:.*]] = onnxin.node "Conv"(%[[X]], %[[W]], %[[NONE]]) {attrs = {kernel_shape = array<i64: 1, 1>}} :
    // CHECK-SAME: (tensor<1x3x4x4xf32>, tensor<1x3x1x1xf32>, none) -> !onnxin.value
    %conv = onnxin.node "Conv"(%x, %w, %none) {attrs = {kernel_shape = array<i64: 1, 1>}}
        : (tensor<1x3x4x4xf32>, tensor<1x3x1x1xf32>, none) -> !onnxin.value
    // CHECK: %[[FOO:.*]]:2 = onnxin.node "Foo"(%[[CONV]], %[[SHAPE]]) {domain = "org.example"} :
    // CHECK-SAME: (!onnxin.value, tensor<2xi64>) -> (!onnxin.value, !onnxin.value)
    %foo:2 = onnxin.node "Foo"(%conv, %shape) {domain = "org.example"} : (!onnxin.value, tensor<2xi64>) -> (!onnxin.value, !onnxin.value)
    // CHECK: return %[[FOO]]#1 : !onnxin.value
    return %foo#1 : !onnxin.value
  }
}

// CHECK: w: "0x040000000000803F0000004000004040"
{-#
  dialect_resources: {
    builtin: {
      w: "0x040000000000803F0000004000004040"
    }
  }
#-}
