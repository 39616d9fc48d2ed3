"""Convolutions, pooling and resampling."""

import torch
import torch.nn.functional as F

from torch_ops import skip

t = torch.tensor


def cases(family):
    op = family.op
    for n in (1, 2, 3):
        conv = getattr(F, f"conv{n}d")
        each = lambda x, n=n: [x] * n if isinstance(x, int) else list(x)

        def take(x, w, bias=None, stride=1, padding=0, dilation=1, groups=1, n=n, each=each):
            if isinstance(padding, str) or x.dim() != n + 2:
                skip("padding by name, or one input alone")
            return [x, w] + [bias] * (bias is not None), dict(
                stride=each(stride), padding=each(padding), dilation=each(dilation), groups=groups
            )

        def of(w, stride, padding, dilation, groups=1, n=n):
            return dict(stride=[stride] * n, padding=[padding] * n, dilation=[dilation] * n, groups=groups)

        long, short = {1: ((5,), (3,)), 2: ((4, 3), (2, 2)), 3: ((3, 2, 3), (2, 1, 2))}[n]
        hand = [
            ([(1, 1) + long, (1, 1) + short], of(1, 1, 0, 1)),
            ([(2, 1) + long, (2, 1) + short], of(1, 2, 1, 1)),
            ([(1, 2) + long, (1, 2) + short], of(1, 1, 1, 2)),
            ([(1, 2) + long, (4, 1) + short], of(1, 1, 0, 1, 2)),
            ([(1, 2) + long, (2, 1) + short], of(1, 2, 1, 1, 2)),
            ([(0, 1) + long, (1, 1) + short], of(1, 1, 0, 1)),
        ]
        op(
            f"conv{n}d",
            lambda x, w, bias=None, *, stride, padding, dilation, groups, conv=conv: conv(
                x, w, bias, stride, padding, dilation, groups
            ),
            f"nn.functional.conv{n}d",
            take,
            hand=hand,
            most=3,
        )
        transpose = getattr(F, f"conv_transpose{n}d")

        def back(x, w, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1, n=n, each=each):
            if x.dim() != n + 2:
                skip("one input alone")
            return [x, w] + [bias] * (bias is not None), dict(
                stride=each(stride),
                padding=each(padding),
                output_padding=each(output_padding),
                dilation=each(dilation),
                groups=groups,
            )

        few = {1: (3,), 2: (2, 2), 3: (2, 3, 2)}[n]
        hand = [
            ([(1, 1) + few, (1, 1) + short], of(1, 1, 0, 1) | dict(output_padding=[0] * n)),
            ([(1, 2) + few, (2, 1) + short], of(1, 2, 1, 1) | dict(output_padding=[1] * n)),
            ([(2, 1) + few, (1, 2) + short], of(1, 1, 1, 2) | dict(output_padding=[0] * n)),
            ([(1, 2) + few, (2, 1) + short], of(1, 2, 0, 1, 2) | dict(output_padding=[0] * n)),
            ([(1, 1) + few, (1, 1) + short], of(1, 3, 0, 1) | dict(output_padding=[2] * n)),
        ]
        op(
            f"conv_transpose{n}d",
            lambda x, w, bias=None, *, stride, padding, output_padding, dilation, groups, f=transpose: f(
                x, w, bias, stride, padding, output_padding, groups, dilation
            ),
            f"nn.functional.conv_transpose{n}d",
            back,
            hand=hand,
            most=3,
        )

        def pooled(window, stride, padding, **more):
            return dict(window=[window] * n, stride=[stride] * n, padding=[padding] * n) | more

        large = {1: (7,), 2: (4, 5), 3: (3, 3, 4)}[n]
        hand = [
            ([(1, 1) + large], pooled(2, 2, 0)),
            ([(2, 1) + long], pooled(2, 1, 1)),
            ([(1, 2) + long], pooled(1, 2, 0)),
            ([(1, 1) + large], pooled(2, 1, 0)),
            ([(0, 1) + large], pooled(2, 1, 0)),
        ]
        tiny = [([(1, 1) + large], pooled(3, 2, 1))]
        spread = [([(1, 1) + large], pooled(2, 1, 1, dilation=[2] * n)), ([(2,) + large], pooled(2, 2, 1, ceil=True))]
        op(
            f"max_pool{n}d",
            lambda x, window, stride, padding, dilation=1, ceil=False, f=getattr(F, f"max_pool{n}d"): f(
                x, window, stride, padding, dilation, ceil
            ),
            hand=hand + tiny + spread,
        )
        inside = [
            ([(1, 1) + large], pooled(3, 2, 1, include=False)),
            ([(2,) + large], pooled(2, 2, 1, ceil=True, include=False)),
            ([(1, 1) + long], pooled(2, 2, 0, ceil=True)),
        ]
        op(
            f"avg_pool{n}d",
            lambda x, window, stride, padding, ceil=False, include=True, f=getattr(F, f"avg_pool{n}d"): f(
                x, window, stride, padding, ceil, include
            ),
            hand=hand + tiny + inside,
        )
        for kind in ["avg", "max"]:
            sizes = [(long, 2), (large, 3), (large, 1), (few, 4), (large, 2)]
            op(
                f"adaptive_{kind}_pool{n}d",
                lambda x, size, f=getattr(F, f"adaptive_{kind}_pool{n}d"): f(x, size),
                hand=[([(1, 1) + length], dict(size=[size] * n)) for length, size in sizes[:4]]
                + [([(2,) + large], dict(size=[2] * n))],
            )
        modes = ["nearest", "nearest-exact", {1: "linear", 2: "bilinear", 3: "trilinear"}[n]] + ["bicubic"] * (n == 2)
        for mode in modes:
            for corners in [False, True] if "linear" in mode or "cubic" in mode else [None]:
                small = {1: (4,), 2: (3, 2), 3: (2, 1, 2)}[n]
                sizes = [[5] * n, [2] * n, [1] * n] if n < 3 else [[3, 2, 3], [1, 1, 1]]
                op(
                    "interpolate",
                    lambda x, size, mode, corners=None: F.interpolate(x, size, mode=mode, align_corners=corners),
                    hand=[
                        ([(1, 1) + small], dict(size=size, mode=mode) | (dict(corners=corners) if corners is not None else {}))
                        for size in sizes
                    ],
                )
                op(
                    "interpolate_by",
                    lambda x, factor, mode, corners=None: F.interpolate(
                        x, scale_factor=factor, mode=mode, align_corners=corners
                    ),
                    hand=[
                        (
                            [(1, 1) + small],
                            dict(factor=[factor] * n, mode=mode) | (dict(corners=corners) if corners is not None else {}),
                        )
                        for factor in ([1.7, 0.6, 2.0] if n < 3 else [1.5])
                    ],
                )

    op(
        "pixel_shuffle",
        lambda x, r: F.pixel_shuffle(x, r),
        "nn.functional.pixel_shuffle",
        lambda x, upscale_factor: ([x], dict(r=upscale_factor)),
        most=3,
        hand=[([(1, 4, 1, 2)], dict(r=2)), ([(8, 1, 1)], dict(r=2)), ([(2, 3, 1, 1)], dict(r=1))],
    )
    op(
        "pixel_unshuffle",
        lambda x, r: F.pixel_unshuffle(x, r),
        "nn.functional.pixel_unshuffle",
        lambda x, downscale_factor: ([x], dict(r=downscale_factor)),
        most=3,
        hand=[([(1, 1, 2, 4)], dict(r=2)), ([(2, 2, 2)], dict(r=2)), ([(2, 3, 1, 1)], dict(r=1))],
    )
    op(
        "channel_shuffle",
        lambda x, groups: F.channel_shuffle(x, groups),
        hand=[
            ([s], dict(groups=g))
            for s, g in [((1, 4, 1, 2), 2), ((2, 6, 1, 1), 3), ((1, 3, 2, 1), 1), ((1, 2, 2, 2), 2), ((1, 6, 2), 2)]
        ],
    )
    columns = [
        ((1, 1, 3, 3), [2, 2], 1, 0, 1),
        ((2, 2, 2, 3), [1, 2], 1, 0, 1),
        ((1, 1, 4, 3), [2, 2], 2, 1, 1),
        ((1, 1, 3, 4), [2, 2], 1, 0, 2),
        ((2, 3, 2), [2, 1], 1, 0, 1),
    ]
    op(
        "unfold2d",
        lambda x, window, stride, padding, dilation: F.unfold(x, window, dilation, padding, stride),
        hand=[([s], dict(window=w, stride=[k] * 2, padding=[p] * 2, dilation=[d] * 2)) for s, w, k, p, d in columns],
    )
    for shape, window, stride, padding, dilation in columns:
        counted = F.unfold(torch.zeros(shape), window, dilation, padding, stride).shape
        op(
            "fold2d",
            lambda x, size, window, stride, padding, dilation: F.fold(x, size, window, dilation, padding, stride),
            hand=[
                (
                    [tuple(counted)],
                    dict(
                        size=list(shape[-2:]),
                        window=window,
                        stride=[stride] * 2,
                        padding=[padding] * 2,
                        dilation=[dilation] * 2,
                    ),
                )
            ],
        )
