// RUN: mcuform-opt --mcuf-legalize --split-input-file %s | FileCheck %s

module attributes {onnxin.opset = 17 : i64} {
  // Shape arithmetic: Shape, Slice, Concat and the reshape that they are for.
  // CHECK-LABEL: func @shape_arithmetic
  // CHECK-NOT: onnxin
  // CHECK: mcuf.reshape %arg0 {shape = array<i64: 1, 4, 6>} : (tensor<1x4x2x3xf32>) -> tensor<1x4x6xf32>
  // CHECK-NEXT: mcuf.transpose {{.*}} -> tensor<1x6x4xf32>
  // CHECK-NEXT: return
  func.func @shape_arithmetic(%x: tensor<1x4x2x3xf32>) -> !onnxin.value {
    %zero = onnxin.constant dense<0> : tensor<1xi64>
    %two = onnxin.constant dense<2> : tensor<1xi64>
    %rest = onnxin.constant dense<-1> : tensor<1xi64>
    %shape = onnxin.node "Shape"(%x) : (tensor<1x4x2x3xf32>) -> !onnxin.value
    %head = onnxin.node "Slice"(%shape, %zero, %two, %zero) : (!onnxin.value, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> !onnxin.value
    %target = onnxin.node "Concat"(%head, %rest) {attrs = {axis = 0 : i64}} : (!onnxin.value, tensor<1xi64>) -> !onnxin.value
    %flat = onnxin.node "Reshape"(%x, %target) : (tensor<1x4x2x3xf32>, !onnxin.value) -> !onnxin.value
    %tokens = onnxin.node "Transpose"(%flat) {attrs = {perm = array<i64: 0, 2, 1>}} : (!onnxin.value) -> !onnxin.value
    return %tokens : !onnxin.value
  }

  // The class token's expansion, as torch writes it: ConstantOfShape, Mul, Equal, Where, Expand.
  // CHECK-LABEL: func @expand_class_token
  // CHECK-NEXT: %[[TOKEN:.*]] = mcuf.constant dense<{{.*}}1.000000e+00, 2.000000e+00{{.*}}> : tensor<1x1x2xf32>
  // CHECK-NEXT: mcuf.concat %[[TOKEN]], %arg0 {axis = 1 : i64}
  // CHECK-NEXT: return
  func.func @expand_class_token(%x: tensor<1x3x2xf32>) -> !onnxin.value {
    %token = onnxin.constant dense<[[[1.0, 2.0]]]> : tensor<1x1x2xf32>
    %wanted = onnxin.constant dense<[1, -1, -1]> : tensor<3xi64>
    %three = onnxin.constant dense<3> : tensor<1xi64>
    %minus = onnxin.constant dense<-1> : tensor<i64>
    %ones = onnxin.node "ConstantOfShape"(%three) {attrs = {value = dense<1> : tensor<1xi64>}} : (tensor<1xi64>) -> !onnxin.value
    %negative = onnxin.node "Mul"(%ones, %minus) : (!onnxin.value, tensor<i64>) -> !onnxin.value
    %open = onnxin.node "Equal"(%wanted, %negative) : (tensor<3xi64>, !onnxin.value) -> !onnxin.value
    %shape = onnxin.node "Where"(%open, %ones, %wanted) : (!onnxin.value, !onnxin.value, tensor<3xi64>) -> !onnxin.value
    %expanded = onnxin.node "Expand"(%token, %shape) : (tensor<1x1x2xf32>, !onnxin.value) -> !onnxin.value
    %all = onnxin.node "Concat"(%expanded, %x) {attrs = {axis = 1 : i64}} : (!onnxin.value, tensor<1x3x2xf32>) -> !onnxin.value
    return %all : !onnxin.value
  }

  // A scalar index, negative or not, is a slice without its dimension.
  // CHECK-LABEL: func @gather
  // CHECK: mcuf.slice %arg0 {sizes = array<i64: 1, 1, 4>, starts = array<i64: 0, 4, 0>
  // CHECK-NEXT: mcuf.reshape {{.*}} -> tensor<1x4xf32>
  // CHECK: mcuf.gather %arg0, %{{.*}} {axis = 1 : i64}
  func.func @gather(%x: tensor<1x5x4xf32>) -> (!onnxin.value, !onnxin.value) {
    %last = onnxin.constant dense<-1> : tensor<i64>
    %some = onnxin.constant dense<[0, 1, -1]> : tensor<3xi64>
    %row = onnxin.node "Gather"(%x, %last) {attrs = {axis = 1 : i64}} : (tensor<1x5x4xf32>, tensor<i64>) -> !onnxin.value
    %rows = onnxin.node "Gather"(%x, %some) {attrs = {axis = 1 : i64}} : (tensor<1x5x4xf32>, tensor<3xi64>) -> !onnxin.value
    return %row, %rows : !onnxin.value, !onnxin.value
  }

  // CHECK-LABEL: func @slices
  // CHECK: mcuf.slice %arg0 {sizes = array<i64: 3, 2>, starts = array<i64: 0, 4>, steps = array<i64: 1, -3>}
  // CHECK: mcuf.slice %arg0 {sizes = array<i64: 2, 6>, starts = array<i64: 1, 0>, steps = array<i64: 1, 1>}
  func.func @slices(%x: tensor<3x6xf32>) -> (!onnxin.value, !onnxin.value) {
    %start = onnxin.constant dense<-2> : tensor<1xi64>
    %end = onnxin.constant dense<-9223372036854775808> : tensor<1xi64>
    %axis = onnxin.constant dense<-1> : tensor<1xi64>
    %step = onnxin.constant dense<-3> : tensor<1xi64>
    %one = onnxin.constant dense<1> : tensor<1xi64>
    %max = onnxin.constant dense<9223372036854775807> : tensor<1xi64>
    %a = onnxin.node "Slice"(%x, %start, %end, %axis, %step) : (tensor<3x6xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> !onnxin.value
    %b = onnxin.node "Slice"(%x, %one, %max) : (tensor<3x6xf32>, tensor<1xi64>, tensor<1xi64>) -> !onnxin.value
    return %a, %b : !onnxin.value, !onnxin.value
  }

  // alpha goes into the weights, whose transposition is folded.
  // CHECK-LABEL: func @gemm
  // CHECK-DAG: %[[W:.*]] = mcuf.constant dense<{{\[}}[2.000000e+00, 6.000000e+00], [4.000000e+00, 8.000000e+00]]>
  // CHECK: mcuf.matmul %arg0, %[[W]]
  // CHECK-NEXT: mcuf.binary add
  func.func @gemm(%x: tensor<1x2xf32>) -> !onnxin.value {
    %w = onnxin.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
    %b = onnxin.constant dense<[1.0, 2.0]> : tensor<2xf32>
    %y = onnxin.node "Gemm"(%x, %w, %b) {attrs = {alpha = 2.0 : f32, transB = 1 : i64}} : (tensor<1x2xf32>, tensor<2x2xf32>, tensor<2xf32>) -> !onnxin.value
    return %y : !onnxin.value
  }

  // CHECK-LABEL: func @conv_same
  // CHECK: mcuf.conv {{.*}}pads = array<i64: 0, 0, 1, 1>{{.*}} -> tensor<1x1x3x3xf32>
  func.func @conv_same(%x: tensor<1x1x5x5xf32>) -> !onnxin.value {
    %w = onnxin.constant dense<1.0> : tensor<1x1x2x2xf32>
    %y = onnxin.node "Conv"(%x, %w) {attrs = {auto_pad = "SAME_UPPER", strides = array<i64: 2, 2>}} : (tensor<1x1x5x5xf32>, tensor<1x1x2x2xf32>) -> !onnxin.value
    return %y : !onnxin.value
  }

  // A missing optional operand; double precision constants are narrowed.
  // CHECK-LABEL: func @clip
  // CHECK: %[[HIGH:.*]] = mcuf.constant dense<6.000000e+00> : tensor<f32>
  // CHECK-NEXT: mcuf.binary min %arg0, %[[HIGH]]
  func.func @clip(%x: tensor<4xf32>) -> !onnxin.value {
    %none = onnxin.none
    %high = onnxin.constant dense<6.0> : tensor<f64>
    %y = onnxin.node "Clip"(%x, %none, %high) : (tensor<4xf32>, none, tensor<f64>) -> !onnxin.value
    return %y : !onnxin.value
  }

  // CHECK-LABEL: func @inference_forms
  // CHECK: mcuf.binary mul %arg0
  // CHECK-NEXT: mcuf.binary add
  // CHECK-NEXT: return
  func.func @inference_forms(%x: tensor<1x2x2x2xf32>) -> !onnxin.value {
    %one = onnxin.constant dense<[1.0, 2.0]> : tensor<2xf32>
    %y = onnxin.node "BatchNormalization"(%x, %one, %one, %one, %one) : (tensor<1x2x2x2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> !onnxin.value
    %z, %mask = onnxin.node "Dropout"(%y) : (!onnxin.value) -> (!onnxin.value, !onnxin.value)
    %w = onnxin.node "Identity"(%z) : (!onnxin.value) -> !onnxin.value
    return %w : !onnxin.value
  }

  // Index arithmetic on int64: all of it is constant.
  // CHECK-LABEL: func @indices
  // CHECK-NEXT: mcuf.constant dense<[0, 1, 2, 0, 1, 2, 0, 1, 2]> : tensor<9xi64>
  // CHECK-NEXT: return
  func.func @indices() -> !onnxin.value {
    %zero = onnxin.constant dense<0> : tensor<i64>
    %nine = onnxin.constant dense<9> : tensor<i64>
    %one = onnxin.constant dense<1> : tensor<i64>
    %three = onnxin.constant dense<3> : tensor<i64>
    %i = onnxin.node "Range"(%zero, %nine, %one) : (tensor<i64>, tensor<i64>, tensor<i64>) -> !onnxin.value
    %m = onnxin.node "Mod"(%i, %three) : (!onnxin.value, tensor<i64>) -> !onnxin.value
    return %m : !onnxin.value
  }
}

// -----

module attributes {onnxin.opset = 11 : i64} {
  // Before opset 13 the softmax goes over all dimensions from the axis on, and axes are attributes.
  // CHECK-LABEL: func @opset11
  // CHECK: mcuf.reshape %arg0 {shape = array<i64: 2, 12>}
  // CHECK-NEXT: mcuf.softmax {{.*}} {axis = 1 : i64} : (tensor<2x12xf32>)
  // CHECK-NEXT: mcuf.reshape {{.*}} -> tensor<2x3x4xf32>
  // CHECK-NEXT: mcuf.reduce mean {{.*}} {axes = array<i64: 2>, keep_dims = true} : {{.*}} -> tensor<2x3x1xf32>
  // CHECK-NEXT: mcuf.reshape {{.*}} -> tensor<2x3xf32>
  // CHECK-NEXT: mcuf.slice
  // CHECK-NEXT: mcuf.slice {{.*}} -> tensor<2x2xf32>
  func.func @opset11(%x: tensor<2x3x4xf32>) -> (!onnxin.value, !onnxin.value) {
    %s = onnxin.node "Softmax"(%x) : (tensor<2x3x4xf32>) -> !onnxin.value
    %m = onnxin.node "ReduceMean"(%s) {attrs = {axes = array<i64: -1>}} : (!onnxin.value) -> !onnxin.value
    %q = onnxin.node "Squeeze"(%m) {attrs = {axes = array<i64: -1>}} : (!onnxin.value) -> !onnxin.value
    %a, %b = onnxin.node "Split"(%q) {attrs = {axis = 1 : i64, split = array<i64: 1, 2>}} : (!onnxin.value) -> (!onnxin.value, !onnxin.value)
    return %a, %b : !onnxin.value, !onnxin.value
  }
}

// -----

module attributes {onnxin.opset = 20 : i64} {
  // Axes and part counts of newer opsets.
  // CHECK-LABEL: func @opset20
  // CHECK: mcuf.reduce mean %arg0 {axes = array<i64: 0>, keep_dims = false}
  // CHECK: mcuf.slice {{.*}} -> tensor<2xf32>
  // CHECK: mcuf.slice {{.*}} -> tensor<1xf32>
  // CHECK: mcuf.gelu {{.*}}approximate = true
  func.func @opset20(%x: tensor<2x3xf32>) -> (!onnxin.value, !onnxin.value) {
    %axes = onnxin.constant dense<0> : tensor<1xi64>
    %m = onnxin.node "ReduceMean"(%x, %axes) {attrs = {keepdims = 0 : i64}} : (tensor<2x3xf32>, tensor<1xi64>) -> !onnxin.value
    %a, %b = onnxin.node "Split"(%m) {attrs = {num_outputs = 2 : i64}} : (!onnxin.value) -> (!onnxin.value, !onnxin.value)
    %g = onnxin.node "Gelu"(%a) {attrs = {approximate = "tanh"}} : (!onnxin.value) -> !onnxin.value
    return %g, %b : !onnxin.value, !onnxin.value
  }
}
