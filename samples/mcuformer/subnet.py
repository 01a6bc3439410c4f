"""MCUFormer subnets: configurations, weights, and what they compute, in NumPy.

A subnet is a pre-norm vision transformer whose block linears are chains of two or three factors with nothing in between, with heads and MLP
ratio of their own in each block and 2-D relative positions in attention. `forward` is the definition that exported graphs are compared with.
"""

from dataclasses import dataclass, field

import numpy as np

HEAD_WIDTH = 64
# Distances of rows and columns are clipped to this; entry 0 of a table is the class token's.
MAX_DISTANCE = 14
TABLE_ROWS = 2 * MAX_DISTANCE + 2
LAYER_NORM_EPSILON = 1e-5


@dataclass
class Subnet:
    """One point of the search space. Lists have an entry for each block."""

    image: int = 240
    patch: int = 20
    padding: int = 0
    channels: int = 3
    width: int = 192
    heads: list = field(default_factory=lambda: [3] * 12)
    mlp_ratios: list = field(default_factory=lambda: [4.0] * 12)
    # Of the factors' widths, in attention and in the MLP.
    rank_ratio: float = 0.9
    mlp_rank_ratio: float = 0.9
    # The attention rank is a part of this width, which can exceed the subnet's own.
    supernet_width: int = 256
    # 3, or 2 without the middle factor and with a dense projection.
    factors: int = 3
    relative: bool = True
    pool: str = "mean"  # of all tokens but the class token; or "cls"
    classes: int = 1000

    def __post_init__(self):
        if len(self.heads) != len(self.mlp_ratios):
            raise ValueError("%d blocks have heads, %d an MLP ratio" % (len(self.heads), len(self.mlp_ratios)))
        if (self.image + 2 * self.padding) % self.patch:
            raise ValueError("patches of %d do not tile %d + 2 * %d" % (self.patch, self.image, self.padding))
        if self.factors not in (2, 3) or self.pool not in ("mean", "cls"):
            raise ValueError("factors are 2 or 3, pool is mean or cls")

    @property
    def grid(self):
        return (self.image + 2 * self.padding) // self.patch

    @property
    def tokens(self):
        return self.grid ** 2 + 1

    def hidden(self, block):
        return int(self.width * self.mlp_ratios[block])

    def chain(self, inputs, outputs, rank):
        """Sizes [outputs, inputs] of the factors between `inputs` and `outputs`, the one that is applied first in front."""
        middle = [(rank, rank)] if self.factors == 3 else []
        return [(rank, inputs)] + middle + [(outputs, rank)]

    def linears(self, block):
        """The chains of one block by name, as (outputs, inputs) of each factor."""
        inner = HEAD_WIDTH * self.heads[block]
        rank = int(self.supernet_width * self.rank_ratio)
        mlp_rank = int(min(self.width, self.hidden(block)) * self.mlp_rank_ratio)
        projection = self.chain(inner, self.width, rank) if self.factors == 3 else [(self.width, inner)]
        return {
            "qkv": self.chain(self.width, 3 * inner, rank),
            "proj": projection,
            "fc1": self.chain(self.width, self.hidden(block), mlp_rank),
            "fc2": self.chain(self.hidden(block), self.width, mlp_rank),
        }

    def macs(self, dense=False):
        """Multiply-accumulates of the linears for one image, as written or with every chain multiplied out."""
        total = self.grid ** 2 * self.width * self.channels * self.patch ** 2
        for block in range(len(self.heads)):
            for factors in self.linears(block).values():
                sizes = [(factors[-1][0], factors[0][1])] if dense else factors
                total += self.tokens * sum(outputs * inputs for outputs, inputs in sizes)
        return total


def make_weights(net, seed):
    """Random weights by name, of sizes that keep activations near 1."""
    rng = np.random.default_rng(seed)

    def normal(shape, deviation, mean=0.0):
        return (mean + deviation * rng.standard_normal(shape)).astype(np.float32)

    weights = {
        "patch.weight": normal((net.width, net.channels, net.patch, net.patch), (net.channels * net.patch ** 2) ** -0.5),
        "patch.bias": normal(net.width, 0.02),
        "cls": normal((1, 1, net.width), 0.5),
        "position": normal((1, net.tokens, net.width), 0.2),
        "norm.gamma": normal(net.width, 0.1, 1.0),
        "norm.beta": normal(net.width, 0.1),
        "head.weight": normal((net.classes, net.width), net.width ** -0.5),
        "head.bias": normal(net.classes, 0.02),
    }
    for block in range(len(net.heads)):
        name = "blocks.%d." % block
        for norm in ("norm1", "norm2"):
            weights[name + norm + ".gamma"] = normal(net.width, 0.1, 1.0)
            weights[name + norm + ".beta"] = normal(net.width, 0.1)
        for linear, factors in net.linears(block).items():
            for index, (outputs, inputs) in enumerate(factors):
                weights["%s%s.%d" % (name, linear, index)] = normal((outputs, inputs), inputs ** -0.5)
            weights[name + linear + ".bias"] = normal(factors[-1][0], 0.02)
        for table in ("k_rows", "k_columns", "v_rows", "v_columns"):
            weights[name + table] = normal((TABLE_ROWS, HEAD_WIDTH), 0.1)
    return weights


def erf(x):
    """The error function to 1e-9: a Taylor series near zero, a continued fraction of the tail beyond."""
    x = np.asarray(x, np.float64)
    magnitude = np.minimum(np.abs(x), 6.0)
    small = np.minimum(magnitude, 2.5)
    term, series = small.copy(), small.copy()
    for n in range(1, 60):
        term = -term * small * small / n
        series += term / (2 * n + 1)
    fraction = np.zeros_like(magnitude)
    for n in range(60, 0, -1):
        fraction = 0.5 * n / (np.maximum(magnitude, 2.5) + fraction)
    tail = np.exp(-magnitude ** 2) / (np.sqrt(np.pi) * (np.maximum(magnitude, 2.5) + fraction))
    return np.sign(x) * np.where(magnitude <= 2.5, 2 / np.sqrt(np.pi) * series, 1 - tail)


def softmax(x):
    powers = np.exp(x - x.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


def relative_indices(grid):
    """[tokens, tokens] of table rows, for distances of rows and of columns; 0 where the class token is one of the two."""
    positions = np.arange(grid * grid)

    def indices(coordinate):
        distance = np.clip(coordinate[None, :] - coordinate[:, None], -MAX_DISTANCE, MAX_DISTANCE)
        return np.pad(distance + MAX_DISTANCE + 1, ((1, 0), (1, 0)))
    return indices(positions // grid), indices(positions % grid)


def forward(net, weights, images):
    """Logits [N, classes] of images [N, channels, height, width], in double precision."""
    w = {name: np.asarray(value, np.float64) for name, value in weights.items()}

    def norm(x, name):
        centered = x - x.mean(-1, keepdims=True)
        return centered / np.sqrt((centered ** 2).mean(-1, keepdims=True) + LAYER_NORM_EPSILON) * w[name + ".gamma"] + w[name + ".beta"]

    def chain(x, name):
        index = 0
        while "%s.%d" % (name, index) in w:
            x = x @ w["%s.%d" % (name, index)].T
            index += 1
        return x + w[name + ".bias"]

    def block(x, number):
        name, heads, tokens = "blocks.%d." % number, net.heads[number], net.tokens
        q, k, v = chain(norm(x, name + "norm1"), name + "qkv").reshape(tokens, 3, heads, HEAD_WIDTH).transpose(1, 2, 0, 3)
        scores = q @ k.transpose(0, 2, 1)
        rows, columns = relative_indices(net.grid)
        if net.relative:
            scores = scores + np.einsum("htd,tsd->hts", q, w[name + "k_rows"][rows] + w[name + "k_columns"][columns])
        probabilities = softmax(scores * HEAD_WIDTH ** -0.5)
        context = probabilities @ v
        if net.relative:
            context = context + np.einsum("hts,tsd->htd", probabilities, w[name + "v_rows"][rows] + w[name + "v_columns"][columns])
        x = x + chain(context.transpose(1, 0, 2).reshape(tokens, heads * HEAD_WIDTH), name + "proj")
        hidden = chain(norm(x, name + "norm2"), name + "fc1")
        return x + chain(hidden * 0.5 * (1 + erf(hidden / np.sqrt(2))), name + "fc2")

    logits = []
    for image in np.asarray(images, np.float64):
        padded = np.pad(image, ((0, 0), (net.padding,) * 2, (net.padding,) * 2))
        patches = padded.reshape(net.channels, net.grid, net.patch, net.grid, net.patch).transpose(1, 3, 0, 2, 4).reshape(net.grid ** 2, -1)
        x = patches @ w["patch.weight"].reshape(net.width, -1).T + w["patch.bias"]
        x = np.concatenate([w["cls"][0], x]) + w["position"][0]
        for number in range(len(net.heads)):
            x = block(x, number)
        x = norm(x, "norm")
        x = x[1:].mean(0) if net.pool == "mean" else x[0]
        logits.append(x @ w["head.weight"].T + w["head.bias"])
    return np.array(logits)
