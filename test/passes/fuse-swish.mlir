// RUN: mcuform-opt --mcuf-fuse-swish --split-input-file %s | FileCheck %s

// x * sigmoid(x), as torch writes SiLU.
// CHECK-LABEL: func @silu
// CHECK-NEXT: mcuf.swish %arg0 {slope = 1.000000e+00 : f32} :
// CHECK-NEXT: return
func.func @silu(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %0 = mcuf.unary sigmoid %x : (tensor<2x4xf32>) -> tensor<2x4xf32>
  %1 = mcuf.binary mul %x, %0 : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  return %1 : tensor<2x4xf32>
}

// -----

// sigmoid(1.702 x) * x, as CLIP writes QuickGELU.
// CHECK-LABEL: func @quick_gelu
// CHECK-NEXT: mcuf.swish %arg0 {slope = 1.702000e+00 : f32} :
// CHECK-NEXT: return
func.func @quick_gelu(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %slope = mcuf.constant dense<1.702> : tensor<f32> : tensor<f32>
  %0 = mcuf.binary mul %slope, %x : (tensor<f32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %1 = mcuf.unary sigmoid %0 : (tensor<2x4xf32>) -> tensor<2x4xf32>
  %2 = mcuf.binary mul %1, %x : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  return %2 : tensor<2x4xf32>
}

// -----

// x * min(max(x / 6 + 1 / 2, 0), 1), as HardSwish is legalized.
// CHECK-LABEL: func @hard_swish
// CHECK-NEXT: mcuf.hard_swish %arg0 :
// CHECK-NEXT: return
func.func @hard_swish(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %sixth = mcuf.constant dense<0.166666672> : tensor<f32> : tensor<f32>
  %half = mcuf.constant dense<0.5> : tensor<f32> : tensor<f32>
  %zero = mcuf.constant dense<0.0> : tensor<f32> : tensor<f32>
  %one = mcuf.constant dense<1.0> : tensor<f32> : tensor<f32>
  %0 = mcuf.binary mul %x, %sixth : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xf32>
  %1 = mcuf.binary add %0, %half : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xf32>
  %2 = mcuf.binary max %1, %zero : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xf32>
  %3 = mcuf.binary min %2, %one : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xf32>
  %4 = mcuf.binary mul %x, %3 : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  return %4 : tensor<2x4xf32>
}

// -----

// x * relu6(x + 3) / 6, as torch exports it below opset 14.
// CHECK-LABEL: func @relu6
// CHECK-NEXT: mcuf.hard_swish %arg0 :
// CHECK-NEXT: return
func.func @relu6(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %three = mcuf.constant dense<3.0> : tensor<f32> : tensor<f32>
  %six = mcuf.constant dense<6.0> : tensor<f32> : tensor<f32>
  %0 = mcuf.binary add %x, %three : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xf32>
  %1 = mcuf.binary min %0, %six : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xf32>
  %2 = mcuf.unary relu %1 : (tensor<2x4xf32>) -> tensor<2x4xf32>
  %3 = mcuf.binary mul %x, %2 : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %4 = mcuf.binary div %3, %six : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xf32>
  return %4 : tensor<2x4xf32>
}

// -----

// A sigmoid of something else, one that falls, a clamp at other places and a factor too many are none of them.
// CHECK-LABEL: func @others
// CHECK-NOT: swish
// CHECK: return
func.func @others(%x: tensor<2x4xf32>, %y: tensor<2x4xf32>) -> (tensor<2x4xf32>, tensor<2x4xf32>, tensor<2x4xf32>, tensor<2x4xf32>) {
  %minus = mcuf.constant dense<-1.0> : tensor<f32> : tensor<f32>
  %three = mcuf.constant dense<3.0> : tensor<f32> : tensor<f32>
  %five = mcuf.constant dense<5.0> : tensor<f32> : tensor<f32>
  %zero = mcuf.constant dense<0.0> : tensor<f32> : tensor<f32>
  %0 = mcuf.unary sigmoid %y : (tensor<2x4xf32>) -> tensor<2x4xf32>
  %1 = mcuf.binary mul %x, %0 : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %2 = mcuf.binary mul %x, %minus : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xf32>
  %3 = mcuf.unary sigmoid %2 : (tensor<2x4xf32>) -> tensor<2x4xf32>
  %4 = mcuf.binary mul %x, %3 : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %5 = mcuf.binary add %x, %three : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xf32>
  %6 = mcuf.binary max %5, %zero : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xf32>
  %7 = mcuf.binary min %6, %five : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xf32>
  %8 = mcuf.binary mul %x, %7 : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %9 = mcuf.binary div %8, %five : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xf32>
  %10 = mcuf.unary sigmoid %x : (tensor<2x4xf32>) -> tensor<2x4xf32>
  %11 = mcuf.binary mul %10, %three : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xf32>
  %12 = mcuf.binary mul %x, %11 : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  return %1, %4, %9, %12 : tensor<2x4xf32>, tensor<2x4xf32>, tensor<2x4xf32>, tensor<2x4xf32>
}
