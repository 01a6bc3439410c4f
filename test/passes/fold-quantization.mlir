// RUN: mcuform-opt --mcuf-fold-quantization --split-input-file %s | FileCheck %s

// A range around zero: it stands where the value is made, here at the argument, less the zero point.
// CHECK-LABEL: func @centred
// CHECK-SAME: %arg0: tensor<2x4xf32> {mcuf.file_range = {high = 143 : i64, low = -112 : i64, scale = 5.000000e-02 : f32}}
// CHECK-NOT: mcuf.cast
// CHECK: return %arg0
func.func @centred(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %scale = mcuf.constant dense<0.05> : tensor<f32> : tensor<f32>
  %zero = mcuf.constant dense<112.0> : tensor<f32> : tensor<f32>
  %low = mcuf.constant dense<0.0> : tensor<f32> : tensor<f32>
  %high = mcuf.constant dense<255.0> : tensor<f32> : tensor<f32>
  %0 = mcuf.binary div %x, %scale : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xf32>
  %1 = mcuf.unary round %0 : (tensor<2x4xf32>) -> tensor<2x4xf32>
  %2 = mcuf.binary add %1, %zero : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xf32>
  %3 = mcuf.binary max %2, %low : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xf32>
  %4 = mcuf.binary min %3, %high : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xf32>
  %5 = mcuf.cast %4 {to = ui8} : (tensor<2x4xf32>) -> tensor<2x4xui8>
  %6 = mcuf.cast %5 {to = f32} : (tensor<2x4xui8>) -> tensor<2x4xf32>
  %7 = mcuf.binary sub %6, %zero : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xf32>
  %8 = mcuf.binary mul %7, %scale : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xf32>
  return %8 : tensor<2x4xf32>
}

// -----

// A range from zero does the work of a ReLU, which stays.
// CHECK-LABEL: func @relu
// CHECK: %[[SUM:.*]] = mcuf.binary sub
// CHECK: %[[RELU:.*]] = mcuf.unary relu %[[SUM]] {mcuf.file_range = {high = 255 : i64, low = 0 : i64, scale = 5.000000e-02 : f32}}
// CHECK: return %[[RELU]]
func.func @relu(%x: tensor<2x4xf32>, %y: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %scale = mcuf.constant dense<0.05> : tensor<f32> : tensor<f32>
  %low = mcuf.constant dense<0.0> : tensor<f32> : tensor<f32>
  %high = mcuf.constant dense<255.0> : tensor<f32> : tensor<f32>
  %sum = mcuf.binary sub %x, %y : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %0 = mcuf.binary div %sum, %scale : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xf32>
  %1 = mcuf.unary round %0 : (tensor<2x4xf32>) -> tensor<2x4xf32>
  %2 = mcuf.binary max %1, %low : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xf32>
  %3 = mcuf.binary min %2, %high : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xf32>
  %4 = mcuf.cast %3 {to = ui8} : (tensor<2x4xf32>) -> tensor<2x4xui8>
  %5 = mcuf.cast %4 {to = f32} : (tensor<2x4xui8>) -> tensor<2x4xf32>
  %6 = mcuf.binary mul %5, %scale : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xf32>
  return %6 : tensor<2x4xf32>
}

// -----

// What is not negative anyway needs none: a square.
// CHECK-LABEL: func @square
// CHECK: %[[SQUARE:.*]] = mcuf.binary mul %arg0, %arg0
// CHECK-NOT: relu
// CHECK: return %[[SQUARE]]
func.func @square(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %scale = mcuf.constant dense<0.05> : tensor<f32> : tensor<f32>
  %zero = mcuf.constant dense<-128.0> : tensor<f32> : tensor<f32>
  %high = mcuf.constant dense<127.0> : tensor<f32> : tensor<f32>
  %square = mcuf.binary mul %x, %x : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %0 = mcuf.binary div %square, %scale : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xf32>
  %1 = mcuf.unary round %0 : (tensor<2x4xf32>) -> tensor<2x4xf32>
  %2 = mcuf.binary add %1, %zero : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xf32>
  %3 = mcuf.binary max %2, %zero : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xf32>
  %4 = mcuf.binary min %3, %high : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xf32>
  %5 = mcuf.cast %4 {to = i8} : (tensor<2x4xf32>) -> tensor<2x4xi8>
  %6 = mcuf.cast %5 {to = f32} : (tensor<2x4xi8>) -> tensor<2x4xf32>
  %7 = mcuf.binary sub %6, %zero : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xf32>
  %8 = mcuf.binary mul %7, %scale : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xf32>
  return %8 : tensor<2x4xf32>
}

// -----

// Another scale on the way back is another factor: left alone.
// CHECK-LABEL: func @other_scale
// CHECK: mcuf.unary round
// CHECK: mcuf.cast
func.func @other_scale(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %scale = mcuf.constant dense<0.05> : tensor<f32> : tensor<f32>
  %other = mcuf.constant dense<0.06> : tensor<f32> : tensor<f32>
  %low = mcuf.constant dense<-128.0> : tensor<f32> : tensor<f32>
  %high = mcuf.constant dense<127.0> : tensor<f32> : tensor<f32>
  %0 = mcuf.binary div %x, %scale : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xf32>
  %1 = mcuf.unary round %0 : (tensor<2x4xf32>) -> tensor<2x4xf32>
  %2 = mcuf.binary max %1, %low : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xf32>
  %3 = mcuf.binary min %2, %high : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xf32>
  %4 = mcuf.cast %3 {to = i8} : (tensor<2x4xf32>) -> tensor<2x4xi8>
  %5 = mcuf.cast %4 {to = f32} : (tensor<2x4xi8>) -> tensor<2x4xf32>
  %6 = mcuf.binary mul %5, %other : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xf32>
  return %6 : tensor<2x4xf32>
}

// -----

// What others read unrounded gets no range.
// CHECK-LABEL: func @read_unrounded
// CHECK-NOT: mcuf.file_range
// CHECK: %[[SUM:.*]] = mcuf.binary add
// CHECK: return %[[SUM]], %[[SUM]]
func.func @read_unrounded(%x: tensor<2x4xf32>, %y: tensor<2x4xf32>) -> (tensor<2x4xf32>, tensor<2x4xf32>) {
  %scale = mcuf.constant dense<0.05> : tensor<f32> : tensor<f32>
  %low = mcuf.constant dense<-128.0> : tensor<f32> : tensor<f32>
  %high = mcuf.constant dense<127.0> : tensor<f32> : tensor<f32>
  %sum = mcuf.binary add %x, %y : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %0 = mcuf.binary div %sum, %scale : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xf32>
  %1 = mcuf.unary round %0 : (tensor<2x4xf32>) -> tensor<2x4xf32>
  %2 = mcuf.binary max %1, %low : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xf32>
  %3 = mcuf.binary min %2, %high : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xf32>
  %4 = mcuf.cast %3 {to = i8} : (tensor<2x4xf32>) -> tensor<2x4xi8>
  %5 = mcuf.cast %4 {to = f32} : (tensor<2x4xi8>) -> tensor<2x4xf32>
  %6 = mcuf.binary mul %5, %scale : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xf32>
  return %sum, %6 : tensor<2x4xf32>, tensor<2x4xf32>
}
