#!/usr/bin/python3
"""Prints a vision transformer as integer mcuf operators, with made-up weights: what quantization would hand to scheduling.

make_vit.py [--image H,W,C] [--patch P] [--pads T,L,B,R] [--width D] [--heads H] [--hidden F] [--blocks L] [--units N] [--pool cls|mean] [--no-prefix] [--splat]

Weights are drawn from a generator with a fixed seed; --splat repeats one value instead, which keeps the text small for large networks. Every operator has a
location that names made-up ONNX nodes. Scales are chosen so that activations keep away from saturation.
"""
import argparse
import random

parser = argparse.ArgumentParser()
parser.add_argument("--image", default="20,24,3")
parser.add_argument("--patch", type=int, default=4)
parser.add_argument("--pads", default="0,0,0,0")
parser.add_argument("--width", type=int, default=16)
parser.add_argument("--heads", type=int, default=2)
parser.add_argument("--hidden", type=int, default=48)
parser.add_argument("--blocks", type=int, default=2)
parser.add_argument("--units", type=int, default=10)
parser.add_argument("--pool", choices=["cls", "mean"], default="cls")
parser.add_argument("--no-prefix", action="store_true")
parser.add_argument("--splat", action="store_true")
args = parser.parse_args()
height, width, channels = (int(x) for x in args.image.split(","))
rng = random.Random(1)

body, locs = [], []
top, left, bottom, right = (int(x) for x in args.pads.split(","))
patches = ((height + top + bottom) // args.patch) * ((width + left + right) // args.patch)
pads = f", pads = array<i64: {top}, {left}, {bottom}, {right}>, pad_value = 114 : i64" if top + left + bottom + right else ""
prefix = 0 if args.no_prefix else 1
tokens = patches + prefix
depth = args.patch * args.patch * channels
D = args.width

RES = "!quant.uniform<i16:f32, 1.000000e-03>"


def q16(scale):
    return f"!quant.uniform<i16:f32, {scale:e}>"


def loc(*names):
    inner = ", ".join(f'"{n}"' for n in names)
    locs.append(f"#loc{len(locs)} = loc(fused[{inner}])" if len(names) > 1 else f"#loc{len(locs)} = loc({inner})")
    return f" loc(#loc{len(locs) - 1})"


def emit(text, where=""):
    body.append("    " + text + where)


def constant(name, shape, element, low, high):
    kind = "x".join(map(str, shape)) + "x" + element
    bits = int(element[1:])
    if args.splat:
        value = str(rng.randint(low, high))
    else:
        count = 1
        for size in shape:
            count *= size
        value = '"0x' + b"".join(rng.randint(low, high).to_bytes(bits // 8, "little", signed=True) for _ in range(count)).hex().upper() + '"'
    emit(f"%{name} = mcuf.constant dense<{value}> : tensor<{kind}> : tensor<{kind}>")
    return f"%{name}", f"tensor<{kind}>"


def linear(op, name, source, source_type, units, result_type, where, extra="", gain=1.0):
    inner = int(source_type.split("x")[-2])
    w, wt = constant(name + "_w", [units, inner], "i8", -127, 127)
    b, bt = constant(name + "_b", [units], "i32", -20000, 20000)
    # The accumulator grows with the root of the depth; the rows keep about the size of the input's.
    mult = int(gain * 2**32 / (75 * inner**0.5))
    m, mt = constant(name + "_m", [units], "i32", mult * 3 // 4, mult)
    operands, types = [source, w, b, m], [source_type, wt, bt, mt]
    text = ", ".join(operands)
    if op == "q_linear_add":
        text += f" residual {extra}"
        types.append(result_type)
        extra = ""
    emit(f"%{name} = mcuf.{op} {text}{extra} : ({', '.join(types)}) -> {result_type}", where)
    return f"%{name}", result_type


X = f"tensor<1x{tokens}x{D}x{RES}>"
image = f"tensor<{height}x{width}x{channels}xui8>"
w, wt = constant("embed_w", [D, depth], "i8", -127, 127)
b, bt = constant("embed_b", [D], "i32", -200000, 200000)
m, mt = constant("embed_m", [D], "i32", 2**32 // 40000, 2**32 // 30000)
p, pt = constant("position", [patches, D], "i16", -500, 500)
clause, types = f"position {p}", [image, wt, bt, mt, pt]
if prefix:
    c, ct = constant("cls", [prefix, D], "i16", -500, 500)
    clause += f" prefix {c}"
    types.append(ct)
emit(f"%x = mcuf.q_patch_embed %image, {w}, {b}, {m} {clause} {{patch_height = {args.patch} : i64, patch_width = {args.patch} : i64{pads}}}"
     f" : ({', '.join(types)}) -> {X}", loc("/patch_embed/proj/Conv", "/Concat", "/Add"))
f, ft = constant("factor", [D], "i16", 1, 1)


def norm(name, source, where):
    result = f"tensor<1x{tokens}x{D}x{q16(2**-12)}>"
    emit(f"%{name} = mcuf.q_layer_norm {source}, {f} {{epsilon = {D * D} : i64, out_shift = 12 : i64}} : ({X}, {ft}) -> {result}", where)
    return f"%{name}", result


x = "%x"
K8 = f"tensor<1x{tokens}x{D}x!quant.uniform<i8:f32, 1.000000e+00>>"
for i in range(args.blocks):
    node = f"/blocks/blocks.{i}"
    n, nt = norm(f"n1_{i}", x, loc(f"{node}/norm1/LayerNormalization"))
    at = (f"{node}/attn/qkv/MatMul", f"{node}/attn/qkv/Add")
    q, qt = linear("q_linear", f"q_{i}", n, nt, D, f"tensor<1x{tokens}x{D}x{q16(2**-12)}>", loc(*at))
    k, kt = linear("q_linear", f"k_{i}", n, nt, D, K8, loc(*at), gain=2**-7)
    v, vt = linear("q_linear", f"v_{i}", n, nt, D, K8, loc(*at), gain=2**-7)
    s, st = constant(f"s_{i}", [args.heads], "i32", 2**22, 2**23)
    ct = f"tensor<1x{tokens}x{D}x{q16(2**-8)}>"
    emit(f"%c_{i} = mcuf.q_attention {q}, {k}, {v}, {s} {{num_heads = {args.heads} : i64}} : ({qt}, {kt}, {vt}, {st}) -> {ct}",
         loc(f"{node}/attn/MatMul", f"{node}/attn/Softmax", f"{node}/attn/MatMul_1"))
    x, _ = linear("q_linear_add", f"a_{i}", f"%c_{i}", ct, D, X, loc(f"{node}/attn/proj/MatMul", f"{node}/attn/proj/Add", f"{node}/Add"), x)
    n, nt = norm(f"n2_{i}", x, loc(f"{node}/norm2/LayerNormalization"))
    h, ht = linear("q_linear_activation", f"h_{i}", n, nt, args.hidden, f"tensor<1x{tokens}x{args.hidden}x{q16(2**-10)}>",
                   loc(f"{node}/mlp/fc1/MatMul", f"{node}/mlp/fc1/Add", f"{node}/mlp/act/Mul"),
                   f" {{index_mult = {2**22} : i64, delta_mult = {2**24} : i64}}", gain=0.25)
    x, _ = linear("q_linear_add", f"m_{i}", h, ht, D, X, loc(f"{node}/mlp/fc2/MatMul", f"{node}/mlp/fc2/Add", f"{node}/Add_1"), x)

n, nt = norm("n", x, loc("/norm/LayerNormalization"))
rt = f"tensor<1x{D}x{q16(2**-12)}>"
if args.pool == "mean":
    emit(f"%row = mcuf.q_mean_rows {n} {{first_row = {prefix} : i64, row_count = {patches} : i64, mult = {round(2**32 / patches)} : i64}} : ({nt}) -> {rt}",
         loc("/pool/ReduceMean"))
else:
    st = f"tensor<1x1x{D}x{q16(2**-12)}>"
    emit(f"%sliced = mcuf.slice {n} {{starts = array<i64: 0, 0, 0>, sizes = array<i64: 1, 1, {D}>, steps = array<i64: 1, 1, 1>}} : ({nt}) -> {st}", loc("/Gather"))
    emit(f"%row = mcuf.reshape %sliced {{shape = array<i64: 1, {D}>}} : ({st}) -> {rt}", loc("/Gather"))
out = f"tensor<1x{args.units}x{q16(2**-9)}>"
linear("q_linear", "logits", "%row", rt, args.units, out, loc("/head/Gemm"))

print(f"""module attributes {{mcuf.model_name = "small vit", mcuf.parameters = 12345 : i64, onnxin.sha256 = "{'0' * 64}",
    mcuf.quantization = {{residual_bits = 16 : i64, residual_scale = 1.000000e-03 : f32, scheme = "int8 weights"}}}} {{
  func.func @main(%image: {image} {{mcuf.mean = array<f32: 0.5, 0.5, 0.5>, mcuf.std = array<f32: 0.25, 0.25, 0.25>}}) -> {out} {{""")
print("\n".join(body))
print(f"    return %logits : {out}\n  }}\n}}")
print("\n".join(locs))
