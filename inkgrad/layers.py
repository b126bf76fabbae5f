"""Three layers of tinygrad.nn, and what pools, with their gradients written out, which halves the time of training."""

from typing import TypeVar

from tinygrad import Tensor, function, nn
from tinygrad.helpers import TRAINING
from tinygrad.uop.ops import Ops, UOp

from inkgrad import products

Array = TypeVar("Array", Tensor, UOp)


def _convolution_gradient(g: UOp, call: UOp) -> tuple[UOp | None, ...]:
    """The gradients of a valid convolution's input [B, C, H, W], weight [O, C, K, K] and bias from its output's, g.

    Two more convolutions, channels last. What tinygrad 0.14 derives by itself goes back through the sliding window, a
    padded sum under masks, and sums the weight's gradient over all images in an order that leaves the cache for every
    few weights. Delete when tinygrad does better.
    """
    x, w, _, *made = call.src[1:]
    margin = w.shape[-1] - 1
    laid = channels_last if products.on_cpu(g) else stored
    x, g, turned = laid(x), laid(g), laid(w.flip((2, 3)).transpose(0, 1))
    dx = laid(products.convolution(laid(g.pad((margin,) * 4)), turned))
    return dx, products.weight_gradient(x, g), _channel_sum(g), *(None for _ in made)


def whole(x: Tensor) -> Tensor:
    """x in a buffer that holds it alone; as it is where it has one, reshaped or not, which tinygrad 0.14 would copy."""
    uop = x.uop
    while uop.op is Ops.RESHAPE:
        uop = uop.src[0]
    return x if uop.op is Ops.CONTIGUOUS else x.contiguous()


def channels_last(x: Array) -> Array:
    """Maps [B, C, H, W], realised so that the channels of a place lie side by side."""
    return x.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2)


def stored(x: Array) -> Array:
    """Maps [B, C, H, W], on a GPU realised place by place, there image by image, channels side by side; others as is.

    A tensor core's tile is then of images and channels: eight or sixteen divide them, and of a row of 20 places or a
    window of 5 tinygrad pads more than half. Also of what several kernels read, because the scheduler realises that by
    itself, in the order of its axes. What that gives a step: bench/README.md.
    """
    if not _are_laid(x):
        return x
    uop = x.uop if isinstance(x, Tensor) else x
    if uop.op is Ops.PERMUTE and uop.src[0].op is Ops.CONTIGUOUS:
        return x  # It lies so.
    return x.permute(2, 3, 0, 1).contiguous().permute(2, 3, 0, 1)


def _are_laid(x: Array) -> bool:
    """Whether x is maps, on a GPU."""
    return x.ndim == 4 and not products.on_cpu(x)


def realized(x: Tensor) -> Tensor:
    """x in a buffer, maps as `stored` lays them."""
    there = stored(x)
    return x.contiguous() if there is x else there


def _channel_sum(x: Array) -> Array:
    """[C]: the sum of [B, C, H, W] over all but channels, each image by itself first, on a GPU each row before that.

    All at once, or with anything that differs by channel under the sum, tinygrad 0.14 gives an H100 so few threads for
    it that it reads 90 GB/s: a third of the cnn's step.
    """
    rows = x if products.on_cpu(x) else x.sum(3, keepdim=True).contiguous()
    return rows.sum((2, 3)).contiguous().sum(0)


# What a kernel of our own writes into is an implicit buffer of the function, and has no gradient.
@function(grad_fxn=_convolution_gradient, allow_implicit=True)
def _convolve(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    ours = TRAINING or not products.on_cpu(x)
    y = Tensor(products.convolution(x.uop, stored(weight).uop)) if ours else x.conv2d(weight)
    return stored(y) + _spread(bias)


class Conv2d(nn.Conv2d):
    """nn.Conv2d, square and valid, stride 1: images [B, C, H, W] to [B, O, H − K + 1, W − K + 1]."""

    def __call__(self, x: Tensor) -> Tensor:
        assert self.bias is not None
        return _convolve(x, self.weight, self.bias)


def _linear_gradient(g: UOp, call: UOp) -> tuple[UOp | None, ...]:
    """Of x [B, I], weight [O, I] and bias, from that of what comes out, g [B, O]."""
    x, w, _, *made = call.src[1:]
    g = g.contiguous()  # once, for the three that read it
    dw = products.product(g, x, turned=True)
    return products.product(g, w), dw, g.sum(0), *(None for _ in made)


@function(grad_fxn=_linear_gradient, allow_implicit=True)
def _linear(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    return Tensor(products.product(weight.uop, x.uop.transpose(0, 1))).transpose(0, 1) + bias


class Linear(nn.Linear):
    """nn.Linear: [B, I] to [B, O]; in training on a CPU by our own products, both ways."""

    def __call__(self, x: Tensor) -> Tensor:
        assert self.bias is not None
        return _linear(x, self.weight, self.bias) if TRAINING and products.on_cpu(x) else super().__call__(x)


def _normalization_gradient(g: UOp, call: UOp) -> tuple[UOp, UOp, UOp, None, None]:
    """The gradients of x [B, C, H, W], weight and bias, in two sums: Ioffe and Szegedy, "Batch Normalization" (2015),
    section 3. That mean and deviation depend on x is in the gradient of x."""
    x, weight, _, mean, scale = call.src[1:]
    g = stored(g)
    db = _channel_sum(g)
    dw = (_channel_sum(g * x) - mean * db) * scale
    n = x.shape[0] * x.shape[2] * x.shape[3]
    normal = (x - _spread(mean)) * _spread(scale)
    dx = _spread(weight * scale) * (g - (_spread(db) + normal * _spread(dw)) / n)
    return dx, dw, db, None, None


def _spread(channels: Array) -> Array:
    return channels.reshape(1, -1, 1, 1)


@function(grad_fxn=_normalization_gradient)
def _normalize(x: Tensor, weight: Tensor, bias: Tensor, mean: Tensor, scale: Tensor) -> Tensor:
    return stored((x - _spread(mean)) * _spread(scale * weight) + _spread(bias))


class BatchNorm(nn.BatchNorm):
    """nn.BatchNorm, of [B, C, …]; in training by the batch's own statistics."""

    def __call__(self, x: Tensor) -> Tensor:
        assert self.weight is not None and self.bias is not None
        if not TRAINING:
            return super().__call__(x)
        shape = x.shape
        if not _are_laid(x):
            x = x.reshape(*shape[:2], -1, 1).contiguous()
        n = int(x.numel()) // int(x.shape[1])
        mean = (_channel_sum(x.detach()) / n).contiguous()
        variance = (_channel_sum(x.detach().square()) / n - mean.square()).maximum(0).contiguous()
        for running, now in ((self.running_mean, mean), (self.running_var, variance * (n / (n - 1)))):
            running.assign(running * (1 - self.momentum) + now * self.momentum)
        return _normalize(x, self.weight, self.bias, mean, (variance + self.eps).rsqrt()).reshape(shape)


def _largest_gradient(g: UOp, call: UOp) -> tuple[UOp]:
    """The gradient of x [..., H, 2, W, 2]: equal ones share it.

    Divided before it is spread: tinygrad 0.14 divides afterwards, under a condition that no processor foresees, which
    takes a CPU six times as long (16 maps of 26 × 26, batch 128). Its max_pool2d's is a sum over nine copies.
    """
    (x,) = call.src[1:]
    spread = (*g.shape[:-1], 1, g.shape[-1], 1)
    largest = x.eq(stored(x.max((-3, -1))).reshape(spread).expand(x.shape))
    share = (g / largest.float().sum((-3, -1))).contiguous()
    return (largest.where(share.reshape(spread).expand(x.shape), 0),)


@function(grad_fxn=_largest_gradient)
def largest(x: Tensor) -> Tensor:
    """The largest of each 2 × 2: [..., H, 2, W, 2] to [..., H, W]."""
    return x.max((-3, -1))
