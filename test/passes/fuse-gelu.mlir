// RUN: mcuform-opt --mcuf-fuse-gelu --split-input-file %s | FileCheck %s

// x * (1 + erf(x / sqrt 2)) * 0.5, as torch writes it.
// CHECK-LABEL: func @torch
// CHECK-NEXT: mcuf.gelu %arg0 :
// CHECK-NEXT: return
func.func @torch(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %root = mcuf.constant dense<1.41421354> : tensor<f32> : tensor<f32>
  %one = mcuf.constant dense<1.0> : tensor<f32> : tensor<f32>
  %half = mcuf.constant dense<0.5> : tensor<f32> : tensor<f32>
  %0 = mcuf.binary div %x, %root : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xf32>
  %1 = mcuf.unary erf %0 : (tensor<2x4xf32>) -> tensor<2x4xf32>
  %2 = mcuf.binary add %1, %one : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xf32>
  %3 = mcuf.binary mul %x, %2 : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %4 = mcuf.binary mul %3, %half : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xf32>
  return %4 : tensor<2x4xf32>
}

// -----

// (0.5 x) * (erf(0.7071 x) + 1), all operands the other way round.
// CHECK-LABEL: func @reversed
// CHECK-NEXT: mcuf.gelu %arg0 :
// CHECK-NEXT: return
func.func @reversed(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %root = mcuf.constant dense<0.707106769> : tensor<f32> : tensor<f32>
  %one = mcuf.constant dense<1.0> : tensor<1xf32> : tensor<1xf32>
  %half = mcuf.constant dense<0.5> : tensor<f32> : tensor<f32>
  %0 = mcuf.binary mul %root, %x : (tensor<f32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %1 = mcuf.unary erf %0 : (tensor<2x4xf32>) -> tensor<2x4xf32>
  %2 = mcuf.binary add %one, %1 : (tensor<1xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %3 = mcuf.binary mul %half, %x : (tensor<f32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %4 = mcuf.binary mul %2, %3 : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  return %4 : tensor<2x4xf32>
}

// -----

// x * (0.5 + 0.5 erf(...)), where x is a product itself.
// CHECK-LABEL: func @distributed
// CHECK: %[[X:.*]] = mcuf.binary mul %arg0, %arg0
// CHECK-NEXT: mcuf.gelu %[[X]]
// CHECK-NEXT: return
func.func @distributed(%a: tensor<4xf32>) -> tensor<4xf32> {
  %root = mcuf.constant dense<1.41421354> : tensor<f32> : tensor<f32>
  %half = mcuf.constant dense<0.5> : tensor<f32> : tensor<f32>
  %x = mcuf.binary mul %a, %a : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %0 = mcuf.binary div %x, %root : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %1 = mcuf.unary erf %0 : (tensor<4xf32>) -> tensor<4xf32>
  %2 = mcuf.binary mul %1, %half : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %3 = mcuf.binary add %2, %half : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %4 = mcuf.binary mul %3, %x : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return %4 : tensor<4xf32>
}

// -----

// 0.5 x (1 + tanh(0.79788 (x + 0.044715 x^3))), the cube as a power.
// CHECK-LABEL: func @tanh_power
// CHECK-NEXT: mcuf.gelu %arg0 {approximate = true}
// CHECK-NEXT: return
func.func @tanh_power(%x: tensor<4xf32>) -> tensor<4xf32> {
  %three = mcuf.constant dense<3.0> : tensor<f32> : tensor<f32>
  %c = mcuf.constant dense<0.044715> : tensor<f32> : tensor<f32>
  %s = mcuf.constant dense<0.7978846> : tensor<f32> : tensor<f32>
  %one = mcuf.constant dense<1.0> : tensor<f32> : tensor<f32>
  %half = mcuf.constant dense<0.5> : tensor<f32> : tensor<f32>
  %0 = mcuf.binary pow %x, %three : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %1 = mcuf.binary mul %0, %c : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %2 = mcuf.binary add %x, %1 : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %3 = mcuf.binary mul %2, %s : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %4 = mcuf.unary tanh %3 : (tensor<4xf32>) -> tensor<4xf32>
  %5 = mcuf.binary add %4, %one : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %6 = mcuf.binary mul %x, %half : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %7 = mcuf.binary mul %6, %5 : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return %7 : tensor<4xf32>
}

// -----

// The same with x factored out: 0.79788 x (1 + 0.044715 x x).
// CHECK-LABEL: func @tanh_factored
// CHECK-NEXT: mcuf.gelu %arg0 {approximate = true}
// CHECK-NEXT: return
func.func @tanh_factored(%x: tensor<4xf32>) -> tensor<4xf32> {
  %c = mcuf.constant dense<0.044715> : tensor<f32> : tensor<f32>
  %s = mcuf.constant dense<0.7978846> : tensor<f32> : tensor<f32>
  %one = mcuf.constant dense<1.0> : tensor<f32> : tensor<f32>
  %half = mcuf.constant dense<0.5> : tensor<f32> : tensor<f32>
  %0 = mcuf.binary mul %x, %x : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %1 = mcuf.binary mul %0, %c : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %2 = mcuf.binary add %1, %one : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %3 = mcuf.binary mul %x, %s : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %4 = mcuf.binary mul %3, %2 : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %5 = mcuf.unary tanh %4 : (tensor<4xf32>) -> tensor<4xf32>
  %6 = mcuf.binary add %one, %5 : (tensor<f32>, tensor<4xf32>) -> tensor<4xf32>
  %7 = mcuf.binary mul %x, %6 : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %8 = mcuf.binary mul %half, %7 : (tensor<f32>, tensor<4xf32>) -> tensor<4xf32>
  return %8 : tensor<4xf32>
}

// -----

// Another slope, another operand, another scale: no GELU.
// CHECK-LABEL: func @not_gelu
// CHECK-NOT: mcuf.gelu
func.func @not_gelu(%x: tensor<4xf32>, %y: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) {
  %root = mcuf.constant dense<1.41421354> : tensor<f32> : tensor<f32>
  %other = mcuf.constant dense<1.5> : tensor<f32> : tensor<f32>
  %one = mcuf.constant dense<1.0> : tensor<f32> : tensor<f32>
  %half = mcuf.constant dense<0.5> : tensor<f32> : tensor<f32>
  %0 = mcuf.binary div %x, %other : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %1 = mcuf.unary erf %0 : (tensor<4xf32>) -> tensor<4xf32>
  %2 = mcuf.binary add %1, %one : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %3 = mcuf.binary mul %x, %2 : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %slope = mcuf.binary mul %3, %half : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %4 = mcuf.binary div %x, %root : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %5 = mcuf.unary erf %4 : (tensor<4xf32>) -> tensor<4xf32>
  %6 = mcuf.binary add %5, %one : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %7 = mcuf.binary mul %y, %6 : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %operand = mcuf.binary mul %7, %half : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %8 = mcuf.binary mul %x, %6 : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return %slope, %operand, %8 : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
}
