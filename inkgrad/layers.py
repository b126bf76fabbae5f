"""Two layers of tinygrad.nn, and what pools, with their gradients written out, which halves the time of training."""

from typing import TypeVar

from tinygrad import Tensor, function, nn
from tinygrad.helpers import TRAINING
from tinygrad.uop.ops import Ops, UOp

Array = TypeVar("Array", Tensor, UOp)


def _convolution_gradient(g: UOp, call: UOp) -> tuple[UOp, UOp, UOp]:
    """The gradients of a valid convolution's input [B, C, H, W], weight [O, C, K, K] and bias from its output's, g.

    Two more convolutions, channels last. What tinygrad 0.14 derives by itself goes back through the sliding window, a
    padded sum under masks, and sums the weight's gradient over all images in an order that leaves the cache for every
    few weights: 680 ms forward and back for the cnn's second convolution (batch 64, 2 cores), against 255 ms this way.
    The cnn's whole step: 1.07 s against 0.47 s there. Delete when tinygrad does better.
    """
    x, w, _ = call.src[1:]
    (b, o), (c, k) = g.shape[:2], w.shape[1:3]
    x, last = channels_last(x), channels_last(g)
    turned = channels_last(w.flip((2, 3)).transpose(0, 1))
    dx = _convolution(channels_last(last.pad((k - 1,) * 4)), turned)
    # Image by image, while it is in the cache; then over the images.
    dw = x.transpose(0, 1).conv2d(last.reshape(b * o, 1, *last.shape[2:]), groups=b)
    dw = dw.reshape(c, b, o, k, k).permute(1, 3, 4, 0, 2).contiguous().sum(0).permute(3, 2, 0, 1)
    return channels_last(dx), dw, _channel_sum(g)


def _convolution(x: Array, w: Array) -> Array:
    """x.conv2d(w), in training on a CPU with output channels last, in the weight and in what comes out.

    So its vectors run over them: forward and in the input's gradient together it takes 0.25 (32 to 64 maps, 3×3) to 0.8
    (32 to 32, 5×5) of the time (batch 32, 2 busy cores, in turn).
    """
    if "CPU" not in str(x.device):
        return x.conv2d(w)
    return channels_last(x.conv2d(w.permute(1, 2, 3, 0).contiguous().permute(3, 0, 1, 2)))


def whole(x: Tensor) -> Tensor:
    """x in a buffer that holds it alone; as it is where it has one, reshaped or not, which tinygrad 0.14 would copy."""
    uop = x.uop
    while uop.op is Ops.RESHAPE:
        uop = uop.src[0]
    return x if uop.op is Ops.CONTIGUOUS else x.contiguous()


def channels_last(x: Array) -> Array:
    """Maps [B, C, H, W], realised so that the channels of a place lie side by side."""
    return x.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2)


def _channel_sum(x: Array) -> Array:
    """[C]: the sum of [B, C, H, W] over all but channels, each image by itself first.

    All at once, or with anything that differs by channel under the sum, tinygrad 0.14 gives an H100 so few threads for
    it that it reads 90 GB/s: a third of the cnn's step.
    """
    return x.sum((2, 3)).contiguous().sum(0)


@function(grad_fxn=_convolution_gradient)
def _convolve(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    return (_convolution(x, weight) if TRAINING else x.conv2d(weight)) + bias.reshape(1, -1, 1, 1)


class Conv2d(nn.Conv2d):
    """nn.Conv2d, square and valid, stride 1: images [B, C, H, W] to [B, O, H − K + 1, W − K + 1]."""

    def __call__(self, x: Tensor) -> Tensor:
        assert self.bias is not None
        return _convolve(x, self.weight, self.bias)


def _normalization_gradient(g: UOp, call: UOp) -> tuple[UOp, UOp, UOp, None, None]:
    """The gradients of x [B, C, H, W], weight and bias, in two sums: Ioffe and Szegedy, "Batch Normalization" (2015),
    section 3. That mean and deviation depend on x is in the gradient of x."""
    x, weight, _, mean, scale = call.src[1:]
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
    return (x - _spread(mean)) * _spread(scale * weight) + _spread(bias)


class BatchNorm(nn.BatchNorm):
    """nn.BatchNorm, of [B, C, …]; in training by the batch's own statistics."""

    def __call__(self, x: Tensor) -> Tensor:
        assert self.weight is not None and self.bias is not None
        if not TRAINING:
            return super().__call__(x)
        shape = x.shape
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
    largest = x.eq(x.max((-3, -1)).reshape(spread).expand(x.shape))
    share = (g / largest.float().sum((-3, -1))).contiguous()
    return (largest.where(share.reshape(spread).expand(x.shape), 0),)


@function(grad_fxn=_largest_gradient)
def largest(x: Tensor) -> Tensor:
    """The largest of each 2 × 2: [..., H, 2, W, 2] to [..., H, W]."""
    return x.max((-3, -1))
