#!/usr/bin/python3
"""Train a small vision transformer on drawn pictures, and write the sample.

The model has the form of DeiT and of timm's VisionTransformer: patches by a
strided convolution, a class token, learned positions, pre-norm blocks with
joint q, k and v, exact GELU. Every training picture is drawn afresh, so there
is no training set to keep and none to learn by heart.

Written beside this file, unless --out and --test-data say otherwise:

    shapes_vit.onnx      the model, opset 17
    calibration.npy      uint8 [64, 48, 48, 3], pictures to choose ranges from
    test_images.npy      uint8 [128, 48, 48, 3], pictures it was not trained on
    test_labels.npy      int32 [128]
    classes.txt          the names of the classes, one a line

and in test/data, for the project's tests:

    shapes_vit_opset13.onnx   the same model, opset 13
    shapes_logits_float.npy   float32 [128, 10], what PyTorch computes for
                              test_images.npy

Usage: /usr/bin/python3 train.py [--steps N] [--out DIR] [--test-data DIR]
Needs: Debian 12's python3-torch, python3-onnx and python3-numpy.
"""

import argparse
import math
import pathlib
import time

import numpy as np
import onnx
import torch
import torch.nn.functional as F
from torch import nn

import draw

WIDTH = 64
HEADS = 2
BLOCKS = 4
MLP_RATIO = 4
PATCH = 8

BATCH = 64
PEAK_RATE = 1.5e-3
WARM_UP_STEPS = 400
WEIGHT_DECAY = 0.05
LABEL_SMOOTHING = 0.05

# No two sets of pictures share a seed: batches count up from the first.
CALIBRATION_SEED = 1
TEST_SEED = 2
LARGE_TEST_SEED = 3
FIRST_TRAINING_SEED = 1000


# ---------------------------------------------------------------------------
# The model
# ---------------------------------------------------------------------------

class PatchEmbed(nn.Module):
    def __init__(self):
        super().__init__()
        self.proj = nn.Conv2d(3, WIDTH, kernel_size=PATCH, stride=PATCH)

    def forward(self, image):
        return self.proj(image).flatten(2).transpose(1, 2)


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.head_width = WIDTH // HEADS
        self.scale = self.head_width ** -0.5
        self.qkv = nn.Linear(WIDTH, 3 * WIDTH)
        self.proj = nn.Linear(WIDTH, WIDTH)

    def forward(self, x):
        batch, tokens, width = x.shape
        qkv = self.qkv(x).reshape(batch, tokens, 3, HEADS, self.head_width)
        q, k, v = qkv.permute(2, 0, 3, 1, 4).unbind(0)
        weights = ((q * self.scale) @ k.transpose(-2, -1)).softmax(dim=-1)
        x = (weights @ v).transpose(1, 2).reshape(batch, tokens, width)
        return self.proj(x)


class Mlp(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(WIDTH, MLP_RATIO * WIDTH)
        self.act = nn.GELU()
        self.fc2 = nn.Linear(MLP_RATIO * WIDTH, WIDTH)

    def forward(self, x):
        return self.fc2(self.act(self.fc1(x)))


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm1 = nn.LayerNorm(WIDTH, eps=1e-6)
        self.attn = Attention()
        self.norm2 = nn.LayerNorm(WIDTH, eps=1e-6)
        self.mlp = Mlp()

    def forward(self, x):
        x = x + self.attn(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class VisionTransformer(nn.Module):
    def __init__(self):
        super().__init__()
        tokens = 1 + (draw.SIZE // PATCH) ** 2
        self.patch_embed = PatchEmbed()
        self.cls_token = nn.Parameter(torch.zeros(1, 1, WIDTH))
        self.pos_embed = nn.Parameter(torch.zeros(1, tokens, WIDTH))
        self.blocks = nn.Sequential(*[Block() for _ in range(BLOCKS)])
        self.norm = nn.LayerNorm(WIDTH, eps=1e-6)
        self.head = nn.Linear(WIDTH, len(draw.CLASSES))
        nn.init.trunc_normal_(self.cls_token, std=0.02)
        nn.init.trunc_normal_(self.pos_embed, std=0.02)
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.xavier_uniform_(module.weight)
                nn.init.zeros_(module.bias)

    def forward(self, image):
        x = self.patch_embed(image)
        token = self.cls_token.expand(x.shape[0], -1, -1)
        x = torch.cat((token, x), dim=1) + self.pos_embed
        return self.head(self.norm(self.blocks(x))[:, 0])


# ---------------------------------------------------------------------------
# Training
# ---------------------------------------------------------------------------

def to_input(images):
    """uint8 [N, H, W, 3] to what the model takes: float NCHW in [-1, 1]."""
    images = torch.from_numpy(images).permute(0, 3, 1, 2).contiguous()
    return (images.float() / 255.0 - 0.5) / 0.5


def logits_of(model, images):
    """float32 [N, classes], one picture at a time as on the device."""
    model.eval()
    with torch.no_grad():
        logits = torch.cat([model(image[None]) for image in to_input(images)])
    model.train()
    return logits.numpy()


def accuracy(logits, labels):
    return float(np.mean(logits.argmax(axis=1) == labels))


def learning_rate(step, steps):
    """Up in a line, then down along half a cosine."""
    if step < WARM_UP_STEPS:
        return PEAK_RATE * (step + 1) / WARM_UP_STEPS
    done = (step - WARM_UP_STEPS) / max(1, steps - WARM_UP_STEPS)
    return PEAK_RATE * 0.5 * (1.0 + math.cos(math.pi * done))


def parameter_groups(model):
    """Weight decay for matrices, none for biases, gains and embeddings."""
    matrices, others = [], []
    for name, parameter in model.named_parameters():
        embedding = name in ("cls_token", "pos_embed")
        plain = parameter.dim() == 1 or embedding
        (others if plain else matrices).append(parameter)
    return [{"params": matrices, "weight_decay": WEIGHT_DECAY},
            {"params": others, "weight_decay": 0.0}]


def train(model, steps):
    optimizer = torch.optim.AdamW(parameter_groups(model), lr=PEAK_RATE)
    begun, mean_loss = time.time(), None
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step, steps)
        images, labels = draw.draw_set(BATCH, FIRST_TRAINING_SEED + step)
        loss = F.cross_entropy(model(to_input(images)),
                               torch.from_numpy(labels).long(),
                               label_smoothing=LABEL_SMOOTHING)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        value = loss.item()
        mean_loss = value if mean_loss is None \
            else 0.98 * mean_loss + 0.02 * value
        if step % 100 == 99:
            print(f"step {step + 1:5d} of {steps}  loss {mean_loss:.3f}  "
                  f"{time.time() - begun:5.0f} s", flush=True)


# ---------------------------------------------------------------------------
# Files
# ---------------------------------------------------------------------------

def export(model, path, opset):
    model.eval()
    size = draw.SIZE
    torch.onnx.export(model, torch.zeros(1, 3, size, size), str(path),
                      opset_version=opset, input_names=["image"],
                      output_names=["logits"])
    onnx.checker.check_model(onnx.load(str(path)), full_check=True)


def main():
    here = pathlib.Path(__file__).resolve().parent
    parser = argparse.ArgumentParser(
        description="Train the sample's vision transformer.")
    parser.add_argument("--steps", type=int, default=11000)
    parser.add_argument("--out", type=pathlib.Path, default=here)
    parser.add_argument("--test-data", type=pathlib.Path,
                        default=here.parents[1] / "test" / "data")
    options = parser.parse_args()

    torch.set_num_threads(1)
    torch.manual_seed(0)
    model = VisionTransformer()
    print(sum(p.numel() for p in model.parameters()), "parameters")
    train(model, options.steps)

    calibration, _ = draw.draw_set(64, CALIBRATION_SEED)
    images, labels = draw.draw_set(128, TEST_SEED)
    logits = logits_of(model, images)
    print(f"top-1 {accuracy(logits, labels):.4f} on {len(labels)} pictures")
    many, many_labels = draw.draw_set(5000, LARGE_TEST_SEED)
    many_logits = logits_of(model, many)
    print(f"top-1 {accuracy(many_logits, many_labels):.4f} on "
          f"{len(many_labels)} pictures")
    for label, name in enumerate(draw.CLASSES):
        own = many_labels == label
        print(f"  {name:12s} {accuracy(many_logits[own], label):.3f}")

    options.out.mkdir(parents=True, exist_ok=True)
    options.test_data.mkdir(parents=True, exist_ok=True)
    np.save(options.out / "calibration.npy", calibration)
    np.save(options.out / "test_images.npy", images)
    np.save(options.out / "test_labels.npy", labels)
    (options.out / "classes.txt").write_text("\n".join(draw.CLASSES) + "\n")
    np.save(options.test_data / "shapes_logits_float.npy", logits)
    export(model, options.out / "shapes_vit.onnx", 17)
    export(model, options.test_data / "shapes_vit_opset13.onnx", 13)


if __name__ == "__main__":
    main()
